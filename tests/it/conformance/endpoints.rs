//! What the sandbox answers where no action asks: its other endpoints, judged by the files all the same.

use std::collections::BTreeSet;

use bytes::Bytes;
use connector_runtime::{Client, HttpTransport, Transport as _};
use connector_tests::{ACCESS_TOKEN, Store};
use http::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use super::answers::differences;
use super::assert_covered;
use super::deviations::assert_listed;
use super::judge::Judge;
use super::transport::Exchange;

/// An endpoint as the files write it: method, version, path.
type Endpoint = (&'static str, &'static str, &'static str);

/// A request: its endpoint, the value or the values in the path's places, the query, the body, the status to come.
type Call = (&'static str, Value, &'static str, Value, u16);

/// The endpoints, each by the name that the list of deviations has for it.
const ENDPOINTS: &[(&str, Endpoint)] = &[
    ("count-orders", ("GET", "v2", "/orders/count")),
    ("create-order", ("POST", "v2", "/orders")),
    ("archive-order", ("DELETE", "v2", "/orders/{order_id}")),
    ("list-order-products", ("GET", "v2", "/orders/{order_id}/products")),
    ("list-order-addresses", ("GET", "v2", "/orders/{order_id}/shipping_addresses")),
    ("list-order-coupons", ("GET", "v2", "/orders/{order_id}/coupons")),
    ("list-order-fees", ("GET", "v2", "/orders/{order_id}/fees")),
    ("list-order-taxes", ("GET", "v2", "/orders/{order_id}/taxes")),
    ("list-order-messages", ("GET", "v2", "/orders/{order_id}/messages")),
    ("list-order-shipments", ("GET", "v2", "/orders/{order_id}/shipments")),
    ("count-order-shipments", ("GET", "v2", "/orders/{order_id}/shipments/count")),
    ("get-order-shipment", ("GET", "v2", "/orders/{order_id}/shipments/{shipment_id}")),
    ("get-order-product", ("GET", "v2", "/orders/{order_id}/products/{product_id}")),
    ("get-order-address", ("GET", "v2", "/orders/{order_id}/shipping_addresses/{id}")),
    (
        "get-address-quotes",
        ("GET", "v2", "/orders/{order_id}/shipping_addresses/{shipping_address_id}/shipping_quotes"),
    ),
    (
        "get-consignment-quotes",
        ("GET", "v2", "/orders/{order_id}/consignments/shipping/{shipping_consignment_id}/shipping_quotes"),
    ),
    ("get-order-consignments", ("GET", "v2", "/orders/{order_id}/consignments")),
    ("list-order-statuses", ("GET", "v2", "/order_statuses")),
    ("get-order-status", ("GET", "v2", "/order_statuses/{status_id}")),
    ("list-old-categories", ("GET", "v3", "/catalog/categories")),
    ("get-old-category", ("GET", "v3", "/catalog/categories/{category_id}")),
    ("create-old-category", ("POST", "v3", "/catalog/categories")),
    ("update-old-category", ("PUT", "v3", "/catalog/categories/{category_id}")),
    ("delete-old-category", ("DELETE", "v3", "/catalog/categories/{category_id}")),
    ("list-trees", ("GET", "v3", "/catalog/trees")),
    ("get-tree", ("GET", "v3", "/catalog/trees/{tree_id}/categories")),
    ("create-categories", ("POST", "v3", "/catalog/trees/categories")),
    ("update-categories", ("PUT", "v3", "/catalog/trees/categories")),
    ("delete-categories", ("DELETE", "v3", "/catalog/trees/categories")),
    ("list-brands", ("GET", "v3", "/catalog/brands")),
    ("get-brand", ("GET", "v3", "/catalog/brands/{brand_id}")),
    ("update-brand", ("PUT", "v3", "/catalog/brands/{brand_id}")),
    ("delete-brand", ("DELETE", "v3", "/catalog/brands/{brand_id}")),
    ("update-products", ("PUT", "v3", "/catalog/products")),
    ("delete-products", ("DELETE", "v3", "/catalog/products")),
    ("get-summary", ("GET", "v3", "/catalog/summary")),
    ("update-customers", ("PUT", "v3", "/customers")),
    ("delete-customers", ("DELETE", "v3", "/customers")),
    ("create-webhook", ("POST", "v3", "/hooks")),
    ("get-webhook", ("GET", "v3", "/hooks/{webhook_id}")),
];

/// Calls in their order. Ids are those of the sandbox's own store; `@` is the id in the answer before.
fn calls() -> Vec<Call> {
    let none = Value::Null;
    let address = json!({
        "first_name": "Nora", "last_name": "Field", "street_1": "12 Mill Lane", "city": "Portland", "state": "Oregon",
        "zip": "97201", "country": "United States", "country_iso2": "US", "email": "nora@shop.example",
    });
    let order = json!({
        "status_id": 1, "customer_id": 0, "billing_address": address, "shipping_addresses": [address],
        "products": [
            {"product_id": 111, "quantity": 2},
            {"name": "Engraving", "quantity": 1, "price_inc_tax": 10, "price_ex_tax": 9},
        ],
    });
    let category =
        json!({"parent_id": 0, "name": "Trays", "description": "<p>Oiled.</p>", "is_visible": true});
    let hook = json!({"scope": "store/order/*", "destination": "https://hooks.shop.example/in"});
    vec![
        ("count-orders", none.clone(), "", none.clone(), 200),
        ("create-order", none.clone(), "", order, 201),
        ("list-order-products", json!("@"), "", none.clone(), 200),
        ("list-order-addresses", json!(100), "", none.clone(), 200),
        ("list-order-coupons", json!(100), "", none.clone(), 204),
        ("list-order-coupons", json!(106), "", none.clone(), 200),
        ("list-order-fees", json!(103), "", none.clone(), 200),
        ("list-order-taxes", json!(100), "", none.clone(), 200),
        ("list-order-taxes", json!(100), "details=true", none.clone(), 200),
        ("list-order-messages", json!(101), "", none.clone(), 200),
        ("list-order-shipments", json!(102), "", none.clone(), 200),
        ("count-order-shipments", json!(102), "", none.clone(), 200),
        ("get-order-shipment", json!([102, 3]), "", none.clone(), 200),
        ("get-order-product", json!([100, 61]), "", none.clone(), 200),
        ("get-order-address", json!([100, 1]), "", none.clone(), 200),
        ("get-address-quotes", json!([100, 1]), "", none.clone(), 200),
        ("get-consignment-quotes", json!([100, 1]), "", none.clone(), 200),
        ("get-order-consignments", json!(102), "", none.clone(), 200),
        ("get-order-consignments", json!(115), "include=consignments.line_items", none.clone(), 200),
        ("list-order-products", json!(100), "", none.clone(), 200),
        ("list-order-products", json!(999_999), "", none.clone(), 404),
        ("create-order", none.clone(), "", json!({"status_id": 1}), 400),
        ("archive-order", json!(101), "", none.clone(), 204),
        ("list-order-statuses", none.clone(), "", none.clone(), 200),
        ("get-order-status", json!(11), "", none.clone(), 200),
        ("list-old-categories", none.clone(), "limit=250", none.clone(), 200),
        ("create-old-category", none.clone(), "", category.clone(), 200),
        ("get-old-category", json!("@"), "", none.clone(), 200),
        ("update-old-category", json!("@"), "", json!({"name": "Wooden trays", "sort_order": 3}), 200),
        ("delete-old-category", json!("@"), "", none.clone(), 204),
        ("get-old-category", json!(999_999), "", none.clone(), 404),
        ("create-old-category", none.clone(), "", json!({"parent_id": 0}), 422),
        ("list-trees", none.clone(), "", none.clone(), 200),
        ("get-tree", json!(1), "", none.clone(), 200),
        ("get-tree", json!(999_999), "", none.clone(), 404),
        (
            "create-categories",
            none.clone(),
            "",
            json!([{"tree_id": 1, "parent_id": 0, "name": "Bowls"}]),
            201,
        ),
        ("update-categories", none.clone(), "", json!([{"category_id": "@", "name": "Wooden bowls"}]), 200),
        ("delete-categories", none.clone(), "category_id:in=@", none.clone(), 202),
        ("list-brands", none.clone(), "limit=250", none.clone(), 200),
        ("get-brand", json!("@"), "", none.clone(), 200),
        (
            "update-brand",
            json!("@"),
            "",
            json!({"page_title": "Fine things", "meta_keywords": ["fine"]}),
            200,
        ),
        ("delete-brand", json!("@"), "", none.clone(), 204),
        ("get-brand", json!(999_999), "", none.clone(), 404),
        (
            "update-products",
            none.clone(),
            "",
            json!([{"id": 111, "price": 41.5}, {"id": 112, "weight": 2}]),
            200,
        ),
        ("delete-products", none.clone(), "id:in=113,114", none.clone(), 204),
        ("get-summary", none.clone(), "", none.clone(), 200),
        ("update-customers", none.clone(), "", json!([{"id": 1, "company": "Field & Daughters"}]), 200),
        ("delete-customers", none.clone(), "id:in=2", none.clone(), 204),
        ("create-webhook", none.clone(), "", hook, 200),
        ("get-webhook", json!("@"), "", none.clone(), 200),
        ("get-webhook", json!(999_999), "", none, 404),
    ]
}

#[tokio::test]
async fn every_answer_of_the_sandbox_to_other_requests_is_valid_by_the_files() {
    let Some(judge) = Judge::find() else { return };
    let store = Store::open().await;
    let transport = HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap();
    let (mut exchanges, mut last) = (Vec::new(), Value::Null);
    for call in calls() {
        let exchange = exchange(&store, &transport, call, &last).await;
        last = id_in(&exchange).unwrap_or(last);
        exchanges.push(exchange);
    }
    let succeeded = exchanges.iter().filter(|one| one.response.as_ref().unwrap().status().is_success());
    let succeeded: BTreeSet<&str> = succeeded.map(|one| one.action).collect();
    let silent: Vec<&str> =
        ENDPOINTS.iter().map(|(name, _)| *name).filter(|name| !succeeded.contains(name)).collect();
    assert_covered(&silent, "tests/it/conformance/endpoints.rs");
    let found = differences(&exchanges, judge.judge_by(operations(), &exchanges));
    assert_listed(
        "sandbox-endpoint",
        found.into_keys(),
        "the sandbox does not answer as the file says: mend it",
    );
}

#[test]
fn a_schema_that_contains_itself_is_judged_at_every_depth() {
    let Some(judge) = Judge::find() else { return };
    let category = |children: Value| {
        json!({
            "id": 1, "parent_id": 0, "depth": 0, "path": [], "name": "Trays", "is_visible": true, "url": "/trays/",
            "children": children,
        })
    };
    let answer = |grandchild: Value| {
        let tree = category(json!([category(json!([category(json!([grandchild]))]))]));
        let body = Bytes::from(json!({"data": [tree], "meta": {}}).to_string());
        let response = http::Response::builder().header(CONTENT_TYPE, "application/json").body(body);
        let uri = "http://localhost/stores/sandbox1/v3/catalog/trees/1/categories";
        let request = http::Request::builder().uri(uri).header("X-Auth-Token", ACCESS_TOKEN);
        let request = request.header(ACCEPT, "application/json").body(Bytes::new()).expect("a request");
        Exchange { action: "get-tree", request, response: Some(response.expect("an answer")) }
    };
    let answers = [category(json!([])), json!({"id": "one"}), json!({"colour": "red"})].map(answer);
    let rules: Vec<Vec<(String, String)>> = judge
        .judge_by(operations(), &answers)
        .into_iter()
        .map(|faults| faults.into_iter().map(|fault| (fault.at, fault.rule)).collect())
        .collect();
    let at = |field: &str| format!("data.children.children.children.{field}");
    assert_eq!(rules[0], []);
    assert_eq!(rules[1], [(at("id"), "type".to_owned())]);
    assert_eq!(rules[2], [(at("colour"), "undeclared".to_owned())]);
}

/// The endpoints as the judge asks for them.
fn operations() -> Vec<Value> {
    let described = ENDPOINTS.iter().map(|(name, (method, version, path))| {
        json!({"id": name, "base": format!("/stores/{{store_hash}}/{version}"), "method": method, "path": path})
    });
    described.collect()
}

async fn exchange(store: &Store, transport: &HttpTransport, call: Call, last: &Value) -> Exchange {
    let (name, place, query, body, status) = call;
    let (_, (method, version, path)) =
        ENDPOINTS.iter().find(|(other, _)| *other == name).expect("an endpoint");
    let places = if place.is_array() { place } else { json!([place]) };
    let path = places.as_array().into_iter().flatten().fold((*path).to_owned(), |path, place| {
        let place = if place == "@" { last } else { place };
        path.split_once('{').map_or(path.clone(), |(before, after)| {
            format!("{before}{place}{}", after.split_once('}').expect("the end of a place").1)
        })
    });
    let query =
        if query.is_empty() { String::new() } else { format!("?{query}").replace('@', &last.to_string()) };
    let url =
        format!("{}/stores/{}/{version}{path}{query}", store.sandbox.origin(), store.sandbox.store_hash());
    let body =
        if body.is_null() { String::new() } else { body.to_string().replace("\"@\"", &last.to_string()) };
    let mut request = http::Request::builder().method(*method).uri(url).header("X-Auth-Token", ACCESS_TOKEN);
    request = request.header(ACCEPT, "application/json");
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let request = request.body(Bytes::from(body)).expect("a request");
    let response = transport.send(request.clone()).await.expect("an answer");
    let shown = String::from_utf8_lossy(response.body());
    assert_eq!(response.status().as_u16(), status, "{name} {}: {shown}", request.uri());
    Exchange { action: name, request, response: Some(response) }
}

/// The id of what an answer is about, or of the first thing in it.
fn id_in(exchange: &Exchange) -> Option<Value> {
    let body: Value = serde_json::from_slice(exchange.response.as_ref()?.body()).ok()?;
    let pointers = ["/data/id", "/data/0/id", "/data/0/category_id", "/id"];
    pointers.iter().find_map(|pointer| body.pointer(pointer)).filter(|id| id.is_u64()).cloned()
}
