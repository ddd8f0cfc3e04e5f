//! Fields of a body by their paths, such as `products[].product_options[].value`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Every place of a schema that holds a value without fields, with its schema.
pub(super) fn places(schema: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    walk(schema, "", &mut found);
    found
}

/// Whether a field names the resource or the part that a request changes.
pub(super) fn is_identity(path: &str) -> bool {
    let of_part = ["images[].product_id", "videos[].product_id", "variants[].product_id"];
    let is_id = path == "id" || path.ends_with("[].id") || path == "category_id";
    (is_id && !path.contains("product_options[]")) || of_part.contains(&path)
}

/// The first name of a path.
pub(super) fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

fn walk(schema: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    let parts: Vec<&Value> =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten().collect();
    let has_fields = |schema: &Value| {
        let mut inner = BTreeMap::new();
        walk(schema, "", &mut inner);
        !inner.is_empty()
    };
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if has_fields(schema) {
            walk(schema, &path, found);
        } else {
            found.entry(path).or_insert_with(|| schema.clone());
        }
    }
    if schema["items"].is_object() && has_fields(&schema["items"]) {
        walk(&schema["items"], &format!("{path}[]"), found);
    }
    parts.into_iter().for_each(|part| walk(part, path, found));
}

/// A body with `value` at `path`. Objects on the way begin as `skeleton` has them; the body itself has the path "".
pub(super) fn body(path: &str, value: Value, skeleton: &dyn Fn(&str) -> Value) -> Value {
    build("", path, value, skeleton)
}

fn build(above: &str, path: &str, value: Value, skeleton: &dyn Fn(&str) -> Value) -> Value {
    let mut object = skeleton(above);
    if path.is_empty() {
        return object;
    }
    let (segment, rest) = path.split_once('.').unwrap_or((path, ""));
    let here = if above.is_empty() { segment.to_owned() } else { format!("{above}.{segment}") };
    if rest.is_empty() {
        object[segment] = value;
        complete(&mut object, segment);
        return object;
    }
    let inner = build(&here, rest, value, skeleton);
    match segment.strip_suffix("[]") {
        Some(name) => object[name] = json!([inner]),
        None => object[segment] = inner,
    }
    object
}

/// Adds the fields without which the field `name` is refused: the other one of a pair, the costs of a gift wrapping, and
/// of three costs two that do not disagree.
fn complete(object: &mut Value, name: &str) {
    let other = match name {
        "cost_tax" => {
            object.as_object_mut().expect("an object").remove("cost_inc_tax");
            return;
        }
        // The two are one field.
        "name_customer" => {
            object.as_object_mut().expect("an object").remove("name");
            return;
        }
        "wrapping_id" => {
            object["wrapping_cost_ex_tax"] = json!("1.0000");
            object["wrapping_cost_inc_tax"] = json!("1.0000");
            return;
        }
        _ => match (name.strip_suffix("_ex_tax"), name.strip_suffix("_inc_tax")) {
            (Some(stem), _) => format!("{stem}_inc_tax"),
            (_, Some(stem)) => format!("{stem}_ex_tax"),
            _ => return,
        },
    };
    if object[&other].is_null() {
        object[other] = object[name].clone();
    }
}

/// The value at `path`. `item` has the id of the item to look into in the list at a path, or null for the last item.
pub(super) fn at<'a>(value: &'a Value, path: &str, item: &dyn Fn(&str) -> Value) -> Option<&'a Value> {
    let mut value = value;
    let mut above = String::new();
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        above = if above.is_empty() { segment.to_owned() } else { format!("{above}.{segment}") };
        value = match segment.strip_suffix("[]") {
            Some(name) => {
                let items = value.get(name)?.as_array()?;
                let id = &item(&above)["id"];
                items.iter().find(|item| !id.is_null() && item["id"] == *id).or(items.last())?
            }
            None => value.get(segment)?,
        };
    }
    Some(value)
}

/// Whether two values are the same, a decimal in a text being the same as a number.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    one == other || number(one).is_some_and(|one| number(other) == Some(one))
}

/// Every field of a value by its path. Lists show their first item.
pub(super) fn flatten(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone(), value.clone());
                flatten(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().take(1).for_each(|item| flatten(item, path, found)),
        _ => {}
    }
}
