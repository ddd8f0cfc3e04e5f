//! The seeded orders: of the seeded products, for the seeded customers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::order_parts;
use super::random::Random;
use crate::amount::Amount;
use crate::date::order_date;
use crate::orders::{TAX, address_defaults, defaults, line, settle, shipping_address_parts, status_name};
use crate::store::{Document, Table, fields};

/// The id of the first order; the others follow without a gap.
const FIRST_ID: u64 = 100;

const COUNT: u64 = 50;

/// When the first one was placed: 2026-01-05.
const FIRST_CREATED: i64 = 1_767_607_200;

/// Between one order and the next: about a day and a half.
const STEP: i64 = 131_400;

/// Flat-rate shipping, in cents.
const SHIPPING: i64 = 795;

/// The statuses round and round; most orders wait or are done.
const STATUSES: [u64; 10] = [11, 11, 2, 10, 2, 7, 9, 10, 5, 4];

/// The ids of lines and addresses start here.
const FIRST_LINE: u64 = 60;

/// The seeded orders by id.
pub(super) fn orders(random: &mut Random, products: &Table, customers: &Table) -> BTreeMap<u64, Document> {
    let catalog: Vec<&Document> = products.iter().map(|(_, product)| product).collect();
    let mut next_line = FIRST_LINE;
    let mut order = |place: u64| {
        let customer = customers.get(1 + random.below(customers.len() as u64));
        (FIRST_ID + place, order(place, customer, &catalog, &mut next_line, random))
    };
    (0..COUNT).map(&mut order).collect()
}

fn order(
    place: u64,
    customer: Option<&Document>,
    catalog: &[&Document],
    next_line: &mut u64,
    random: &mut Random,
) -> Document {
    let id = FIRST_ID + place;
    let created = FIRST_CREATED + i64::try_from(place).unwrap_or(0) * STEP;
    let status = STATUSES[usize::try_from(place % 10).unwrap_or(0)];
    let is_picked_up = order_parts::is_picked_up(place);
    let mut order = defaults(id, created);
    let lines: Vec<Value> = (0..=random.below(3))
        .map(|_| {
            let product = catalog[usize::try_from(random.below(catalog.len() as u64)).unwrap_or(0)];
            let sent = fields(json!({"quantity": 1 + random.below(3)}));
            *next_line += 1;
            let mut line = line(*next_line, id, Some(product), &sent);
            let (field, part) = match is_picked_up {
                true => ("order_pickup_method_id", place),
                false => ("order_address_id", place + 1),
            };
            if line["type"] != "digital" {
                line.insert(field.to_owned(), part.into());
                if matches!(status, 2 | 10) {
                    line.insert("quantity_shipped".to_owned(), line["quantity"].clone());
                }
            }
            Value::Object(line)
        })
        .collect();
    let is_digital = lines.iter().all(|line| line["type"] == "digital");
    let is_shipped = !is_picked_up && !is_digital;
    let address = address(customer);
    let mut shipping = address.clone();
    shipping.extend(shipping_address_parts(place + 1, &json!(id)));
    let cost = Amount::hundredths(if is_shipped { SHIPPING } else { 0 });
    order.extend(fields(json!({
        "products": lines,
        "shipping_addresses": is_shipped.then_some(shipping).into_iter().collect::<Vec<_>>(),
        "pickups": is_picked_up.then(|| order_parts::pickup(place)).into_iter().collect::<Vec<_>>(),
        "order_is_digital": is_digital,
        "customer_id": customer.map_or(json!(0), |customer| customer["id"].clone()),
        "status_id": status, "status": status_name(status), "custom_status": status_name(status),
        "date_modified": order_date(created + i64::try_from(random.below(90_000)).unwrap_or(0)),
        "date_shipped": if matches!(status, 2 | 10) { order_date(created + 86_400) } else { String::new() },
        "payment_method": if place.is_multiple_of(4) { "Cash on Delivery" } else { "Credit Card" },
        "payment_status": if matches!(status, 2 | 10 | 11) { "captured" } else { "" },
        "order_source": "www",
        "ip_address": format!("198.51.100.{}", 1 + place),
        "geoip_country": "United States", "geoip_country_iso2": "US",
        "cart_id": (!place.is_multiple_of(3)).then(|| format!("7c1e4a90-0000-4000-8000-{id:012}")),
        "base_shipping_cost": cost.text(), "shipping_cost_ex_tax": cost.text(),
        "shipping_cost_inc_tax": cost.with_tax(TAX).text(),
    })));
    let mut billing = address;
    billing.insert("form_fields".to_owned(), json!([]));
    order.insert("billing_address".to_owned(), billing.into());
    order_parts::add(&mut order, place, created);
    settle(&mut order, true);
    let shipments = order_parts::shipments(&order, place, created + 86_400);
    order.insert("shipments".to_owned(), shipments);
    order
}

/// The customer's own address in the form of v2.
fn address(customer: Option<&Document>) -> Document {
    let mut address = address_defaults();
    let Some(customer) = customer else {
        return address;
    };
    let own = &customer["addresses"][0];
    address.extend(fields(json!({
        "first_name": own["first_name"], "last_name": own["last_name"], "company": customer["company"],
        "street_1": own["address1"], "city": own["city"], "state": own["state_or_province"],
        "zip": own["postal_code"], "country": own["country"], "country_iso2": own["country_code"],
        "phone": own["phone"], "email": customer["email"],
    })));
    address
}
