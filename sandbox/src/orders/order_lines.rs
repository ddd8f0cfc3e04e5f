//! The lines of an order, and the sums over them.

use serde_json::{Value, json};

use crate::amount::Amount;
use crate::store::{Document, fields};

/// The store's sales tax in ten-thousandths.
pub(crate) const TAX: i64 = 825;

/// A line of the order `order_id`.
///
/// Name, SKU and prices come from `product` where `sent` does not name them; a product that is not of the
/// catalogue has only what was sent. Prices are those of one piece.
pub(crate) fn line(id: u64, order_id: u64, product: Option<&Document>, sent: &Document) -> Document {
    let none = Document::new();
    let product = product.unwrap_or(&none);
    let variant = variant(product, sent);
    let text = |name: &str| {
        let value = sent.get(name).or_else(|| variant.get(name)).or_else(|| product.get(name));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let measure = |name: &str| product.get(name).and_then(Amount::of).unwrap_or_default().text();
    let listed = variant.get("calculated_price").or_else(|| product.get("calculated_price"));
    let sent_price = |name: &str| sent.get(name).and_then(Amount::of);
    let price = sent_price("price_ex_tax").or_else(|| listed.and_then(Amount::of)).unwrap_or_default();
    let with_tax = sent_price("price_inc_tax").unwrap_or_else(|| price.with_tax(TAX));
    let cost = measure("cost_price");
    let mut line = fields(json!({
        "id": id,
        "order_id": order_id,
        "product_id": product.get("id").cloned().unwrap_or_else(|| json!(0)),
        "variant_id": variant.get("id").cloned().unwrap_or_else(|| json!(0)),
        "order_address_id": 0,
        "order_pickup_method_id": 0,
        "name": text("name"), "name_customer": text("name"), "name_merchant": text("name"),
        "sku": text("sku"), "upc": text("upc"),
        "type": product.get("type").cloned().unwrap_or_else(|| json!("physical")),
        "quantity": sent.get("quantity").cloned().unwrap_or_else(|| json!(1)),
        "weight": measure("weight"), "width": measure("width"),
        "height": measure("height"), "depth": measure("depth"),
        "base_cost_price": cost, "cost_price_inc_tax": cost, "cost_price_ex_tax": cost,
        "brand": "",
    }));
    line.extend(constants());
    rename(&mut line, sent);
    line.insert("product_options".to_owned(), chosen(id, &variant, sent));
    price_line(&mut line, price, with_tax);
    line
}

/// Gives the line these prices of one piece, and the sums that follow from them and the quantity.
pub(super) fn price_line(line: &mut Document, price: Amount, with_tax: Amount) {
    let quantity = line.get("quantity").and_then(Value::as_u64).unwrap_or(1);
    let (total, total_with_tax) = (price.times(quantity), with_tax.times(quantity));
    for (name, amount) in [
        ("base_price", price),
        ("price_ex_tax", price),
        ("price_inc_tax", with_tax),
        ("price_tax", with_tax.minus(price)),
        ("base_total", total),
        ("total_ex_tax", total),
        ("total_inc_tax", total_with_tax),
        ("total_tax", total_with_tax.minus(total)),
        ("discounted_total_inc_tax", total_with_tax),
    ] {
        line.insert(name.to_owned(), amount.text().into());
    }
}

/// The variant that was asked for: by its id, by the values of options, or the base variant.
fn variant(product: &Document, sent: &Document) -> Document {
    let variants = product.get("variants").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wanted: Vec<String> = sent
        .get("product_options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|option| option["value"].to_string().trim_matches('"').to_owned())
        .collect();
    let is_chosen = |variant: &&Value| {
        let values = variant["option_values"].as_array().map(Vec::as_slice).unwrap_or_default();
        !values.is_empty() && values.iter().all(|value| wanted.contains(&value["id"].to_string()))
    };
    let by_id = sent.get("variant_id").filter(|id| **id != 0);
    let found = match by_id {
        Some(id) => variants.iter().find(|variant| variant["id"] == *id),
        None => variants.iter().find(is_chosen).or(variants.first()),
    };
    found.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The options of the line: those of its variant, and what a shopper chose or typed besides.
fn chosen(line_id: u64, variant: &Document, sent: &Document) -> Value {
    let sent = sent.get("product_options").and_then(Value::as_array).cloned().unwrap_or_default();
    let values = variant.get("option_values").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_of = |option: &Value, value: &Value| option["id"] == value["option_id"];
    let mut shown: Vec<Document> = Vec::new();
    for value in &values {
        let mut option = option(line_id, &value["option_id"], &value["id"]);
        option.insert("id".to_owned(), value["id"].clone());
        named(&mut option, "display_name", &value["option_display_name"]);
        named(&mut option, "display_value", &value["label"]);
        option.insert("name".to_owned(), value["option_display_name"].clone());
        let own = sent.iter().filter(|sent| is_of(sent, value)).filter_map(Value::as_object);
        own.for_each(|sent| rename_option(&mut option, sent));
        shown.push(option);
    }
    let others = sent.iter().filter(|option| !values.iter().any(|value| is_of(option, value)));
    for sent in others.filter_map(Value::as_object) {
        let id = sent.get("id").cloned().unwrap_or_default();
        let value = sent.get("value").cloned().unwrap_or_default();
        let mut option = option(line_id, &id, &value);
        let text = option["value"].clone();
        named(&mut option, "display_value", &text);
        option.insert("type".to_owned(), "Text field".into());
        rename_option(&mut option, sent);
        shown.push(option);
    }
    shown.into_iter().map(Value::Object).collect()
}

/// An option without names.
fn option(line_id: u64, option_id: &Value, value: &Value) -> Document {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut option = fields(json!({
        "id": option_id, "option_id": option_id, "order_product_id": line_id, "product_option_id": option_id,
        "value": text, "type": "Multiple choice", "name": "", "display_style": "Rectangle",
    }));
    named(&mut option, "display_name", &"".into());
    named(&mut option, "display_value", &"".into());
    option
}

/// Gives `name` and its forms for customers and for the merchant the same text.
fn named(option: &mut Document, name: &str, text: &Value) {
    for suffix in ["", "_customer", "_merchant"] {
        option.insert(format!("{name}{suffix}"), text.clone());
    }
}

/// Writes the names in `sent` to an option.
fn rename_option(option: &mut Document, sent: &Document) {
    for name in ["display_name", "display_value"] {
        rename_as(option, sent, name);
    }
}

/// Writes the names in `sent` to a line.
pub(super) fn rename(line: &mut Document, sent: &Document) {
    rename_as(line, sent, "name");
}

/// Writes the name in `sent`, which is the same as that for customers, and the name for the merchant.
fn rename_as(target: &mut Document, sent: &Document, name: &str) {
    let (customer, merchant) = (format!("{name}_customer"), format!("{name}_merchant"));
    if let Some(text) = sent.get(name).or_else(|| sent.get(&customer)) {
        target.insert(name.to_owned(), text.clone());
        target.insert(customer, text.clone());
    }
    if let Some(text) = sent.get(&merchant) {
        target.insert(merchant, text.clone());
    }
}

/// What every line of this store says alike.
fn constants() -> Document {
    fields(json!({
        "cost_price_tax": "0.0000",
        "is_refunded": false, "quantity_refunded": 0, "refund_amount": "0.0000", "return_id": 0,
        "wrapping_id": 0, "wrapping_name": "", "wrapping_message": "",
        "base_wrapping_cost": "0.0000", "wrapping_cost_ex_tax": "0.0000",
        "wrapping_cost_inc_tax": "0.0000", "wrapping_cost_tax": "0.0000",
        "quantity_shipped": 0, "fixed_shipping_cost": "0.0000",
        "ebay_item_id": "", "ebay_transaction_id": "",
        "option_set_id": null, "parent_order_product_id": null, "is_bundled_product": false,
        "bin_picking_number": "", "external_id": null, "fulfillment_source": "",
        "event_name": null, "event_date": null, "gift_certificate_id": null,
        "applied_discounts": [], "configurable_fields": [],
    }))
}
