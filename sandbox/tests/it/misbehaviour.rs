//! Lasting misbehaviour, with a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use bigcommerce_sandbox::{Clock, Fault, ManualClock, Misbehaviour, Rate, Sandbox, SandboxOptions};
use serde_json::json;

use crate::{PRODUCT, get, post, sandbox, start, try_get};

async fn misbehaving(quota: u32, misbehaviour: Misbehaviour) -> (Sandbox, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_800_000_000)));
    let options =
        SandboxOptions { quota, misbehaviour, clock: Arc::clone(&clock) as _, ..SandboxOptions::default() };
    (start(options).await, clock)
}

async fn left(sandbox: &Sandbox) -> (u16, Option<String>) {
    let answer = get(sandbox, PRODUCT).await;
    (answer.status, answer.header("x-rate-limit-requests-left").map(str::to_owned))
}

fn seen(status: u16, left: &str) -> (u16, Option<String>) {
    (status, Some(left.to_owned()))
}

#[tokio::test]
async fn a_foreign_client_takes_its_part_of_every_window() {
    let (sandbox, clock) =
        misbehaving(3, Misbehaviour { foreign_requests: 2, ..Misbehaviour::default() }).await;
    assert_eq!(left(&sandbox).await, seen(200, "0"));
    assert_eq!(left(&sandbox).await, seen(429, "0"));
    clock.advance(Duration::from_secs(30));
    assert_eq!(left(&sandbox).await, seen(200, "0"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_foreign_client_can_come_in_every_second_window() {
    let habits = Misbehaviour { foreign_requests: 2, foreign_every: 2, ..Misbehaviour::default() };
    let (sandbox, clock) = misbehaving(4, habits).await;
    for expected in ["3", "1", "3", "1"] {
        assert_eq!(left(&sandbox).await, seen(200, expected));
        clock.advance(Duration::from_secs(30));
    }
    sandbox.shutdown().await;
}

/// The statuses of 60 reads; `None` where the answer broke off.
async fn statuses(seed: u64, rate: &str) -> Vec<Option<u16>> {
    let misbehaviour = Misbehaviour { fault_rate: rate.parse().expect("a rate"), ..Misbehaviour::default() };
    let sandbox = start(SandboxOptions { seed, misbehaviour, ..SandboxOptions::default() }).await;
    let mut seen = Vec::new();
    for _ in 0..60 {
        let answer = try_get(&sandbox, "v2/time").await.expect("headers");
        let status = answer.status().as_u16();
        let body = answer.text().await;
        seen.push(body.is_ok().then_some(status));
    }
    sandbox.shutdown().await;
    seen
}

#[tokio::test]
async fn faults_at_a_rate_follow_from_the_seed() {
    let first = statuses(3, "0.3").await;
    assert_eq!(first, statuses(3, "0.3").await);
    assert_ne!(first, statuses(4, "0.3").await);
    let failed = first.iter().filter(|status| **status != Some(200)).count();
    assert!((6..30).contains(&failed), "{first:?}");
    assert!(statuses(3, "0").await.iter().all(|status| *status == Some(200)));
}

#[tokio::test]
async fn a_rate_can_be_changed_while_the_store_runs() {
    let sandbox = sandbox().await;
    let always = Rate::new(1.0).expect("a rate");
    sandbox.misbehave(Misbehaviour { fault_rate: always, ..Misbehaviour::default() });
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(try_get(&sandbox, "v2/time").await.expect("headers").status().as_u16());
    }
    // The page in place of the answer and the answer that breaks off begin with a 200.
    assert!([429, 500, 502, 503, 504].iter().all(|status| statuses.contains(status)), "{statuses:?}");
    sandbox.misbehave(Misbehaviour::default());
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_left_lags_behind() {
    let (sandbox, _) = misbehaving(2, Misbehaviour { left_lags_by: 1, ..Misbehaviour::default() }).await;
    let answers = [left(&sandbox).await, left(&sandbox).await, left(&sandbox).await];
    assert_eq!(answers, [seen(200, "2"), seen(200, "1"), seen(429, "1")]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn seconds_to_wait_can_be_left_out_where_milliseconds_are_told() {
    for (retry_after_missing, is_told) in [(false, true), (true, false)] {
        let (sandbox, _) =
            misbehaving(1, Misbehaviour { retry_after_missing, ..Misbehaviour::default() }).await;
        get(&sandbox, "v2/time").await;
        let refused = get(&sandbox, "v2/time").await;
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains_key("x-rate-limit-time-reset-ms"));
        assert_eq!(refused.headers.contains_key("x-retry-after"), is_told);
        sandbox.shutdown().await;
    }
}

/// The headers of the quota in the answers to so many reads, the rejected ones included.
async fn quota_headers(sandbox: &Sandbox, reads: usize) -> Vec<Vec<(String, String)>> {
    let mut seen = Vec::new();
    for _ in 0..reads {
        let answer = get(sandbox, "v2/time").await;
        let headers = answer.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), value.to_str().expect("a header of visible ASCII").to_owned())
        });
        seen.push(
            headers.filter(|(name, _)| name.contains("rate-limit") || name.contains("retry")).collect(),
        );
    }
    seen
}

#[tokio::test]
async fn the_headers_of_the_quota_can_be_missing_from_some_answers_or_all() {
    let always =
        Misbehaviour { headers_missing_rate: "1".parse().expect("a rate"), ..Misbehaviour::default() };
    let (sandbox, _) = misbehaving(2, always).await;
    assert!(quota_headers(&sandbox, 4).await.iter().all(Vec::is_empty));
    let statuses: Vec<_> = sandbox.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(429), Some(429)]);
    sandbox.shutdown().await;
    let some =
        Misbehaviour { headers_missing_rate: "0.5".parse().expect("a rate"), ..Misbehaviour::default() };
    let (sandbox, _) = misbehaving(150, some).await;
    let missing = quota_headers(&sandbox, 60).await.iter().filter(|headers| headers.is_empty()).count();
    assert!((15..45).contains(&missing), "{missing}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_headers_of_the_quota_can_say_nonsense_which_follows_from_the_seed() {
    let habits =
        Misbehaviour { headers_nonsense_rate: "1".parse().expect("a rate"), ..Misbehaviour::default() };
    let (sandbox, _) = misbehaving(20, habits).await;
    let seen = quota_headers(&sandbox, 40).await;
    sandbox.shutdown().await;
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [[4; 20], [5; 20]].concat());
    let values = || seen.iter().flatten().map(|(_, value)| value.as_str());
    assert!(values().all(|value| value.parse::<u64>().is_err()));
    assert!(["soon", "-1", "1.5", ""].iter().all(|word| values().any(|value| value == *word)));
    let (sandbox, _) = misbehaving(20, habits).await;
    assert_eq!(quota_headers(&sandbox, 40).await, seen);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_log_tells_in_which_window_a_request_was_counted_or_turned_away() {
    let (sandbox, clock) = misbehaving(1, Misbehaviour::default()).await;
    get(&sandbox, PRODUCT).await;
    get(&sandbox, PRODUCT).await;
    clock.advance(Duration::from_secs(30));
    sandbox.inject(Fault::OverloadedWithoutHeaders, 1);
    get(&sandbox, PRODUCT).await;
    get(&sandbox, PRODUCT).await;
    let log: Vec<_> =
        sandbox.requests().into_iter().map(|request| (request.status, request.window)).collect();
    let status = Some;
    assert_eq!(
        log,
        [(status(200), Some(1)), (status(429), Some(1)), (status(429), None), (status(200), Some(2)),]
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_sliding_window_and_rejections_that_count() {
    let habits = Misbehaviour { sliding_window: true, ..Misbehaviour::default() };
    let (sandbox, clock) = misbehaving(2, habits).await;
    get(&sandbox, PRODUCT).await;
    clock.advance(Duration::from_secs(20));
    get(&sandbox, PRODUCT).await;
    clock.advance(Duration::from_secs(10));
    assert_eq!(left(&sandbox).await, seen(200, "0"));
    assert_eq!(get(&sandbox, PRODUCT).await.header("x-rate-limit-time-reset-ms"), Some("20000"));
    sandbox.misbehave(Misbehaviour { rejections_count: true, ..habits });
    assert_eq!(get(&sandbox, PRODUCT).await.status, 429);
    clock.advance(Duration::from_secs(20));
    assert_eq!(get(&sandbox, PRODUCT).await.status, 429, "the rejections are still in the window");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_used_up_quota_can_be_a_500() {
    let habits = Misbehaviour { throttles_with_500: true, ..Misbehaviour::default() };
    let (sandbox, _) = misbehaving(1, habits).await;
    get(&sandbox, PRODUCT).await;
    assert_eq!(left(&sandbox).await, seen(500, "0"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_new_resource_is_missing_for_a_while() {
    let habits = Misbehaviour { fresh_is_missing_ms: 1_500, ..Misbehaviour::default() };
    let (sandbox, clock) = misbehaving(99, habits).await;
    post(&sandbox, "v3/catalog/brands", json!({"name": "Fresh"})).await;
    assert_eq!(get(&sandbox, "v3/catalog/brands/44").await.status, 404);
    assert_eq!(get(&sandbox, "v3/catalog/brands/43").await.status, 200, "what was seeded is there");
    clock.advance(Duration::from_millis(1_500));
    assert_eq!(get(&sandbox, "v3/catalog/brands/44").await.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let sandbox = sandbox().await;
    sandbox.misbehave(Misbehaviour { token_revoked: true, ..Misbehaviour::default() });
    assert_eq!(get(&sandbox, PRODUCT).await.status, 401);
    assert_eq!(get(&sandbox, "v2/time").await.json()[0]["status"], 401);
    sandbox.misbehave(Misbehaviour::default());
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn slow_answers_wait_for_the_clock_of_the_store() {
    let (sandbox, clock) = misbehaving(99, Misbehaviour::default()).await;
    sandbox.inject(Fault::Slow { milliseconds: 60_000 }, 1);
    tokio::select! {
        answer = get(&sandbox, PRODUCT) => panic!("answered {} too early", answer.status),
        time = async {
            while sandbox.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            get(&sandbox, "v2/time").await
        } => assert_eq!(time.status, 200),
    }
    sandbox.misbehave(Misbehaviour { slow_ms: 60_000, ..Misbehaviour::default() });
    let before = clock.now();
    let (answer, ()) = tokio::join!(get(&sandbox, PRODUCT), async {
        while sandbox.requests().len() < 3 {
            tokio::task::yield_now().await;
        }
        // Again and again: the request may not have looked at the clock before the first step.
        while sandbox.requests()[2].status.is_none() {
            clock.advance(Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(answer.status, 200);
    assert!(clock.now() >= before + Duration::from_secs(60));
    sandbox.shutdown().await;
}
