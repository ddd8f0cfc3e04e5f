//! Transports that write down what goes over the wire, in the form that the judging script reads.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use connector_runtime::{BoxFuture, Transport, TransportError};
use http::HeaderMap;
use serde_json::{Value, json};

/// The vendor's own server, which the files know; exchanges with a sandbox are written down as if with it.
const SERVER: &str = "https://api.bigcommerce.com";

/// A request as it was sent, and the answer where that is what matters.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// The id of the action.
    pub(super) action: &'static str,
    /// Method, address, headers and body.
    pub(super) request: http::Request<Bytes>,
    /// Status, headers and body.
    pub(super) response: Option<http::Response<Bytes>>,
}

impl Exchange {
    pub(super) fn to_json(&self) -> Value {
        let (head, body) = (self.request.uri(), self.request.body());
        let target = head.path_and_query().map_or("/", |target| target.as_str());
        let request = json!({
            "method": self.request.method().as_str(),
            "url": format!("{SERVER}{target}"),
            "headers": headers(self.request.headers()),
            "body": (!body.is_empty()).then(|| text(body)),
        });
        let response = self.response.as_ref().map(|response| {
            json!({
                "status": response.status().as_u16(),
                "headers": headers(response.headers()),
                "body": text(response.body()),
            })
        });
        json!({"operation": self.action, "request": request, "response": response})
    }
}

fn headers(headers: &HeaderMap) -> Vec<(&str, String)> {
    headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))).collect()
}

fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).expect("everything sent and answered here is UTF-8").to_owned()
}

/// A request and the answer to it.
type Passed = (http::Request<Bytes>, http::Response<Bytes>);

/// A transport that keeps what passes through it.
#[derive(Clone)]
pub(super) struct Recorder<T> {
    inner: T,
    seen: Arc<Mutex<Vec<Passed>>>,
}

impl<T> Recorder<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, seen: Arc::default() }
    }

    /// What has passed since the last time of asking.
    pub(super) fn take(&self) -> Vec<Passed> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Transport + 'static> Transport for Recorder<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let answer = self.inner.send(request.clone()).await?;
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push((request, answer.clone()));
            Ok(answer)
        })
    }
}

/// A transport that sends nothing and answers everything alike.
#[derive(Clone)]
pub(super) struct Canned {
    /// The status of every answer.
    pub(super) status: u16,
    /// The body of every answer.
    pub(super) body: Bytes,
}

impl Transport for Canned {
    fn send(
        &self,
        _request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let mut answer = http::Response::new(self.body.clone());
        *answer.status_mut() = self.status.try_into().expect("a status");
        Box::pin(async move { Ok(answer) })
    }
}
