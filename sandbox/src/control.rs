//! The control API: faults, misbehaviour, the clock and what happens, for other processes on this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::ORIGIN;
use serde_json::{Map, Value, json};

use crate::answer::{self, no_content};
use crate::fault::Fault;
use crate::gateway::Admission;
use crate::misbehaviour::Misbehaviour;
use crate::seed;
use crate::server::Shared;

mod happenings;

/// A path of the control API and what can be done with it.
#[derive(Clone, Copy, Debug)]
pub struct ControlPath {
    /// The path, from `/_sandbox` on.
    pub path: &'static str,
    /// Its methods.
    pub methods: &'static [&'static str],
    /// What they do, in a few words.
    pub what: &'static str,
}

/// Every path of the control API.
pub const CONTROL: &[ControlPath] = &[
    ControlPath { path: "/_sandbox", methods: &["GET"], what: "the store at a glance" },
    ControlPath {
        path: "/_sandbox/faults",
        methods: &["GET", "POST", "DELETE"],
        what: "the faults to come: POST adds one, DELETE takes all back",
    },
    ControlPath {
        path: "/_sandbox/misbehaviour",
        methods: &["GET", "PUT", "DELETE"],
        what: "how the store misbehaves: PUT changes the fields sent, DELETE ends it",
    },
    ControlPath {
        path: "/_sandbox/clock",
        methods: &["GET", "POST"],
        what: "the store's time: POST {\"advance_ms\": N} puts it forward",
    },
    ControlPath { path: "/_sandbox/requests", methods: &["GET"], what: "the requests received" },
    ControlPath {
        path: "/_sandbox/orders",
        methods: &["POST"],
        what: "an order that a shopper places: the fields of POST /v2/orders, each of which may be missing",
    },
    ControlPath { path: "/_sandbox/store", methods: &["PUT"], what: "the shop's name: {\"name\": \"…\"}" },
    ControlPath {
        path: "/_sandbox/app",
        methods: &["GET", "PUT"],
        what: "the app: PUT changes its name, callbacks and scopes",
    },
    ControlPath {
        path: "/_sandbox/token_faults",
        methods: &["GET", "POST", "DELETE"],
        what: "the faults that token requests are to meet: POST adds one, DELETE takes all back",
    },
    ControlPath {
        path: "/_sandbox/uninstall",
        methods: &["POST"],
        what: "the end of the app: its webhooks are told and removed, its token is void, its callback is called",
    },
    ControlPath {
        path: "/_sandbox/remove_user",
        methods: &["POST"],
        what: "a user of the store loses access to the app, whose callback is called",
    },
    ControlPath {
        path: "/_sandbox/deliveries",
        methods: &["GET"],
        what: "what was sent to webhooks; ?wait=settled waits until nothing is due, ?wait=done for the retries too",
    },
    ControlPath { path: "/_sandbox/reset", methods: &["POST"], what: "the store as it was when it started" },
];

/// The answer to a method that a path of the control API does not have.
pub(crate) fn wrong_method(path: &str) -> Response {
    let known = CONTROL.iter().filter(|known| known.path == path);
    let methods: Vec<&str> = known.flat_map(|known| known.methods).copied().collect();
    let error = format!("this path takes {}", methods.join(", "));
    answer::json(StatusCode::METHOD_NOT_ALLOWED, &json!({"error": error}))
}

/// The paths below `/_sandbox`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox", get(overview))
        .route("/_sandbox/faults", get(faults).post(inject).delete(clear_faults))
        .route("/_sandbox/misbehaviour", get(misbehaviour).put(misbehave).delete(behave))
        .route("/_sandbox/clock", get(clock).post(advance))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/reset", post(reset))
        .merge(happenings::routes())
        .route_layer(from_fn(from_this_machine))
}

/// Whether a path belongs to the control API.
pub(crate) fn is_control_path(path: &str) -> bool {
    path == "/_sandbox" || path.starts_with("/_sandbox/")
}

/// What is wrong with a control request.
struct Refusal(String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer::json(StatusCode::BAD_REQUEST, &json!({"error": self.0}))
    }
}

/// Refuses clients of other machines, and the pages that a browser of this one shows: the control API has no
/// token.
async fn from_this_machine(
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match request.headers().contains_key(ORIGIN) {
        true => not_from_here(),
        false => near(ConnectInfo(client), request, next).await,
    }
}

/// Refuses clients of other machines.
pub(crate) async fn near(
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match client.ip().to_canonical().is_loopback() {
        true => next.run(request).await,
        false => not_from_here(),
    }
}

fn not_from_here() -> Response {
    answer::json(StatusCode::FORBIDDEN, &json!({"error": "control the sandbox from its own machine"}))
}

async fn overview(State(shared): State<Arc<Shared>>) -> Response {
    let store = shared.store();
    let body = json!({
        "store_hash": shared.store_hash,
        "epoch_ms": shared.now_ms(),
        "resources": {
            "products": store.products.len(),
            "brands": store.brands.len(),
            "categories": store.categories.len(),
            "customers": store.customers.len(),
            "orders": store.orders.len(),
            "hooks": store.hooks.len(),
        },
    });
    answer::json(StatusCode::OK, &body)
}

async fn faults(State(shared): State<Arc<Shared>>) -> Response {
    let admission = shared.admission();
    let document = |(fault, times): (Fault, u32)| match fault {
        Fault::Slow { milliseconds } => {
            json!({"fault": fault.name(), "times": times, "milliseconds": milliseconds})
        }
        _ => json!({"fault": fault.name(), "times": times}),
    };
    answer::json(StatusCode::OK, &admission.faults.iter().map(document).collect())
}

async fn inject(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = object(&body)?;
    let times = number(&sent, "times")?.unwrap_or(1);
    let milliseconds = number(&sent, "milliseconds")?.unwrap_or(1_000);
    let name = sent.get("fault").and_then(Value::as_str).unwrap_or_default();
    let fault =
        Fault::named(name, milliseconds).ok_or_else(|| Refusal(format!("{name:?} is not a fault")))?;
    shared.admission().faults.push(fault, times);
    Ok(no_content())
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> Response {
    shared.admission().faults.clear();
    no_content()
}

async fn misbehaviour(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &shared.admission().misbehaviour.document())
}

async fn misbehave(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = object(&body)?;
    let mut admission = shared.admission();
    admission.misbehaviour = admission.misbehaviour.with(&sent).map_err(Refusal)?;
    Ok(answer::json(StatusCode::OK, &admission.misbehaviour.document()))
}

async fn behave(State(shared): State<Arc<Shared>>) -> Response {
    shared.admission().misbehaviour = Misbehaviour::default();
    no_content()
}

async fn clock(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &json!({"epoch_ms": shared.now_ms()}))
}

async fn advance(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let step = object(&body)?.get("advance_ms").and_then(Value::as_u64);
    let step = step.ok_or_else(|| Refusal("advance_ms must be a whole number from 0 on".to_owned()))?;
    shared.clock.advance(Duration::from_millis(step));
    Ok(answer::json(StatusCode::OK, &json!({"epoch_ms": shared.now_ms()})))
}

async fn requests(State(shared): State<Arc<Shared>>) -> Response {
    let document = |request: crate::ReceivedRequest| {
        json!({
            "method": request.method, "path": request.path, "query": request.query, "status": request.status,
            "window": request.window,
        })
    };
    answer::json(StatusCode::OK, &shared.log.requests().into_iter().map(document).collect())
}

async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    *shared.store() = seed::store(shared.beginning.seed, &shared.store_hash);
    *shared.admission() = Admission::new(&shared.beginning);
    shared.app().reset(&shared.beginning, &shared.accounts.first_token);
    shared.webhooks.clear();
    no_content()
}

fn object(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal("the body must be a JSON object".to_owned())),
    }
}

fn number(sent: &Map<String, Value>, name: &str) -> Result<Option<u32>, Refusal> {
    let Some(value) = sent.get(name) else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.map(Some).ok_or_else(|| Refusal(format!("{name} must be a whole number from 0 on")))
}
