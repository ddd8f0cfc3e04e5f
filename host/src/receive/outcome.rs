//! What became of a delivery: the status that answers it, and the words by which it is counted.

use axum::body::Body;
use axum::response::Response;
use connector_runtime::NoEvent;
use http::header::{ALLOW, CONNECTION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::storage::StorageErrorKind;

/// When a sender should come back who could not be served, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("10");

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything it starts is on disk, whether since now or before.
    Accepted {
        /// Activations that were new.
        new: usize,
        /// Activations that were known.
        repeated: usize,
    },
    /// It was verified, and its connection wants nothing of it.
    Unwanted,
    /// It was verified and for the host itself, which has acted on it.
    Service,
    /// It was not verified, for this reason.
    Rejected(&'static str),
    /// It was verified, and is no event.
    NoEvent(&'static str),
    /// There is no connection of this key.
    UnknownConnection,
    /// There is nothing at this address.
    UnknownPath,
    /// It is no POST.
    WrongMethod,
    /// It has more bytes than a body may have.
    TooLarge,
    /// The body took too long.
    SlowBody,
    /// The body broke off.
    BrokenBody,
    /// Its connection cannot be used; only the operator can mend that.
    Unusable,
    /// It could not be stored, for this reason.
    Unavailable(&'static str),
}

/// Every word for an outcome and what it stands for, as the documentation lists them.
pub(crate) const OUTCOMES: &[(&str, u16, &str)] = &[
    ("accepted", 200, "everything it starts is on disk"),
    ("unwanted", 200, "verified, and no trigger of the connection wants it"),
    ("service", 200, "verified and for the host itself: it is uninstalled, or deliveries fail"),
    ("rejected", 401, "not verified; the reason is the step that failed"),
    ("no_event", 400, "verified, and the body is no event"),
    ("unknown_connection", 404, "no connection has this address"),
    ("unknown_path", 404, "there is nothing at this address"),
    ("wrong_method", 405, "no POST"),
    ("too_large", 413, "the body is larger than 1 MiB"),
    ("slow_body", 408, "the body took too long"),
    ("broken_body", 400, "the body broke off, or is not framed as HTTP says"),
    ("unusable", 503, "the connection's secrets cannot be opened, or its app is not configured"),
    ("unavailable", 503, "it could not be stored; the reason is what the storage said"),
];

impl Outcome {
    /// A delivery that storage did not take.
    pub(super) fn unavailable(kind: StorageErrorKind) -> Self {
        Self::Unavailable(match kind {
            StorageErrorKind::Full => "full",
            StorageErrorKind::Locked => "locked",
            StorageErrorKind::QueueFull => "queue_full",
            StorageErrorKind::Corrupt => "corrupt",
            StorageErrorKind::Replaced => "replaced",
            _ => "other",
        })
    }

    /// A verified delivery that is no event.
    pub(super) fn no_event(fault: NoEvent) -> Self {
        Self::NoEvent(match fault {
            NoEvent::NotAnObject => "not_an_object",
            NoEvent::NoName => "no_name",
            NoEvent::NoAccount => "no_account",
            _ => "other",
        })
    }

    /// The word for metrics and logs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Unwanted => "unwanted",
            Self::Service => "service",
            Self::Rejected(_) => "rejected",
            Self::NoEvent(_) => "no_event",
            Self::UnknownConnection => "unknown_connection",
            Self::UnknownPath => "unknown_path",
            Self::WrongMethod => "wrong_method",
            Self::TooLarge => "too_large",
            Self::SlowBody => "slow_body",
            Self::BrokenBody => "broken_body",
            Self::Unusable => "unusable",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The reason for metrics and logs; empty where the word says all.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(reason) | Self::NoEvent(reason) | Self::Unavailable(reason) => reason,
            _ => "",
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Accepted { .. } | Self::Unwanted | Self::Service => StatusCode::OK,
            Self::Rejected(_) => StatusCode::UNAUTHORIZED,
            Self::NoEvent(_) | Self::BrokenBody => StatusCode::BAD_REQUEST,
            Self::UnknownConnection | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Unusable | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether all of the body has been read, or nobody should read on.
    pub(super) fn has_read_body(&self) -> bool {
        match self {
            Self::Accepted { .. } | Self::Unwanted | Self::Service => true,
            Self::Rejected(_) | Self::NoEvent(_) => true,
            // Whoever is slow or broken is not waited for.
            Self::SlowBody | Self::BrokenBody => true,
            _ => false,
        }
    }

    /// The answer: a status, no body, and as few headers as can be.
    pub(super) fn response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self {
            Self::TooLarge | Self::SlowBody | Self::BrokenBody => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::WrongMethod => _ = headers.insert(ALLOW, HeaderValue::from_static("POST")),
            Self::Unusable | Self::Unavailable(_) => _ = headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS),
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_words_says_what_is_answered() {
        let all = [
            Outcome::Accepted { new: 1, repeated: 0 },
            Outcome::Unwanted,
            Outcome::Service,
            Outcome::Rejected("stale"),
            Outcome::no_event(NoEvent::NoName),
            Outcome::UnknownConnection,
            Outcome::UnknownPath,
            Outcome::WrongMethod,
            Outcome::TooLarge,
            Outcome::SlowBody,
            Outcome::BrokenBody,
            Outcome::Unusable,
            Outcome::unavailable(StorageErrorKind::Full),
        ];
        let told: Vec<(&str, u16)> = OUTCOMES.iter().map(|(word, status, _)| (*word, *status)).collect();
        let real: Vec<(&str, u16)> =
            all.iter().map(|outcome| (outcome.word(), outcome.status().as_u16())).collect();
        assert_eq!(told, real);
    }

    #[test]
    fn only_what_is_on_disk_or_unwanted_is_acknowledged() {
        for (word, status, _) in OUTCOMES {
            assert_eq!(*status == 200, ["accepted", "unwanted", "service"].contains(word), "{word}");
        }
    }
}
