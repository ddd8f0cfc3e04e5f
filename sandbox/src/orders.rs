//! Orders (v2).
//! Source: `reference/orders.v2.oas2.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::Value;

use crate::answer::{self, ApiError, V2Error, no_content};
use crate::call::Call;
use crate::paging::{PAGE_PARAMETERS, Page};
use crate::server::Shared;

mod order_fields;
mod order_lines;
mod order_list;
mod order_view;
mod order_write;
mod shopping;
mod statuses;

pub(crate) use order_lines::{line, settle};
pub(crate) use order_view::{address_defaults, defaults};
pub(crate) use order_write::{place, shipping_address_parts};
pub(crate) use shopping::shopping;
pub(crate) use statuses::status_name;

/// The paths of orders and their statuses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let base = "/stores/{store_hash}/v2";
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/orders"), get(order_list::list).post(order_write::create))
        .route(&at("/orders/count"), get(statuses::count))
        .route(
            &at("/orders/{order_id}"),
            get(order_list::read).put(order_write::update).delete(order_write::archive),
        )
        .route(&at("/orders/{order_id}/products"), get(products))
        .route(&at("/orders/{order_id}/products/{line_id}"), get(product))
        .route(&at("/orders/{order_id}/shipping_addresses"), get(shipping_addresses))
        .route(&at("/orders/{order_id}/shipping_addresses/{address_id}"), get(shipping_address))
        .route(&at("/orders/{order_id}/coupons"), get(coupons))
        .route(&at("/order_statuses"), get(statuses::list))
        .route(&at("/order_statuses/{status_id}"), get(statuses::read))
}

/// `GET /v2/orders/{order_id}/products`
async fn products(call: Call) -> Result<Response, V2Error> {
    Ok(part_list(&call, "products")?)
}

/// `GET /v2/orders/{order_id}/products/{product_id}`, where the last id is that of the line.
async fn product(call: Call) -> Result<Response, V2Error> {
    Ok(part(&call, "products")?)
}

/// `GET /v2/orders/{order_id}/shipping_addresses`
async fn shipping_addresses(call: Call) -> Result<Response, V2Error> {
    Ok(part_list(&call, "shipping_addresses")?)
}

/// `GET /v2/orders/{order_id}/shipping_addresses/{shipping_address_id}`
async fn shipping_address(call: Call) -> Result<Response, V2Error> {
    Ok(part(&call, "shipping_addresses")?)
}

/// `GET /v2/orders/{order_id}/coupons`: no order of this store has any.
async fn coupons(call: Call) -> Result<Response, V2Error> {
    parts(&call, "products")?;
    Ok(no_content())
}

fn part_list(call: &Call, name: &str) -> Result<Response, ApiError> {
    let parameters = call.parameters()?;
    if let Some((other, _)) = parameters.iter().find(|(sent, _)| !PAGE_PARAMETERS.contains(&sent.as_str())) {
        return Err(ApiError::invalid(other, "is not a parameter of this list"));
    }
    let page = Page::read(parameters)?;
    let parts = parts(call, name)?;
    Ok(bare_list(page.of(&parts).to_vec()))
}

fn part(call: &Call, name: &str) -> Result<Response, ApiError> {
    let id = call.id(1).ok_or_else(not_found)?;
    let found = parts(call, name)?.into_iter().find(|part| part["id"] == id).ok_or_else(not_found)?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// The parts of the order in the path.
fn parts(call: &Call, name: &str) -> Result<Vec<Value>, ApiError> {
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.orders.created(*id)));
    let order = id.and_then(|id| store.orders.get(id)).ok_or_else(not_found)?;
    Ok(order[name].as_array().cloned().unwrap_or_default())
}

/// A list as v2 answers it: a bare array, and 204 without a body where it is empty.
fn bare_list(items: Vec<Value>) -> Response {
    if items.is_empty() { no_content() } else { answer::json(StatusCode::OK, &Value::Array(items)) }
}

fn not_found() -> ApiError {
    ApiError::not_found("The requested resource was not found.")
}
