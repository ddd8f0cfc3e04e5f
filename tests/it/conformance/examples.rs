//! The files' own examples: answers decode in their types and pass unchanged through the untyped path, and what is sent
//! for the input of a documented request says the same as the request.

use std::collections::BTreeMap;

use bigcommerce_connector::actions::visit_actions;
use bigcommerce_connector::{CONNECTOR, connection};
use bytes::Bytes;
use connector_runtime::{
    Action, ActionVisitor, Body, Client, Decimal, Envelope, Json, Operation, Place, Returns, SecretString,
    Violation,
};
use serde_json::{Value, json};

use super::deviations::{Difference, assert_listed};
use super::inputs::smallest;
use super::judge::Judge;
use super::transport::Canned;
use super::{catalog, described, tell};

/// Reads an answer's data in the type of its action, and writes it again, with what could not be read.
pub(super) type ReadAndWrite = fn(&Value) -> Result<(Value, Vec<Violation>), Vec<Violation>>;

fn read_and_write<A: Action>(data: &Value) -> Result<(Value, Vec<Violation>), Vec<Violation>> {
    let (read, unreadable) = Json::from(data.clone()).typed::<A::Output>()?;
    Ok((Json::of(&read).unwrap().parse().unwrap(), unreadable))
}

/// The type of each action's answer, by the action's id.
struct Types(BTreeMap<&'static str, ReadAndWrite>);

impl ActionVisitor for Types {
    fn visit<A: Action>(&mut self) {
        self.0.insert(A::OPERATION.id, read_and_write::<A>);
    }
}

pub(super) fn types() -> BTreeMap<&'static str, ReadAndWrite> {
    let mut types = Types(BTreeMap::new());
    visit_actions(&mut types);
    types.0
}

#[tokio::test]
async fn every_example_of_an_answer_fits_its_type_and_passes_unchanged() {
    let Some(judge) = Judge::find() else { return };
    let (catalog, files, types) = (catalog(), judge.describe(), types());
    let (mut found, mut passed) = (Vec::new(), 0);
    for operation in judge.operations().filter(|operation| operation.returns != Returns::Nothing) {
        let input = smallest(&described(&catalog, operation.id)["input"], &catalog["$defs"]);
        let typed = types[operation.id];
        let examples = answers(&files[operation.id]);
        if examples.is_empty() {
            found.push(Difference::new(operation.id, "", "the file has no example"));
        }
        for (name, status, media_type, example) in examples {
            let mut differs = |what: &str| found.push(Difference::new(operation.id, &name, what));
            if media_type != "application/json" {
                differs("the example stands under another media type");
            }
            let body = enveloped(operation, example).unwrap_or_else(|| {
                differs("the example lacks the envelope");
                format!("{{\"data\":  {},\"meta\": {{}}}}", example["text"].as_str().unwrap())
            });
            let json = untyped(operation, &input, status, &body).await;
            let data = sent_data(operation, &body);
            assert!(body.contains(&json), "{}, {name}: other bytes came out than went in", operation.id);
            assert_eq!(json.parse::<Value>().unwrap(), data, "{}, {name}", operation.id);
            let lost = lost_on_the_way(typed, &data);
            lost.iter().for_each(|what| differs(what));
            passed += 1;
        }
    }
    tell(&format!("{passed} examples of answers read"));
    assert!(passed > 0);
    assert_listed("answer-example", found, "mend the type below types/");
}

#[test]
fn what_is_sent_for_a_documented_request_says_the_same_as_the_request() {
    let Some(judge) = Judge::find() else { return };
    let (catalog, files) = (catalog(), judge.describe());
    let (mut found, mut passed) = (Vec::new(), 0);
    for operation in judge.operations().filter(|operation| operation.body != Body::None) {
        let smallest = smallest(&described(&catalog, operation.id)["input"], &catalog["$defs"]);
        for example in files[operation.id]["body_examples"].as_array().unwrap() {
            let name = example["name"].as_str().unwrap();
            let entries = match (operation.body, &example["value"]) {
                (Body::ListOfOne, Value::Array(entries)) => entries.clone(),
                (_, value) => vec![value.clone()],
            };
            for mut body in entries {
                let mut input = input_for(operation, &smallest, &body);
                let entry = CONNECTOR.action(operation.id).unwrap();
                if let Err(error) = entry.prepare(input.to_string().as_bytes()) {
                    for violation in error.violations() {
                        found.push(Difference::new(operation.id, name, violation.to_string()));
                        remove(&mut body, within_body(operation, violation.field()));
                    }
                    input = input_for(operation, &smallest, &body);
                }
                let request = entry.prepare(input.to_string().as_bytes());
                let request = request.unwrap_or_else(|error| panic!("{}, {name}: {error:?}", operation.id));
                let sent: Value = serde_json::from_slice(request.body().unwrap()).unwrap();
                let sent = if operation.body == Body::ListOfOne { &sent[0] } else { &sent };
                let mut lost = Vec::new();
                compare(&body, sent, "", &mut lost);
                compare(sent, &body, "", &mut lost);
                found.extend(lost.into_iter().map(|what| Difference::new(operation.id, name, what)));
                passed += 1;
            }
        }
    }
    tell(&format!("{passed} examples of requests sent"));
    assert!(passed > 0);
    assert_listed("request-example", found, "mend the input in connector.yaml or types/");
}

/// What of the data does not come through its type: fields that are no such thing, and what is written otherwise.
fn lost_on_the_way(read_and_write: ReadAndWrite, data: &Value) -> Vec<String> {
    match read_and_write(data) {
        Ok((again, unreadable)) => {
            let mut lost = unreadable.iter().map(ToString::to_string).collect();
            compare(data, &again, "", &mut lost);
            converted(data, &again, "", &mut lost);
            lost
        }
        Err(misfits) => misfits.iter().map(ToString::to_string).collect(),
    }
}

/// The JSON examples of successful answers: name, status, media type and the example.
fn answers(file: &Value) -> Vec<(String, u16, &str, &Value)> {
    let responses = file["responses"].as_array().unwrap().iter().filter_map(|response| {
        let status = response["status"].as_str()?.parse().ok()?;
        // A 207 is a failure in part, and no success.
        (matches!(status, 200..=299) && status != 207).then_some((status, response))
    });
    responses
        .flat_map(|(status, response)| {
            let media_type = response["media_type"].as_str().unwrap();
            response["examples"].as_array().into_iter().flatten().map(move |example| {
                let name = format!("{status} {}", example["name"].as_str().unwrap());
                (name, status, media_type, example)
            })
        })
        .collect()
}

/// The example as the body of an answer, or none where the API has an envelope and the example has not.
fn enveloped(operation: &Operation, example: &Value) -> Option<String> {
    let bare = match operation.api.envelope {
        Envelope::Object { data, .. } => example["value"].get(data).is_none(),
        _ => false,
    };
    (!bare).then(|| example["text"].as_str().unwrap().to_owned())
}

/// The data that an untyped call gets out of the body.
async fn untyped(operation: &Operation, input: &Value, status: u16, body: &str) -> String {
    let connection = connection("abc123", SecretString::from("some-token")).unwrap();
    let client = Client::with_transport(connection, Canned { status, body: Bytes::from(body.to_owned()) });
    let reply = client.call_untyped(operation.id, input.to_string().as_bytes()).await;
    reply.unwrap_or_else(|error| panic!("{}: {error}", operation.id)).json.as_str().to_owned()
}

/// The data in a body, found without the runtime.
pub(super) fn sent_data(operation: &Operation, body: &str) -> Value {
    let body: Value = body.parse().unwrap();
    let data = match operation.api.envelope {
        Envelope::Object { data, .. } => body[data].clone(),
        _ => body,
    };
    if operation.returns == Returns::First { data[0].clone() } else { data }
}

/// The input whose body is to be `body`, with what else the action asks for.
fn input_for(operation: &Operation, smallest: &Value, body: &Value) -> Value {
    let elsewhere = operation.parameters.iter().filter(|parameter| parameter.place != Place::Body);
    let mut input: Value = elsewhere
        .filter(|parameter| !smallest[parameter.name].is_null())
        .map(|parameter| (parameter.name.to_owned(), smallest[parameter.name].clone()))
        .collect();
    if let Some(payload) = operation.parameters.iter().find(|parameter| parameter.place == Place::Payload) {
        input[payload.name] = body.clone();
        return input;
    }
    for (wire, value) in body.as_object().expect("an object") {
        let mut parameters = operation.parameters.iter();
        let known = parameters.find(|parameter| parameter.place == Place::Body && parameter.wire == wire);
        input[known.map_or(wire.as_str(), |parameter| parameter.name)] = value.clone();
    }
    input
}

/// The place of a field of the input below the body: a payload is the body itself.
fn within_body<'f>(operation: &Operation, field: &'f str) -> &'f str {
    match operation.body {
        Body::Payload => field.find(['.', '[']).map_or("", |end| field[end..].trim_start_matches('.')),
        _ => field,
    }
}

/// Takes the field that a violation names, such as `fees[1].source`, out of a body.
fn remove(body: &mut Value, field: &str) {
    let pointer = format!("/{}", field.replace("].", "/").replace(['.', '['], "/").replace(']', ""));
    let (parent, name) = pointer.rsplit_once('/').expect("a slash");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.and_then(|parent| parent.remove(name)).unwrap_or_else(|| panic!("no {field} to take out"));
}

/// Everything that `whole` says and `part` does not: null says nothing, and a number says the same as its text.
fn compare(whole: &Value, part: &Value, place: &str, lost: &mut Vec<String>) {
    match (whole, part) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                compare(value, &part[name], &format!("{place}.{name}"), lost);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            items
                .iter()
                .zip(others)
                .for_each(|(item, other)| compare(item, other, &format!("{place}[]"), lost));
        }
        (whole, part) if whole == part || (number(whole).is_some() && number(whole) == number(part)) => {}
        (whole, part) => lost.push(format!("{}: {whole} → {part}", place.trim_start_matches('.'))),
    }
}

/// Lists numbers that were read as texts: nothing is lost, but the type is another one.
fn converted(sent: &Value, read: &Value, place: &str, found: &mut Vec<String>) {
    match (sent, read) {
        (Value::Object(fields), Value::Object(_)) => fields.iter().for_each(|(name, value)| {
            converted(value, &read[name], &format!("{place}.{name}"), found);
        }),
        (Value::Array(items), Value::Array(others)) => items.iter().zip(others).for_each(|(item, other)| {
            converted(item, other, &format!("{place}[]"), found);
        }),
        (Value::Number(_), Value::String(_)) => {
            found.push(format!("{}: {sent} → {read}", place.trim_start_matches('.')));
        }
        _ => {}
    }
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[test]
fn the_comparison_sees_what_is_lost_on_the_way() {
    let mut lost = Vec::new();
    let whole = json!({"a": 1, "b": {"c": "2.50", "d": null}, "e": [{"f": true}]});
    compare(&whole, &json!({"a": 1, "b": {"c": 2.5}, "e": [{"f": true}]}), "", &mut lost);
    assert_eq!(lost, [""; 0]);
    compare(&whole, &json!({"b": {"c": 2.51}, "e": [{"f": false}]}), "", &mut lost);
    assert_eq!(lost, ["a: 1 → null", "b.c: \"2.50\" → 2.51", "e[].f: true → false"]);
}
