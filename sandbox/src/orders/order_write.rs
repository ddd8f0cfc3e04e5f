//! Orders: create, update, archive.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::line_write::{Place, objects, write_lines};
use super::order_fields::{NEW_PARTS, PARTS, WRITABLE, WRITABLE_ONCE};
use super::order_sums::{COSTS, settle, settle_addresses, settle_taxes};
use super::order_view::{View, defaults, is_shown};
use super::part_write::{add_pickup, change_pickups, write_addresses, write_fees};
use super::{not_found, status_name};
use crate::answer::{self, ApiError, V2Error, no_content};
use crate::call::Call;
use crate::date::{order_date, read_date};
use crate::fields::{Field, require, writable};
use crate::store::{Document, Store};
use crate::webhooks::event::Event;

/// The status of an order that has left as a whole.
const SHIPPED: u64 = 2;

/// The currency of the store.
const CURRENCY: &str = "USD";

/// The channel of the store, which has no other.
const CHANNEL: u64 = 1;

/// The parts of an order, which are written apart from its own fields.
const PART_NAMES: [&str; 4] = ["products", "shipping_addresses", "consignments", "fees"];

/// `POST /v2/orders`: 201, as real stores were seen to answer.
pub(super) async fn create(call: Call) -> Result<Response, V2Error> {
    let sent = call.object()?;
    let view = View::read(&call)?;
    let mut store = call.store();
    let id = place(&mut store, &sent, call.now_millis())?;
    let order = store.orders.get(id).ok_or_else(not_found)?;
    Ok(answer::json(StatusCode::CREATED, &view.of(order).into()))
}

/// Places an order with what was `sent` at `now_ms`; its id.
pub(crate) fn place(store: &mut Store, sent: &Document, now_ms: u128) -> Result<u64, ApiError> {
    let now = i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX);
    require(sent, &["billing_address"])?;
    let (written, parts) = checked(store, sent, &[WRITABLE, WRITABLE_ONCE, NEW_PARTS])?;
    let pickups = parts.get("consignments").and_then(Value::as_object).map(|all| objects(all, "pickups"));
    let lines = objects(&parts, "products");
    let id = store.orders.next_id();
    let mut order = defaults(id, now);
    write_addresses(&mut order, &parts, store)?;
    write_fees(&mut order, &parts, store)?;
    match pickups.and_then(|mut pickups| pickups.pop()) {
        Some(_) if !lines.is_empty() || parts.contains_key("shipping_addresses") => {
            let complaint = "cannot be sent together with products or shipping_addresses";
            return Err(ApiError::invalid("consignments", complaint));
        }
        Some(pickup) => add_pickup(&mut order, pickup, store)?,
        None if lines.is_empty() => {
            return Err(ApiError::invalid("products", "must have at least one item"));
        }
        None => write_lines(&mut order, &lines, Place::Address, store)?,
    }
    write_own(&mut order, &written, now);
    finish(&mut order, &written, true);
    order.insert("date_modified".to_owned(), order_date(now).into());
    store.events.push(Event::about("store/order/created", "order", id));
    Ok(store.orders.insert(order, now_ms))
}

/// `PUT /v2/orders/{order_id}`: the fields that are sent. Lines and addresses are changed by their ids. Fees are replaced
/// as a whole.
pub(super) async fn update(call: Call) -> Result<Response, V2Error> {
    let sent = call.object()?;
    let view = View::read(&call)?;
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.orders.contains(*id)).ok_or_else(not_found)?;
    let (written, parts) = checked(&store, &sent, &[WRITABLE, PARTS])?;
    let mut order = store.orders.get(id).cloned().ok_or_else(not_found)?;
    let previous = order["status_id"].clone();
    write_addresses(&mut order, &parts, &mut store)?;
    write_fees(&mut order, &parts, &mut store)?;
    let lines = objects(&parts, "products");
    let mut has_new_lines = change_pickups(&mut order, &parts, &mut store)?;
    if !lines.is_empty() {
        write_lines(&mut order, &lines, Place::Address, &mut store)?;
        has_new_lines = true;
    }
    write_own(&mut order, &written, call.now());
    let has_new_costs = parts.contains_key("fees") || written.keys().any(|name| is_summand(name));
    if has_new_lines || has_new_costs {
        finish(&mut order, &written, has_new_lines);
    } else {
        write_overrides(&mut order, &written);
        settle_addresses(&mut order);
    }
    order.insert("date_modified".to_owned(), order_date(call.now()).into());
    let shown = view.of(&order).into();
    store.events.push(Event::about("store/order/updated", "order", id));
    if order["status_id"] != previous {
        store.events.push(Event::order_status(id, &previous, &order["status_id"]));
    }
    store.orders.replace(id, order);
    Ok(answer::json(StatusCode::OK, &shown))
}

/// `DELETE /v2/orders/{order_id}`: the order is archived, not gone.
pub(super) async fn archive(call: Call) -> Result<Response, V2Error> {
    let mut store = call.store();
    let id = call.id(0).ok_or_else(not_found)?;
    let order = store.orders.get_mut(id).ok_or_else(not_found)?;
    let was_there = order["is_deleted"] != true;
    order.insert("is_deleted".to_owned(), Value::Bool(true));
    order.insert("date_modified".to_owned(), order_date(call.now()).into());
    if was_there {
        store.events.push(Event::about("store/order/archived", "order", id));
    }
    Ok(no_content())
}

/// The order's own fields in `sent`, and its parts. `tables` has the fields that may be sent.
fn checked(
    store: &Store,
    sent: &Document,
    tables: &[&'static [Field]],
) -> Result<(Document, Document), ApiError> {
    let is_writable = |name: &str| tables.iter().copied().flatten().any(|field| field.name == name);
    if let Some(name) = sent.keys().find(|name| is_shown(name) && !is_writable(name)) {
        let title = format!(
            "The field '{name}' cannot be written to. Please remove it from your request before trying again."
        );
        return Err(ApiError::new(StatusCode::BAD_REQUEST, title));
    }
    let accepted = writable(sent, tables)?;
    let (parts, written): (Document, Document) =
        accepted.into_iter().partition(|(name, _)| PART_NAMES.contains(&name.as_str()));
    let costs = COSTS.map(|kind| format!("{kind}_cost"));
    for pair in costs.into_iter().chain(["subtotal".to_owned(), "total".to_owned()]) {
        let (without, with) = (format!("{pair}_ex_tax"), format!("{pair}_inc_tax"));
        if written.contains_key(&without) != written.contains_key(&with) {
            return Err(ApiError::invalid(&without, format!("must be sent together with {with}")));
        }
    }
    check_references(store, &written)?;
    Ok((written, parts))
}

/// Refuses a customer, channel or currency that the store does not have.
fn check_references(store: &Store, written: &Document) -> Result<(), ApiError> {
    let id = |name: &str| written.get(name).and_then(Value::as_u64);
    if let Some(id) = id("customer_id").filter(|id| *id != 0 && !store.customers.contains(*id)) {
        return Err(ApiError::invalid("customer_id", format!("there is no customer with the id {id}")));
    }
    if let Some(id) = id("channel_id").filter(|id| *id != CHANNEL) {
        return Err(ApiError::invalid("channel_id", format!("there is no channel with the id {id}")));
    }
    match written.get("default_currency_code").filter(|code| **code != CURRENCY) {
        Some(_) => Err(ApiError::invalid("default_currency_code", format!("must be {CURRENCY}"))),
        None => Ok(()),
    }
}

/// Writes the order's own fields, but for those that stand in the place of sums.
fn write_own(order: &mut Document, written: &Document, now: i64) {
    let mut written: Document =
        written.iter().filter(|(name, _)| !OVERRIDES.contains(&name.as_str())).map(owned).collect();
    if let Some(date) = written.get("date_created").and_then(Value::as_str).and_then(|it| read_date(it, now))
    {
        written.insert("date_created".to_owned(), order_date(date).into());
    }
    if let Some(Value::Object(sent)) = written.remove("billing_address")
        && let Some(address) = order.get_mut("billing_address").and_then(Value::as_object_mut)
    {
        address.extend(sent);
    }
    if let Some(status) = written.get("status_id").and_then(Value::as_u64) {
        written.insert("status".to_owned(), status_name(status).into());
        written.insert("custom_status".to_owned(), status_name(status).into());
        if status == SHIPPED && order["date_shipped"] == "" {
            written.insert("date_shipped".to_owned(), order_date(now).into());
        }
    }
    // Either address resets the other. Source: `ip_address` in `reference/orders.v2.oas2.yml`.
    for (name, other) in [("ip_address", "ip_address_v6"), ("ip_address_v6", "ip_address")] {
        if written.contains_key(name) && !written.contains_key(other) {
            order.insert(other.to_owned(), "".into());
        }
    }
    // Prices of this store are entered without tax, so that the base of a cost is the cost without tax.
    for kind in COSTS {
        let base = format!("base_{kind}_cost");
        if let Some(cost) = written.get(&format!("{kind}_cost_ex_tax")).cloned() {
            written.entry(base).or_insert(cost);
        }
    }
    order.extend(written);
}

/// The fields that stand in the place of what the store computes from the lines.
const OVERRIDES: [&str; 6] =
    ["subtotal_ex_tax", "subtotal_inc_tax", "total_ex_tax", "total_inc_tax", "items_total", "items_shipped"];

/// Whether the total follows from the field.
fn is_summand(name: &str) -> bool {
    name == "discount_amount" || name.starts_with("subtotal_") || name.contains("_cost_")
}

/// Brings the sums up to date and writes what was sent in their place.
fn finish(order: &mut Document, written: &Document, has_new_lines: bool) {
    settle(order, has_new_lines);
    let subtotals = written.iter().filter(|(name, _)| name.starts_with("subtotal_")).map(owned);
    order.extend(subtotals.collect::<Document>());
    settle(order, false);
    write_overrides(order, written);
}

fn write_overrides(order: &mut Document, written: &Document) {
    let overrides = written.iter().filter(|(name, _)| OVERRIDES.contains(&name.as_str())).map(owned);
    order.extend(overrides.collect::<Document>());
    settle_taxes(order);
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}
