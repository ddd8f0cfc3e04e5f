//! Products: create, update, delete.

use std::collections::BTreeSet;

use bigcommerce_sandbox::Fault;
use serde_json::{Value, json};

use crate::{Answer, address, client, delete, get, post, put, sandbox};

const PRODUCTS: &str = "v3/catalog/products";

fn jar() -> Value {
    json!({"name": "Oak Jar", "type": "physical", "weight": 1.2, "price": 19.99,
        "sku": "JAR-1", "categories": [18]})
}

#[tokio::test]
async fn a_created_product_can_be_read_changed_and_deleted() {
    let sandbox = sandbox().await;
    let created = post(&sandbox, PRODUCTS, jar()).await;
    assert_eq!(created.status, 200, "{}", created.text);
    let product = &created.json()["data"];
    assert_eq!((&product["id"], &product["calculated_price"]), (&json!(311), &json!(19.99)));
    assert_eq!(product["custom_url"], json!({"url": "/oak-jar/", "is_customized": false}));
    assert_eq!(product["variants"][0]["id"], product["base_variant_id"]);
    let path = format!("{PRODUCTS}/311");
    for refused in [json!({"price": 25, "id": 7}), json!({"price": 25, "colour": "red"})] {
        assert_eq!(put(&sandbox, &path, refused.clone()).await.status, 422, "{refused}");
    }
    let changed = put(&sandbox, &path, json!({"price": 25, "sale_price": 20.5, "id": 311})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert!(changed.json()["data"].get("variants").is_none());
    let read = get(&sandbox, &path).await.json();
    assert_eq!((&read["data"]["price"], &read["data"]["calculated_price"]), (&json!(25), &json!(20.5)));
    assert_eq!(read["data"]["name"], "Oak Jar");
    let gone = delete(&sandbox, &path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(get(&sandbox, &path).await.status, 404);
    assert_eq!(delete(&sandbox, &path).await.status, 404);
    assert_eq!(
        post(&sandbox, PRODUCTS, jar()).await.json()["data"]["id"],
        312,
        "ids are not given out twice"
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn variants_and_a_brand_can_come_with_a_new_product() {
    let sandbox = sandbox().await;
    let mut sent = jar();
    sent["brand_name"] = json!("Newly Made");
    let value = |label: &str| json!([{"option_display_name": "Size", "label": label}]);
    sent["variants"] = json!([
        {"sku": "JAR-S", "option_values": value("S")},
        {"sku": "JAR-L", "price": 29.5, "option_values": value("L")},
    ]);
    let created = post(&sandbox, PRODUCTS, sent).await.json();
    let product = &created["data"];
    assert_eq!(product["options"][0]["option_values"].as_array().map(Vec::len), Some(2));
    assert_eq!(product["variants"][1]["calculated_price"], 29.5);
    assert_eq!(product["base_variant_id"], Value::Null);
    let brand = get(&sandbox, &format!("v3/catalog/brands/{}", product["brand_id"])).await.json();
    assert_eq!(brand["data"]["name"], "Newly Made");
    assert!(product.get("brand_name").is_none());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn duplicates_and_unknown_ids_are_conflicts() {
    let sandbox = sandbox().await;
    for (field, value) in [
        ("name", json!("COPPER POUR-OVER KETTLE")),
        ("sku", json!("ket-cop-09")),
        ("custom_url", json!({"url": "/copper-pour-over-kettle/"})),
        ("categories", json!([99_999])),
        ("brand_id", json!(99_999)),
    ] {
        let mut sent = jar();
        sent[field] = value;
        let answer = post(&sandbox, PRODUCTS, sent).await;
        assert_eq!((answer.status, answer.json()["status"].as_u64()), (409, Some(409)), "{field}");
        assert!(answer.json()["errors"].get(field).is_some(), "{field}");
    }
    let renamed = put(&sandbox, "v3/catalog/products/112", json!({"name": "Copper Pour-Over Kettle"})).await;
    assert_eq!(
        (renamed.status, renamed.json()["title"].as_str()),
        (409, Some("The product name is a duplicate"))
    );
    let same = put(&sandbox, "v3/catalog/products/111", json!({"name": "Copper Pour-Over Kettle"})).await;
    assert_eq!(same.status, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let sandbox = sandbox().await;
    let missing = post(&sandbox, PRODUCTS, json!({"name": "Jar"})).await;
    assert_eq!(missing.status, 422);
    let errors: BTreeSet<String> =
        missing.json()["errors"].as_object().expect("errors").keys().cloned().collect();
    assert_eq!(errors, ["price", "type", "weight"].map(str::to_owned).into());
    let mut sent = jar();
    sent["price"] = json!("19.99");
    sent["condition"] = json!("new");
    let wrong = post(&sandbox, PRODUCTS, sent).await.json();
    assert!(wrong["errors"]["price"].is_string() && wrong["errors"]["condition"].is_string(), "{wrong}");
    let array = post(&sandbox, PRODUCTS, json!([jar()])).await;
    assert_eq!(array.status, 422);
    for (kind, body, status) in [("application/json", "{", 400), ("text/plain", "{}", 415)] {
        let request = client().post(address(&sandbox, PRODUCTS)).body(body);
        let request = request.header("X-Auth-Token", sandbox.access_token()).header("Content-Type", kind);
        assert_eq!(Answer::read(request.send().await.expect("an answer")).await.status, status);
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_batch_changes_ten_products_or_none() {
    let sandbox = sandbox().await;
    let items = |ids: std::ops::Range<u64>| ids.map(|id| json!({"id": id, "price": 1})).collect::<Vec<_>>();
    let changed = put(&sandbox, PRODUCTS, json!(items(111..121))).await;
    assert_eq!((changed.status, changed.json()["data"].as_array().map(Vec::len)), (200, Some(10)));
    assert_eq!(put(&sandbox, PRODUCTS, json!(items(111..122))).await.status, 413);
    let half = json!([{"id": 111, "price": 2}, {"id": 99_999, "price": 2}]);
    assert_eq!(put(&sandbox, PRODUCTS, half).await.status, 404);
    assert_eq!(get(&sandbox, "v3/catalog/products/111").await.json()["data"]["price"], 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn deleting_many_needs_a_filter() {
    let sandbox = sandbox().await;
    assert_eq!(delete(&sandbox, PRODUCTS).await.status, 422);
    assert_eq!(delete(&sandbox, &format!("{PRODUCTS}?id:in=111,112")).await.status, 204);
    let left = get(&sandbox, &format!("{PRODUCTS}?limit=1")).await.json();
    assert_eq!(left["meta"]["pagination"]["total"], 198);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_product_can_be_saved_without_its_url() {
    let sandbox = sandbox().await;
    sandbox.inject(Fault::UrlNotSaved, 1);
    let partial =
        put(&sandbox, "v3/catalog/products/111", json!({"price": 1, "custom_url": {"url": "/new/"}})).await;
    assert_eq!(partial.status, 207);
    assert!(partial.json()["errors"]["custom_url"].is_string());
    let read = get(&sandbox, "v3/catalog/products/111").await.json();
    assert_eq!(read["data"]["price"], 1);
    assert_eq!(read["data"]["custom_url"]["url"], "/copper-pour-over-kettle/");
    sandbox.shutdown().await;
}
