//! The JSON Schemas of a connector's inputs as its catalog tells them, with a validator that is none of ours.

use std::collections::BTreeMap;

use connector_runtime::Connector;
use jsonschema::Validator;
use serde_json::Value;

/// The schema of every action's input, by the action's id.
pub struct InputSchemas {
    connector: &'static Connector,
    by_id: BTreeMap<String, (Value, Validator)>,
}

impl InputSchemas {
    /// Reads the catalog of a connector.
    ///
    /// # Panics
    /// When the catalog holds no schemas: no test can go on without them.
    #[must_use]
    pub fn of(connector: &'static Connector) -> Self {
        let catalog: Value = serde_json::from_str(connector.catalog).expect("a catalog is JSON");
        let actions = catalog["actions"].as_array().expect("a catalog lists actions");
        let schema = |action: &Value| {
            let schema = with_definitions(&action["input"], &catalog);
            let validator = validator(&schema);
            (action["id"].as_str().expect("an action has an id").to_owned(), (schema, validator))
        };
        Self { connector, by_id: actions.iter().map(schema).collect() }
    }

    /// The connector.
    #[must_use]
    pub fn connector(&self) -> &'static Connector {
        self.connector
    }

    /// Every action's id and the schema of its input, definitions included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.by_id.iter().map(|(id, (schema, _))| (id.as_str(), schema))
    }

    /// Whether the schema accepts an input.
    #[must_use]
    pub fn accept(&self, id: &str, input: &Value) -> bool {
        self.by_id[id].1.is_valid(input)
    }

    /// Whether the schema and the connector accept an input.
    ///
    /// # Panics
    /// When there is no such action.
    #[must_use]
    pub fn verdicts(&self, id: &str, input: &Value) -> (bool, bool) {
        let action = self.connector.action(id).expect("an action of the catalog");
        (self.accept(id, input), action.prepare(input.to_string().as_bytes()).is_ok())
    }
}

/// A schema of a catalog that stands alone.
#[must_use]
pub fn with_definitions(schema: &Value, catalog: &Value) -> Value {
    let mut schema = schema.clone();
    schema["$defs"] = catalog["$defs"].clone();
    schema
}

/// The validator of a schema. Formats count: without that, every text would be a date.
///
/// # Panics
/// When the schema is none.
pub fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::draft202012::meta::is_valid(schema), "{schema}");
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).expect("a sound schema")
}
