//! The sums of an order over its lines, costs, fees and discounts.

use serde_json::Value;

use crate::amount::Amount;
use crate::store::Document;

/// The kinds of costs that an order has.
pub(super) const COSTS: [&str; 3] = ["shipping", "handling", "wrapping"];

/// Brings the sums of an order up to date. The subtotal and the counts of pieces follow the lines only if `has_new_lines`,
/// because a request may have written them.
pub(crate) fn settle(order: &mut Document, has_new_lines: bool) {
    if has_new_lines {
        settle_lines(order);
    }
    let own = |name: &str| order.get(name).and_then(Amount::of).unwrap_or_default();
    let total = |suffix: &str| {
        let costs = COSTS.map(|kind| own(&format!("{kind}_cost_{suffix}")));
        let costs = costs.into_iter().fold(sum(order, "fees", &format!("cost_{suffix}")), Amount::plus);
        let discounts = own("discount_amount").plus(own("coupon_discount"));
        own(&format!("subtotal_{suffix}")).plus(costs).minus(discounts)
    };
    let totals = [("total_ex_tax", total("ex_tax")), ("total_inc_tax", total("inc_tax"))];
    for (name, amount) in totals {
        order.insert(name.to_owned(), amount.text().into());
    }
    settle_taxes(order);
    settle_addresses(order);
}

/// Brings the taxes up to date, each of which is the difference of two amounts.
pub(super) fn settle_taxes(order: &mut Document) {
    let amount = |name: &str| order.get(name).and_then(Amount::of).unwrap_or_default();
    let costs = COSTS.map(|kind| format!("{kind}_cost"));
    let sums = ["subtotal".to_owned(), "total".to_owned()].into_iter().chain(costs);
    let tax = |name: String| {
        let tax = amount(&format!("{name}_inc_tax")).minus(amount(&format!("{name}_ex_tax")));
        (format!("{name}_tax"), Value::from(tax.text()))
    };
    let taxes: Vec<(String, Value)> = sums.map(tax).collect();
    order.extend(taxes);
}

fn settle_lines(order: &mut Document) {
    for (name, of_line) in [("subtotal_ex_tax", "total_ex_tax"), ("subtotal_inc_tax", "total_inc_tax")] {
        let amount = sum(order, "products", of_line).text();
        order.insert(name.to_owned(), amount.into());
    }
    let pieces = pieces(order, |_| true);
    order.insert("items_total".to_owned(), pieces.0.into());
    order.insert("items_shipped".to_owned(), pieces.1.into());
}

/// Counts the pieces of each address. The costs of the order stand at the first address.
pub(super) fn settle_addresses(order: &mut Document) {
    let mut addresses =
        order.get("shipping_addresses").and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, address) in addresses.iter_mut().enumerate() {
        let (pieces, shipped) = pieces(order, |line| line["order_address_id"] == address["id"]);
        address["items_total"] = pieces.into();
        address["items_shipped"] = shipped.into();
        for (kind, prefix) in [("shipping", ""), ("handling", "handling_")] {
            let mut write = |name: String, of_order: String| {
                let none = || Value::from(Amount::ZERO.text());
                let cost = order.get(&of_order).filter(|_| place == 0).cloned().unwrap_or_else(none);
                address[name] = cost;
            };
            write(format!("base_{prefix}cost"), format!("base_{kind}_cost"));
            for suffix in ["ex_tax", "inc_tax", "tax"] {
                write(format!("{prefix}cost_{suffix}"), format!("{kind}_cost_{suffix}"));
            }
        }
    }
    order.insert("shipping_address_count".to_owned(), addresses.len().into());
    order.insert("shipping_addresses".to_owned(), addresses.into());
}

/// The sum of the field `name` over the items of `list`.
fn sum(order: &Document, list: &str, name: &str) -> Amount {
    let items = order.get(list).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Amount::of(&item[name])).fold(Amount::ZERO, Amount::plus)
}

/// How many pieces the lines have that `is_counted` admits, and how many of these pieces are shipped.
fn pieces(order: &Document, is_counted: impl Fn(&Value) -> bool) -> (u64, u64) {
    let lines = order.get("products").and_then(Value::as_array).into_iter().flatten();
    let lines: Vec<&Value> = lines.filter(|line| is_counted(line)).collect();
    let count =
        |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).fold(0_u64, u64::saturating_add);
    (count("quantity"), count("quantity_shipped"))
}
