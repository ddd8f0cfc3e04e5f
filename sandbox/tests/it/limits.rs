//! The request quota and its headers, with a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use bigcommerce_sandbox::{ManualClock, Sandbox, SandboxOptions};

use crate::{Answer, PRODUCT, get, sandbox, start};

async fn limited(quota: u32, window: Duration) -> (Sandbox, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_800_000_000)));
    let options =
        SandboxOptions { quota, window, clock: Arc::clone(&clock) as _, ..SandboxOptions::default() };
    (start(options).await, clock)
}

/// Quota, left, window and reset, as the headers say.
fn rate(answer: &Answer) -> [u64; 4] {
    ["requests-quota", "requests-left", "time-window-ms", "time-reset-ms"].map(|name| {
        let value = answer.header(&format!("x-rate-limit-{name}")).expect("a rate header");
        value.parse().expect("a whole number")
    })
}

#[tokio::test]
async fn a_store_starts_with_the_quota_of_the_standard_plan() {
    let sandbox = sandbox().await;
    let [quota, left, window, reset] = rate(&get(&sandbox, PRODUCT).await);
    assert_eq!([quota, left, window], [150, 149, 30_000]);
    assert!((1..=30_000).contains(&reset));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn both_versions_and_errors_draw_on_one_quota() {
    let (sandbox, clock) = limited(5, Duration::from_secs(30)).await;
    assert_eq!(rate(&get(&sandbox, PRODUCT).await), [5, 4, 30_000, 30_000]);
    clock.advance(Duration::from_millis(1_250));
    assert_eq!(rate(&get(&sandbox, "v2/time").await), [5, 3, 30_000, 28_750]);
    assert_eq!(rate(&get(&sandbox, "v3/catalog/products/999999").await), [5, 2, 30_000, 28_750]);
    assert_eq!(rate(&get(&sandbox, "v2/no/such/path").await), [5, 1, 30_000, 28_750]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn beyond_the_quota_requests_are_turned_away_until_the_window_ends() {
    let (sandbox, clock) = limited(2, Duration::from_secs(30)).await;
    get(&sandbox, PRODUCT).await;
    get(&sandbox, PRODUCT).await;
    clock.advance(Duration::from_millis(10_400));
    for path in [PRODUCT, "v2/time"] {
        let refused = get(&sandbox, path).await;
        assert_eq!((refused.status, refused.json()["status"].as_u64()), (429, Some(429)));
        assert!(refused.json()["title"].is_string() && refused.json()["type"].is_string());
        assert_eq!(rate(&refused), [2, 0, 30_000, 19_600]);
        assert_eq!(refused.header("x-retry-after"), Some("20"));
    }
    clock.advance(Duration::from_millis(19_599));
    assert_eq!(get(&sandbox, PRODUCT).await.status, 429);
    clock.advance(Duration::from_millis(1));
    let recovered = get(&sandbox, PRODUCT).await;
    assert_eq!(recovered.status, 200);
    assert_eq!(rate(&recovered), [2, 1, 30_000, 30_000]);
    assert_eq!(recovered.header("x-retry-after"), None);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_window_begins_with_its_first_request() {
    let (sandbox, clock) = limited(9, Duration::from_secs(5)).await;
    get(&sandbox, PRODUCT).await;
    clock.advance(Duration::from_secs(8));
    assert_eq!(rate(&get(&sandbox, PRODUCT).await), [9, 8, 5_000, 5_000]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_time_of_the_store_is_that_of_its_clock() {
    let (sandbox, clock) = limited(9, Duration::from_secs(30)).await;
    assert_eq!(get(&sandbox, "v2/time").await.text, r#"{"time":1800000000}"#);
    clock.advance(Duration::from_secs(61));
    let later = get(&sandbox, "v2/time").await;
    assert_eq!(later.json()["time"], 1_800_000_061);
    sandbox.shutdown().await;
}
