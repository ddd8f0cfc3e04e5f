//! The sandbox as its clients meet it: over real HTTP, on a socket of this machine.

mod app;
mod authentication;
mod brands;
mod categories;
mod control;
mod customers;
mod faults;
mod hooks;
mod limits;
mod links;
mod misbehaviour;
mod order_fields;
mod orders;
mod product_list;
mod product_writes;
mod products;
mod store_information;
mod webhooks;

use std::collections::BTreeSet;

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A sandbox with default options.
async fn sandbox() -> Sandbox {
    start(SandboxOptions::default()).await
}

async fn start(options: SandboxOptions) -> Sandbox {
    Sandbox::start(options).await.expect("a free port on loopback")
}

/// A client that trusts no certificate: a sandbox speaks plain HTTP, and reading the system's takes long.
fn client() -> Client {
    Client::builder().tls_certs_only([]).build().expect("a client without certificates")
}

/// The address of `path`, which begins with the version, in the store of `sandbox`.
fn address(sandbox: &Sandbox, path: &str) -> String {
    format!("{}/stores/{}/{path}", sandbox.origin(), sandbox.store_hash())
}

/// Sends a GET of `path` with the store's token; what comes back, or the client's error.
async fn try_get(sandbox: &Sandbox, path: &str) -> reqwest::Result<Response> {
    let request = client().get(address(sandbox, path));
    request.header("X-Auth-Token", sandbox.access_token()).send().await
}

/// An answer that was read to its end.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self { status, headers, text: response.text().await.expect("a whole body") }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of visible ASCII"))
    }

    /// The body, which must call itself JSON.
    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text);
        serde_json::from_str(&self.text).expect("a JSON body")
    }
}

async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    Answer::read(try_get(sandbox, path).await.expect("an answer")).await
}

/// Sends `body` with the store's token.
async fn send(sandbox: &Sandbox, method: Method, path: &str, body: &Value) -> Answer {
    let request = client().request(method, address(sandbox, path));
    let request = request.header("X-Auth-Token", sandbox.access_token());
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    Answer::read(request.send().await.expect("an answer")).await
}

async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Answer {
    send(sandbox, Method::POST, path, &body).await
}

async fn put(sandbox: &Sandbox, path: &str, body: Value) -> Answer {
    send(sandbox, Method::PUT, path, &body).await
}

async fn delete(sandbox: &Sandbox, path: &str) -> Answer {
    let request = client().delete(address(sandbox, path));
    let request = request.header("X-Auth-Token", sandbox.access_token());
    Answer::read(request.send().await.expect("an answer")).await
}

/// The values of `field` in the items of a list's data, or of a bare list.
fn column(list: &Value, field: &str) -> Vec<Value> {
    let items = list.get("data").unwrap_or(list).as_array().expect("a list");
    items.iter().map(|item| item[field].clone()).collect()
}

/// The path of a request that always succeeds.
const PRODUCT: &str = "v3/catalog/products/111";

#[tokio::test]
async fn logs_each_request_with_the_status_of_its_answer() {
    let sandbox = sandbox().await;
    get(&sandbox, "v3/catalog/products/111?include=images").await;
    get(&sandbox, "v3/catalog/products/999999").await;
    let log: Vec<_> = sandbox
        .requests()
        .into_iter()
        .map(|request| (request.method, request.path, request.query, request.status))
        .collect();
    let path = |id: &str| format!("/stores/{}/v3/catalog/products/{id}", sandbox.store_hash());
    let expected = [
        ("GET".to_owned(), path("111"), Some("include=images".to_owned()), Some(200)),
        ("GET".to_owned(), path("999999"), None, Some(404)),
    ];
    assert_eq!(log, expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn every_answer_has_its_own_request_id() {
    let sandbox = sandbox().await;
    let mut ids = Vec::new();
    for path in [PRODUCT, PRODUCT, "v3/catalog/products/999999", "v2/no/such/path"] {
        let answer = get(&sandbox, path).await;
        ids.push(answer.header("x-request-id").expect("a request id").to_owned());
    }
    assert!(
        ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{ids:?}"
    );
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_the_shape_of_their_version() {
    let sandbox = sandbox().await;
    let v3 = get(&sandbox, "v3/no/such/path").await;
    assert_eq!((v3.status, v3.json()["status"].as_u64()), (404, Some(404)));
    assert!(v3.json()["title"].is_string() && v3.json()["type"].is_string());
    let v2 = get(&sandbox, "v2/no/such/path").await;
    assert_eq!((v2.status, v2.json()[0]["status"].as_u64()), (404, Some(404)));
    assert!(v2.json()[0]["message"].is_string());
    let patch = client().request(Method::PATCH, address(&sandbox, "v2/time"));
    let patched = patch.header("X-Auth-Token", sandbox.access_token()).send().await.expect("an answer");
    let patched = Answer::read(patched).await;
    assert_eq!((patched.status, patched.json()[0]["status"].as_u64()), (405, Some(405)));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_shut_down_sandbox_frees_its_port() {
    let sandbox = sandbox().await;
    let gone = address(&sandbox, PRODUCT);
    sandbox.shutdown().await;
    let error = client().get(gone).send().await.expect_err("nobody listens");
    assert!(error.is_connect(), "{error}");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_idle_connections() {
    let sandbox = sandbox().await;
    let host = sandbox.origin().trim_start_matches("http://").to_owned();
    let mut silent = TcpStream::connect(&host).await.expect("a connection");
    // Answered after the silent connection was accepted, since connections are accepted in order.
    get(&sandbox, PRODUCT).await;
    sandbox.shutdown().await;
    assert_eq!(silent.read(&mut [0]).await.expect("a closed connection"), 0);
}

#[tokio::test]
async fn start_reports_an_address_in_use() {
    let first = sandbox().await;
    let listen = first.origin().trim_start_matches("http://").parse().expect("an address");
    let options = SandboxOptions { listen, ..SandboxOptions::default() };
    let error = Sandbox::start(options).await.expect_err("the port is taken");
    assert!(error.to_string().contains("cannot listen"), "{error}");
    first.shutdown().await;
}
