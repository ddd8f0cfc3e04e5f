//! The control API where things happen that no app can bring about, and what webhooks were told of them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Refusal, object};
use crate::answer::{self, ApiError, no_content};
use crate::orders;
use crate::seed::random::Random;
use crate::server::Shared;
use crate::store::{Document, Store, fields};
use crate::webhooks::event::{Event, UNINSTALLED};
use crate::webhooks::{self, Rest, announcement};

/// The status of an order that was paid and waits to be packed.
const AWAITING_FULFILLMENT: u64 = 11;

/// The paths of what happens.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/orders", post(order))
        .route("/_sandbox/store", put(rename))
        .route("/_sandbox/uninstall", post(uninstall))
        .route("/_sandbox/deliveries", get(deliveries))
}

/// An order as a shopper places it: of a customer and a product that are there, but for the fields that are
/// sent, which are those of `POST /v2/orders`.
async fn order(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let sent = if body.is_empty() { Map::new() } else { object(&body)? };
    let mut store = shared.store();
    let mut wanted = shopping(&store);
    wanted.extend(sent);
    let id = orders::place(&mut store, &wanted, shared.now_ms().into()).map_err(refusal)?;
    Ok(answer::json(StatusCode::CREATED, &json!({"id": id})))
}

/// What the next shopper buys, which follows from the number of the order.
fn shopping(store: &Store) -> Document {
    let mut random = Random::new(store.orders.next_id());
    let mut pick = |count: usize| random.below(count as u64) as usize;
    let customer = store.customers.iter().nth(pick(store.customers.len())).map(|(_, customer)| customer);
    let product = store.products.iter().nth(pick(store.products.len())).map(|(id, _)| id);
    let of_customer =
        |name: &str| customer.and_then(|customer| customer.get(name)).cloned().unwrap_or_else(|| "".into());
    let line = match product {
        Some(id) => json!({"product_id": id, "quantity": 1}),
        None => json!({"name": "Gift", "quantity": 1, "price_ex_tax": 10, "price_inc_tax": 10}),
    };
    fields(json!({
        "customer_id": customer.and_then(|customer| customer["id"].as_u64()).unwrap_or(0),
        "status_id": AWAITING_FULFILLMENT,
        "billing_address": {
            "first_name": of_customer("first_name"), "last_name": of_customer("last_name"),
            "email": of_customer("email"),
        },
        "products": [line],
    }))
}

fn refusal(error: ApiError) -> Refusal {
    let complaints = error.complaints().iter().map(|(field, complaint)| format!("{field}: {complaint}"));
    let complaints = complaints.collect::<Vec<_>>().join(", ");
    Refusal(if complaints.is_empty() { error.title().to_owned() } else { complaints })
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
    let mut store = shared.store();
    store.events.push(Event::of_store(UNINSTALLED));
    announcement::announce(&shared, &mut store);
    let hooks: Vec<u64> = store.hooks.iter().map(|(id, _)| id).collect();
    for id in hooks {
        store.hooks.remove(id);
    }
    store.hook_activity.clear();
    drop(store);
    shared.admission().misbehaviour.token_revoked = true;
    shared.webhooks.stir();
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
