//! The parts of an order at paths of their own. All of them can only be read.
//! Source: `reference/orders.v2.oas2.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::consignments;
use super::links::Links;
use super::order_list::operator_behind;
use super::order_view::{LINE_ITEMS, included};
use super::{bare_list, not_found, taxes};
use crate::answer::{self, ApiError, V2Error, no_content};
use crate::call::Call;
use crate::filter::{Criteria, Filter, IS, Kind};
use crate::paging::{PAGE_PARAMETERS, Page, parameter};
use crate::store::Document;

const MESSAGE_FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, &["min", "max"]),
    Filter::new("customer_id", Kind::Integer, IS),
    Filter::new("date_created", Kind::Date, &["min", "max"]),
    Filter::new("is_flagged", Kind::Flag, IS),
    Filter::new("status", Kind::OneOf(&["read", "unread"]), IS),
];

/// `GET /v2/orders/{order_id}/products`
pub(super) async fn products(call: Call) -> Result<Response, V2Error> {
    Ok(list(&call, parts(&order(&call)?, "products"))?)
}

/// `GET /v2/orders/{order_id}/products/{product_id}`, where the last id is that of the line.
pub(super) async fn product(call: Call) -> Result<Response, V2Error> {
    Ok(one(&call, parts(&order(&call)?, "products"))?)
}

/// `GET /v2/orders/{order_id}/shipping_addresses`
pub(super) async fn shipping_addresses(call: Call) -> Result<Response, V2Error> {
    Ok(list(&call, addresses(&call)?)?)
}

/// `GET /v2/orders/{order_id}/shipping_addresses/{shipping_address_id}`
pub(super) async fn shipping_address(call: Call) -> Result<Response, V2Error> {
    Ok(one(&call, addresses(&call)?)?)
}

/// `GET /v2/orders/{order_id}/shipping_addresses/{shipping_address_id}/shipping_quotes`, and the same below
/// `/consignments/shipping`: the quote of an order from the storefront. Others have none, which is a 204.
pub(super) async fn shipping_quotes(call: Call) -> Result<Response, V2Error> {
    let order = order(&call)?;
    let id = call.id(1).ok_or_else(not_found)?;
    let has_address = parts(&order, "shipping_addresses").iter().any(|address| address["id"] == id);
    if !has_address {
        return Err(not_found().into());
    }
    let was_seeded = order["id"].as_u64().is_some_and(|id| call.store().orders.created(id).is_none());
    if !was_seeded {
        return Ok(no_content());
    }
    let quote = json!({
        "id": id.to_string(), "uuid": format!("a72acc8d-0000-4000-8000-{id:012}"),
        "timestamp": order["date_created"], "shipping_provider_id": "bcstatic", "shipping_provider_quote": [],
        "provider_code": "shipping_flatrate", "carrier_code": "", "rate_code": "", "rate_id": "",
        "method_id": 1,
    });
    Ok(answer::json(StatusCode::OK, &quote))
}

/// `GET /v2/orders/{order_id}/consignments`
pub(super) async fn consignments(call: Call) -> Result<Response, V2Error> {
    let has_line_items = !included(call.parameters()?, &[LINE_ITEMS])?.is_empty();
    let order = order(&call)?;
    let all = consignments::consignments(&Links::of(&call), &order, has_line_items);
    Ok(answer::json(StatusCode::OK, &all))
}

/// `GET /v2/orders/{order_id}/coupons`
pub(super) async fn coupons(call: Call) -> Result<Response, V2Error> {
    Ok(list(&call, parts(&order(&call)?, "coupons"))?)
}

/// `GET /v2/orders/{order_id}/fees`
pub(super) async fn fees(call: Call) -> Result<Response, V2Error> {
    Ok(list(&call, parts(&order(&call)?, "fees"))?)
}

/// `GET /v2/orders/{order_id}/taxes`
pub(super) async fn taxes(call: Call) -> Result<Response, V2Error> {
    let has_details = match parameter(call.parameters()?, "details") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid("details", "is none of: true, false").into()),
    };
    let rows = taxes::taxes(&order(&call)?, has_details);
    Ok(filtered(&call, rows, &[], &["details"])?)
}

/// `GET /v2/orders/{order_id}/messages`
pub(super) async fn messages(call: Call) -> Result<Response, V2Error> {
    Ok(filtered(&call, parts(&order(&call)?, "messages"), MESSAGE_FILTERS, &[])?)
}

/// `GET /v2/orders/{order_id}/shipments`
pub(super) async fn shipments(call: Call) -> Result<Response, V2Error> {
    Ok(list(&call, parts(&order(&call)?, "shipments"))?)
}

/// `GET /v2/orders/{order_id}/shipments/count`
pub(super) async fn shipment_count(call: Call) -> Result<Response, V2Error> {
    let count = parts(&order(&call)?, "shipments").len();
    Ok(answer::json(StatusCode::OK, &json!({"count": count})))
}

/// `GET /v2/orders/{order_id}/shipments/{shipment_id}`
pub(super) async fn shipment(call: Call) -> Result<Response, V2Error> {
    Ok(one(&call, parts(&order(&call)?, "shipments"))?)
}

/// The order in the path.
fn order(call: &Call) -> Result<Document, ApiError> {
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.orders.created(*id)));
    id.and_then(|id| store.orders.get(id)).cloned().ok_or_else(not_found)
}

fn parts(order: &Document, name: &str) -> Vec<Value> {
    order[name].as_array().cloned().unwrap_or_default()
}

/// The shipping addresses of the order in the path, each with the link to its quotes.
fn addresses(call: &Call) -> Result<Vec<Value>, ApiError> {
    let order = order(call)?;
    let links = Links::of(call);
    let mut addresses = parts(&order, "shipping_addresses");
    for address in &mut addresses {
        let quotes = format!("shipping_addresses/{}/shipping_quotes", address["id"]);
        address["shipping_quotes"] = links.part(&order, &quotes);
    }
    Ok(addresses)
}

fn list(call: &Call, parts: Vec<Value>) -> Result<Response, ApiError> {
    filtered(call, parts, &[], &[])
}

/// A page of the parts that meet the filters.
fn filtered(
    call: &Call,
    parts: Vec<Value>,
    filters: &'static [Filter],
    others: &[&str],
) -> Result<Response, ApiError> {
    let moved: Vec<(String, String)> = call.parameters()?.iter().map(operator_behind).collect();
    let page = Page::read(&moved)?;
    let criteria = Criteria::read(filters, &[&PAGE_PARAMETERS[..], others].concat(), &moved, call.now())?;
    let is_met = |part: &Value| part.as_object().is_some_and(|part| criteria.admit(part));
    let met: Vec<Value> = parts.into_iter().filter(is_met).collect();
    Ok(bare_list(page.of(&met).to_vec()))
}

/// The part whose id is the last one of the path.
fn one(call: &Call, parts: Vec<Value>) -> Result<Response, ApiError> {
    let id = call.id(1).ok_or_else(not_found)?;
    let found = parts.into_iter().find(|part| part["id"] == id).ok_or_else(not_found)?;
    Ok(answer::json(StatusCode::OK, &found))
}
