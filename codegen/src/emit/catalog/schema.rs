//! Inputs and outputs as JSON Schema 2020-12. Answers may hold less and more than is documented, inputs may not: a type
//! that stands in both has two definitions, `Name` and `Name.input`.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Json;
use crate::model::{Action, Effect, Field, Model, Place, Rules, Ty, Type, TypeKind};

/// Whose JSON a schema describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// The schema of an action's input.
pub(super) fn input(action: &Action) -> Json {
    let property = |field: &Field| (field.name.clone(), parameter(field));
    let required = action.parameters.iter().filter(|field| field.required).map(|field| &field.name);
    let schema = Json::object([
        ("type", Json::text("object")),
        ("properties", Json::Object(action.parameters.iter().map(property).collect())),
        ("required", Json::texts(required)),
        ("additionalProperties", Json::Boolean(false)),
    ]);
    schema.with_some("not", changes_nothing(action))
}

/// What an update must not be: an input whose every field says where, and none what to change.
fn changes_nothing(action: &Action) -> Option<Json> {
    let (fields, others): (Vec<&Field>, Vec<&Field>) =
        action.parameters.iter().partition(|field| field.place == Place::Body);
    let can_be_empty = !fields.is_empty() && fields.iter().all(|field| !field.required);
    (action.effect == Effect::Update && can_be_empty).then(|| {
        let names = Json::object([("enum", Json::texts(others.iter().map(|field| &field.name)))]);
        Json::object([("propertyNames", names)])
    })
}

/// The schema of a parameter: not every value can stand in every place of a request.
fn parameter(field: &Field) -> Json {
    let all_of = |rule: Json| Json::List(vec![rule]);
    match (field.place, &field.ty) {
        // An empty or dot segment would address another resource (RFC 3986, section 5.2.4).
        (Place::Path, Ty::String | Ty::Enumeration(_)) => {
            let other_resources = ["", ".", ".."].map(Json::text);
            let rule = Json::object([("enum", Json::List(other_resources.into()))]);
            member(field, &field.rules, Side::Input).with("not", rule)
        }
        // A filter without items would let everything through.
        (Place::Query | Place::RepeatedQuery, Ty::List(item)) => {
            let min = field.rules.min.clone().filter(|min| min != "0").or_else(|| Some("1".to_owned()));
            let schema = member(field, &Rules { min, ..field.rules.clone() }, Side::Input);
            let is_divided = field.place == Place::Query && **item == Ty::String;
            let undivided = Json::object([("pattern", Json::text("^[^,]+$"))]);
            let items = is_divided.then(|| all_of(Json::object([("items", undivided)])));
            schema.with_some("allOf", items)
        }
        // Visible ASCII, blanks and tabs (RFC 9110, section 5.5).
        (Place::Header, Ty::String) => {
            let visible = Json::object([("pattern", Json::text("^[\\t -~]*$"))]);
            member(field, &field.rules, Side::Input).with("allOf", all_of(visible))
        }
        // A required parameter is the JSON itself, `null` as well; a field of a record may miss it.
        (_, Ty::Json) if field.required && !field.nullable => explained(field, Json::object([])),
        _ => member(field, &field.rules, Side::Input),
    }
}

/// The schema of a field or parameter, with what is said about it.
fn member(field: &Field, rules: &Rules, side: Side) -> Json {
    let is_nullable = side == Side::Output || field.nullable;
    let bare = match &field.ty {
        // Where nothing may be left out by `null`, free JSON is anything else.
        Ty::Json if !is_nullable => {
            let types = ["boolean", "number", "string", "array", "object"].map(Json::text);
            Json::object([("type", Json::List(types.into()))])
        }
        ty => constrained(ty, rules, side),
    };
    explained(field, if is_nullable { nullable(bare) } else { bare })
}

/// A schema with what else is said of its field.
fn explained(field: &Field, schema: Json) -> Json {
    let default = field.default.as_ref().and_then(|default| Json::parse(&default.to_string()));
    schema
        .described(&field.description)
        .with_some("default", default)
        .with_some("deprecated", field.deprecated.then_some(Json::Boolean(true)))
}

fn nullable(schema: Json) -> Json {
    let null = Json::object([("type", Json::text("null"))]);
    Json::object([("anyOf", Json::List(vec![schema, null]))])
}

/// The schema of a type.
pub(super) fn schema(ty: &Ty, side: Side) -> Json {
    constrained(ty, &Rules::default(), side)
}

/// A decimal in a text, as the runtime reads it.
const DIGITS: &str = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$";

fn number_or_digits() -> Json {
    Json::object([("type", Json::List(vec![Json::text("number"), Json::text("string")]))])
}

fn constrained(ty: &Ty, rules: &Rules, side: Side) -> Json {
    let of = |name: &str| Json::object([("type", Json::text(name))]);
    let formatted = |format: &str| of("string").with("format", Json::text(format));
    let none = Rules::default();
    let items = rules.items.as_deref().unwrap_or(&none);
    let schema = match ty {
        Ty::String => of("string"),
        Ty::Integer => of("integer"),
        Ty::Number => of("number"),
        Ty::Boolean => of("boolean"),
        // A decimal may come as a number or as its digits in a text, to which no bounds apply in JSON Schema.
        Ty::Decimal if side == Side::Input => number_or_digits().with("pattern", Json::text(DIGITS)),
        Ty::Decimal => number_or_digits(),
        // Answers hold dates in the format of their API version, and empty texts where there is none.
        Ty::Date if side == Side::Input => formatted("date"),
        Ty::DateTime if side == Side::Input => formatted("date-time"),
        // So a reader learns of them by a keyword that no validator applies.
        Ty::Date => of("string").with("x-format", Json::text("date")),
        Ty::DateTime => of("string").with("x-format", Json::text("date-time")),
        Ty::Json => Json::object([]),
        Ty::Record(name) | Ty::Enumeration(name) | Ty::Boxed(name) => {
            Json::object([("$ref", Json::Text(format!("#/$defs/{}", definition_name(name, side))))])
        }
        Ty::List(item) => of("array").with("items", constrained(item, items, side)),
        Ty::Map(value) => of("object").with("additionalProperties", constrained(value, items, side)),
    };
    if side == Side::Input { bounded(schema, ty, rules) } else { schema }
}

fn bounded(schema: Json, ty: &Ty, rules: &Rules) -> Json {
    let (least, most) = match ty {
        Ty::String => ("minLength", "maxLength"),
        Ty::List(_) => ("minItems", "maxItems"),
        Ty::Map(_) => ("minProperties", "maxProperties"),
        _ => ("minimum", "maximum"),
    };
    let number =
        |digits: &Option<String>| digits.as_ref().and_then(|digits| digits.parse().ok()).map(Json::Number);
    schema
        .with_some(least, number(&rules.min))
        .with_some(most, number(&rules.max))
        .with_text("pattern", rules.pattern.as_deref())
}

/// The definitions of all types, by name, for the sides on which they stand.
pub(super) fn definitions(model: &Model) -> Json {
    let by_name: BTreeMap<&str, &Type> = model.types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    let inputs =
        model.actions.iter().flat_map(|action| action.parameters.iter().map(|field| field.ty.clone()));
    let outputs = model.actions.iter().filter_map(|action| action.returns.ty());
    let sides = [
        (Side::Output, reachable(outputs.collect(), &by_name)),
        (Side::Input, reachable(inputs.collect(), &by_name)),
    ];
    let mut definitions = BTreeMap::new();
    for (side, names) in sides {
        for name in names {
            if let Some(ty) = by_name.get(name.as_str()) {
                definitions.insert(definition_name(&name, side), definition(ty, side));
            }
        }
    }
    Json::Object(definitions.into_iter().collect())
}

fn definition_name(name: &str, side: Side) -> String {
    match side {
        Side::Output => name.to_owned(),
        Side::Input => format!("{name}.input"),
    }
}

/// The names of all types that these types hold, however deep.
fn reachable(mut open: Vec<Ty>, by_name: &BTreeMap<&str, &Type>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    while let Some(ty) = open.pop() {
        let Some(name) = ty.named() else { continue };
        if !names.insert(name.to_owned()) {
            continue;
        }
        if let Some(Type { kind: TypeKind::Record(fields), .. }) = by_name.get(name) {
            open.extend(fields.iter().map(|field| field.ty.clone()));
        }
    }
    names
}

fn definition(ty: &Type, side: Side) -> Json {
    match (&ty.kind, side) {
        (TypeKind::Enumeration(variants), _) => {
            let schema = Json::object([("type", Json::text("string"))]).described(&ty.description);
            // An answer may hold a value that nobody knows today.
            let keyword = if side == Side::Input { "enum" } else { "examples" };
            schema.with(keyword, Json::texts(variants.iter().map(|variant| &variant.wire)))
        }
        (TypeKind::Record(fields), Side::Output) => record(ty, fields, side),
        (TypeKind::Record(fields), Side::Input) => {
            let required = fields.iter().filter(|field| field.required).map(|field| &field.wire);
            record(ty, fields, side)
                .with("required", Json::texts(required))
                .with("additionalProperties", Json::Boolean(false))
        }
    }
}

fn record(ty: &Type, fields: &[Field], side: Side) -> Json {
    let properties =
        fields.iter().map(|field| (field.wire.clone(), member(field, &field.rules, side))).collect();
    let schema = Json::object([("type", Json::text("object"))]).described(&ty.description);
    schema.with("properties", Json::Object(properties))
}
