//! From an answer to data or an error: pure functions over status, headers and body.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::value::RawValue;

use crate::Json;
use crate::connector::{Connector, Envelope, ErrorShape, Operation};
use crate::decode::{Origin, decode};
use crate::error::{Class, Error, Parts, Violation};
use crate::rate_limit;
use crate::value::Value;

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    /// The data, typed. For an untyped call the same as [`Reply::json`].
    pub data: T,
    /// The data as the API sent it, byte for byte; `null` where it sent none.
    pub json: Json,
    /// What the API says about the data, such as paging.
    pub meta: Option<Json>,
    /// HTTP status, always 2xx.
    pub status: u16,
    /// The API's own id of the request.
    pub request_id: Option<String>,
}

/// What came back, before anybody looked at it.
pub(crate) type Answer = http::Response<Bytes>;

/// The data of a successful answer, or the error that the answer is.
pub(crate) fn read(
    connector: &Connector,
    operation: &'static Operation,
    answer: &Answer,
) -> Result<Reply<()>, Error> {
    let request_id = request_id(operation, answer.headers());
    let status = answer.status();
    if !status.is_success() || status == StatusCode::MULTI_STATUS {
        return Err(refusal(connector, operation, answer, request_id));
    }
    let (data, meta) = unwrap(operation.api.envelope, answer.body()).map_err(|(detail, source)| {
        let parts = Parts {
            detail,
            status: Some(status.as_u16()),
            request_id: request_id.clone(),
            source,
            ..Parts::default()
        };
        Error::new(Class::Decode, operation, parts)
    })?;
    Ok(Reply { data: (), json: data, meta, status: status.as_u16(), request_id })
}

/// The same reply with its data typed.
pub(crate) fn typed<T: Value>(operation: &'static Operation, reply: Reply<()>) -> Result<Reply<T>, Error> {
    let mut data = T::blank();
    let fail = |violations: Vec<Violation>, source: Option<serde_json::Error>| {
        let place = violations.first().map(|fault| format!(" at {fault}")).unwrap_or_default();
        let parts = Parts {
            detail: format!("the answer does not fit its type{place}"),
            status: Some(reply.status),
            request_id: reply.request_id.clone(),
            violations,
            source: source.map(Into::into),
            ..Parts::default()
        };
        Error::new(Class::Decode, operation, parts)
    };
    match decode(reply.json.as_str().as_bytes(), &mut data, Origin::Answer) {
        Ok(faults) if faults.is_empty() => {}
        Ok(faults) => return Err(fail(faults, None)),
        Err(source) => return Err(fail(Vec::new(), Some(source))),
    }
    Ok(Reply { data, json: reply.json, meta: reply.meta, status: reply.status, request_id: reply.request_id })
}

type Unwrapped = (Json, Option<Json>);
type Fault = (String, Option<Box<dyn std::error::Error + Send + Sync>>);

fn unwrap(envelope: Envelope, body: &[u8]) -> Result<Unwrapped, Fault> {
    let no_json = |source: serde_json::Error| {
        // Serde quotes what it found in place of an object, and the answer may hold personal data.
        if source.is_data() {
            return ("the answer is JSON, but no object".to_owned(), None);
        }
        let detail = match looks_like_html(body) {
            true => "the answer is an HTML page, not JSON".to_owned(),
            false => {
                format!("the answer is not whole JSON at line {} column {}", source.line(), source.column())
            }
        };
        (detail, Some(source.into()))
    };
    match envelope {
        Envelope::None => {
            let data: Box<RawValue> = serde_json::from_slice(body).map_err(no_json)?;
            Ok((data.into(), None))
        }
        Envelope::Object { data, meta } => {
            let mut object: BTreeMap<String, Box<RawValue>> =
                serde_json::from_slice(body).map_err(no_json)?;
            let found = object.remove(data).ok_or_else(|| (format!("the answer has no `{data}`"), None))?;
            Ok((found.into(), object.remove(meta).map(Json::from)))
        }
    }
}

fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

fn refusal(
    connector: &Connector,
    operation: &'static Operation,
    answer: &Answer,
    request_id: Option<String>,
) -> Error {
    let status = answer.status().as_u16();
    let wait = rate_limit::wait(&connector.rate_limit, answer.headers());
    let limited = status == connector.rate_limit.status;
    let class = if limited && wait.is_none() { Class::RateLimitedOverload } else { class(connector, status) };
    let retry_after: Option<Duration> = limited.then(|| wait.unwrap_or(connector.rate_limit.overload_wait));
    let (api_message, violations) = api_error(operation.api.errors, answer.body());
    let parts = Parts {
        detail: format!("the API answered {status}"),
        status: Some(status),
        request_id,
        retry_after,
        retryable: is_retryable(class, status, operation),
        api_message,
        violations,
        ..Parts::default()
    };
    Error::new(class, operation, parts)
}

fn class(connector: &Connector, status: u16) -> Class {
    match status {
        status if status == connector.rate_limit.status => Class::RateLimitedWindow,
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

fn is_retryable(class: Class, status: u16, operation: &Operation) -> bool {
    match class {
        Class::RateLimitedWindow | Class::RateLimitedOverload | Class::Locked => true,
        Class::Server | Class::Unavailable => {
            !matches!(status, 501 | 505) && operation.effect.is_repeatable()
        }
        _ => false,
    }
}

/// The API's own message and its findings by field; nothing where the body has another shape.
fn api_error(shape: ErrorShape, body: &[u8]) -> (Option<String>, Vec<Violation>) {
    let ErrorShape::Object { message, fields } = shape;
    let Ok(mut object) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body) else {
        return (None, Vec::new());
    };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let violations = match object.remove(fields) {
        Some(serde_json::Value::Object(fields)) => {
            fields.into_iter().map(|(field, what)| Violation::new(field, text(what))).collect()
        }
        _ => Vec::new(),
    };
    (object.remove(message).map(text), violations)
}

fn request_id(operation: &Operation, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(operation.api.request_id?)?;
    // Bounded: it is shown in errors, and whoever answers chooses it.
    Some(value.to_str().ok()?.chars().take(128).collect())
}
