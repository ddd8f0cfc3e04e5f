//! The token endpoint: the documented answer, what is refused, and how it fails on demand.

use std::time::Duration;

use bigcommerce_sandbox::TokenFault;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Maker, agree, ask, control, install, open, status, store, token_request};
use crate::{Answer, client};

#[tokio::test]
async fn a_code_gives_the_documented_answer_and_a_token_that_works() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let told = agree(&sandbox, &maker).await;
    let answer = ask(&sandbox, &token_request(&sandbox, &maker, &told)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let mut granted = answer.json();
    let token = granted["access_token"].take();
    let user =
        json!({"id": 9128, "username": "mara.keswick@example.com", "email": "mara.keswick@example.com"});
    assert_eq!(
        granted,
        json!({
            "access_token": null,
            "scope": "store_v2_default users_basic_information store_v2_products store_v2_orders_read_only",
            "user": user,
            "owner": user,
            "context": "stores/sandbox1",
            "account_uuid": told["account_uuid"],
        })
    );
    let token = token.as_str().expect("a token");
    assert_eq!(status(&sandbox, token, Method::GET, "v3/catalog/products").await, 200);
    let shown = control(&sandbox, Method::GET, "/app", Value::Null).await.text;
    assert!(!shown.contains(token) && !shown.contains(sandbox.client_secret()), "{shown}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let told = agree(&sandbox, &maker).await;
    let request = token_request(&sandbox, &maker, &told);
    let fields = request.as_object().expect("fields");
    let mut form = reqwest::Url::parse("form:").expect("an address");
    form.query_pairs_mut()
        .extend_pairs(fields.iter().map(|(name, value)| (name, value.as_str().expect("text"))));
    let sent = client().post(format!("{}/oauth2/token", sandbox.origin()));
    let sent = sent.header("Content-Type", "application/x-www-form-urlencoded");
    let sent = sent.body(form.query().expect("fields").to_owned()).send().await.expect("an answer");
    let answer = Answer::read(sent).await;
    assert!(answer.status == 200 && answer.json()["access_token"].is_string(), "{}", answer.text);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn each_field_must_be_what_it_was() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let told = agree(&sandbox, &maker).await;
    let right = token_request(&sandbox, &maker, &told);
    for (field, value, status, error) in [
        ("client_id", "unknown", 401, "invalid_client"),
        ("client_secret", "wrong", 401, "invalid_client"),
        ("code", "0", 400, "invalid_grant"),
        ("scope", "store_v2_orders_read_only store_v2_products", 400, "invalid_grant"),
        ("context", "stores/another1", 400, "invalid_grant"),
        ("grant_type", "refresh_token", 400, "unsupported_grant_type"),
        ("redirect_uri", &*maker.address("auth?via=sandbox&"), 400, "invalid_grant"),
        ("redirect_uri", &*maker.address("auth"), 400, "invalid_grant"),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value.into();
        let answer = ask(&sandbox, &wrong).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{field}");
        wrong.as_object_mut().expect("fields").remove(field);
        let answer = ask(&sandbox, &wrong).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some("invalid_request")),
            "{field}"
        );
        assert!(!answer.text.contains(sandbox.client_secret()));
    }
    assert_eq!(ask(&sandbox, &right).await.status, 200, "a refusal does not use the code up");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_code_works_once_and_within_ten_minutes() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let request = |told| token_request(&sandbox, &maker, told);
    let first = agree(&sandbox, &maker).await;
    sandbox.advance(Duration::from_millis(599_999));
    assert_eq!(ask(&sandbox, &request(&first)).await.status, 200);
    let again = ask(&sandbox, &request(&first)).await;
    assert!(again.status == 400 && again.text.contains("used before"), "{}", again.text);
    let late = agree(&sandbox, &maker).await;
    sandbox.advance(Duration::from_secs(600));
    let expired = ask(&sandbox, &request(&late)).await;
    assert!(expired.status == 400 && expired.text.contains("expired"), "{}", expired.text);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_new_grant_replaces_the_token() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let path = "v3/catalog/products/111";
    assert_eq!(status(&sandbox, sandbox.access_token(), Method::GET, path).await, 401, "it is not installed");
    let first = install(&sandbox, &maker).await;
    let second = install(&sandbox, &maker).await;
    assert_eq!(status(&sandbox, &first, Method::GET, path).await, 401);
    assert_eq!(status(&sandbox, &second, Method::GET, path).await, 200);
    control(&sandbox, Method::POST, "/reset", Value::Null).await;
    assert_eq!(status(&sandbox, &second, Method::GET, path).await, 401);
    let third = install(&sandbox, &maker).await;
    assert!(third != first && third != second);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_get_is_sent_to_the_login_page() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let browser = Client::builder().tls_certs_only([]).redirect(Policy::none()).build().expect("a client");
    let answer = browser.get(format!("{}/oauth2/token", sandbox.origin())).send().await.expect("an answer");
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let page = open(&sandbox, "/oauth2/token").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text.contains("Log in"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_answers_html_500_or_gzip_on_demand_and_keeps_the_code() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let told = agree(&sandbox, &maker).await;
    let request = token_request(&sandbox, &maker, &told);
    sandbox.inject_token_fault(TokenFault::HtmlPage, 1);
    let sent = json!({"fault": "internal_server_error", "times": 1});
    assert_eq!(control(&sandbox, Method::POST, "/token_faults", sent).await.status, 204);
    sandbox.inject_token_fault(TokenFault::Gzip, 1);
    let listed = control(&sandbox, Method::GET, "/token_faults", Value::Null).await.json();
    assert_eq!(listed[1], json!({"fault": "internal_server_error", "times": 1}));
    let html = ask(&sandbox, &request).await;
    assert!(html.status == 200 && html.text.starts_with("<!DOCTYPE html>"), "{}", html.text);
    assert_eq!(ask(&sandbox, &request).await.status, 500);
    let plain = Client::builder().tls_certs_only([]).no_gzip().build().expect("a client");
    let sent = plain.post(format!("{}/oauth2/token", sandbox.origin()));
    let sent = sent.header("Content-Type", "application/json").body(request.to_string());
    let answer = sent.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-encoding"]),
        (200, &"gzip".parse().expect("it"))
    );
    let body = answer.bytes().await.expect("a body");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*body), &mut text).expect("gzip");
    let granted: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(granted["context"], "stores/sandbox1");
    let refused = control(&sandbox, Method::POST, "/token_faults", json!({"fault": "earthquake"})).await;
    assert_eq!(refused.status, 400);
    sandbox.inject_token_fault(TokenFault::HtmlPage, 9);
    assert_eq!(control(&sandbox, Method::DELETE, "/token_faults", Value::Null).await.status, 204);
    install(&sandbox, &maker).await;
    sandbox.shutdown().await;
}

#[tokio::test]
async fn another_store_or_fewer_scopes_are_granted_on_demand() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    sandbox.inject_token_fault(TokenFault::OtherStore, 1);
    sandbox.inject_token_fault(TokenFault::FewerScopes, 1);
    let told = agree(&sandbox, &maker).await;
    let other = ask(&sandbox, &token_request(&sandbox, &maker, &told)).await.json();
    assert_eq!(other["context"], "stores/someotherstore9");
    let token = other["access_token"].as_str().expect("a token");
    assert_eq!(status(&sandbox, token, Method::GET, "v3/catalog/products").await, 401);
    let told = agree(&sandbox, &maker).await;
    let fewer = ask(&sandbox, &token_request(&sandbox, &maker, &told)).await.json();
    assert_eq!(fewer["scope"], "store_v2_default users_basic_information store_v2_products");
    let token = fewer["access_token"].as_str().expect("a token");
    assert_eq!(status(&sandbox, token, Method::GET, "v3/catalog/products").await, 200);
    assert_eq!(status(&sandbox, token, Method::GET, "v2/orders").await, 403);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_hangs_on_demand_until_the_sandbox_stops() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    sandbox.inject_token_fault(TokenFault::Hang, 1);
    let told = agree(&sandbox, &maker).await;
    let request = token_request(&sandbox, &maker, &told);
    let impatient = Client::builder().tls_certs_only([]).timeout(Duration::from_millis(100)).build();
    let sent = impatient.expect("a client").post(format!("{}/oauth2/token", sandbox.origin()));
    let sent = sent.header("Content-Type", "application/json").body(request.to_string());
    assert!(sent.send().await.expect_err("no answer").is_timeout());
    assert_eq!(ask(&sandbox, &request).await.status, 200);
    sandbox.shutdown().await;
}
