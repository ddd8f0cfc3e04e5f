//! Which webhooks are told of what.

use std::time::Duration;

use bigcommerce_sandbox::{DeliveryState, WebhookOptions};
use serde_json::{Value, json};

use super::{HOOKS, MOMENT, Receiver, at_rest, hook, local, only, order};
use crate::{delete, get, post, put, sandbox};

/// What arrived, as the event's name and its data.
fn told(receiver: &Receiver) -> Vec<(String, Value)> {
    receiver.take().iter().map(|arrival| (arrival.scope(), arrival.json()["data"].clone())).collect()
}

fn event(scope: &str, data: Value) -> (String, Value) {
    (scope.to_owned(), data)
}

#[tokio::test]
async fn the_envelope_is_the_documented_one() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    let id = order(&sandbox).await;
    sandbox.settled().await;
    let envelope = receiver.arrivals()[0].json();
    let hash = envelope["hash"].as_str().expect("a hash").to_owned();
    assert!(hash.len() == 40 && hash.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')), "{hash}");
    let store_id = get(&sandbox, "v2/store").await.json()["store_id"].to_string();
    let expected = json!({
        "scope": "store/order/created", "store_id": store_id, "data": {"type": "order", "id": id},
        "hash": hash, "created_at": MOMENT.as_secs(), "producer": "stores/sandbox1",
    });
    assert_eq!(envelope, expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn orders_are_told_from_their_placing_to_their_archiving() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/order/*", &receiver.address("in")).await;
    let id = order(&sandbox).await;
    let path = format!("v2/orders/{id}");
    put(&sandbox, &path, json!({"staff_notes": "Handle with care"})).await;
    put(&sandbox, &path, json!({"status_id": 11})).await;
    assert_eq!(put(&sandbox, &path, json!({"id": 5})).await.status, 400);
    for _ in 0..2 {
        assert_eq!(delete(&sandbox, &path).await.status, 204);
    }
    sandbox.settled().await;
    let order = json!({"type": "order", "id": id});
    let mut status = order.clone();
    status["status"] = json!({"previous_status_id": 1, "new_status_id": 11});
    let expected = [
        event("store/order/created", order.clone()),
        event("store/order/updated", order.clone()),
        event("store/order/updated", order.clone()),
        event("store/order/statusUpdated", status),
        event("store/order/archived", order),
    ];
    assert_eq!(told(&receiver), expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn products_are_told_with_their_stock_and_not_for_every_field() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/product/*", &receiver.address("in")).await;
    let sent = json!({"name": "Enamel Mug", "type": "physical", "weight": 1, "price": 12});
    let id = post(&sandbox, "v3/catalog/products", sent).await.json()["data"]["id"].clone();
    let path = format!("v3/catalog/products/{id}");
    put(&sandbox, &path, json!({"mpn": "EM-1"})).await;
    put(&sandbox, &path, json!({"price": 13})).await;
    put(&sandbox, "v3/catalog/products", json!([{"id": id, "inventory_level": 7}])).await;
    let failed = put(&sandbox, "v3/catalog/products", json!([{"id": id, "price": 1}, {"id": 999_999}])).await;
    assert_eq!(failed.status, 404);
    delete(&sandbox, &path).await;
    sandbox.settled().await;
    let product = json!({"type": "product", "id": id});
    let mut stock = product.clone();
    stock["inventory"] = json!({"product_id": id, "method": "absolute", "value": 7});
    let expected = [
        event("store/product/created", product.clone()),
        event("store/product/updated", product.clone()),
        event("store/product/updated", product.clone()),
        event("store/product/inventory/updated", stock),
        event("store/product/deleted", product),
    ];
    assert_eq!(told(&receiver), expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn categories_in_both_forms_and_customers_are_told() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    for scope in ["store/category/*", "store/customer/*"] {
        hook(&sandbox, scope, &receiver.address("in")).await;
    }
    let sent = json!({"name": "Lanterns", "parent_id": 0});
    let category = post(&sandbox, "v3/catalog/categories", sent).await.json()["data"]["id"].clone();
    let item = json!([{"category_id": category, "name": "Lamps"}]);
    put(&sandbox, "v3/catalog/trees/categories", item).await;
    delete(&sandbox, &format!("v3/catalog/categories/{category}")).await;
    sandbox.settled().await;
    let data = json!({"type": "category", "id": category});
    let expected = ["created", "updated", "deleted"];
    let expected = expected.map(|what| event(&format!("store/category/{what}"), data.clone()));
    assert_eq!(told(&receiver), expected);

    let address = json!({
        "first_name": "Ada", "last_name": "Byron", "city": "Leeds", "country_code": "GB", "address1": "1 Row",
    });
    let sent = json!([{
        "first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "addresses": [address],
    }]);
    let customer = post(&sandbox, "v3/customers", sent).await.json()["data"][0]["id"].clone();
    put(&sandbox, "v3/customers", json!([{"id": customer, "phone": "555"}])).await;
    delete(&sandbox, &format!("v3/customers?id:in={customer}")).await;
    sandbox.settled().await;
    let mut told = told(&receiver);
    // An address is a resource of its own, whose events go beside those of the customer.
    let place = told.iter().position(|(scope, _)| scope.contains("address")).expect("an address");
    let (scope, address) = told.remove(place);
    assert_eq!((scope.as_str(), &address["type"]), ("store/customer/address/created", &json!("customer")));
    assert_eq!(address["address"], json!({"customer_id": customer}));
    assert!(address["id"].is_u64() && address["id"] != customer);
    let data = json!({"type": "customer", "id": customer});
    let expected = ["created", "updated", "deleted"];
    assert_eq!(told, expected.map(|what| event(&format!("store/customer/{what}"), data.clone())));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn brands_have_no_events() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    hook(&sandbox, "store/brand/*", &receiver.address("in")).await;
    assert_eq!(post(&sandbox, "v3/catalog/brands", json!({"name": "Kiln"})).await.status, 200);
    sandbox.settled().await;
    assert!(sandbox.deliveries().is_empty() && receiver.arrivals().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn each_active_webhook_of_the_scope_is_told_with_its_own_headers() {
    let (receiver, sandbox) = (Receiver::start().await, at_rest(local()).await);
    let headers = json!({"x-own": "second secret", "content-type": "text/plain", "webhook-id": "mine"});
    let sent = json!({
        "scope": "store/order/created", "destination": receiver.address("exact?key=1"), "headers": headers,
    });
    post(&sandbox, HOOKS, sent).await;
    hook(&sandbox, "store/order/*", &receiver.address("all")).await;
    hook(&sandbox, "store/order/archived", &receiver.address("other")).await;
    let paused = hook(&sandbox, "store/order/created", &receiver.address("paused")).await;
    put(&sandbox, &format!("{HOOKS}/{paused}"), json!({"is_active": false})).await;
    order(&sandbox).await;
    sandbox.settled().await;
    let mut arrivals = receiver.arrivals();
    arrivals.sort_by(|one, other| one.path.cmp(&other.path));
    let paths: Vec<&str> = arrivals.iter().map(|arrival| arrival.path.as_str()).collect();
    assert_eq!(paths, ["/all", "/exact"]);
    let exact = &arrivals[1];
    assert_eq!((exact.header("x-own"), exact.header("content-type")), ("second secret", "application/json"));
    assert!(exact.is_standard(sandbox.client_secret()), "what the store says itself stays");
    assert!(!arrivals[0].headers.contains_key("x-own"));
    assert_ne!(exact.header("webhook-id"), arrivals[0].header("webhook-id"));
    let shown = sandbox.deliveries().iter().map(|it| it.destination.clone()).collect::<Vec<_>>();
    assert_eq!(shown, [receiver.address("exact"), receiver.address("all")]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_new_webhook_is_told_of_nothing_for_as_long_as_the_option_says() {
    let receiver = Receiver::start().await;
    let new_hook_delay = Duration::from_secs(60);
    let sandbox = at_rest(WebhookOptions { new_hook_delay, ..local() }).await;
    hook(&sandbox, "store/order/created", &receiver.address("in")).await;
    sandbox.advance(Duration::from_millis(59_999));
    order(&sandbox).await;
    assert!(sandbox.deliveries().is_empty());
    sandbox.advance(Duration::from_millis(1));
    order(&sandbox).await;
    sandbox.settled().await;
    assert_eq!(only(&sandbox).state, DeliveryState::Delivered);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn this_machine_is_no_destination_unless_the_options_say_so() {
    let sandbox = sandbox().await;
    let sent = json!({"scope": "store/order/created", "destination": "http://127.0.0.1:8080/in"});
    assert_eq!(post(&sandbox, HOOKS, sent).await.status, 422);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_names_of_examples_are_never_called() {
    let sandbox = at_rest(WebhookOptions::default()).await;
    hook(&sandbox, "store/order/created", "https://hooks.example.com/in").await;
    order(&sandbox).await;
    sandbox.settled().await;
    let delivery = only(&sandbox);
    assert_eq!(delivery.state, DeliveryState::Waiting);
    assert!(delivery.attempts[0].failure.is_some_and(|why| why.contains("reserved")), "{delivery:?}");
    sandbox.shutdown().await;
}
