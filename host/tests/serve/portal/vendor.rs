//! The vendor of these tests: a token endpoint, the two reads that pages need, and webhooks.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use bigcommerce_connector::CONNECTOR;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{GRANTED, PATIENCE};

/// Every scope of the catalog, and those that every grant contains.
pub(super) static SCOPES: LazyLock<String> = LazyLock::new(|| {
    let catalog: Value = serde_json::from_str(CONNECTOR.catalog).expect("the catalog is JSON");
    let scopes = catalog["scopes"].as_array().expect("a list of scopes").iter();
    let scopes = scopes.map(|scope| scope["modify"].as_str().expect("an id"));
    scopes.chain(["store_v2_default", "users_basic_information"]).collect::<Vec<_>>().join(" ")
});

/// What the token endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answering {
    /// As documented, each code once.
    Well,
    /// The same with fewer scopes.
    FewerScopes,
    /// For a store that nobody asked for.
    OtherStore,
    /// A page for people.
    Page,
    /// An address elsewhere.
    Redirect,
    /// Far too much.
    Much,
    /// Nothing at all, and the code is as good as before.
    Nothing,
    /// Nothing, and the code is used.
    Swallowed,
    /// A status, as with codes that are expired.
    Status(u16),
}

#[derive(Default)]
struct Told {
    answering: Option<Answering>,
    used: Vec<String>,
    asked: Vec<Value>,
    /// How often the token endpoint was asked and did not answer.
    unanswered: usize,
    /// How often a token was given out.
    grants: usize,
    is_revoked: bool,
    /// The webhooks that are there, by their ids.
    hooks: Vec<(u64, Value)>,
    made: u64,
    deleted: u64,
    /// Answers to those who make a webhook are held back while it is on.
    holds: bool,
    held: u64,
    /// Answers to those who bring a code are held back while it is on.
    holds_tokens: bool,
    held_tokens: usize,
    /// Answers to those who delete a webhook are held back while it is on.
    holds_deletions: bool,
    held_deletions: u64,
    /// The connection test may not be made, with whatever token that is known.
    is_barred: bool,
}

type Shared = Arc<Mutex<Told>>;

pub(super) struct Vendor {
    pub(super) url: String,
    told: Shared,
    _runtime: tokio::runtime::Runtime,
}

impl Vendor {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let told = Shared::default();
        let router = Router::new()
            .route("/oauth2/token", post(token))
            .route("/stores/{hash}/v2/time", get(time))
            .route("/stores/{hash}/v2/store", get(store))
            .route("/stores/{hash}/v3/hooks", get(hooks).post(make_hook))
            .route("/stores/{hash}/v3/hooks/{id}", delete(delete_hook))
            .with_state(Arc::clone(&told));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(runtime.spawn(async move { axum::serve(listener, router).await }));
        Self { url, told, _runtime: runtime }
    }

    pub(super) fn answer(&self, answering: Answering) {
        self.told.lock().expect("no panic before").answering = Some(answering);
    }

    /// From now on no token is known.
    pub(super) fn revoke(&self) {
        self.told.lock().expect("no panic before").is_revoked = true;
    }

    /// Tokens are known again.
    pub(super) fn take_back(&self) {
        self.told.lock().expect("no panic before").is_revoked = false;
    }

    /// From now on whoever makes a webhook waits for the answer.
    pub(super) fn hold_hooks(&self) {
        self.told.lock().expect("no panic before").holds = true;
    }

    /// Makes the webhooks that were held back, and answers.
    pub(super) fn let_hooks_go(&self) {
        self.told.lock().expect("no panic before").holds = false;
    }

    /// From now on tokens are known and may do little.
    pub(super) fn bar(&self) {
        let mut told = self.told.lock().expect("no panic before");
        (told.is_revoked, told.is_barred) = (false, true);
    }

    /// Whether whoever deletes a webhook waits for the answer from now on.
    pub(super) fn hold_deletions(&self, holds: bool) {
        self.told.lock().expect("no panic before").holds_deletions = holds;
    }

    /// Looks until a deletion is held back.
    #[track_caller]
    pub(super) fn until_deletion_is_held(&self) {
        self.until(|told| told.held_deletions > 0);
    }

    /// Looks until so many webhooks are there.
    #[track_caller]
    pub(super) fn until_there_are(&self, count: usize) {
        self.until(|told| told.hooks.len() == count);
    }

    /// Looks until so many webhooks are held back.
    #[track_caller]
    pub(super) fn until_held(&self, count: u64) {
        self.until(|told| told.held == count);
    }

    /// Looks until so many webhooks were made and so many deleted.
    #[track_caller]
    pub(super) fn until_made_and_deleted(&self, made: u64, deleted: u64) {
        self.until(|told| (told.made, told.deleted) == (made, deleted));
    }

    #[track_caller]
    fn until(&self, is_so: impl Fn(&Told) -> bool) {
        let began = Instant::now();
        loop {
            let told = self.told.lock().expect("no panic before");
            if is_so(&told) {
                return;
            }
            let counts = (told.held, told.made, told.deleted);
            drop(told);
            assert!(began.elapsed() < PATIENCE, "held, made, deleted: {counts:?}");
            std::thread::yield_now();
        }
    }

    /// What was sent to the token endpoint.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.told.lock().expect("no panic before").asked.clone()
    }

    /// Whether whoever brings a code waits for the answer from now on.
    pub(super) fn hold_tokens(&self, holds: bool) {
        self.told.lock().expect("no panic before").holds_tokens = holds;
    }

    /// Looks until so many who bring a code were held back.
    #[track_caller]
    pub(super) fn until_tokens_held(&self, count: usize) {
        self.until(|told| told.held_tokens == count);
    }

    /// Looks until so many who brought a code were left without an answer.
    #[track_caller]
    pub(super) fn until_unanswered(&self, count: usize) {
        self.until(|told| told.unanswered == count);
    }
}

async fn token(State(told): State<Shared>, body: axum::Json<Value>) -> Response {
    if leaves_unanswered(&told, &body) {
        return std::future::pending().await;
    }
    if told.lock().expect("no panic before").holds_tokens {
        told.lock().expect("no panic before").held_tokens += 1;
        while told.lock().expect("no panic before").holds_tokens {
            tokio::task::yield_now().await;
        }
    }
    let mut told = told.lock().expect("no panic before");
    told.asked.push(body.0.clone());
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    if told.used.contains(&code) {
        return (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "invalid_grant", "code": code})))
            .into_response();
    }
    let sound = |context: &Value, scope: &str, token: String| {
        axum::Json(json!({
            "access_token": token, "scope": scope, "context": context, "account_uuid": "f2d8",
            "user": {"id": 24654, "username": "Merchant", "email": "merchant@example.com"},
        }))
        .into_response()
    };
    match told.answering.unwrap_or(Answering::Well) {
        Answering::Well | Answering::FewerScopes => {
            told.used.push(code);
            told.grants += 1;
            let scopes = match told.answering {
                Some(Answering::FewerScopes) => {
                    "store_v2_products_read_only store_v2_orders store_v2_information"
                }
                _ => &SCOPES,
            };
            sound(&body["context"], scopes, format!("{GRANTED}-{}", told.grants))
        }
        Answering::OtherStore => sound(&json!("stores/evil99"), &SCOPES, GRANTED.to_owned()),
        Answering::Page => {
            Html(format!("<h1>Log in</h1><p>{code} {}</p>", body["client_secret"])).into_response()
        }
        Answering::Redirect => (StatusCode::FOUND, [("location", "https://evil.example/")]).into_response(),
        Answering::Nothing | Answering::Swallowed | Answering::Much => "x".repeat(1 << 20).into_response(),
        Answering::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, format!("no good: {code} {}", body["client_secret"])).into_response()
        }
    }
}

/// Whether nobody gets an answer to a code; whether it is used then.
fn leaves_unanswered(told: &Shared, body: &Value) -> bool {
    let mut told = told.lock().expect("no panic before");
    let is_used = match told.answering {
        Some(Answering::Nothing) => false,
        Some(Answering::Swallowed) => true,
        _ => return false,
    };
    if is_used {
        told.used.push(body["code"].as_str().unwrap_or_default().to_owned());
    }
    told.unanswered += 1;
    true
}

/// Whether the token is one that was given out, or that a person may paste.
fn knows(told: &Shared, headers: &HeaderMap) -> bool {
    let token = headers.get("x-auth-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    !told.lock().expect("no panic before").is_revoked && (token.starts_with(GRANTED) || token == super::TOKEN)
}

async fn time(State(told): State<Shared>, headers: HeaderMap) -> Response {
    match knows(&told, &headers) {
        true if told.lock().expect("no panic before").is_barred => StatusCode::FORBIDDEN.into_response(),
        true => axum::Json(json!({"time": 1_764_000_000})).into_response(),
        false => {
            (StatusCode::UNAUTHORIZED, axum::Json(json!([{"status": 401, "message": "no"}]))).into_response()
        }
    }
}

/// What every answer says of the quota.
const QUOTA: [(&str, &str); 4] = [
    ("x-rate-limit-requests-left", "149"),
    ("x-rate-limit-requests-quota", "150"),
    ("x-rate-limit-time-reset-ms", "30000"),
    ("x-rate-limit-time-window-ms", "30000"),
];

async fn hooks(State(told): State<Shared>, headers: HeaderMap) -> Response {
    if !knows(&told, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let told = told.lock().expect("no panic before");
    let data: Vec<Value> = told.hooks.iter().map(|(_, hook)| hook.clone()).collect();
    (QUOTA, axum::Json(json!({"data": data, "meta": {"pagination": {"total_pages": 1, "current_page": 1}}})))
        .into_response()
}

async fn make_hook(State(told): State<Shared>, headers: HeaderMap, body: axum::Json<Value>) -> Response {
    if !knows(&told, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    told.lock().expect("no panic before").held += 1;
    while told.lock().expect("no panic before").holds {
        tokio::task::yield_now().await;
    }
    let mut told = told.lock().expect("no panic before");
    told.held -= 1;
    told.made += 1;
    let id = told.made;
    let hook = json!({
        "id": id, "scope": body["scope"], "destination": body["destination"], "is_active": true,
    });
    told.hooks.push((id, hook.clone()));
    (QUOTA, axum::Json(json!({"data": hook, "meta": {}}))).into_response()
}

async fn delete_hook(
    State(told): State<Shared>,
    Path((_, id)): Path<(String, u64)>,
    headers: HeaderMap,
) -> Response {
    if !knows(&told, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    told.lock().expect("no panic before").held_deletions += 1;
    while told.lock().expect("no panic before").holds_deletions {
        tokio::task::yield_now().await;
    }
    let mut told = told.lock().expect("no panic before");
    told.held_deletions -= 1;
    told.deleted += 1;
    told.hooks.retain(|(known, _)| *known != id);
    (QUOTA, axum::Json(json!({"data": {"id": id}, "meta": {}}))).into_response()
}

async fn store(State(told): State<Shared>, headers: HeaderMap) -> Response {
    match knows(&told, &headers) {
        true => (QUOTA, axum::Json(json!({"id": "abc123", "name": "Camp <b>& Co"}))).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}
