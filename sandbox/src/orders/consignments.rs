//! The consignments of an order: what is shipped, picked up or downloaded.
//! Source: `GET /orders/{order_id}/consignments` in `reference/orders.v2.oas2.yml`.

use serde_json::{Value, json};

use super::links::Links;
use crate::amount::Amount;
use crate::store::Document;

/// The costs of an address. They are strings there and numbers in a consignment.
const COSTS: [&str; 8] = [
    "base_cost",
    "cost_ex_tax",
    "cost_inc_tax",
    "cost_tax",
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
];

/// The consignments of `order`, whose line items are links unless `has_line_items` asks for the items themselves.
pub(super) fn consignments(links: &Links, order: &Document, has_line_items: bool) -> Value {
    let lines = |is_part: &dyn Fn(&Value) -> bool| {
        let lines = order["products"].as_array().into_iter().flatten().filter(|line| is_part(line));
        let shown = |line: &Value| match has_line_items {
            true => line.clone(),
            false => links.part(order, &format!("products/{}", line["id"])),
        };
        lines.map(shown).collect::<Vec<Value>>()
    };
    let shipping = order["shipping_addresses"].as_array().into_iter().flatten().map(|address| {
        let mut consignment = address.clone();
        if let Some(fields) = consignment.as_object_mut() {
            fields.remove("order_id");
        }
        for cost in COSTS {
            consignment[cost] = Amount::of(&address[cost]).unwrap_or_default().number();
        }
        let quotes = format!("consignments/shipping/{}/shipping_quotes", address["id"]);
        consignment["shipping_quotes"] = links.part(order, &quotes);
        consignment["line_items"] = lines(&|line| line["order_address_id"] == address["id"]).into();
        consignment
    });
    let pickups = order["pickups"].as_array().into_iter().flatten().map(|pickup| {
        let mut consignment = pickup.clone();
        consignment["line_items"] = lines(&|line| line["order_pickup_method_id"] == pickup["id"]).into();
        consignment
    });
    let digital = lines(&|line| line["type"] == "digital");
    let recipient = &order["billing_address"]["email"];
    let downloads: Vec<Value> = match digital.is_empty() {
        true => Vec::new(),
        false => vec![json!({"recipient_email": recipient, "line_items": digital})],
    };
    json!({
        "pickups": pickups.collect::<Vec<_>>(),
        "shipping": shipping.collect::<Vec<_>>(),
        "downloads": downloads,
        "email": {"gift_certificates": []},
    })
}
