//! Webhooks.

use serde_json::{Value, json};

use crate::{column, delete, get, post, put, sandbox};

const HOOKS: &str = "v3/hooks";

fn hook(scope: &str, path: &str) -> Value {
    json!({"scope": scope, "destination": format!("https://hooks.example.com/{path}")})
}

#[tokio::test]
async fn a_hook_lives_from_create_to_delete() {
    let sandbox = sandbox().await;
    let mut sent = hook("store/order/created", "in");
    sent["headers"] = json!({"x-secret": "abc"});
    let created = post(&sandbox, HOOKS, sent).await;
    assert_eq!(created.status, 200, "{}", created.text);
    let made = created.json()["data"].clone();
    assert_eq!((&made["is_active"], &made["store_hash"]), (&json!(true), &json!("sandbox1")));
    assert!(made["created_at"].is_u64() && made["headers"]["x-secret"] == "abc");
    let path = format!("{HOOKS}/{}", made["id"]);
    assert_eq!(get(&sandbox, &path).await.json()["data"], made);
    assert_eq!(put(&sandbox, &path, json!({"is_active": false})).await.json()["data"]["is_active"], false);
    assert_eq!(put(&sandbox, &path, json!({})).await.status, 422);
    let inactive = get(&sandbox, &format!("{HOOKS}?is_active=false")).await.json();
    assert_eq!(column(&inactive, "id"), [made["id"].clone()]);
    assert_eq!(get(&sandbox, &format!("{HOOKS}?scope=store/cart/created")).await.json()["data"], json!([]));
    let gone = delete(&sandbox, &path).await;
    assert_eq!((gone.status, &gone.json()["data"]["id"]), (200, &made["id"]));
    assert_eq!((delete(&sandbox, &path).await.status, get(&sandbox, &path).await.status), (404, 404));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn one_hook_for_a_scope_and_destination_and_ten_for_a_scope() {
    let sandbox = sandbox().await;
    for number in 0..10 {
        assert_eq!(post(&sandbox, HOOKS, hook("store/order/*", &number.to_string())).await.status, 200);
    }
    assert_eq!(post(&sandbox, HOOKS, hook("store/order/*", "0")).await.status, 422, "a duplicate");
    assert_eq!(post(&sandbox, HOOKS, hook("store/order/*", "10")).await.status, 422, "the eleventh");
    assert_eq!(post(&sandbox, HOOKS, hook("store/product/*", "0")).await.status, 200);
    let page = get(&sandbox, &format!("{HOOKS}?limit=4&page=3")).await.json();
    assert_eq!(page["meta"]["pagination"]["count"], 3);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn refuses_unknown_events_and_open_addresses() {
    let sandbox = sandbox().await;
    for sent in [
        hook("store/nothing/created", "in"),
        json!({"scope": "store/order/created"}),
        json!({"scope": "store/order/created", "destination": "http://hooks.example.com/"}),
        json!({"scope": "store/order/created", "destination": "https://hooks.example.com:8443/"}),
        json!({"scope": "store/order/created", "destination": "https://a.example/", "headers": {"n": 1}}),
    ] {
        let answer = post(&sandbox, HOOKS, sent.clone()).await;
        assert_eq!((answer.status, answer.json()["status"].as_u64()), (422, Some(422)), "{sent}");
    }
    post(&sandbox, HOOKS, hook("store/order/created", "in")).await;
    let exception = hook("store/hook/deliveryException", "in");
    assert_eq!(post(&sandbox, HOOKS, exception).await.status, 422, "its destination is its own");
    sandbox.shutdown().await;
}
