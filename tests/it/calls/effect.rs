//! What a call does to the store decides whether it may be repeated when nobody knows how it ended.

use std::sync::Arc;
use std::time::Duration;

use bigcommerce_connector::apis::V3;
use bigcommerce_sandbox::{Fault, ManualClock, SandboxOptions};
use connector_runtime::{Class, Client, Error, Method, Operation, Parameter, Request, impl_input};
use connector_tests::{ACCESS_TOKEN, ClosedPort, Store, client};

const PATH: &str = "/catalog/products/{product_id}";
static PARAMETERS: &[Parameter] = &[Parameter::path("product_id")];
static CREATE: Operation = Operation::post("touch-product", &V3, PATH).parameters(PARAMETERS);
static UPDATE: Operation = Operation::put("touch-product", &V3, PATH).parameters(PARAMETERS);
static DELETE: Operation = Operation::delete("touch-product", &V3, PATH).parameters(PARAMETERS);

struct TouchProduct {
    product_id: i64,
}

impl_input!(TouchProduct { "product_id" => product_id });

async fn error_of(client: &Client, operation: &'static Operation) -> Error {
    let request = Request::new(operation, &TouchProduct { product_id: 111 }).expect("no constraints");
    client.send(request).await.expect_err("the call fails")
}

/// What a call that meets `fault` is told: its class and whether it may be repeated.
async fn met(fault: Fault, operation: &'static Operation) -> (Class, bool) {
    let store = Store::open().await;
    store.sandbox.inject(fault, 1);
    // Only what hangs is given up on early: on a busy machine an answer may take longer than that.
    let timeout = if fault == Fault::Hang { Duration::from_secs(1) } else { Client::DEFAULT_TIMEOUT };
    let error = error_of(&store.client_within(timeout), operation).await;
    let method = store.last_request().method;
    assert_eq!(method, http_name(operation.method));
    (error.class(), error.is_retryable())
}

fn http_name(method: Method) -> &'static str {
    match method {
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        other => panic!("{other:?} has no part in these tests"),
    }
}

#[tokio::test]
async fn a_create_is_not_repeated_after_a_failure_or_an_open_outcome() {
    for (fault, class) in [
        (Fault::InternalServerError, Class::Server),
        (Fault::BadGatewayPage, Class::Server),
        (Fault::StoreSuspended, Class::Unavailable),
        (Fault::TruncatedBody, Class::TransportUnknownOutcome),
        (Fault::Hang, Class::TransportUnknownOutcome),
    ] {
        assert_eq!(met(fault, &CREATE).await, (class, false), "{fault:?}");
    }
}

#[tokio::test]
async fn an_update_and_a_delete_may_be_repeated() {
    for operation in [&UPDATE, &DELETE] {
        for (fault, class) in [
            (Fault::InternalServerError, Class::Server),
            (Fault::StoreSuspended, Class::Unavailable),
            (Fault::Hang, Class::TransportUnknownOutcome),
        ] {
            assert_eq!(met(fault, operation).await, (class, true), "{:?} {fault:?}", operation.effect);
        }
    }
    // A deletion answers without a body, of which nothing can be cut off.
    assert_eq!(met(Fault::TruncatedBody, &UPDATE).await, (Class::TransportUnknownOutcome, true));
}

#[tokio::test]
async fn a_create_that_was_limited_has_not_happened_and_may_be_repeated() {
    assert_eq!(met(Fault::OverloadedWithoutHeaders, &CREATE).await, (Class::RateLimitedOverload, true));
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_800_000_000)));
    let store = Store::with(SandboxOptions { quota: 1, clock, ..SandboxOptions::default() }).await;
    error_of(&store.client, &CREATE).await;
    // Another program, which does not know yet what is left.
    let error = error_of(&store.client_with_token(ACCESS_TOKEN), &CREATE).await;
    assert_eq!((error.class(), error.is_retryable()), (Class::RateLimitedWindow, true));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn a_create_that_never_left_may_be_repeated() {
    let port = ClosedPort::take();
    let error = error_of(&client(port.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT), &CREATE).await;
    assert_eq!((error.class(), error.is_retryable()), (Class::TransportUnsent, true));
}

#[tokio::test]
async fn nothing_makes_a_refusal_repeatable() {
    for operation in [&CREATE, &UPDATE, &DELETE] {
        assert_eq!(met(Fault::Forbidden, operation).await, (Class::AuthScope, false));
        assert_eq!(met(Fault::HtmlPage, operation).await, (Class::Decode, false));
    }
}
