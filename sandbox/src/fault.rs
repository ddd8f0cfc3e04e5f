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
use crate::rate::Rate;
use crate::seed::random::Random;

/// One way in which a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 without any rate header: the platform is under load and the store's quota says nothing about it.
    OverloadedWithoutHeaders,
    /// 429 with all rate headers, `X-Retry-After` among them, although the quota is not used up: some limit other than
    /// the store's quota turned the request away. It counts, and was not carried out.
    LimitedWithQuotaLeft,
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
    /// The faults that pass by themselves, as they are drawn at a rate: no answer hangs, nothing says that
    /// the store or the token is no longer good, and none asks for the wait of a whole window.
    pub const PASSING: [Self; 8] = [
        Self::OverloadedWithoutHeaders,
        Self::InternalServerError,
        Self::ThrottledWith500,
        Self::BadGatewayPage,
        Self::ServiceUnavailable,
        Self::GatewayTimeout,
        Self::HtmlPage,
        Self::TruncatedBody,
    ];

    /// Every fault, `slow` with one second.
    pub fn all() -> impl Iterator<Item = Self> {
        let slow = Self::Slow { milliseconds: 1_000 };
        KNOWN.iter().map(|(_, fault, _)| *fault).chain([slow])
    }

    /// The passing fault that the request of this number meets at this rate in the store of this seed, if any.
    pub(crate) fn drawn(seed: u64, request: u64, rate: Rate) -> Option<Self> {
        // Apart from the numbers of the store and its token. One number decides whether, the next one which, so
        // that a higher rate adds faults and changes none.
        let mut random = Random::new(seed.rotate_left(32) ^ request.wrapping_mul(0xd134_2543_de82_ef95));
        let happens = rate.includes(random.next());
        let which = random.below(Self::PASSING.len() as u64) as usize;
        happens.then(|| Self::PASSING[which])
    }

    /// Where this fault arises.
    pub(crate) fn stage(self) -> Stage {
        match self {
            Self::OverloadedWithoutHeaders
            | Self::BadGatewayPage
            | Self::StoreSuspended
            | Self::ServiceUnavailable
            | Self::HtmlPage => Stage::Edge,
            Self::LimitedWithQuotaLeft
            | Self::InternalServerError
            | Self::ThrottledWith500
            | Self::Forbidden => Stage::Application,
            Self::TruncatedBody
            | Self::Hang
            | Self::GatewayTimeout
            | Self::Slow { .. }
            | Self::UrlNotSaved => Stage::Delivery,
        }
    }

    /// The name of this fault in the control API.
    pub fn name(self) -> &'static str {
        self.known().map_or("slow", |(name, ..)| name)
    }

    /// What this fault looks like, in a few words.
    pub fn summary(self) -> &'static str {
        self.known().map_or("the true answer, late", |(.., summary)| summary)
    }

    fn known(self) -> Option<&'static (&'static str, Self, &'static str)> {
        KNOWN.iter().find(|(_, fault, _)| *fault == self)
    }

    /// The fault of this name; `milliseconds` is how long a slow answer takes.
    pub fn named(name: &str, milliseconds: u32) -> Option<Self> {
        if name == "slow" {
            return Some(Self::Slow { milliseconds });
        }
        KNOWN.iter().find(|(known, ..)| *known == name).map(|(_, fault, _)| *fault)
    }

    /// The answer that stands in for the true one; `None` for the faults of delivery.
    pub(crate) fn answer(self, version: ApiVersion) -> Option<Response> {
        let error = |status, title| Some(ApiError::new(status, title).in_version(version));
        match self {
            Self::OverloadedWithoutHeaders => Some(answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({}))),
            Self::LimitedWithQuotaLeft => {
                let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
                Some(error.in_version(ApiVersion::V3))
            }
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
            Self::Forbidden => Some(answer::missing_scope(version)),
            Self::HtmlPage => Some(answer::html(StatusCode::OK, MAINTENANCE_PAGE)),
            Self::TruncatedBody
            | Self::Hang
            | Self::GatewayTimeout
            | Self::Slow { .. }
            | Self::UrlNotSaved => None,
        }
    }
}

/// The faults that need no further word: name in the control API, fault, and what it looks like.
const KNOWN: &[(&str, Fault, &str)] = &[
    ("overloaded_without_headers", Fault::OverloadedWithoutHeaders, "429 without any rate header"),
    (
        "limited_with_quota_left",
        Fault::LimitedWithQuotaLeft,
        "429 with rate headers that show quota left, not carried out",
    ),
    ("internal_server_error", Fault::InternalServerError, "500, not carried out"),
    ("throttled_with_500", Fault::ThrottledWith500, "500 in place of a 429"),
    ("bad_gateway_page", Fault::BadGatewayPage, "502 with an HTML page"),
    ("store_suspended", Fault::StoreSuspended, "503, the store is suspended"),
    ("service_unavailable", Fault::ServiceUnavailable, "503 for a while"),
    ("gateway_timeout", Fault::GatewayTimeout, "504 although it was carried out"),
    ("forbidden", Fault::Forbidden, "403, the token lacks the scope"),
    ("html_page", Fault::HtmlPage, "200 with an HTML page"),
    ("truncated_body", Fault::TruncatedBody, "the true answer, cut in half"),
    ("hang", Fault::Hang, "no answer at all"),
    ("url_not_saved", Fault::UrlNotSaved, "207, saved without its URL"),
];

const BAD_GATEWAY_PAGE: &str = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n\
    <center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";

const MAINTENANCE_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head><title>One moment, please</title></head>\n\
    <body><p>This page is being prepared.</p></body>\n</html>\n";

/// The faults to come, in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct FaultQueue<F = Fault> {
    queue: VecDeque<(F, u32)>,
}

impl<F> Default for FaultQueue<F> {
    fn default() -> Self {
        Self { queue: VecDeque::new() }
    }
}

impl<F: Copy> FaultQueue<F> {
    /// Adds `fault`, to happen `times` times after everything that is queued already.
    pub(crate) fn push(&mut self, fault: F, times: u32) {
        if times > 0 {
            self.queue.push_back((fault, times));
        }
    }

    /// Forgets every fault that has not happened yet.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// The faults to come, each with how often it is to happen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (F, u32)> {
        self.queue.iter().copied()
    }

    /// The next fault, which stays in the queue.
    pub(crate) fn peek(&self) -> Option<F> {
        self.queue.front().map(|(fault, _)| *fault)
    }

    /// Takes the next fault.
    pub(crate) fn pop(&mut self) -> Option<F> {
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
    use super::{Fault, FaultQueue, Rate, Stage};
    use crate::api_path::ApiVersion;

    #[test]
    fn hands_out_faults_in_order_and_as_often_as_asked() {
        let mut queue = FaultQueue::<Fault>::default();
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
        let mut queue = FaultQueue::<Fault>::default();
        queue.push(Fault::Hang, 2);
        queue.clear();
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn every_fault_but_those_of_delivery_stands_in_for_the_answer() {
        for fault in Fault::all() {
            assert_eq!(Fault::named(fault.name(), 1_000), Some(fault));
            assert!(!fault.summary().is_empty());
            let stands_in = fault.answer(ApiVersion::V3).is_some();
            assert_eq!(stands_in, fault.stage() != Stage::Delivery, "{fault:?}");
        }
    }

    #[test]
    fn a_rate_draws_its_share_and_a_higher_one_only_adds() {
        let drawn = |seed, share| -> Vec<Option<Fault>> {
            let rate = Rate::new(share).expect("a rate");
            (0..1_000).map(|request| Fault::drawn(seed, request, rate)).collect()
        };
        let (few, many) = (drawn(7, 0.1), drawn(7, 0.5));
        let count = |faults: &[Option<Fault>]| faults.iter().flatten().count();
        assert!((80..120).contains(&count(&few)), "{}", count(&few));
        assert!((460..540).contains(&count(&many)), "{}", count(&many));
        assert!(few.iter().zip(&many).all(|(few, many)| few.is_none() || few == many));
        assert!(Fault::PASSING.iter().all(|fault| many.contains(&Some(*fault))));
        assert_ne!(few, drawn(8, 0.1));
        assert_eq!(count(&drawn(7, 0.0)), 0);
    }
}
