//! The lines of an order: what a request changes, adds and removes.

use serde_json::Value;

use super::order_lines::{line, price_line, rename};
use crate::amount::Amount;
use crate::answer::ApiError;
use crate::store::{Document, Store};

/// Where new lines of a request go.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// To the first shipping address of the order, if it has one.
    Address,
    /// To the pickup with this id.
    Pickup(u64),
}

/// The fields of the gift wrapping.
const WRAPPING: [&str; 5] =
    ["wrapping_id", "wrapping_name", "wrapping_message", "wrapping_cost_ex_tax", "wrapping_cost_inc_tax"];

/// Writes the lines in `sent` to the order. A line with an `id` is changed, a line without an `id` is added, and a line
/// with the quantity 0 is removed. Changed lines clear the discounts of the order.
pub(super) fn write_lines(
    order: &mut Document,
    sent: &[Document],
    place: Place,
    store: &mut Store,
) -> Result<(), ApiError> {
    check_pairs(sent)?;
    let mut kept: Vec<Document> =
        order["products"].as_array().into_iter().flatten().filter_map(Value::as_object).cloned().collect();
    for sent in sent {
        match sent.get("id").and_then(Value::as_u64) {
            Some(id) => {
                let at = kept.iter().position(|line| line["id"] == id);
                let at = at.ok_or_else(|| {
                    ApiError::invalid("products", format!("the order has no product with the id {id}"))
                })?;
                change_line(&mut kept[at], sent, store)?;
            }
            None => kept.push(new_line(order, sent, place, store)?),
        }
    }
    kept.retain(|line| line["quantity"] != 0);
    for line in &mut kept {
        line.insert("applied_discounts".to_owned(), Value::Array(Vec::new()));
        line.insert("discounted_total_inc_tax".to_owned(), line["total_inc_tax"].clone());
    }
    if sent.iter().any(has_wrapping) {
        write_wrapping_cost(order, &kept);
    }
    order.insert("products".to_owned(), kept.into_iter().map(Value::Object).collect());
    order.insert("discount_amount".to_owned(), Amount::ZERO.text().into());
    order.insert("coupon_discount".to_owned(), Amount::ZERO.text().into());
    order.insert("coupons".to_owned(), Value::Array(Vec::new()));
    Ok(())
}

/// The objects of the list `name`.
pub(super) fn objects(parts: &Document, name: &str) -> Vec<Document> {
    let items = parts.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_object).cloned().collect()
}

fn check_pairs(sent: &[Document]) -> Result<(), ApiError> {
    for kind in ["price", "wrapping_cost"] {
        let (without, with) = (format!("{kind}_ex_tax"), format!("{kind}_inc_tax"));
        if sent.iter().any(|line| line.contains_key(&without) != line.contains_key(&with)) {
            let complaint = format!("{without} and {with} must be sent together");
            return Err(ApiError::invalid("products", complaint));
        }
    }
    for name in ["name", "display_name", "display_value"] {
        if sent.iter().any(|line| has_two_names(line, name)) {
            let complaint = format!("{name} and {name}_customer must be the same");
            return Err(ApiError::invalid("products", complaint));
        }
    }
    let lacks_cost = |line: &Document| {
        line.get("wrapping_id").is_some_and(|id| *id != 0) && !line.contains_key("wrapping_cost_ex_tax")
    };
    if sent.iter().any(lacks_cost) {
        return Err(ApiError::invalid("products", "wrapping_id needs both wrapping costs"));
    }
    Ok(())
}

/// Whether the line, or one of its options, has `name` and the name for customers, which are one field, with two values.
fn has_two_names(line: &Document, name: &str) -> bool {
    let is_it = |part: &Document| {
        let customer = part.get(&format!("{name}_customer"));
        part.get(name).zip(customer).is_some_and(|(name, customer)| name != customer)
    };
    is_it(line) || objects(line, "product_options").iter().any(is_it)
}

fn has_wrapping(line: &Document) -> bool {
    WRAPPING.iter().any(|name| line.contains_key(*name))
}

/// The wrapping cost of the order is the sum over its lines.
fn write_wrapping_cost(order: &mut Document, lines: &[Document]) {
    for suffix in ["ex_tax", "inc_tax"] {
        let name = format!("wrapping_cost_{suffix}");
        let costs = lines.iter().filter_map(|line| Amount::of(&line[&name]));
        order.insert(name.clone(), costs.fold(Amount::ZERO, Amount::plus).text().into());
    }
    order.insert("base_wrapping_cost".to_owned(), order["wrapping_cost_ex_tax"].clone());
}

fn change_line(changed: &mut Document, sent: &Document, store: &Store) -> Result<(), ApiError> {
    let is_other = |name: &str| sent.get(name).is_some_and(|value| *value != changed[name]);
    if is_other("product_id") || is_other("variant_id") || sent.contains_key("product_options") {
        let mut wanted = sent.clone();
        let mut product_id = sent.get("product_id").and_then(Value::as_u64);
        if !is_other("product_id") {
            product_id = changed["product_id"].as_u64();
            for name in ["quantity", "price_ex_tax", "price_inc_tax", "name", "name_merchant", "upc"] {
                wanted.entry(name).or_insert_with(|| changed[name].clone());
            }
        }
        wanted.entry("quantity").or_insert_with(|| changed["quantity"].clone());
        let product = known_product(store, product_id.unwrap_or_default(), sent)?;
        let id = changed["id"].as_u64().unwrap_or_default();
        let order_id = changed["order_id"].as_u64().unwrap_or_default();
        let rebuilt = line(id, order_id, product, &wanted);
        let from_catalog =
            ["product_id", "variant_id", "type", "weight", "width", "height", "depth", "product_options"];
        let names = ["name", "name_customer", "name_merchant", "sku", "upc"];
        let cost = ["base_cost_price", "cost_price_inc_tax", "cost_price_ex_tax"];
        for name in from_catalog.into_iter().chain(names).chain(cost) {
            changed.insert(name.to_owned(), rebuilt[name].clone());
        }
        for name in ["price_ex_tax", "price_inc_tax"] {
            changed.insert(name.to_owned(), rebuilt[name].clone());
        }
    }
    for name in ["quantity", "sku", "upc"].iter().chain(&WRAPPING) {
        if let Some(value) = sent.get(*name) {
            changed.insert((*name).to_owned(), value.clone());
        }
    }
    rename(changed, sent);
    settle_wrapping(changed, sent);
    let price = |name: &str| sent.get(name).and_then(Amount::of).or_else(|| Amount::of(&changed[name]));
    let (price, with_tax) = (price("price_ex_tax"), price("price_inc_tax"));
    price_line(changed, price.unwrap_or_default(), with_tax.unwrap_or_default());
    Ok(())
}

/// Removes the gift wrapping if `sent` has its id as 0 and no other field of it, and brings its tax up to date.
fn settle_wrapping(line: &mut Document, sent: &Document) {
    let others = WRAPPING.iter().filter(|name| sent.contains_key(**name)).count();
    if sent.get("wrapping_id").is_some_and(|id| *id == 0) && others == 1 {
        for name in ["wrapping_name", "wrapping_message"] {
            line.insert(name.to_owned(), "".into());
        }
        for name in ["wrapping_cost_ex_tax", "wrapping_cost_inc_tax"] {
            line.insert(name.to_owned(), Amount::ZERO.text().into());
        }
    }
    let amount = |name: &str| Amount::of(&line[name]).unwrap_or_default();
    let (cost, with_tax) = (amount("wrapping_cost_ex_tax"), amount("wrapping_cost_inc_tax"));
    line.insert("base_wrapping_cost".to_owned(), cost.text().into());
    line.insert("wrapping_cost_tax".to_owned(), with_tax.minus(cost).text().into());
}

/// A line for a product of the catalogue, or for one that only this order knows.
fn new_line(
    order: &Document,
    sent: &Document,
    place: Place,
    store: &mut Store,
) -> Result<Document, ApiError> {
    let product_id = sent.get("product_id").and_then(Value::as_u64).unwrap_or_default();
    if product_id == 0 {
        let custom = ["quantity", "price_ex_tax", "price_inc_tax"];
        let has_name = sent.contains_key("name") || sent.contains_key("name_customer");
        let missing = custom.into_iter().find(|name| !sent.contains_key(*name));
        if let Some(missing) = missing.or((!has_name).then_some("name")) {
            return Err(ApiError::invalid("products", format!("a custom product needs {missing}")));
        }
    }
    if sent.get("quantity").is_some_and(|quantity| *quantity == 0) {
        return Err(ApiError::invalid("products", "a new product needs a quantity of at least 1"));
    }
    let id = store.parts.take();
    let product = known_product(store, product_id, sent)?;
    let mut line = line(id, order["id"].as_u64().unwrap_or_default(), product, sent);
    for name in WRAPPING {
        if let Some(value) = sent.get(name) {
            line.insert(name.to_owned(), value.clone());
        }
    }
    settle_wrapping(&mut line, sent);
    match place {
        Place::Pickup(pickup) => {
            line.insert("order_pickup_method_id".to_owned(), pickup.into());
        }
        Place::Address if line["type"] != "digital" => {
            let address = &order["shipping_addresses"][0]["id"];
            if address.is_u64() {
                line.insert("order_address_id".to_owned(), address.clone());
            }
        }
        Place::Address => {}
    }
    Ok(line)
}

/// The product with this id, which must have the variant that `sent` names; `None` for the id 0.
fn known_product<'a>(store: &'a Store, id: u64, sent: &Document) -> Result<Option<&'a Document>, ApiError> {
    let variant = sent.get("variant_id").filter(|id| **id != 0);
    if id == 0 {
        return match variant {
            Some(_) => Err(ApiError::invalid("products", "a custom product has no variant_id")),
            None => Ok(None),
        };
    }
    let unknown = || ApiError::invalid("products", format!("there is no product with the id {id}"));
    let product = store.products.get(id).ok_or_else(unknown)?;
    let variants = || product["variants"].as_array().into_iter().flatten();
    if let Some(wanted) = variant.filter(|wanted| variants().all(|variant| variant["id"] != **wanted)) {
        let complaint = format!("the product {id} has no variant with the id {wanted}");
        return Err(ApiError::invalid("products", complaint));
    }
    Ok(Some(product))
}
