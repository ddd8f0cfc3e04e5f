//! Deliveries that go astray on demand.

use std::time::Duration;

use bigcommerce_sandbox::{DeliveryState, Misbehaviour, Rate, Sandbox};
use serde_json::Value;

use super::{Arrival, Receiver, at_rest, hook, local, only, order};

fn always() -> Rate {
    Rate::new(1.0).expect("a rate")
}

async fn store(misbehaviour: Misbehaviour) -> (Receiver, Sandbox) {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    sandbox.misbehave(misbehaviour);
    (receiver, sandbox)
}

fn orders(arrivals: &[Arrival]) -> Vec<Value> {
    arrivals.iter().map(|arrival| arrival.json()["data"]["id"].clone()).collect()
}

#[tokio::test]
async fn a_duplicate_has_the_id_and_the_body_of_the_first() {
    let (receiver, sandbox) =
        store(Misbehaviour { webhook_duplicate_rate: always(), ..Misbehaviour::default() }).await;
    order(&sandbox).await;
    sandbox.settled().await;
    let [first, second] = receiver.take().try_into().expect("two deliveries");
    assert_eq!((first.header("webhook-id"), &first.body), (second.header("webhook-id"), &second.body));
    assert!(second.is_standard(sandbox.client_secret()));
    let deliveries = sandbox.deliveries();
    assert_eq!(deliveries[1].duplicate_of, Some(deliveries[0].id));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_repeated_event_has_the_same_hash_and_an_id_and_a_time_of_its_own() {
    let (receiver, sandbox) =
        store(Misbehaviour { webhook_repeat_rate: always(), ..Misbehaviour::default() }).await;
    order(&sandbox).await;
    sandbox.settled().await;
    let [first, second] = receiver.take().try_into().expect("two deliveries");
    assert_ne!(first.header("webhook-id"), second.header("webhook-id"));
    let (first, second) = (first.json(), second.json());
    assert_eq!((&first["hash"], &first["data"]), (&second["hash"], &second["data"]));
    assert_eq!(first["created_at"].as_u64().map(|seconds| seconds + 1), second["created_at"].as_u64());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_late_delivery_waits_for_the_stores_clock() {
    let habits =
        Misbehaviour { webhook_late_rate: always(), webhook_late_ms: 30_000, ..Misbehaviour::default() };
    let (receiver, sandbox) = store(habits).await;
    order(&sandbox).await;
    sandbox.advance(Duration::from_millis(29_999));
    sandbox.settled().await;
    assert_eq!((only(&sandbox).state, receiver.arrivals().len()), (DeliveryState::Waiting, 0));
    sandbox.advance(Duration::from_millis(1));
    sandbox.delivered().await;
    assert_eq!(receiver.arrivals().len(), 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn reordered_deliveries_go_behind_the_next_one_of_their_webhook() {
    let (receiver, sandbox) =
        store(Misbehaviour { webhook_reorder_rate: always(), ..Misbehaviour::default() }).await;
    let first = order(&sandbox).await;
    sandbox.settled().await;
    assert!(receiver.arrivals().is_empty());
    let second = order(&sandbox).await;
    sandbox.settled().await;
    assert_eq!(orders(&receiver.take()), [second, first]);
    let last = order(&sandbox).await;
    sandbox.advance(Duration::from_secs(60));
    sandbox.delivered().await;
    assert_eq!(orders(&receiver.take()), [last], "nothing came to overtake it");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_forged_attempt_is_signed_wrongly_and_told_apart() {
    let (receiver, sandbox) =
        store(Misbehaviour { webhook_forged_rate: always(), ..Misbehaviour::default() }).await;
    order(&sandbox).await;
    sandbox.settled().await;
    let forged = receiver.take();
    assert!(!forged[0].is_standard(sandbox.client_secret()) && !forged[0].body.is_empty());
    assert!(only(&sandbox).attempts[0].is_forged);
    sandbox.misbehave(Misbehaviour::default());
    order(&sandbox).await;
    sandbox.settled().await;
    assert!(receiver.take()[0].is_standard(sandbox.client_secret()));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn which_deliveries_go_astray_follows_from_the_seed() {
    let half = Rate::new(0.5).expect("a rate");
    let mut runs = Vec::new();
    for _ in 0..2 {
        let habits = Misbehaviour {
            webhook_duplicate_rate: half,
            webhook_forged_rate: half,
            ..Misbehaviour::default()
        };
        let (_receiver, sandbox) = store(habits).await;
        for _ in 0..12 {
            order(&sandbox).await;
        }
        sandbox.settled().await;
        let story = |it: &bigcommerce_sandbox::Delivery| (it.duplicate_of, it.attempts[0].is_forged);
        runs.push(sandbox.deliveries().iter().map(story).collect::<Vec<_>>());
        sandbox.shutdown().await;
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].len() > 12 && runs[0].len() < 24, "{runs:?}");
    let forged = runs[0].iter().filter(|(_, is_forged)| *is_forged).count();
    assert!(forged > 0 && forged < runs[0].len(), "{runs:?}");
}
