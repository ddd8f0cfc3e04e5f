//! What the sandbox answers to every action, successes and failures, judged by the files.

use std::collections::{BTreeMap, BTreeSet};

use bigcommerce_connector::connection;
use bytes::Bytes;
use connector_runtime::{Client, HttpTransport, Operation, Returns, SecretString, VerificationLevel};
use connector_tests::{
    ACCESS_TOKEN, Shown, Store, roomy_store, sandbox_serves, validator, with_definitions, write_results,
};
use serde_json::{Value, json};

use super::deviations::{Difference, assert_listed};
use super::examples::{ReadAndWrite, sent_data, types};
use super::judge::{Fault, Judge};
use super::transport::{Exchange, Recorder};
use super::trial::first_success;
use super::{assert_covered, catalog, described, operations, tell};

/// Calls that show more than one success of each action, in their order: action, input, the status to come. Ids are those
/// of the sandbox's own store. Actions that are not here are called by [`first_success`].
fn calls() -> Vec<(&'static str, Value, u16)> {
    let everything = json!([
        "bulk_pricing_rules",
        "channels",
        "custom_fields",
        "images",
        "modifiers",
        "options",
        "parent_relations",
        "primary_image",
        "reviews",
        "variants",
        "videos",
    ]);
    let of_customers =
        json!(["addresses", "storecredit", "attributes", "formfields", "shopper_profile_id", "segment_ids",]);
    let of_orders = json!(["consignments", "consignments.line_items", "fees"]);
    let product = json!({
        "name": "Walnut Tray", "type": "physical", "weight": 1.25, "price": 49.9, "sku": "WT-1",
        "description": "<p>Oiled.</p>", "categories": [], "custom_fields": [{"name": "wood", "value": "walnut"}],
        "custom_url": {"url": "/walnut-tray/", "is_customized": true}, "meta_keywords": ["tray"],
        "bulk_pricing_rules": [{"quantity_min": 10, "quantity_max": 50, "type": "price", "amount": 5}],
    });
    let person = json!({
        "email": "ada@shop.example", "first_name": "Ada", "last_name": "Byron", "notes": "wholesale",
        "addresses": [{
            "first_name": "Ada", "last_name": "Byron", "address1": "1 Mill Lane", "city": "Austin",
            "state_or_province": "Texas", "postal_code": "78701", "country_code": "US", "address_type": "residential",
        }],
    });
    let hook = json!({
        "scope": "store/order/created", "destination": "https://hooks.shop.example/in",
        "headers": {"X-Example": "yes"},
    });
    vec![
        ("list-products", json!({"limit": 250, "include": everything}), 200),
        ("list-products", json!({"name": "no such"}), 200),
        ("list-products", json!({"include_fields": ["name", "price"], "limit": 3}), 200),
        ("get-product", json!({"product_id": 111, "include": everything}), 200),
        ("get-product", json!({"product_id": 999_999}), 404),
        ("create-product", product.clone(), 200),
        ("create-product", product, 409),
        (
            "create-product",
            json!({"name": "Oak Tray", "type": "physical", "weight": 1, "price": 1, "categories": [999_999]}),
            409,
        ),
        ("update-product", json!({"product_id": 111, "price": 39.95, "include": everything}), 200),
        ("update-product", json!({"product_id": 999_999, "price": 1}), 404),
        ("update-product", json!({"product_id": 111, "name": "Walnut Tray"}), 409),
        ("update-product", json!({"product_id": 111, "categories": [999_999]}), 409),
        ("delete-product", json!({"product_id": 112}), 204),
        ("list-categories", json!({"limit": 250}), 200),
        ("create-brand", json!({"name": "Fernhill", "custom_url": {"url": "/fernhill/"}}), 200),
        ("create-brand", json!({"name": "Fernhill"}), 409),
        ("list-orders", json!({"limit": 250, "include": of_orders, "consignment_structure": "object"}), 200),
        ("list-orders", json!({"min_id": 999_999}), 204),
        ("get-order", json!({"order_id": 100, "include": of_orders, "consignment_structure": "object"}), 200),
        ("get-order", json!({"order_id": 999_999}), 404),
        ("update-order", json!({"order_id": 100, "status_id": 2, "staff_notes": "packed"}), 200),
        ("list-customers", json!({"limit": 250, "include": of_customers}), 200),
        ("list-customers", json!({"after": "no-mark-of-this-store"}), 422),
        ("get-customer", json!({"customer_id": 999_999}), 200),
        ("create-customer", person.clone(), 200),
        ("create-customer", person, 422),
        ("get-store-information", json!({}), 200),
        ("get-time", json!({}), 200),
        ("create-webhook", hook.clone(), 200),
        (
            "create-webhook",
            json!({"scope": "no/such/event", "destination": "https://hooks.shop.example/in"}),
            422,
        ),
        ("list-webhooks", json!({}), 200),
    ]
}

/// Calls of the actions, successes and failures.
struct Called {
    exchanges: Vec<Exchange>,
    /// The actions that the sandbox has no endpoint for.
    absent: Vec<&'static str>,
    /// The other actions of which no call succeeded.
    silent: Vec<&'static str>,
}

/// Calls every action that the sandbox has an endpoint for. `files` is what BigCommerce's files say of the actions.
async fn called(files: &Value) -> Called {
    let store = roomy_store().await;
    let recorder = Recorder::new(HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap());
    let client = client(&store, ACCESS_TOKEN, &recorder);
    let mut exchanges = Vec::new();
    for (id, input, status) in calls() {
        exchanges.push(exchange(&client, &recorder, id, input, status).await);
    }
    // Customers and webhooks are found by what was made or listed before.
    let customer = id_in(&exchanges, "create-customer", "/data/0/id");
    let hook = id_in(&exchanges, "list-webhooks", "/data/0/id");
    let by_id = [
        ("get-customer", json!({"customer_id": customer}), 200),
        ("update-webhook", json!({"webhook_id": hook, "is_active": false}), 200),
        ("delete-webhook", json!({"webhook_id": hook}), 200),
    ];
    for (id, input, status) in by_id {
        exchanges.push(exchange(&client, &recorder, id, input, status).await);
    }
    let stranger = self::client(&store, "another-token", &recorder);
    exchanges.push(exchange(&stranger, &recorder, "list-webhooks", json!({}), 401).await);

    let succeeded: BTreeSet<&str> =
        exchanges.iter().filter(|one| is_success(one)).map(|one| one.action).collect();
    let (mut absent, mut silent) = (Vec::new(), Vec::new());
    for operation in operations().filter(|operation| !succeeded.contains(operation.id)) {
        if !sandbox_serves(&store, operation).await {
            absent.push(operation.id);
            continue;
        }
        match first_success(&store, &client, &recorder, operation, &files[operation.id]).await {
            Some(exchange) => exchanges.push(exchange),
            None => silent.push(operation.id),
        }
    }
    Called { exchanges, absent, silent }
}

fn is_success(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_some_and(|response| response.status().is_success())
}

#[tokio::test]
async fn every_action_that_the_sandbox_serves_succeeds_and_its_answers_are_as_described() {
    let Called { exchanges, absent, silent } = called(&Value::Null).await;
    let (catalog, types) = (catalog(), types());
    let mut misfits: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut results: BTreeMap<&str, Shown> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|one| is_success(one)) {
        let operation = operations().find(|operation| operation.id == exchange.action).expect("an action");
        let found = misfits_of(operation, exchange.response.as_ref().unwrap(), &catalog, &types);
        let shown = results.entry(operation.id).or_insert(Shown::Pass);
        if !found.is_empty() {
            *shown = Shown::Fail;
            misfits.entry(operation.id).or_default().extend(found);
        }
    }
    results.extend(absent.iter().map(|id| (*id, Shown::Absent)));
    results.extend(silent.iter().map(|id| (*id, Shown::Fail)));
    write_results("sandbox-calls", &results);
    for id in absent {
        tell(&format!("not called, because the sandbox has no such endpoint: {id}"));
    }
    for id in &silent {
        tell(&format!("no call succeeds at the sandbox, so that the level is not `sandbox`: {id}"));
    }
    // A new action may need an input that no schema and no sample shows; its level is lower. A level is never lost.
    let is_claimed =
        |id: &&&str| operations().any(|one| one.id == **id && one.verified == VerificationLevel::Sandbox);
    let lost: Vec<&str> = silent.iter().filter(is_claimed).copied().collect();
    assert_covered(&lost, "tests/it/conformance/answers.rs");
    assert!(
        misfits.is_empty(),
        "the answers are not as connector.yaml and types/ describe them: {misfits:#?}"
    );
    assert_eq!(results.len(), operations().count());
}

/// What of an answer's data its type or its schema in the catalog does not accept.
fn misfits_of(
    operation: &Operation,
    response: &http::Response<Bytes>,
    catalog: &Value,
    types: &BTreeMap<&'static str, ReadAndWrite>,
) -> Vec<String> {
    if operation.returns == Returns::Nothing {
        return Vec::new();
    }
    let body = String::from_utf8_lossy(response.body());
    let data = match body.trim() {
        // A list without items comes as an answer without a body.
        "" if operation.returns == Returns::List => json!([]),
        _ => sent_data(operation, &body),
    };
    if operation.returns == Returns::First && data.is_null() {
        return Vec::new();
    }
    let unreadable = match types[operation.id](&data) {
        Ok((_, unreadable)) => unreadable,
        Err(misfits) => misfits,
    };
    let schema = with_definitions(&described(catalog, operation.id)["output"], catalog);
    let validator = validator(&schema);
    let invalid = validator.iter_errors(&data).map(|error| format!("{}: {error}", error.instance_path()));
    unreadable.iter().map(ToString::to_string).chain(invalid).collect()
}

#[test]
fn an_answer_that_is_not_as_described_is_a_misfit() {
    let operation = operations().find(|operation| operation.id == "get-time").expect("an action");
    let misfits = |body: &'static str| {
        let response = http::Response::new(Bytes::from(body));
        misfits_of(operation, &response, &catalog(), &types())
    };
    assert!(misfits(r#"{"time": 1773764405}"#).is_empty());
    assert!(!misfits(r#"{"time": "soon"}"#).is_empty());
    assert!(!misfits("[]").is_empty());
}

#[tokio::test]
async fn every_answer_of_the_sandbox_is_valid_by_the_files() {
    let Some(judge) = Judge::find() else { return };
    let Called { mut exchanges, .. } = called(judge.describe()).await;
    let described: BTreeSet<&str> = judge.operations().map(|operation| operation.id).collect();
    exchanges.retain(|exchange| described.contains(exchange.action));
    let found = differences(&exchanges, judge.judge(&exchanges));
    assert_listed("sandbox", found.into_keys(), "the sandbox does not answer as the file says: mend it");
}

/// What the files do not say of these answers, told aloud in the validator's own words.
pub(super) fn differences(exchanges: &[Exchange], verdicts: Vec<Vec<Fault>>) -> BTreeMap<Difference, String> {
    let mut found = BTreeMap::new();
    for (exchange, faults) in exchanges.iter().zip(verdicts) {
        let status = exchange.response.as_ref().unwrap().status();
        for fault in faults {
            let what = format!("{}: {}", status.as_u16(), fault.rule);
            found.insert(Difference::new(exchange.action, fault.at, what), fault.says);
        }
    }
    tell(&format!("{} answers judged; the validator says:", exchanges.len()));
    for (difference, says) in &found {
        tell(&format!("{}, {}: {says}", difference.action, difference.field));
    }
    found
}

fn client(store: &Store, token: &str, recorder: &Recorder<HttpTransport>) -> Client {
    let connection = connection(store.sandbox.store_hash(), SecretString::from(token)).unwrap();
    let connection = connection.at_origin(&store.sandbox.origin()).unwrap();
    Client::with_transport(connection, recorder.clone())
}

async fn exchange(
    client: &Client,
    recorder: &Recorder<HttpTransport>,
    id: &str,
    input: Value,
    status: u16,
) -> Exchange {
    let outcome = client.call_untyped(id, input.to_string().as_bytes()).await;
    let seen = recorder.take();
    // A token that is refused leads to the connection test.
    let expected = if status == 401 { 2 } else { 1 };
    assert_eq!(seen.len(), expected, "{id}: {outcome:?}");
    let (request, response) = &seen[0];
    let body = String::from_utf8_lossy(response.body());
    assert_eq!(response.status().as_u16(), status, "{id} {input}: {body}");
    let action = operations().find(|operation| operation.id == id).expect("an action").id;
    Exchange { action, request: request.clone(), response: Some(response.clone()) }
}

/// The id at `pointer` in the first answer to an action.
fn id_in(exchanges: &[Exchange], id: &str, pointer: &str) -> Value {
    let exchange = exchanges.iter().find(|exchange| exchange.action == id).unwrap();
    let body: Value = serde_json::from_slice(exchange.response.as_ref().unwrap().body()).unwrap();
    body.pointer(pointer).unwrap_or_else(|| panic!("{id} answers nothing at {pointer}")).clone()
}
