//! Orders (v2).
//! Source: `reference/orders.v2.oas2.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::Value;

use crate::answer::{self, ApiError, no_content};
use crate::server::Shared;

mod consignments;
mod line_write;
mod links;
mod order_fields;
mod order_lines;
mod order_list;
mod order_parts;
mod order_sums;
mod order_view;
mod order_write;
mod part_write;
mod shopping;
mod statuses;
mod taxes;

pub(crate) use order_lines::{TAX, line};
pub(crate) use order_sums::settle;
pub(crate) use order_view::{address_defaults, defaults};
pub(crate) use order_write::place;
pub(crate) use part_write::{fee_parts, pickup_parts, shipping_address_parts};
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
        .merge(part_routes())
        .route(&at("/order_statuses"), get(statuses::list))
        .route(&at("/order_statuses/{status_id}"), get(statuses::read))
}

fn part_routes() -> Router<Arc<Shared>> {
    let at = |path: &str| format!("/stores/{{store_hash}}/v2/orders/{{order_id}}{path}");
    Router::new()
        .route(&at("/products"), get(order_parts::products))
        .route(&at("/products/{line_id}"), get(order_parts::product))
        .route(&at("/shipping_addresses"), get(order_parts::shipping_addresses))
        .route(&at("/shipping_addresses/{address_id}"), get(order_parts::shipping_address))
        .route(&at("/shipping_addresses/{address_id}/shipping_quotes"), get(order_parts::shipping_quotes))
        .route(&at("/consignments"), get(order_parts::consignments))
        .route(
            &at("/consignments/shipping/{consignment_id}/shipping_quotes"),
            get(order_parts::shipping_quotes),
        )
        .route(&at("/coupons"), get(order_parts::coupons))
        .route(&at("/fees"), get(order_parts::fees))
        .route(&at("/taxes"), get(order_parts::taxes))
        .route(&at("/messages"), get(order_parts::messages))
        .route(&at("/shipments"), get(order_parts::shipments))
        .route(&at("/shipments/count"), get(order_parts::shipment_count))
        .route(&at("/shipments/{shipment_id}"), get(order_parts::shipment))
}

/// A list as v2 answers it: a bare array, and 204 without a body where it is empty.
fn bare_list(items: Vec<Value>) -> Response {
    if items.is_empty() { no_content() } else { answer::json(StatusCode::OK, &Value::Array(items)) }
}

fn not_found() -> ApiError {
    ApiError::not_found("The requested resource was not found.")
}
