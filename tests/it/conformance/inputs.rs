//! Inputs made from the catalog's JSON Schemas, so that a new parameter is exercised without a word here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Values by hand, where one made from the schema alone would not do: the end of a field's path, and what to send.
const BY_HAND: [(&str, &[&str]); 7] = [
    ("custom_url.url", &["/walnut-tray/", "/a.b-c_d/E9"]),
    ("customer_locale", &["en", "en-US", "es-419"]),
    ("category_uuid_in[]", &["6cfba4ea-14b8-4b6f-9c4f-0c5b0f9b6c1a"]),
    ("category_uuid_not_in[]", &["6cfba4ea-14b8-4b6f-9c4f-0c5b0f9b6c1a"]),
    ("registration_ip_address_in[]", &["203.0.113.7", "2001:db8::7"]),
    ("form_fields[].value", &["Large"]),
    ("product_options[].value", &["180"]),
];

/// The pattern of an item in a list that is joined by commas.
const COMMA_FREE: &str = "^[^,]+$";

/// The only name that an input gives to an entry of a map.
pub(super) const MAP_KEY: &str = "X-Example";

/// Inputs of an action that show every place of its schema with every value that is worth a look: each word of an
/// enumeration, both ends of each bound, null where it is allowed, and everything at once.
pub(super) fn cases(schema: &Value, definitions: &Value) -> Vec<Value> {
    Schemas { definitions }.values(schema, "")
}

/// The smallest input that an action takes.
pub(super) fn smallest(schema: &Value, definitions: &Value) -> Value {
    Schemas { definitions }.smallest(schema, "")
}

/// Every place of a schema, however deep.
pub(super) fn places(schema: &Value, definitions: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    Schemas { definitions }.places(schema, "", &mut found);
    found
}

struct Schemas<'a> {
    definitions: &'a Value,
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
        let by_hand = |(end, _): &&(&str, _)| path == *end || path.ends_with(&format!(".{end}"));
        if let Some((_, texts)) = BY_HAND.iter().find(by_hand) {
            return texts.iter().map(|text| json!(text)).collect();
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.clone();
        }
        if let Some(parts) = schema["anyOf"].as_array() {
            return parts.iter().flat_map(|part| self.values(part, path)).collect();
        }
        match kind(schema) {
            "null" => vec![Value::Null],
            "boolean" => vec![json!(true), json!(false)],
            "integer" | "number" => numbers(schema),
            "string" => texts(schema),
            "array" => self.lists(schema, path),
            "object" => self.objects(schema, path),
            // Free JSON.
            "" => vec![json!("free"), json!(12.5), json!(["a", "b"])],
            other => panic!("{path}: teach the generator of inputs to make a value of type {other}"),
        }
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
    assert!(schema["pattern"].is_null(), "give values for the pattern by hand: {schema}");
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
