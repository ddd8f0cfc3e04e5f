//! Values of types that meet their constraints.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Number;

use crate::emit::Written as Json;
use crate::model::{Action, Api, DateFormat, Field, Model, Rules, Ty, Type, TypeKind};
use crate::pattern::pattern_texts;

/// What an answer of the action holds.
pub(super) fn of_action(model: &Model, action: &Action) -> Json {
    let api = model.apis.iter().find(|api| api.id == action.api.0);
    let mut values = Values { types: super::types(model), api, open: Vec::new() };
    let ty = action.returns.ty();
    ty.and_then(|ty| values.value(&ty, &Rules::default(), "value")).unwrap_or_else(|| json("null"))
}

/// Makes values of the types of an API version.
struct Values<'m> {
    types: BTreeMap<&'m str, &'m Type>,
    api: Option<&'m Api>,
    /// The records that are being made.
    open: Vec<String>,
}

impl Values<'_> {
    /// A value; `None` of a record that stands within itself. `name` is the field's.
    fn value(&mut self, ty: &Ty, rules: &Rules, name: &str) -> Option<Json> {
        Some(match ty {
            Ty::String => Json::Text(text(rules, name)),
            Ty::Integer => number(rules, true),
            Ty::Number => number(rules, false),
            Ty::Decimal if self.api.is_some_and(|api| api.has_text_decimals) => match number(rules, false) {
                Json::Number(number) => Json::Text(number.to_string()),
                other => other,
            },
            Ty::Decimal => number(rules, false),
            Ty::Boolean => Json::Boolean(true),
            Ty::Date => Json::text("2026-03-17"),
            Ty::DateTime => Json::text(match self.api.map(|api| api.dates) {
                Some(DateFormat::Rfc2822) => "Tue, 17 Mar 2026 16:20:05 +0000",
                Some(DateFormat::Rfc3339) | None => "2026-03-17T16:20:05Z",
            }),
            Ty::Json => Json::Object(Vec::new()),
            Ty::Enumeration(enumeration) => self.word(enumeration),
            Ty::Record(record) | Ty::Boxed(record) => return self.record(record),
            Ty::List(item) => {
                let item_rules = rules.items.as_deref().cloned().unwrap_or_default();
                let items = (0..count(rules)).map_while(|_| self.value(item, &item_rules, name));
                Json::List(items.collect())
            }
            Ty::Map(value) => {
                let value_rules = rules.items.as_deref().cloned().unwrap_or_default();
                let keys = (1..=count(rules)).map(|number| format!("{name}_{number}"));
                let entries = keys.map_while(|key| Some((key, self.value(value, &value_rules, name)?)));
                Json::Object(entries.collect())
            }
        })
    }

    fn word(&self, enumeration: &str) -> Json {
        match self.types.get(enumeration).map(|ty| &ty.kind) {
            Some(TypeKind::Enumeration(variants)) => {
                Json::text(variants.first().map_or("", |variant| variant.wire.as_str()))
            }
            _ => Json::text(""),
        }
    }

    /// Every field that the vendor does not advise against.
    fn record(&mut self, record: &str) -> Option<Json> {
        if self.open.iter().any(|open| open == record) {
            return None;
        }
        let Some(TypeKind::Record(fields)) = self.types.get(record).map(|ty| &ty.kind) else { return None };
        self.open.push(record.to_owned());
        let member = |field: &Field| Some((field.wire.clone(), self.field(field)?));
        let members = fields.iter().filter(|field| !field.deprecated).filter_map(member).collect();
        self.open.pop();
        Some(Json::Object(members))
    }

    fn field(&mut self, field: &Field) -> Option<Json> {
        match &field.default {
            Some(default) => Json::parse(&default.to_string()),
            None => self.value(&field.ty, &field.rules, &field.wire),
        }
    }
}

/// The number of items of a list: one, if its bounds allow it.
fn count(rules: &Rules) -> usize {
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|digits| digits.parse::<usize>().ok());
    bound(&rules.min).unwrap_or(0).max(1).min(bound(&rules.max).unwrap_or(usize::MAX))
}

/// One, or the bound that is nearest to it.
fn number(rules: &Rules, is_whole: bool) -> Json {
    let bound = |digits: &Option<String>| digits.as_ref().and_then(|digits| digits.parse::<f64>().ok());
    let whole = |bound: f64| if is_whole { format!("{bound:.0}") } else { bound.to_string() };
    let digits = match (bound(&rules.min), bound(&rules.max)) {
        (Some(min), _) if min > 1.0 => {
            if is_whole {
                whole(min.ceil())
            } else {
                rules.min.clone().unwrap_or_default()
            }
        }
        (_, Some(max)) if max < 1.0 => {
            if is_whole {
                whole(max.floor())
            } else {
                rules.max.clone().unwrap_or_default()
            }
        }
        _ => "1".to_owned(),
    };
    digits.parse::<Number>().map_or_else(|_| json("1"), Json::Number)
}

/// A text that matches the pattern and has a length within the bounds; the field's name in words if there is no pattern.
fn text(rules: &Rules, name: &str) -> String {
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|digits| digits.parse::<usize>().ok());
    let (min, max) = (bound(&rules.min).unwrap_or(0), bound(&rules.max).unwrap_or(usize::MAX));
    let fits = |text: &String| (min.max(1)..=max).contains(&text.chars().count());
    let matching = rules.pattern.as_ref().and_then(|pattern| {
        let regex = Regex::new(pattern).ok()?;
        let texts = || pattern_texts(pattern, min).filter(|text| regex.is_match(text));
        texts().find(fits).or_else(|| texts().next())
    });
    matching.unwrap_or_else(|| {
        let words = name.replace(['_', '-', '.', ':'], " ");
        let mut letters = words.trim().chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        let text: String = (first + letters.as_str()).chars().take(max).collect();
        let missing = min.saturating_sub(text.chars().count());
        text + &"x".repeat(missing)
    })
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|| Json::Object(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(min: Option<&str>, max: Option<&str>, pattern: Option<&str>) -> Rules {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Rules { min: owned(min), max: owned(max), pattern: owned(pattern), items: None }
    }

    fn shown(json: &Json) -> String {
        serde_json::to_string(json).expect("it is JSON")
    }

    #[test]
    fn a_number_is_one_or_the_nearest_bound() {
        for (min, max, is_whole, expected) in [
            (None, None, true, "1"),
            (Some("0"), Some("9"), true, "1"),
            (Some("5"), None, true, "5"),
            (Some("2.5"), None, true, "3"),
            (Some("2.5"), None, false, "2.5"),
            (None, Some("-3"), true, "-3"),
            (None, Some("0.25"), false, "0.25"),
            (None, Some("0.25"), true, "0"),
        ] {
            assert_eq!(shown(&number(&rules(min, max, None), is_whole)), expected, "{min:?} {max:?}");
        }
    }

    #[test]
    fn a_text_has_a_length_within_its_bounds_and_matches_its_pattern() {
        assert_eq!(text(&rules(None, None, None), "page_title"), "Page title");
        assert_eq!(text(&rules(None, Some("4"), None), "page_title"), "Page");
        assert_eq!(text(&rules(Some("6"), None, None), "sku"), "Skuxxx");
        let code = text(&rules(None, None, Some("^[A-Z]{2}-[0-9]{3,5}$")), "code");
        assert!(Regex::new("^[A-Z]{2}-[0-9]{3,5}$").expect("a pattern").is_match(&code), "{code}");
        let long = text(&rules(Some("8"), Some("12"), Some("^[a-z]+$")), "code");
        assert!((8..=12).contains(&long.len()), "{long}");
    }

    #[test]
    fn a_list_has_one_item_if_its_bounds_allow_it() {
        assert_eq!(count(&rules(None, None, None)), 1);
        assert_eq!(count(&rules(Some("3"), None, None)), 3);
        assert_eq!(count(&rules(None, Some("0"), None)), 0);
    }
}
