//! What a workflow gets of a call that failed: problem details (RFC 9457) with the class, and an HTTP status that follows from
//! it. The list below is the table of the documentation.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use connector_runtime::{Class, Error};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::advice::earlier;
use crate::failure::{milliseconds, violations};
use crate::members::Members;

/// The class of what this host refuses, the status, and what to do.
type Answer = (&'static str, u16, &'static str);

pub(super) const BAD_REQUEST: Answer =
    ("bad_request", 400, "Correct the header or the body that `detail` names.");
pub(super) const WRONG_TOKEN: Answer = ("wrong_token", 401, "Send `Authorization: Bearer TOKEN`.");
pub(super) const NO_TOKEN: Answer =
    ("no_token", 403, "Set `admin.token_file` or `CONNECTOR_ADMIN_TOKEN`: without a token nobody may act.");
pub(super) const UNKNOWN_CONNECTION: Answer =
    ("unknown_connection", 404, "`connector connections list` shows them; it may have been disconnected.");
pub(super) const UNKNOWN_ACTION: Answer = ("unknown_action", 404, "`connector catalog` lists them.");
pub(super) const SLOW_BODY: Answer = ("slow_body", 408, "Send the body within `limits.body_timeout`.");
pub(super) const WRONG_MEDIA_TYPE: Answer =
    ("wrong_media_type", 415, "Send `Content-Type: application/json`.");
pub(super) const FAILED: Answer =
    ("failed", 500, "Look whether it was carried out, and at the log of the service.");
pub(super) const UNUSABLE: Answer =
    ("unusable", 503, "Mend the keys or the app of the connection, as the log of the service says.");
pub(super) const STOPPING: Answer = ("stopping", 503, "Call again in a moment; nothing was sent.");

/// What this host refuses by itself.
#[cfg(test)]
const OWN: [Answer; 10] = [
    BAD_REQUEST,
    WRONG_TOKEN,
    NO_TOKEN,
    UNKNOWN_CONNECTION,
    UNKNOWN_ACTION,
    SLOW_BODY,
    WRONG_MEDIA_TYPE,
    FAILED,
    UNUSABLE,
    STOPPING,
];

/// The status for a class of the runtime, and what to do. `retryable` says whether to call again, and not the status.
fn of_class(class: Class) -> (u16, &'static str) {
    match class {
        Class::AuthRevoked => {
            (403, "Stop the workflows of this connection; connect the account again at `/connections`.")
        }
        Class::AuthScope => (403, "Approve the missing scope at the page of the connection."),
        Class::NotFound => (404, "Take the branch for \"not there\"."),
        Class::NotFoundEventual => (404, "Read it again after the wait; without one take it for deleted."),
        Class::Validation => (422, "Correct the input as `violations` says."),
        Class::Conflict => (409, "Read what is there, then update it or choose another name."),
        Class::TooLarge => (413, "Split the work into smaller calls."),
        Class::Locked => (423, "Wait and make the call again."),
        Class::RateLimitedWindow => (429, "Wait for `retry_after_ms`, then make the call again."),
        Class::RateLimitedOverload => (429, "Wait for `retry_after_ms`, longer each time."),
        Class::Server => (
            502,
            "Where `retryable` is true, wait and make the call again; else look whether it was carried out.",
        ),
        Class::Unavailable => (503, "As for `server`; tell a person when it lasts."),
        Class::PlanLimit => (507, "Tell the merchant: their plan allows no more."),
        Class::Partial => (409, "Read the resource, then do the part that is missing."),
        Class::TransportUnsent => (503, "Make the call again; the last attempt was not sent."),
        Class::TransportUnknownOutcome => {
            (504, "Where `retryable` is true, make the call again; else do what `check_first` says.")
        }
        Class::Decode => (
            502,
            "Report it. A write may have been executed: do what `check_first` says, or look, before you make the call again.",
        ),
        _ => (502, "Report it."),
    }
}

/// A failure with what is told of it.
pub(super) struct Problem {
    status: StatusCode,
    class: &'static str,
    retry_after: Option<Duration>,
    members: Members,
}

impl Problem {
    /// A call that failed.
    pub(super) fn of(error: &Error) -> Self {
        let class = error.class();
        let (status, next) = of_class(class);
        let found = violations(error).into_iter();
        let found: Vec<Members> = found
            .map(|(field, message)| Members::default().with("field", field).with("message", message))
            .collect();
        let members = Members::default()
            .with("action", error.action())
            .with("retryable", error.is_retryable())
            .with("retry_after_ms", error.retry_after().map(milliseconds))
            .with("vendor_status", error.status())
            .with("request_id", error.request_id())
            .with("api_message", error.api_message())
            .with("violations", found)
            .with("check_first", error.check_first())
            .with("earlier_attempt_may_have_been_executed", error.earlier_attempt_may_have_been_executed());
        let next = match earlier(error) {
            Some(earlier) => format!("{next} Before that: {earlier}"),
            None => next.to_owned(),
        };
        Self::with(class.as_str(), status, error.detail(), &next, members).after(error.retry_after())
    }

    /// What this host refuses by itself.
    pub(super) fn own((class, status, next): Answer, detail: &str) -> Self {
        Self::with(class, status, detail, next, Members::default().with("retryable", false))
    }

    /// A body beyond the limit, which is as large as no call may be.
    pub(super) fn too_large(detail: &str) -> Self {
        let class = Class::TooLarge;
        let (status, next) = of_class(class);
        Self::with(class.as_str(), status, detail, next, Members::default().with("retryable", false))
    }

    fn with(class: &'static str, status: u16, detail: &str, next: &str, more: Members) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut members = Members::default()
            .with("title", status.canonical_reason().unwrap_or_default())
            .with("status", status.as_u16())
            .with("detail", detail)
            .with("class", class);
        members.append(more);
        Self { status, class, retry_after: None, members: members.with("next", next) }
    }

    fn after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The stable word.
    pub(super) fn class(&self) -> &'static str {
        self.class
    }

    /// The answer over HTTP.
    pub(super) fn response(self) -> Response {
        let kind = [(CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, self.members.to_json()).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            // Whole seconds, so that nobody comes back too early.
            headers.insert(RETRY_AFTER, HeaderValue::from(milliseconds(wait).div_ceil(1_000)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_a_row_for_each_class() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
        let page = std::fs::read_to_string(path).unwrap();
        let mut table = "| class | status | `next` |\n|---|---|---|\n".to_owned();
        let classes = Class::ALL.map(|class| (class.as_str(), of_class(class)));
        for (class, (status, next)) in classes {
            table.push_str(&format!("| `{class}` | {status} | {next} |\n"));
        }
        for (class, status, next) in OWN {
            table.push_str(&format!("| `{class}` | {status} | {next} |\n"));
        }
        assert!(page.contains(&table), "docs/serve.md must hold this table:\n\n{table}");
    }

    #[test]
    fn every_class_has_a_status_of_its_own_kind() {
        for class in Class::ALL {
            let (status, next) = of_class(class);
            assert!(StatusCode::from_u16(status).unwrap().canonical_reason().is_some(), "{class}");
            assert!(next != "Report it.", "{class} has no advice");
            // A workflow's own token is not to blame for what the API says of the connection's.
            assert_ne!(status, 401, "{class}");
        }
    }
}
