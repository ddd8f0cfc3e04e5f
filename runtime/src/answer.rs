//! Tells success from failure, and what error an answer is: pure functions over status, headers and body.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::Json;
use crate::connector::{Connector, ErrorShape};
use crate::error::{Class, Error, Parts, Violation};
use crate::json::look_up;
use crate::operation::Operation;
use crate::rate_limit;
use crate::request::Request;
use crate::success::Success;

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    /// The data, typed. For an untyped call the same as [`Reply::json`].
    pub data: T,
    /// The data as the API sent it, byte for byte; `null` where it sent none.
    pub json: Json,
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
    if !status.is_success() || status == StatusCode::MULTI_STATUS {
        return Err(refusal(connector, request, &answer, request_id, now));
    }
    Ok(Success { operation, status: status.as_u16(), request_id, body: Some(answer.into_body()) })
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
    let may_be_done = matches!(class, Class::Server | Class::Unavailable) && !retryable;
    let (api_message, violations) = api_error(operation.api.errors, answer.body());
    let parts = Parts {
        detail: format!("the API answered {status}"),
        status: Some(status),
        request_id,
        retry_after,
        retryable,
        check_first: operation.check_first.filter(|_| may_be_done),
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
        let body: Option<serde_json::Value> = serde_json::from_slice(body).ok();
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

/// The API's own message and its findings by field, from an object or a list of them, whichever came; nothing where
/// the body has another shape.
fn api_error(shape: ErrorShape, body: &[u8]) -> (Option<String>, Vec<Violation>) {
    let (ErrorShape::Object { message, fields } | ErrorShape::List { message, fields }) = shape;
    let objects = match serde_json::from_slice(body) {
        Ok(serde_json::Value::Array(items)) => items,
        Ok(other) => vec![other],
        Err(_) => return (None, Vec::new()),
    };
    let mut messages = Vec::new();
    let mut violations = Vec::new();
    for object in &objects {
        messages.extend(object.get(message).map(text));
        match object.get(fields) {
            Some(serde_json::Value::Object(fields)) => {
                violations
                    .extend(fields.iter().map(|(field, what)| Violation::new(field.clone(), text(what))));
            }
            Some(serde_json::Value::Array(items)) => {
                violations.extend(items.iter().map(|what| Violation::new(String::new(), text(what))));
            }
            _ => {}
        }
    }
    ((!messages.is_empty()).then(|| messages.join("; ")), violations)
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn request_id(operation: &Operation, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(operation.api.request_id?)?;
    // Bounded: it is shown in errors, and whoever answers chooses it.
    Some(value.to_str().ok()?.chars().take(128).collect())
}
