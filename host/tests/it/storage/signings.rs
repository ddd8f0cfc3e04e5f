//! Deliveries without a signed id: which of those with the same key are repeats, for how long, and what removes them.

use connector_host::storage::{
    HookStorage as _, Identity, Missed, Retention, activation_id, generation_id, once_id,
};

use super::*;

const HOUR_MS: i64 = 60 * 60 * 1_000;

const KEY: [u8; 32] = [7; 32];

fn id(generation: i64) -> String {
    generation_id("c0", "product-updated", &KEY, generation)
}

/// A change of product 7, received at `received_ms` and signed at `signed_ms`.
fn change(signed_ms: i64, received_ms: i64) -> Arrival {
    let trigger = "product-updated".to_owned();
    let activation = Activation { id: String::new(), trigger, received_ms, ..activation("", 0, Some("7")) };
    Arrival { activation, identity: Identity::Signed { key: KEY, signed_ms }, former_id: None }
}

impl Fixture {
    /// What becomes of a change that is signed at this time, and received now.
    async fn change(&self, signed_ms: i64) -> Receipt {
        self.arrive_one(change(signed_ms, NOW)).await
    }

    async fn arrive_one(&self, arrival: Arrival) -> Receipt {
        self.storage.accept(vec![arrival]).await.expect("it is stored").remove(0)
    }

    /// Leases what is due and acknowledges it.
    async fn deliver(&self, now_ms: i64) -> usize {
        let leased = self.lease(100, now_ms).await;
        for one in &leased {
            let noted = self.storage.acknowledge(&one.activation.id, one.lease, now_ms).await;
            assert!(noted.expect("it is noted"));
        }
        leased.len()
    }
}

fn new(generation: i64) -> Receipt {
    Receipt { id: id(generation), is_new: true }
}

fn repeat(generation: i64) -> Receipt {
    Receipt { id: id(generation), is_new: false }
}

#[tokio::test]
async fn a_second_change_with_the_same_key_is_new_after_the_lease_of_the_first() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.change(NOW).await, new(0));
    assert_eq!(fixture.change(NOW + 1).await, repeat(0), "whoever leases the first sees both changes");
    assert_eq!(fixture.deliver(NOW).await, 1);
    assert_eq!(fixture.change(NOW + 2).await, new(1));
    assert_eq!(fixture.change(NOW + 3).await, repeat(1), "the second was not leased");
    assert_eq!(fixture.deliver(NOW).await, 1);
    for signed_ms in NOW..=NOW + 3 {
        assert!(!fixture.change(signed_ms).await.is_new, "{signed_ms} was seen, as a repeat or not");
    }
    // An earlier time that was not seen, such as that of a delivery that was overtaken.
    assert_eq!(fixture.change(NOW - 5).await, new(2));
    fixture.deliver(NOW).await;
    assert_eq!(fixture.change(NOW - 5).await, repeat(2));
    assert_eq!(
        fixture.change(NOW + 4).await,
        new(3),
        "the latest generation counts, not that of the latest time"
    );
}

#[tokio::test]
async fn a_thousand_replays_after_the_delivery_give_no_new_activation() {
    let fixture = Fixture::new().await;
    fixture.change(NOW).await;
    fixture.change(NOW + 1).await;
    fixture.deliver(NOW).await;
    for number in 0..1_000 {
        assert_eq!(fixture.change(NOW + number % 2).await, repeat(0));
    }
    assert_eq!(fixture.deliver(NOW).await, 0);
}

#[tokio::test]
async fn whatever_became_of_a_lease_it_was_one() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    fixture.change(NOW).await;
    let lease = fixture.lease(1, NOW).await.remove(0);
    assert_eq!(fixture.change(NOW + 1).await, new(1), "it is leased");
    storage.postpone(&id(0), lease.lease, NOW, "a call", NOW).await.expect("it is noted");
    fixture.deliver(NOW).await;
    fixture.deliver(NOW).await;

    // Given back, and never leased since.
    assert_eq!(fixture.change(NOW + 2).await, new(2));
    let lease = fixture.lease(1, NOW).await.remove(0);
    storage.postpone(&id(2), lease.lease, NOW + 1, "a call", NOW).await.expect("it is noted");
    assert_eq!(fixture.change(NOW + 3).await, new(3));
    fixture.deliver(NOW + 1).await;
    fixture.deliver(NOW + 1).await;

    // Replayed, and waiting again.
    assert!(storage.replay(&id(3), NOW).await.expect("it is noted"));
    assert_eq!(fixture.change(NOW + 4).await, new(4));
}

#[tokio::test]
async fn keys_and_triggers_and_connections_do_not_touch_each_other() {
    let fixture = Fixture::new().await;
    fixture.change(NOW).await;
    let mut other = change(NOW, NOW);
    other.identity = Identity::Signed { key: [8; 32], signed_ms: NOW };
    let mut trigger = change(NOW, NOW);
    trigger.activation.trigger = "product-created".to_owned();
    let mut connection = change(NOW, NOW);
    connection.activation.connection = "c1".to_owned();
    connection.activation.account = "store1".to_owned();
    for arrival in [other, trigger, connection] {
        assert!(fixture.arrive_one(arrival).await.is_new);
    }
}

#[tokio::test]
async fn what_was_seen_survives_the_process() {
    let fixture = Fixture::new().await;
    fixture.change(NOW).await;
    fixture.deliver(NOW).await;
    fixture.change(NOW + 1).await;
    let Fixture { storage, folder } = fixture;
    drop(storage);
    let storage = open(&folder.path().join("storage"), SqliteOptions::default()).await;
    let fixture = Fixture { storage, folder };
    assert_eq!(fixture.change(NOW).await, repeat(0));
    assert_eq!(fixture.change(NOW + 1).await, repeat(1));
    assert_eq!(fixture.change(NOW + 2).await, repeat(1));
    fixture.deliver(NOW).await;
    assert_eq!(fixture.change(NOW + 3).await, new(2));
}

#[tokio::test]
async fn two_processes_on_one_file_agree() {
    let fixture = Fixture::new().await;
    let second = open(&fixture.path(), SqliteOptions::default()).await;
    let callers = [Arc::clone(&fixture.storage), second].map(|storage| {
        tokio::spawn(async move {
            let mut stored = 0;
            for number in 0..100 {
                let receipts = storage.accept(vec![change(NOW + number, NOW)]).await.expect("it is stored");
                stored += usize::from(receipts[0].is_new);
            }
            stored
        })
    });
    let mut stored = 0;
    for caller in callers {
        stored += caller.await.expect("it ends");
    }
    assert_eq!(stored, 1, "nothing was leased");
    assert_eq!(fixture.deliver(NOW).await, 1);
    assert_eq!(fixture.change(NOW + 50).await, repeat(0));
}

#[tokio::test]
async fn signings_are_kept_for_72_hours_after_they_were_received() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    let removed = |now_ms| async move { storage.remove_expired(now_ms, &retention).await.expect("done") };
    fixture.change(NOW).await;
    fixture.deliver(NOW).await;
    assert!(!fixture.arrive_one(change(NOW, NOW + HOUR_MS)).await.is_new);
    let second = fixture.arrive_one(change(NOW + 1, NOW + HOUR_MS)).await;
    assert_eq!(second, new(1));
    assert_eq!(removed(NOW + 72 * HOUR_MS - 1).await, 1, "a payload");
    assert_eq!(fixture.change(NOW).await, repeat(0));
    assert_eq!(removed(NOW + 72 * HOUR_MS).await, 2, "a row and its signing");
    assert_eq!(fixture.state(&id(0)).await, None);
    // The next generation is none that exists, and none that waits is passed over.
    assert_eq!(fixture.arrive_one(change(NOW + 1, NOW + 72 * HOUR_MS)).await, repeat(1));
    assert_eq!(fixture.arrive_one(change(NOW + 2, NOW + 72 * HOUR_MS)).await, repeat(1));
    fixture.deliver(NOW + 72 * HOUR_MS).await;
    assert_eq!(fixture.arrive_one(change(NOW + 3, NOW + 72 * HOUR_MS)).await, new(2));
}

#[tokio::test]
async fn a_generation_that_outlives_its_signing_is_not_stored_again() {
    let fixture = Fixture::new().await;
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::from_secs(30 * 24 * 3_600) };
    fixture.change(NOW).await;
    let lease = fixture.lease(1, NOW).await.remove(0);
    assert!(fixture.storage.bury(&id(0), lease.lease, "no", NOW).await.expect("it is noted"));
    let later_ms = NOW + 100 * HOUR_MS;
    assert_eq!(fixture.storage.remove_expired(later_ms, &retention).await.expect("done"), 1, "the signing");
    assert_eq!(fixture.arrive_one(change(later_ms, later_ms)).await, new(1));
    assert_eq!(fixture.state(&id(0)).await, Some(ActivationState::Dead));
}

#[tokio::test]
async fn more_signings_than_a_slice_are_removed_with_their_account() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let other = |number: i64| {
        let mut arrival = change(number, NOW);
        (arrival.activation.connection, arrival.activation.account) = ("c1".to_owned(), "store1".to_owned());
        arrival
    };
    let arrivals = (0..600).flat_map(|number| [change(number, NOW), other(number)]).collect();
    assert_eq!(fixture.arrive(arrivals).await, Accepted { new: 2, repeated: 1_198 });
    assert_eq!(signings(&fixture, "store0"), 600);
    storage.erase_account("store0").await.expect("it is erased");
    assert_eq!((signings(&fixture, "store0"), signings(&fixture, "store1")), (0, 600));
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    let removed = storage.remove_expired(NOW + 72 * HOUR_MS, &retention).await.expect("it is done");
    assert_eq!((removed, signings(&fixture, "store1")), (600, 0));
}

#[tokio::test]
async fn the_signings_of_an_account_that_ended_go_with_its_activations() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    fixture.change(NOW).await;
    fixture.deliver(NOW).await;
    assert_eq!(storage.erase_finished("store0").await.expect("it is looked at"), 0);
    assert_eq!(signings(&fixture, "store0"), 1, "it is connected");
    let ended = ConnectionRow { state: ConnectionState::Revoked, sealed: Vec::new(), ..connection(0) };
    storage.put_connection(ended).await.expect("it is stored");
    assert_eq!(storage.erase_finished("store0").await.expect("it is erased"), 1);
    assert_eq!(signings(&fixture, "store0"), 0);
}

/// How many signings of an account are on disk.
fn signings(fixture: &Fixture, account: &str) -> i64 {
    let file = rusqlite::Connection::open(fixture.path()).expect("it opens");
    let sql = "SELECT count(*) FROM signings WHERE account = ?1";
    file.query_row(sql, [account], |row| row.get(0)).expect("they are counted")
}

#[tokio::test]
async fn what_happens_once_is_known_by_its_resource_whatever_told_of_it() {
    let once = |id: &str, order: &str| {
        let activation = Activation { id: id.to_owned(), ..activation("", 0, Some(order)) };
        Arrival { activation, identity: Identity::Once, former_id: None }
    };
    let of = |order: &str| once(&once_id("c0", "order-created", order), order);
    let fixture = Fixture::new().await;
    assert!(fixture.arrive_one(of("7")).await.is_new);
    fixture.deliver(NOW).await;
    assert!(!fixture.arrive_one(of("7")).await.is_new, "its lease changes nothing");
    assert!(fixture.arrive_one(of("8")).await.is_new);
    let missed = Missed { activation: of("7").activation, happens_once: true };
    assert_eq!(fixture.storage.accept_missed(vec![missed]).await.expect("it is stored").new, 0);
    // An earlier version gave another id to the activation.
    fixture.accept(activation("former", 0, Some("9"))).await;
    assert!(!fixture.arrive_one(of("9")).await.is_new);
}

#[test]
fn ids_do_not_change() {
    // Fixed for ever: a repeat must find what an older version has stored.
    assert_eq!(activation_id("c1", "order-created", "msg_1"), "0c8b8cc43ab919a6204f161e97d04967");
    assert_eq!(generation_id("c1", "t", &KEY, 0), "5ffd88fb25a5cd76eea41537de99f3fe");
    assert_eq!(generation_id("c1", "t", &KEY, 1), "087b3ff7f52b2bffd585a6649454a0cf");
    assert_eq!(once_id("c1", "order-created", "250"), "22bd992baf8e524ca0991aa8711bca3a");
}

#[tokio::test]
async fn signings_count_as_growth_and_leave_room_for_deliveries() {
    let fixture = Fixture::with(SqliteOptions { max_pages: Some(80), ..SqliteOptions::default() }).await;
    fixture.change(NOW).await;
    let mut signed_ms = NOW;
    let error = loop {
        signed_ms += 1;
        let batch = (0..50).map(|number| change(signed_ms * 100 + number, NOW)).collect();
        match fixture.storage.accept(batch).await {
            Ok(receipts) => assert!(receipts.iter().all(|receipt| !receipt.is_new)),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StorageErrorKind::Full);
    assert_eq!(fixture.deliver(NOW).await, 1, "deliveries go on");
    let before = signings(&fixture, "store0");
    let retention = Retention::default();
    let later_ms = NOW + 72 * HOUR_MS;
    let removed = fixture.storage.remove_expired(later_ms, &retention).await.expect("they are removed");
    assert!(removed > before as u64, "signings, a payload and its row: {removed}");
    assert!(fixture.arrive_one(change(signed_ms, later_ms)).await.is_new, "there is room");
}
