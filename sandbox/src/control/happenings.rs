//! The control API where things happen that no app can bring about, and what webhooks were told of them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Refusal, number, object};
use crate::answer::{self, ApiError, no_content};
use crate::app::callbacks;
use crate::app::people::STAFF;
use crate::app::token_fault::TokenFault;
use crate::orders;
use crate::server::Shared;
use crate::webhooks::event::Event;
use crate::webhooks::{self, Rest};

/// The paths of what happens.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/orders", post(order))
        .route("/_sandbox/store", put(rename))
        .route("/_sandbox/app", get(app).put(register))
        .route("/_sandbox/token_faults", get(token_faults).post(inject).delete(clear_token_faults))
        .route("/_sandbox/uninstall", post(uninstall))
        .route("/_sandbox/remove_user", post(remove_user))
        .route("/_sandbox/deliveries", get(deliveries))
}

/// An order as a shopper places it: of a customer and a product that are there, but for the fields that are
/// sent, which are those of `POST /v2/orders`.
async fn order(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = if body.is_empty() { Map::new() } else { object(&body)? };
    let mut store = shared.store();
    let mut wanted = orders::shopping(&store);
    wanted.extend(sent);
    let id = orders::place(&mut store, &wanted, shared.now_ms().into()).map_err(refusal)?;
    Ok(answer::json(StatusCode::CREATED, &json!({"id": id})))
}

fn refusal(error: ApiError) -> Refusal {
    Refusal(error.told())
}

/// The merchant gives the shop another name.
async fn rename(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = object(&body)?;
    let name = match sent.get("name") {
        Some(Value::String(name)) if sent.len() == 1 && !name.is_empty() => name.clone(),
        _ => return Err(Refusal("send the name, and nothing else".to_owned())),
    };
    let mut store = shared.store();
    if store.name.as_ref() != Some(&name) {
        store.name = Some(name);
        store.events.push(Event::of_store("store/information/updated"));
    }
    Ok(no_content())
}

/// The merchant removes the app: its token is void and its webhooks are gone, after they were told.
async fn uninstall(State(shared): State<Arc<Shared>>) -> Response {
    callbacks::uninstall(&shared).await;
    no_content()
}

/// The merchant takes the access to the app from somebody who works there.
async fn remove_user(State(shared): State<Arc<Shared>>) -> Response {
    callbacks::remove_user(&shared, &STAFF).await;
    no_content()
}

/// The app: how it is registered, what it may do, and the calls of its callbacks.
async fn app(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &shared.app().document())
}

/// The app's maker changes how it is registered; the merchant is asked again where the scopes are others.
async fn register(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = object(&body)?;
    let mut app = shared.app();
    app.registration = app.registration.clone().with(&sent).map_err(Refusal)?;
    Ok(answer::json(StatusCode::OK, &app.document()))
}

/// The faults that token requests are to meet.
async fn token_faults(State(shared): State<Arc<Shared>>) -> Response {
    let app = shared.app();
    let faults = app.faults.iter().map(|(fault, times)| json!({"fault": fault.name(), "times": times}));
    answer::json(StatusCode::OK, &faults.collect())
}

async fn inject(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = object(&body)?;
    let times = number(&sent, "times")?.unwrap_or(1);
    let name = sent.get("fault").and_then(Value::as_str).unwrap_or_default();
    let fault = TokenFault::named(name)
        .ok_or_else(|| Refusal(format!("{name:?} is not a fault of the token endpoint")))?;
    shared.app().faults.push(fault, times);
    Ok(no_content())
}

async fn clear_token_faults(State(shared): State<Arc<Shared>>) -> Response {
    shared.app().faults.clear();
    no_content()
}

/// What was sent to webhooks; with `wait`, after it came to that rest.
async fn deliveries(
    State(shared): State<Arc<Shared>>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    for (name, value) in &parameters {
        let rest = match (name.as_str(), value.as_str()) {
            ("wait", "settled") => Rest::Settled,
            ("wait", "done") => Rest::Done,
            _ => return Err(Refusal("the one parameter is wait, as settled or done".to_owned())),
        };
        webhooks::rest(&shared, rest).await;
    }
    let now_ms = shared.now_ms();
    let ledger = shared.webhooks.ledger();
    let blocked = ledger.blocked_domains(now_ms).into_iter();
    let blocked: Vec<Value> =
        blocked.map(|(domain, left)| json!({"domain": domain, "left_ms": left})).collect();
    let body = json!({
        "deliveries": ledger.deliveries().iter().map(|delivery| delivery.document()).collect::<Vec<_>>(),
        "blocked_domains": blocked,
        "lost": ledger.lost(),
    });
    Ok(answer::json(StatusCode::OK, &body))
}
