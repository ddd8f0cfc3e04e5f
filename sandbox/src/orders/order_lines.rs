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

/// Brings the sums of an order up to date with its lines, costs, fees and discount.
pub(crate) fn settle(order: &mut Document) {
    let items = |name: &str| order.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sum = |list: &str, name: &str| {
        items(list).iter().filter_map(|item| Amount::of(&item[name])).fold(Amount::ZERO, Amount::plus)
    };
    let own = |name: &str| order.get(name).and_then(Amount::of).unwrap_or_default();
    let costs = |suffix: &str| {
        let kinds = ["shipping", "handling", "wrapping"].map(|kind| own(&format!("{kind}_cost_{suffix}")));
        kinds.into_iter().fold(sum("fees", &format!("cost_{suffix}")), Amount::plus)
    };
    let (subtotal, subtotal_with_tax) = (sum("products", "total_ex_tax"), sum("products", "total_inc_tax"));
    let discount = own("discount_amount");
    let total = subtotal.plus(costs("ex_tax")).minus(discount);
    let total_with_tax = subtotal_with_tax.plus(costs("inc_tax")).minus(discount);
    let mut amounts = vec![
        ("subtotal_ex_tax".to_owned(), subtotal),
        ("subtotal_inc_tax".to_owned(), subtotal_with_tax),
        ("subtotal_tax".to_owned(), subtotal_with_tax.minus(subtotal)),
        ("total_ex_tax".to_owned(), total),
        ("total_inc_tax".to_owned(), total_with_tax),
        ("total_tax".to_owned(), total_with_tax.minus(total)),
    ];
    for kind in ["shipping", "handling", "wrapping"] {
        let (cost, with_tax) = (own(&format!("{kind}_cost_ex_tax")), own(&format!("{kind}_cost_inc_tax")));
        amounts.push((format!("base_{kind}_cost"), cost));
        amounts.push((format!("{kind}_cost_tax"), with_tax.minus(cost)));
    }
    let count = |name: &str| items("products").iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    let (pieces, shipped) = (count("quantity"), count("quantity_shipped"));
    let addresses = items("shipping_addresses").len();
    for (name, amount) in amounts {
        order.insert(name, amount.text().into());
    }
    order.insert("items_total".to_owned(), pieces.into());
    order.insert("items_shipped".to_owned(), shipped.into());
    order.insert("shipping_address_count".to_owned(), addresses.into());
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

/// The options of the variant as the line shows them.
fn chosen(line_id: u64, variant: &Document, sent: &Document) -> Value {
    let values = variant.get("option_values").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = values.iter().map(|value| {
        json!({
            "id": value["id"], "option_id": value["option_id"], "order_product_id": line_id,
            "product_option_id": value["option_id"],
            "display_name": value["option_display_name"],
            "display_name_customer": value["option_display_name"],
            "display_name_merchant": value["option_display_name"],
            "display_value": value["label"],
            "display_value_customer": value["label"],
            "display_value_merchant": value["label"],
            "value": value["id"].to_string(),
            "type": "Multiple choice", "name": value["option_display_name"], "display_style": "Rectangle",
        })
    });
    let own: Vec<Value> = shown.collect();
    if own.is_empty() {
        return sent.get("product_options").cloned().unwrap_or_else(|| json!([]));
    }
    own.into()
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
