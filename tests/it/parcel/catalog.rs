//! `catalog.json`: what it says of the connector, and that its schemas accept exactly what the connector accepts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use parcel_connector::CONNECTOR;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde_json::{Map, Number, Value, json};

static CATALOG: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(CONNECTOR.catalog).unwrap());

/// The schema of every action's input, with the definitions that it refers to, and its validator.
static INPUTS: LazyLock<BTreeMap<&str, (Value, Validator)>> = LazyLock::new(|| {
    let actions = CATALOG["actions"].as_array().unwrap();
    let validator = |action: &'static Value| {
        let schema = with_definitions(&action["input"]);
        let validator = validator(&schema);
        (action["id"].as_str().unwrap(), (schema, validator))
    };
    actions.iter().map(validator).collect()
});

fn with_definitions(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["$defs"] = CATALOG["$defs"].clone();
    schema
}

/// Formats count: without that, every text would be a date.
fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::draft202012::meta::is_valid(schema), "{schema}");
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).unwrap()
}

/// Whether the schema and the connector accept an input.
fn verdicts(id: &str, input: &Value) -> (bool, bool) {
    let prepared = CONNECTOR.action(id).unwrap().prepare(input.to_string().as_bytes());
    (INPUTS[id].1.is_valid(input), prepared.is_ok())
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
        validator(&with_definitions(&told["output"]));
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
    assert!(validator(&with_definitions(&get["output"])).is_valid(&get["sample"]));
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
    ] {
        assert_eq!(verdicts(id, &input), (false, false), "{id} {input}");
    }
}

/// What is known to differ; the connector has the last word.
#[test]
fn schema_and_connector_differ_in_bounds_of_digits_forms_of_dates_blanks_and_null_as_free_json() {
    let input = json!({"must": "", "exact": "99"});
    assert_eq!(verdicts("check", &input), (true, false), "no bounds for the number in a text");
    let input = json!({"must": "", "moment": "Tue, 05 Mar 2019 21:40:11 +0000"});
    assert_eq!(verdicts("check", &input), (false, true), "a date as the first version writes it");
    let input = json!({"must": "", "moment": "", "day": "", "exact": ""});
    assert_eq!(verdicts("check", &input), (false, true), "a blank where a form has nothing to send");
    let input = json!({"must": "", "free": null});
    assert_eq!(verdicts("check", &input), (true, false), "null is how nothing is left out");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_connector_accepts_exactly_what_the_schema_accepts(choices in proptest::collection::vec(any::<u16>(), 0..160)) {
        let mut choices = Choices(choices.into_iter());
        let ids: Vec<&str> = INPUTS.keys().copied().collect();
        let id = ids[choices.below(ids.len())];
        let schema = &INPUTS[id].0;
        let input = choices.value(schema, schema, 0);
        let (by_schema, by_connector) = verdicts(id, &input);
        prop_assert_eq!(by_schema, by_connector, "{} {}", id, input);
    }
}

/// Decisions in the making of a JSON value; when they run out, the first possibility is taken.
struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % count
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }

    /// A value for a schema, which mostly fits.
    fn value(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        if self.below(24) == 23 {
            let junk =
                self.pick(&[json!(null), json!(""), json!(7), json!(0.5), json!(true), json!([]), json!({})]);
            // A blank date or decimal is left out, and a free JSON is never null, see above.
            let may_be_left_out = schema["format"].is_string() || schema["type"].is_array();
            let is_free = ["type", "$ref", "anyOf"].into_iter().all(|key| schema[key].is_null());
            let is_known = (junk == "" && may_be_left_out) || (junk.is_null() && is_free);
            return if is_known { json!({}) } else { junk };
        }
        if let Some(path) = schema["$ref"].as_str() {
            return self.value(&root["$defs"][path.trim_start_matches("#/$defs/")], root, depth);
        }
        if let Some(either) = schema["anyOf"].as_array() {
            let index = self.below(either.len());
            return self.value(&either[index], root, depth);
        }
        match (&schema["type"], &schema["format"], &schema["enum"]) {
            (_, _, Value::Array(values)) => match self.below(8) {
                7 => json!("unheard-of"),
                _ => self.pick(values),
            },
            (_, Value::String(format), _) if format == "date" => {
                self.pick(&["2020-02-29", "2019-02-29", "29.2.2020", "20-02-29", "x"].map(Value::from))
            }
            (_, Value::String(_), _) => self.pick(
                &["2020-02-29T23:59:59Z", "2020-01-01T00:00:00.123+05:30", "2020-13-01T00:00:00Z", "now"]
                    .map(Value::from),
            ),
            (Value::String(ty), ..) => self.typed(ty, schema, root, depth),
            (Value::Array(_), ..) => self.decimal(),
            _ => self.pick(&[json!({"a": [1.5, null]}), json!([]), json!("x"), json!(0)]),
        }
    }

    fn typed(&mut self, ty: &str, schema: &Value, root: &Value, depth: usize) -> Value {
        match ty {
            "object" if schema["properties"].is_object() => self.object(schema, root, depth),
            "object" => {
                let count = self.below(4);
                let entries = (0..count).map(|index| {
                    (format!("k{index}"), self.value(&schema["additionalProperties"], root, depth + 1))
                });
                Value::Object(entries.collect())
            }
            "array" => {
                let count = self.below(4);
                (0..count).map(|_| self.value(&schema["items"], root, depth + 1)).collect()
            }
            "boolean" => self.pick(&[json!(true), json!(false)]),
            "integer" => self.pick(&[1, 0, -1, -2, -3, 5, 6, 7, 8, i64::MIN, i64::MAX].map(Value::from)),
            "number" => {
                let halves = self.below(13);
                Number::from_f64(halves as f64 / 2.0 - 2.0).map_or(Value::Null, Value::Number)
            }
            _ => {
                let letters = self.below(6);
                let letters =
                    (0..letters).map(|_| ["x", "A", "B", "1", "ü", " ", ".", "\n", "🎁"][self.below(9)]);
                let text: String = letters.collect();
                let whole = ["", "12345", "AB", "https://x", "."];
                if self.below(4) == 3 { self.pick(&whole.map(Value::from)) } else { Value::String(text) }
            }
        }
    }

    fn object(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_given = match required.contains(&name.as_str()) {
                true => self.below(16) != 15,
                false => depth < 4 && self.below(4) == 1,
            };
            if is_given {
                object.insert(name.clone(), self.value(property, root, depth + 1));
            }
        }
        if self.below(32) == 31 {
            object.insert("unheard-of".to_owned(), Value::Null);
        }
        Value::Object(object)
    }

    /// As a text only where it is within all bounds or no number.
    fn decimal(&mut self) -> Value {
        let digits = [
            "1", "1.00", "1e0", "one", "1_0", "1,0", "+1", ".5", "1.", "5.e-1", ".", "1e", "e1", "-", " 1",
            "0x1", "NaN",
        ];
        match self.below(2) {
            0 => self.pick(&[
                json!(1),
                json!(0.5),
                json!(-1.25),
                json!(10.01),
                json!(10.02),
                json!(100),
                json!(1e3),
            ]),
            _ => self.pick(&digits.map(Value::from)),
        }
    }
}
