//! What happens by the control API, and the list of deliveries in it.

use std::time::Duration;

use bigcommerce_sandbox::{DeliveryState, Sandbox, WebhookOptions};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Receiver, Reply, at_rest, hook, local, only, options, order};
use crate::{Answer, client, get, start};

async fn control(sandbox: &Sandbox, method: Method, path: &str, body: Value) -> Answer {
    let request = client().request(method, format!("{}/_sandbox{path}", sandbox.origin()));
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    Answer::read(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_shopper_places_an_order_by_hand() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    let placed = control(&sandbox, Method::POST, "/orders", Value::Null).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    let id = placed.json()["id"].clone();
    let made = get(&sandbox, &format!("v2/orders/{id}")).await.json();
    assert!(made["status_id"] == 11 && made["customer_id"].as_u64() > Some(0), "{made}");
    let chosen = json!({"status_id": 0, "products": [{"product_id": 111, "quantity": 3}]});
    let other = control(&sandbox, Method::POST, "/orders", chosen).await.json()["id"].clone();
    assert_eq!(get(&sandbox, &format!("v2/orders/{other}")).await.json()["status_id"], 0);
    let refused = control(&sandbox, Method::POST, "/orders", json!({"customer_id": 999_999})).await;
    assert!(refused.status == 400 && refused.text.contains("customer"), "{}", refused.text);
    sandbox.settled().await;
    let mut told: Vec<Value> = receiver.arrivals().iter().map(|it| it.json()["data"]["id"].clone()).collect();
    told.sort_by_key(Value::as_u64);
    assert_eq!(told, [id, other]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_new_name_of_the_shop_is_told() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/information/updated", &receiver.address("in")).await;
    for _ in 0..2 {
        assert_eq!(control(&sandbox, Method::PUT, "/store", json!({"name": "Ember"})).await.status, 204);
    }
    assert_eq!(control(&sandbox, Method::PUT, "/store", json!({"mood": "fine"})).await.status, 400);
    assert_eq!(get(&sandbox, "v2/store").await.json()["name"], "Ember");
    sandbox.settled().await;
    let [arrival] = receiver.take().try_into().expect("one delivery");
    assert_eq!(arrival.json()["data"], json!({"type": "store"}));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_removed_app_is_told_and_then_locked_out() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/app/uninstalled", &receiver.address("in")).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    assert_eq!(control(&sandbox, Method::POST, "/uninstall", Value::Null).await.status, 204);
    control(&sandbox, Method::POST, "/orders", Value::Null).await;
    sandbox.settled().await;
    assert_eq!(receiver.scopes(), ["store/app/uninstalled"]);
    assert_eq!(get(&sandbox, "v2/time").await.status, 401);
    let overview = control(&sandbox, Method::GET, "", Value::Null).await.json();
    assert_eq!(overview["resources"]["hooks"], 0);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_news_of_a_removal_is_tried_again_although_the_webhook_is_gone() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/app/uninstalled", &receiver.address("in")).await;
    receiver.reply(Reply::Status(500));
    control(&sandbox, Method::POST, "/uninstall", Value::Null).await;
    sandbox.settled().await;
    receiver.reply(Reply::Status(200));
    sandbox.advance(Duration::from_secs(60));
    sandbox.delivered().await;
    assert_eq!((only(&sandbox).state, receiver.arrivals().len()), (DeliveryState::Delivered, 2));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn deliveries_are_listed_and_can_be_waited_for() {
    let receiver = Receiver::start().await;
    // Retries by themselves, the last one after a tenth of a second.
    let sandbox = start(options(WebhookOptions { time_scale: 1e-6, ..local() })).await;
    let id = hook(&sandbox, "store/order/created", &receiver.address("in?key=hidden")).await;
    order(&sandbox).await;
    let list = control(&sandbox, Method::GET, "/deliveries?wait=settled", Value::Null).await;
    assert!(!list.text.contains("hidden") && !list.text.contains(sandbox.client_secret()), "{}", list.text);
    let list = list.json();
    let delivery = &list["deliveries"][0];
    assert_eq!((&delivery["hook"], &delivery["state"]), (&json!(id), &json!("delivered")));
    assert_eq!(
        (&delivery["scope"], &delivery["destination"]),
        (&json!("store/order/created"), &json!(receiver.address("in")))
    );
    assert_eq!(
        (&delivery["attempts"][0]["status"], &delivery["next_attempt_ms"]),
        (&json!(200), &Value::Null)
    );
    assert_eq!((&list["lost"], &list["blocked_domains"]), (&json!(0), &json!([])));

    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    let list = control(&sandbox, Method::GET, "/deliveries?wait=done", Value::Null).await.json();
    let delivery = &list["deliveries"][1];
    assert_eq!(delivery["state"], "given_up");
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(12));
    assert_eq!(control(&sandbox, Method::GET, "/deliveries?wait=long", Value::Null).await.status, 400);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_reset_forgets_the_deliveries() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Status(500));
    order(&sandbox).await;
    sandbox.settled().await;
    control(&sandbox, Method::POST, "/reset", Value::Null).await;
    assert!(sandbox.deliveries().is_empty());
    sandbox.advance(Duration::from_secs(60));
    sandbox.delivered().await;
    assert_eq!(receiver.arrivals().len(), 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn only_so_many_deliveries_wait_and_are_remembered() {
    let receiver = Receiver::start().await;
    let sandbox =
        at_rest(WebhookOptions { remembered_deliveries: 2, waiting_deliveries: 3, ..local() }).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    for _ in 0..5 {
        order(&sandbox).await;
        sandbox.settled().await;
    }
    assert_eq!((receiver.take().len(), sandbox.deliveries().len()), (5, 2));
    receiver.reply(Reply::Status(500));
    for _ in 0..5 {
        order(&sandbox).await;
        sandbox.settled().await;
    }
    assert_eq!((receiver.take().len(), sandbox.deliveries().len()), (3, 5));
    let list = control(&sandbox, Method::GET, "/deliveries", Value::Null).await.json();
    assert_eq!(list["lost"], 2);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_breaks_off_what_is_being_sent() {
    let receiver = Receiver::start().await;
    let sandbox = at_rest(WebhookOptions { timeout: Duration::from_secs(3_600), ..local() }).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    receiver.reply(Reply::Never);
    order(&sandbox).await;
    while receiver.arrivals().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(only(&sandbox).state, DeliveryState::Sending);
    let shutdown = tokio::time::timeout(Duration::from_secs(4), sandbox.shutdown());
    shutdown.await.expect("it does not wait for the receiver");
}
