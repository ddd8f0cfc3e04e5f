//! Orders: create, update, archive.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::order_fields::{MONEY, PARTS, READ_ONLY, WRITABLE};
use super::order_lines::{TAX, line, price_line, settle};
use super::order_view::{View, address_defaults, defaults};
use super::{not_found, status_name};
use crate::amount::Amount;
use crate::answer::{self, ApiError, V2Error, no_content};
use crate::call::Call;
use crate::date::{order_date, read_date};
use crate::fields::{require, writable};
use crate::store::{Document, Store};
use crate::webhooks::event::Event;

/// The status of an order that has left as a whole.
const SHIPPED: u64 = 2;

/// `POST /v2/orders`: 201, as real stores were seen to answer.
pub(super) async fn create(call: Call) -> Result<Response, V2Error> {
    let sent = call.object()?;
    let view = View::read(call.store_hash(), call.parameters()?)?;
    let mut store = call.store();
    let id = place(&mut store, &sent, call.now_millis())?;
    let order = store.orders.get(id).ok_or_else(not_found)?;
    Ok(answer::json(StatusCode::CREATED, &view.of(order).into()))
}

/// Places an order with what was `sent` at `now_ms`; its id.
pub(crate) fn place(store: &mut Store, sent: &Document, now_ms: u128) -> Result<u64, ApiError> {
    let now = i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX);
    require(sent, &["billing_address", "products"])?;
    check_prices(sent)?;
    let written = checked(sent)?;
    let parts = writable(sent, PARTS)?;
    if lines(&parts).is_empty() {
        return Err(ApiError::invalid("products", "must have at least one item"));
    }
    check_customer(store, &written)?;
    let id = store.orders.next_id();
    let mut order = defaults(id, now);
    write_own(&mut order, written, now);
    write_addresses(&mut order, &parts, store);
    write_fees(&mut order, &parts, store);
    write_lines(&mut order, &lines(&parts), store)?;
    settle(&mut order);
    order.insert("date_modified".to_owned(), order_date(now).into());
    store.events.push(Event::about("store/order/created", "order", id));
    Ok(store.orders.insert(order, now_ms))
}

/// `PUT /v2/orders/{order_id}`: the fields that are sent. A line with an `id` is changed, one without is
/// added, one with the quantity 0 goes; changed lines clear the discount. Fees are replaced as a whole.
pub(super) async fn update(call: Call) -> Result<Response, V2Error> {
    let sent = call.object()?;
    let view = View::read(call.store_hash(), call.parameters()?)?;
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.orders.contains(*id)).ok_or_else(not_found)?;
    if sent.contains_key("external_merchant_id") {
        return Err(ApiError::invalid("external_merchant_id", "cannot be changed").into());
    }
    check_prices(&sent)?;
    let written = checked(&sent)?;
    let parts = writable(&sent, PARTS)?;
    check_customer(&store, &written)?;
    let mut order = store.orders.get(id).cloned().ok_or_else(not_found)?;
    let previous = order["status_id"].clone();
    write_own(&mut order, written, call.now());
    write_addresses(&mut order, &parts, &mut store);
    write_fees(&mut order, &parts, &mut store);
    if parts.contains_key("products") {
        write_lines(&mut order, &lines(&parts), &mut store)?;
        order.insert("discount_amount".to_owned(), Amount::ZERO.text().into());
    }
    settle(&mut order);
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

/// The order's own fields in `sent`; a read-only one among them is refused.
fn checked(sent: &Document) -> Result<Document, ApiError> {
    if let Some(name) = READ_ONLY.iter().find(|name| sent.contains_key(**name)) {
        let title = format!(
            "The field '{name}' cannot be written to. Please remove it from your request before trying again."
        );
        return Err(ApiError::new(StatusCode::BAD_REQUEST, title));
    }
    let mut written = writable(sent, WRITABLE)?;
    for name in MONEY {
        if let Some(amount) = written.get(*name).and_then(Amount::of) {
            written.insert((*name).to_owned(), amount.text().into());
        }
    }
    for kind in ["shipping", "handling", "wrapping"] {
        let (without, with) = (format!("{kind}_cost_ex_tax"), format!("{kind}_cost_inc_tax"));
        if written.contains_key(&without) != written.contains_key(&with) {
            return Err(ApiError::invalid(&without, format!("must be sent together with {with}")));
        }
    }
    Ok(written)
}

/// Refuses a line that has one of the two prices without the other.
fn check_prices(sent: &Document) -> Result<(), ApiError> {
    let is_half = |line: &Value| line.get("price_ex_tax").is_some() != line.get("price_inc_tax").is_some();
    let half = sent.get("products").and_then(Value::as_array).into_iter().flatten().any(is_half);
    if half {
        return Err(ApiError::invalid("products", "price_ex_tax and price_inc_tax must be sent together"));
    }
    Ok(())
}

fn check_customer(store: &Store, written: &Document) -> Result<(), ApiError> {
    let customer = written.get("customer_id").and_then(Value::as_u64).filter(|id| *id != 0);
    match customer.filter(|id| !store.customers.contains(*id)) {
        Some(id) => Err(ApiError::invalid("customer_id", format!("there is no customer with the id {id}"))),
        None => Ok(()),
    }
}

fn lines(parts: &Document) -> Vec<Document> {
    let lines = parts.get("products").and_then(Value::as_array).into_iter().flatten();
    lines.filter_map(Value::as_object).cloned().collect()
}

fn write_own(order: &mut Document, mut written: Document, now: i64) {
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
    order.extend(written);
}

fn write_addresses(order: &mut Document, parts: &Document, store: &mut Store) {
    let Some(sent) = parts.get("shipping_addresses").and_then(Value::as_array) else {
        return;
    };
    let order_id = order["id"].clone();
    let address = |sent: &Value| {
        let mut address = address_defaults();
        address.extend(sent.as_object().cloned().unwrap_or_default());
        address.extend(shipping_address_parts(store.parts.take(), &order_id, 0));
        Value::Object(address)
    };
    let addresses: Vec<Value> = sent.iter().map(address).collect();
    order.insert("shipping_addresses".to_owned(), addresses.into());
}

/// What a shipping address says besides where it is.
pub(crate) fn shipping_address_parts(id: u64, order_id: &Value, pieces: u64) -> Document {
    crate::store::fields(json!({
        "id": id, "order_id": order_id,
        "items_total": pieces, "items_shipped": 0, "shipping_method": "Flat Rate",
        "base_cost": "0.0000", "cost_ex_tax": "0.0000", "cost_inc_tax": "0.0000", "cost_tax": "0.0000",
        "cost_tax_class_id": 2,
        "base_handling_cost": "0.0000", "handling_cost_ex_tax": "0.0000",
        "handling_cost_inc_tax": "0.0000", "handling_cost_tax": "0.0000", "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1, "shipping_zone_name": "United States",
        "shipping_quotes": {
            "url": "", "resource": format!("/orders/{order_id}/shipping_addresses/{id}/shipping_quotes"),
        },
        "form_fields": [],
    }))
}

fn write_fees(order: &mut Document, parts: &Document, store: &mut Store) {
    let Some(sent) = parts.get("fees").and_then(Value::as_array) else {
        return;
    };
    let fee = |sent: &Value| {
        let mut fee = sent.clone();
        let cost = Amount::of(&fee["cost_ex_tax"]).unwrap_or_default();
        let with_tax = Amount::of(&fee["cost_inc_tax"]).unwrap_or_else(|| cost.with_tax(TAX));
        fee["cost_ex_tax"] = cost.text().into();
        fee["cost_inc_tax"] = with_tax.text().into();
        fee["cost_tax"] = with_tax.minus(cost).text().into();
        if fee["id"].is_null() {
            fee["id"] = store.parts.take().into();
        }
        fee
    };
    let fees: Vec<Value> = sent.iter().map(fee).collect();
    order.insert("fees".to_owned(), fees.into());
}

fn write_lines(order: &mut Document, sent: &[Document], store: &mut Store) -> Result<(), ApiError> {
    let order_id = order["id"].as_u64().unwrap_or_default();
    let mut kept: Vec<Document> =
        order["products"].as_array().into_iter().flatten().filter_map(Value::as_object).cloned().collect();
    for sent in sent {
        match sent.get("id").and_then(Value::as_u64) {
            Some(id) => {
                let place = kept.iter().position(|line| line["id"] == id);
                let place = place.ok_or_else(|| {
                    ApiError::invalid("products", format!("the order has no product with the id {id}"))
                })?;
                change_line(&mut kept[place], sent);
            }
            None => kept.push(new_line(order_id, sent, store)?),
        }
    }
    kept.retain(|line| line["quantity"] != 0);
    let lines: Vec<Value> = kept.into_iter().map(Value::Object).collect();
    order.insert("products".to_owned(), lines.into());
    Ok(())
}

/// Changes what a request may change of a line: quantity, prices, names.
fn change_line(line: &mut Document, sent: &Document) {
    for name in ["quantity", "name", "name_customer", "name_merchant", "sku", "upc", "external_id"] {
        if let Some(value) = sent.get(name) {
            line.insert(name.to_owned(), value.clone());
        }
    }
    let price = |name: &str| sent.get(name).and_then(Amount::of).or_else(|| Amount::of(&line[name]));
    let (price, with_tax) = (price("price_ex_tax"), price("price_inc_tax"));
    price_line(line, price.unwrap_or_default(), with_tax.unwrap_or_default());
}

/// A line for a product of the catalogue, or for one that only this order knows.
fn new_line(order_id: u64, sent: &Document, store: &mut Store) -> Result<Document, ApiError> {
    let product_id = sent.get("product_id").and_then(Value::as_u64).filter(|id| *id != 0);
    let product =
        match product_id {
            Some(id) => Some(store.products.get(id).ok_or_else(|| {
                ApiError::invalid("products", format!("there is no product with the id {id}"))
            })?),
            None => {
                let custom = ["name", "quantity", "price_ex_tax", "price_inc_tax"];
                if let Some(missing) = custom.iter().find(|name| !sent.contains_key(**name)) {
                    return Err(ApiError::invalid("products", format!("a custom product needs {missing}")));
                }
                None
            }
        };
    let id = store.parts.take();
    Ok(line(id, order_id, product, sent))
}
