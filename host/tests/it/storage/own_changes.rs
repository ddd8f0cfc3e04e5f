//! Changes of this host's own: noted, settled, asked for, forgotten, and activations that tell of them.

use std::time::Duration;

use connector_host::storage::{
    Activation, ActivationFilter, ActivationState, Cause, ChangeOutcome, ChangeQuestion, HookStorage as _,
    NewChange, OwnChange, OwnChanges as _, Retention, SqliteOptions, Storage as _, StorageErrorKind,
    Watermark,
};

use super::{Fixture, NOW, activation, open};

const REMEMBER: Duration = Duration::from_secs(600);

fn cause(at_ms: i64) -> Cause {
    let by = Some("first".to_owned());
    Cause { action: "update-product".to_owned(), by, workflow: Some("restock".to_owned()), at_ms }
}

/// A call over `c0` that changes a product, or makes one.
fn change(product: Option<&str>, at_ms: i64) -> NewChange {
    NewChange {
        connection: "c0".to_owned(),
        account: "store0".to_owned(),
        resource_type: "product".to_owned(),
        resource_id: product.map(str::to_owned),
        makes: product.is_none(),
        answer_within: Duration::from_secs(35),
        cause: cause(at_ms),
    }
}

fn question(product: &str) -> ChangeQuestion {
    ChangeQuestion {
        account: "store0".to_owned(),
        resource_type: "product".to_owned(),
        resource_id: product.to_owned(),
        from_ms: NOW - 600_000,
        to_ms: NOW + 600_000,
    }
}

impl Fixture {
    async fn begin(&self, product: Option<&str>, at_ms: i64) -> i64 {
        self.storage.begin_change(change(product, at_ms)).await.expect("it is noted")
    }

    async fn settle(&self, number: i64, outcome: ChangeOutcome) {
        self.storage.settle_change(number, outcome, NOW + 1).await.expect("it is noted");
    }

    async fn of(&self, product: &str) -> Vec<OwnChange> {
        self.storage.changes_of(question(product)).await.expect("they are read")
    }
}

#[tokio::test]
async fn a_change_is_found_by_its_resource_while_under_way_and_after() {
    let fixture = Fixture::new().await;
    let number = fixture.begin(Some("7"), NOW).await;
    let expected = OwnChange {
        cause: cause(NOW),
        is_known: true,
        makes: false,
        is_settled: false,
        answer_by_ms: NOW + 35_000,
    };
    assert_eq!(fixture.of("7").await, std::slice::from_ref(&expected));
    assert_eq!(fixture.of("8").await, []);
    fixture.settle(number, ChangeOutcome::Stands(None)).await;
    assert_eq!(fixture.of("7").await, [OwnChange { is_settled: true, ..expected }]);

    // The latest comes first, and only those of the time that is asked for.
    fixture.begin(Some("7"), NOW + 5).await;
    let times: Vec<i64> = fixture.of("7").await.iter().map(|change| change.cause.at_ms).collect();
    assert_eq!(times, [NOW + 5, NOW]);
    let until = ChangeQuestion { to_ms: NOW + 4, ..question("7") };
    assert_eq!(fixture.storage.changes_of(until).await.expect("they are read").len(), 1);
    let since = ChangeQuestion { from_ms: NOW + 6, ..question("7") };
    assert_eq!(fixture.storage.changes_of(since).await.expect("they are read"), []);
    for other in [
        ChangeQuestion { account: "store1".to_owned(), ..question("7") },
        ChangeQuestion { resource_type: "order".to_owned(), ..question("7") },
    ] {
        assert_eq!(fixture.storage.changes_of(other).await.expect("they are read"), []);
    }
}

#[tokio::test]
async fn what_is_being_made_may_be_anything_until_its_id_is_known() {
    let fixture = Fixture::new().await;
    let number = fixture.begin(None, NOW).await;
    assert!(!fixture.of("7").await[0].is_known && fixture.of("8").await[0].makes);
    fixture.settle(number, ChangeOutcome::Stands(Some("7".to_owned()))).await;
    assert!(fixture.of("7").await[0].is_known && fixture.of("7").await[0].is_settled);
    assert_eq!(fixture.of("8").await, []);
    // Without an id it could be taken for anybody's.
    let doubtful = fixture.begin(None, NOW).await;
    fixture.settle(doubtful, ChangeOutcome::Stands(None)).await;
    assert_eq!(fixture.of("9").await, []);
}

#[tokio::test]
async fn what_changed_nothing_is_forgotten() {
    let fixture = Fixture::new().await;
    let number = fixture.begin(Some("7"), NOW).await;
    fixture.settle(number, ChangeOutcome::Nothing).await;
    assert_eq!(fixture.of("7").await, []);
    // Its number is nobody else's, even if it is settled twice.
    let next = fixture.begin(Some("7"), NOW).await;
    assert_ne!(next, number);
    fixture.settle(number, ChangeOutcome::Nothing).await;
    assert_eq!(fixture.of("7").await.len(), 1);
}

#[tokio::test]
async fn changes_survive_a_restart_and_go_with_their_account() {
    let Fixture { storage, folder } = Fixture::new().await;
    storage.begin_change(change(Some("7"), NOW)).await.expect("it is noted");
    drop(storage);
    let storage = open(&folder.path().join("storage"), SqliteOptions::default()).await;
    assert_eq!(storage.changes_of(question("7")).await.expect("they are read").len(), 1);
    storage.erase_account("store0").await.expect("it is erased");
    assert_eq!(storage.changes_of(question("7")).await.expect("they are read"), []);
    // A call that was under way does not bring it back.
    let late = storage.begin_change(change(Some("7"), NOW)).await.expect_err("nobody is connected");
    assert_eq!(late.kind(), StorageErrorKind::UnknownConnection);
}

/// How long after its sending a call is kept: until no webhook can tell any more of what happened in its time.
const KEPT: i64 = 600_000 + 72 * 3_600_000;

impl Fixture {
    async fn forget(&self, now_ms: i64) -> u64 {
        self.storage.forget_changes(now_ms, REMEMBER).await.expect("it is done")
    }
}

/// About the product of the calls.
fn told(id: &str, product: &str, received_ms: i64, event_time: Option<i64>) -> Activation {
    let resource_type = Some("product".to_owned());
    Activation { resource_type, received_ms, event_time, ..activation(id, 0, Some(product)) }
}

#[tokio::test]
async fn changes_are_kept_until_no_webhook_can_tell_of_them_any_more() {
    let fixture = Fixture::new().await;
    for number in 0..700 {
        fixture.begin(Some("8"), NOW + number % 3).await;
    }
    assert_eq!(fixture.forget(NOW + KEPT).await, 0);
    assert_eq!(fixture.forget(NOW + KEPT + 1).await, 234, "those that began first");
    assert_eq!(fixture.forget(NOW + 2 * KEPT).await, 466, "in slices, all of them");
    assert_eq!(fixture.of("8").await, []);
}

#[tokio::test]
async fn a_change_stays_while_something_that_may_tell_of_it_was_not_looked_at() {
    let fixture = Fixture::new().await;
    let (storage, later) = (&fixture.storage, NOW + 2 * KEPT);
    fixture.begin(Some("7"), NOW).await;
    fixture.begin(Some("8"), NOW).await;
    // The second waits behind the first, however long nobody takes that.
    fixture.accept(told("first", "7", NOW + 1, None)).await;
    fixture.accept(told("second", "7", NOW + KEPT, Some((NOW + 500_000) / 1_000))).await;
    assert_eq!(fixture.forget(later).await, 1, "nothing waits that tells of the other product");
    assert_eq!(fixture.of("7").await.len(), 1);
    let first = fixture.lease(1, later).await.remove(0);
    storage.acknowledge("first", first.lease, later).await.expect("it is noted");
    assert_eq!(fixture.forget(later).await, 0, "the second was not looked at");
    let second = fixture.lease(1, later).await.remove(0);
    assert_eq!(fixture.forget(later).await, 0, "somebody looks at it just now");
    storage.postpone("second", second.lease, later, "a call", later).await.expect("it is noted");
    assert_eq!(fixture.forget(later).await, 0, "and came to nothing");
    let second = fixture.lease(1, later).await.remove(0);
    // A receiver that is down keeps no notes.
    storage.retry_later("second", second.lease, later, "no", later).await.expect("it is noted");
    assert_eq!(fixture.forget(later).await, 1);
}

#[tokio::test]
async fn what_waits_and_cannot_tell_of_a_change_keeps_none() {
    let fixture = Fixture::new().await;
    fixture.begin(Some("7"), NOW).await;
    let second = NOW / 1_000;
    fixture.accept(told("earlier", "7", NOW - 1, None)).await;
    fixture.accept(told("too late", "7", NOW + 700_000, Some(second + 601))).await;
    fixture.accept(told("of no time", "7", NOW + 600_001, None)).await;
    fixture.accept(told("other", "8", NOW + 1, Some(second))).await;
    let elsewhere = Activation {
        connection: "c1".to_owned(),
        account: "store1".to_owned(),
        ..told("elsewhere", "7", NOW + 1, None)
    };
    fixture.accept(elsewhere).await;
    assert_eq!(fixture.forget(NOW + 2 * KEPT).await, 1);
}

#[tokio::test]
async fn a_change_stays_while_a_search_after_an_outage_may_find_it() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let mark = |since_ms| Watermark { trigger: "product-updated".to_owned(), since_ms, has_gap: true };
    fixture.begin(Some("7"), NOW).await;
    storage.raise_watermark("c1", mark(NOW)).await.expect("it is stored");
    storage.raise_watermark("c0", mark(NOW + 600_000)).await.expect("it is stored");
    assert_eq!(fixture.forget(NOW + 9 * KEPT).await, 0);
    storage.raise_watermark("c0", mark(NOW + 600_001)).await.expect("it is stored");
    assert_eq!(fixture.forget(NOW + 9 * KEPT).await, 1, "only another account is behind");
}

#[tokio::test]
async fn an_activation_keeps_its_mark_over_attempts_and_replays() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    fixture.accept(activation("a", 0, Some("1"))).await;
    let first = fixture.lease(1, NOW).await.remove(0);
    assert_eq!(first.own, None);
    assert!(storage.mark_own("a", first.lease, cause(NOW)).await.expect("it is noted"));
    storage.retry_later("a", first.lease, NOW + 5, "no", NOW).await.expect("it is noted");
    assert!(!storage.mark_own("a", first.lease, cause(9)).await.expect("it is read"), "the lease is lost");
    let second = fixture.lease(1, NOW + 5).await.remove(0);
    assert_eq!(second.own, Some(cause(NOW)));
    storage.acknowledge("a", second.lease, NOW + 5).await.expect("it is noted");
    storage.replay("a", NOW + 6).await.expect("it is noted");
    assert_eq!(fixture.lease(1, NOW + 6).await[0].own, Some(cause(NOW)));
    assert_eq!(storage.find("a").await.expect("it is read").expect("it is there").own, Some(cause(NOW)));
}

#[tokio::test]
async fn a_suppressed_one_gives_way_is_listed_and_can_be_replayed() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    fixture.accept(activation("a", 0, Some("1"))).await;
    fixture.accept(activation("b", 0, Some("1"))).await;
    let first = fixture.lease(9, NOW).await.remove(0);
    assert!(storage.suppress("a", first.lease, cause(NOW), NOW + 1).await.expect("it is noted"));
    assert!(!storage.suppress("a", first.lease, cause(NOW), NOW + 1).await.expect("it is read"));
    assert_eq!(super::ids(&fixture.lease(9, NOW + 2).await), ["b"], "the next of the order goes on");

    let filter = ActivationFilter { state: Some(ActivationState::Suppressed), ..ActivationFilter::default() };
    let listed = storage.list(&filter).await.expect("it is read");
    assert_eq!((listed.len(), listed[0].id.as_str()), (1, "a"));
    assert_eq!(listed[0].failure.as_deref(), Some("an own change: update-product"));
    let counts = storage.counts().await.expect("they are read");
    assert_eq!((counts.suppressed, counts.leased, counts.waiting), (1, 1, 0));

    let retention = Retention { delivered: Duration::from_secs(60), dead: Duration::from_secs(9_000) };
    assert_eq!(storage.remove_expired(NOW + 60_000, &retention).await.expect("it is done"), 0);
    assert!(storage.replay("a", NOW + 3).await.expect("it is noted"));
    assert_eq!(fixture.state("a").await, Some(ActivationState::Waiting));
    let counts = storage.counts().await.expect("they are read");
    assert_eq!((counts.suppressed, counts.waiting), (0, 1));
}

#[tokio::test]
async fn the_payload_of_a_suppressed_one_is_kept_as_long_as_of_a_delivered_one() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, None)).await;
    let leased = fixture.lease(1, NOW).await.remove(0);
    fixture.storage.suppress("a", leased.lease, cause(NOW), NOW).await.expect("it is noted");
    let retention = Retention { delivered: Duration::from_secs(60), dead: Duration::from_secs(9_000) };
    assert_eq!(fixture.storage.remove_expired(NOW + 60_000, &retention).await.expect("it is done"), 1);
    let found = fixture.storage.find("a").await.expect("it is read").expect("its id is kept");
    assert!(found.is_emptied && found.own == Some(cause(NOW)));
}
