//! Every field of an order: a request writes it, or the request is refused.

use serde_json::{Value, json};

use crate::{Answer, get, post, put, sandbox};

const ORDER: &str = "v2/orders/103";

/// The fields that a request may write, each with a value that the seeded order does not have. Fields of a pair are sent
/// together.
fn writable() -> Vec<Value> {
    vec![
        json!({"customer_id": 7}),
        json!({"status_id": 5}),
        json!({"payment_method": "Cash"}),
        json!({"payment_provider_id": "pay-1"}),
        json!({"payment_provider_id": 12.5}),
        json!({"staff_notes": "Fragile"}),
        json!({"customer_message": "Ring twice"}),
        json!({"ip_address": "203.0.113.9"}),
        json!({"ip_address_v6": "2001:db8::9"}),
        json!({"geoip_country": "Canada", "geoip_country_iso2": "CA"}),
        json!({"order_source": "external"}),
        json!({"ebay_order_id": "12-34"}),
        json!({"external_source": "M-MIG"}),
        json!({"external_source": null}),
        json!({"external_order_id": "A-1"}),
        json!({"external_order_id": null}),
        json!({"customer_locale": "es-419"}),
        json!({"date_created": "Tue, 20 Nov 2012 00:00:00 +0000"}),
        json!({"order_is_digital": true}),
        json!({"items_total": 9}),
        json!({"items_shipped": 8}),
        json!({"subtotal_ex_tax": "90.0000", "subtotal_inc_tax": "99.0000"}),
        json!({"total_ex_tax": "95.0000", "total_inc_tax": "104.0000"}),
        json!({"discount_amount": "5.5000"}),
        json!({"refunded_amount": "1.5000"}),
        json!({"base_shipping_cost": "3.0000"}),
        json!({"base_handling_cost": "3.1000"}),
        json!({"base_wrapping_cost": "3.2000"}),
        json!({"shipping_cost_ex_tax": "4.0000", "shipping_cost_inc_tax": "4.4000"}),
        json!({"handling_cost_ex_tax": "5.0000", "handling_cost_inc_tax": "5.5000"}),
        json!({"wrapping_cost_ex_tax": "6.0000", "wrapping_cost_inc_tax": "6.6000"}),
    ]
}

/// The parts of an order and its billing address, which `orders` tests.
const PARTS: [&str; 5] = ["billing_address", "products", "shipping_addresses", "consignments", "fees"];

fn message(answer: &Answer) -> String {
    answer.json()[0]["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn an_update_writes_every_field_that_may_be_written() {
    let sandbox = sandbox().await;
    for sent in writable() {
        let before = get(&sandbox, ORDER).await.json();
        let answer = put(&sandbox, ORDER, sent.clone()).await;
        assert_eq!(answer.status, 200, "{sent}: {}", answer.text);
        let after = get(&sandbox, ORDER).await.json();
        for (name, value) in sent.as_object().expect("fields") {
            assert_eq!((&answer.json()[name], &after[name]), (value, value), "{name}");
            assert!(before[name] != *value, "{name} is {value} already");
        }
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_update_refuses_every_other_field_of_an_order() {
    let sandbox = sandbox().await;
    let before = get(&sandbox, ORDER).await.json();
    let writable = writable();
    let is_writable =
        |name: &str| PARTS.contains(&name) || writable.iter().any(|sent| sent.get(name).is_some());
    let mut refused = 0;
    for (name, value) in before.as_object().expect("an order") {
        if is_writable(name) || name == "channel_id" {
            continue;
        }
        let answer = put(&sandbox, ORDER, json!({(name): value})).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text);
        assert!(message(&answer).contains(&format!("'{name}' cannot be written to")), "{}", answer.text);
        refused += 1;
    }
    assert!(refused > 25, "{refused}");
    // What the order does not show either.
    for name in ["colour", "pickups", "shipments", "messages"] {
        let answer = put(&sandbox, ORDER, json!({(name): []})).await;
        assert_eq!((answer.status, answer.json()[0]["status"].as_u64()), (400, Some(400)), "{name}");
        assert!(answer.json()[0]["details"].get(name).is_some(), "{}", answer.text);
    }
    assert_eq!(get(&sandbox, ORDER).await.json(), before, "a refused request changes nothing");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn refuses_values_that_the_store_cannot_keep() {
    let sandbox = sandbox().await;
    for sent in [
        json!({"subtotal_ex_tax": "1"}),
        json!({"total_inc_tax": "1"}),
        json!({"shipping_cost_inc_tax": "1"}),
        json!({"total_ex_tax": "-1", "total_inc_tax": "1"}),
        json!({"base_shipping_cost": "much"}),
        json!({"channel_id": 2}),
        json!({"customer_locale": "english"}),
        json!({"external_merchant_id": "x"}),
        json!({"default_currency_code": "EUR"}),
        json!({"tax_provider_id": "AvaTaxProvider"}),
        json!({"billing_address": {"colour": "red"}}),
        json!({"billing_address": {"zip": "1"}}),
        json!({"products": [{"product_id": 111, "variant_id": 1}]}),
        json!({"products": [{"product_id": 111, "quantity": 0}]}),
        json!({"products": [{"product_id": 111, "colour": "red"}]}),
        json!({"products": [{"product_id": 111, "wrapping_id": 1}]}),
        json!({"products": [{"product_id": 111, "name": "One", "name_customer": "Two"}]}),
        json!({"shipping_addresses": [{"id": 999, "city": "Austin"}]}),
        json!({"consignments": {"pickups": [{"id": 999}]}}),
        json!({"consignments": {"shipping": []}}),
        json!({"fees": [{"cost_ex_tax": 1, "cost_inc_tax": 2}]}),
        json!({"fees": [{"display_name_customer": "Packing", "cost_ex_tax": 1}]}),
        json!({"fees": [{"display_name_customer": "Packing", "cost_ex_tax": 1, "cost_inc_tax": 2, "cost_tax": 3}]}),
        json!({"fees": [{"id": 999, "display_name_customer": "Packing", "cost_ex_tax": 1, "cost_tax": 2}]}),
    ] {
        let answer = put(&sandbox, ORDER, sent.clone()).await;
        assert_eq!((answer.status, answer.json()[0]["status"].as_u64()), (400, Some(400)), "{sent}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn sums_follow_from_what_was_written_until_their_parts_change() {
    let sandbox = sandbox().await;
    let money = async |name: &str| get(&sandbox, ORDER).await.json()[name].as_str().map(str::to_owned);
    put(&sandbox, ORDER, json!({"subtotal_ex_tax": 90, "subtotal_inc_tax": 99})).await;
    // 90 and 99, shipping for 7.95 and 8.61, and the fee of the seeded order for 4.00 and 4.33.
    assert_eq!(money("subtotal_tax").await.as_deref(), Some("9.0000"));
    assert_eq!(money("total_ex_tax").await.as_deref(), Some("101.9500"));
    assert_eq!(money("total_inc_tax").await.as_deref(), Some("111.9400"));
    put(&sandbox, ORDER, json!({"total_ex_tax": "80", "total_inc_tax": "88"})).await;
    put(&sandbox, ORDER, json!({"staff_notes": "Packed"})).await;
    assert_eq!(money("total_tax").await.as_deref(), Some("8.0000"), "notes leave the total alone");
    put(&sandbox, ORDER, json!({"discount_amount": "10"})).await;
    assert_eq!(money("total_ex_tax").await.as_deref(), Some("91.9500"), "the written subtotal stays");
    let line = get(&sandbox, &format!("{ORDER}/products")).await.json()[0]["id"].clone();
    let lines = json!({"products": [{"id": line, "quantity": 2}], "discount_amount": "2"});
    put(&sandbox, ORDER, lines).await;
    assert_ne!(money("subtotal_ex_tax").await.as_deref(), Some("90.0000"), "new lines make a new subtotal");
    assert_eq!(money("discount_amount").await.as_deref(), Some("2.0000"), "what was sent beside them counts");
    put(&sandbox, ORDER, json!({"shipping_cost_ex_tax": "2", "shipping_cost_inc_tax": "3"})).await;
    assert_eq!(money("base_shipping_cost").await.as_deref(), Some("2.0000"));
    let address = get(&sandbox, &format!("{ORDER}/shipping_addresses")).await.json()[0].clone();
    assert_eq!((&address["cost_inc_tax"], &address["cost_tax"]), (&json!("3.0000"), &json!("1.0000")));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn parts_are_changed_by_their_ids() {
    let sandbox = sandbox().await;
    let addresses = format!("{ORDER}/shipping_addresses");
    let first = get(&sandbox, &addresses).await.json()[0].clone();
    let sent = json!({"shipping_addresses": [
        {"id": first["id"], "city": "Duluth", "form_fields": [{"name": "Gate", "value": ["red", "left"]}]},
        {"first_name": "Ada", "zip": "97201"},
    ]});
    assert_eq!(put(&sandbox, ORDER, sent).await.status, 200);
    let after = get(&sandbox, &addresses).await.json();
    assert_eq!((&after[0]["id"], &after[0]["city"]), (&first["id"], &json!("Duluth")));
    assert_eq!((&after[0]["zip"], &after[0]["form_fields"][0]["value"][1]), (&first["zip"], &json!("left")));
    assert_eq!((&after[1]["first_name"], &after[2]), (&json!("Ada"), &Value::Null));
    assert_eq!(get(&sandbox, ORDER).await.json()["shipping_address_count"], 2);

    let fee = get(&sandbox, &format!("{ORDER}/fees")).await.json()[0].clone();
    let sent = json!({"fees": [
        {"id": fee["id"], "display_name_merchant": "Packing", "cost_inc_tax": "5", "cost_tax": "1"},
    ]});
    assert_eq!(put(&sandbox, ORDER, sent).await.status, 200);
    let fees = get(&sandbox, &format!("{ORDER}/fees")).await.json();
    assert_eq!(
        (&fees[0]["id"], &fees[0]["cost_ex_tax"], &fees[1]),
        (&fee["id"], &json!("4.0000"), &Value::Null)
    );

    let pickup = get(&sandbox, "v2/orders/115/consignments").await.json()["pickups"][0].clone();
    let sent = json!({"consignments": {"pickups": [{
        "id": pickup["id"], "collection_instructions": "Ring", "location": {"city": "Duluth"},
        "line_items": [{"product_id": 112, "quantity": 1}],
    }]}});
    assert_eq!(put(&sandbox, "v2/orders/115", sent).await.status, 200);
    let after = get(&sandbox, "v2/orders/115/consignments").await.json()["pickups"][0].clone();
    assert_eq!(
        (&after["collection_instructions"], &after["location"]["city"]),
        (&json!("Ring"), &json!("Duluth"))
    );
    assert_eq!(after["location"]["name"], pickup["location"]["name"]);
    let count = |pickup: &Value| pickup["line_items"].as_array().map_or(0, Vec::len);
    assert_eq!(count(&after), count(&pickup) + 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_line_keeps_its_wrapping_its_options_and_its_variant() {
    let sandbox = sandbox().await;
    let sent = json!({
        "billing_address": {"zip": "78701"},
        "products": [{
            "product_id": 111, "quantity": 2, "name_merchant": "Ours",
            "wrapping_id": 3, "wrapping_name": "Paper", "wrapping_message": "For Ada",
            "wrapping_cost_ex_tax": 4, "wrapping_cost_inc_tax": "4.5",
            "product_options": [{"id": 9_000, "value": "Ada", "display_name": "Engraving"}],
        }],
        "external_merchant_id": "merchant-1", "default_currency_code": "USD",
    });
    let made = post(&sandbox, "v2/orders", sent).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let order = made.json();
    assert_eq!(order["external_merchant_id"], "merchant-1");
    assert_eq!(
        (&order["wrapping_cost_ex_tax"], &order["wrapping_cost_tax"]),
        (&json!("4.0000"), &json!("0.5000"))
    );
    let path = format!("v2/orders/{}", order["id"]);
    let line = get(&sandbox, &format!("{path}/products")).await.json()[0].clone();
    assert_eq!((&line["wrapping_name"], &line["name_merchant"]), (&json!("Paper"), &json!("Ours")));
    let options = line["product_options"].as_array().expect("a list");
    let option = options.last().expect("the engraving");
    assert_eq!((&option["display_name"], &option["display_value"]), (&json!("Engraving"), &json!("Ada")));
    let bare = json!({"products": [{"id": line["id"], "wrapping_id": 0}]});
    assert_eq!(put(&sandbox, &path, bare).await.json()["wrapping_cost_inc_tax"], "0.0000");
    let line = get(&sandbox, &format!("{path}/products")).await.json()[0].clone();
    assert_eq!((&line["wrapping_id"], &line["wrapping_name"]), (&json!(0), &json!("")));
    let variants = get(&sandbox, "v3/catalog/products/114?include=variants").await.json();
    let variant =
        variants["data"]["variants"].as_array().and_then(|all| all.last()).expect("a variant").clone();
    let other = json!({"products": [{"id": line["id"], "product_id": 114, "variant_id": variant["id"]}]});
    assert_eq!(put(&sandbox, &path, other).await.status, 200);
    let line = get(&sandbox, &format!("{path}/products")).await.json()[0].clone();
    assert_eq!((&line["variant_id"], &line["sku"]), (&variant["id"], &variant["sku"]));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_order_is_picked_up_or_shipped_and_never_both() {
    let sandbox = sandbox().await;
    let pickup =
        json!({"pickups": [{"pickup_method_id": 1, "line_items": [{"product_id": 111, "quantity": 2}]}]});
    let sent = json!({"billing_address": {"zip": "78701"}, "consignments": pickup});
    let made = post(&sandbox, "v2/orders", sent.clone()).await;
    assert_eq!((made.status, &made.json()["items_total"]), (201, &json!(2)), "{}", made.text);
    let mut both = sent;
    both["products"] = json!([{"product_id": 111, "quantity": 1}]);
    assert_eq!(post(&sandbox, "v2/orders", both).await.status, 400);
    let none = json!({"billing_address": {"zip": "78701"}, "consignments": {"pickups": []}});
    assert_eq!(post(&sandbox, "v2/orders", none).await.status, 400);
    sandbox.shutdown().await;
}
