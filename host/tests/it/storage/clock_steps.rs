//! The wall clock is set forward by a day and back: nothing is stranded, forgotten early or hidden by it.

use connector_host::storage::{HookRow, HookStorage as _, Retention, Watermark};

use super::*;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What follows the step back.
#[derive(Clone, Copy, Debug)]
enum After {
    /// The same process goes on.
    Same,
    /// It starts again.
    Restart,
    /// Another process goes on, which was there before the step and stored nothing during it.
    Other,
}

#[tokio::test]
async fn what_waits_or_is_leased_during_a_step_goes_on_after_its_own_length() {
    for after in [After::Same, After::Restart, After::Other] {
        let Fixture { storage, folder } = Fixture::new().await;
        let path = folder.path().join("storage");
        let other = open(&path, SqliteOptions::default()).await;
        let mut fixture = Fixture { storage, folder };
        fixture.accept(activation("before", 0, Some("1"))).await;
        fixture.accept(activation("behind", 0, Some("1"))).await;

        let step = NOW + DAY_MS;
        let leased = fixture.lease(1, step).await.remove(0);
        let retry = fixture.storage.retry_later("before", leased.lease, step + 20 * SECOND_MS, "busy", step);
        assert!(retry.await.expect("it is noted"));
        let during = Activation { received_ms: step, ..activation("during", 1, Some("2")) };
        fixture.accept(during).await;
        let cut_off = Activation { received_ms: step, ..activation("cut off", 2, Some("3")) };
        fixture.accept(cut_off).await;
        let both = fixture.lease(10, step).await;
        assert_eq!(ids(&both), ["during", "cut off"], "{after:?}");
        let retry = fixture.storage.retry_later("during", both[0].lease, step + HOUR_MS, "busy", step);
        assert!(retry.await.expect("it is noted"));

        let back = NOW + 2 * SECOND_MS;
        match after {
            After::Same => {}
            After::Restart => {
                let Fixture { storage, folder } = fixture;
                drop((storage, other));
                let storage = open(&folder.path().join("storage"), SqliteOptions::default()).await;
                fixture = Fixture { storage, folder };
            }
            After::Other => fixture.storage = other,
        }
        assert!(fixture.lease(10, back).await.is_empty(), "{after:?}: none is due before its wait is over");
        let due = fixture.storage.next_due(back).await.expect("it is read");
        assert_eq!(due, Some(back + 20 * SECOND_MS), "{after:?}");
        let first = fixture.lease(10, back + 20 * SECOND_MS).await;
        assert_eq!(ids(&first), ["before"], "{after:?}");
        assert!(fixture.storage.acknowledge("before", first[0].lease, back).await.expect("it is noted"));
        // The lease of the one that was cut off ends after its own length.
        let second = fixture.lease(10, back + 30 * SECOND_MS).await;
        assert_eq!(ids(&second), ["cut off", "behind"], "{after:?}: connections take turns");
        let third = fixture.lease(10, back + HOUR_MS).await;
        assert_eq!(third.iter().filter(|leased| leased.activation.id == "during").count(), 1, "{after:?}");
    }
}

#[tokio::test]
async fn an_activation_that_is_accepted_during_a_step_is_due_after_it() {
    let fixture = Fixture::new().await;
    for (id, received_ms) in [("during", NOW + DAY_MS), ("after", NOW + SECOND_MS)] {
        fixture.accept(Activation { received_ms, ..activation(id, 0, Some("1")) }).await;
    }
    let leased = fixture.lease(10, NOW + SECOND_MS).await;
    assert_eq!(ids(&leased), ["during"], "it blocks its resource no longer");
    assert!(fixture.storage.acknowledge("during", leased[0].lease, NOW).await.expect("it is noted"));
    assert_eq!(ids(&fixture.lease(10, NOW + SECOND_MS).await), ["after"]);
}

#[tokio::test]
async fn the_oldest_is_the_one_that_was_accepted_first_whatever_the_clock_showed() {
    let fixture = Fixture::new().await;
    let oldest = || async { fixture.storage.counts().await.expect("they are read").oldest_ms };
    assert_eq!(oldest().await, None);
    fixture.accept(activation("first", 0, None)).await;
    let during = Activation { received_ms: NOW + DAY_MS, ..activation("during", 0, None) };
    fixture.accept(during).await;
    let earlier = Activation { received_ms: NOW - DAY_MS, ..activation("earlier", 0, None) };
    assert_eq!(oldest().await, Some(NOW));

    let back = NOW + 60 * SECOND_MS;
    let back_by = fixture.storage.mend_clock(back).await.expect("it is done");
    assert!((DAY_MS - 120 * SECOND_MS..=DAY_MS).contains(&back_by), "{back_by}");
    assert_eq!(oldest().await, Some(NOW));
    let leased = fixture.lease(1, back).await;
    assert_eq!(ids(&leased), ["first"]);
    fixture.storage.acknowledge("first", leased[0].lease, back).await.expect("it is noted");
    assert_eq!(oldest().await, Some(back), "it was accepted no later than the clock was set back");
    fixture.accept(earlier).await;
    assert_eq!(oldest().await, Some(back), "one that is accepted later does not hide it");
}

#[tokio::test]
async fn a_clock_that_is_behind_by_seconds_was_not_set_back() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, None)).await;
    let leased = fixture.lease(1, NOW).await.remove(0);
    let retry = fixture.storage.retry_later("a", leased.lease, NOW + HOUR_MS, "busy", NOW);
    assert!(retry.await.expect("it is noted"));
    assert_eq!(fixture.storage.mend_clock(NOW - 9 * SECOND_MS).await.expect("it is done"), 0);
    let found = fixture.storage.find("a").await.expect("it is read").expect("it is there");
    assert_eq!(found.due_ms, Some(NOW + HOUR_MS));
}

#[tokio::test]
async fn no_wait_is_longer_than_a_day() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, None)).await;
    let leased = fixture.lease(1, NOW).await.remove(0);
    let retry = fixture.storage.retry_later("a", leased.lease, NOW + 4_000 * DAY_MS, "busy", NOW);
    assert!(retry.await.expect("it is noted"));
    let found = fixture.storage.find("a").await.expect("it is read").expect("it is there");
    assert_eq!(found.due_ms, Some(NOW + DAY_MS));
    // A moment that overflows is none either.
    let leased = fixture.lease(1, NOW + DAY_MS).await.remove(0);
    let retry = fixture.storage.postpone("a", leased.lease, i64::MAX, "a call", NOW + DAY_MS);
    assert!(retry.await.expect("it is noted"));
    assert_eq!(ids(&fixture.lease(1, NOW + 2 * DAY_MS).await), ["a"]);
    assert_eq!(fixture.storage.mend_clock(i64::MAX).await.expect("it is done"), 0);
    assert!(fixture.storage.mend_clock(i64::MIN).await.expect("it is done") > 0);
}

#[tokio::test]
async fn replay_makes_a_delayed_activation_due_now_and_leaves_a_leased_one() {
    let fixture = Fixture::new().await;
    fixture.accept(activation("a", 0, Some("1"))).await;
    fixture.accept(activation("b", 0, Some("1"))).await;
    let storage = &fixture.storage;
    let leased = fixture.lease(1, NOW).await.remove(0);
    assert!(!storage.replay("a", NOW).await.expect("it is read"), "it is leased");
    assert!(storage.replay("b", NOW).await.expect("it is noted"));
    assert!(fixture.lease(10, NOW).await.is_empty(), "it stays behind the one before");
    let retry = storage.retry_later("a", leased.lease, NOW + HOUR_MS, "busy", NOW);
    assert!(retry.await.expect("it is noted"));
    assert!(fixture.lease(10, NOW).await.is_empty());
    assert!(storage.replay("a", NOW + 1).await.expect("it is noted"));
    let again = fixture.lease(10, NOW + 1).await;
    assert_eq!((ids(&again), again[0].attempt), (vec!["a"], 2), "its attempts are counted on");
    assert!(!storage.replay("none", NOW).await.expect("it is read"));
}

#[tokio::test]
async fn a_step_forward_makes_nobody_forget_an_id_that_a_repeat_needs() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    fixture.accept(activation("a", 0, None)).await;
    let leased = fixture.lease(1, NOW).await.remove(0);
    storage.acknowledge("a", leased.lease, NOW).await.expect("it is noted");
    let signed = |now_ms: i64| Arrival {
        activation: Activation { received_ms: now_ms, ..activation("", 1, None) },
        identity: connector_host::storage::Identity::Signed { key: [7; 32], signed_ms: NOW },
        former_id: None,
    };
    assert_eq!(fixture.arrive(vec![signed(NOW)]).await.new, 1);
    let retention = Retention { delivered: Duration::ZERO, dead: Duration::ZERO };
    let remove =
        |now_ms| async move { storage.remove_expired(now_ms, &retention).await.expect("it is done") };
    remove(NOW + 48 * HOUR_MS).await;
    // A day ahead for four hours, with a look every quarter of an hour.
    for quarter in 0..16 {
        remove(NOW + 72 * HOUR_MS + quarter * HOUR_MS / 4).await;
    }
    let back = NOW + 52 * HOUR_MS;
    assert_eq!(fixture.accept(activation("a", 0, None)).await.repeated, 1, "its id is known");
    assert_eq!(fixture.arrive(vec![signed(back)]).await.repeated, 1, "its signing is known");
    // And it is forgotten in its time.
    for quarter in 0..200 {
        remove(back + quarter * HOUR_MS / 4).await;
    }
    assert_eq!(fixture.state("a").await, None);
}

#[tokio::test]
async fn a_watermark_and_a_webhook_from_the_future_hide_no_event() {
    let fixture = Fixture::new().await;
    let storage = &fixture.storage;
    let mark = |since_ms, has_gap| Watermark { trigger: "order-created".to_owned(), since_ms, has_gap };
    let marks = || async { storage.watermarks("c0").await.expect("they are read") };
    let hook = HookRow {
        hook: "1".to_owned(),
        event: "order".to_owned(),
        destination: "https://hooks.example".to_owned(),
        is_active: true,
        seen_ms: NOW + DAY_MS,
    };
    storage.mend_clock(NOW + DAY_MS).await.expect("it is done");
    storage.raise_watermark("c0", mark(NOW + DAY_MS, false)).await.expect("it is noted");
    storage.raise_watermark("c1", mark(NOW - HOUR_MS, false)).await.expect("it is noted");
    storage.keep_hooks("c0", vec![hook]).await.expect("they are noted");
    let back = NOW + 5 * SECOND_MS;
    assert!(storage.mend_clock(back).await.expect("it is done") > 0);
    let found = marks().await.remove(0);
    assert!(found.has_gap && found.since_ms <= NOW, "{found:?}");
    assert!(found.since_ms >= NOW - 2 * HOUR_MS, "{found:?}");
    let untouched = storage.watermarks("c1").await.expect("they are read");
    assert_eq!(untouched, [mark(NOW - HOUR_MS, false)]);
    assert_eq!(storage.hooks("c0").await.expect("they are read")[0].seen_ms, back);
    assert_eq!(storage.mend_clock(back).await.expect("it is done"), 0, "once");
}
