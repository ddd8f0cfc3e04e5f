//! `catalog.json`: what it says of the connector, and that its schemas accept exactly what the connector accepts.

use std::sync::LazyLock;

use connector_tests::{Choices, InputSchemas, validator, with_definitions};
use parcel_connector::CONNECTOR;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde_json::{Value, json};

static CATALOG: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(CONNECTOR.catalog).unwrap());

static INPUTS: LazyLock<InputSchemas> = LazyLock::new(|| InputSchemas::of(&CONNECTOR));

fn verdicts(id: &str, input: &Value) -> (bool, bool) {
    INPUTS.verdicts(id, input)
}

#[test]
fn every_action_and_trigger_stands_in_the_catalog_as_in_the_connector() {
    let actions = CATALOG["actions"].as_array().unwrap();
    assert_eq!(actions.len(), CONNECTOR.actions.len());
    for (told, entry) in actions.iter().zip(CONNECTOR.actions) {
        let operation = entry.operation;
        assert_eq!((&told["id"], &told["title"]), (&json!(operation.id), &json!(operation.title)));
        assert_eq!((&told["path"], &told["api"]), (&json!(operation.path), &json!(operation.api.id)));
        assert_eq!(told["scopes"], json!(operation.scopes));
        assert_eq!(told.get("concurrency"), operation.concurrency.map(Value::from).as_ref());
        assert_eq!(told.get("check_first"), operation.check_first.map(Value::from).as_ref());
        validator(&with_definitions(&told["output"], &CATALOG));
    }
    let triggers = CATALOG["triggers"].as_array().unwrap();
    assert_eq!(triggers.len(), CONNECTOR.triggers.len());
    for (told, trigger) in triggers.iter().zip(CONNECTOR.triggers) {
        assert_eq!((&told["id"], &told["event"]), (&json!(trigger.id), &json!(trigger.event)));
        let grace = trigger.read.map(|read| json!(read.grace.as_millis()));
        assert_eq!(told.get("read").map(|read| read["grace_ms"].clone()), grace);
    }
    let credentials = CATALOG["connection"]["credentials"].as_array().unwrap();
    let kinds: Vec<&Value> = credentials.iter().map(|credential| &credential["kind"]).collect();
    assert_eq!(kinds, ["header", "bearer", "basic", "query"]);
    assert_eq!(CATALOG["connection"]["test"], "ping-vendor");
}

#[test]
fn texts_arrive_in_the_catalog_as_the_manifest_wrote_them() {
    let get = action("get-parcel");
    let hostile = "Reads one parcel. `code` [link] <html> */ {braces} \"quotes\" ünïcode.";
    assert_eq!(get["description"], hostile);
    assert_eq!(get["input"]["properties"]["self"]["default"], "a`<b>[c] */");
    assert_eq!(get["input"]["properties"]["crate"]["deprecated"], true);
    let put = action("put-addresses");
    assert_eq!(put["deprecation"], "Gone soon: use `update-parcel`, [see] <there>.");
    assert_eq!((&put["repeat"], &put["success"]), (&json!("never"), &json!([200, 204])));
    assert_eq!(action("update-parcel")["repeat"], json!({"never-with": ["amount", "tags"]}));
    assert_eq!(action("create-parcel")["changes"], json!({"resource": "parcel", "result": "id"}));
    assert_eq!(action("remove-parcel")["changes"], json!({"resource": "parcel", "input": "parcel_id"}));
    assert!(action("cancel").get("changes").is_none());
    assert_eq!(action("cancel")["output"], json!({"type": "null"}));
    assert_eq!(CATALOG["connector"]["title"], CONNECTOR.title);
}

fn action(id: &str) -> &'static Value {
    CATALOG["actions"].as_array().unwrap().iter().find(|action| action["id"] == id).unwrap()
}

#[test]
fn samples_fit_the_schemas_of_what_they_show() {
    let sample = include_str!("../../connectors/parcel/samples/get-parcel.json");
    let get = action("get-parcel");
    assert_eq!(get["sample"], serde_json::from_str::<Value>(sample).unwrap());
    assert!(validator(&with_definitions(&get["output"], &CATALOG)).is_valid(&get["sample"]));
    let trigger =
        CATALOG["triggers"].as_array().unwrap().iter().find(|known| known["id"] == "parcel-created");
    assert_eq!(trigger.unwrap()["sample"]["scope"], "parcel/created");
}

#[test]
fn schema_and_connector_agree_on_what_is_good_and_what_is_bad() {
    let address =
        json!({"street": "s", "zip:code": "12345", "note": null, "share": "0.75", "flags": {"": [1]}});
    for (id, input) in [
        ("ping-vendor", json!({})),
        (
            "search",
            json!({"place": "type", "day": "2020-02-29", "strict": true, "ids": [1], "trace": "a\tb"}),
        ),
        ("create-parcel", json!({"name": "x", "price": "1e2", "address": address, "free": {"a": null}})),
        ("update-parcel", json!({"parcel_id": 1, "stock": null, "labels": null, "price": 0.10})),
        ("put-labels", json!({"parcel_id": 1, "labels": {"a": "b"}})),
        ("check", json!({"must": "", "kind": "in", "moment": "2020-01-01T00:00:00.5+05:30", "empty": null})),
    ] {
        assert_eq!(verdicts(id, &input), (true, true), "{id} {input}");
    }
    for (id, input) in [
        ("ping-vendor", json!([])),
        ("ping-vendor", json!({"x": 1})),
        ("get-parcel", json!({"parcel_id": "."})),
        ("search", json!({"place": "", "day": "2020-02-29", "strict": true})),
        ("search", json!({"place": "type", "day": "2020-02-30", "strict": true})),
        ("search", json!({"place": "type", "day": "2020-02-29", "strict": true, "trace": "a\nb"})),
        ("create-parcel", json!({"name": "x", "price": "ten"})),
        ("create-parcel", json!({"name": "x", "price": null})),
        ("create-parcel", json!({"name": "x", "price": 1, "address": {"street": "s", "planet": "earth"}})),
        ("create-parcel", json!({"name": "x", "price": 1, "address": {}})),
        ("update-parcel", json!({"parcel_id": 1, "stock": 1, "amount": null})),
        ("update-parcel", json!({"parcel_id": 0, "stock": 1})),
        ("put-labels", json!({"parcel_id": 1, "labels": {"a": "12345"}})),
        ("check", json!({"must": "", "leg": {"to": {}}})),
        ("check", json!({"must": "", "free": null})),
        ("check", json!({"must": "", "moment": ""})),
        ("check", json!({"must": "", "day": ""})),
        ("check", json!({"must": "", "day": "2020-01-01T00:00:00Z"})),
        ("check", json!({"must": "", "exact": ""})),
        ("search", json!({"place": "type", "day": "2020-02-29", "strict": true, "ids": []})),
        ("search", json!({"place": "type", "day": "2020-02-29", "strict": true, "tags": []})),
    ] {
        assert_eq!(verdicts(id, &input), (false, false), "{id} {input}");
    }
}

/// What is known to differ; the connector has the last word.
#[test]
fn schema_and_connector_differ_in_bounds_of_digits_forms_of_dates_and_numbers_beyond_what_is_exact() {
    let input = json!({"must": "", "exact": "99"});
    assert_eq!(verdicts("check", &input), (true, false), "no bounds for the number in a text");
    let input = json!({"must": "", "moment": "Tue, 05 Mar 2019 21:40:11 +0000"});
    assert_eq!(verdicts("check", &input), (false, true), "a date as the first version writes it");
    let input = json!({"must": "", "exact": 1e-30});
    assert_eq!(verdicts("check", &input), (true, false), "more digits than a decimal has");
    let input = json!({"parcel_id": "x", "crate": 9_223_372_036_854_775_808_u64});
    assert_eq!(verdicts("get-parcel", &input), (true, false), "an integer of more than 64 bits");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_connector_accepts_exactly_what_the_schema_accepts(choices in proptest::collection::vec(any::<u16>(), 0..160)) {
        let mut choices = Choices::from(choices);
        let count = INPUTS.iter().count();
        let (id, schema) = INPUTS.iter().nth(choices.below(count)).unwrap();
        let input = choices.input(schema);
        let (by_schema, by_connector) = verdicts(id, &input);
        prop_assert_eq!(by_schema, by_connector, "{} {}", id, input);
    }
}
