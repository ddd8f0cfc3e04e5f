//! A vendor on loopback: it keeps every request as it came, and answers as the test says.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{HeaderMap, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: String,
    /// Path and query, still encoded.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Received {
    /// Path and query, without the connection's own parameter at the end.
    pub(super) fn own_target(&self) -> &str {
        self.target.rsplit_once("sig:key=").unwrap().0.trim_end_matches(['?', '&'])
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A query parameter, still encoded.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// What the vendor answers: status, headers, body.
pub(super) type Answer = (u16, Vec<(&'static str, String)>, String);

/// An answer with this status and body.
pub(super) fn answer(status: u16, body: impl Into<String>) -> Answer {
    (status, Vec::new(), body.into())
}

/// A running vendor. It stops when it is dropped.
pub(super) struct Vendor {
    origin: String,
    received: Arc<Mutex<Vec<Received>>>,
    serving: JoinHandle<()>,
}

impl Vendor {
    /// A vendor that answers each request as `respond` says.
    pub(super) async fn start(respond: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, respond) = (Arc::clone(&received), Arc::new(respond));
        let serve = move |request: Request| {
            let (log, respond) = (Arc::clone(&log), Arc::clone(&respond));
            async move {
                let request = read(request).await;
                let (status, headers, body) = respond(&request);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, received, serving }
    }

    /// A vendor that answers everything with this status and body.
    pub(super) async fn with(status: u16, body: &'static str) -> Self {
        Self::start(move |_| answer(status, body)).await
    }

    /// A client of this vendor.
    pub(super) fn client(&self) -> connector_runtime::Client {
        super::client(&self.origin)
    }

    /// Every request so far.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latest request.
    pub(super) fn last(&self) -> Received {
        self.received().pop().unwrap()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn read(request: Request) -> Received {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Received {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
