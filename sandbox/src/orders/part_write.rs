//! The parts of an order beside its lines: what a request changes of addresses, pickups and fees.

use serde_json::{Value, json};

use super::line_write::{Place, objects, write_lines};
use super::order_view::address_defaults;
use crate::amount::Amount;
use crate::answer::ApiError;
use crate::store::{Document, Store, fields};

/// Writes the shipping addresses in `parts`. An address with an `id` is changed, an address without an `id` is added.
pub(super) fn write_addresses(
    order: &mut Document,
    parts: &Document,
    store: &mut Store,
) -> Result<(), ApiError> {
    let mut addresses = objects(order, "shipping_addresses");
    for mut sent in objects(parts, "shipping_addresses") {
        match sent.remove("id").and_then(|id| id.as_u64()) {
            Some(id) => found(&mut addresses, id, "shipping_addresses")?.extend(sent),
            None => {
                let mut address = address_defaults();
                address.extend(shipping_address_parts(store.parts.take(), &order["id"]));
                address.extend(sent);
                addresses.push(address);
            }
        }
    }
    order.insert("shipping_addresses".to_owned(), addresses.into_iter().map(Value::Object).collect());
    Ok(())
}

/// The fields of a shipping address besides its words. The sums of the order fill in pieces and costs.
pub(crate) fn shipping_address_parts(id: u64, order_id: &Value) -> Document {
    fields(json!({
        "id": id, "order_id": order_id, "shipping_method": "Flat Rate",
        "items_total": 0, "items_shipped": 0, "cost_tax_class_id": 2, "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1, "shipping_zone_name": "United States",
        "form_fields": [],
    }))
}

/// Adds the pickup of a new order with its lines.
pub(super) fn add_pickup(
    order: &mut Document,
    mut sent: Document,
    store: &mut Store,
) -> Result<(), ApiError> {
    if !sent.contains_key("pickup_method_id") {
        return Err(ApiError::invalid("consignments.pickups.0.pickup_method_id", "error.path.missing"));
    }
    let lines = take_lines(&mut sent);
    if lines.is_empty() {
        return Err(ApiError::invalid("consignments.pickups.0.line_items", "must have at least one item"));
    }
    let id = store.parts.take();
    let mut pickup = pickup_parts(id, store.parts.take());
    write_pickup(&mut pickup, sent);
    order.insert("pickups".to_owned(), json!([pickup]));
    write_lines(order, &lines, Place::Pickup(id), store)
}

/// Changes the pickups in `parts`, which must have the ids of pickups of the order; whether it changed lines.
pub(super) fn change_pickups(
    order: &mut Document,
    parts: &Document,
    store: &mut Store,
) -> Result<bool, ApiError> {
    let sent = parts.get("consignments").and_then(Value::as_object);
    let mut pickups = objects(order, "pickups");
    let mut has_lines = false;
    for mut sent in sent.map(|sent| objects(sent, "pickups")).unwrap_or_default() {
        let id = sent.remove("id").and_then(|id| id.as_u64()).unwrap_or_default();
        let lines = take_lines(&mut sent);
        write_pickup(found(&mut pickups, id, "consignments.pickups")?, sent);
        if !lines.is_empty() {
            write_lines(order, &lines, Place::Pickup(id), store)?;
            has_lines = true;
        }
    }
    order.insert("pickups".to_owned(), pickups.into_iter().map(Value::Object).collect());
    Ok(has_lines)
}

/// A pickup of which nothing is known but its id and that of its location.
pub(crate) fn pickup_parts(id: u64, location: u64) -> Document {
    fields(json!({
        "id": id, "pickup_method_id": 1, "pickup_method_display_name": "", "collection_instructions": "",
        "collection_time_description": "",
        "location": {
            "id": location, "name": "", "code": "", "address_line_1": "", "address_line_2": "", "city": "",
            "state": "", "postal_code": "", "country_alpha2": "", "email": "", "phone": "",
        },
    }))
}

fn write_pickup(pickup: &mut Document, mut sent: Document) {
    let location = sent.remove("location").and_then(|location| location.as_object().cloned());
    if let Some(known) = pickup.get_mut("location").and_then(Value::as_object_mut) {
        known.extend(location.unwrap_or_default());
    }
    pickup.extend(sent);
}

fn take_lines(pickup: &mut Document) -> Vec<Document> {
    let lines = objects(pickup, "line_items");
    pickup.remove("line_items");
    lines
}

/// Writes the fees in `parts` in the place of all fees of the order. A fee with an `id` must be a fee of the order.
pub(super) fn write_fees(order: &mut Document, parts: &Document, store: &mut Store) -> Result<(), ApiError> {
    if !parts.contains_key("fees") {
        return Ok(());
    }
    let before = objects(order, "fees");
    let mut fees = Vec::new();
    for sent in objects(parts, "fees") {
        let id = match sent.get("id").and_then(Value::as_u64) {
            Some(id) if before.iter().any(|fee| fee["id"] == id) => id,
            Some(id) => {
                return Err(ApiError::invalid("fees", format!("the order has no fee with the id {id}")));
            }
            None => store.parts.take(),
        };
        fees.push(Value::Object(fee(id, sent)?));
    }
    order.insert("fees".to_owned(), fees.into());
    Ok(())
}

/// The fee as it is kept: with one of its names at least, and with all costs, of which two at least are sent.
fn fee(id: u64, sent: Document) -> Result<Document, ApiError> {
    let names = ["display_name_customer", "display_name_merchant"];
    let Some(name) = names.iter().find_map(|name| sent.get(*name)).cloned() else {
        return Err(ApiError::invalid("fees", format!("a fee needs {} or {}", names[0], names[1])));
    };
    let amount = |name: &str| sent.get(name).and_then(Amount::of);
    let (cost, with_tax) = match (amount("cost_ex_tax"), amount("cost_inc_tax"), amount("cost_tax")) {
        (Some(cost), Some(with_tax), tax) if tax.is_none_or(|tax| cost.plus(tax) == with_tax) => {
            (cost, with_tax)
        }
        (Some(cost), None, Some(tax)) => (cost, cost.plus(tax)),
        (None, Some(with_tax), Some(tax)) => (with_tax.minus(tax), with_tax),
        (Some(_), Some(_), _) => return Err(ApiError::invalid("fees", "the costs of a fee disagree")),
        _ => {
            let complaint = "a fee needs two of cost_ex_tax, cost_inc_tax and cost_tax";
            return Err(ApiError::invalid("fees", complaint));
        }
    };
    let mut fee = fee_parts(id, &name, cost, with_tax);
    fee.extend(sent);
    for (name, amount) in [("cost_ex_tax", cost), ("cost_inc_tax", with_tax)] {
        fee.insert(name.to_owned(), amount.text().into());
    }
    fee.insert("cost_tax".to_owned(), with_tax.minus(cost).text().into());
    Ok(fee)
}

/// A fee with this name and these costs.
pub(crate) fn fee_parts(id: u64, name: &Value, cost: Amount, with_tax: Amount) -> Document {
    fields(json!({
        "id": id, "type": "custom_fee", "display_name_customer": name, "display_name_merchant": name,
        "source": "", "base_cost": cost.text(), "cost_ex_tax": cost.text(), "cost_inc_tax": with_tax.text(),
        "cost_tax": with_tax.minus(cost).text(), "tax_class_id": null,
    }))
}

/// The part of the order with this id.
fn found<'a>(parts: &'a mut [Document], id: u64, name: &str) -> Result<&'a mut Document, ApiError> {
    let found = parts.iter_mut().find(|part| part["id"] == id);
    found.ok_or_else(|| ApiError::invalid(name, format!("the order has no part with the id {id}")))
}
