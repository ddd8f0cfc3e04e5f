//! Lasting misbehaviour, with a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use bigcommerce_sandbox::{Clock, Fault, ManualClock, Misbehaviour, Sandbox, SandboxOptions};
use serde_json::json;

use crate::{PRODUCT, get, post, sandbox, start};

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
async fn what_is_left_lags_behind() {
    let (sandbox, _) = misbehaving(2, Misbehaviour { left_lags_by: 1, ..Misbehaviour::default() }).await;
    let answers = [left(&sandbox).await, left(&sandbox).await, left(&sandbox).await];
    assert_eq!(answers, [seen(200, "2"), seen(200, "1"), seen(429, "1")]);
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
