//! Brands.

use serde_json::{Value, json};

use crate::{column, delete, get, post, put, sandbox};

const BRANDS: &str = "v3/catalog/brands";

#[tokio::test]
async fn brands_are_listed_by_filter_and_order() {
    let sandbox = sandbox().await;
    let all = get(&sandbox, BRANDS).await.json();
    assert_eq!(all["meta"]["pagination"]["total"], 8);
    let items = all["data"].as_array().expect("a list");
    assert!(
        items.iter().any(|item| item.get("meta_keywords").is_none()),
        "as real stores were seen to answer"
    );
    let named = get(&sandbox, &format!("{BRANDS}?name:like=LOOM&include_fields=name")).await.json();
    assert_eq!(named["data"], json!([{"id": 41, "name": "Loomside"}]));
    let sorted = get(&sandbox, &format!("{BRANDS}?sort=name&direction=desc&limit=1")).await.json();
    assert_eq!(column(&sorted, "name"), [json!("Tarnhike")]);
    assert_eq!(get(&sandbox, &format!("{BRANDS}?sort=id")).await.status, 422);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_brand_lives_from_create_to_delete() {
    let sandbox = sandbox().await;
    let created = post(&sandbox, BRANDS, json!({"name": "Common Thread", "meta_keywords": ["a"]})).await;
    assert_eq!(created.status, 200, "{}", created.text);
    let id = created.json()["data"]["id"].as_u64().expect("an id");
    assert_eq!(created.json()["data"]["custom_url"]["url"], "/brands/common-thread.html");
    let path = format!("{BRANDS}/{id}");
    assert_eq!(put(&sandbox, &path, json!({"name": "Uncommon"})).await.json()["data"]["name"], "Uncommon");
    assert_eq!(get(&sandbox, &path).await.json()["data"]["meta_keywords"], json!(["a"]));
    let gone = delete(&sandbox, &path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!((get(&sandbox, &path).await.status, delete(&sandbox, &path).await.status), (404, 404));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_name_is_required_and_unique() {
    let sandbox = sandbox().await;
    let missing = post(&sandbox, BRANDS, json!({"page_title": "x"})).await;
    assert_eq!((missing.status, missing.json()["errors"]["name"].is_string()), (422, true));
    let duplicate = post(&sandbox, BRANDS, json!({"name": "loomside"})).await;
    assert_eq!((duplicate.status, duplicate.json()["status"].as_u64()), (409, Some(409)));
    assert_eq!(put(&sandbox, &format!("{BRANDS}/36"), json!({"name": "Loomside"})).await.status, 409);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn deleting_a_brand_takes_it_from_its_products() {
    let sandbox = sandbox().await;
    assert_eq!(delete(&sandbox, BRANDS).await.status, 422, "a name is required");
    assert_eq!(delete(&sandbox, &format!("{BRANDS}?name=Emberwell")).await.status, 204);
    let product = get(&sandbox, "v3/catalog/products/111").await.json();
    assert_eq!(product["data"]["brand_id"], Value::from(0));
    sandbox.shutdown().await;
}
