//! Tells success from failure, and what error an answer is: pure functions over status, headers and body.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::Json;
use crate::connector::Connector;
use crate::error::{Class, Error, Parts, Violation};
use crate::error_body;
use crate::json::look_up;
use crate::operation::{Operation, Returns};
use crate::rate_limit;
use crate::request::Request;
use crate::success::Success;
use crate::text;
use crate::transport::{Sent, TransportError};

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    /// The data, typed. For an untyped call the same as [`Reply::json`].
    pub data: T,
    /// The data as the API sent it, byte for byte; `null` where it sent none.
    pub json: Json,
    /// What of the data could not be read into its type without loss: the path of each value, such as
    /// `[3].custom_url.url`, and a message without the value. The field is empty, and its JSON stands under its name in the
    /// `extra` of its record. Empty for an untyped call.
    pub unreadable: Vec<Violation>,
    /// What the API says about the data, such as paging.
    pub meta: Option<Json>,
    /// HTTP status: 2xx, or 404 of a deletion that was sent again and had been carried out the first time.
    pub status: u16,
    /// The API's own id of the request.
    pub request_id: Option<String>,
}

/// What came back, before anybody looked at it.
pub(crate) type Answer = http::Response<Bytes>;

/// Tells success from the error that an answer may be.
pub(crate) fn judge(
    connector: &Connector,
    request: &Request,
    answer: Answer,
    now: Timestamp,
) -> Result<Success, Error> {
    let operation = request.operation();
    let request_id = request_id(operation, answer.headers());
    let status = answer.status();
    if is_refusal(status) {
        return Err(refusal(connector, request, &answer, request_id, now));
    }
    Ok(Success { operation, status: status.as_u16(), request_id, body: Some(answer.into_body()) })
}

/// What a request comes to that has no answer, or one that cannot be read. The status of an answer counts more than its
/// body: a refusal is that refusal, and a deletion needs no body.
pub(crate) fn judge_failure(
    connector: &Connector,
    request: &Request,
    failure: TransportError,
    now: Timestamp,
) -> Result<Success, Error> {
    let operation = request.operation();
    let Some((status, headers)) = failure.head() else { return Err(unanswered(request, failure)) };
    if is_refusal(status) || operation.returns == Returns::Nothing {
        let mut answer = Answer::default();
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers.clone());
        return judge(connector, request, answer, now);
    }
    let request_id = request_id(operation, headers);
    let parts = Parts { status: Some(status.as_u16()), request_id, ..of_failure(failure) };
    Err(Error::new(Class::Decode, operation, parts))
}

/// The error of a request of whose answer not even the status was read.
fn unanswered(request: &Request, failure: TransportError) -> Error {
    let operation = request.operation();
    if failure.unreadable.is_some() {
        return Error::new(Class::Decode, operation, of_failure(failure));
    }
    let (class, retryable) = match failure.sent {
        Sent::No => (Class::TransportUnsent, true),
        Sent::Maybe => (Class::TransportUnknownOutcome, request.is_repeatable()),
    };
    let check_first = operation.check_first.filter(|_| !retryable);
    let open = failure.sent == Sent::Maybe;
    Error::new(class, operation, Parts { retryable, check_first, open, ..of_failure(failure) })
}

fn of_failure(failure: TransportError) -> Parts {
    Parts { detail: failure.what.to_owned(), source: Some(failure.into()), ..Parts::default() }
}

fn is_refusal(status: StatusCode) -> bool {
    !status.is_success() || status == StatusCode::MULTI_STATUS
}

fn refusal(
    connector: &Connector,
    request: &Request,
    answer: &Answer,
    request_id: Option<String>,
    now: Timestamp,
) -> Error {
    let operation = request.operation();
    let status = answer.status().as_u16();
    let limit = &connector.rate_limit;
    let refusal = rate_limit::refusal(limit, status, answer.headers(), now);
    let class = match refusal {
        Some(Some(_)) => Class::RateLimitedWindow,
        Some(None) => Class::RateLimitedOverload,
        None => class(status),
    };
    let retryable = is_retryable(class, status, request);
    let retry_after = match refusal {
        Some(wait) => Some(wait.unwrap_or(limit.overload_wait)),
        None => rate_limit::own_wait(limit, answer.headers(), now).filter(|_| retryable),
    };
    let open = matches!(class, Class::Server | Class::Unavailable) && refusal.is_none();
    // A refusal of what is there already may be the trace of an earlier identical call.
    let is_duplicate = matches!(status, 409 | 422 | 507) && refusal.is_none();
    let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (api_message, violations) =
        error_body::read(connector, operation.api.errors, media_type, answer.body());
    let parts = Parts {
        detail: format!("the API answered {status}"),
        status: Some(status),
        request_id,
        retry_after,
        retryable,
        check_first: operation.check_first.filter(|_| is_duplicate || (open && !retryable)),
        open,
        api_message,
        violations,
        is_past_end: is_past_end(operation, status, answer.body()),
        ..Parts::default()
    };
    Error::new(class, operation, parts)
}

/// Whether this is what the manifest declares as the answer behind the last page of a list.
fn is_past_end(operation: &Operation, status: u16, body: &[u8]) -> bool {
    let declared = operation.paging.map(|paging| paging.past_end).unwrap_or_default();
    let has = |path: &str, code: &str| {
        let body: Option<serde_json::Value> = serde_json::from_slice(text::without_mark(body)).ok();
        match body.as_ref().and_then(|body| look_up(body, path)) {
            Some(serde_json::Value::String(text)) => text == code,
            Some(serde_json::Value::Number(number)) => number.to_string() == code,
            _ => false,
        }
    };
    declared.iter().any(|past| past.status == status && past.code.is_none_or(|(path, code)| has(path, code)))
}

fn class(status: u16) -> Class {
    match status {
        207 => Class::Partial,
        401 => Class::AuthRevoked,
        403 => Class::AuthScope,
        404 | 410 => Class::NotFound,
        409 => Class::Conflict,
        413 => Class::TooLarge,
        423 => Class::Locked,
        400..=499 => Class::Validation,
        503 => Class::Unavailable,
        507 => Class::PlanLimit,
        500..=599 => Class::Server,
        _ => Class::Decode,
    }
}

fn is_retryable(class: Class, status: u16, request: &Request) -> bool {
    match class {
        Class::RateLimitedWindow | Class::RateLimitedOverload | Class::Locked => true,
        Class::Server | Class::Unavailable => !matches!(status, 501 | 505) && request.is_repeatable(),
        _ => false,
    }
}

fn request_id(operation: &Operation, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(operation.api.request_id?)?;
    // Bounded: it is shown in errors, and whoever answers chooses it.
    Some(value.to_str().ok()?.chars().take(128).collect())
}
