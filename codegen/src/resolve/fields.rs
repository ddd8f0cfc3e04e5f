//! Fields of records and parameters of actions: their types, constraints and defaults.

use regex_lite::Regex;
use serde_json::{Number, Value as Json};

use super::Lookup;
use super::identifiers::Identifiers;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Shape, TypeKind, Value};
use crate::model::{Field, Place, Rules, Ty};
use crate::name::{self, nearest};
use crate::source::Spanned;

/// One field or parameter; what cannot be resolved is reported.
pub(super) fn field(
    given: &manifest::Field<'_>,
    place: Place,
    lookup: &Lookup<'_, '_>,
    names: &mut Identifiers,
    faults: &mut Vec<Diagnostic>,
) -> Option<Field> {
    let rust = names.take(given.name, name::field, faults);
    let value = given.value.as_ref()?;
    let ty = lookup.ty(value, faults)?;
    if complexity(&ty, 2) > MOST_COMPLEXITY {
        let fault = Diagnostic::new(Code::BadValue, given.name.span, "lists and maps nest too deeply here");
        faults.push(fault.help("put a record between, or make the inner part `json`"));
    }
    let rules = rules(value, &ty, faults);
    let default = given.default.and_then(|default| self::default(default, &ty, &rules, lookup, faults));
    if let Some(default) = given.default.filter(|_| given.required) {
        let fault = Diagnostic::new(Code::BadDefault, default.span, "what is required has no default");
        faults.push(fault.help("remove `default` or `required`"));
    }
    Some(Field {
        name: given.name.value.to_owned(),
        wire: given.wire().value.to_owned(),
        rust: rust?,
        ty,
        place,
        required: given.required,
        nullable: given.nullable,
        rules,
        default,
        description: given.description.to_owned(),
        deprecated: given.deprecated,
    })
}

/// Beyond this clippy calls a type too complex to read.
const MOST_COMPLEXITY: u32 = 240;

/// How hard a type is to read: every name in it counts, the more the deeper it stands.
fn complexity(ty: &Ty, depth: u32) -> u32 {
    10 * depth
        + match ty {
            Ty::List(item) => complexity(item, depth + 1),
            Ty::Map(value) => 10 * (depth + 1) + complexity(value, depth + 1),
            _ => 0,
        }
}

/// The constraints of a value and, for lists and maps, of what is in it.
fn rules(value: &Value<'_>, ty: &Ty, faults: &mut Vec<Diagnostic>) -> Rules {
    check_bounds(value, ty, faults);
    if let Some(pattern) = value.pattern.filter(|_| *ty != Ty::String) {
        let fault = Diagnostic::new(Code::BadConstraint, pattern.span, "only a text can match a pattern");
        faults.push(fault.help("remove the pattern"));
    }
    let digits = |bound: Option<Spanned<&str>>| bound.map(|bound| bound.value.to_owned());
    let items = match (&value.shape, ty) {
        (Shape::List(inner) | Shape::Map(inner), Ty::List(item) | Ty::Map(item)) => {
            rules(inner, item, faults)
        }
        _ => Rules::default(),
    };
    Rules {
        min: digits(value.min),
        max: digits(value.max),
        pattern: digits(value.pattern),
        items: (!items.is_empty()).then(|| Box::new(items)),
    }
}

fn check_bounds(value: &Value<'_>, ty: &Ty, faults: &mut Vec<Diagnostic>) {
    let bounded =
        matches!(ty, Ty::Integer | Ty::Number | Ty::Decimal | Ty::String | Ty::List(_) | Ty::Map(_));
    let counts = matches!(ty, Ty::String | Ty::List(_) | Ty::Map(_));
    let before = faults.len();
    for bound in [value.min, value.max].into_iter().flatten() {
        let problem = match () {
            () if !bounded => Some(("a value of this type has no bounds", "remove the bound")),
            () if counts && bound.value.contains(['-', '.']) => {
                Some(("a length is a whole number from 0", "give a whole number from 0"))
            }
            () => None,
        };
        if let Some((message, help)) = problem {
            faults.push(Diagnostic::new(Code::BadConstraint, bound.span, message).help(help));
        }
    }
    let number = |bound: Spanned<&str>| bound.value.parse::<f64>().ok();
    let is_reported = faults.len() > before;
    if let (Some(min), Some(max)) = (value.min, value.max)
        && let (Some(least), Some(greatest)) = (number(min), number(max))
        && least > greatest
        && !is_reported
    {
        let fault =
            Diagnostic::new(Code::BadConstraint, max.span, "no value is at most this and at least `min`");
        faults.push(fault.help("make `max` at least `min`").related(min.span, "`min`"));
    }
}

/// The JSON of a default that fits its type and constraints.
fn default(
    given: Spanned<&str>,
    ty: &Ty,
    rules: &Rules,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Json> {
    let refuse =
        |message: String, help: &str| Some(Diagnostic::new(Code::BadDefault, given.span, message).help(help));
    let number = || given.value.parse::<Number>().ok().map(Json::Number);
    let text = || Some(Json::String(given.value.to_owned()));
    let mut near = None;
    let (json, help) = match ty {
        Ty::String => (text(), "give a text"),
        Ty::Integer => (given.value.parse::<i64>().ok().map(Json::from), "give a whole number"),
        Ty::Number | Ty::Decimal => (number(), "give a number"),
        Ty::Boolean => (given.value.parse::<bool>().ok().map(Json::Bool), "give true or false"),
        Ty::Enumeration(name) => {
            let listed = listed(name, lookup);
            near = nearest(given.value, listed.iter().flatten().copied());
            let is_known = listed.is_none_or(|listed| listed.contains(&given.value));
            (text().filter(|_| is_known), "give a value that the enumeration lists")
        }
        Ty::Date | Ty::DateTime => (None, "remove it: dates have none"),
        Ty::Json | Ty::Record(_) | Ty::Boxed(_) | Ty::List(_) | Ty::Map(_) => {
            (None, "remove it: values with parts have none")
        }
    };
    let size = match ty {
        Ty::String => Some(given.value.chars().count() as f64),
        _ => given.value.parse::<f64>().ok(),
    };
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|bound| bound.parse::<f64>().ok());
    let outside = size.is_some_and(|size| {
        bound(&rules.min).is_some_and(|min| size < min) || bound(&rules.max).is_some_and(|max| size > max)
    });
    let fault = match (&json, outside) {
        (None, _) => {
            let help = near.map_or_else(|| help.to_owned(), |near| format!("did you mean `{near}`?"));
            refuse(format!("`{}` is no default here", given.value), &help)
        }
        (Some(_), true) => refuse(
            format!("the default `{}` is outside its own bounds", given.value),
            "correct the default or the bounds",
        ),
        (Some(Json::String(text)), false) if !matches(text, rules) => refuse(
            format!("the default `{text}` does not match its own pattern"),
            "correct the default or the pattern",
        ),
        (Some(_), false) => None,
    };
    faults.extend(fault);
    json
}

/// Whether a text matches the pattern, if there is one. A pattern that is none has been reported.
fn matches(text: &str, rules: &Rules) -> bool {
    rules
        .pattern
        .as_ref()
        .and_then(|pattern| Regex::new(pattern).ok())
        .is_none_or(|regex| regex.is_match(text))
}

/// The values of an enumeration; `None` of one that is faulty, which has been reported.
pub(super) fn listed<'t>(enumeration: &str, lookup: &Lookup<'t, '_>) -> Option<Vec<&'t str>> {
    match lookup.types.get(enumeration)?.kind.as_ref()? {
        TypeKind::Enumeration(values) => Some(values.iter().map(|known| known.wire.value).collect()),
        TypeKind::Record(_) => None,
    }
}
