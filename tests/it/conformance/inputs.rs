//! Inputs made from the catalog's JSON Schemas, so that a new parameter is exercised without a word here.

use std::collections::{BTreeMap, BTreeSet};

use connector_runtime::{Body, Operation, Place};
use connector_tests::fitting_texts;
use serde_json::{Value, json};

/// Texts in the formats that the files name and the catalog does not.
const FORMATS: [(&str, &[&str]); 4] = [
    ("uuid", &["6cfba4ea-14b8-4b6f-9c4f-0c5b0f9b6c1a"]),
    ("ipv4", &["203.0.113.7"]),
    ("email", &["ada@shop.example"]),
    ("uri", &["https://shop.example/a"]),
];

/// How many texts of a pattern are sent.
const MATCHES: usize = 4;

/// What the file says of each place of an input, by the names of the catalog.
pub(super) type Described = BTreeMap<String, Value>;

/// The pattern of an item in a list that is joined by commas.
const COMMA_FREE: &str = "^[^,]+$";

/// The only name that an input gives to an entry of a map.
pub(super) const MAP_KEY: &str = "X-Example";

/// Inputs of an action that show every place of its schema with every value that is worth a look: each word of an
/// enumeration, both ends of each bound, null where it is allowed, and everything at once.
pub(super) fn cases(schema: &Value, definitions: &Value, described: &Described) -> Vec<Value> {
    Schemas { definitions, described }.values(schema, "")
}

/// The smallest input that an action takes.
pub(super) fn smallest(schema: &Value, definitions: &Value) -> Value {
    Schemas { definitions, described: &Described::new() }.smallest(schema, "")
}

/// Every place of a schema, however deep.
pub(super) fn places(schema: &Value, definitions: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    Schemas { definitions, described: &Described::new() }.places(schema, "", &mut found);
    found
}

/// What the file says of the places of an action's input.
pub(super) fn described_in(operation: &Operation, file: &Value) -> Described {
    let mut found = Described::new();
    for parameter in file["parameters"].as_array().into_iter().flatten() {
        let ours = operation.parameters.iter().find(|ours| parameter["name"] == ours.wire);
        let Some(ours) = ours else { continue };
        describe(&parameter["schema"], ours.name, &mut found);
    }
    match operation.body {
        Body::None => {}
        Body::ListOfOne => describe(&file["body"]["items"], "", &mut found),
        Body::Object => describe(&file["body"], "", &mut found),
        _ => {
            let payload = operation.parameters.iter().find(|parameter| parameter.place == Place::Payload);
            payload.iter().for_each(|payload| describe(&file["body"], payload.name, &mut found));
        }
    }
    found
}

fn describe(schema: &Value, path: &str, found: &mut Described) {
    found.entry(path.to_owned()).or_insert_with(|| schema.clone());
    for part in ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten() {
        describe(part, path, found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        describe(inner, &below(path, name), found);
    }
    if schema["items"].is_object() {
        describe(&schema["items"], &format!("{path}[]"), found);
    }
}

/// The JSON types that a schema of the files admits; none for any.
fn kinds(schema: &Value) -> BTreeSet<&str> {
    let parts = ["anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    parts.flat_map(kinds).chain(schema["type"].as_str()).collect()
}

struct Schemas<'a> {
    definitions: &'a Value,
    described: &'a Described,
}

impl<'a> Schemas<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        let name = reference.rsplit('/').next().unwrap_or_default();
        self.definitions.get(name).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn places(&self, schema: &'a Value, path: &str, found: &mut BTreeSet<String>) {
        let schema = self.resolve(schema);
        if !path.is_empty() {
            found.insert(path.to_owned());
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            self.places(inner, &below(path, name), found);
        }
        for inner in schema["anyOf"].as_array().into_iter().flatten() {
            self.places(inner, path, found);
        }
        if schema["items"].is_object() {
            self.places(&schema["items"], &format!("{path}[]"), found);
        }
        if schema["additionalProperties"].is_object() {
            self.places(&schema["additionalProperties"], &format!("{path}{{}}"), found);
        }
    }

    fn smallest(&self, schema: &'a Value, path: &str) -> Value {
        let schema = self.resolve(schema);
        if kind(schema) == "object" && schema["properties"].is_object() {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            // A change must change something: these alone are not enough.
            let idle = schema["not"]["propertyNames"]["enum"].as_array();
            let change = idle.and_then(|idle| {
                let names = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys());
                names.map(String::as_str).find(|name| !idle.iter().any(|known| known == name))
            });
            return required
                .chain(change)
                .map(|name| {
                    let inner = &schema["properties"][name];
                    (name.to_owned(), self.smallest(inner, &below(path, name)))
                })
                .collect();
        }
        let mut values = self.values(schema, path);
        assert!(!values.is_empty(), "no value for {path}: {schema}");
        values.swap_remove(0)
    }

    /// Values of a schema; the first one is the plainest.
    fn values(&self, schema: &'a Value, path: &str) -> Vec<Value> {
        let schema = self.resolve(schema);
        if let Some(words) = schema["enum"].as_array() {
            return words.clone();
        }
        if let Some(parts) = schema["anyOf"].as_array() {
            return parts.iter().flat_map(|part| self.values(part, path)).collect();
        }
        match kind(schema) {
            // Free JSON that is not null.
            _ if schema["type"].as_array().is_some_and(|kinds| kinds.len() > 2) => self.free(path),
            "null" => vec![Value::Null],
            "boolean" => vec![json!(true), json!(false)],
            "integer" | "number" => numbers(schema),
            "string" => self.texts(schema, path),
            "array" => self.lists(schema, path),
            "object" => self.objects(schema, path),
            "" => self.free(path),
            other => panic!("{path}: teach the generator of inputs to make a value of type {other}"),
        }
    }

    fn texts(&self, schema: &Value, path: &str) -> Vec<Value> {
        let format = self.described.get(path).and_then(|described| described["format"].as_str());
        let known = FORMATS.iter().find(|(name, _)| Some(*name) == format);
        match known.filter(|_| schema["pattern"].is_null() && schema["format"].is_null()) {
            Some((_, texts)) => texts.iter().map(|text| json!(text)).collect(),
            None => texts(schema),
        }
    }

    /// Free JSON: of the first kind that the file admits, or of all kinds if it does not name them.
    fn free(&self, path: &str) -> Vec<Value> {
        let kinds = self.described.get(path).map(kinds).unwrap_or_default();
        let all = [("string", json!("180")), ("number", json!(12.5)), ("array", json!(["a", "b"]))];
        let admitted = all.into_iter().filter(|(kind, _)| kinds.is_empty() || kinds.contains(kind));
        let count = if kinds.is_empty() { usize::MAX } else { 1 };
        let values: Vec<Value> = admitted.map(|(_, value)| value).take(count).collect();
        if values.is_empty() { vec![json!({"free": true})] } else { values }
    }

    fn lists(&self, schema: &'a Value, path: &str) -> Vec<Value> {
        let mut items = self.values(&schema["items"], &format!("{path}[]"));
        // What is joined by commas holds none itself, and no item is blank.
        if schema["allOf"][0]["items"]["pattern"] == COMMA_FREE {
            items.retain(|item| item != "");
            for item in &mut items {
                let joined = item.as_str().map(|text| text.replace(',', ";"));
                *item = joined.map_or(item.take(), Value::from);
            }
        }
        let first = items[0].clone();
        let bounds = ["minItems", "maxItems"].iter().filter_map(|bound| schema[*bound].as_u64());
        let full: Vec<Value> = bounds.map(|bound| (0..bound).map(|_| first.clone()).collect()).collect();
        let lists = match items.iter().any(Value::is_object) {
            true => items.into_iter().map(|item| json!([item])).collect(),
            false => vec![Value::Array(items)],
        };
        [lists, full].concat()
    }

    fn objects(&self, schema: &'a Value, path: &str) -> Vec<Value> {
        let Some(properties) = schema["properties"].as_object() else {
            let inner = self.values(&schema["additionalProperties"], &format!("{path}{{}}"));
            return inner.into_iter().map(|value| json!({MAP_KEY: value})).collect();
        };
        let base = self.smallest(schema, path);
        let mut everything = base.clone();
        let mut objects = vec![base.clone()];
        for (name, inner) in properties {
            let values = self.values(inner, &below(path, name));
            everything[name] = values[0].clone();
            objects.extend(values.into_iter().map(|value| {
                let mut object = base.clone();
                object[name] = value;
                object
            }));
        }
        objects.push(everything);
        objects
    }
}

fn numbers(schema: &Value) -> Vec<Value> {
    let (min, max) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
    let plain = if kind(schema) == "integer" { json!(7) } else { json!(12.5) };
    let fits = |value: &Value| {
        let value = value.as_f64().unwrap_or_default();
        min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
    };
    let bounds = [schema["minimum"].clone(), schema["maximum"].clone()];
    let all: Vec<Value> =
        [plain].into_iter().filter(fits).chain(bounds.into_iter().filter(|bound| !bound.is_null())).collect();
    assert!(!all.is_empty(), "no number fits {schema}");
    all
}

fn texts(schema: &Value) -> Vec<Value> {
    match schema["format"].as_str() {
        Some("date-time") => return vec![json!("2026-03-01T12:00:00Z"), json!("2026-03-01T14:30:00+02:00")],
        Some("date") => return vec![json!("2026-03-01")],
        _ => {}
    }
    if schema["pattern"].is_string() {
        let texts: Vec<Value> = fitting_texts(schema).take(MATCHES).map(Value::String).collect();
        assert!(!texts.is_empty(), "no text fits {schema}");
        return texts;
    }
    let (min, max) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64());
    // Letters beyond ASCII and what has a meaning in an address must arrive as they are.
    let plain: String = "Käse & Brot = 100 %, \"frisch\"".chars().take(max.unwrap_or(99) as usize).collect();
    let bound = |length: u64| json!("x".repeat(length as usize));
    [json!(plain)].into_iter().chain([Some(min.unwrap_or(0)), max].into_iter().flatten().map(bound)).collect()
}

/// The JSON type of a schema; a decimal, which may be given as text, is a number.
fn kind(schema: &Value) -> &str {
    let kinds = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
    kinds.as_str().unwrap_or_default()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
