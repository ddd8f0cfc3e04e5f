//! One request as a handler sees it: path, parameters, body, and the store behind it.

use std::sync::{Arc, MutexGuard};

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::answer::ApiError;
use crate::api_path::{ApiPath, ApiVersion};
use crate::server::Shared;
use crate::store::{Document, Store};
use crate::webhooks::Webhooks;

/// Marks a request that is to be carried out, but for the saving of a URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UrlFails;

/// The client id of the account whose token a request carries.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Arc<str>);

/// A request that has passed the gateway.
pub(crate) struct Call {
    shared: Arc<Shared>,
    /// The values of the path's parameters after the store's hash.
    segments: Vec<String>,
    parameters: Option<Vec<(String, String)>>,
    query: String,
    /// Host and port that the client has addressed; `None` if the request does not name them.
    host: Option<String>,
    is_json: bool,
    body: Bytes,
    /// Whose request it is.
    pub(crate) client_id: Arc<str>,
    /// Whether the saving of a URL is to fail.
    pub(crate) url_fails: bool,
}

impl FromRequest<Arc<Shared>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let version = ApiPath::parse(parts.uri.path()).map_or(ApiVersion::V3, |path| path.version);
        let segments = RawPathParams::from_request_parts(&mut parts, shared).await;
        let segments = segments.ok().as_ref().and_then(ids);
        let segments = segments.ok_or_else(|| ApiError::unserved().in_version(version))?;
        let parameters = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let is_json = is_json(&parts.headers);
        let host = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let caller = parts.extensions.get::<Caller>().map(|Caller(client_id)| Arc::clone(client_id));
        let client_id = caller.unwrap_or_else(|| Arc::clone(&shared.accounts.client_id));
        let url_fails = parts.extensions.get::<UrlFails>().is_some();
        let body = Bytes::from_request(Request::from_parts(parts, body), shared).await.map_err(|_| {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The body of the request is too large.")
                .in_version(version)
        })?;
        Ok(Self {
            shared: Arc::clone(shared),
            segments,
            parameters: parameters.map(|Query(parameters)| parameters),
            query,
            host,
            is_json,
            body,
            client_id,
            url_fails,
        })
    }
}

impl Call {
    /// What a person does in the store, as a request with these ids in its path and this body.
    pub(crate) fn by_hand(shared: Arc<Shared>, segments: Vec<String>, body: &Value) -> Self {
        let client_id = Arc::clone(&shared.accounts.client_id);
        Self {
            shared,
            segments,
            parameters: Some(Vec::new()),
            query: String::new(),
            host: None,
            is_json: true,
            body: body.to_string().into(),
            client_id,
            url_fails: false,
        }
    }

    /// The store's hash.
    pub(crate) fn store_hash(&self) -> &str {
        &self.shared.store_hash
    }

    /// The address of the v2 API as the client reaches it, so that a client can follow the links of an answer.
    /// BigCommerce's own address stands in if the request does not name a host.
    pub(crate) fn v2_address(&self) -> String {
        let origin = match &self.host {
            Some(host) => format!("http://{host}"),
            None => "https://api.bigcommerce.com".to_owned(),
        };
        format!("{origin}/stores/{}/v2", self.store_hash())
    }

    /// The settings of webhooks and their deliveries.
    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.shared.webhooks
    }

    /// The store, for as long as the guard lives.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.store()
    }

    /// The store's time in whole seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.shared.clock.now().as_secs()).unwrap_or(i64::MAX)
    }

    /// Whether what was created at `created` (epoch milliseconds) is still to be kept from being found.
    pub(crate) fn is_hidden(&self, created: Option<u128>) -> bool {
        let delay = u128::from(self.shared.admission().misbehaviour.fresh_is_missing_ms);
        created.is_some_and(|created| self.now_millis() < created.saturating_add(delay))
    }

    /// The store's time in whole milliseconds since 1970.
    pub(crate) fn now_millis(&self) -> u128 {
        self.shared.clock.now().as_millis()
    }

    /// The same in the form of webhooks.
    pub(crate) fn now_ms(&self) -> u64 {
        self.shared.now_ms()
    }

    /// The id in this place of the path, the first after the store's hash being 0; `None` beyond 64 bits.
    pub(crate) fn id(&self, place: usize) -> Option<u64> {
        self.segments.get(place).filter(|segment| is_id(segment))?.parse().ok()
    }

    /// The decoded parameters of the query.
    ///
    /// # Errors
    ///
    /// 400 where the query cannot be decoded.
    pub(crate) fn parameters(&self) -> Result<&[(String, String)], ApiError> {
        self.parameters
            .as_deref()
            .ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "The query of the request cannot be read."))
    }

    /// The query as it was sent.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// The body, which must be one JSON object.
    pub(crate) fn object(&self) -> Result<Document, ApiError> {
        match self.body()? {
            Value::Object(fields) => Ok(fields),
            _ => Err(ApiError::invalid("body", "must be a JSON object")),
        }
    }

    /// The body, which must be a JSON array of 1 to `most` objects.
    ///
    /// # Errors
    ///
    /// 413 beyond `most` items, 422 where the items are no objects, or none is there.
    pub(crate) fn objects(&self, most: usize) -> Result<Vec<Document>, ApiError> {
        let Value::Array(items) = self.body()? else {
            return Err(ApiError::invalid("body", "must be a JSON array"));
        };
        if items.is_empty() {
            return Err(ApiError::invalid("body", "must have at least one item"));
        }
        if items.len() > most {
            let title = format!("The request has {} items, {most} are allowed.", items.len());
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, title));
        }
        let object = |(place, item): (usize, Value)| match item {
            Value::Object(fields) => Ok(fields),
            _ => Err(ApiError::invalid(&place.to_string(), "must be a JSON object")),
        };
        items.into_iter().enumerate().map(object).collect()
    }

    fn body(&self) -> Result<Value, ApiError> {
        if !self.is_json {
            let title = "The Content-Type of the request must be application/json.";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, title));
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The body of the request is not valid JSON."))
    }
}

/// Whether a path segment is an id: decimal digits alone.
fn is_id(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// The values of the path's parameters, without the store's hash, which the gateway has checked. All of them are ids:
/// `None` for another value, such as the `admin` of `/hooks/admin`, because no route of the sandbox serves that path.
pub(crate) fn ids(parameters: &RawPathParams) -> Option<Vec<String>> {
    let own = parameters.iter().filter(|(name, _)| *name != "store_hash");
    own.map(|(_, value)| is_id(value).then(|| value.to_owned())).collect()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn an_id_is_digits_alone() {
        assert!(is_id("111") && is_id("99999999999999999999999"));
        for other in ["", "+111", "-1", "1.0", "abc", "111x"] {
            assert!(!is_id(other), "{other:?}");
        }
    }
}
