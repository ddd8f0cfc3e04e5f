//! The parts of seeded orders that only some orders have: shipments, fees, coupons, messages and pickups.
//! Source: `reference/orders.v2.oas2.yml` of <https://github.com/bigcommerce/docs>.

use serde_json::{Value, json};

use super::people::TOWNS;
use crate::amount::Amount;
use crate::date::order_date;
use crate::orders::{TAX, fee_parts, pickup_parts};
use crate::store::{Document, fields};

/// The price of gift packing in cents.
const GIFT_PACKING: i64 = 400;

/// The worth of the coupon in cents.
const COUPON: i64 = 500;

const HOUR: i64 = 3_600;

/// Adds the parts that the order in this place has, placed at `created`.
pub(super) fn add(order: &mut Document, place: u64, created: i64) {
    match place % 10 {
        1 => set(order, "messages", messages(order, place, created)),
        3 => {
            let cost = Amount::hundredths(GIFT_PACKING);
            let fee = fee_parts(place, &json!("Gift packing"), cost, cost.with_tax(TAX));
            set(order, "fees", json!([fee]));
        }
        6 => add_coupon(order, place),
        _ => {}
    }
}

/// Whether the customer picks up the order in this place.
pub(super) fn is_picked_up(place: u64) -> bool {
    place % 20 == 15
}

/// The pickup of the order in this place.
pub(super) fn pickup(place: u64) -> Document {
    let mut pickup = pickup_parts(place, 1);
    let town = &TOWNS[0];
    pickup.extend(fields(json!({
        "pickup_method_display_name": "Pick up in store",
        "collection_instructions": "Bring the number of the order.",
        "collection_time_description": "9am - 6pm",
        "location": {
            "id": 1, "name": "Hearth & Trail", "code": "SHOP-1", "address_line_1": "12 Alder Lane",
            "address_line_2": "", "city": town.city, "state": town.state, "postal_code": town.zip,
            "country_alpha2": "US", "email": "shop@example.com", "phone": "555-0100",
        },
    })));
    pickup
}

/// The shipment of all lines that are shipped, sent at `sent`; none if no line is shipped.
pub(super) fn shipments(order: &Document, place: u64, sent: i64) -> Value {
    let lines = order["products"].as_array().into_iter().flatten();
    let shipped = lines.filter(|line| line["order_address_id"] != 0 && line["quantity_shipped"] != 0);
    let items: Vec<Value> = shipped
        .map(|line| {
            json!({
                "order_product_id": line["id"], "product_id": line["product_id"],
                "quantity": line["quantity_shipped"],
            })
        })
        .collect();
    let Some(address) = order["shipping_addresses"].get(0).filter(|_| !items.is_empty()) else {
        return json!([]);
    };
    let number = format!("9400{:018}", place + 1);
    json!([{
        "id": place + 1, "order_id": order["id"], "customer_id": order["customer_id"],
        "order_address_id": address["id"], "date_created": order_date(sent), "tracking_number": number,
        "merchant_shipping_cost": "6.5000", "shipping_method": "Flat Rate", "comments": "",
        "shipping_provider": "usps", "tracking_carrier": "usps", "tracking_link": "",
        "billing_address": words(&order["billing_address"]), "shipping_address": words(address),
        "items": items, "shipping_provider_display_name": "USPS",
        // Hosts below `.example` lead nowhere (RFC 2606).
        "generated_tracking_link": format!("https://tracking.sandbox.example/usps/{number}"),
    }])
}

/// The fields of an address that are its words.
fn words(address: &Value) -> Value {
    let names = crate::orders::address_defaults();
    names.keys().map(|name| (name.clone(), address[name].clone())).collect::<Document>().into()
}

/// A question of the customer and the answer of the shop.
fn messages(order: &Document, place: u64, created: i64) -> Value {
    let message = |(part, kind, text, status): (u64, &str, &str, &str)| {
        let date = created.saturating_add(i64::try_from(part).unwrap_or(0) * 5 * HOUR);
        json!({
            "id": place * 2 + part, "order_id": order["id"], "staff_id": if kind == "admin" { 1 } else { 0 },
            "customer_id": order["customer_id"], "type": kind, "subject": format!("Order #{}", order["id"]),
            "message": text, "status": status, "is_flagged": false, "date_created": order_date(date),
            "customer": {},
        })
    };
    let question = (1, "customer", "When will it be sent?", "read");
    let answer = (2, "admin", "We send it tomorrow. Thank you for your order!", "unread");
    [question, answer].into_iter().map(message).collect()
}

/// A coupon for the whole order, of which each line has an equal share.
fn add_coupon(order: &mut Document, place: u64) {
    let amount = Amount::hundredths(COUPON);
    set(
        order,
        "coupons",
        json!([{
            "id": place, "coupon_id": 1, "order_id": order["id"], "code": "WELCOME5",
            "amount": amount.number(), "type": 2, "discount": amount.number(),
        }]),
    );
    set(order, "coupon_discount", amount.text().into());
    let Some(lines) = order.get_mut("products").and_then(Value::as_array_mut) else {
        return;
    };
    let share = amount.divided_by(lines.len());
    let mut left = amount;
    let count = lines.len();
    for (place, line) in lines.iter_mut().enumerate() {
        let share = if place + 1 == count { left } else { share };
        left = left.minus(share);
        let total = Amount::of(&line["total_inc_tax"]).unwrap_or_default();
        line["discounted_total_inc_tax"] = total.minus(share).text().into();
        line["applied_discounts"] = json!([{
            "id": "total-coupon", "amount": share.text(), "name": "$5 off", "code": "WELCOME5",
            "target": "order",
        }]);
    }
}

fn set(order: &mut Document, name: &str, value: Value) {
    order.insert(name.to_owned(), value);
}
