//! The token endpoint: a code and the app's credentials for a token.
//! Source: `docs/integrations/apps/guide/auth.mdx` of <https://github.com/bigcommerce/docs>.

use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::html;
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::installation::{Exchange, Refusal};
use super::token_fault::TokenFault;
use crate::answer;
use crate::pages;
use crate::server::Shared;

/// The paths of the token endpoint and of the page where wrong calls of it end.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        // A GET is answered as a browser is that strays here: with the way to the login page.
        .route("/oauth2/token", post(token).fallback(to_login))
        .route("/login", get(login))
}

async fn to_login() -> Redirect {
    Redirect::to("/login")
}

async fn login() -> Response {
    pages::page(StatusCode::OK, "Log in", &html! { p { "Log in to your store to go on." } })
}

/// `POST /oauth2/token`
async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = shared.app().faults.pop();
    match fault {
        Some(TokenFault::HtmlPage) => {
            return pages::page(StatusCode::OK, "Log in", &html! { p { "One moment, please." } });
        }
        Some(TokenFault::InternalServerError) => {
            return answer::html(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        }
        Some(TokenFault::Hang) => {
            shared.stopped().await;
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        _ => {}
    }
    let answered = exchange(&headers, &body).and_then(|sent| {
        let secret = &shared.accounts.client_secret;
        shared.app().exchange(&sent, secret, fault, shared.clock.now())
    });
    let (status, document) = match answered {
        Ok(document) => (StatusCode::OK, document),
        Err(Refusal { error, description }) => {
            let status = match error {
                "invalid_client" => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, json!({"error": error, "error_description": description}))
        }
    };
    let mut response = match fault {
        Some(TokenFault::Gzip) => compressed(status, &document),
        _ => answer::json(status, &document),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn compressed(status: StatusCode, document: &Value) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(document.to_string().as_bytes());
    let Ok(body) = written.and_then(|()| encoder.finish()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")];
    (status, headers, body).into_response()
}

/// The fields of the request, which is JSON or a form, each of them once.
fn exchange(headers: &HeaderMap, body: &[u8]) -> Result<Exchange, Refusal> {
    let refusal = |description| Refusal { error: "invalid_request", description };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fields = match media_type.as_str() {
        "application/json" => {
            serde_json::from_slice(body).map_err(|_| refusal("The body is not a JSON object."))?
        }
        "application/x-www-form-urlencoded" => form(body).ok_or(refusal("A field stands there twice."))?,
        _ => return Err(refusal("Send JSON or a form, and say which.")),
    };
    let text = |name: &str, missing: &'static str| {
        let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or(refusal(missing))
    };
    Ok(Exchange {
        client_id: text("client_id", "The client_id is missing.")?,
        client_secret: text("client_secret", "The client_secret is missing.")?,
        code: text("code", "The code is missing.")?,
        scope: text("scope", "The scope is missing.")?,
        context: text("context", "The context is missing.")?,
        grant_type: text("grant_type", "The grant_type is missing.")?,
        redirect_uri: text("redirect_uri", "The redirect_uri is missing.")?,
    })
}

/// The fields of a form; `None` where one stands there twice.
fn form(body: &[u8]) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    let mut address = Url::parse("form:").ok()?;
    address.set_query(std::str::from_utf8(body).ok());
    for (name, value) in address.query_pairs() {
        if fields.insert(name.into_owned(), value.into_owned().into()).is_some() {
            return None;
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "client_id=a&client_secret=b&code=c&scope=d+e%20f&context=stores%2Fg\
        &grant_type=authorization_code&redirect_uri=https%3A%2F%2Fh.example%2F%3Fi%3D1%26j";

    fn read(content_type: &'static str, body: &str) -> Result<Exchange, Refusal> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        exchange(&headers, body.as_bytes())
    }

    #[test]
    fn json_and_forms_say_the_same() {
        let form = read("application/x-www-form-urlencoded; charset=utf-8", FORM).expect("a form");
        let sent = json!({
            "client_id": "a", "client_secret": "b", "code": "c", "scope": "d e f", "context": "stores/g",
            "grant_type": "authorization_code", "redirect_uri": "https://h.example/?i=1&j",
        });
        let json = read("application/json", &sent.to_string()).expect("a JSON object");
        assert_eq!(format!("{form:?}"), format!("{json:?}"));
    }

    #[test]
    fn what_is_missing_twice_or_of_another_type_is_refused() {
        let form = "application/x-www-form-urlencoded";
        for (content_type, body, part) in [
            (form, FORM.replace("code=c&", ""), "code"),
            (form, FORM.replace("code=c&", "code=&"), "code"),
            (form, format!("{FORM}&code=c"), "twice"),
            ("application/json", "[]".to_owned(), "JSON"),
            ("application/json", "{\"client_id\": 7}".to_owned(), "client_id"),
            ("text/plain", FORM.to_owned(), "Send JSON"),
        ] {
            let refusal = read(content_type, &body).expect_err("it is wrong");
            assert!(refusal.description.contains(part), "{refusal:?}");
        }
    }
}
