//! The taxes of an order: `GET /v2/orders/{order_id}/taxes`.

use serde_json::{Value, json};

use super::order_lines::TAX;
use crate::amount::Amount;
use crate::store::Document;

/// The taxes of `order`, which together are its `total_tax`. Two more fields say what is taxed if `has_details`.
///
/// A request may write the total in place of the computed one. Then one row has the difference as a whole.
pub(super) fn taxes(order: &Document, has_details: bool) -> Vec<Value> {
    let amount = |name: &str| Amount::of(&order[name]).unwrap_or_default();
    let items = |name: &str| order[name].as_array().into_iter().flatten();
    let address = items("shipping_addresses").next().map_or(json!(0), |address| address["id"].clone());
    let mut rows: Vec<Row> = items("products").map(Row::of_line).collect();
    let costs = [("shipping", "Shipping"), ("handling", "Handling"), ("wrapping", "Gift Wrapping")];
    for (kind, class) in costs {
        let kind_of_item = if kind == "wrapping" { json!("gift-wrapping") } else { json!(kind) };
        let (address, amount) = (address.clone(), amount(&format!("{kind}_cost_tax")));
        rows.push(Row { address, class, kind: kind_of_item, ..Row::new(amount) });
    }
    let fees = items("fees").map(|fee| Row { class: "Fee", ..Row::new(amount_of(&fee["cost_tax"])) });
    rows.extend(fees);
    let total = amount("total_tax");
    if rows.iter().fold(Amount::ZERO, |sum, row| sum.plus(row.amount)) != total {
        rows = vec![Row { address, class: "API Tax Override", ..Row::new(total) }];
    }
    let taxed = rows.into_iter().filter(|row| row.amount != Amount::ZERO);
    (1_u64..).zip(taxed).map(|(place, row)| row.document(order, place, has_details)).collect()
}

struct Row {
    address: Value,
    pickup: Value,
    line: Value,
    class: &'static str,
    /// What is taxed; null if it is none of the documented kinds.
    kind: Value,
    amount: Amount,
}

impl Row {
    fn new(amount: Amount) -> Self {
        Self { address: json!(0), pickup: json!(0), line: Value::Null, class: "", kind: Value::Null, amount }
    }

    fn of_line(line: &Value) -> Self {
        Self {
            address: line["order_address_id"].clone(),
            pickup: line["order_pickup_method_id"].clone(),
            line: line["id"].to_string().into(),
            class: "Default Tax Class",
            kind: json!("item"),
            amount: amount_of(&line["total_tax"]),
        }
    }

    fn document(self, order: &Document, place: u64, has_details: bool) -> Value {
        let id = order["id"].as_u64().unwrap_or_default().saturating_mul(1_000).saturating_add(place);
        let mut row = json!({
            "id": id, "order_id": order["id"], "order_address_id": self.address,
            "order_pickup_method_id": self.pickup,
            "tax_rate_id": 1, "sales_tax_id": "1", "tax_class_id": 0,
            "name": "Sales Tax", "class": self.class,
            "rate": Amount::hundredths(TAX).text(), "priority": 0,
            "priority_amount": self.amount.text(), "line_amount": self.amount.text(),
        });
        if has_details {
            row["order_product_id"] = self.line;
            row["line_item_type"] = self.kind;
        }
        row
    }
}

fn amount_of(value: &Value) -> Amount {
    Amount::of(value).unwrap_or_default()
}
