//! The log of received requests, and the request id of every answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::control::is_control_path;
use crate::pages::is_page_path;
use crate::seed::random::Random;
use crate::server::Shared;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request as the sandbox received it. Header values are not kept: one of them is the access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path, undecoded.
    pub path: String,
    /// The query without its question mark, undecoded; `None` where there is none.
    pub query: Option<String>,
    /// The status of the answer; `None` while there is none, and for ever where none was sent.
    pub status: Option<u16>,
    /// The window of the quota in which the request was counted or turned away, the first being 1; `None` where the quota
    /// has not seen it. A sliding window has no number: stretches of its length since the first request take its place.
    pub window: Option<u64>,
}

/// The window of the quota in which a request was counted or turned away, on its way to the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeteredIn(pub(crate) u64);

/// The latest requests, oldest first.
#[derive(Debug)]
pub(crate) struct RequestLog {
    /// How many requests are remembered; older ones are forgotten, so that a sandbox can run for weeks.
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    latest: VecDeque<ReceivedRequest>,
    /// How many requests have been forgotten: the number of the first one that is remembered.
    forgotten: u64,
}

impl RequestLog {
    /// A log of the latest `capacity` requests.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, entries: Mutex::default() }
    }

    /// Every remembered request.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.entries().latest.iter().cloned().collect()
    }

    /// The latest `count` requests, the last one first.
    pub(crate) fn latest(&self, count: usize) -> Vec<ReceivedRequest> {
        self.entries().latest.iter().rev().take(count).cloned().collect()
    }

    /// Notes the arrival of a request and numbers it.
    fn arrived(&self, request: ReceivedRequest) -> u64 {
        let mut entries = self.entries();
        entries.latest.push_back(request);
        while entries.latest.len() > self.capacity {
            entries.latest.pop_front();
            entries.forgotten += 1;
        }
        entries.forgotten + entries.latest.len() as u64 - 1
    }

    /// Notes the status with which the request of this number was answered, and where the quota saw it.
    fn answered(&self, number: u64, status: u16, window: Option<u64>) {
        let mut entries = self.entries();
        let position = number.checked_sub(entries.forgotten).and_then(|place| usize::try_from(place).ok());
        if let Some(request) = position.and_then(|place| entries.latest.get_mut(place)) {
            request.status = Some(status);
            request.window = window;
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outermost layer: notes the request, and gives its answer a request id and its note a status. Requests
/// of the control API and the store's own pages are no part of the story.
pub(crate) async fn record(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_control_path(path) || is_page_path(path) {
        return next.run(request).await;
    }
    let number = shared.log.arrived(ReceivedRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        status: None,
        window: None,
    });
    let mut response = next.run(request).await;
    response.headers_mut().insert(X_REQUEST_ID, request_id(shared.beginning.seed, number));
    let window = response.extensions().get().map(|MeteredIn(window)| *window);
    shared.log.answered(number, response.status().as_u16(), window);
    response
}

/// 32 hexadecimal digits, the same for the same request of the same sandbox.
fn request_id(seed: u64, number: u64) -> HeaderValue {
    let mut random = Random::new(seed ^ number.rotate_left(32));
    let id = format!("{:016x}{:016x}", random.next(), random.next());
    HeaderValue::from_str(&id).expect("hexadecimal digits are a header value")
}

#[cfg(test)]
mod tests {
    use super::{ReceivedRequest, RequestLog, request_id};

    fn request(path: String) -> ReceivedRequest {
        ReceivedRequest { method: "GET".to_owned(), path, query: None, status: None, window: None }
    }

    #[test]
    fn forgets_the_oldest_and_still_finds_the_others_by_number() {
        let log = RequestLog::new(10);
        let numbers: Vec<u64> = (0..12).map(|n| log.arrived(request(format!("/{n}")))).collect();
        log.answered(numbers[0], 500, Some(1));
        log.answered(numbers[2], 204, Some(2));
        let remembered = log.requests();
        assert_eq!(remembered.len(), 10);
        assert_eq!(remembered[0].path, "/2");
        assert_eq!((remembered[0].status, remembered[0].window), (Some(204), Some(2)));
        assert_eq!(remembered[1].status, None);
    }

    #[test]
    fn request_ids_differ() {
        let ids: std::collections::BTreeSet<_> =
            (0..100).map(|number| request_id(1, number).to_str().expect("ascii").to_owned()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.len() == 32));
    }
}
