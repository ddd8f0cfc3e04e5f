//! A transport that sends nothing and keeps what it was given, to see whether and what a client sends.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use connector_runtime::{BoxFuture, Transport, TransportError};

/// Answers every request with status 200 and `{}`. Clones share what they keep.
#[derive(Clone, Default)]
pub struct RecordingTransport {
    requests: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

impl RecordingTransport {
    /// Takes the requests that have come since the last look.
    #[must_use]
    pub fn take(&self) -> Vec<http::Request<Bytes>> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for RecordingTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Box::pin(async { Ok(http::Response::new(Bytes::from_static(b"{}"))) })
    }
}
