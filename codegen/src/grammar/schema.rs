//! The grammar as JSON Schema 2020-12, for editors that complete and check manifests.
//!
//! Editors explain a mistake well if only one schema applies to a place. So the forms of a place are one schema whose
//! keywords concern strings, lists or objects alone, and no alternatives.

use serde_json::{Map, Value, json};

use super::names::{Named, Names};
use super::{MANIFEST, Object, RESOURCE, Shape};

/// The schema of `connector.yaml` and, under `$defs`, of everything in it; resource files are its `resource-file`.
/// Places that take one of `names` complete them.
pub(crate) fn schema(names: &Names) -> Value {
    let mut writer = Writer { names, definitions: Map::new() };
    let manifest = writer.of(&MANIFEST);
    let resource = writer.of(&RESOURCE);
    // Resource files have a fragment for their schema, which must be whole there.
    for document in [&manifest, &resource] {
        let name = document["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        if let Some(definition) = name.and_then(|name| writer.definitions.get_mut(name)) {
            definition["type"] = json!("object");
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Connector manifest",
        "$ref": manifest["$ref"],
        "$defs": writer.definitions,
    })
}

struct Writer<'n> {
    names: &'n Names,
    definitions: Map<String, Value>,
}

impl Writer<'_> {
    fn of(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text => json!({"type": "string"}),
            Shape::Name(named) => self.name(*named),
            Shape::Version => patterned(shape, "^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$"),
            Shape::Url => patterned(shape, "^https://[!#-;=?-\\[\\]-_a-~]+$"),
            Shape::Header => patterned(shape, "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"),
            Shape::Pattern => json!({"type": "string", "format": "regex"}),
            Shape::Integer => json!({"type": "integer"}),
            Shape::Number => json!({"type": "number"}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Duration => patterned(shape, "^[0-9]+(ms|s|m|h)$"),
            // An editor reads `true` as a boolean, and `"true"` as a text.
            Shape::Choice(["true"]) => json!({"enum": [true, "true"]}),
            Shape::Choice(words) => json!({"enum": words}),
            Shape::List(item) => json!({"type": "array", "items": self.of(item)}),
            Shape::Map { rule, value } => json!({
                "type": "object",
                "propertyNames": {
                    "pattern": rule.pattern(),
                    "patternErrorMessage": format!("Write {}.", rule.describe()),
                },
                "additionalProperties": self.of(value),
            }),
            Shape::Object(object) => self.object(object),
            Shape::ByKind { scalar, list, mapping } => {
                let forms = [scalar, list, mapping].into_iter().flatten();
                united(forms.map(|shape| self.of(shape)).collect())
            }
            Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
        }
    }

    /// A text whose known values an editor offers. Others are no mistake here: the compiler knows whether they exist.
    fn name(&mut self, named: Named) -> Value {
        let (definition, about) = named.definition();
        let reference = json!({"type": "string", "allOf": [{"$ref": format!("#/$defs/{definition}")}]});
        let known = self.names.get(&named);
        let examples = known.into_iter().flatten().collect::<Vec<_>>();
        self.definitions.entry(definition).or_insert_with(|| match examples.is_empty() {
            true => json!({"description": about}),
            false => json!({"description": about, "examples": examples}),
        });
        reference
    }

    fn object(&mut self, object: &Object) -> Value {
        let name = object.name.to_lowercase().replace(' ', "-");
        // The definition leaves the type to its place, which may take a short form, too.
        let reference = json!({"type": "object", "$ref": format!("#/$defs/{name}")});
        if self.definitions.contains_key(&name) {
            return reference;
        }
        // The name is taken before its keys are looked at: values may hold values.
        self.definitions.insert(name.clone(), Value::Null);
        let mut properties = Map::new();
        for key in object.keys {
            let mut property = self.of(key.shape);
            property["description"] = json!(key.about);
            properties.insert(key.name.to_owned(), property);
        }
        let required: Vec<&str> = object.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
        let mut schema = json!({
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        if !object.one_of.is_empty() {
            let rules = object.one_of.iter().flat_map(|group| exactly_one(object, group));
            schema["allOf"] = rules.collect();
        }
        self.definitions.insert(name, schema);
        reference
    }
}

fn patterned(shape: &Shape, pattern: &str) -> Value {
    json!({
        "type": "string",
        "pattern": pattern,
        "patternErrorMessage": format!("Write {}.", shape.noun()),
    })
}

/// One schema for several forms of a place. Each form has keywords of its own: those of a text, a list or an object.
fn united(forms: Vec<Value>) -> Value {
    let mut types = Vec::new();
    let mut whole = Map::new();
    for form in forms {
        let Value::Object(mut form) = form else { continue };
        if let Some(words) = form.remove("enum") {
            types.push(json!("string"));
            // An enumeration would hold for the other forms, too.
            whole.insert("examples".to_owned(), words.clone());
            whole.insert("if".to_owned(), json!({"type": "string"}));
            whole.insert("then".to_owned(), json!({"enum": words}));
        }
        types.extend(form.remove("type"));
        whole.append(&mut form);
    }
    whole.insert("type".to_owned(), Value::Array(types));
    Value::Object(whole)
}

/// The rules by which exactly one key of a group must be given. Each names the keys in its own message, and the second
/// of two keys is the place of the mistake.
fn exactly_one(object: &Object, group: &[&str]) -> [Value; 2] {
    let keys = group.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let missing = format!("The {} needs one of the keys {keys}.", object.name);
    let least: Vec<Value> =
        group.iter().map(|key| json!({"required": [key], "errorMessage": missing})).collect();
    let later = |at: usize| group[at + 1..].iter().map(|key| ((*key).to_owned(), Value::Bool(false)));
    let most = group.iter().enumerate().take(group.len().saturating_sub(1)).map(|(at, key)| {
        let message = format!("Only one of the keys {keys} may be given: keep one.");
        let rule = json!({"properties": later(at).collect::<Map<_, _>>(), "errorMessage": message});
        ((*key).to_owned(), rule)
    });
    [json!({"anyOf": least}), json!({"dependentSchemas": most.collect::<Map<_, _>>()})]
}
