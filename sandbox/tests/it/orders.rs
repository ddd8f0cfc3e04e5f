//! Orders, their parts and their statuses.

use serde_json::{Value, json};

use crate::{column, delete, get, post, put, sandbox};

const ORDERS: &str = "v2/orders";

fn order() -> Value {
    json!({
        "billing_address": {"first_name": "Jo", "last_name": "Marsh",
            "zip": "78701", "email": "jo@example.com"},
        "products": [
            {"name": "Gift Card Holder", "quantity": 2, "price_inc_tax": 10.98, "price_ex_tax": "10"},
            {"product_id": 113, "quantity": 1},
        ],
    })
}

#[tokio::test]
async fn a_seeded_order_is_as_real_stores_answer_it() {
    let sandbox = sandbox().await;
    let order = get(&sandbox, &format!("{ORDERS}/100")).await.json();
    for money in
        ["subtotal_ex_tax", "subtotal_inc_tax", "total_inc_tax", "shipping_cost_ex_tax", "discount_amount"]
    {
        let text = order[money].as_str().expect("a decimal string");
        assert_eq!(text.split_once('.').map(|(_, places)| places.len()), Some(4), "{money} is {text}");
    }
    assert_eq!(order["currency_exchange_rate"], "1.0000000000");
    assert_eq!(order["date_created"], "Mon, 05 Jan 2026 10:00:00 +0000");
    assert_eq!(
        (&order["date_shipped"], &order["cart_id"], &order["credit_card_type"]),
        (&json!(""), &json!(null), &json!(null))
    );
    for part in ["products", "shipping_addresses", "coupons", "consignments", "fees"] {
        assert_eq!(order[part]["resource"], format!("/orders/100/{part}"));
    }
    let whole = get(&sandbox, &format!("{ORDERS}/100?include=fees,consignments.line_items")).await.json();
    assert_eq!(whole["fees"], json!([]));
    assert!(whole["consignments"]["shipping"][0]["line_items"].is_array());
    assert_eq!(get(&sandbox, &format!("{ORDERS}/100?include=lines")).await.status, 400);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_sums_of_an_order_are_exact() {
    let sandbox = sandbox().await;
    let parts =
        |text: &Value| text.as_str().expect("a string").replace('.', "").parse::<i64>().expect("digits");
    for id in 100..150 {
        let order = get(&sandbox, &format!("{ORDERS}/{id}")).await.json();
        let lines = get(&sandbox, &format!("{ORDERS}/{id}/products")).await.json();
        let sum: i64 = column(&lines, "total_inc_tax").iter().map(parts).sum();
        assert_eq!(parts(&order["subtotal_inc_tax"]), sum, "order {id}");
        let fees = get(&sandbox, &format!("{ORDERS}/{id}?include=fees")).await.json()["fees"].clone();
        let fees: i64 = column(&fees, "cost_inc_tax").iter().map(parts).sum();
        let costs = parts(&order["shipping_cost_inc_tax"]) + fees - parts(&order["coupon_discount"]);
        assert_eq!(parts(&order["total_inc_tax"]), sum + costs, "order {id}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn lists_are_bare_and_empty_ones_have_no_body() {
    let sandbox = sandbox().await;
    let first = get(&sandbox, &format!("{ORDERS}?limit=2")).await.json();
    assert_eq!(column(&first, "id"), [100, 101]);
    for (query, ids) in [
        ("min_id=148", vec![148, 149]),
        ("sort=date_created:desc&limit=1", vec![149]),
        ("status_id=5&max_id=110", vec![108]),
        ("min_date_created=2026-03-20T00:00:00Z", vec![149]),
        ("max_date_created=Mon%2C%2005%20Jan%202026%2010%3A00%3A00%20%2B0000", vec![100]),
        ("page=25&limit=2", vec![148, 149]),
    ] {
        let answer = get(&sandbox, &format!("{ORDERS}?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(column(&answer.json(), "id"), ids, "{query}");
    }
    for empty in ["min_id=9999", "page=99", "email=nobody@example.com"] {
        let answer = get(&sandbox, &format!("{ORDERS}?{empty}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{empty}");
    }
    let unknown = get(&sandbox, &format!("{ORDERS}?id=100")).await;
    assert_eq!((unknown.status, unknown.json()[0]["status"].as_u64()), (400, Some(400)));
    assert_eq!(get(&sandbox, &format!("{ORDERS}?limit=251")).await.status, 413);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_order_is_created_with_its_sums() {
    let sandbox = sandbox().await;
    let created = post(&sandbox, ORDERS, order()).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let body = created.json();
    assert_eq!(
        (&body["id"], &body["status_id"], &body["status"]),
        (&json!(150), &json!(1), &json!("Pending"))
    );
    assert_eq!((&body["subtotal_ex_tax"], &body["items_total"]), (&json!("99.0000"), &json!(3)));
    assert_eq!(body["total_inc_tax"], "107.4800", "2 x 10.98 and 79.00 with 8.25 % tax");
    let lines = get(&sandbox, &format!("{ORDERS}/150/products")).await.json();
    assert_eq!(column(&lines, "name"), ["Gift Card Holder", "Hand Grinder"]);
    assert_eq!(column(&lines, "total_inc_tax"), ["21.9600", "85.5200"]);
    assert_eq!(get(&sandbox, &format!("{ORDERS}/150/shipping_addresses")).await.status, 204);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_update_changes_adds_and_removes_lines() {
    let sandbox = sandbox().await;
    post(&sandbox, ORDERS, order()).await;
    let path = format!("{ORDERS}/150");
    let lines = get(&sandbox, &format!("{path}/products")).await.json();
    let (first, second) = (&lines[0]["id"], &lines[1]["id"]);
    put(&sandbox, &path, json!({"discount_amount": "5.00"})).await;
    let changes = json!({"status_id": 2, "products": [
        {"id": first, "quantity": 0}, {"id": second, "quantity": 3}, {"product_id": 111, "quantity": 1},
    ]});
    let changed = put(&sandbox, &path, changes).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let body = changed.json();
    assert_eq!((&body["status"], &body["items_total"]), (&json!("Shipped"), &json!(4)));
    assert_eq!(body["discount_amount"], "0.0000", "changed lines clear the discount");
    assert_eq!(body["subtotal_ex_tax"], "301.9500", "3 x 79.00 and 64.95");
    assert_ne!(body["date_shipped"], "");
    let fees = json!({"fees": [{"type": "custom_fee", "display_name_customer": "Packing",
        "cost_ex_tax": 10, "cost_inc_tax": 12.5}]});
    let with_fee = put(&sandbox, &format!("{path}?include=fees"), fees).await.json();
    assert_eq!(
        (&with_fee["fees"][0]["cost_tax"], &with_fee["total_ex_tax"]),
        (&json!("2.5000"), &json!("311.9500"))
    );
    let without = put(&sandbox, &path, json!({"fees": []})).await.json();
    assert_eq!(without["total_ex_tax"], "301.9500");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn refuses_orders_that_cannot_be() {
    let sandbox = sandbox().await;
    let with = |field: &str, value: Value| {
        let mut sent = order();
        sent[field] = value;
        sent
    };
    for sent in [
        with("products", json!([])),
        with("products", json!([{"product_id": 99_999}])),
        with("products", json!([{"name": "Half", "quantity": 1, "price_ex_tax": 1}])),
        with("customer_id", json!(99_999)),
        with("status_id", json!(15)),
        with("total_tax", json!(1)),
        json!({"products": []}),
    ] {
        let answer = post(&sandbox, ORDERS, sent.clone()).await;
        assert_eq!((answer.status, answer.json()[0]["status"].as_u64()), (400, Some(400)), "{sent}");
    }
    let path = format!("{ORDERS}/100");
    assert_eq!(put(&sandbox, &path, json!({"external_merchant_id": "x"})).await.status, 400);
    let echoed = put(&sandbox, &path, json!({"id": 100})).await;
    assert!(echoed.status == 400 && echoed.text.contains("cannot be written to"));
    assert_eq!(put(&sandbox, &path, json!({"products": [{"id": 1, "quantity": 1}]})).await.status, 400);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_archived_order_is_not_gone() {
    let sandbox = sandbox().await;
    let archived = delete(&sandbox, &format!("{ORDERS}/100")).await;
    assert_eq!((archived.status, archived.text.as_str()), (204, ""));
    assert_eq!(get(&sandbox, &format!("{ORDERS}/100")).await.json()["is_deleted"], true);
    assert_eq!(column(&get(&sandbox, &format!("{ORDERS}?limit=1")).await.json(), "id"), [101]);
    assert_eq!(get(&sandbox, &format!("{ORDERS}/count")).await.json()["count"], 49);
    assert_eq!(column(&get(&sandbox, &format!("{ORDERS}?is_deleted=true")).await.json(), "id"), [100]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn parts_and_orders_that_are_missing_are_404() {
    let sandbox = sandbox().await;
    for path in ["9999", "9999/products", "9999/shipping_addresses", "100/products/1", "99999999999999999999"]
    {
        let answer = get(&sandbox, &format!("{ORDERS}/{path}")).await;
        let expected = json!([{"status": 404, "message": "The requested resource was not found."}]);
        assert_eq!((answer.status, answer.json()), (404, expected), "{path}");
    }
    assert_eq!(get(&sandbox, &format!("{ORDERS}/100/coupons")).await.status, 204);
    let addresses = get(&sandbox, &format!("{ORDERS}/100/shipping_addresses")).await.json();
    assert_eq!(addresses[0]["order_id"], 100);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn statuses_are_listed_and_counted() {
    let sandbox = sandbox().await;
    let statuses = get(&sandbox, "v2/order_statuses").await.json();
    assert_eq!(column(&statuses, "id"), (0..15).collect::<Vec<_>>());
    assert!(statuses[11]["name"] == "Awaiting Fulfillment" && statuses[11]["order"].is_u64());
    assert_eq!(get(&sandbox, "v2/order_statuses/2").await.json()["name"], "Shipped");
    let count = get(&sandbox, "v2/orders/count").await.json();
    let sum: u64 =
        count["statuses"].as_array().expect("a list").iter().filter_map(|it| it["count"].as_u64()).sum();
    assert_eq!((count["count"].as_u64(), sum), (Some(50), 50));
    assert_eq!(get(&sandbox, "v2/orders/count?status_id=5").await.json()["count"], 5);
    sandbox.shutdown().await;
}
