//! The triggers and the way events are read, against the vendor's own descriptions and samples of events; and the links
//! of the catalog against the titles of the operations.

use std::collections::{BTreeMap, BTreeSet};

use bigcommerce_connector::CONNECTOR;
use bigcommerce_connector::connector::WEBHOOKS;
use connector_runtime::SecretString;
use connector_runtime::signature::{Signer, Verifier};
use connector_tests::{project, shared};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::deviations::{Difference, assert_listed};
use super::judge::Judge;
use super::{catalog, tell};

const SECRET: &str = "5f0e7c1b2a3948d6e7f80912a3b4c5d6e7f8091a2b3c4d5e6f70819203a4b5c6";
const URL: &str = "https://hooks.shop.example/in";
const NOW_MS: i64 = 1_764_000_000_000;

/// The account that stands in place of the samples' `{store_hash}`.
const ACCOUNT: &str = "abc123";

/// The JSON type of every place, and of `producer` the form.
type Form = BTreeMap<String, String>;

#[test]
fn every_trigger_is_an_event_of_the_files_and_its_sample_has_their_form() {
    let (Some(judge), Some(samples)) = (Judge::find(), shared("events")) else { return };
    let (events, catalog) = (judge.events(), catalog());
    let triggers = catalog["triggers"].as_array().expect("a list of triggers");
    assert_eq!(triggers.len(), CONNECTOR.triggers.len());
    let mut found = Vec::new();
    for (trigger, told) in CONNECTOR.triggers.iter().zip(triggers) {
        assert_eq!((told["id"].as_str(), told["event"].as_str()), (Some(trigger.id), Some(trigger.event)));
        let Some(schema) = events.get(trigger.event) else {
            found.push(Difference::new(trigger.id, "event", format!("not in the file: {}", trigger.event)));
            continue;
        };
        let ours = form(&told["sample"]);
        assert_eq!(told["sample"]["scope"], trigger.event);
        assert_eq!(told["sample"]["data"]["type"], trigger.resource);
        let sample = samples.join(format!("{}.json", trigger.event.replace('/', "_")));
        let sample = sample.exists().then(|| project::read(&sample).parse().expect("a sample in JSON"));
        let samples = sample.iter().map(form);
        for theirs in [form_of_schema(schema), form(&example(schema))].into_iter().chain(samples) {
            assert!(theirs.len() >= 8, "{theirs:?}");
            let places: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            let differing = places.into_iter().filter(|place| theirs.get(*place) != ours.get(*place));
            found.extend(differing.map(|place| {
                let of = |form: &Form| form.get(place).map_or("none", String::as_str).to_owned();
                Difference::new(trigger.id, place, format!("{} → {}", of(&theirs), of(&ours)))
            }));
        }
    }
    assert_listed("trigger", found, "mend the trigger in connector.yaml or its sample");
}

#[test]
fn every_sample_of_an_event_is_verified_and_read_under_each_profile() {
    let Some(folder) = shared("events") else { return };
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    assert!(files.len() >= 13, "{} samples", files.len());
    let verifier = Verifier::new(WEBHOOKS.signatures, &[SecretString::from(SECRET)]).unwrap();
    for path in &files {
        let body = project::read(path).replace("{store_hash}", ACCOUNT);
        let sample: Value = body.parse().expect("a sample in JSON");
        for profile in WEBHOOKS.signatures {
            let signer = Signer::new(profile, &SecretString::from(SECRET)).unwrap();
            let headers = signer.sign("msg_7c2f", URL, NOW_MS, body.as_bytes()).unwrap();
            let headers: HeaderMap = headers
                .into_iter()
                .map(|(name, value)| {
                    (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
                })
                .collect();
            let delivery = verifier.verify(&headers, URL, body.as_bytes(), NOW_MS).unwrap();
            assert_eq!(delivery.profile(), profile.name);
            let event = WEBHOOKS.event(&delivery).unwrap();
            assert_eq!(Some(event.name.as_str()), sample["scope"].as_str(), "{}", path.display());
            assert_eq!(event.account, ACCOUNT);
            assert_eq!(event.resource.as_deref(), sample["data"]["type"].as_str());
            // A number or a text, as it stands; the store as a whole has none.
            let id = &sample["data"]["id"];
            let id = id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()));
            assert_eq!((event.id, event.time), (id, sample["created_at"].as_i64()), "{}", path.display());
            assert!(!event.dedupe_key.is_empty());
        }
    }
    tell(&format!("{} samples of events read under {} profiles", files.len(), WEBHOOKS.signatures.len()));
}

#[test]
fn a_link_that_leads_to_an_operation_names_it_by_its_title() {
    let Some(judge) = Judge::find() else { return };
    let (files, catalog) = (judge.describe(), catalog());
    let mut found = Vec::new();
    for operation in judge.operations() {
        let docs = super::described(&catalog, operation.id)["docs"].as_str().expect("a link");
        let title = files[operation.id]["title"].as_str().expect("a title").to_lowercase().replace(' ', "-");
        match docs.split_once('#') {
            None => found.push(Difference::new(operation.id, "docs", "leads to a whole page")),
            Some((_, anchor)) if anchor != title => {
                found.push(Difference::new(operation.id, "docs", format!("{title} → {anchor}")));
            }
            Some(_) => {}
        }
    }
    assert_listed("link", found, "mend `docs` in connector.yaml");
}

/// The form of a sample.
fn form(sample: &Value) -> Form {
    let mut form = Form::new();
    walk(sample, "", &mut form);
    form
}

fn walk(value: &Value, place: &str, form: &mut Form) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(fields) => {
            for (name, inner) in fields {
                walk(inner, &format!("{place}.{name}"), form);
            }
            "object"
        }
    };
    let is_account = place == format!(".{}", WEBHOOKS.event.account);
    let text = value.as_str().filter(|_| is_account).map(account_form);
    form.insert(place.trim_start_matches('.').to_owned(), text.unwrap_or_else(|| kind.to_owned()));
}

/// `stores/abc123` and `stores/{store_hash}` as the form of both.
fn account_form(text: &str) -> String {
    let is_hash = |hash: &str| !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match text.split_once('/') {
        Some((before, hash)) if is_hash(hash) || hash == "{store_hash}" => format!("{before}/{{store_hash}}"),
        _ => text.to_owned(),
    }
}

/// The form that a schema describes. Its example is the only word on the form of the account.
fn form_of_schema(schema: &Value) -> Form {
    let mut form = Form::from([(String::new(), "object".to_owned())]);
    describe(schema, "", &mut form);
    form
}

fn describe(schema: &Value, place: &str, form: &mut Form) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        describe(part, place, form);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let inner = format!("{place}.{name}").trim_start_matches('.').to_owned();
        let kind = match property["example"].as_str().filter(|_| inner == WEBHOOKS.event.account) {
            Some(example) => account_form(example),
            None => property["type"].as_str().unwrap_or("anything").to_owned(),
        };
        describe(property, &inner, form);
        form.insert(inner, kind);
    }
}

/// The example in the description of an event.
fn example(schema: &Value) -> Value {
    let text = schema["description"].as_str().expect("a description");
    let (_, fenced) = text.split_once("```json").expect("an example");
    let (_, json) = fenced.split_once('\n').expect("a line");
    json.split("```").next().and_then(|json| json.parse().ok()).expect("an example in JSON")
}
