//! Money on its way to the store: text in v2, numbers in v3, and the same digits in both.

use bigcommerce_connector::CONNECTOR;
use connector_runtime::{Body, Place};
use connector_tests::Store;
use serde_json::{Value, json};

/// The body of an action for this input.
#[track_caller]
fn body(action: &str, input: &str) -> String {
    let entry = CONNECTOR.action(action).expect("an action");
    let request = entry.prepare(input.as_bytes()).unwrap_or_else(|error| panic!("{action} {input}: {error}"));
    String::from_utf8(request.body().expect("a body").to_vec()).expect("UTF-8")
}

/// The fields of the body that hold decimals, as the catalog has them.
fn decimals(action: &str) -> Vec<String> {
    let catalog: Value = CONNECTOR.catalog.parse().expect("the catalog is JSON");
    let actions = catalog["actions"].as_array().expect("a list");
    let described = actions.iter().find(|described| described["id"] == action).expect("an action");
    let parameters = CONNECTOR.action(action).expect("an action").operation.parameters;
    let in_body = parameters.iter().filter(|parameter| parameter.place == Place::Body);
    let is_decimal = |name: &str| {
        let schema = &described["input"]["properties"][name];
        schema["type"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("number")) && types.contains(&json!("string")))
    };
    in_body
        .filter(|parameter| is_decimal(parameter.name))
        .map(|parameter| parameter.wire.to_owned())
        .collect()
}

#[test]
fn every_decimal_of_a_v2_body_is_text_and_of_a_v3_body_a_number() {
    let mut seen = 0;
    for entry in CONNECTOR.actions.iter().filter(|entry| entry.operation.body == Body::Object) {
        let operation = entry.operation;
        for name in decimals(operation.id) {
            for given in ["10.00", "\"10.00\""] {
                let others = match operation.id {
                    "update-order" => r#""order_id":100"#,
                    "create-product" => r#""name":"x","type":"physical","weight":1,"price":1"#,
                    "update-product" => r#""product_id":111"#,
                    other => panic!("say what {other} needs besides {name}"),
                };
                let others: Vec<&str> =
                    others.split(',').filter(|other| !other.starts_with(&format!("\"{name}\""))).collect();
                let sent = body(operation.id, &format!("{{{},\"{name}\":{given}}}", others.join(",")));
                let written = if operation.api.id == "v2" { "\"10.00\"" } else { "10.00" };
                assert!(sent.contains(&format!("\"{name}\":{written}")), "{}: {sent}", operation.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
    let nested = r#"{"order_id":100,"products":[{"product_id":111,"price_ex_tax":"9.90","price_inc_tax":10.5}],
        "fees":[{"cost_ex_tax":1.0,"cost_tax":0}]}"#;
    assert_eq!(
        body("update-order", nested),
        r#"{"products":[{"product_id":111,"price_ex_tax":"9.90","price_inc_tax":"10.5"}],"fees":[{"cost_ex_tax":"1.0","cost_tax":"0"}]}"#
    );
}

#[tokio::test]
async fn every_amount_of_an_order_arrives_and_comes_back() {
    let store = Store::open().await;
    let mut sent = json!({"order_id": 103});
    let names = decimals("update-order");
    for (place, name) in names.iter().enumerate() {
        sent[name.as_str()] = json!(format!("{}.50", 10 + place));
    }
    let order =
        store.client.call_untyped("update-order", sent.to_string().as_bytes()).await.expect("an order");
    let order: Value = serde_json::from_str(order.json.as_str()).expect("JSON");
    for (place, name) in names.iter().enumerate() {
        assert_eq!(order[name.as_str()], format!("{}.5000", 10 + place), "{name}");
    }
}
