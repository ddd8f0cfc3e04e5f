//! The list of products: filters, order and pages.

use serde_json::{Value, json};

use crate::{column, get, sandbox};

const PRODUCTS: &str = "v3/catalog/products";

async fn total(sandbox: &bigcommerce_sandbox::Sandbox, query: &str) -> u64 {
    let answer = get(sandbox, &format!("{PRODUCTS}?{query}&limit=1")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()["meta"]["pagination"]["total"].as_u64().expect("a total")
}

#[tokio::test]
async fn pages_follow_their_links_to_the_end() {
    let sandbox = sandbox().await;
    let mut query = "?limit=90".to_owned();
    let mut ids = Vec::new();
    loop {
        let body = get(&sandbox, &format!("{PRODUCTS}{query}")).await.json();
        ids.extend(column(&body, "id"));
        match body["meta"]["pagination"]["links"]["next"].as_str() {
            Some(next) => query = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(ids, (111..311).map(Value::from).collect::<Vec<_>>());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_page_says_where_it_stands() {
    let sandbox = sandbox().await;
    let first = get(&sandbox, &format!("{PRODUCTS}?limit=2")).await.json();
    let expected = json!({"total": 200, "count": 2, "per_page": 2, "current_page": 1, "total_pages": 100,
        "links": {"current": "?limit=2&page=1", "next": "?limit=2&page=2"}, "too_many": false});
    assert_eq!(first["meta"]["pagination"], expected);
    let last = get(&sandbox, &format!("{PRODUCTS}?limit=150&page=2")).await.json();
    assert_eq!(last["meta"]["pagination"]["count"], 50);
    assert_eq!(last["meta"]["pagination"]["links"].get("next"), None);
    let beyond = get(&sandbox, &format!("{PRODUCTS}?page=99")).await.json();
    assert_eq!(beyond["data"], json!([]));
    let default = get(&sandbox, PRODUCTS).await.json();
    assert_eq!(default["data"].as_array().map(Vec::len), Some(50));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn options_and_modifiers_make_pages_of_ten() {
    let sandbox = sandbox().await;
    for part in ["options", "modifiers"] {
        let body = get(&sandbox, &format!("{PRODUCTS}?include={part}&limit=50")).await.json();
        assert_eq!(body["meta"]["pagination"]["per_page"], 10);
        assert!(body["data"][0][part].is_array());
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn filters_let_through_what_they_name() {
    let sandbox = sandbox().await;
    for (query, count) in [
        ("id=111", 1),
        ("id:in=111,112,9", 2),
        ("id%3Amin=310", 1),
        ("id:greater=310", 0),
        ("id:not_in=111", 199),
        ("name=copper%20pour-over%20kettle", 1),
        ("sku:in=KET-COP-09,DRP-STW-02", 2),
        ("price=64.95&condition=new", 1),
        ("type=digital", 1),
        ("availability=preorder", 1),
        ("is_visible=false", 1),
        ("channel_id:in=2", 0),
        ("keyword=kettle&keyword_context=merchant&id:max=111", 1),
        ("date_modified:min=2060-01-01T00:00:00Z", 0),
        ("date_modified:max=2060-01-01T00:00:00Z", 200),
    ] {
        assert_eq!(total(&sandbox, query).await, count, "{query}");
    }
    let any = total(&sandbox, "categories:in=19").await;
    assert!(total(&sandbox, "categories=19").await < any);
    assert!(total(&sandbox, "out_of_stock=1").await + total(&sandbox, "out_of_stock=0").await == 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn sorts_by_a_field_in_either_direction() {
    let sandbox = sandbox().await;
    let cheapest = get(&sandbox, &format!("{PRODUCTS}?sort=price&limit=250")).await.json();
    let prices: Vec<f64> = column(&cheapest, "price").iter().filter_map(Value::as_f64).collect();
    assert!(prices.len() == 200 && prices.is_sorted());
    let body = get(&sandbox, &format!("{PRODUCTS}?sort=id&direction=desc&limit=1")).await.json();
    assert_eq!(body["data"][0]["id"], 310);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn refuses_parameters_that_it_cannot_read() {
    let sandbox = sandbox().await;
    for (query, status) in [
        ("limit=251", 413),
        ("limit=0", 422),
        ("page=x", 422),
        ("colour=red", 422),
        ("sort=colour", 422),
        ("direction=up", 422),
        ("condition=broken", 422),
        ("date_modified:min=yesterday", 422),
    ] {
        let answer = get(&sandbox, &format!("{PRODUCTS}?{query}")).await;
        assert_eq!(
            (answer.status, answer.json()["status"].as_u64()),
            (status, Some(status.into())),
            "{query}"
        );
    }
    sandbox.shutdown().await;
}
