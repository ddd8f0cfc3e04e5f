//! Paths of `webhooks` into the bodies of deliveries, which the samples of the triggers show.

use serde_json::Value as Json;

use super::paths::{Reads, did_you_mean};
use super::samples::{parse, report};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Manifest, Read, Text, Trigger, Webhooks};
use crate::source::Sources;

/// The part of an event that stands at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Account,
    Type,
    Id,
    Time,
    /// A part of what makes two deliveries one event.
    Dedupe,
}

/// A trigger, the path of its sample, and the sample.
type Sample<'t, 'm> = (&'m Trigger<'t>, Text<'t>, Json);

/// Reports every path that no sample contains, and every sample that contradicts its trigger.
pub(super) fn check(manifest: &Manifest<'_>, sources: &Sources, faults: &mut Vec<Diagnostic>) {
    let Some(webhooks) = &manifest.webhooks else { return };
    let sample = |trigger| -> Option<Sample<'_, '_>> {
        let trigger: &Trigger<'_> = trigger;
        Some((trigger, trigger.sample?, parse(trigger.sample?, sources, faults)?))
    };
    let samples: Vec<Sample<'_, '_>> = manifest.triggers.iter().filter_map(sample).collect();
    let Some(first) = samples.first() else { return };
    for (path, part) in parts(webhooks) {
        if samples.iter().all(|(_, _, sample)| look_up(sample, path.value).is_none()) {
            faults.push(missing(path, first));
            continue;
        }
        for (trigger, place, sample) in &samples {
            let problem = match look_up(sample, path.value) {
                Some(value) => misfit(value, part, path, trigger, webhooks),
                None if is_needed(part, trigger) => Some(format!("there is no `{}`", path.value)),
                None => None,
            };
            let help = match part {
                Part::Name => format!("correct `{}` or the trigger's `event`", place.value),
                Part::Type => format!("correct `{}` or the trigger's `resource`", place.value),
                _ => format!("correct `{}` or the path under `webhooks`", place.value),
            };
            report(*place, problem, help, faults);
        }
    }
}

fn parts<'t>(webhooks: &Webhooks<'t>) -> Vec<(Text<'t>, Part)> {
    let event = &webhooks.event;
    let of_event = [
        (event.name, Part::Name),
        (event.account, Part::Account),
        (event.ty, Part::Type),
        (event.id, Part::Id),
        (event.time, Part::Time),
    ];
    let of_event = of_event.into_iter().filter_map(|(path, part)| Some((path?, part)));
    let dedupe = webhooks.dedupe.iter().flat_map(|(_, line)| line);
    let dedupe = dedupe.filter(|(kind, _)| *kind == "body").map(|(_, path)| (*path, Part::Dedupe));
    of_event.chain(dedupe).collect()
}

/// Whether every event of the trigger has the part.
fn is_needed(part: Part, trigger: &Trigger<'_>) -> bool {
    match part {
        Part::Name | Part::Account => true,
        Part::Id => matches!(trigger.read, Some(Read::Action { .. })),
        Part::Type | Part::Time | Part::Dedupe => false,
    }
}

fn misfit(
    value: &Json,
    part: Part,
    path: Text<'_>,
    trigger: &Trigger<'_>,
    webhooks: &Webhooks<'_>,
) -> Option<String> {
    let is = |noun: &str| Some(format!("`{}` is not {noun}", path.value));
    let expected = |expected: &str| match value.as_str() {
        Some(text) if text == expected => None,
        Some(text) => Some(format!("`{}` says `{text}`, the trigger `{expected}`", path.value)),
        None => is("a text"),
    };
    match part {
        Part::Name => expected(trigger.event),
        Part::Type => expected(trigger.resource),
        Part::Account => {
            let form = webhooks.event.account_form?.value;
            let is_account = value.as_str().is_some_and(|text| has_form(text, form));
            if is_account { None } else { is(&format!("a text of the form `{form}`")) }
        }
        Part::Id if value.is_string() || value.is_number() => None,
        Part::Id => is(Reads::Id.noun()),
        Part::Time => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if text.parse::<i64>().is_ok() { None } else { is("a number of seconds") }
        }
        Part::Dedupe => None,
    }
}

/// Whether the text is the form with something in place of its variable.
fn has_form(text: &str, form: &str) -> bool {
    let Some((before, rest)) = form.split_once('{') else { return false };
    let Some((_, after)) = rest.split_once('}') else { return false };
    let account = text.strip_prefix(before).and_then(|text| text.strip_suffix(after));
    account.is_some_and(|account| !account.is_empty())
}

fn look_up<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(value, |value, step| value.get(step)).filter(|value| !value.is_null())
}

/// The fault of a path that no sample contains.
fn missing(path: Text<'_>, (_, place, sample): &Sample<'_, '_>) -> Diagnostic {
    let message = format!("no sample of a trigger contains `{}`", path.value);
    let fault =
        Diagnostic::new(Code::BadSample, path.span, message).related(place.span, "one of the samples");
    let mut value = sample;
    let mut before: Vec<&str> = Vec::new();
    for step in path.value.split('.') {
        let Some(inner) = value.get(step) else {
            let known = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            if let Some(help) = did_you_mean(&before, step, known) {
                return fault.help(help);
            }
            break;
        };
        value = inner;
        before.push(step);
    }
    fault.help("correct the path or the samples")
}
