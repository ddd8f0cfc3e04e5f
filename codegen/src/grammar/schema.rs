//! The grammar as JSON Schema 2020-12, for editors that complete and check manifests.

use serde_json::{Map, Value, json};

use super::{MANIFEST, Object, RESOURCE, Shape};

/// The schema of `connector.yaml` and, under `$defs`, of everything in it; resource files are its `resource-file`.
pub(crate) fn schema() -> Value {
    let mut definitions = Map::new();
    let manifest = of(&MANIFEST, &mut definitions);
    of(&RESOURCE, &mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Connector manifest",
        "$ref": manifest["$ref"],
        "$defs": definitions,
    })
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Text => json!({"type": "string"}),
        Shape::Version => {
            json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$"})
        }
        Shape::Url => json!({"type": "string", "pattern": "^https://[!#-;=?-\\[\\]-_a-~]+$"}),
        Shape::Header => json!({"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}),
        Shape::Pattern => json!({"type": "string", "format": "regex"}),
        Shape::Integer => json!({"type": "integer"}),
        Shape::Number => json!({"type": "number"}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Duration => json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}),
        // An editor reads `true` as a boolean, and `"true"` as a text.
        Shape::Choice(["true"]) => json!({"enum": [true, "true"]}),
        Shape::Choice(words) => json!({"enum": words}),
        Shape::List(item) => json!({"type": "array", "items": of(item, definitions)}),
        Shape::Map { rule, value } => json!({
            "type": "object",
            "propertyNames": {"pattern": rule.pattern()},
            "additionalProperties": of(value, definitions),
        }),
        Shape::Object(object) => object_schema(object, definitions),
        Shape::ByKind { scalar, list, mapping } => {
            let forms = [scalar, list, mapping].into_iter().flatten().map(|shape| of(shape, definitions));
            json!({"anyOf": forms.collect::<Vec<_>>()})
        }
        Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
    }
}

fn object_schema(object: &Object, definitions: &mut Map<String, Value>) -> Value {
    let name = object.name.to_lowercase().replace(' ', "-");
    let reference = json!({"$ref": format!("#/$defs/{name}")});
    if definitions.contains_key(&name) {
        return reference;
    }
    // The name is taken before its keys are looked at: values may hold values.
    definitions.insert(name.clone(), Value::Null);
    let mut properties = Map::new();
    for key in object.keys {
        let mut property = of(key.shape, definitions);
        property["description"] = json!(key.about);
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = object.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let one_of = |group: &[&str]| -> Value {
        json!({"oneOf": group.iter().map(|key| json!({"required": [key]})).collect::<Vec<_>>()})
    };
    if !object.one_of.is_empty() {
        schema["allOf"] = object.one_of.iter().map(|group| one_of(group)).collect();
    }
    definitions.insert(name, schema);
    reference
}
