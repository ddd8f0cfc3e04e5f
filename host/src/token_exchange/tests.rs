//! The exchange over real sockets, against token endpoints that answer everything but a token.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{any, post};
use bigcommerce_connector::CONNECTOR;
use http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oauth2/token", listener.local_addr().unwrap());
    drop(tokio::spawn(async move { axum::serve(listener, router).await }));
    url
}

async fn traded(endpoint: &str) -> Result<Grant, NoGrant> {
    let exchange = TokenExchange::with_patience(Duration::from_millis(400)).unwrap();
    let fields = BTreeMap::from([("store_hash".to_owned(), "abc123".to_owned())]);
    let request = Request {
        grant: &CONNECTOR.oauth2.unwrap(),
        endpoint,
        client_id: "app",
        client_secret: &SecretString::from("hush-client"),
        code: &SecretString::from("hush-code"),
        scope: "store_v2_orders store_v2_default",
        redirect_uri: "https://host.example/callbacks/shop/auth",
        fields: &fields,
    };
    exchange.trade(&request).await
}

async fn answered(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Result<Grant, NoGrant> {
    traded(&serve(Router::new().route("/oauth2/token", post(async move || answer()))).await).await
}

fn sound() -> Value {
    json!({
        "access_token": "hush-token", "scope": "store_v2_orders users_basic_information",
        "user": {"id": 24654, "username": "Merchant", "email": "merchant@example.com"},
        "context": "stores/abc123", "account_uuid": "f2d8f8c5-0000-4000-8000-000000000000",
    })
}

#[tokio::test]
async fn the_request_is_as_documented_and_the_answer_is_read_as_a_set() {
    let seen: Arc<Mutex<Option<Value>>> = Arc::default();
    let note = Arc::clone(&seen);
    let handler = async move |body: axum::Json<Value>| {
        *note.lock().unwrap() = Some(body.0);
        axum::Json(sound())
    };
    let grant = traded(&serve(Router::new().route("/oauth2/token", post(handler))).await).await.ok().unwrap();
    assert_eq!(grant.token.expose_secret(), "hush-token");
    assert_eq!(grant.scopes, scopes::parse("users_basic_information store_v2_orders"));
    assert_eq!(grant.user.as_deref(), Some("24654"));
    let wanted = json!({
        "client_id": "app", "client_secret": "hush-client", "code": "hush-code",
        "scope": "store_v2_orders store_v2_default", "grant_type": "authorization_code",
        "redirect_uri": "https://host.example/callbacks/shop/auth", "context": "stores/abc123",
    });
    assert_eq!(seen.lock().unwrap().take(), Some(wanted));
}

#[tokio::test]
async fn every_answer_that_is_no_token_has_its_reason() {
    async fn reason(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Option<NoGrant> {
        answered(answer).await.err()
    }
    let without = |name: &'static str| {
        move || {
            let mut answer = sound();
            answer.as_object_mut().unwrap().remove(name);
            axum::Json(answer).into_response()
        }
    };
    let with_context = |context: &'static str| {
        move || {
            let mut answer = sound();
            answer["context"] = context.into();
            axum::Json(answer).into_response()
        }
    };
    assert_eq!(reason(|| Html("<h1>Log in</h1>").into_response()).await, Some(NoGrant::NoAnswer));
    assert_eq!(reason(|| Redirect::to("/login").into_response()).await, Some(NoGrant::NoAnswer));
    assert_eq!(reason(|| "x".repeat(70_000).into_response()).await, Some(NoGrant::TooLong));
    assert_eq!(reason(|| StatusCode::BAD_REQUEST.into_response()).await, Some(NoGrant::Refused(400)));
    assert_eq!(reason(|| StatusCode::BAD_GATEWAY.into_response()).await, Some(NoGrant::Failed(502)));
    assert_eq!(reason(without("access_token")).await, Some(NoGrant::NoAnswer));
    assert_eq!(reason(without("context")).await, Some(NoGrant::OtherAccount));
    assert_eq!(reason(with_context("stores/abc124")).await, Some(NoGrant::OtherAccount));
    assert_eq!(reason(with_context("abc123")).await, Some(NoGrant::OtherAccount));
    // What the vendor came to add later may be missing.
    assert_eq!(reason(without("user")).await, None);
}

#[tokio::test]
async fn an_endpoint_that_hangs_or_is_not_there_is_told_apart() {
    let hanging = Router::new().route("/oauth2/token", any(async || std::future::pending::<()>().await));
    assert_eq!(traded(&serve(hanging).await).await.err(), Some(NoGrant::TimedOut));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/oauth2/token", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(traded(&gone).await.err(), Some(NoGrant::Unreachable));
}
