//! Samples: a sample that does not fit its type would teach everybody who reads it something wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::rfc2822;

use super::Samples;
use crate::diagnostic::{Code, Diagnostic};
use crate::json::{self, Json, Kind};
use crate::manifest::{Manifest, Text};
use crate::model::{Action, Api, DateFormat, Ty, Type, TypeKind};
use crate::name::nearest;
use crate::source::{Sources, Span};

/// Reports every sample that is no JSON or does not fit, and every file that no action or trigger names.
pub(super) fn check(
    manifest: &Manifest<'_>,
    types: &[Type],
    actions: &[Action],
    apis: &[Api],
    (sources, samples): (&Sources, &Samples<'_>),
    faults: &mut Vec<Diagnostic>,
) {
    let types: BTreeMap<&str, &Type> = types.iter().map(|ty| (ty.name.as_str(), ty)).collect();
    for given in &manifest.actions {
        let Some(path) = given.sample.filter(|path| samples.include(path.value)) else { continue };
        let action = actions.iter().find(|action| action.id == given.id.value);
        let (Some(sample), Some(action)) = (parse(path, sources, faults), action) else { continue };
        let api = apis.iter().find(|api| api.id == action.api.0);
        let fitting =
            Fitting { types: &types, dates: api.map_or(DateFormat::Rfc3339, |api| api.dates), path };
        match action.returns.ty() {
            Some(ty) => fitting.check(&sample, &ty, "", faults),
            None if sample.is_null() => {}
            None => {
                let help = format!("write `null` into `{}`, or correct what the action returns", path.value);
                let fault = misfit(sample.span, "the action returns nothing").help(help);
                faults.push(fault.related(path.span, "the action names the sample here"));
            }
        }
    }
    if matches!(samples, Samples::All) {
        report_unnamed(manifest, sources, faults);
    }
}

/// The samples that an action or trigger names.
pub(super) fn named<'t>(manifest: &Manifest<'t>) -> BTreeSet<&'t str> {
    let actions = manifest.actions.iter().filter_map(|action| action.sample);
    let triggers = manifest.triggers.iter().filter_map(|trigger| trigger.sample);
    actions.chain(triggers).map(|path| path.value).collect()
}

/// A sample that nothing names is shown to nobody.
fn report_unnamed(manifest: &Manifest<'_>, sources: &Sources, faults: &mut Vec<Diagnostic>) {
    let named = named(manifest);
    let files = (0_u16..).zip(sources.keys());
    for (file, path) in files.filter(|(_, path)| path.ends_with(".json") && !named.contains(path.as_str())) {
        let span = Span { file, start: 0, end: 1 };
        let fault = Diagnostic::new(Code::BadSample, span, "no action or trigger names this sample");
        faults.push(fault.help(format!("write `sample: {path}` where it belongs, or remove the file")));
    }
}

/// The value in a sample's file; what is no JSON is reported there.
pub(super) fn parse(path: Text<'_>, sources: &Sources, faults: &mut Vec<Diagnostic>) -> Option<Json> {
    let (file, (_, text)) = (0_u16..).zip(sources).find(|(_, (name, _))| name.as_str() == path.value)?;
    json::parse(file, text, faults)
}

/// The fault of a value in a sample.
pub(super) fn misfit(span: Span, problem: &str) -> Diagnostic {
    Diagnostic::new(Code::BadSample, span, format!("the sample does not fit: {problem}"))
}

/// Compares values of one sample with their types.
struct Fitting<'a> {
    types: &'a BTreeMap<&'a str, &'a Type>,
    /// How the API writes moments.
    dates: DateFormat,
    /// Where the manifest names the sample.
    path: Text<'a>,
}

impl Fitting<'_> {
    /// Reports everything in `json`, which stands at the place `at` of the sample, that does not fit `ty`.
    fn check(&self, json: &Json, ty: &Ty, at: &str, faults: &mut Vec<Diagnostic>) {
        let step = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match (ty, &json.kind) {
            (Ty::Json, _) | (Ty::Boolean, Kind::Boolean) | (Ty::Number | Ty::Decimal, Kind::Number(_)) => {}
            (Ty::String | Ty::Enumeration(_), Kind::Text(_)) => {}
            // Vendors write an empty text where there is no date.
            (Ty::Date | Ty::DateTime, Kind::Text(text)) if text.is_empty() || self.is_moment(ty, text) => {}
            (Ty::Integer, Kind::Number(number)) if number.as_i64().is_some() => {}
            (Ty::Decimal, Kind::Text(digits)) if digits.parse::<f64>().is_ok() => {}
            (Ty::List(item), Kind::List(items)) => {
                for (index, json) in items.iter().enumerate() {
                    self.check(json, item, &format!("{at}[{index}]"), faults);
                }
            }
            (Ty::Map(value), Kind::Object(members)) => {
                for (name, json) in members {
                    self.check(json, value, &step(&name.value), faults);
                }
            }
            (Ty::Record(record) | Ty::Boxed(record), Kind::Object(members)) => {
                let Some(TypeKind::Record(fields)) = self.types.get(record.as_str()).map(|ty| &ty.kind)
                else {
                    return;
                };
                for (name, json) in members {
                    match fields.iter().find(|field| field.wire == name.value) {
                        Some(_) if json.is_null() => {}
                        Some(field) => self.check(json, &field.ty, &step(&name.value), faults),
                        None => {
                            let known = fields.iter().map(|field| field.wire.as_str());
                            faults.push(self.unknown(&name.value, name.span, record, known));
                        }
                    }
                }
            }
            _ => faults.push(self.wrong(json, ty, at)),
        }
    }

    fn unknown<'k>(
        &self,
        name: &str,
        span: Span,
        record: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Diagnostic {
        let fault = misfit(span, &format!("the record `{record}` has no field `{name}`"));
        fault.help(match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`? if not, add `{name}` to `{record}`"),
            None => format!("add `{name}` to `{record}`, or remove it from the sample"),
        })
    }

    fn wrong(&self, json: &Json, ty: &Ty, at: &str) -> Diagnostic {
        let place = if at.is_empty() { "the top".to_owned() } else { format!("`{at}`") };
        let noun = match (ty, self.dates) {
            (Ty::Boolean, _) => "true or false",
            (Ty::Integer, _) => "a whole number",
            (Ty::Number | Ty::Decimal | Ty::Json, _) => "a number",
            (Ty::List(_), _) => "a list",
            (Ty::Map(_) | Ty::Record(_) | Ty::Boxed(_), _) => "an object",
            (Ty::String | Ty::Enumeration(_), _) => "a text",
            (Ty::Date, _) => "a date such as \"2026-03-17\" (RFC 3339)",
            (Ty::DateTime, DateFormat::Rfc3339) => "a date-time such as \"2026-03-17T16:20:05Z\" (RFC 3339)",
            (Ty::DateTime, DateFormat::Rfc2822) => {
                "a date-time such as \"Tue, 17 Mar 2026 16:20:05 +0000\" (RFC 2822)"
            }
        };
        let what =
            if at.is_empty() { "what the action returns".to_owned() } else { format!("the type of `{at}`") };
        let fault = misfit(json.span, &format!("expected {noun} at {place}"));
        fault
            .help(format!("write {noun}, or correct {what}"))
            .related(self.path.span, "the action names the sample here")
    }

    fn is_moment(&self, ty: &Ty, text: &str) -> bool {
        match (ty, self.dates) {
            (Ty::Date, _) => text.len() == 10 && text.parse::<Date>().is_ok(),
            (_, DateFormat::Rfc3339) => text.contains(['T', 't']) && text.parse::<Timestamp>().is_ok(),
            (_, DateFormat::Rfc2822) => rfc2822::DateTimeParser::new().parse_timestamp(text).is_ok(),
        }
    }
}
