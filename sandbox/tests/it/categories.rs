//! Categories in both forms, and the tree.

use serde_json::{Value, json};

use crate::{column, delete, get, post, put, sandbox};

const OLD: &str = "v3/catalog/categories";
const TREES: &str = "v3/catalog/trees";
const IN_TREES: &str = "v3/catalog/trees/categories";

#[tokio::test]
async fn both_forms_show_the_same_categories() {
    let sandbox = sandbox().await;
    let old = get(&sandbox, &format!("{OLD}?id=18")).await.json();
    let new = get(&sandbox, &format!("{IN_TREES}?category_id:in=18")).await.json();
    let (old, new) = (&old["data"][0], &new["data"][0]);
    assert_eq!((&old["id"], &old["name"]), (&new["category_id"], &new["name"]));
    assert_eq!(old["custom_url"]["url"], new["url"]["path"]);
    assert!(old.get("tree_id").is_none() && new["tree_id"] == 1 && new["category_uuid"].is_string());
    assert!(new.get("id").is_none() && new.get("custom_url").is_none());
    assert_eq!(
        get(&sandbox, &format!("{OLD}?parent_id=18&sort=name")).await.json()["data"][0]["name"],
        "Bakeware"
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_tree_is_nested_down_to_a_depth() {
    let sandbox = sandbox().await;
    let trees = get(&sandbox, TREES).await.json();
    assert_eq!(trees["data"], json!([{"id": 1, "name": "Default catalog tree", "channels": [1]}]));
    let tree = get(&sandbox, &format!("{TREES}/1/categories")).await.json();
    let kitchen = &tree["data"][0];
    assert_eq!((&kitchen["depth"], &kitchen["path"]), (&json!(0), &json!([18])));
    assert_eq!(kitchen["children"][0]["path"], json!([18, 30]));
    let flat = get(&sandbox, &format!("{TREES}/1/categories?depth=1")).await.json();
    assert_eq!(flat["data"][0]["children"], json!([]));
    assert_eq!(get(&sandbox, &format!("{TREES}/9/categories")).await.status, 404);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn categories_of_a_tree_come_and_go_in_lists() {
    let sandbox = sandbox().await;
    let created =
        post(&sandbox, IN_TREES, json!([{"name": "Bath", "tree_id": 1}, {"name": "Soap", "parent_id": 18}]))
            .await;
    assert_eq!(created.status, 201, "{}", created.text);
    let body = created.json();
    assert_eq!(body["meta"], json!({"total": 2, "success": 2, "failed": 0}));
    assert_eq!(body["data"][0]["url"], json!({"path": "/bath/", "is_customized": false}));
    let id = body["data"][0]["category_id"].as_u64().expect("an id");
    let updated = put(&sandbox, IN_TREES, json!([{"category_id": id, "name": "Baths"}])).await;
    assert_eq!(
        (updated.status, updated.json()),
        (200, json!({"meta": {"total": 1, "success": 1, "failed": 0}}))
    );
    let gone = delete(&sandbox, &format!("{IN_TREES}?category_id:in={id}")).await;
    assert_eq!((gone.status, gone.json()["meta"]["success"].as_u64()), (202, Some(1)));
    let left = get(&sandbox, &format!("{IN_TREES}?category_id:in={id}")).await.json();
    assert_eq!(left["data"], json!([]));
    assert_eq!(delete(&sandbox, IN_TREES).await.status, 422, "a filter is required");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_list_can_fail_in_part_or_as_a_whole() {
    let sandbox = sandbox().await;
    let partial =
        post(&sandbox, IN_TREES, json!([{"name": "Bath", "tree_id": 1}, {"name": "Nowhere"}])).await;
    let body = partial.json();
    assert_eq!((partial.status, &body["meta"]), (207, &json!({"total": 2, "success": 1, "failed": 1})));
    assert!(body["errors"]["1"].is_string() && column(&body, "name") == [json!("Bath")]);
    let none = put(&sandbox, IN_TREES, json!([{"category_id": 9_999, "name": "x"}])).await;
    assert_eq!((none.status, none.json()["meta"]["failed"].as_u64()), (422, Some(1)));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_older_form_has_one_category_per_request() {
    let sandbox = sandbox().await;
    let created = post(&sandbox, OLD, json!({"name": "Bath", "parent_id": 0})).await;
    assert_eq!(created.status, 200, "{}", created.text);
    let id = created.json()["data"]["id"].as_u64().expect("an id");
    let path = format!("{OLD}/{id}");
    assert_eq!(put(&sandbox, &path, json!({"is_visible": false})).await.json()["data"]["is_visible"], false);
    assert_eq!(get(&sandbox, &path).await.json()["data"]["name"], "Bath");
    let gone = delete(&sandbox, &path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(get(&sandbox, &path).await.status, 404);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn refuses_categories_that_cannot_be() {
    let sandbox = sandbox().await;
    assert_eq!(post(&sandbox, OLD, json!({"name": "Bath"})).await.status, 422, "parent_id is required");
    assert_eq!(post(&sandbox, OLD, json!({"name": "kitchen", "parent_id": 0})).await.status, 409);
    assert_eq!(post(&sandbox, OLD, json!({"name": "x".repeat(51), "parent_id": 0})).await.status, 422);
    assert_eq!(put(&sandbox, &format!("{OLD}/18"), json!({"parent_id": 30})).await.status, 422, "a circle");
    let mut parent = 18;
    for level in 2..=8 {
        let sent = json!({"name": format!("Level {level}"), "parent_id": parent});
        parent = post(&sandbox, OLD, sent).await.json()["data"]["id"].as_u64().expect("an id");
    }
    let ninth = json!({"name": "Level 9", "parent_id": parent});
    assert_eq!(post(&sandbox, OLD, ninth).await.status, 422, "a tree has eight levels");
    assert_eq!(delete(&sandbox, &format!("{OLD}/18")).await.status, 422, "it has products");
    assert_eq!(delete(&sandbox, OLD).await.status, 422, "a filter is required");
    let summary = get(&sandbox, "v3/catalog/summary").await.json();
    assert!(
        summary["data"]["variant_count"].as_u64() > Some(200)
            && summary["data"]["primary_category_id"] != Value::Null
    );
    sandbox.shutdown().await;
}
