//! What a token may do, and how an app that asks for more is asked about.

use bigcommerce_sandbox::{AppOptions, SandboxOptions};
use reqwest::Method;
use serde_json::{Value, json};

use super::consent::framed;
use super::{Maker, agree, ask, control, install, manage_path, open, status, store, submit, token_request};
use crate::{get, start};

#[tokio::test]
async fn a_token_opens_the_endpoints_of_its_scopes_and_no_others() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let token = install(&sandbox, &maker).await;
    for (method, path, is_allowed) in [
        (Method::GET, "v3/catalog/brands", true),
        (Method::PUT, "v3/catalog/products/111", true),
        (Method::GET, "v2/orders", true),
        (Method::GET, "v2/order_statuses", true),
        (Method::POST, "v2/orders", false),
        (Method::DELETE, "v2/orders/100", false),
        (Method::GET, "v3/customers", false),
        (Method::GET, "v2/store", false),
        (Method::GET, "v2/time", false),
        (Method::GET, "v3/hooks", true),
        (Method::GET, "v3/no/such/path", true),
    ] {
        let status = status(&sandbox, &token, method.clone(), path).await;
        assert_eq!(status != 403, is_allowed, "{method} {path}: {status}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_missing_scope_is_a_403_in_the_shape_of_the_version_and_counts() {
    let app = AppOptions { scopes: Vec::new(), ..AppOptions::default() };
    let sandbox = start(SandboxOptions { app, ..SandboxOptions::default() }).await;
    let v3 = get(&sandbox, "v3/customers").await;
    assert_eq!((v3.status, &v3.json()["status"]), (403, &json!(403)));
    let v2 = get(&sandbox, "v2/time").await;
    assert_eq!((v2.status, &v2.json()[0]["status"]), (403, &json!(403)));
    assert_eq!(v2.header("x-rate-limit-requests-left"), Some("148"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_app_that_asks_for_more_is_opened_after_the_merchant_agreed_again() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let token = install(&sandbox, &maker).await;
    let launch = manage_path(&sandbox, "");
    assert!(framed(&open(&sandbox, &launch).await.text).contains("/load?signed_payload_jwt="));

    let scopes = json!({"scopes": ["store_v2_products", "store_v2_orders_read_only", "store_v2_customers"]});
    let changed = control(&sandbox, Method::PUT, "/app", scopes).await.json();
    assert_eq!((&changed["is_installed"], &changed["needs_consent"]), (&json!(true), &json!(true)));
    let screen = open(&sandbox, &launch).await;
    assert!(screen.text.contains("asks for other permissions") && !screen.text.contains("<iframe"));
    assert!(screen.text.contains("<code>store_v2_customers</code>"), "{}", screen.text);
    // Until then everything is as it was.
    assert_eq!(status(&sandbox, &token, Method::GET, "v3/catalog/products").await, 200);
    assert_eq!(status(&sandbox, &token, Method::GET, "v3/customers").await, 403);

    let page = submit(&sandbox, &manage_path(&sandbox, "/install"), &[("decision", "approve")]).await;
    let told = super::fields_of(framed(&page.text).split_once('?').expect("a query").1);
    assert_eq!(told["scope"], "store_v2_products store_v2_orders_read_only store_v2_customers");
    let granted = ask(&sandbox, &token_request(&sandbox, &maker, &told)).await.json();
    let renewed = granted["access_token"].as_str().expect("a token");
    assert_eq!(status(&sandbox, renewed, Method::GET, "v3/customers").await, 200);
    assert_eq!(status(&sandbox, &token, Method::GET, "v3/catalog/products").await, 401);
    assert!(framed(&open(&sandbox, &launch).await.text).contains("/load?"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_code_from_before_the_change_does_not_count_as_consent_to_it() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let told = agree(&sandbox, &maker).await;
    let app = AppOptions { scopes: vec!["store_v2_customers".to_owned()], ..sandbox.app() };
    sandbox.register(app.clone()).expect("an app");
    assert_eq!(ask(&sandbox, &token_request(&sandbox, &maker, &told)).await.status, 200);
    let shown = control(&sandbox, Method::GET, "/app", Value::Null).await.json();
    assert_eq!(shown["needs_consent"], true);
    let renamed = AppOptions { client_id: "another".to_owned(), ..app };
    assert!(sandbox.register(renamed).expect_err("it stays").to_string().contains("app.client_id"));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_no_app_can_be_registered_with_is_refused() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    for (sent, part) in [
        (json!({"client_id": "other"}), "client_id"),
        (json!({"scopes": ["store_v2_everything"]}), "app.scopes"),
        (json!({"auth_callback": "http://far.example/"}), "app.auth_callback"),
    ] {
        let refused = control(&sandbox, Method::PUT, "/app", sent).await;
        assert!(refused.status == 400 && refused.text.contains(part), "{}", refused.text);
    }
    assert_eq!(sandbox.app(), maker.app());
    sandbox.shutdown().await;
}
