//! The ways in which the API can be made to fail, and the queue of failures to come.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::response::Response;
use http::StatusCode;
use http_body::{Frame, SizeHint};
use serde_json::json;

use crate::answer::{self, ApiError};
use crate::api_path::ApiVersion;

/// One way in which a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 without any rate header: the platform is under load and the store's quota says nothing about it.
    OverloadedWithoutHeaders,
    /// 500 from the application; the request counts against the quota but was not carried out.
    InternalServerError,
    /// 500 that stands in for a 429: too many requests at a time. It counts, and was not carried out.
    ThrottledWith500,
    /// 502 with an HTML page from the proxy in front of the API.
    BadGatewayPage,
    /// 503 as a store answers that has been suspended, with a JSON body in the v3 shape.
    StoreSuspended,
    /// 403 as for a token that lacks the scope; counts against the quota.
    Forbidden,
    /// 503 for a while: the API is being maintained. Neither counts nor was carried out.
    ServiceUnavailable,
    /// 504 from the proxy in front of the API, although the request was carried out.
    GatewayTimeout,
    /// The true answer, after so many milliseconds of the store's clock.
    Slow {
        /// How long it takes.
        milliseconds: u32,
    },
    /// A product or brand is saved, its URL is not: 207. Other requests are answered as ever.
    UrlNotSaved,
    /// Status 200 with an HTML page where JSON was due.
    HtmlPage,
    /// The true answer, cut off: `Content-Length` promises the whole body, half of it is sent, and the
    /// connection closes. The request was carried out.
    TruncatedBody,
    /// No answer at all, not even headers, although the request was carried out. It lasts until the client
    /// goes away; a shutdown of the sandbox ends it with a 503.
    Hang,
}

/// Where a fault arises, which decides whether the quota and the resource see the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// In front of the API: the request neither counts nor carries rate headers.
    Edge,
    /// In the API: the request counts, its resource is not reached.
    Application,
    /// On the way back: the request was carried out.
    Delivery,
}

impl Fault {
    /// Where this fault arises.
    pub(crate) fn stage(self) -> Stage {
        match self {
            Self::OverloadedWithoutHeaders
            | Self::BadGatewayPage
            | Self::StoreSuspended
            | Self::ServiceUnavailable
            | Self::HtmlPage => Stage::Edge,
            Self::InternalServerError | Self::ThrottledWith500 | Self::Forbidden => Stage::Application,
            Self::TruncatedBody
            | Self::Hang
            | Self::GatewayTimeout
            | Self::Slow { .. }
            | Self::UrlNotSaved => Stage::Delivery,
        }
    }

    /// The name of this fault in the control API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Slow { .. } => "slow",
            other => NAMES.iter().find(|(_, fault)| *fault == other).map_or("", |(name, _)| name),
        }
    }

    /// The fault of this name; `milliseconds` is how long a slow answer takes.
    pub(crate) fn named(name: &str, milliseconds: u32) -> Option<Self> {
        if name == "slow" {
            return Some(Self::Slow { milliseconds });
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
    }

    /// The answer that stands in for the true one; `None` for the faults of delivery.
    pub(crate) fn answer(self, version: ApiVersion) -> Option<Response> {
        let error = |status, title| Some(ApiError::new(status, title).in_version(version));
        match self {
            Self::OverloadedWithoutHeaders => Some(answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({}))),
            Self::InternalServerError => {
                error(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be finished.")
            }
            Self::ThrottledWith500 => error(StatusCode::INTERNAL_SERVER_ERROR, "Too many requests."),
            Self::ServiceUnavailable => error(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Self::BadGatewayPage => Some(answer::html(StatusCode::BAD_GATEWAY, BAD_GATEWAY_PAGE)),
            Self::StoreSuspended => {
                let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "This store is suspended.");
                Some(error.in_version(ApiVersion::V3))
            }
            Self::Forbidden => {
                error(StatusCode::FORBIDDEN, "The access token lacks a scope for this request.")
            }
            Self::HtmlPage => Some(answer::html(StatusCode::OK, MAINTENANCE_PAGE)),
            Self::TruncatedBody
            | Self::Hang
            | Self::GatewayTimeout
            | Self::Slow { .. }
            | Self::UrlNotSaved => None,
        }
    }
}

/// The names of the faults that need no further word.
const NAMES: &[(&str, Fault)] = &[
    ("overloaded_without_headers", Fault::OverloadedWithoutHeaders),
    ("internal_server_error", Fault::InternalServerError),
    ("throttled_with_500", Fault::ThrottledWith500),
    ("bad_gateway_page", Fault::BadGatewayPage),
    ("store_suspended", Fault::StoreSuspended),
    ("service_unavailable", Fault::ServiceUnavailable),
    ("gateway_timeout", Fault::GatewayTimeout),
    ("forbidden", Fault::Forbidden),
    ("html_page", Fault::HtmlPage),
    ("truncated_body", Fault::TruncatedBody),
    ("hang", Fault::Hang),
    ("url_not_saved", Fault::UrlNotSaved),
];

const BAD_GATEWAY_PAGE: &str = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n\
    <center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";

const MAINTENANCE_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head><title>One moment, please</title></head>\n\
    <body><p>This page is being prepared.</p></body>\n</html>\n";

/// The faults to come, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    queue: VecDeque<(Fault, u32)>,
}

impl FaultQueue {
    /// Adds `fault`, to happen `times` times after everything that is queued already.
    pub(crate) fn push(&mut self, fault: Fault, times: u32) {
        if times > 0 {
            self.queue.push_back((fault, times));
        }
    }

    /// Forgets every fault that has not happened yet.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// The faults to come, each with how often it is to happen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fault, u32)> {
        self.queue.iter().copied()
    }

    /// The next fault, which stays in the queue.
    pub(crate) fn peek(&self) -> Option<Fault> {
        self.queue.front().map(|(fault, _)| *fault)
    }

    /// Takes the next fault.
    pub(crate) fn pop(&mut self) -> Option<Fault> {
        let (fault, times) = self.queue.front_mut()?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            self.queue.pop_front();
        }
        Some(fault)
    }
}

/// Cuts the body of `response` in half, under a length that still promises the whole.
pub(crate) async fn truncated(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    let state = CutState::Unsent(half);
    Response::from_parts(parts, Body::new(CutBody { promised: whole.len(), state }))
}

/// A body that breaks off.
struct CutBody {
    promised: usize,
    state: CutState,
}

enum CutState {
    Unsent(Bytes),
    Flushing,
    Broken,
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match std::mem::replace(&mut self.state, CutState::Broken) {
            CutState::Unsent(half) => {
                self.state = CutState::Flushing;
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            // The server flushes only when the body has nothing ready, and an error discards what waits.
            CutState::Flushing => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            CutState::Broken => Poll::Ready(Some(Err(BrokenOff))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised as u64)
    }
}

/// The error with which a cut body tells the server to close the connection.
#[derive(Debug)]
struct BrokenOff;

impl Display for BrokenOff {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("the body breaks off, as asked for")
    }
}

impl Error for BrokenOff {}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultQueue, NAMES, Stage};
    use crate::api_path::ApiVersion;

    #[test]
    fn hands_out_faults_in_order_and_as_often_as_asked() {
        let mut queue = FaultQueue::default();
        queue.push(Fault::Hang, 2);
        queue.push(Fault::Forbidden, 0);
        queue.push(Fault::HtmlPage, 1);
        assert_eq!(queue.peek(), Some(Fault::Hang));
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(taken, [Fault::Hang, Fault::Hang, Fault::HtmlPage]);
        assert_eq!(queue.peek(), None);
    }

    #[test]
    fn forgets_what_is_cleared() {
        let mut queue = FaultQueue::default();
        queue.push(Fault::Hang, 2);
        queue.clear();
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn every_fault_but_those_of_delivery_stands_in_for_the_answer() {
        for fault in NAMES.iter().map(|(_, fault)| *fault).chain([Fault::Slow { milliseconds: 1 }]) {
            assert_eq!(Fault::named(fault.name(), 1), Some(fault));
            let stands_in = fault.answer(ApiVersion::V3).is_some();
            assert_eq!(stands_in, fault.stage() != Stage::Delivery, "{fault:?}");
        }
    }
}
