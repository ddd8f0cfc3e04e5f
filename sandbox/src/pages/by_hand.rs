//! What the forms of the store's page do: they place orders, change products and register customers, by the same
//! rules as the API.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Form, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer::V3Error;
use crate::app::consent::{Fields, redirect, refusal};
use crate::call::Call;
use crate::server::Shared;
use crate::{catalog, customers, orders};

/// `POST /manage/orders`: `product_id` and `quantity`, both of which may be missing.
pub(super) async fn place_order(State(shared): State<Arc<Shared>>, Form(sent): Form<Fields>) -> Response {
    let placed = {
        let mut store = shared.store();
        let mut wanted = orders::shopping(&store);
        if let Some(product) = filled(&sent, "product_id") {
            let line = json!({"product_id": number(product), "quantity": number(quantity(&sent))});
            wanted.insert("products".to_owned(), Value::Array(vec![line]));
        }
        orders::place(&mut store, &wanted, shared.now_ms().into())
    };
    match placed {
        Ok(id) => redirect(&format!("/?order={id}")),
        Err(error) => refusal(StatusCode::BAD_REQUEST, &error.told()),
    }
}

fn quantity(sent: &Fields) -> &str {
    filled(sent, "quantity").unwrap_or("1")
}

/// `POST /manage/products`: `product_id`, and a new `name` or `price`.
pub(super) async fn change_product(State(shared): State<Arc<Shared>>, Form(sent): Form<Fields>) -> Response {
    let id = filled(&sent, "product_id").unwrap_or_default().to_owned();
    let mut changes = Map::new();
    if let Some(name) = filled(&sent, "name") {
        changes.insert("name".to_owned(), name.into());
    }
    if let Some(price) = filled(&sent, "price") {
        changes.insert("price".to_owned(), number(price));
    }
    if changes.is_empty() {
        return refusal(StatusCode::BAD_REQUEST, "Give the product another name or price.");
    }
    let call = Call::by_hand(shared, vec![id.clone()], &Value::Object(changes));
    match catalog::change_product(call).await {
        Ok(_) => redirect(&format!("/?product={id}")),
        Err(error) => refused(error),
    }
}

/// `POST /manage/customers`: `first_name`, `last_name` and `email`.
pub(super) async fn register_customer(
    State(shared): State<Arc<Shared>>,
    Form(sent): Form<Fields>,
) -> Response {
    let names = ["first_name", "last_name", "email"];
    let customer: Map<String, Value> =
        names.iter().filter_map(|name| Some(((*name).to_owned(), filled(&sent, name)?.into()))).collect();
    let call = Call::by_hand(shared, Vec::new(), &json!([customer]));
    match customers::create(call).await {
        Ok(made) => {
            let body = to_bytes(made.into_body(), usize::MAX).await.unwrap_or_default();
            let made: Value = serde_json::from_slice(&body).unwrap_or_default();
            redirect(&format!("/?customer={}", made["data"][0]["id"]))
        }
        Err(error) => refused(error),
    }
}

fn refused(V3Error(error): V3Error) -> Response {
    refusal(StatusCode::BAD_REQUEST, &error.told())
}

/// What was filled in at this place of the form.
fn filled<'a>(sent: &'a Fields, name: &str) -> Option<&'a str> {
    sent.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// The number in a field, digit by digit, or the text for the API to complain about.
fn number(text: &str) -> Value {
    serde_json::from_str(text).ok().filter(Value::is_number).unwrap_or_else(|| text.into())
}
