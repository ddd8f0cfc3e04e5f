//! Calls of actions that no list names: inputs made from the catalog, the sample and what the sandbox has, until one
//! succeeds.

use connector_runtime::{Client, HttpTransport, Operation, Place};
use connector_tests::{ACCESS_TOKEN, Store};
use serde_json::{Value, json};

use super::inputs::{cases, described_in, smallest};
use super::transport::{Exchange, Recorder};
use super::{catalog, described};

/// How many resources of a list are tried.
const RESOURCES: usize = 5;

/// How many inputs of an action are tried for each resource.
const INPUTS: usize = 40;

/// The first call of this action that succeeds, if one does. `file` is what BigCommerce's files say of the action.
pub(super) async fn first_success(
    store: &Store,
    client: &Client,
    recorder: &Recorder<HttpTransport>,
    operation: &'static Operation,
    file: &Value,
) -> Option<Exchange> {
    for ids in identities(store, operation).await {
        for mut input in inputs(operation, file).into_iter().take(INPUTS) {
            ids.iter().for_each(|(name, id)| input[*name] = id.clone());
            let outcome = client.call_untyped(operation.id, input.to_string().as_bytes()).await;
            let seen = recorder.take();
            if let (Ok(_), Some((request, response))) = (outcome, seen.into_iter().next()) {
                return Some(Exchange { action: operation.id, request, response: Some(response) });
            }
        }
    }
    None
}

/// Inputs of an action: the smallest, the one that says what its sample says, and every case of its schema.
fn inputs(operation: &Operation, file: &Value) -> Vec<Value> {
    let catalog = catalog();
    let about = described(&catalog, operation.id);
    let smallest = smallest(&about["input"], &catalog["$defs"]);
    let mut like_sample = smallest.clone();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Body) {
        let value = &about["sample"][parameter.wire];
        if !value.is_null() {
            like_sample[parameter.name] = value.clone();
        }
    }
    let cases = cases(&about["input"], &catalog["$defs"], &described_in(operation, file));
    [smallest, like_sample].into_iter().chain(cases).collect()
}

/// Values for the parameters that name resources: those in the path and required numbers of the query. Each is an id
/// that the sandbox lists at the path in front of the parameter.
async fn identities(store: &Store, operation: &'static Operation) -> Vec<Vec<(&'static str, Value)>> {
    let mut found: Vec<(String, Vec<(&'static str, Value)>)> = vec![(String::new(), Vec::new())];
    for segment in operation.path.split('/').filter(|segment| !segment.is_empty()) {
        let Some(wire) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            found.iter_mut().for_each(|(path, _)| *path = format!("{path}/{segment}"));
            continue;
        };
        let parameter = operation.parameters.iter().find(|parameter| parameter.wire == wire);
        let parameter = parameter.unwrap_or_else(|| panic!("{}: no parameter {wire}", operation.id));
        let mut deeper = Vec::new();
        for (path, ids) in found {
            for id in listed(store, operation, &path, wire).await.into_iter().take(RESOURCES) {
                let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                deeper.push((format!("{path}/{text}"), [ids.clone(), vec![(parameter.name, id)]].concat()));
            }
        }
        found = deeper;
    }
    let is_identity = |place: &Place| matches!(place, Place::Query | Place::RepeatedQuery);
    let asked = operation.parameters.iter().filter(|one| one.required && is_identity(&one.place));
    for parameter in asked.filter(|one| one.name.ends_with("_id")) {
        let mut deeper = Vec::new();
        for (path, ids) in found {
            for id in listed(store, operation, &path, parameter.name).await.into_iter().take(RESOURCES) {
                deeper.push((path.clone(), [ids.clone(), vec![(parameter.name, id)]].concat()));
            }
        }
        found = deeper;
    }
    found.into_iter().map(|(_, ids)| ids).collect()
}

/// The ids of the resources that the sandbox lists at a path.
async fn listed(store: &Store, operation: &Operation, path: &str, name: &str) -> Vec<Value> {
    let base = operation.api.base.replace("{store_hash}", store.sandbox.store_hash());
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let url = format!("{}{base}{path}", store.sandbox.origin());
    let answer = http.get(url).header("X-Auth-Token", ACCESS_TOKEN).send().await.expect("an answer");
    let body: Value = answer.text().await.expect("a body").parse().unwrap_or_default();
    let items = body.as_array().or_else(|| body["data"].as_array()).cloned().unwrap_or_default();
    let id =
        |item: &Value| [item["id"].clone(), item[name].clone()].into_iter().find(|id| *id != json!(null));
    items.iter().filter_map(id).collect()
}
