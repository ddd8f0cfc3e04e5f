//! What a client makes of connections that fail, of answers that break off, and of servers that lead elsewhere.

use std::error::Error as _;
use std::process::Command;
use std::time::Duration;

use bigcommerce_connector::actions::GetProduct;
use bigcommerce_connector::types::ProductInclude;
use bigcommerce_sandbox::Fault;
use connector_runtime::{Class, Client, Error, Patience, TransportError};
use connector_tests::{ACCESS_TOKEN, ClosedPort, ScriptedServer, Store, client, with};

use super::{FIRST_PRODUCT, assert_discreet};

fn action() -> GetProduct {
    with(GetProduct::new(FIRST_PRODUCT), |input| input.include = Some(vec![ProductInclude::Images]))
}

async fn error_at(origin: &str) -> Error {
    client(origin, ACCESS_TOKEN, Client::DEFAULT_TIMEOUT).call(&action()).await.expect_err("no answer")
}

/// Asserts that no answer was read, that the call may be made again because it reads, and that the cause is told.
#[track_caller]
fn assert_unanswered(error: &Error, class: Class, what: &str) {
    assert_discreet(error);
    assert_eq!((error.class(), error.is_retryable()), (class, true), "{error}");
    assert_eq!((error.status(), error.request_id(), error.retry_after()), (None, None, None), "{error}");
    assert_eq!(error.to_string(), format!("get-product: {}: {what}", class.as_str()));
    let cause = error.source().expect("a transport error tells its cause");
    assert!(cause.is::<TransportError>() && cause.source().is_some(), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let port = ClosedPort::take();
    let error = error_at(port.origin()).await;
    assert_unanswered(&error, Class::TransportUnsent, "no connection came about");
    assert_eq!(error.class().as_str(), "transport.unsent");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_the_outcome_open() {
    let store = Store::open().await;
    store.sandbox.inject(Fault::TruncatedBody, 1);
    let error = store.client.call(&action()).await.unwrap_err();
    assert_unanswered(&error, Class::TransportUnknownOutcome, "the answer broke off");
    assert_eq!(error.class().as_str(), "transport.unknown_outcome");
    assert_eq!(store.sandbox.requests().len(), 1, "nothing is repeated");
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_open() {
    let store = Store::open().await;
    store.sandbox.inject(Fault::Hang, 1);
    let hasty = store.client_within(Duration::from_millis(200));
    let error = hasty.call(&action()).await.unwrap_err();
    assert_unanswered(&error, Class::TransportUnknownOutcome, "the answer took too long");
    assert_eq!(store.sandbox.requests().len(), 1, "nothing is repeated");
}

#[tokio::test]
async fn a_connection_that_closes_without_an_answer_leaves_the_outcome_open() {
    let server = ScriptedServer::start("").await;
    let error = error_at(server.origin()).await;
    assert_unanswered(&error, Class::TransportUnknownOutcome, "the connection broke before an answer came");
    assert_eq!(server.heads().len(), 1, "nothing is repeated");
}

#[tokio::test]
async fn bytes_that_are_no_http_leave_the_outcome_open() {
    let server = ScriptedServer::start("220 mail.example ESMTP\r\n").await;
    let error = error_at(server.origin()).await;
    assert_unanswered(&error, Class::TransportUnknownOutcome, "the connection broke before an answer came");
}

#[tokio::test]
async fn a_body_that_is_not_packed_as_it_says_is_an_answer_that_cannot_be_read() {
    for (coding, what) in [("gzip", "its body is not valid gzip"), ("br", "its content coding is not gzip")] {
        let headers = [("Content-Encoding", coding), ("X-Request-Id", "abc-123")];
        let server = ScriptedServer::with("200 OK", &headers, r#"{"data":{},"meta":{}}"#).await;
        let client = client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
        let client = client.with_patience(Patience::Unlimited);
        let error = client.call(&action()).await.expect_err("no answer");
        assert_discreet(&error);
        assert_eq!((error.class(), error.status(), error.is_retryable()), (Class::Decode, Some(200), false));
        assert_eq!(error.request_id(), Some("abc-123"));
        assert_eq!(error.to_string(), format!("get-product: decode: cannot read the answer: {what}"));
        assert!(error.source().is_some_and(|cause| cause.is::<TransportError>()), "{error:?}");
        assert_eq!(server.heads().len(), 1, "nothing is repeated");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_stays_here() {
    let elsewhere = ScriptedServer::with_json(r#"{"data":{"id":111}}"#).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("{}/stores/sandbox1/v3/catalog/products/111", elsewhere.origin());
        let server = ScriptedServer::with(status, &[("Location", &location)], "").await;
        let error = error_at(server.origin()).await;
        assert_discreet(&error);
        assert_eq!((error.class(), error.is_retryable()), (Class::Decode, false), "{error}");
        assert_eq!(error.status().map(|status| status.to_string()).as_deref(), Some(&status[..3]));
        assert!(server.heads()[0].contains(ACCESS_TOKEN), "the token went where it belongs");
    }
    assert!(elsewhere.heads().is_empty(), "{:?}", elsewhere.heads());
}

#[test]
fn a_proxy_of_the_environment_never_sees_what_stays_on_this_machine() {
    // In a process of its own, because the environment is read once for all tests of this one.
    let port = ClosedPort::take();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "calls::output::reads_the_fields_of_a_product"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, port.origin())))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && printed.contains("1 passed"), "{printed}");
}

#[tokio::test]
async fn a_request_says_who_calls_and_what_it_takes() {
    let server = ScriptedServer::with_json(r#"{"data":{"id":111}}"#).await;
    client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT).call(&action()).await.unwrap();
    let [head] = server.heads().try_into().unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    assert_eq!(first, "GET /stores/sandbox1/v3/catalog/products/111?include=images HTTP/1.1");
    let headers: Vec<String> = lines.map(str::to_lowercase).collect();
    for header in [
        format!("x-auth-token: {ACCESS_TOKEN}"),
        "accept: application/json".to_owned(),
        format!("user-agent: bigcommerce-connector/{}", bigcommerce_connector::CONNECTOR.version),
    ] {
        assert_eq!(headers.iter().filter(|line| **line == header).count(), 1, "{header}: {headers:?}");
    }
    assert!(!headers.iter().any(|line| line.starts_with("transfer-encoding")), "{headers:?}");
}
