//! Paths of `webhooks` into the bodies of deliveries, which the samples of the triggers show.

use super::Samples;
use super::paths::{Reads, did_you_mean};
use super::samples::{self, parse};
use crate::diagnostic::{Code, Diagnostic};
use crate::json::{Json, Kind};
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
pub(super) fn check(
    manifest: &Manifest<'_>,
    (sources, wanted): (&Sources, &Samples<'_>),
    faults: &mut Vec<Diagnostic>,
) {
    let Some(webhooks) = &manifest.webhooks else { return };
    let sample = |trigger| -> Option<Sample<'_, '_>> {
        let trigger: &Trigger<'_> = trigger;
        let path = trigger.sample.filter(|path| wanted.include(path.value))?;
        Some((trigger, path, parse(path, sources, faults)?))
    };
    let samples: Vec<Sample<'_, '_>> = manifest.triggers.iter().filter_map(sample).collect();
    let Some(first) = samples.first() else { return };
    for (path, part) in parts(webhooks) {
        let is_nowhere = samples.iter().all(|(_, _, sample)| look_up(sample, path.value).is_err());
        // A single sample may lack the part just as well as the path may be wrong.
        let is_path = path.value.split('.').all(|step| !step.is_empty());
        let is_in_doubt = is_path
            && samples.len() == 1
            && is_needed(part, first.0)
            && nearest_path(path, &first.2).is_none();
        if is_nowhere && !is_in_doubt {
            faults.push(missing(path, first));
            continue;
        }
        for (trigger, place, sample) in &samples {
            let file = place.value;
            let (span, problem) = match look_up(sample, path.value) {
                Ok(value) => (value.span, misfit(value, part, path, trigger, webhooks)),
                Err(Missing { around, name, .. }) if is_needed(part, trigger) => {
                    let fault = samples::misfit(around.span, &format!("there is no `{}`", path.value));
                    let help = format!("add `{name}` to `{file}`, or correct the path under `webhooks`");
                    faults.push(fault.help(help).related(path.span, "the path"));
                    continue;
                }
                Err(_) => continue,
            };
            let Some(problem) = problem else { continue };
            let help = match part {
                Part::Name => format!("write `{}`, or correct the trigger's `event`", trigger.event),
                Part::Type => format!("write `{}`, or correct the trigger's `resource`", trigger.resource),
                _ => format!("correct the value in `{file}`, or the path under `webhooks`"),
            };
            let fault = samples::misfit(span, &problem).help(help);
            faults.push(fault.related(place.span, "the trigger names the sample here"));
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
    let expected = |expected: &str| match value.text() {
        Some(text) if text == expected => None,
        Some(text) => Some(format!("`{}` says `{text}`, the trigger `{expected}`", path.value)),
        None => is("a text"),
    };
    match part {
        Part::Name => expected(trigger.event),
        Part::Type => expected(trigger.resource),
        Part::Account => {
            let form = webhooks.event.account_form?.value;
            let is_account = value.text().is_some_and(|text| has_form(text, form));
            if is_account { None } else { is(&format!("a text of the form `{form}`")) }
        }
        Part::Id if matches!(value.kind, Kind::Text(_) | Kind::Number(_)) => None,
        Part::Id => is(Reads::Id.noun()),
        Part::Time => {
            let is_whole = match &value.kind {
                Kind::Text(text) => text.parse::<i64>().is_ok(),
                Kind::Number(number) => number.as_i64().is_some(),
                _ => false,
            };
            if is_whole { None } else { is("a number of seconds") }
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

/// The innermost value that a path reaches, and the name that it does not have.
struct Missing<'a> {
    around: &'a Json,
    name: &'a str,
    /// The steps of the path in front of the name.
    before: usize,
}

fn look_up<'a>(whole: &'a Json, path: &'a str) -> Result<&'a Json, Missing<'a>> {
    path.split('.').enumerate().try_fold(whole, |around, (before, name)| {
        around.get(name).filter(|value| !value.is_null()).ok_or(Missing { around, name, before })
    })
}

/// The fault of a path that no sample contains.
fn missing(path: Text<'_>, (_, place, sample): &Sample<'_, '_>) -> Diagnostic {
    let message = format!("no sample of a trigger contains `{}`", path.value);
    let fault =
        Diagnostic::new(Code::BadSample, path.span, message).related(place.span, "one of the samples");
    fault.help(nearest_path(path, sample).unwrap_or_else(|| "correct the path or the samples".to_owned()))
}

/// The question whether another path was meant, which the sample contains.
fn nearest_path(path: Text<'_>, sample: &Json) -> Option<String> {
    let Err(Missing { around, name, before }) = look_up(sample, path.value) else { return None };
    let steps: Vec<&str> = path.value.split('.').collect();
    let (steps, after) = (&steps[..before], &steps[before + 1..]);
    let known = around.members().iter().map(|(name, _)| name.value.as_str());
    did_you_mean(steps, name, after, known)
}
