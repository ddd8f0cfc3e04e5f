//! Examples of inputs: the required parameters, and of an update or a list one more, with values of the samples.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::model::{
    Action, Effect, Example, Field, Literal, MAX_ARGUMENTS, Paging, Place, Rules, Ty, Type, TypeKind,
};

/// Lists and maps below this depth are shown without items, so that an example ends.
const DEPTH: usize = 3;

/// The longest text that an example takes from a sample, in bytes.
const MAX_TEXT: usize = 60;

/// The example of each action, in their order.
pub(super) fn resolve(actions: &[Action], types: &[Type], paging: &[Paging]) -> Vec<Example> {
    let types: BTreeMap<&str, &Type> = types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    let samples: Vec<Option<Json>> = actions.iter().map(sample).collect();
    let example = |(action, sample): (&Action, &Option<Json>)| {
        let id = || {
            let own = sample.as_ref().and_then(|sample| sample.get("id"));
            let akin = actions.iter().zip(&samples).filter(|(other, _)| other.resource == action.resource);
            own.or_else(|| akin.filter_map(|(_, sample)| sample.as_ref()?.get("id")).next())
        };
        let known = |field: &Field| {
            let own = sample.as_ref().and_then(|sample| named(sample, field));
            let is_id = field.required && (field.place == Place::Path || field.name.ends_with("_id"));
            own.or_else(|| id().filter(|_| is_id))
        };
        let value = |field: &Field| literal(&field.ty, field, &field.rules, known(field), &types, 0);
        let required = action.parameters.iter().filter(|field| field.required);
        Example {
            required: required.map(|field| (field.rust.clone(), value(field))).collect(),
            set: match page_size(action, paging) {
                Some((field, size)) => Some((field.rust.clone(), size, field.nullable)),
                None => {
                    changed(action, known).map(|field| (field.rust.clone(), value(field), field.nullable))
                }
            },
        }
    };
    actions.iter().zip(&samples).map(example).collect()
}

/// The object of a sample, or the first of its list.
fn sample(action: &Action) -> Option<Json> {
    match serde_json::from_str(action.sample.as_deref()?).ok()? {
        Json::Array(items) => items.into_iter().next(),
        json => Some(json),
    }
}

fn named<'j>(json: &'j Json, field: &Field) -> Option<&'j Json> {
    json.get(&field.wire).or_else(|| json.get(&field.name)).filter(|json| !json.is_null())
}

fn optional(action: &Action) -> impl Iterator<Item = &Field> {
    action.parameters.iter().filter(|field| !field.required && !field.deprecated)
}

/// The parameter of a list that sets the size of a page, and the usual size.
fn page_size<'a>(action: &'a Action, paging: &[Paging]) -> Option<(&'a Field, Literal)> {
    let (name, _) = action.paging.as_ref()?;
    let style = paging.iter().find(|style| style.name == *name)?;
    let field = optional(action).find(|field| field.name == style.limit && field.ty == Ty::Integer)?;
    Some((field, Literal::Integer(style.default_limit.to_string())))
}

/// What the example of an update changes: a scalar that stands in the sample, if there is one.
fn changed<'a, 'j>(action: &'a Action, known: impl Fn(&Field) -> Option<&'j Json>) -> Option<&'a Field> {
    let is_scalar =
        |field: &&Field| !matches!(field.ty, Ty::List(_) | Ty::Map(_) | Ty::Record(_) | Ty::Boxed(_));
    let body = || optional(action).filter(|field| field.place == Place::Body);
    let scalars = || body().filter(is_scalar);
    let found = scalars().find(|field| known(field).is_some()).or_else(|| scalars().next());
    found.or_else(|| body().next()).filter(|_| action.effect == Effect::Update)
}

fn literal(
    ty: &Ty,
    field: &Field,
    rules: &Rules,
    known: Option<&Json>,
    types: &BTreeMap<&str, &Type>,
    depth: usize,
) -> Literal {
    let least = || rules.min.clone().unwrap_or_else(|| "1".to_owned());
    let text = known.and_then(Json::as_str).filter(|text| !text.is_empty() && text.len() <= MAX_TEXT);
    let number = known.filter(|json| json.is_number()).map(Json::to_string);
    let none = Rules::default();
    let items = rules.items.as_deref().unwrap_or(&none);
    match ty {
        Ty::String => Literal::Text(text.unwrap_or(&field.name).to_owned()),
        Ty::Integer => {
            let known = known.and_then(Json::as_i64).map(|number| number.to_string());
            Literal::Integer(known.unwrap_or_else(|| whole(&least())))
        }
        Ty::Number => Literal::Number(with_fraction(number.unwrap_or_else(least))),
        Ty::Decimal => {
            let digits = text.filter(|text| is_decimal(text)).map(str::to_owned);
            Literal::Decimal(digits.or(number.filter(|number| is_decimal(number))).unwrap_or_else(least))
        }
        Ty::Boolean => Literal::Boolean(known.and_then(Json::as_bool).unwrap_or(true)),
        Ty::Date => Literal::Time("2026-01-31".to_owned()),
        Ty::DateTime => Literal::Time("2026-01-31T09:30:00Z".to_owned()),
        Ty::Json => Literal::Json(known.map_or_else(|| "{}".to_owned(), Json::to_string)),
        Ty::Enumeration(name) => variant(name, known, types),
        Ty::Record(name) => record(name, known, types, depth),
        Ty::Boxed(name) => Literal::Boxed(Box::new(record(name, known, types, depth))),
        Ty::List(_) | Ty::Map(_) if depth >= DEPTH => Literal::List(Vec::new()),
        Ty::List(item) => Literal::List(vec![literal(
            item,
            field,
            items,
            known.and_then(|json| json.get(0)),
            types,
            depth + 1,
        )]),
        Ty::Map(value) => {
            let first = known.and_then(Json::as_object).and_then(|entries| entries.iter().next());
            let name = first.map_or("name", |(name, _)| name).to_owned();
            let value = literal(value, field, items, first.map(|(_, json)| json), types, depth + 1);
            Literal::Map(vec![(name, value)])
        }
    }
}

fn variant(name: &str, known: Option<&Json>, types: &BTreeMap<&str, &Type>) -> Literal {
    let Some(Type { kind: TypeKind::Enumeration(variants), .. }) = types.get(name) else {
        return Literal::Text(String::new());
    };
    let listed = |text: &str| variants.iter().find(|variant| variant.wire == text);
    let known = known.and_then(Json::as_str).and_then(listed);
    let rust = known.or(variants.first()).map_or("Unlisted", |variant| &variant.rust);
    Literal::Variant(name.to_owned(), rust.to_owned())
}

fn record(name: &str, known: Option<&Json>, types: &BTreeMap<&str, &Type>, depth: usize) -> Literal {
    let fields = match types.get(name) {
        Some(Type { kind: TypeKind::Record(fields), .. }) => fields.as_slice(),
        _ => &[],
    };
    let required: Vec<&Field> = fields.iter().filter(|field| field.required).collect();
    let value = |field: &&Field| {
        let known = known.and_then(|json| named(json, field));
        literal(&field.ty, field, &field.rules, known, types, depth + 1)
    };
    let values =
        if required.len() <= MAX_ARGUMENTS { required.iter().map(value).collect() } else { Vec::new() };
    Literal::Record(name.to_owned(), values)
}

/// The next whole number of a bound.
fn whole(digits: &str) -> String {
    match digits.split_once('.') {
        Some((whole, _)) => whole.parse::<i64>().map_or(1, |whole| whole.saturating_add(1)).to_string(),
        None => digits.to_owned(),
    }
}

fn with_fraction(digits: String) -> String {
    if digits.contains(['.', 'e']) { digits } else { format!("{digits}.0") }
}

/// Whether the runtime's decimal surely holds it.
fn is_decimal(digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.len() <= 20 && is_digits(whole) && is_digits(fraction)
}
