//! What many failures, or no events at all, do to webhooks, and who is told.

use std::collections::BTreeSet;
use std::time::Duration;

use bigcommerce_sandbox::{DeliveryState, Sandbox, WebhookOptions};
use serde_json::{Value, json};

use super::{HOOKS, Receiver, Reply, at_rest, hook, local, options, order};
use crate::{get, put, start};

const EXCEPTIONS: &str = "store/hook/deliveryException";

async fn is_active(sandbox: &Sandbox, id: u64) -> Value {
    get(sandbox, &format!("{HOOKS}/{id}")).await.json()["data"]["is_active"].clone()
}

/// The codes of the exceptions that arrived, which are all about this webhook.
fn codes(receiver: &Receiver, id: u64) -> Vec<Value> {
    let code = |data: &Value| {
        assert_eq!((&data["type"], &data["id"]), (&json!("webhook"), &json!(id)));
        assert!(data["message"].is_string());
        data["error_code"].clone()
    };
    receiver.take().iter().map(|arrival| code(&arrival.json()["data"])).collect()
}

#[tokio::test]
async fn failures_are_told_at_most_every_ten_minutes_and_the_end_always() {
    let (receiver, watcher) = (Receiver::start().await, Receiver::start().await);
    let sandbox = at_rest(local()).await;
    let id = hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    hook(&sandbox, EXCEPTIONS, &watcher.address("exceptions")).await;
    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    sandbox.settled().await;
    assert_eq!(codes(&watcher, id), [90_001]);
    for seconds in [60, 180, 300] {
        sandbox.advance(Duration::from_secs(seconds));
        sandbox.settled().await;
    }
    assert_eq!(codes(&watcher, id), [0; 0], "within ten minutes");
    sandbox.advance(Duration::from_secs(600));
    sandbox.settled().await;
    assert_eq!(codes(&watcher, id), [90_001]);
    for seconds in [900, 1_800, 3_600, 7_200, 21_600, 50_400, 86_400] {
        sandbox.advance(Duration::from_secs(seconds));
        sandbox.settled().await;
    }
    assert_eq!(codes(&watcher, id).pop(), Some(json!(90_002)));
    assert_eq!(is_active(&sandbox, id).await, false);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_domain_that_fails_a_hundred_times_is_blocked_for_three_minutes() {
    let (receiver, watcher) = (Receiver::start().await, Receiver::start().await);
    let sandbox = at_rest(local()).await;
    let id = hook(&sandbox, "store/product/updated", &receiver.address("in")).await;
    let exceptions = watcher.address("exceptions").replace("127.0.0.1", "localhost");
    hook(&sandbox, EXCEPTIONS, &exceptions).await;
    receiver.reply(Reply::Status(500));
    let reprice = async |number: u64| {
        let sent = json!({"price": 1_000 + number});
        assert_eq!(put(&sandbox, "v3/catalog/products/111", sent).await.status, 200);
    };
    for number in 0..100 {
        reprice(number).await;
    }
    sandbox.settled().await;
    assert_eq!(receiver.take().len(), 100);
    let mut told = codes(&watcher, id);
    told.sort_by_key(Value::to_string);
    assert_eq!(told, [90_001, 90_003]);

    receiver.reply(Reply::Status(200));
    reprice(100).await;
    sandbox.settled().await;
    assert!(receiver.take().is_empty());
    let skipped = sandbox.deliveries().into_iter().rfind(|it| it.hook == id).expect("a delivery");
    assert_eq!((skipped.state, skipped.attempts[0].status), (DeliveryState::Waiting, None));
    let why = skipped.attempts[0].failure.expect("a reason");
    assert!(why.contains("blocked"), "{why}");
    // The first retry falls into the block, the second one comes after it.
    sandbox.advance(Duration::from_secs(60));
    sandbox.settled().await;
    assert!(receiver.take().is_empty());
    sandbox.advance(Duration::from_secs(180));
    sandbox.delivered().await;
    assert_eq!(receiver.take().len(), 101);
    assert!(sandbox.deliveries().iter().all(|it| it.state == DeliveryState::Delivered));
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_at_a_receiver_that_fails_now_and_then() {
    let receiver = Receiver::start().await;
    let sandbox = start(options(WebhookOptions { time_scale: 1e-4, ..local() })).await;
    let id = hook(&sandbox, "store/order/*", &receiver.address("in")).await;
    receiver.reply(Reply::Flaky);
    let place = async || {
        let mut placed = Vec::new();
        for _ in 0..40 {
            placed.push(order(&sandbox).await);
        }
        placed
    };
    let (one, two, three) = tokio::join!(place(), place(), place());
    let orders = BTreeSet::from_iter([one, two, three].concat());
    sandbox.delivered().await;
    let arrived: BTreeSet<u64> =
        receiver.arrivals().iter().filter_map(|it| it.json()["data"]["id"].as_u64()).collect();
    assert_eq!(arrived, orders);
    assert!(receiver.arrivals().len() > orders.len(), "some came again");
    assert!(receiver.arrivals().iter().all(|arrival| arrival.is_standard(sandbox.client_secret())));
    assert!(sandbox.deliveries().iter().all(|it| it.state == DeliveryState::Delivered));
    assert_eq!(is_active(&sandbox, id).await, true);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_destination_without_a_certificate_is_not_reached() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in").replace("http:", "https:")).await;
    order(&sandbox).await;
    sandbox.settled().await;
    let delivery = &sandbox.deliveries()[0];
    assert_eq!(
        (delivery.state, delivery.attempts[0].failure),
        (DeliveryState::Waiting, Some("no connection"))
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn ninety_days_without_an_event_deactivate_a_webhook() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    let busy = hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    let idle = hook(&sandbox, "store/order/archived", &receiver.address("in")).await;
    let day = Duration::from_secs(86_400);
    sandbox.advance(89 * day);
    order(&sandbox).await;
    sandbox.settled().await;
    assert_eq!(
        (is_active(&sandbox, busy).await, is_active(&sandbox, idle).await),
        (true.into(), true.into())
    );
    sandbox.advance(day);
    assert_eq!(
        (is_active(&sandbox, busy).await, is_active(&sandbox, idle).await),
        (true.into(), false.into())
    );
    put(&sandbox, &format!("{HOOKS}/{idle}"), json!({"is_active": true})).await;
    sandbox.advance(89 * day);
    order(&sandbox).await;
    assert_eq!(
        (is_active(&sandbox, busy).await, is_active(&sandbox, idle).await),
        (false.into(), true.into())
    );
    sandbox.settled().await;
    assert_eq!(receiver.arrivals().len(), 1, "the second order found no active webhook");
    sandbox.shutdown().await;
}
