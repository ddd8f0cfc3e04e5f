//! The storage through its trait: what is accepted, leased, finished, removed and copied, and what goes wrong on a disk.

mod clock_steps;
mod crash;
mod disk;
#[cfg(unix)]
mod failing;
mod missed;
mod model;
mod own_changes;
mod removal;
#[cfg(unix)]
mod replaced;
mod signings;
#[cfg(unix)]
mod small_disk;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_host::storage::{
    Accepted, Activation, ActivationFilter, ActivationState, Arrival, ConnectionRow, ConnectionState,
    LeaseRequest, Leased, Origin, Receipt, SqliteOptions, SqliteStorage, Storage, StorageCounts,
    StorageErrorKind,
};
use tempfile::TempDir;

/// A moment, in milliseconds.
const NOW: i64 = 1_700_000_000_000;

const LEASE: Duration = Duration::from_secs(30);

/// A storage in a folder of its own, with the connections `c0` to `c3`.
struct Fixture {
    storage: Arc<SqliteStorage>,
    folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(SqliteOptions::default()).await
    }

    async fn with(options: SqliteOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let storage = open(&folder.path().join("storage"), options).await;
        Self { storage, folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("storage")
    }

    async fn accept(&self, activation: Activation) -> Accepted {
        self.arrive(vec![activation.into()]).await
    }

    /// Stores them and counts what was new.
    async fn arrive(&self, arrivals: Vec<Arrival>) -> Accepted {
        let count = arrivals.len();
        let receipts = self.storage.accept(arrivals).await.expect("they are stored");
        let new = receipts.iter().filter(|receipt| receipt.is_new).count();
        assert_eq!(receipts.len(), count);
        Accepted { new, repeated: count - new }
    }

    async fn lease(&self, limit: u32, now_ms: i64) -> Vec<Leased> {
        let request = LeaseRequest { limit, per_connection: 1_000, duration: LEASE, now_ms };
        self.storage.lease(request).await.expect("it is leased")
    }

    async fn state(&self, id: &str) -> Option<ActivationState> {
        self.storage.find(id).await.expect("it is read").map(|found| found.state)
    }
}

async fn open(path: &Path, options: SqliteOptions) -> Arc<SqliteStorage> {
    let storage = SqliteStorage::open(path, options).expect("it opens");
    for number in 0..4 {
        storage.put_connection(connection(number)).await.expect("it is stored");
    }
    Arc::new(storage)
}

fn connection(number: usize) -> ConnectionRow {
    ConnectionRow {
        id: format!("c{number}"),
        webhook_key: format!("key-{number}"),
        account: format!("store{number}"),
        app: None,
        fields: "{}".to_owned(),
        sealed: b"sealed".to_vec(),
        settings: "{}".to_owned(),
        state: ConnectionState::Connected,
        created_ms: NOW,
        updated_ms: NOW,
    }
}

/// One of connection `c{connection}`, about an order where one is named.
fn activation(id: &str, connection: usize, order: Option<&str>) -> Activation {
    Activation {
        id: id.to_owned(),
        connection: format!("c{connection}"),
        account: format!("store{connection}"),
        trigger: "order-created".to_owned(),
        resource_type: order.map(|_| "order".to_owned()),
        resource_id: order.map(str::to_owned),
        event_time: Some(NOW / 1_000),
        received_ms: NOW,
        origin: Origin::Webhook,
        envelope: format!(r#"{{"of":"{id}"}}"#).into(),
    }
}

fn ids(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|leased| leased.activation.id.as_str()).collect()
}

#[tokio::test]
async fn what_is_accepted_comes_back_as_it_was_once() {
    let fixture = Fixture::new().await;
    let first = activation("a", 0, Some("1"));
    let second = Activation { event_time: None, origin: Origin::Backfill, ..activation("b", 1, None) };
    let accepted = fixture.arrive([&first, &second, &first].map(|one| one.clone().into()).to_vec()).await;
    assert_eq!(accepted, Accepted { new: 2, repeated: 1 });
    assert_eq!(fixture.accept(first.clone()).await, Accepted { new: 0, repeated: 1 });

    let leased = fixture.lease(10, NOW).await;
    assert_eq!(leased.iter().map(|leased| &leased.activation).collect::<Vec<_>>(), [&first, &second]);
    assert_eq!(leased[0].attempt, 1);
    assert!(fixture.storage.acknowledge("a", leased[0].lease, NOW).await.expect("it is noted"));
    // Finished or not, an id is known.
    assert_eq!(fixture.accept(first.clone()).await, Accepted { new: 0, repeated: 1 });
    let found = fixture.storage.find("a").await.expect("it is read").expect("it is there");
    assert_eq!(
        (found.activation, found.state, found.finished_ms),
        (first, ActivationState::Delivered, Some(NOW))
    );
    assert_eq!(fixture.state("none").await, None);
}

#[tokio::test]
async fn it_is_there_after_the_file_was_closed_and_opened() {
    let Fixture { storage, folder } = Fixture::new().await;
    storage.accept(vec![activation("a", 0, None).into()]).await.expect("it is stored");
    drop(storage);
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 1, "closing moves all into the file itself");
    let storage = open(&folder.path().join("storage"), SqliteOptions::default()).await;
    assert!(storage.find("a").await.expect("it is read").is_some());
    assert_eq!(storage.counts().await.expect("they are read").waiting, 1);
}

#[tokio::test]
async fn of_one_resource_the_next_waits_for_the_one_before() {
    let fixture = Fixture::new().await;
    for (id, order) in [("a1", "1"), ("a2", "1"), ("b1", "2"), ("a3", "1")] {
        fixture.accept(activation(id, 0, Some(order))).await;
    }
    let leased = fixture.lease(10, NOW).await;
    assert_eq!(ids(&leased), ["a1", "b1"]);
    assert!(fixture.lease(10, NOW).await.is_empty());
    assert!(
        fixture.storage.retry_later("a1", leased[0].lease, NOW + 5, "busy", NOW).await.expect("it is noted")
    );
    assert!(fixture.lease(10, NOW + 4).await.is_empty());
    assert_eq!(fixture.storage.next_due(NOW).await.expect("it is read"), Some(NOW + 5));
    let again = fixture.lease(10, NOW + 5).await;
    assert_eq!((ids(&again), again[0].attempt), (vec!["a1"], 2));
    assert!(fixture.storage.bury("a1", again[0].lease, "no", NOW + 6).await.expect("it is noted"));
    assert_eq!(ids(&fixture.lease(10, NOW + 6).await), ["a2"]);
    // Another connection's order of the same number is another order.
    fixture.accept(activation("c1", 1, Some("1"))).await;
    assert_eq!(ids(&fixture.lease(10, NOW + 6).await), ["c1"]);
}

#[tokio::test]
async fn what_is_postponed_uses_up_its_lease_and_no_attempt() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, Some("1"))).await;
    for look in 0..40 {
        let leased = fixture.lease(1, NOW + look).await.remove(0);
        assert_eq!(leased.attempt, 1);
        let postpone = || fixture.storage.postpone("a", leased.lease, NOW + look + 1, "a call", NOW + look);
        assert!(postpone().await.expect("it is noted"));
        assert!(!postpone().await.expect("it is read"), "the lease is used up");
        assert!(fixture.lease(1, NOW + look).await.is_empty(), "it is not due yet");
    }
    let stored = fixture.storage.find("a").await.expect("it is read").expect("it is there");
    assert_eq!((stored.attempts, stored.failure.as_deref()), (0, Some("a call")));
}

#[tokio::test]
async fn a_lease_ends_and_its_token_with_the_next_one() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, Some("1"))).await;
    let late = fixture.lease(1, NOW).await.remove(0);
    let ends_ms = NOW + 30_000;
    assert!(fixture.lease(1, ends_ms - 1).await.is_empty());
    assert_eq!(fixture.storage.next_due(NOW).await.expect("it is read"), Some(ends_ms));
    let lease = fixture.lease(1, ends_ms).await.remove(0);
    assert_eq!(lease.attempt, 2);
    assert_ne!(lease.lease, late.lease);
    let storage = &fixture.storage;
    assert!(!storage.acknowledge("a", late.lease, ends_ms).await.expect("it is read"));
    assert!(!storage.retry_later("a", late.lease, ends_ms, "late", ends_ms).await.expect("it is read"));
    assert!(!storage.bury("a", late.lease, "late", ends_ms).await.expect("it is read"));
    assert_eq!(fixture.state("a").await, Some(ActivationState::Leased));
    assert!(storage.acknowledge("a", lease.lease, ends_ms).await.expect("it is noted"));
    assert!(
        !storage.acknowledge("a", lease.lease, ends_ms).await.expect("it is read"),
        "a token is used once"
    );
}

#[tokio::test]
async fn a_connection_with_much_to_deliver_leaves_room_for_others() {
    let fixture = Fixture::new().await;
    let many = (0..100).map(|number| activation(&format!("many-{number:03}"), 0, None).into()).collect();
    fixture.storage.accept(many).await.expect("they are stored");
    for connection in [1, 2] {
        for number in 0..3 {
            fixture.accept(activation(&format!("few-{connection}-{number}"), connection, None)).await;
        }
    }
    let leased = fixture.lease(12, NOW).await;
    let of = |name: &str| leased.iter().filter(|leased| leased.activation.connection == name).count();
    assert_eq!((of("c0"), of("c1"), of("c2")), (6, 3, 3), "a third each, and what others do not need");
    // Nobody takes more than his part at a time, whatever the limit.
    let request = LeaseRequest { limit: 50, per_connection: 10, duration: LEASE, now_ms: NOW };
    assert_eq!(fixture.storage.lease(request).await.expect("they are leased").len(), 4);
    assert!(fixture.storage.lease(request).await.expect("it is read").is_empty());
    fixture.accept(activation("late", 3, None)).await;
    assert_eq!(ids(&fixture.storage.lease(request).await.expect("it is leased")), ["late"]);
}

#[tokio::test]
async fn connections_take_turns_where_there_are_more_than_may_be_leased() {
    let fixture = Fixture::new().await;
    for connection in 0..4 {
        for number in 0..2 {
            fixture.accept(activation(&format!("{connection}-{number}"), connection, None)).await;
        }
    }
    let mut order = Vec::new();
    for _ in 0..8 {
        order.extend(fixture.lease(1, NOW).await.into_iter().map(|leased| leased.activation.id));
    }
    assert_eq!(order, ["0-0", "1-0", "2-0", "3-0", "0-1", "1-1", "2-1", "3-1"]);
}

#[tokio::test]
async fn a_dead_letter_is_listed_and_replayed_before_those_that_wait() {
    let fixture = Fixture::new().await;
    for id in ["a1", "a2"] {
        fixture.accept(activation(id, 0, Some("1"))).await;
    }
    fixture.accept(activation("b", 1, None)).await;
    let leased = fixture.lease(10, NOW).await;
    fixture.storage.bury("a1", leased[0].lease, "refused with 400", NOW).await.expect("it is noted");
    let dead = ActivationFilter { state: Some(ActivationState::Dead), ..ActivationFilter::default() };
    let list = fixture.storage.list(&dead).await.expect("it is read");
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].id.as_str(), list[0].failure.as_deref()), ("a1", Some("refused with 400")));

    assert!(fixture.storage.replay("a1", NOW).await.expect("it is noted"));
    let again = fixture.lease(10, NOW).await;
    assert_eq!((ids(&again), again[0].attempt), (vec!["a1"], 1));
    assert!(!fixture.storage.acknowledge("a1", leased[0].lease, NOW).await.expect("it is read"));
    assert!(fixture.storage.acknowledge("a1", again[0].lease, NOW).await.expect("it is noted"));
    assert_eq!(ids(&fixture.lease(10, NOW).await), ["a2"]);
    // A delivered one, too; while the next is delivered it waits for that.
    assert!(fixture.storage.replay("a1", NOW).await.expect("it is noted"));
    assert!(fixture.lease(10, NOW).await.is_empty());
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages() {
    let fixture = Fixture::new().await;
    for number in 0..10 {
        fixture.accept(activation(&format!("{number}"), number % 2, None)).await;
    }
    let mut filter =
        ActivationFilter { account: Some("store1".to_owned()), limit: 3, ..ActivationFilter::default() };
    let mut seen = Vec::new();
    loop {
        let page = fixture.storage.list(&filter).await.expect("it is read");
        let Some(last) = page.last() else { break };
        filter.after = Some(last.position);
        seen.extend(page.into_iter().map(|summary| summary.id));
    }
    assert_eq!(seen, ["1", "3", "5", "7", "9"]);
    filter.after = None;
    filter.trigger = Some("product-updated".to_owned());
    assert!(fixture.storage.list(&filter).await.expect("it is read").is_empty());
}

#[tokio::test]
async fn leases_of_one_who_was_killed_can_be_ended_at_once() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, Some("1"))).await;
    fixture.accept(activation("b", 0, Some("1"))).await;
    let late = fixture.lease(1, NOW).await.remove(0);
    assert_eq!(fixture.storage.end_leases(NOW + 1).await.expect("they are ended"), 1);
    let again = fixture.lease(5, NOW + 1).await;
    assert_eq!(again.len(), 1, "the order of the resource holds");
    assert_eq!((again[0].activation.id.as_str(), again[0].attempt), ("a", 2));
    assert!(!fixture.storage.acknowledge("a", late.lease, NOW + 2).await.expect("it is read"));
    assert!(fixture.storage.acknowledge("a", again[0].lease, NOW + 2).await.expect("it is noted"));
    assert_eq!(fixture.storage.end_leases(NOW + 3).await.expect("there is none"), 0);
    assert_eq!(fixture.lease(5, NOW + 3).await[0].activation.id, "b");
}

#[tokio::test]
async fn counts_tell_every_state_and_the_oldest_that_waits() {
    let fixture = Fixture::new().await;
    let counts = fixture.storage.counts().await.expect("they are read");
    assert_eq!(StorageCounts { commits: 0, ..counts }, StorageCounts::default());
    for (number, id) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        let received_ms = NOW + i64::try_from(number).expect("a small number");
        fixture.accept(Activation { received_ms, ..activation(id, 0, Some("1")) }).await;
    }
    fixture.accept(Activation { received_ms: NOW + 9, ..activation("f", 1, None) }).await;
    let first = fixture.lease(10, NOW + 9).await;
    fixture.storage.acknowledge("a", first[0].lease, NOW + 9).await.expect("it is noted");
    let second = fixture.lease(10, NOW + 9).await;
    fixture.storage.bury("b", second[0].lease, "no", NOW + 9).await.expect("it is noted");
    let counts = fixture.storage.counts().await.expect("they are read");
    assert!(counts.commits > 0, "{counts:?}");
    let expected = StorageCounts {
        suppressed: 0,
        waiting: 3,
        leased: 1,
        dead: 1,
        delivered: 1,
        oldest_ms: Some(NOW + 2),
        commits: counts.commits,
        reserve_bytes: None,
        is_full: false,
    };
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn connections_are_kept_replaced_and_removed() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let changed = ConnectionRow {
        settings: r#"{"to":"x"}"#.to_owned(),
        state: ConnectionState::Revoked,
        ..connection(0)
    };
    storage.put_connection(changed.clone()).await.expect("it is stored");
    let rows = storage.connections().await.expect("they are read");
    assert!(rows == [changed, connection(1), connection(2), connection(3)], "{rows:?}");

    let kind =
        |outcome: Result<(), connector_host::storage::StorageError>| outcome.map_err(|error| error.kind());
    let taken = ConnectionRow { webhook_key: "key-1".to_owned(), ..connection(2) };
    assert_eq!(kind(storage.put_connection(taken).await), Err(StorageErrorKind::Refused));
    let moved = ConnectionRow { account: "other".to_owned(), ..connection(2) };
    assert_eq!(kind(storage.put_connection(moved).await), Err(StorageErrorKind::Refused));

    // Only what was read and is there still is replaced, or removed.
    let [before, other] = [connection(3), ConnectionRow { sealed: vec![9], ..connection(3) }];
    let after = ConnectionRow { settings: "{}".to_owned(), state: ConnectionState::Refused, ..connection(3) };
    let replace =
        async |before: &ConnectionRow| storage.replace_connection(before.clone(), after.clone()).await;
    assert!(!replace(&other).await.expect("it is looked at"), "it has other secrets");
    assert!(replace(&before).await.expect("it is stored"));
    assert!(!replace(&before).await.expect("it is looked at"), "it is another by now");
    assert!(storage.connection("c3").await.expect("it is read") == Some(after.clone()));
    let gone = ConnectionRow { id: "c9".to_owned(), webhook_key: "key-9".to_owned(), ..connection(3) };
    assert!(!storage.replace_connection(gone.clone(), gone).await.expect("it is looked at"));
    assert_eq!(
        storage.replace_connection(after.clone(), connection(2)).await.map_err(|error| error.kind()),
        Err(StorageErrorKind::Refused)
    );
    assert!(!storage.remove_connection_as(before).await.expect("it is looked at"));
    assert!(storage.remove_connection_as(after).await.expect("it is removed"));

    assert!(storage.remove_connection("c2").await.expect("it is removed"));
    assert!(!storage.remove_connection("c2").await.expect("it is read"));
    let refused =
        storage.accept(vec![activation("a", 1, None).into(), activation("b", 2, None).into()]).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(StorageErrorKind::UnknownConnection));
    assert_eq!(fixture.state("a").await, None, "all or none");
    assert_eq!(storage.counts().await.expect("they are read").waiting, 0);
}
