//! What a search found beside what webhooks tell: whoever comes first, each event is stored once.

use connector_host::storage::{HookRow, HookStorage as _, Missed, Retention, Watermark};

use super::*;

/// An event about order 7, at so many seconds after a moment.
fn told(id: &str, seconds: i64) -> Activation {
    Activation { event_time: Some(1_000 + seconds), ..activation(id, 0, Some("7")) }
}

fn found(id: &str, seconds: i64, happens_once: bool) -> Missed {
    Missed { activation: Activation { origin: Origin::Backfill, ..told(id, seconds) }, happens_once }
}

impl Fixture {
    async fn missed(&self, missed: Missed) -> usize {
        self.storage.accept_missed(vec![missed]).await.expect("it is stored").new
    }

    async fn told(&self, activation: Activation) -> usize {
        self.accept(activation).await.new
    }
}

#[tokio::test]
async fn what_happens_once_is_stored_once_whoever_tells_it_first() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.told(told("webhook", 5)).await, 1);
    // The date of a resource may be later than the event that told of it.
    assert_eq!(fixture.missed(found("found", 9, true)).await, 0);

    let fixture = Fixture::new().await;
    assert_eq!(fixture.missed(found("found", 5, true)).await, 1);
    assert_eq!(fixture.missed(found("found", 5, true)).await, 0, "a search that is done anew");
    assert_eq!(fixture.told(told("late", 6)).await, 0);
    let timeless = Activation { event_time: None, ..told("late", 6) };
    assert_eq!(fixture.told(timeless).await, 0);
    // Another resource, another trigger.
    assert_eq!(fixture.told(activation("other", 0, Some("8"))).await, 1);
    assert_eq!(fixture.told(Activation { trigger: "t".to_owned(), ..told("t", 6) }).await, 1);
}

#[tokio::test]
async fn a_change_is_known_by_what_was_told_at_its_time_or_later_and_no_other() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.told(told("first", 5)).await, 1);
    assert_eq!(fixture.missed(found("same", 5, false)).await, 0);
    assert_eq!(fixture.missed(found("before", 4, false)).await, 0);
    assert_eq!(fixture.missed(found("second", 6, false)).await, 1, "a later change was missed");
    assert_eq!(fixture.told(told("late", 6)).await, 0, "its webhook comes late");
    assert_eq!(fixture.told(told("third", 7)).await, 1, "a change after the search");
}

/// Leases what is due at a moment and delivers it.
async fn deliver(fixture: &Fixture, now_ms: i64) {
    for leased in fixture.lease(10, now_ms).await {
        let noted = fixture.storage.acknowledge(&leased.activation.id, leased.lease, now_ms).await;
        assert!(noted.expect("it is noted"));
    }
}

/// The first moment of the second 1,005, in which the order changed; activations of this test are received then.
const SECOND: i64 = 1_005_000;

fn received(activation: Activation, received_ms: i64) -> Activation {
    Activation { received_ms, ..activation }
}

#[tokio::test]
async fn a_search_finds_a_second_change_of_a_second_once_if_the_first_was_leased_before_its_end() {
    for (leased_ms, further) in [(SECOND + 999, 1), (SECOND + 1_000, 0)] {
        let fixture = Fixture::new().await;
        assert_eq!(fixture.told(received(told("first", 5), SECOND)).await, 1);
        let found = || {
            let missed = found("found", 5, false);
            Missed { activation: received(missed.activation, SECOND + 60_000), ..missed }
        };
        assert_eq!(fixture.missed(found()).await, 0, "whoever leases it now sees both changes");
        deliver(&fixture, leased_ms).await;
        assert_eq!(fixture.missed(found()).await, further, "leased at {leased_ms}");
        deliver(&fixture, SECOND + 60_000).await;
        assert_eq!(fixture.missed(found()).await, 0, "one further activation, and no third");
    }
}

#[tokio::test]
async fn a_lease_after_the_second_counts_whatever_came_before() {
    let fixture = Fixture::new().await;
    fixture.told(received(told("first", 5), SECOND)).await;
    let early = fixture.lease(1, SECOND).await.remove(0);
    fixture
        .storage
        .postpone("first", early.lease, SECOND + 2_000, "a call", SECOND)
        .await
        .expect("it is noted");
    deliver(&fixture, SECOND + 2_000).await;
    assert_eq!(fixture.missed(found("found", 5, false)).await, 0, "the latest lease saw every change");
}

#[tokio::test]
async fn a_webhook_of_the_second_that_a_search_found_is_new_if_that_was_leased_before_its_end() {
    let fixture = Fixture::new().await;
    let found_at = |received_ms| {
        let missed = found("found", 5, false);
        Missed { activation: received(missed.activation, received_ms), ..missed }
    };
    assert_eq!(fixture.missed(found_at(SECOND + 200)).await, 1);
    assert!(fixture.lease(1, SECOND + 999).await.is_empty(), "it waits for the end of the second");
    assert_eq!(fixture.told(told("late", 5)).await, 0);
    deliver(&fixture, SECOND + 1_000).await;
    assert_eq!(fixture.told(told("later", 5)).await, 0);

    // The clock of the vendor is ahead, so that the second ends late.
    let fixture = Fixture::new().await;
    assert_eq!(fixture.missed(found_at(SECOND - 60_000)).await, 1);
    deliver(&fixture, SECOND - 55_000).await;
    assert_eq!(fixture.told(told("earlier", 4)).await, 0, "a time before it is known in any case");
    assert_eq!(fixture.told(told("second", 5)).await, 1);
    assert_eq!(fixture.told(told("third", 5)).await, 0, "the second waits and will see it");
}

#[tokio::test]
async fn what_a_search_could_meet_is_remembered_until_the_watermark_has_passed_it() {
    let fixture = Fixture::new().await;
    let mark = |since_ms, has_gap| Watermark { trigger: told("a", 5).trigger, since_ms, has_gap };
    fixture.storage.raise_watermark("c0", mark(NOW - 1, true)).await.expect("it is stored");
    fixture.told(told("a", 5)).await;
    let leased = fixture.lease(1, NOW).await;
    assert!(fixture.storage.acknowledge("a", leased[0].lease, NOW).await.expect("it is stored"));
    let later = NOW + 100 * 24 * 60 * 60 * 1_000;
    let retention = Retention::default();
    fixture.storage.remove_expired(later, &retention).await.expect("it is done");
    assert!(fixture.state("a").await.is_some(), "a search from the watermark would find it");
    fixture.storage.raise_watermark("c0", mark(later, false)).await.expect("it is stored");
    fixture.storage.remove_expired(later, &retention).await.expect("it is done");
    assert_eq!(fixture.state("a").await, None);
}

#[tokio::test]
async fn a_watermark_never_goes_back_and_survives_with_its_gap() {
    let fixture = Fixture::new().await;
    let mark = |since_ms, has_gap| Watermark { trigger: "t".to_owned(), since_ms, has_gap };
    fixture.storage.raise_watermark("c0", mark(9, false)).await.expect("it is stored");
    fixture.storage.raise_watermark("c0", mark(5, true)).await.expect("it is stored");
    let hook = HookRow {
        hook: "1".to_owned(),
        event: "e".to_owned(),
        destination: "d".to_owned(),
        is_active: true,
        seen_ms: NOW,
    };
    fixture.storage.keep_hooks("c0", vec![hook.clone()]).await.expect("it is stored");
    fixture.storage.note_alive(NOW).await.expect("it is stored");
    let Fixture { storage, folder } = fixture;
    drop(storage);
    let storage = open(&folder.path().join("storage"), SqliteOptions::default()).await;
    assert_eq!(storage.watermarks("c0").await.expect("they are read"), [mark(9, true)]);
    assert_eq!(storage.hooks("c0").await.expect("they are read"), [hook]);
    assert_eq!(storage.last_alive().await.expect("it is read"), Some(NOW));
    // All of it goes with the connection, and none comes without one.
    storage.remove_connection("c0").await.expect("it is removed");
    assert!(storage.watermarks("c0").await.expect("they are read").is_empty());
    assert!(storage.hooks("c0").await.expect("they are read").is_empty());
    let refused = storage.raise_watermark("c0", mark(9, false)).await.expect_err("there is no connection");
    assert_eq!(refused.kind(), StorageErrorKind::UnknownConnection);
    let refused = storage.accept_missed(vec![found("found", 5, true)]).await.expect_err("there is none");
    assert_eq!(refused.kind(), StorageErrorKind::UnknownConnection);
}
