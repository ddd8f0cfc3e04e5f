//! What a typed call makes of an answer: fields, exact money, dates, open enumerations, unknown fields, and the bytes.

use std::collections::BTreeMap;
use std::str::FromStr;

use bigcommerce_connector::actions::{GetProduct, ListProducts};
use bigcommerce_connector::types::{
    InventoryTracking, Product, ProductAvailability, ProductCondition, ProductInclude, ProductType,
};
use connector_runtime::{Client, Decimal, Enumeration, Json, Reply};
use connector_tests::{ACCESS_TOKEN, ScriptedServer, Store, client, with};
use serde_json::Value;

use super::{FIRST_NAME, FIRST_PRODUCT};

/// The products of the sandbox, all with their sub-resources.
const PRODUCTS: std::ops::RangeInclusive<i64> = 111..=146;

/// `{"data":{"id":7,"name":"Jar"},"meta":{}}` as `gzip` packs it (RFC 1952).
const GZIPPED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x49\x2c\x49\x54\xb2\xaa\
    \x56\xca\x4c\x51\xb2\x32\xd7\x51\xca\x4b\xcc\x4d\x55\xb2\x52\xf2\x4a\x2c\x52\xaa\xd5\x51\xca\x4d\x05\x4b\
    \xd6\xd6\x02\x00\xc4\xe1\x6b\x54\x28\x00\x00\x00";

fn money(digits: &str) -> Option<Decimal> {
    Some(Decimal::from_str(digits).expect("digits"))
}

fn everything_of(product_id: i64) -> GetProduct {
    let names = ProductInclude::NAMES.iter().map(|name| ProductInclude::from_name(name));
    with(GetProduct::new(product_id), |input| input.include = Some(names.collect()))
}

/// What the client makes of this body.
async fn reply_to(body: &str) -> Reply<Product> {
    let server = ScriptedServer::with_json(body).await;
    let client = client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
    client.call(&GetProduct::new(1)).await.expect("a product")
}

/// The data of an answer as sent, without what is null: an absent field and a null one are both `None`.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[tokio::test]
async fn reads_the_fields_of_a_product() {
    let store = Store::open().await;
    let reply = store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap();
    let product = reply.data;
    assert_eq!(product.id, Some(FIRST_PRODUCT));
    assert_eq!(product.name.as_deref(), Some(FIRST_NAME));
    assert_eq!(product.sku.as_deref(), Some("KET-COP-09"));
    assert_eq!(product.categories, Some(vec![18, 19]));
    assert_eq!(product.related_products, Some(vec![-1]));
    assert_eq!(product.is_visible, Some(true));
    assert_eq!(product.custom_url.unwrap().url.as_deref(), Some("/copper-pour-over-kettle/"));
    assert_eq!(product.preorder_release_date, None, "null");
    assert_eq!(product.images, None, "not asked for");
}

#[tokio::test]
async fn tells_the_status_the_request_id_and_what_stands_beside_the_data() {
    let store = Store::open().await;
    let reply = store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.request_id.map(|id| id.len()), Some(32));
    assert_eq!(reply.meta.as_ref().map(Json::as_str), Some("{}"));
}

#[tokio::test]
async fn reads_money_and_measures_from_their_digits() {
    let store = Store::open().await;
    let dripper = store.client.call(&GetProduct::new(FIRST_PRODUCT + 1)).await.unwrap().data;
    assert_eq!(dripper.price, money("28.5"));
    assert_eq!(dripper.sale_price, money("22.8"));
    assert_eq!(dripper.cost_price, money("11.97"));
    assert_eq!(dripper.weight, money("0.61"));
    // No float holds these digits.
    let reply = reply_to(r#"{"data":{"price":12345678901234567890.12,"cost_price":0.1000}}"#).await;
    assert_eq!(reply.data.price.unwrap().to_string(), "12345678901234567890.12");
    assert_eq!(reply.data.cost_price.unwrap().to_string(), "0.1000");
}

#[tokio::test]
async fn reads_dates_as_points_in_time_and_keeps_their_text() {
    let store = Store::open().await;
    let product = store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap().data;
    let created = product.date_created.unwrap();
    assert_eq!(created.to_text(), "2025-02-19T11:22:06+00:00");
    assert_eq!(created.timestamp().unwrap().as_second(), 1_739_964_126);
    assert_eq!(product.date_last_imported, None);
    let imported = store.client.call(&GetProduct::new(FIRST_PRODUCT + 4)).await.unwrap().data;
    assert!(imported.date_last_imported.unwrap().timestamp().is_ok());
}

#[tokio::test]
async fn reads_enumerations_and_keeps_values_that_are_not_listed() {
    let store = Store::open().await;
    let product = store.client.call(&GetProduct::new(FIRST_PRODUCT)).await.unwrap().data;
    assert_eq!(product.r#type, Some(ProductType::Physical));
    assert_eq!(product.condition, Some(ProductCondition::New));
    assert_eq!(product.inventory_tracking, Some(InventoryTracking::Product));
    assert_eq!(product.availability, Some(ProductAvailability::Available));
    let reply = reply_to(r#"{"data":{"condition":"Like new","type":""}}"#).await;
    assert_eq!(reply.data.condition, Some(ProductCondition::Unlisted("Like new".to_owned())));
    let written = serde_json::to_string(&reply.data).unwrap();
    assert_eq!(written, r#"{"type":"","condition":"Like new"}"#);
}

#[tokio::test]
async fn keeps_fields_that_the_manifest_does_not_describe() {
    let body = r#"{"data":{"id":1,"loyalty":{"points":10.50},"images":[{"id":2,"alt":[ "x" ]}]}}"#;
    let product = reply_to(body).await.data;
    let extra: BTreeMap<&str, &str> =
        product.extra.iter().map(|(name, json)| (name.as_str(), json.as_str())).collect();
    assert_eq!(extra, BTreeMap::from([("loyalty", r#"{"points":10.50}"#)]));
    let images = product.images.as_ref().unwrap();
    assert_eq!(images[0].extra["alt"].as_str(), r#"[ "x" ]"#);
    assert_eq!(images[0].extra["alt"].parse::<Vec<String>>().unwrap(), ["x"]);
    assert!(serde_json::to_string(&product).unwrap().contains(r#""loyalty":{"points":10.50}"#));
}

#[tokio::test]
async fn passes_the_data_on_byte_for_byte() {
    let store = Store::open().await;
    let reply = store.client.call(&everything_of(FIRST_PRODUCT)).await.unwrap();
    let sent = store.body(&format!("/catalog/products/111?{}", store.last_request().query.unwrap())).await;
    assert_eq!(sent, format!(r#"{{"data":{},"meta":{{}}}}"#, reply.json.as_str()));
    // Spaces, escapes, digits and the order of fields are the store's own.
    let data = "{ \"name\" : \"J\\u00e4r\",\n \"id\":1, \"weight\":1.00e1 }";
    let reply = reply_to(&format!("{{\"meta\":{{\"a\": 1}},\"data\": {data} }}")).await;
    assert_eq!(reply.json.as_str(), data);
    assert_eq!(reply.meta.unwrap().as_str(), "{\"a\": 1}");
    assert_eq!(reply.data.name.as_deref(), Some("Jär"));
    assert_eq!(reply.data.weight, money("10"));
}

#[tokio::test]
async fn every_product_survives_serde_with_everything_that_was_sent() {
    let store = Store::open().await;
    for product_id in PRODUCTS {
        let reply = store.client.call(&everything_of(product_id)).await.unwrap();
        let written = serde_json::to_string(&reply.data).unwrap();
        assert_eq!(serde_json::from_str::<Product>(&written).unwrap(), reply.data);
        let sent = without_nulls(reply.json.parse().unwrap());
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), sent);
        // The same by way of a tree of values, as a workflow engine holds it.
        assert_eq!(serde_json::to_value(&reply.data).unwrap(), sent);
        assert_eq!(serde_json::from_value::<Product>(sent).unwrap(), reply.data);
    }
}

#[tokio::test]
async fn every_field_of_the_store_has_a_type() {
    let store = Store::open().await;
    for product_id in PRODUCTS {
        let product = store.client.call(&everything_of(product_id)).await.unwrap().data;
        assert!(product.extra.is_empty(), "{:?}", product.extra);
        let variants = product.variants.unwrap();
        assert!(!variants.is_empty() && variants.iter().all(|variant| variant.extra.is_empty()));
        assert!(product.images.unwrap().iter().all(|image| image.extra.is_empty()));
        assert!(product.modifiers.unwrap().iter().all(|modifier| modifier.extra.is_empty()));
    }
}

#[tokio::test]
async fn reads_a_compressed_answer() {
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    let server = ScriptedServer::with("200 OK", &headers, GZIPPED).await;
    let client = client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
    let reply = client.call(&GetProduct::new(7)).await.unwrap();
    assert_eq!(reply.json.as_str(), r#"{"id":7,"name":"Jar"}"#);
    assert!(server.heads()[0].to_lowercase().contains("accept-encoding: gzip"), "{:?}", server.heads());
}

#[tokio::test]
async fn values_of_a_kind_that_php_mixes_up_are_converted() {
    let body = r#"{"data":{"id":"7","inventory_level":"3","is_visible":1,"is_featured":"0","custom_url":[],"price":"12.50",
        "name":1984,"images":{},"categories":{"0":"18","1":19},"weight":1}}"#;
    let reply = reply_to(body).await;
    assert_eq!(reply.unreadable, []);
    let product = reply.data;
    assert_eq!((product.id, product.inventory_level, product.is_visible), (Some(7), Some(3), Some(true)));
    assert_eq!((product.is_featured, product.name.as_deref()), (Some(false), Some("1984")));
    assert_eq!((product.price, product.weight), (money("12.50"), money("1")));
    assert_eq!((product.images, product.categories), (Some(Vec::new()), Some(vec![18, 19])));
    assert_eq!(product.custom_url.map(|url| (url.url, url.extra.len())), Some((None, 0)));
    assert!(product.extra.is_empty(), "{:?}", product.extra);
}

#[tokio::test]
async fn an_unreadable_field_costs_no_page() {
    let data = r#"[{"id":1,"name":"Jar"},{"id":"x-2","name":"Cup","price":"12,50","custom_url":"/cup/",
        "images":[{"id":1},{"id":[2],"description":"front"}]},{"id":3}]"#;
    let server = ScriptedServer::with_json(&format!(r#"{{"data":{data},"meta":{{}}}}"#)).await;
    let client = client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
    let reply = client.call(&ListProducts::default()).await.unwrap();
    let told: Vec<String> = reply.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "[1].id: expected an integer, found a string",
            "[1].price: expected a decimal number, found another string",
            "[1].custom_url: expected an object, found a string",
            "[1].images[1].id: expected an integer, found a list",
        ]
    );
    assert_eq!(reply.json.as_str(), data, "byte for byte");
    let [jar, cup, last] = reply.data.try_into().unwrap();
    assert_eq!((jar.id, last.id, cup.name.as_deref()), (Some(1), Some(3), Some("Cup")));
    let raw = |name: &str| cup.extra[name].as_str();
    assert_eq!((raw("id"), raw("price"), raw("custom_url")), (r#""x-2""#, r#""12,50""#, r#""/cup/""#));
    let images = cup.images.as_ref().unwrap();
    assert_eq!((images[1].description.as_deref(), images[1].extra["id"].as_str()), (Some("front"), "[2]"));
    let sent: Vec<Value> = serde_json::from_str(data).unwrap();
    assert_eq!(serde_json::to_value(&cup).unwrap(), sent[1], "it is written as it came");
}
