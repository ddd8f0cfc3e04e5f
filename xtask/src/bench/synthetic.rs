//! An API that nobody offers, as large as asked for: the same every time, as a manifest and as an OpenAPI file.

use serde_json::{Map, Value, json};

/// How large the API is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) actions: usize,
    pub(crate) records: usize,
    /// How many records, from the first, have [`WIDE`] times the fields of the others.
    pub(crate) wide: usize,
}

/// A wide record repeats the ten fields this often, numbered.
const WIDE: usize = 6;

impl Size {
    /// Two actions for each record of ten fields: one lists, one creates.
    pub(crate) const fn plain(actions: usize) -> Self {
        Self { actions, records: actions.div_ceil(2), wide: 0 }
    }

    /// As large as the products file of a big shop API: 53 actions, 82 records, a few of them with more than 60 fields.
    pub(crate) const fn products() -> Self {
        Self { actions: 53, records: 82, wide: 4 }
    }

    /// The fields of a record.
    fn fields(self, record: usize) -> Vec<Field> {
        let repeats = if record < self.wide { WIDE } else { 1 };
        let numbered = (1..=repeats).flat_map(|repeat| FIELDS.iter().map(move |kind| Field { kind, repeat }));
        numbered.filter(|field| field.repeat == 1 || field.kind.name != "id").collect()
    }

    /// The records without actions that a wide record holds lists of.
    fn parts(self, record: usize) -> Vec<usize> {
        let held = self.actions.div_ceil(2)..self.records;
        held.filter(|part| record < self.wide && part % self.wide == record).collect()
    }
}

/// One of the ten fields in both languages.
struct Kind {
    name: &'static str,
    manifest: &'static str,
    openapi: &'static str,
    description: &'static str,
    input: Input,
}

/// Whether a caller sends the field, and within which limits.
enum Input {
    No,
    Optional { manifest: &'static str, openapi: &'static str },
    Required { manifest: &'static str, openapi: &'static str },
}

const ANY: Input = Input::Optional { manifest: "", openapi: "{}" };

const FIELDS: [Kind; 10] = [
    Kind {
        name: "id",
        manifest: "type: integer",
        openapi: r#"{"type": "integer", "format": "int64"}"#,
        description: "Id of the resource.",
        input: Input::No,
    },
    Kind {
        name: "name",
        manifest: "type: string",
        openapi: r#"{"type": "string"}"#,
        description: "Name of the resource.",
        input: Input::Required {
            manifest: ", min: 1, max: 250",
            openapi: r#"{"minLength": 1, "maxLength": 250}"#,
        },
    },
    Kind {
        name: "description",
        manifest: "type: string",
        openapi: r#"{"type": "string"}"#,
        description: "A text about it.",
        input: ANY,
    },
    Kind {
        name: "price",
        manifest: "type: decimal",
        openapi: r#"{"type": "number", "format": "double"}"#,
        description: "What it costs.",
        input: Input::Required { manifest: ", min: 0", openapi: r#"{"minimum": 0}"# },
    },
    Kind {
        name: "quantity",
        manifest: "type: integer",
        openapi: r#"{"type": "integer", "format": "int64"}"#,
        description: "How many there are.",
        input: Input::Optional { manifest: ", min: 0", openapi: r#"{"minimum": 0}"# },
    },
    Kind {
        name: "is_visible",
        manifest: "type: boolean",
        openapi: r#"{"type": "boolean"}"#,
        description: "Whether people see it.",
        input: ANY,
    },
    Kind {
        name: "tags",
        manifest: "list: string",
        openapi: r#"{"type": "array", "items": {"type": "string"}}"#,
        description: "Words to find it by.",
        input: ANY,
    },
    Kind {
        name: "weight",
        manifest: "type: number",
        openapi: r#"{"type": "number", "format": "double"}"#,
        description: "What it weighs.",
        input: ANY,
    },
    Kind {
        name: "created_at",
        manifest: "type: date-time",
        openapi: r#"{"type": "string", "format": "date-time"}"#,
        description: "When it was made.",
        input: Input::No,
    },
    Kind {
        name: "updated_at",
        manifest: "type: date-time",
        openapi: r#"{"type": "string", "format": "date-time"}"#,
        description: "When it was changed.",
        input: Input::No,
    },
];

struct Field {
    kind: &'static Kind,
    /// From 1; the first repetition bears the bare name.
    repeat: usize,
}

impl Field {
    fn name(&self) -> String {
        match self.repeat {
            1 => self.kind.name.to_owned(),
            repeat => format!("{}_{repeat}", self.kind.name),
        }
    }
}

const HEADER: &str = r#"format: 1
connector: {id: synthetic, title: Synthetic, version: 1.0.0, docs: "https://docs.synthetic.example"}
connection:
  fields:
    account: {title: account, description: The account., pattern: "[a-z]+", example: abc}
  credentials:
    token: {title: token, description: The token., header: X-Token}
apis:
  v1:
    server: https://api.synthetic.example
    base: /accounts/{account}/v1
    envelope: {data: data, meta: meta, type: Meta}
    errors: {message: title, fields: errors}
    dates: rfc3339
rate_limit: {status: 429, waits: [{header: X-Reset, unit: milliseconds}], overload_wait: 1s, max_wait: 2m}
paging:
  pages: {limit: {parameter: limit, default: 50, max: 250}, page: {parameter: page, total: pagination.total_pages}}
types:
  Meta: {description: What is said about the data., record: {pagination: Pagination}}
  Pagination: {description: The place of a page., record: {total_pages: integer}}
actions:
"#;

/// The text of `connector.yaml`. `remark` goes into the description of the first action: another one is a change.
pub(crate) fn manifest(size: Size, remark: &str) -> String {
    let actions = (0..size.actions).map(|action| match action % 2 {
        0 => list_action(action / 2, if action == 0 { remark } else { "" }),
        _ => create_action(size, action / 2),
    });
    std::iter::once(HEADER.to_owned()).chain(actions).collect()
}

fn list_action(record: usize, remark: &str) -> String {
    format!(
        "  list-resource{record}:
    title: List resources {record}
    description: Lists resources of kind {record}.{remark}
    docs: https://docs.synthetic.example/{record}
    api: v1
    get: /resource{record}
    query:
      page: {{type: integer, min: 1, description: Number of the page.}}
      limit: {{type: integer, min: 1, max: 250, description: Items on a page.}}
      name: {{type: string, description: Filter by name.}}
    returns: {{list: Resource{record}}}
    paging: pages
"
    )
}

fn create_action(size: Size, record: usize) -> String {
    let inputs = size.fields(record).into_iter().filter_map(|field| {
        let limits = match field.kind.input {
            Input::No => return None,
            Input::Optional { manifest, .. } => manifest.to_owned(),
            Input::Required { manifest, .. } => format!("{manifest}, required: true"),
        };
        let (name, kind) = (field.name(), field.kind);
        Some(format!("      {name}: {{{}{limits}, description: {}}}\n", kind.manifest, kind.description))
    });
    format!(
        "  create-resource{record}:
    title: Create a resource {record}
    description: Creates a resource of kind {record}.
    docs: https://docs.synthetic.example/{record}
    api: v1
    post: /resource{record}
    body:
{}    returns: Resource{record}
",
        inputs.collect::<String>()
    )
}

/// The text of the one file in `types/`.
pub(crate) fn types(size: Size) -> String {
    let records = (0..size.records).map(|record| {
        let fields = size.fields(record).into_iter().map(|field| {
            let (name, kind) = (field.name(), field.kind);
            format!("      {name}: {{{}, description: {}}}\n", kind.manifest, kind.description)
        });
        let parts = size.parts(record).into_iter().map(|part| {
            format!("      parts{part}: {{list: Resource{part}, description: The parts of kind {part}.}}\n")
        });
        let fields: String = fields.chain(parts).collect();
        format!("  Resource{record}:\n    description: A resource of kind {record}.\n    record:\n{fields}")
    });
    std::iter::once("types:\n".to_owned()).chain(records).collect()
}

/// The same API as an OpenAPI 3.0.3 file. It answers without envelope, which spares other generators a type for each
/// action that ours does without.
pub(crate) fn openapi(size: Size) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for record in 0..size.records {
        schemas.insert(format!("Resource{record}"), record_schema(size, record));
    }
    for action in 0..size.actions {
        let record = action / 2;
        let path = paths.entry(format!("/resource{record}")).or_insert_with(|| json!({}));
        if action % 2 == 0 {
            path["get"] = list_operation(record);
        } else {
            path["post"] = create_operation(record);
            schemas.insert(format!("NewResource{record}"), input_schema(size, record));
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Synthetic", "version": "1.0.0"},
        "servers": [{"url": "https://api.synthetic.example/v1"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn answer(schema: &Value) -> Value {
    json!({"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}})
}

fn list_operation(record: usize) -> Value {
    let query = |name: &str, schema: Value, description: &str| json!({"name": name, "in": "query", "description": description, "schema": schema});
    json!({
        "operationId": format!("listResource{record}"),
        "summary": format!("List resources {record}"),
        "description": format!("Lists resources of kind {record}."),
        "parameters": [
            query("page", json!({"type": "integer", "format": "int64", "minimum": 1}), "Number of the page."),
            query("limit", json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 250}), "Items on a page."),
            query("name", json!({"type": "string"}), "Filter by name."),
        ],
        "responses": answer(&json!({"type": "array", "items": reference(&format!("Resource{record}"))})),
    })
}

fn create_operation(record: usize) -> Value {
    let body = reference(&format!("NewResource{record}"));
    json!({
        "operationId": format!("createResource{record}"),
        "summary": format!("Create a resource {record}"),
        "description": format!("Creates a resource of kind {record}."),
        "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
        "responses": answer(&reference(&format!("Resource{record}"))),
    })
}

fn record_schema(size: Size, record: usize) -> Value {
    let mut properties = Map::new();
    for field in size.fields(record) {
        properties.insert(field.name(), schema(field.kind, "{}"));
    }
    for part in size.parts(record) {
        let items = reference(&format!("Resource{part}"));
        properties.insert(
            format!("parts{part}"),
            json!({"type": "array", "items": items, "description": format!("The parts of kind {part}.")}),
        );
    }
    json!({"type": "object", "description": format!("A resource of kind {record}."), "properties": properties})
}

fn input_schema(size: Size, record: usize) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in size.fields(record) {
        let limits = match field.kind.input {
            Input::No => continue,
            Input::Optional { openapi, .. } => openapi,
            Input::Required { openapi, .. } => {
                required.push(field.name());
                openapi
            }
        };
        properties.insert(field.name(), schema(field.kind, limits));
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// The schema of a field with `limits` added to it.
fn schema(kind: &Kind, limits: &str) -> Value {
    let parse =
        |text| serde_json::from_str::<Map<String, Value>>(text).expect("the tables hold JSON objects");
    let mut schema = parse(kind.openapi);
    schema.extend(parse(limits));
    schema.insert("description".to_owned(), Value::from(kind.description));
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_api_has_two_actions_and_ten_fields_for_each_record() {
        let size = Size::plain(1_000);
        assert_eq!(manifest(size, "").matches("\n    api: v1\n").count(), 1_000);
        assert_eq!(types(size).matches("    record:\n").count(), 500);
        assert_eq!(size.fields(0).len(), 10);
    }

    #[test]
    fn an_api_like_the_products_file_holds_every_record() {
        let size = Size::products();
        let (types, manifest) = (types(size), manifest(size, ""));
        for record in 0..size.records {
            let part = format!("{{list: Resource{record},");
            let returned = format!("{{list: Resource{record}}}\n");
            assert!(types.contains(&part) || manifest.contains(&returned), "nothing holds Resource{record}");
        }
        assert!(size.fields(0).len() + size.parts(0).len() > 60);
    }

    #[test]
    fn both_languages_describe_the_same_actions() {
        let openapi = openapi(Size::products());
        let paths = openapi["paths"].as_object().unwrap();
        assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), 53);
        let body = &openapi["components"]["schemas"]["NewResource25"];
        assert_eq!(body["required"], json!(["name", "price"]));
        assert_eq!(body["properties"].as_object().unwrap().len(), 7);
    }

    #[test]
    fn a_remark_changes_one_action_alone() {
        let size = Size::plain(10);
        let (before, after) = (manifest(size, ""), manifest(size, " Changed."));
        let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after).count();
        assert_eq!(changed, 1);
    }
}
