//! The answers of the API: success envelopes and errors, in the shape of either version.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::api_path::ApiVersion;

/// What the `type` of every v3 error names: the page that explains status codes, not the single error.
const STATUS_CODE_PAGE: &str = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes";

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    with_body(status, HeaderValue::from_static("application/json"), body.to_string())
}

/// An HTML page: one of the sandbox, or what a proxy in front of the API puts in the place of an answer.
pub(crate) fn html(status: StatusCode, page: impl Into<Body>) -> Response {
    with_body(status, HeaderValue::from_static("text/html; charset=utf-8"), page)
}

/// The 403 of a token that lacks the scope of the path.
pub(crate) fn missing_scope(version: ApiVersion) -> Response {
    let title = "The access token lacks a scope for this request.";
    ApiError::new(StatusCode::FORBIDDEN, title).in_version(version)
}

/// The v3 envelope of one object: `{data, meta}`.
pub(crate) fn v3_object(data: Map<String, Value>) -> Response {
    json(StatusCode::OK, &json!({"data": data, "meta": {}}))
}

/// The v3 envelope of a list: `{data, meta}`.
pub(crate) fn v3_list(data: Vec<Value>, meta: Value) -> Response {
    json(StatusCode::OK, &json!({"data": data, "meta": meta}))
}

/// A success that has nothing to say. In v2 this is also an empty list.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A refusal, before it has taken the shape of an API version.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    title: Cow<'static, str>,
    errors: Map<String, Value>,
}

impl ApiError {
    /// A refusal with `title` as its human-readable reason.
    pub(crate) fn new(status: StatusCode, title: impl Into<Cow<'static, str>>) -> Self {
        Self { status, title: title.into(), errors: Map::new() }
    }

    /// A 422 that blames one field or parameter.
    pub(crate) fn invalid(field: &str, complaint: impl Into<String>) -> Self {
        let complaint = Value::String(complaint.into());
        Self::invalid_fields(std::iter::once((field.to_owned(), complaint)).collect())
    }

    /// A 422 that blames several fields, each with its own complaint.
    pub(crate) fn invalid_fields(errors: Map<String, Value>) -> Self {
        let title = "A part of the request is missing or not valid.";
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, title: Cow::Borrowed(title), errors }
    }

    /// A 409 about the value of one field that another resource has, or that names none.
    pub(crate) fn conflict(field: &str, title: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, title);
        let complaint = Value::String(error.title.to_string());
        error.errors.insert(field.to_owned(), complaint);
        error
    }

    /// The 404 of an id that no resource has.
    pub(crate) fn not_found(title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, title)
    }

    /// The same refusal under another title.
    pub(crate) fn titled(mut self, title: &'static str) -> Self {
        self.title = Cow::Borrowed(title);
        self
    }

    /// The complaints by field.
    pub(crate) fn complaints(&self) -> &Map<String, Value> {
        &self.errors
    }

    /// The refusal in one line: the complaints by field, or the reason where there are none.
    pub(crate) fn told(&self) -> String {
        let complaint = |(field, complaint): (&String, &Value)| match complaint {
            Value::String(complaint) => format!("{field}: {complaint}"),
            other => format!("{field}: {other}"),
        };
        match self.complaints().is_empty() {
            true => self.title.to_string(),
            false => self.complaints().iter().map(complaint).collect::<Vec<_>>().join(", "),
        }
    }

    /// A refusal as v2 makes it: what v3 calls 422 is a 400 there.
    fn into_v2(mut self) -> Self {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            self.status = StatusCode::BAD_REQUEST;
        }
        self
    }

    /// The 404 of a path that the sandbox does not serve, whether BigCommerce has it or not.
    pub(crate) fn unserved() -> Self {
        Self::new(StatusCode::NOT_FOUND, "The sandbox does not serve this path.")
    }

    /// The answer in the error shape of `version`.
    pub(crate) fn in_version(self, version: ApiVersion) -> Response {
        let status = self.status;
        match version {
            ApiVersion::V2 => json(status, &self.v2_body()),
            ApiVersion::V3 => json(status, &self.v3_body()),
        }
    }

    fn v2_body(self) -> Value {
        let mut error = json!({"status": self.status.as_u16(), "message": self.title});
        if !self.errors.is_empty() {
            error["details"] = Value::Object(self.errors);
        }
        Value::Array(vec![error])
    }

    fn v3_body(self) -> Value {
        let mut error =
            json!({"status": self.status.as_u16(), "title": self.title, "type": STATUS_CODE_PAGE});
        if !self.errors.is_empty() {
            error["errors"] = Value::Object(self.errors);
        }
        error
    }
}

/// The error type of v3 handlers.
#[derive(Clone, Debug)]
pub(crate) struct V3Error(pub(crate) ApiError);

impl From<ApiError> for V3Error {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for V3Error {
    fn into_response(self) -> Response {
        self.0.in_version(ApiVersion::V3)
    }
}

/// The error type of v2 handlers, whose validation errors are 400.
#[derive(Clone, Debug)]
pub(crate) struct V2Error(ApiError);

impl From<ApiError> for V2Error {
    fn from(error: ApiError) -> Self {
        Self(error.into_v2())
    }
}

impl IntoResponse for V2Error {
    fn into_response(self) -> Response {
        self.0.in_version(ApiVersion::V2)
    }
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ApiError, STATUS_CODE_PAGE};

    #[test]
    fn shapes_an_error_by_version() {
        let error = ApiError::invalid("include", "the value is not known");
        let title = error.title.clone();
        assert_eq!(
            error.clone().v3_body(),
            json!({"status": 422, "title": title, "type": STATUS_CODE_PAGE,
                   "errors": {"include": "the value is not known"}})
        );
        assert_eq!(
            error.v2_body(),
            json!([{"status": 422, "message": title, "details": {"include": "the value is not known"}}])
        );
    }

    #[test]
    fn leaves_out_the_map_of_errors_when_it_is_empty() {
        let body = ApiError::unserved().v3_body();
        assert!(body.get("errors").is_none());
        assert_eq!(ApiError::unserved().v2_body()[0]["details"], json!(null));
    }
}
