//! Every request that the actions make, with every parameter and body field at every depth.

use std::collections::{BTreeMap, BTreeSet};

use bigcommerce_connector::connection;
use bytes::Bytes;
use connector_runtime::{Body, Client, Operation, Place, SecretString};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::deviations::{Difference, assert_listed};
use super::inputs::{MAP_KEY, cases, described_in, places};
use super::judge::Judge;
use super::transport::{Canned, Exchange, Recorder};
use super::{catalog, described, tell};

#[tokio::test]
async fn every_request_is_valid_by_the_files_with_every_parameter_and_body_field() {
    let Some(judge) = Judge::find() else { return };
    let catalog = catalog();
    // The files declare the token, so it is sent as to the vendor; nothing leaves this process.
    let connection = connection("abc123", SecretString::from("some-token")).unwrap();
    let recorder = Recorder::new(Canned { status: 204, body: Bytes::new() });
    let client = Client::with_transport(connection, recorder.clone());
    let mut exchanges = Vec::new();
    for operation in judge.operations() {
        let schema = &described(&catalog, operation.id)["input"];
        let mut shown = BTreeSet::new();
        let in_file = described_in(operation, &judge.describe()[operation.id]);
        for input in cases(schema, &catalog["$defs"], &in_file) {
            if asks_for_nothing(operation, &input) {
                continue;
            }
            let outcome = client.call_untyped(operation.id, input.to_string().as_bytes()).await;
            let sent = recorder.take();
            let [(request, _)] = sent.as_slice() else {
                panic!("{} does not take its own {input}: {outcome:?}", operation.id);
            };
            shown.extend(on_the_wire(operation, request));
            exchanges.push(Exchange { action: operation.id, request: request.clone(), response: None });
        }
        let places = places(schema, &catalog["$defs"]);
        let expected = places.iter().map(|place| wire(operation, place)).filter(|place| !place.is_empty());
        let expected: BTreeSet<String> = expected.collect();
        let unseen: Vec<_> = expected.difference(&shown).collect();
        assert!(unseen.is_empty(), "{}: these inputs never reached the wire: {unseen:?}", operation.id);
    }
    let mut found = BTreeMap::new();
    for (exchange, faults) in exchanges.iter().zip(judge.judge(&exchanges)) {
        for fault in faults {
            found.insert(Difference::new(exchange.action, fault.at, fault.rule), fault.says);
        }
    }
    tell(&format!(
        "{} requests of {} actions judged; the validator says:",
        exchanges.len(),
        judge.operations().count()
    ));
    for (difference, says) in &found {
        tell(&format!("{}, {}: {says}", difference.action, difference.field));
    }
    let remedy = "the request is not as the file says: mend the parameter in connector.yaml or types/";
    assert_listed("request", found.into_keys(), remedy);
}

/// An empty filter asks for nothing, and is no parameter at all by OpenAPI.
fn asks_for_nothing(operation: &Operation, input: &Value) -> bool {
    let mut filters = operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
    filters.any(|parameter| input[parameter.name] == "")
}

/// A place of the input by the names that the wire has for it: only those at the top differ.
fn wire(operation: &Operation, place: &str) -> String {
    let end = place.find(['.', '[', '{']).unwrap_or(place.len());
    let parameter = operation.parameters.iter().find(|parameter| parameter.name == &place[..end]);
    let parameter = parameter.unwrap_or_else(|| panic!("{}: no parameter for {place}", operation.id));
    // A list in a query is text with commas.
    match parameter.place {
        Place::Body => format!("{}{}", parameter.wire, &place[end..]),
        // The body is the value itself.
        Place::Payload => place[end..].trim_start_matches('.').to_owned(),
        _ => parameter.wire.to_owned(),
    }
}

/// Every name that a request carries, in path, query and body.
fn on_the_wire(operation: &Operation, request: &http::Request<Bytes>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let given = request.uri().path().rsplit('/');
    for (template, given) in operation.path.trim_start_matches('/').rsplit('/').zip(given) {
        match template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !given.is_empty() => _ = names.insert(name.to_owned()),
            _ => assert_eq!(template, given, "{}", operation.id),
        }
    }
    for pair in request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, _) = pair.split_once('=').expect("every parameter has a value");
        names.insert(percent_decode_str(name).decode_utf8().unwrap().into_owned());
    }
    if !request.body().is_empty() {
        let body: Value = serde_json::from_slice(request.body()).expect("the body is JSON");
        let body = if operation.body == Body::ListOfOne { &body[0] } else { &body };
        body_names(body, "", &mut names);
    }
    names
}

fn body_names(value: &Value, path: &str, names: &mut BTreeSet<String>) {
    if !path.is_empty() {
        names.insert(path.to_owned());
    }
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let place = match (path.is_empty(), name.as_str()) {
                    (true, name) => name.to_owned(),
                    (false, MAP_KEY) => format!("{path}{{}}"),
                    (false, name) => format!("{path}.{name}"),
                };
                body_names(inner, &place, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| body_names(item, &format!("{path}[]"), names)),
        _ => {}
    }
}
