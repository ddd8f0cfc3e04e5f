//! From an answer to data or an error: pure functions over status, headers and body.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::Json;
use crate::connector::{Connector, Envelope, ErrorShape};
use crate::decode::{Origin, decode};
use crate::error::{Class, Error, Parts, Violation};
use crate::operation::{Operation, Returns};
use crate::rate_limit;
use crate::request::Request;
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
    /// HTTP status: 2xx, or 404 of a deletion that was sent again and had been carried out the first time.
    pub status: u16,
    /// The API's own id of the request.
    pub request_id: Option<String>,
}

/// What came back, before anybody looked at it.
pub(crate) type Answer = http::Response<Bytes>;

/// The data of a successful answer, or the error that the answer is.
pub(crate) fn read(
    connector: &Connector,
    request: &Request,
    answer: &Answer,
    now: Timestamp,
) -> Result<Reply<()>, Error> {
    let operation = request.operation();
    let request_id = request_id(operation, answer.headers());
    let status = answer.status();
    if !status.is_success() || status == StatusCode::MULTI_STATUS {
        return Err(refusal(connector, request, answer, request_id, now));
    }
    let fail = |(class, detail, source): Fault| {
        let (status, request_id) = (Some(status.as_u16()), request_id.clone());
        Error::new(class, operation, Parts { detail, status, request_id, source, ..Parts::default() })
    };
    let (data, meta) = unwrap(operation, answer.body()).map_err(fail)?;
    Ok(Reply { data: (), json: data, meta, status: status.as_u16(), request_id })
}

/// The reply of a deletion that an earlier try had carried out.
pub(crate) fn deleted_before(error: &Error) -> Reply<()> {
    Reply {
        data: (),
        json: Json::from(serde_json::Value::Null),
        meta: None,
        status: error.status().unwrap_or_default(),
        request_id: error.request_id().map(str::to_owned),
    }
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
type Fault = (Class, String, Option<Box<dyn std::error::Error + Send + Sync>>);

fn unwrap(operation: &Operation, body: &[u8]) -> Result<Unwrapped, Fault> {
    let null = || Json::from(serde_json::Value::Null);
    match operation.returns {
        // What a deletion answers says nothing about data; whatever it is, it is no fault.
        Returns::Nothing => {
            Ok((null(), envelope(operation.api.envelope, body).ok().and_then(|(_, meta)| meta)))
        }
        Returns::List if body.is_empty() => Ok((Json::from(serde_json::json!([])), None)),
        Returns::First if body.is_empty() => Err(empty_list()),
        Returns::One | Returns::List => envelope(operation.api.envelope, body),
        Returns::First => {
            let (list, meta) = envelope(operation.api.envelope, body)?;
            // Serde would quote what it found in place of a list.
            let items: Vec<Box<RawValue>> =
                list.parse().map_err(|_| (Class::Decode, "the answer holds no list".to_owned(), None))?;
            let first = items.into_iter().next().ok_or_else(empty_list)?;
            Ok((first.into(), meta))
        }
    }
}

fn empty_list() -> Fault {
    (Class::NotFound, "the API found none".to_owned(), None)
}

fn envelope(envelope: Envelope, body: &[u8]) -> Result<Unwrapped, Fault> {
    let no_json = |source: serde_json::Error| {
        // Serde quotes what it found in place of an object, and the answer may hold personal data.
        if source.is_data() {
            return (Class::Decode, "the answer is JSON, but no object".to_owned(), None);
        }
        let detail = match (body.is_empty(), looks_like_html(body)) {
            (true, _) => "the answer is empty".to_owned(),
            (false, true) => "the answer is an HTML page, not JSON".to_owned(),
            (false, false) => {
                format!("the answer is not whole JSON at line {} column {}", source.line(), source.column())
            }
        };
        (Class::Decode, detail, Some(source.into()))
    };
    let Envelope::Object { data, meta } = envelope else {
        let data: Box<RawValue> = serde_json::from_slice(body).map_err(no_json)?;
        return Ok((data.into(), None));
    };
    let mut object: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).map_err(no_json)?;
    let missing = || (Class::Decode, format!("the answer has no `{data}`"), None);
    let found = object.remove(data).ok_or_else(missing)?;
    let meta = match meta {
        Some(meta) => object.remove(meta),
        None => serde_json::value::to_raw_value(&object).ok(),
    };
    Ok((found.into(), meta.map(Json::from)))
}

fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
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
        ..Parts::default()
    };
    Error::new(class, operation, parts)
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
