//! Deliveries that fail, and when they are tried again.

use std::time::Duration;

use bigcommerce_sandbox::{DeliveryState, RetryTimestamps, SignatureProfile, WebhookOptions};
use serde_json::json;

use super::{HOOKS, MOMENT, Receiver, Reply, at_rest, hook, local, only, options, order};
use crate::{delete, get, put, start};

/// Seconds between the attempts, as documented.
const SCHEDULE: [u64; 11] = [60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 50_400, 86_400];

#[tokio::test]
async fn a_delivery_is_tried_twelve_times_over_two_days_and_then_ends_its_webhook() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    let id = hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Status(503));
    order(&sandbox).await;
    sandbox.settled().await;
    let mut expected = vec![u64::try_from(MOMENT.as_millis()).expect("a time")];
    for seconds in SCHEDULE {
        let is_active = get(&sandbox, &format!("{HOOKS}/{id}")).await.json()["data"]["is_active"].clone();
        assert_eq!(is_active, true);
        let due = expected.last().expect("a time") + seconds * 1_000;
        assert_eq!(only(&sandbox).next_attempt_ms, Some(due));
        sandbox.advance(Duration::from_millis(seconds * 1_000 - 1));
        sandbox.settled().await;
        assert_eq!(receiver.arrivals().len(), expected.len(), "not a moment too soon");
        sandbox.advance(Duration::from_millis(1));
        sandbox.settled().await;
        expected.push(due);
    }
    let delivery = only(&sandbox);
    let times: Vec<u64> = delivery.attempts.iter().map(|attempt| attempt.at_ms).collect();
    assert_eq!(times, expected);
    assert!(delivery.attempts.iter().all(|attempt| attempt.status == Some(503)));
    assert_eq!((delivery.state, delivery.next_attempt_ms), (DeliveryState::GivenUp, None));
    let arrivals = receiver.take();
    assert_eq!(arrivals.len(), 12);
    let first = &arrivals[0];
    assert!(arrivals.iter().all(|it| it.body == first.body && it.is_standard(sandbox.client_secret())));
    assert!(arrivals.iter().all(|it| it.header("webhook-id") == first.header("webhook-id")));

    let path = format!("{HOOKS}/{id}");
    assert_eq!(get(&sandbox, &path).await.json()["data"]["is_active"], false);
    order(&sandbox).await;
    put(&sandbox, &path, json!({"is_active": true})).await;
    receiver.reply(Reply::Status(204));
    let told = order(&sandbox).await;
    sandbox.settled().await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 1, "what happened in between is lost");
    assert_eq!(arrivals[0].json()["data"]["id"], told);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_retry_that_is_acknowledged_is_the_last_attempt() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    sandbox.settled().await;
    receiver.reply(Reply::Status(299));
    sandbox.advance(Duration::from_secs(60));
    sandbox.delivered().await;
    let statuses: Vec<_> = only(&sandbox).attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(299)]);
    assert_eq!(only(&sandbox).state, DeliveryState::Delivered);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_schedule_can_be_compressed() {
    let receiver = Receiver::start().await;
    let sandbox = start(options(WebhookOptions { time_scale: 1e-6, ..local() })).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    // All by itself, in the machine's time: a millionth of two days.
    sandbox.delivered().await;
    let delivery = only(&sandbox);
    assert_eq!((delivery.state, receiver.arrivals().len()), (DeliveryState::GivenUp, 12));
    let (first, last) = (delivery.attempts[0].at_ms, delivery.attempts[11].at_ms);
    assert!(last - first >= 172, "{delivery:?}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_signed_time_of_a_retry_is_renewed_or_kept() {
    let receiver = Receiver::start().await;
    for (retry_timestamps, second) in [(RetryTimestamps::Renewed, 60_000), (RetryTimestamps::Kept, 0)] {
        let webhooks = WebhookOptions { profile: SignatureProfile::BcHex, retry_timestamps, ..local() };
        let sandbox = at_rest(webhooks).await;
        hook(&sandbox, "store/order/created", &receiver.address("in")).await;
        receiver.reply(Reply::Status(401));
        order(&sandbox).await;
        sandbox.settled().await;
        sandbox.advance(Duration::from_secs(60));
        sandbox.settled().await;
        let arrivals = receiver.take();
        assert!(arrivals.iter().all(|it| it.is_bc_hex(sandbox.client_secret())));
        let times: Vec<u128> = arrivals
            .iter()
            .map(|it| it.header("x-bc-webhook-timestamp").parse().expect("milliseconds"))
            .collect();
        assert_eq!(times, [MOMENT.as_millis(), MOMENT.as_millis() + second]);
        sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_webhook_goes_with_it() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    let id = hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    sandbox.settled().await;
    delete(&sandbox, &format!("{HOOKS}/{id}")).await;
    sandbox.advance(Duration::from_secs(60));
    sandbox.delivered().await;
    assert_eq!((only(&sandbox).state, receiver.arrivals().len()), (DeliveryState::Dropped, 1));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn redirects_and_late_answers_are_failures() {
    let receiver = Receiver::start().await;
    let sandbox = at_rest(WebhookOptions { timeout: Duration::from_millis(200), ..local() }).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    for (reply, status, failure) in
        [(Reply::Redirect, Some(307), None), (Reply::Never, None, Some("no answer in time"))]
    {
        receiver.reply(reply);
        order(&sandbox).await;
        sandbox.settled().await;
        let delivery = sandbox.deliveries().pop().expect("a delivery");
        assert_eq!(delivery.state, DeliveryState::Waiting);
        assert_eq!((delivery.attempts[0].status, delivery.attempts[0].failure), (status, failure));
    }
    assert!(receiver.arrivals().iter().all(|arrival| arrival.path == "/in"), "no redirect is followed");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_next_event_of_a_resource_waits_for_the_attempt_before_it_and_those_of_others_do_not() {
    let receiver = Receiver::start().await;
    let sandbox = at_rest(WebhookOptions { timeout: Duration::from_secs(300), ..local() }).await;
    hook(&sandbox, "store/order/*", &receiver.address("in")).await;
    receiver.reply(Reply::Held);
    let first = order(&sandbox).await;
    put(&sandbox, &format!("v2/orders/{first}"), json!({"staff_notes": "Soon"})).await;
    order(&sandbox).await;
    while receiver.arrivals().len() < 2 {
        tokio::task::yield_now().await;
    }
    let states: Vec<DeliveryState> = sandbox.deliveries().iter().map(|it| it.state).collect();
    assert_eq!(states, [DeliveryState::Sending, DeliveryState::Waiting, DeliveryState::Sending]);
    receiver.reply(Reply::Status(200));
    sandbox.settled().await;
    let states: Vec<DeliveryState> = sandbox.deliveries().iter().map(|it| it.state).collect();
    assert_eq!(states, [DeliveryState::Delivered; 3]);
    assert_eq!(receiver.scopes(), ["store/order/created", "store/order/created", "store/order/updated"]);
    sandbox.shutdown().await;
}
