//! Each way in which the sandbox can be made to fail, as a client sees it.

use bigcommerce_sandbox::{Fault, Sandbox};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Answer, PRODUCT, address, client, get, post, sandbox, try_get};

/// The answer to a request that meets `fault`; the one after it must succeed.
async fn met(fault: Fault) -> Answer {
    let sandbox = sandbox().await;
    sandbox.inject(fault, 1);
    let answer = get(&sandbox, PRODUCT).await;
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200, "the fault was for one request");
    assert!(answer.header("x-request-id").is_some());
    sandbox.shutdown().await;
    answer
}

fn has_rate_headers(answer: &Answer) -> bool {
    answer.header("x-rate-limit-requests-left").is_some()
}

#[tokio::test]
async fn an_overloaded_platform_answers_429_without_a_hint() {
    let answer = met(Fault::OverloadedWithoutHeaders).await;
    assert_eq!(answer.status, 429);
    assert!(!has_rate_headers(&answer) && answer.header("x-retry-after").is_none());
}

#[tokio::test]
async fn a_request_can_be_limited_with_all_headers_though_quota_is_left() {
    let answer = met(Fault::LimitedWithQuotaLeft).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (429, Some(429)));
    let header = |name: &str| answer.header(name).and_then(|value| value.parse::<u32>().ok());
    assert_eq!(header("x-rate-limit-requests-quota"), Some(150));
    assert_eq!(header("x-rate-limit-requests-left"), Some(149));
    assert_eq!(header("x-rate-limit-time-window-ms"), Some(30_000));
    assert_eq!(header("x-rate-limit-time-reset-ms"), Some(30_000));
    assert_eq!(header("x-retry-after"), Some(30));
}

#[tokio::test]
async fn an_internal_error_is_a_500_that_counts() {
    let answer = met(Fault::InternalServerError).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (500, Some(500)));
    assert!(has_rate_headers(&answer));
}

#[tokio::test]
async fn a_bad_gateway_is_a_502_with_a_page() {
    let answer = met(Fault::BadGatewayPage).await;
    assert_eq!(answer.status, 502);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text.starts_with("<html>") && !has_rate_headers(&answer));
}

#[tokio::test]
async fn throttling_can_come_as_a_500() {
    let answer = met(Fault::ThrottledWith500).await;
    assert_eq!((answer.status, answer.json()["title"].as_str()), (500, Some("Too many requests.")));
    assert!(has_rate_headers(&answer));
}

#[tokio::test]
async fn an_unavailable_api_is_a_503() {
    let answer = met(Fault::ServiceUnavailable).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (503, Some(503)));
    assert!(!has_rate_headers(&answer));
}

#[tokio::test]
async fn behind_a_gateway_timeout_the_request_was_carried_out() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::GatewayTimeout, 1);
    let answer = post(&sandbox, "v3/catalog/brands", json!({"name": "Made All The Same"})).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (504, Some(504)));
    let again = post(&sandbox, "v3/catalog/brands", json!({"name": "Made All The Same"})).await;
    assert_eq!(again.status, 409);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_slow_answer_is_the_true_one() {
    let answer = met(Fault::Slow { milliseconds: 1 }).await;
    assert_eq!((answer.status, answer.json()["data"]["id"].as_u64()), (200, Some(111)));
}

#[tokio::test]
async fn a_suspended_store_is_a_503_that_says_so() {
    let answer = met(Fault::StoreSuspended).await;
    assert_eq!(answer.status, 503);
    assert!(answer.json()["title"].as_str().is_some_and(|title| title.contains("suspended")));
}

#[tokio::test]
async fn a_missing_scope_is_a_403_that_counts() {
    let answer = met(Fault::Forbidden).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (403, Some(403)));
    assert!(has_rate_headers(&answer));
}

#[tokio::test]
async fn a_page_can_come_with_status_200() {
    let answer = met(Fault::HtmlPage).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text.contains("<html>"));
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_sends() {
    let sandbox = sandbox().await;
    let whole = get(&sandbox, PRODUCT).await.text;
    sandbox.inject(Fault::TruncatedBody, 1);
    let raw = raw_get(&sandbox, PRODUCT).await;
    let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.to_lowercase().contains(&format!("content-length: {}", whole.len())), "{head}");
    assert!(head.to_lowercase().contains("x-rate-limit-requests-left"), "{head}");
    assert_eq!(body, &whole[..whole.len() / 2]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_client_sees_a_truncated_body_as_an_error() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::TruncatedBody, 1);
    let response = try_get(&sandbox, PRODUCT).await.expect("a head");
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    assert_eq!(get(&sandbox, PRODUCT).await.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_hanging_request_is_received_and_never_answered() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::Hang, 1);
    tokio::select! {
        answer = try_get(&sandbox, PRODUCT) => panic!("a hanging request was answered: {answer:?}"),
        status = async {
            received(&sandbox).await;
            get(&sandbox, "v2/time").await.status
        } => assert_eq!(status, 200, "others are answered meanwhile"),
    }
    let log: Vec<_> = sandbox.requests().into_iter().map(|request| request.status).collect();
    assert_eq!(log, [None, Some(200)]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_ends_what_hangs() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::Hang, 1);
    let request = client().get(address(&sandbox, PRODUCT));
    let request = request.header("X-Auth-Token", sandbox.access_token());
    let hanging = tokio::spawn(request.send());
    received(&sandbox).await;
    sandbox.shutdown().await;
    let ended = hanging.await.expect("no panic").expect("an answer at last");
    assert_eq!(ended.status(), 503);
}

/// Waits until the sandbox has received a request.
async fn received(sandbox: &Sandbox) {
    while sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn faults_come_in_the_order_of_their_injection_and_can_be_taken_back() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::InternalServerError, 2);
    sandbox.inject(Fault::StoreSuspended, 1);
    sandbox.inject(Fault::Forbidden, 7);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get(&sandbox, "v2/time").await.status);
    }
    sandbox.clear_faults();
    seen.push(get(&sandbox, "v2/time").await.status);
    assert_eq!(seen, [500, 500, 503, 403, 200]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn faults_of_the_api_take_the_shape_of_its_version() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::Forbidden, 1);
    assert_eq!(get(&sandbox, "v2/time").await.json()[0]["status"], 403);
    sandbox.shutdown().await;
}

/// The bytes that come back on a connection of its own, until the sandbox closes it.
async fn raw_get(sandbox: &Sandbox, path: &str) -> String {
    let host = sandbox.origin().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).await.expect("a connection");
    let (hash, token) = (sandbox.store_hash(), sandbox.access_token());
    let request =
        format!("GET /stores/{hash}/{path} HTTP/1.1\r\nHost: {host}\r\nX-Auth-Token: {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a sent request");
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.expect("the end of the connection");
    String::from_utf8(received).expect("text")
}
