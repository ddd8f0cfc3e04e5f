//! How long a call waits for the quota, and when it comes back instead.

use std::time::Duration;

use connector_runtime::{Class, Patience};
use tokio::time::Instant;

use crate::scripted_api::{Outcome, READ, ScriptedApi, answer, ok, request};

/// The last request of a window that ends in ten seconds.
fn last_of_the_window() -> Outcome {
    let headers = [("X-Quota", "5"), ("X-Left", "0"), ("X-Window-Ms", "30000"), ("X-Reset-Ms", "10000")];
    answer(200, &headers, "{}")
}

/// Windows are told in whole milliseconds, and never taken to end too early.
fn is_ten_seconds(wait: Duration) -> bool {
    (Duration::from_millis(10_000)..=Duration::from_millis(10_002)).contains(&wait)
}

#[tokio::test(start_paused = true)]
async fn with_patience_a_call_waits_for_the_next_window() {
    let api = ScriptedApi::answering(&[last_of_the_window, ok]);
    let client = api.client(Patience::Unlimited);
    client.send(request(&READ)).await.unwrap();
    client.send(request(&READ)).await.unwrap();
    assert!(is_ten_seconds(api.gaps()[0]), "{:?}", api.gaps());
    let report = client.gate().report();
    assert_eq!((report.counts.waits, report.counts.refused, report.counts.admitted), (1, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_patience_comes_back_at_once_with_its_length() {
    for patience in [Patience::Surface, Patience::Within(Duration::from_secs(9))] {
        let api = ScriptedApi::answering(&[last_of_the_window, ok]);
        let client = api.client(patience);
        client.send(request(&READ)).await.unwrap();
        let start = Instant::now();
        let error = client.send(request(&READ)).await.unwrap_err();
        assert_eq!((error.class(), error.status()), (Class::RateLimitedWindow, None));
        assert!(error.retry_after().is_some_and(is_ten_seconds), "{error}");
        assert!(error.is_retryable() && error.to_string().contains("nothing was sent"), "{error}");
        assert_eq!((api.count(), start.elapsed()), (1, Duration::ZERO));
        assert_eq!(client.gate().report().counts.turned_away, 1);
    }
    let api = ScriptedApi::answering(&[last_of_the_window, ok]);
    let client = api.client(Patience::Within(Duration::from_secs(11)));
    client.send(request(&READ)).await.unwrap();
    client.send(request(&READ)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_longest_of_the_waits_counts_whatever_is_left() {
    let refused: fn() -> Outcome = || {
        let headers =
            [("X-Reset-Ms", "1500"), ("X-Retry-After", "2"), ("Retry-After", "3"), ("X-Left", "35")];
        answer(429, &headers, "")
    };
    let api = ScriptedApi::answering(&[refused, ok]);
    api.client(Patience::Unlimited).send(request(&READ)).await.unwrap();
    let gap = api.gaps()[0];
    assert!(gap > Duration::from_secs(3) && gap < Duration::from_millis(3_100), "{gap:?}");
}

#[tokio::test(start_paused = true)]
async fn refusals_without_a_wait_are_waited_out_longer_each_time() {
    let bare: fn() -> Outcome = || answer(429, &[("X-Reset-Ms", "0"), ("X-Retry-After", "soon")], "");
    let api = ScriptedApi::answering(&[bare, bare, bare, bare, ok]);
    api.client(Patience::Unlimited).send(request(&READ)).await.unwrap();
    for (gap, whole) in api.gaps().into_iter().zip([1, 2, 4, 8]) {
        let whole = Duration::from_secs(whole);
        assert!(gap >= whole / 2 && gap <= whole, "{:?}", api.gaps());
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_account_share_its_gate() {
    let api = ScriptedApi::answering(&[last_of_the_window, ok]);
    let client = api.client(Patience::Surface);
    client.send(request(&READ)).await.unwrap();
    let clone = client.clone().with_patience(Patience::Within(Duration::from_secs(1)));
    assert_eq!(clone.send(request(&READ)).await.unwrap_err().class(), Class::RateLimitedWindow);
    assert!(
        api.client(Patience::Surface).send(request(&READ)).await.is_ok(),
        "other gates know nothing of it"
    );
}
