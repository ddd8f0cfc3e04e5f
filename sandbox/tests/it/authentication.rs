//! Tokens and stores: who is let in, and what the others are told.

use bigcommerce_sandbox::SandboxOptions;
use serde_json::Value;

use crate::{Answer, PRODUCT, address, client, get, sandbox, start};

async fn get_with(address: String, header: &str, value: &str) -> Answer {
    Answer::read(client().get(address).header(header, value).send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_missing_or_unknown_token_is_a_401_in_the_shape_of_the_version() {
    let sandbox = sandbox().await;
    let token = sandbox.access_token();
    for (header, value) in [
        ("Accept", "application/json"),
        ("X-Auth-Token", "unknown"),
        ("Authorization", &format!("Bearer {token}")),
    ] {
        let v3 = get_with(address(&sandbox, PRODUCT), header, value).await;
        assert_eq!((v3.status, v3.json()["status"].as_u64()), (401, Some(401)), "{header}");
        assert!(v3.json()["title"].is_string() && v3.json()["type"].is_string());
        let v2 = get_with(address(&sandbox, "v2/time"), header, value).await;
        assert_eq!((v2.status, v2.json()[0]["status"].as_u64()), (401, Some(401)), "{header}");
        assert!(v2.json()[0]["message"].is_string());
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_refused_request_is_told_nothing_of_the_quota_and_costs_nothing() {
    let sandbox = start(SandboxOptions { quota: 1, ..SandboxOptions::default() }).await;
    let refused = get_with(address(&sandbox, PRODUCT), "X-Auth-Token", "unknown").await;
    assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("x-rate-limit")));
    assert!(refused.header("x-request-id").is_some());
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_token_of_another_store_is_unknown_here() {
    let here = sandbox().await;
    let other =
        start(SandboxOptions { store_hash: "other2".to_owned(), seed: 2, ..SandboxOptions::default() }).await;
    let answer = get_with(address(&here, PRODUCT), "X-Auth-Token", other.access_token()).await;
    assert_eq!(answer.status, 401);
    here.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn a_wrong_store_hash_is_a_404() {
    let sandbox = sandbox().await;
    let (origin, hash) = (sandbox.origin(), sandbox.store_hash());
    for store in ["nosuchstore", &format!("stores/{hash}"), &format!("{hash}/{hash}")] {
        let address = format!("{origin}/stores/{store}/v3/catalog/products/111");
        let answer = get_with(address, "X-Auth-Token", sandbox.access_token()).await;
        assert_eq!((answer.status, answer.json()["status"].as_u64()), (404, Some(404)), "{store}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_chosen_token_is_the_one_that_opens_the_store() {
    let options = SandboxOptions { access_token: Some("chosen".to_owned()), ..SandboxOptions::default() };
    let sandbox = start(options).await;
    assert_eq!(get_with(address(&sandbox, "v2/time"), "X-Auth-Token", "chosen").await.status, 200);
    assert!(!format!("{sandbox:?}").contains("chosen"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_lies_outside_the_stores_needs_no_token() {
    let sandbox = sandbox().await;
    let response = client().get(format!("{}/elsewhere", sandbox.origin())).send().await;
    let answer = Answer::read(response.expect("an answer")).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (404, Some(404)));
    assert_ne!(answer.json()["title"], Value::Null);
    sandbox.shutdown().await;
}
