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

/// An HTML page, such as a proxy in front of the API puts in its place.
pub(crate) fn html(status: StatusCode, page: &'static str) -> Response {
    with_body(status, HeaderValue::from_static("text/html; charset=utf-8"), page)
}

/// The v3 envelope of one object: `{data, meta}`.
pub(crate) fn v3_object(data: Map<String, Value>) -> Response {
    json(StatusCode::OK, &json!({"data": data, "meta": {}}))
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
        let mut error =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "A part of the request is missing or not valid.");
        error.errors.insert(field.to_owned(), Value::String(complaint.into()));
        error
    }

    /// The 404 of a path that leads nowhere.
    pub(crate) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no resource at this path.")
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
pub(crate) struct V3Error(ApiError);

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
        let body = ApiError::unknown_path().v3_body();
        assert!(body.get("errors").is_none());
        assert_eq!(ApiError::unknown_path().v2_body()[0]["details"], json!(null));
    }
}
