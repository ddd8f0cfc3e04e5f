//! The least values that a schema accepts, and the least inputs that hold a given value.

use connector_tests::fitting_texts;
use serde_json::{Map, Value, json};

use super::schema_walk::{Step, resolve};

/// The least value that a schema accepts.
pub(super) fn least(root: &Value, schema: &Value) -> Value {
    let (schema, _) = resolve(root, schema, &mut Vec::new());
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("object"), _) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let field = |name: &str| (name.to_owned(), least(root, &schema["properties"][name]));
            let mut object = required.map(field).collect::<Map<String, Value>>();
            fill(root, schema, &mut object);
            Value::Object(object)
        }
        (Some("array"), _) => {
            let count = schema["minItems"].as_u64().unwrap_or(0) as usize;
            Value::Array(vec![least(root, &schema["items"]); count])
        }
        (Some("boolean"), _) => json!(true),
        (_, Some("date")) => json!("2020-02-29"),
        (_, Some("date-time")) => json!("2020-02-29T12:00:00Z"),
        (Some("string"), _) if schema["pattern"].is_null() && schema["minLength"].as_u64() <= Some(1) => {
            json!("x")
        }
        (Some("string"), _) => json!(fitting_texts(schema).next().expect("a text that fits")),
        _ => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
    }
}

/// The names that an object must not consist of alone.
pub(super) fn names_of_the_empty(schema: &Value) -> Option<&Vec<Value>> {
    schema["not"]["propertyNames"]["enum"].as_array()
}

/// Adds the field that makes an object more than it must not consist of alone.
fn fill(root: &Value, schema: &Value, object: &mut Map<String, Value>) {
    let Some(empty) = names_of_the_empty(schema) else { return };
    let counts = |name: &String| !empty.contains(&json!(name));
    if !object.keys().any(counts) {
        let properties = schema["properties"].as_object().unwrap();
        let (name, property) = properties.iter().find(|(name, _)| counts(name)).unwrap();
        object.insert(name.clone(), least(root, property));
    }
}

/// The least value for `schema` in which `value` stands at the end of `way`.
pub(super) fn placed(root: &Value, schema: &Value, way: &[Step], value: Value) -> Value {
    let Some((step, rest)) = way.split_first() else { return value };
    let (schema, _) = resolve(root, schema, &mut Vec::new());
    let mut whole = least(root, schema);
    match step {
        Step::Field(name) => {
            let inner = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
            whole[name] = placed(root, inner, rest, value);
        }
        Step::Item => {
            let item = placed(root, &schema["items"], rest, value);
            match whole.as_array_mut() {
                Some(items) if !items.is_empty() => items[0] = item,
                _ => whole = json!([item]),
            }
        }
    }
    whole
}
