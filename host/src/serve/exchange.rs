//! One request and its answer on a connection: which place the request takes, how long its body may take, and when the
//! answer is sent.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::num::NonZero;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::available_parallelism;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use http::{Method, Request, StatusCode, Uri};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};

use super::config::Limits;
use super::listener::ConnectionCounts;
use super::seats::{Class, Seat, Seats};

/// How much longer than its time-out a body may take before it ends without the route that reads it: routes with an answer
/// of their own for slow bodies come first.
const GRACE: Duration = Duration::from_secs(1);

/// When a refused client should come back, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Whether a request goes to the webhook address of a connection that is known without a look into storage.
pub(super) type IsWebhook = Arc<dyn Fn(&Method, &Uri) -> bool + Send + Sync>;

/// What serves the requests of a listener.
pub(super) struct Exchanges {
    router: Router,
    pub(super) seats: Arc<Seats>,
    is_webhook: IsWebhook,
    pub(super) counts: Arc<ConnectionCounts>,
    /// Bounds how many general requests begin at a time, so that webhooks never queue for a processor behind thousands.
    starts: Semaphore,
}

/// A request under way, counted until it is dropped: with its answer, or because its sender has gone.
struct UnderWay<'a>(&'a ConnectionCounts);

impl<'a> UnderWay<'a> {
    fn count(counts: &'a ConnectionCounts) -> Self {
        counts.requests.fetch_add(1, Ordering::Relaxed);
        Self(counts)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Exchanges {
    /// Answers requests with `router`; requests that `is_webhook` knows take the reserved places.
    pub(super) fn new(
        router: Router,
        limits: Limits,
        is_webhook: IsWebhook,
        counts: Arc<ConnectionCounts>,
    ) -> Arc<Self> {
        let processors = available_parallelism().map_or(1, NonZero::get);
        let starts = Semaphore::new(processors.div_ceil(2));
        Arc::new(Self { router, seats: Seats::new(limits), is_webhook, counts, starts })
    }

    /// Answers a request of the connection on `seat`.
    pub(super) async fn answer(
        self: Arc<Self>,
        seat: Arc<Seat>,
        request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        seat.sent().await;
        let class = match (self.is_webhook)(request.method(), request.uri()) {
            true => Class::Webhook,
            false => Class::General,
        };
        let limits = self.seats.limits();
        let client = limits.clients.of_request(seat.peer, request.headers());
        let has_body = !http_body::Body::is_end_stream(request.body());
        if let Err(reason) = seat.begin(class, Some(client), has_body) {
            self.counts.refused.count(reason);
            tracing::debug!(reason = reason.word(), "a request was refused");
            return Ok(refusal());
        }
        let under_way = UnderWay::count(&self.counts);
        let reading = Arc::new(Reading { waits: AtomicBool::new(has_body), is_late: AtomicBool::new(false) });
        let request = request.map(|inner| Arriving {
            inner,
            seat: Arc::clone(&seat),
            reading: Arc::clone(&reading),
            deadline: Box::pin(sleep(limits.body_timeout + GRACE)),
        });
        let answering = TowerToHyperService::new(self.router.clone()).call(request);
        let answer = match class {
            Class::Webhook => answering.await,
            Class::General => begin(&self.starts, answering).await,
        };
        reading.waits.store(false, Ordering::Release);
        drop(under_way);
        let answer = match reading.is_late.load(Ordering::Acquire) {
            true => Ok((StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")]).into_response()),
            false => answer,
        };
        seat.answers();
        answer.map(|answer| answer.map(|inner| Body::new(Leaving { inner, seat })))
    }
}

/// Runs a future that may begin when `starts` has a permit. The future keeps the permit until it waits for something.
async fn begin<T>(starts: &Semaphore, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    // Nobody closes the semaphore.
    let permit = starts.acquire().await;
    let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    drop(permit);
    match first {
        Poll::Ready(ended) => ended,
        Poll::Pending => future.await,
    }
}

/// The answer to a request without a place.
fn refusal() -> Response {
    let mut refusal = StatusCode::SERVICE_UNAVAILABLE.into_response();
    refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    refusal.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    refusal
}

/// How far the body of a request has come.
struct Reading {
    /// Whether the answer waits for it.
    waits: AtomicBool,
    /// Whether it took too long.
    is_late: AtomicBool,
}

/// The body of a request, which must have come by a deadline.
struct Arriving {
    inner: Incoming,
    seat: Arc<Seat>,
    reading: Arc<Reading>,
    deadline: Pin<Box<Sleep>>,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        let Poll::Ready(frame) = frame else {
            return self.deadline.as_mut().poll(cx).map(|()| {
                self.reading.is_late.store(true, Ordering::Release);
                Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))
            });
        };
        let is_whole = !matches!(frame, Some(Ok(_))) || self.inner.is_end_stream();
        if is_whole && self.reading.waits.swap(false, Ordering::AcqRel) {
            self.seat.works();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer, which notes when its last byte is in the buffers of the connection.
struct Leaving {
    inner: Body,
    seat: Arc<Seat>,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.seat.is_answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_waits_lets_the_next_begin() {
        let starts = Semaphore::new(1);
        let mut first = pin!(begin(&starts, std::future::pending::<()>()));
        assert!(poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx))).await.is_pending());
        assert_eq!(begin(&starts, async { starts.available_permits() }).await, 0, "it holds the permit");
        assert_eq!(starts.available_permits(), 1);
    }
}
