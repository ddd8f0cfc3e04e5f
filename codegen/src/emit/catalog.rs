//! `catalog.json`: what a platform needs to show actions and draw their forms without Rust.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::action::method_word;
use crate::model::{Action, Effect, Model, Parameter, Scope, Ty, Type, TypeKind};

/// The text of the catalog.
pub(super) fn emit(model: &Model) -> String {
    let connector = &model.connector;
    let catalog = Json::object([
        (
            "connector",
            Json::object([
                ("id", Json::text(&connector.id)),
                ("title", Json::text(&connector.title)),
                ("version", Json::text(&connector.version)),
                ("docs", Json::text(&connector.docs)),
            ]),
        ),
        ("connection", connection(model)),
        ("scopes", Json::List(model.scopes.iter().map(scope).collect())),
        ("actions", Json::List(model.actions.iter().map(action).collect())),
        ("$defs", Json::Object(model.types.iter().map(|ty| (ty.name.clone(), definition(ty))).collect())),
    ]);
    let mut text = serde_json::to_string_pretty(&catalog).expect("texts, numbers and lists are JSON");
    text.push('\n');
    text
}

/// JSON whose objects keep their order: a form shows its fields as the manifest lists them.
enum Json {
    Text(String),
    Boolean(bool),
    Number(serde_json::Number),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::text(text)).collect())
    }

    fn object<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The same object with one more entry.
    fn with(self, key: &str, value: Self) -> Self {
        match self {
            Self::Object(mut entries) => {
                entries.push((key.to_owned(), value));
                Self::Object(entries)
            }
            other => other,
        }
    }

    fn described(self, description: &str) -> Self {
        if description.is_empty() { self } else { self.with("description", Self::text(description)) }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

fn connection(model: &Model) -> Json {
    let fields = model.connection.fields.iter().map(|field| {
        Json::object([
            ("name", Json::text(&field.name)),
            ("title", Json::text(&field.title)),
            ("description", Json::text(&field.description)),
            ("pattern", Json::Text(format!("^(?:{})$", field.pattern))),
            ("example", Json::text(&field.example)),
        ])
    });
    let credentials = model.connection.credentials.iter().map(|credential| {
        Json::object([
            ("name", Json::text(&credential.name)),
            ("title", Json::text(&credential.title)),
            ("description", Json::text(&credential.description)),
        ])
    });
    let (fields, credentials) = (fields.collect(), credentials.collect());
    Json::object([("fields", Json::List(fields)), ("credentials", Json::List(credentials))])
}

fn scope(scope: &Scope) -> Json {
    let ids = Json::object([
        ("name", Json::text(&scope.name)),
        ("title", Json::text(&scope.title)),
        ("modify", Json::text(&scope.modify)),
    ]);
    match &scope.read {
        Some(read) => ids.with("read", Json::text(read)),
        None => ids,
    }
}

fn action(action: &Action) -> Json {
    let effect = match action.effect {
        Effect::Read => "read",
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
    };
    Json::object([
        ("id", Json::text(&action.id)),
        ("title", Json::text(&action.title)),
        ("description", Json::text(&action.description)),
        ("docs", Json::text(&action.docs)),
        ("api", Json::text(&action.api.0)),
        ("method", Json::text(method_word(action.method))),
        ("path", Json::text(&action.path)),
        ("effect", Json::text(effect)),
        ("scopes", Json::texts(&action.scopes)),
        ("input", input(action)),
        ("output", schema(&action.output, Side::Output)),
    ])
}

fn input(action: &Action) -> Json {
    let property = |parameter: &Parameter| {
        let schema = bounded(schema(&parameter.ty, Side::Input), parameter);
        (parameter.name.clone(), schema.described(&parameter.description))
    };
    let required =
        action.parameters.iter().filter(|parameter| parameter.required).map(|parameter| &parameter.name);
    Json::object([
        ("type", Json::text("object")),
        ("properties", Json::Object(action.parameters.iter().map(property).collect())),
        ("required", Json::texts(required)),
        ("additionalProperties", Json::Boolean(false)),
    ])
}

fn bounded(schema: Json, parameter: &Parameter) -> Json {
    let (least, most) = match &parameter.ty {
        Ty::String => ("minLength", "maxLength"),
        Ty::List(_) => ("minItems", "maxItems"),
        _ => ("minimum", "maximum"),
    };
    let number = |digits: &String| digits.parse().ok().map(Json::Number);
    let schema = match parameter.min.as_ref().and_then(number) {
        Some(bound) => schema.with(least, bound),
        None => schema,
    };
    match parameter.max.as_ref().and_then(number) {
        Some(bound) => schema.with(most, bound),
        None => schema,
    }
}

/// Whose JSON a schema describes: an API's answers may hold more and less than is documented.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

fn schema(ty: &Ty, side: Side) -> Json {
    let of = |name: &str| Json::object([("type", Json::text(name))]);
    let formatted = |format: &str| of("string").with("format", Json::text(format));
    match ty {
        Ty::String => of("string"),
        Ty::Integer => of("integer"),
        Ty::Number => of("number"),
        Ty::Boolean => of("boolean"),
        // A decimal may come as a number or as its digits in a text.
        Ty::Decimal => Json::object([("type", Json::List(vec![Json::text("number"), Json::text("string")]))]),
        // Answers hold dates in the format of their API version, and empty texts where there is none.
        Ty::Date if side == Side::Input => formatted("date"),
        Ty::DateTime if side == Side::Input => formatted("date-time"),
        Ty::Date | Ty::DateTime => of("string"),
        Ty::Json => Json::object([]),
        Ty::Record(name) | Ty::Enumeration(name) => {
            Json::object([("$ref", Json::Text(format!("#/$defs/{name}")))])
        }
        Ty::List(item) => of("array").with("items", schema(item, side)),
        Ty::Map(value) => of("object").with("additionalProperties", schema(value, side)),
    }
}

fn definition(ty: &Type) -> Json {
    match &ty.kind {
        TypeKind::Enumeration(variants) => {
            let schema = Json::object([("type", Json::text("string"))]).described(&ty.description);
            schema.with("enum", Json::texts(variants.iter().map(|variant| &variant.wire)))
        }
        TypeKind::Record(fields) => {
            let properties = fields.iter().map(|field| {
                let nullable = Json::List(vec![
                    schema(&field.ty, Side::Output),
                    Json::object([("type", Json::text("null"))]),
                ]);
                let mut schema = Json::object([("anyOf", nullable)]).described(&field.description);
                if field.deprecated {
                    schema = schema.with("deprecated", Json::Boolean(true));
                }
                (field.wire.clone(), schema)
            });
            let schema = Json::object([("type", Json::text("object"))]).described(&ty.description);
            schema.with("properties", Json::Object(properties.collect()))
        }
    }
}
