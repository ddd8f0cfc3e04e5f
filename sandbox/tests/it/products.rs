//! Products as documented.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{PRODUCT, get, sandbox};

/// Every field that a product is documented to answer with when nothing is included.
const FIELDS: &str = "id name type sku description weight width depth height price cost_price retail_price \
    sale_price map_price tax_class_id product_tax_code calculated_price categories brand_id option_set_id \
    option_set_display inventory_level inventory_warning_level inventory_tracking reviews_rating_sum \
    reviews_count total_sold fixed_cost_shipping_price is_free_shipping is_visible is_featured \
    related_products warranty bin_picking_number layout_file upc mpn gtin date_last_imported search_keywords \
    availability availability_description gift_wrapping_options_type gift_wrapping_options_list sort_order \
    condition is_condition_shown order_quantity_minimum order_quantity_maximum page_title meta_keywords \
    meta_description date_created date_modified view_count preorder_release_date preorder_message \
    is_preorder_only is_price_hidden price_hidden_label custom_url base_variant_id open_graph_type \
    open_graph_title open_graph_description open_graph_use_meta_description open_graph_use_product_name \
    open_graph_use_image";

const SUB_RESOURCES: &str = "bulk_pricing_rules,channels,custom_fields,images,modifiers,options,\
    parent_relations,primary_image,reviews,variants,videos";

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_product_has_every_documented_field_and_no_sub_resource() {
    let sandbox = sandbox().await;
    let answer = get(&sandbox, PRODUCT).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(names(&body), BTreeSet::from(["data", "meta"]));
    assert_eq!(body["meta"], json!({}));
    let product = &body["data"];
    assert_eq!(names(product), FIELDS.split_whitespace().collect());
    assert_eq!(product["id"], 111);
    assert_eq!(product["related_products"], json!([-1]));
    assert_eq!(product["date_last_imported"], Value::Null);
    let created = product["date_created"].as_str().expect("a date");
    assert!(created.ends_with("+00:00") && created.len() == "2018-08-15T14:48:46+00:00".len(), "{created}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn prices_are_exact_json_numbers() {
    let sandbox = sandbox().await;
    let text = get(&sandbox, PRODUCT).await.text;
    assert!(text.contains(r#""price":64.95"#), "{text}");
    assert!(text.contains(r#""cost_price":27.27"#), "{text}");
    let whole = get(&sandbox, "v3/catalog/products/113?include_fields=price").await.text;
    assert!(whole.contains(r#""price":79}"#), "{whole}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn include_adds_every_sub_resource_that_is_named() {
    let sandbox = sandbox().await;
    let all = get(&sandbox, &format!("{PRODUCT}?include={SUB_RESOURCES}")).await.json();
    let fields = FIELDS.split_whitespace().chain(SUB_RESOURCES.split(',')).collect();
    assert_eq!(names(&all["data"]), fields);
    assert_eq!(all["data"]["variants"][0]["id"], all["data"]["base_variant_id"]);
    assert_eq!(all["data"]["primary_image"], all["data"]["images"][0]);
    assert_eq!(all["data"]["channels"], json!([1]));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_product_with_options_has_a_variant_for_each_value_and_no_base_variant() {
    let sandbox = sandbox().await;
    let body = get(&sandbox, "v3/catalog/products/116?include=variants%2Coptions").await.json();
    let product = &body["data"];
    let values = product["options"][0]["option_values"].as_array().expect("values");
    let variants = product["variants"].as_array().expect("variants");
    let chosen = variants.iter().map(|variant| &variant["option_values"][0]["id"]);
    assert!(values.len() > 1 && chosen.eq(values.iter().map(|value| &value["id"])), "{product}");
    assert_eq!(product["base_variant_id"], Value::Null);
    assert!(product["option_set_id"].is_u64());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn fields_can_be_named_and_dropped_but_the_id_stays() {
    let sandbox = sandbox().await;
    let named = get(&sandbox, &format!("{PRODUCT}?include_fields=name,sku&include=channels")).await.json();
    assert_eq!(names(&named["data"]), BTreeSet::from(["id", "name", "sku", "channels"]));
    let dropped = get(&sandbox, &format!("{PRODUCT}?exclude_fields=id,description,price")).await.json();
    let mut expected: BTreeSet<&str> = FIELDS.split_whitespace().collect();
    expected.remove("description");
    expected.remove("price");
    assert_eq!(names(&dropped["data"]), expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_unknown_sub_resource_is_refused() {
    let sandbox = sandbox().await;
    let answer = get(&sandbox, &format!("{PRODUCT}?include=images,pictures")).await;
    assert_eq!(answer.status, 422);
    let body = answer.json();
    assert_eq!(body["status"], 422);
    assert!(body["errors"]["include"].as_str().is_some_and(|complaint| complaint.contains("pictures")));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_missing_product_is_a_404_in_the_v3_shape() {
    let sandbox = sandbox().await;
    for id in ["999999", "0", "-111", "abc", "%FF", "111.0"] {
        let answer = get(&sandbox, &format!("v3/catalog/products/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
        let body = answer.json();
        assert_eq!(names(&body), BTreeSet::from(["status", "title", "type"]), "{id}");
        assert_eq!(body["status"], 404, "{id}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_seeded_products_stand_side_by_side() {
    let sandbox = sandbox().await;
    let mut skus = BTreeSet::new();
    for id in 111..141 {
        let body = get(&sandbox, &format!("v3/catalog/products/{id}")).await.json();
        skus.insert(body["data"]["sku"].as_str().expect("a SKU").to_owned());
    }
    assert_eq!(skus.len(), 30);
    sandbox.shutdown().await;
}
