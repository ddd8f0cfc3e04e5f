//! Samples: a sample that does not fit its type would teach everybody who reads it something wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Manifest, Text};
use crate::model::{Action, Ty, Type, TypeKind};
use crate::source::{Sources, Span};

/// Reports every sample that is no JSON or does not fit, and every file that no action or trigger names.
pub(super) fn check(
    manifest: &Manifest<'_>,
    types: &[Type],
    actions: &[Action],
    sources: &Sources,
    faults: &mut Vec<Diagnostic>,
) {
    let types: BTreeMap<&str, &Type> = types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    for given in &manifest.actions {
        let Some(path) = given.sample else { continue };
        let action = actions.iter().find(|action| action.id == given.id.value);
        let (Some(sample), Some(action)) = (parse(path, sources, faults), action) else { continue };
        let problem = match action.returns.ty() {
            Some(ty) => misfit(&sample, &ty, &types, ""),
            None if sample.is_null() => None,
            None => Some("the action returns nothing".to_owned()),
        };
        let help = format!("correct `{}` or what the action returns", path.value);
        report(path, problem, help, faults);
    }
    report_unnamed(manifest, sources, faults);
}

/// A sample that nothing names is shown to nobody.
fn report_unnamed(manifest: &Manifest<'_>, sources: &Sources, faults: &mut Vec<Diagnostic>) {
    let actions = manifest.actions.iter().filter_map(|action| action.sample);
    let triggers = manifest.triggers.iter().filter_map(|trigger| trigger.sample);
    let named: BTreeSet<&str> = actions.chain(triggers).map(|path| path.value).collect();
    let files = (0_u16..).zip(sources.keys());
    for (file, path) in files.filter(|(_, path)| path.ends_with(".json") && !named.contains(path.as_str())) {
        let span = Span { file, start: 0, end: 1 };
        let fault = Diagnostic::new(Code::BadSample, span, "no action or trigger names this sample");
        faults.push(fault.help(format!("write `sample: {path}` where it belongs, or remove the file")));
    }
}

pub(super) fn parse(path: Text<'_>, sources: &Sources, faults: &mut Vec<Diagnostic>) -> Option<Json> {
    let (file, (_, text)) = (0_u16..).zip(sources).find(|(_, (name, _))| name.as_str() == path.value)?;
    match serde_json::from_str(text) {
        Ok(json) => Some(json),
        Err(error) => {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            let start = u32::try_from(place(&error, text)).unwrap_or(u32::MAX);
            let span = Span { file, start, end: start.saturating_add(1) };
            let fault = Diagnostic::new(Code::BadSample, span, format!("the sample is no JSON: {what}"));
            faults.push(fault.help("correct the file: it is one JSON value, without comments"));
            None
        }
    }
}

/// The byte at which a text stops being JSON; its last one where it ends too early.
fn place(error: &serde_json::Error, text: &str) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let last = text.trim_end().char_indices().next_back().map_or(0, |(at, _)| at);
    let place = (before + error.column().saturating_sub(1)).min(last);
    (0..=place).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

pub(super) fn report(path: Text<'_>, problem: Option<String>, help: String, faults: &mut Vec<Diagnostic>) {
    if let Some(problem) = problem {
        let message = format!("the sample does not fit: {problem}");
        faults.push(Diagnostic::new(Code::BadSample, path.span, message).help(help));
    }
}

/// The first thing in `json` that does not fit `ty`.
fn misfit(json: &Json, ty: &Ty, types: &BTreeMap<&str, &Type>, at: &str) -> Option<String> {
    let place = if at.is_empty() { "the top".to_owned() } else { format!("`{at}`") };
    let expected = |noun: &str| Some(format!("expected {noun} at {place}"));
    let step = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match (ty, json) {
        (Ty::Json, _) | (Ty::Boolean, Json::Bool(_)) | (Ty::Number, Json::Number(_)) => None,
        (Ty::String | Ty::Date | Ty::DateTime | Ty::Enumeration(_), Json::String(_)) => None,
        (Ty::Integer, Json::Number(number)) if number.as_i64().is_some() => None,
        (Ty::Decimal, Json::Number(_)) => None,
        (Ty::Decimal, Json::String(digits)) if digits.parse::<f64>().is_ok() => None,
        (Ty::List(item), Json::Array(items)) => items
            .iter()
            .enumerate()
            .find_map(|(index, json)| misfit(json, item, types, &format!("{at}[{index}]"))),
        (Ty::Map(value), Json::Object(entries)) => {
            entries.iter().find_map(|(key, json)| misfit(json, value, types, &step(key)))
        }
        (Ty::Record(name) | Ty::Boxed(name), Json::Object(entries)) => {
            let TypeKind::Record(fields) = &types.get(name.as_str())?.kind else { return None };
            entries.iter().find_map(|(key, json)| match fields.iter().find(|field| field.wire == *key) {
                Some(_) if json.is_null() => None,
                Some(field) => misfit(json, &field.ty, types, &step(key)),
                None => Some(format!("the record `{name}` at {place} has no field `{key}`")),
            })
        }
        (Ty::Boolean, _) => expected("true or false"),
        (Ty::Integer, _) => expected("a whole number"),
        (Ty::Number | Ty::Decimal, _) => expected("a number"),
        (Ty::List(_), _) => expected("a list"),
        (Ty::Map(_) | Ty::Record(_) | Ty::Boxed(_), _) => expected("an object"),
        (Ty::String | Ty::Date | Ty::DateTime | Ty::Enumeration(_), _) => expected("a text"),
    }
}
