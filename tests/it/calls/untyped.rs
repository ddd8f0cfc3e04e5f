//! Calls by id and JSON: the same request and the same bytes as the typed call.

use bigcommerce_connector::CONNECTOR;
use bigcommerce_connector::actions::{GetProduct, ListProducts};
use bigcommerce_connector::types::{ProductField, ProductInclude};
use connector_runtime::Class;
use connector_tests::{Store, with};

use super::{assert_discreet, blamed};

#[tokio::test]
async fn asks_and_answers_as_the_typed_call_does() {
    let store = Store::open().await;
    let typed = with(GetProduct::new(112), |input| {
        input.include = Some(vec![ProductInclude::Images, ProductInclude::Variants]);
        input.include_fields = Some(vec![ProductField::Name, ProductField::Price]);
        input.exclude_fields = Some(vec!["price".to_owned()]);
    });
    let typed = store.client.call(&typed).await.unwrap();
    let input = br#"{"exclude_fields": ["price"], "include_fields": ["name", "price"],
        "include": ["images", "variants"], "product_id": 112}"#;
    let untyped = store.client.call_untyped("get-product", input).await.unwrap();
    assert_eq!(untyped.json, typed.json);
    assert_eq!((untyped.status, untyped.meta), (typed.status, typed.meta));
    let [first, second] = store.sandbox.requests().try_into().unwrap();
    assert_eq!(first, second);
}

#[tokio::test]
async fn joins_lists_by_commas_in_the_order_of_the_manifest() {
    let store = Store::open().await;
    let input = br#"{"product_id":111,"exclude_fields":["price"],"include":["images","videos"]}"#;
    store.client.call_untyped("get-product", input).await.unwrap();
    let request = store.last_request();
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/stores/sandbox1/v3/catalog/products/111");
    assert_eq!(request.query.as_deref(), Some("include=images,videos&exclude_fields=price"));
}

#[tokio::test]
async fn sends_no_query_where_nothing_is_asked_for() {
    let store = Store::open().await;
    store.client.call_untyped("get-product", br#"{"product_id":111}"#).await.unwrap();
    assert_eq!(store.last_request().query, None);
}

#[tokio::test]
async fn takes_a_whole_number_with_a_fraction_of_zero_for_an_integer() {
    let store = Store::open().await;
    let reply = store.client.call_untyped("get-product", br#"{"product_id":111.0}"#).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(store.last_request().path.ends_with("/111"));
}

#[tokio::test]
async fn passes_on_an_answer_that_does_not_fit_its_type() {
    let server = connector_tests::ScriptedServer::with_json(r#"{"data":{"id":"seven"}}"#).await;
    let client = connector_tests::client(
        server.origin(),
        connector_tests::ACCESS_TOKEN,
        connector_runtime::Client::DEFAULT_TIMEOUT,
    );
    let reply = client.call_untyped("get-product", br#"{"product_id":7}"#).await.unwrap();
    assert_eq!((reply.json.as_str(), reply.unreadable), (r#"{"id":"seven"}"#, Vec::new()));
    let typed = client.call(&GetProduct::new(7)).await.unwrap();
    assert_eq!((typed.json.as_str(), typed.unreadable.len()), (r#"{"id":"seven"}"#, 1));
}

#[tokio::test]
async fn a_list_action_takes_nothing_but_a_list() {
    for data in ["null", "{}", r#"{"0":{"id":1}}"#, "7"] {
        let body = format!(r#"{{"data":{data},"meta":{{}}}}"#);
        let server = connector_tests::ScriptedServer::with_json(&body).await;
        let client = connector_tests::client(
            server.origin(),
            connector_tests::ACCESS_TOKEN,
            connector_runtime::Client::DEFAULT_TIMEOUT,
        );
        let untyped = client.call_untyped("list-products", b"{}").await.unwrap_err();
        let typed = client.call(&ListProducts::default()).await.unwrap_err();
        for error in [untyped, typed] {
            assert_eq!((error.class(), error.status()), (Class::Decode, Some(200)), "{data}");
            assert_eq!(error.to_string(), "list-products: decode: the answer holds no list", "{data}");
        }
    }
}

#[tokio::test]
async fn refuses_an_action_that_does_not_exist() {
    let store = Store::open().await;
    for id in ["get-products", "", "Get-Product", "get-product\n", "bigcommerce/get-product"] {
        let error = store.client.call_untyped(id, br#"{"product_id":111}"#).await.unwrap_err();
        assert_eq!(blamed(&error), ["action"], "{id:?}");
        assert_discreet(&error);
        assert!(CONNECTOR.action(id).is_none());
    }
    assert!(store.sandbox.requests().is_empty());
}
