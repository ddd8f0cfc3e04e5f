//! What a client makes of every way in which the store says no.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bigcommerce_connector::actions::GetProduct;
use bigcommerce_connector::types::ProductInclude;
use bigcommerce_sandbox::{Fault, ManualClock, SandboxOptions};
use connector_runtime::{Class, Client, Error};
use connector_tests::{ACCESS_TOKEN, ScriptedServer, Store, client, with};

use super::{FIRST_PRODUCT, assert_discreet};

/// Reads a product with a query, so that there is something to leak.
async fn error_of(client: &Client, product_id: i64) -> Error {
    let action =
        with(GetProduct::new(product_id), |input| input.include = Some(vec![ProductInclude::Images]));
    let error = client.call(&action).await.expect_err("a refusal");
    assert_discreet(&error);
    error
}

/// The error of a read that meets `fault`.
async fn met(fault: Fault) -> Error {
    let store = Store::open().await;
    store.sandbox.inject(fault, 1);
    error_of(&store.client, FIRST_PRODUCT).await
}

/// Asserts what every answer of the store leaves behind: its status, its request id, and no cause beyond itself.
#[track_caller]
fn assert_answered(error: &Error, class: Class, status: u16, retryable: bool) {
    assert_eq!(
        (error.class(), error.status(), error.is_retryable()),
        (class, Some(status), retryable),
        "{error}"
    );
    assert_eq!(error.request_id().map(str::len), Some(32), "{error}");
    assert!(error.to_string().contains(&format!("the API answered {status}")), "{error}");
    assert!(error.source().is_none(), "{error:?}");
}

#[tokio::test]
async fn an_unknown_token_is_revoked() {
    let store = Store::open().await;
    let other = store.client_with_token("another-token");
    let error = error_of(&other, FIRST_PRODUCT).await;
    assert_answered(&error, Class::AuthRevoked, 401, false);
    assert_eq!((error.class().as_str(), error.retry_after()), ("auth.revoked", None));
    assert!(error.api_message().unwrap().contains("access token"));
    assert!(!format!("{error} {error:?}").contains("another-token"));
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_apart() {
    let error = met(Fault::Forbidden).await;
    assert_answered(&error, Class::AuthScope, 403, false);
    assert_eq!((error.class().as_str(), error.retry_after()), ("auth.scope", None));
}

#[tokio::test]
async fn a_product_that_does_not_exist_is_not_found() {
    let store = Store::open().await;
    let error = error_of(&store.client, 999_999).await;
    assert_answered(&error, Class::NotFound, 404, false);
    assert_eq!((error.class().as_str(), error.retry_after()), ("not_found", None));
    assert!(error.api_message().unwrap().contains("no product"));
}

#[tokio::test]
async fn a_spent_quota_says_how_long_to_wait() {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_800_000_000)));
    let store =
        Store::with(SandboxOptions { quota: 1, clock: clock.clone(), ..SandboxOptions::default() }).await;
    store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap();
    clock.advance(Duration::from_millis(1_500));
    // Another program, which does not know yet what is left.
    let error = error_of(&store.client_with_token(ACCESS_TOKEN), FIRST_PRODUCT).await;
    assert_answered(&error, Class::RateLimitedWindow, 429, true);
    // 28 500 ms by one header and 29 s by the other: the longer wait counts.
    assert_eq!(error.retry_after(), Some(Duration::from_secs(29)));
    assert!(error.is_rate_limited() && error.class().as_str() == "rate_limited.window");
    assert!(error.to_string().ends_with("(retry after 29000 ms)"), "{error}");
    clock.advance(error.retry_after().unwrap());
    let later = store.client_with_token(ACCESS_TOKEN);
    assert!(later.call(&GetProduct::new(FIRST_PRODUCT)).await.is_ok(), "the wait was long enough");
}

#[tokio::test]
async fn a_call_that_the_quota_has_no_room_for_is_not_even_sent() {
    let store = Store::with(SandboxOptions { quota: 1, ..SandboxOptions::default() }).await;
    store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap();
    let error = error_of(&store.client, FIRST_PRODUCT).await;
    assert_eq!((error.class(), error.status()), (Class::RateLimitedWindow, None));
    let wait = error.retry_after().unwrap();
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(31), "{wait:?}");
    assert!(error.is_retryable() && error.to_string().contains("nothing was sent"), "{error}");
    assert_eq!(store.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_limit_with_quota_left_is_believed_and_says_how_long_to_wait() {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_800_000_000)));
    let store = Store::with(SandboxOptions { clock, ..SandboxOptions::default() }).await;
    store.sandbox.inject(Fault::LimitedWithQuotaLeft, 1);
    let error = error_of(&store.client, FIRST_PRODUCT).await;
    assert_answered(&error, Class::RateLimitedWindow, 429, true);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    let other = store.client_with_token(ACCESS_TOKEN);
    assert!(other.call(&GetProduct::new(FIRST_PRODUCT)).await.is_ok(), "quota was left");
    let same = error_of(&store.client, FIRST_PRODUCT).await;
    assert_eq!(
        (same.class(), same.status()),
        (Class::RateLimitedWindow, None),
        "it keeps to what it was told"
    );
}

#[tokio::test]
async fn an_overload_without_headers_waits_as_the_manifest_says() {
    let error = met(Fault::OverloadedWithoutHeaders).await;
    assert_answered(&error, Class::RateLimitedOverload, 429, true);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    assert!(error.is_rate_limited() && error.class().as_str() == "rate_limited.overload");
    assert_eq!(error.api_message(), None);
}

#[tokio::test]
async fn a_failure_of_the_store_may_be_repeated_for_a_read() {
    let error = met(Fault::InternalServerError).await;
    assert_answered(&error, Class::Server, 500, true);
    assert_eq!((error.class().as_str(), error.retry_after()), ("server", None));
}

#[tokio::test]
async fn a_page_of_a_bad_gateway_is_a_failure_of_the_server_and_not_of_decoding() {
    let error = met(Fault::BadGatewayPage).await;
    assert_answered(&error, Class::Server, 502, true);
    assert_eq!((error.api_message(), error.violations()), (None, &[][..]));
}

#[tokio::test]
async fn a_suspended_store_is_unavailable() {
    let error = met(Fault::StoreSuspended).await;
    assert_answered(&error, Class::Unavailable, 503, true);
    assert_eq!((error.class().as_str(), error.retry_after()), ("unavailable", None));
    assert!(error.api_message().unwrap().contains("suspended"));
}

#[tokio::test]
async fn a_page_with_status_200_is_no_data() {
    let error = met(Fault::HtmlPage).await;
    assert_eq!((error.class(), error.status(), error.is_retryable()), (Class::Decode, Some(200), false));
    assert_eq!((error.class().as_str(), error.retry_after()), ("decode", None));
    assert_eq!(error.request_id().map(str::len), Some(32));
    assert!(error.to_string().contains("HTML page"), "{error}");
    assert!(error.source().is_some_and(|source| source.is::<serde_json::Error>()), "{error:?}");
}

#[tokio::test]
async fn an_answer_of_another_shape_names_the_place_and_not_the_value() {
    let body = r#"{"data":"Copper Pour-Over Kettle"}"#;
    let server = ScriptedServer::with("200 OK", &[("X-Request-Id", "abc-123")], body).await;
    let error = error_of(&client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT), 1).await;
    assert_eq!((error.class(), error.status(), error.is_retryable()), (Class::Decode, Some(200), false));
    assert_eq!(error.request_id(), Some("abc-123"));
    assert_eq!(error.violations()[0].message(), "expected an object, found a string");
    assert!(error.to_string().ends_with("its type: expected an object, found a string"), "{error}");
}

#[tokio::test]
async fn a_bare_value_in_place_of_the_envelope_is_not_repeated() {
    for body in [r#""Copper Pour-Over Kettle""#, r#"["Copper Pour-Over Kettle"]"#, r#"{"product":"Kettle"}"#]
    {
        let server = ScriptedServer::with_json(body).await;
        let error = error_of(&client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT), 1).await;
        assert_eq!((error.class(), error.status()), (Class::Decode, Some(200)), "{body}");
    }
}
