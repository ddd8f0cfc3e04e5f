//! The fields of an action's input as its JSON Schema describes them, reduced to what a command line needs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::members::Members;

/// How deep references and alternatives are followed; a schema deeper than this is taken as free JSON.
const MAX_DEPTH: u8 = 16;

/// How many values of an enumeration a help text lists.
const MAX_NAMES: usize = 12;

/// One field of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    /// Its name in JSON.
    pub(crate) name: String,
    /// What it means, in the words of the catalog.
    pub(crate) description: String,
    /// How its text on the command line becomes JSON.
    pub(crate) kind: Kind,
    /// A value that may be given, as JSON: with all that is required and nothing else.
    pub(crate) least: Value,
    /// Whether the input is not valid without it.
    pub(crate) is_required: bool,
    /// The values of an enumeration, or `true` and `false`.
    pub(crate) values: Vec<String>,
    /// What else the schema says of its values, for people: range, default, the values of an enumeration.
    pub(crate) notes: Vec<String>,
}

/// How text on the command line becomes JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number, digit for digit.
    Integer,
    /// A number, digit for digit.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string.
    Text,
    /// Several values of one of the kinds above.
    List(Box<Kind>),
    /// JSON text as it is: objects, values of several types.
    Json,
    /// A list of such values, as JSON text.
    JsonList,
}

/// The fields of the object that `input` describes, in its order; `definitions` is what `#/$defs/` refers to.
pub(crate) fn properties(input: &Members, definitions: &Value) -> Vec<Property> {
    let required: Vec<String> = input.get("required").unwrap_or_default();
    let described: Members = input.get("properties").unwrap_or_default();
    let property = |(name, schema): (&str, &str)| {
        let schema: Value = serde_json::from_str(schema).ok()?;
        Some(Property {
            name: name.to_owned(),
            description: description(&schema, definitions),
            kind: kind(&schema, definitions),
            least: least(&schema, definitions, 0),
            is_required: required.iter().any(|known| known == name),
            values: names(&schema, definitions),
            notes: notes(&schema, definitions),
        })
    };
    described.iter().filter_map(property).collect()
}

/// How the text of a value becomes JSON, and whether it is one value.
pub(crate) fn kind(schema: &Value, definitions: &Value) -> Kind {
    match scalar(schema, definitions) {
        Some(kind) => kind,
        None if types(schema, definitions) == BTreeSet::from(["array".to_owned()]) => {
            let items = find(schema, "items", definitions, 0).and_then(|items| scalar(items, definitions));
            items.map_or(Kind::JsonList, |items| Kind::List(Box::new(items)))
        }
        None => Kind::Json,
    }
}

/// The least value of a schema: a plain one of its kind, and of an object the members that are required.
fn least(schema: &Value, definitions: &Value, depth: u8) -> Value {
    if let Some(first) = enumerated(schema, definitions).and_then(|values| values.into_iter().next()) {
        return if types(schema, definitions).contains("array") { json!([first]) } else { json!(first) };
    }
    match kind(schema, definitions) {
        Kind::Integer | Kind::Number => json!(1),
        Kind::Boolean => json!(true),
        Kind::Text => json!("text"),
        Kind::List(_) | Kind::JsonList => {
            let items = find(schema, "items", definitions, 0).filter(|_| depth < MAX_DEPTH);
            Value::Array(items.map(|items| least(items, definitions, depth + 1)).into_iter().collect())
        }
        Kind::Json => {
            let required = find(schema, "required", definitions, 0).and_then(Value::as_array);
            let names =
                required.into_iter().flatten().filter_map(Value::as_str).filter(|_| depth < MAX_DEPTH);
            let properties = find(schema, "properties", definitions, 0);
            let member = |name: &str| {
                let value = properties.and_then(|known| known.get(name));
                (name.to_owned(), value.map_or(Value::Null, |value| least(value, definitions, depth + 1)))
            };
            Value::Object(names.map(member).collect())
        }
    }
}

/// Whether a text of an answer is a point in time, in whatever format.
pub(crate) fn is_moment(schema: &Value, definitions: &Value) -> bool {
    find(schema, "x-format", definitions, 0).is_some_and(|format| format == "date-time")
}

fn scalar(schema: &Value, definitions: &Value) -> Option<Kind> {
    let types = types(schema, definitions);
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    match types.as_slice() {
        ["boolean"] => Some(Kind::Boolean),
        ["integer"] => Some(Kind::Integer),
        // A decimal may also be written as a string; its digits are the same.
        ["number"] | ["integer", "number"] | ["number", "string"] | ["integer", "number", "string"] => {
            Some(Kind::Number)
        }
        ["string"] => Some(Kind::Text),
        _ => None,
    }
}

/// The types that a value may have, without `null`: a flag that is not given is how a command line says nothing.
fn types(schema: &Value, definitions: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_types(schema, definitions, 0, &mut found);
    found.remove("null");
    found
}

fn collect_types(schema: &Value, definitions: &Value, depth: u8, found: &mut BTreeSet<String>) {
    if depth == MAX_DEPTH {
        // Something that no kind matches, so that the value is free JSON.
        found.extend(["object".to_owned(), "array".to_owned()]);
        return;
    }
    match &schema["type"] {
        Value::String(name) => drop(found.insert(name.clone())),
        Value::Array(names) => found.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => found.extend(values(schema).iter().map(|value| type_of(value).to_owned())),
    }
    for part in parts(schema, definitions) {
        collect_types(part, definitions, depth + 1, found);
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What a schema refers to or is made of.
fn parts<'a>(schema: &'a Value, definitions: &'a Value) -> Vec<&'a Value> {
    let reference = schema["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/"));
    let alternatives =
        ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    reference.and_then(|name| definitions.get(name)).into_iter().chain(alternatives).collect()
}

/// The first `key` in a schema or in what it refers to.
fn find<'a>(schema: &'a Value, key: &str, definitions: &'a Value, depth: u8) -> Option<&'a Value> {
    let within = || {
        let parts = parts(schema, definitions).into_iter();
        parts.filter(|_| depth < MAX_DEPTH).find_map(|part| find(part, key, definitions, depth + 1))
    };
    schema.get(key).or_else(within)
}

fn values(schema: &Value) -> &[Value] {
    schema["enum"].as_array().map_or(&[], Vec::as_slice)
}

fn description(schema: &Value, definitions: &Value) -> String {
    let text = |key| find(schema, key, definitions, 0).and_then(Value::as_str).unwrap_or_default();
    let text = if text("description").is_empty() { text("title") } else { text("description") };
    text.trim().trim_end_matches('.').to_owned()
}

fn notes(schema: &Value, definitions: &Value) -> Vec<String> {
    let found = |key| find(schema, key, definitions, 0);
    let number = |key| found(key).filter(|value| value.is_number());
    let mut notes = Vec::new();
    if let Some(values) = enumerated(schema, definitions) {
        notes.push(one_of(&values));
    }
    match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => notes.push(format!("{least} to {most}")),
        (Some(least), None) => notes.push(format!("at least {least}")),
        (None, Some(most)) => notes.push(format!("at most {most}")),
        (None, None) => {}
    }
    if let Some(most) = number("maxLength") {
        notes.push(format!("at most {most} characters"));
    }
    if let Some(format) = found("format").and_then(Value::as_str).filter(|format| format.starts_with("date"))
    {
        notes.push(format!(
            "a {format} as in {}",
            if format == "date" { "2025-01-31" } else { "2025-01-31T12:00:00Z" }
        ));
    }
    if let Some(default) = found("default").filter(|value| !value.is_null()) {
        notes.push(format!("default {}", plain(default)));
    }
    notes
}

/// The values of an enumeration, or of that of a list's items.
fn enumerated(schema: &Value, definitions: &Value) -> Option<Vec<String>> {
    let values_of = |schema| find(schema, "enum", definitions, 0).and_then(Value::as_array);
    let values = values_of(schema).or_else(|| values_of(find(schema, "items", definitions, 0)?))?;
    Some(values.iter().filter(|value| !value.is_null()).map(plain).collect())
}

fn names(schema: &Value, definitions: &Value) -> Vec<String> {
    let words = || ["true", "false"].map(str::to_owned).to_vec();
    let is_boolean = kind(schema, definitions) == Kind::Boolean;
    enumerated(schema, definitions).or_else(|| is_boolean.then(words)).unwrap_or_default()
}

fn one_of(names: &[String]) -> String {
    match names.len().checked_sub(MAX_NAMES) {
        None | Some(0) => format!("one of {}", names.join(", ")),
        Some(more) => format!("one of {} and {more} more in the catalog", names[..MAX_NAMES].join(", ")),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: Kind) {
        let definitions = json!({
            "Name": {"type": "string"},
            "Price": {"type": ["number", "string", "null"]},
            "Loop": {"$ref": "#/$defs/Loop"},
            "Point": {"type": "object"},
        });
        assert_eq!(kind(&schema, &definitions), expected, "{schema}");
    }

    fn list(kind: Kind) -> Kind {
        Kind::List(Box::new(kind))
    }

    #[test]
    fn scalars_are_recognised_with_and_without_null() {
        check(json!({"type": "integer"}), Kind::Integer);
        check(json!({"type": ["integer", "null"], "minimum": 1}), Kind::Integer);
        check(json!({"type": "number"}), Kind::Number);
        check(json!({"type": "boolean"}), Kind::Boolean);
        check(json!({"type": "string", "format": "date-time"}), Kind::Text);
        check(json!({"enum": ["a", "b", null]}), Kind::Text);
    }

    #[test]
    fn references_and_alternatives_are_followed() {
        check(json!({"$ref": "#/$defs/Name"}), Kind::Text);
        check(json!({"$ref": "#/$defs/Price"}), Kind::Number);
        check(json!({"anyOf": [{"$ref": "#/$defs/Name"}, {"type": "null"}]}), Kind::Text);
        check(json!({"type": "array", "items": {"$ref": "#/$defs/Name"}}), list(Kind::Text));
        check(
            json!({"oneOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}),
            list(Kind::Integer),
        );
    }

    #[test]
    fn a_list_of_what_has_no_plain_form_is_a_list() {
        check(json!({"type": "array", "items": {"$ref": "#/$defs/Point"}}), Kind::JsonList);
        check(json!({"type": "array"}), Kind::JsonList);
        check(
            json!({"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "null"}]}),
            Kind::JsonList,
        );
    }

    #[test]
    fn the_least_value_has_what_is_required() {
        let definitions = json!({
            "Crate": {"type": "object", "required": ["name", "lines", "size"], "properties": {
                "name": {"type": "string"}, "note": {"type": "string"}, "size": {"enum": ["s", "m"]},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}}}},
            "Line": {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}},
            "Loop": {"type": "array", "items": {"$ref": "#/$defs/Loop"}},
        });
        let of = |schema: Value| least(&schema, &definitions, 0);
        let one = json!({"name": "text", "lines": [{"count": 1}], "size": "s"});
        assert_eq!(of(json!({"$ref": "#/$defs/Crate"})), one);
        assert_eq!(of(json!({"type": "array", "items": {"$ref": "#/$defs/Crate"}})), json!([one]));
        assert_eq!(of(json!({"type": "array", "items": {"enum": ["a", "b"]}})), json!(["a"]));
        assert_eq!(of(json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]})), json!(true));
        assert!(of(json!({"$ref": "#/$defs/Loop"})).is_array(), "a loop ends");
    }

    #[test]
    fn what_has_no_plain_form_is_json() {
        for schema in [
            json!({}),
            json!({"type": "object"}),
            json!({"type": ["integer", "boolean"]}),
            json!({"$ref": "#/$defs/Missing"}),
            json!({"$ref": "#/$defs/Loop"}),
        ] {
            check(schema, Kind::Json);
        }
    }

    #[test]
    fn properties_keep_their_order_and_say_what_they_are() {
        let input = r##"{"type": "object", "required": ["zeta"], "properties": {
            "zeta": {"type": "integer", "description": "Last letter.", "minimum": 1, "maximum": 9, "default": 2},
            "alpha": {"type": "array", "items": {"$ref": "#/$defs/Size"}, "title": "Sizes"}}}"##;
        let definitions = json!({"Size": {"type": "string", "enum": ["s", "m"]}});
        let found = properties(&serde_json::from_str(input).unwrap(), &definitions);
        assert_eq!(found[0].name, "zeta");
        assert_eq!(found[0].description, "Last letter");
        assert!(found[0].is_required);
        assert_eq!(found[0].notes, ["1 to 9", "default 2"]);
        assert_eq!(found[1].description, "Sizes");
        assert_eq!(found[1].notes, ["one of s, m"]);
        assert_eq!(found[1].kind, list(Kind::Text));
    }
}
