//! What a shopper buys whom nobody has told what.

use serde_json::json;

use crate::seed::random::Random;
use crate::store::{Document, Store, fields};

/// The status of an order that was paid and waits to be packed.
const AWAITING_FULFILLMENT: u64 = 11;

/// What the next shopper buys, which follows from the number of the order.
pub(crate) fn shopping(store: &Store) -> Document {
    let mut random = Random::new(store.orders.next_id());
    let mut pick = |count: usize| random.below(count as u64) as usize;
    let customer = store.customers.iter().nth(pick(store.customers.len())).map(|(_, customer)| customer);
    let product = store.products.iter().nth(pick(store.products.len())).map(|(id, _)| id);
    let of_customer =
        |name: &str| customer.and_then(|customer| customer.get(name)).cloned().unwrap_or_else(|| "".into());
    let line = match product {
        Some(id) => json!({"product_id": id, "quantity": 1}),
        None => json!({"name": "Gift", "quantity": 1, "price_ex_tax": 10, "price_inc_tax": 10}),
    };
    fields(json!({
        "customer_id": customer.and_then(|customer| customer["id"].as_u64()).unwrap_or(0),
        "status_id": AWAITING_FULFILLMENT,
        "billing_address": {
            "first_name": of_customer("first_name"), "last_name": of_customer("last_name"),
            "email": of_customer("email"),
        },
        "products": [line],
    }))
}
