//! Signature profiles, and the management of webhooks.

use std::time::Duration;

use super::identifiers::{Identifiers, Names};
use super::{Lookup, actions, grant, subscriptions, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest, Text};
use crate::model::{Action, Repeats, Signature, SignatureForm, SignedPart, Webhooks};
use crate::name::{self, nearest};
use crate::source::Spanned;
use crate::template;

/// Every signature profile.
pub(super) fn signatures(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Signature> {
    let mut names = Identifiers::new(Names::Ours, &[]);
    manifest.signatures.iter().filter_map(|given| signature(given, &mut names, faults)).collect()
}

fn signature(
    given: &manifest::Signature<'_>,
    names: &mut Identifiers,
    faults: &mut Vec<Diagnostic>,
) -> Option<Signature> {
    let rust = names.take(given.name, name::constant, faults);
    let signed = given.signed.and_then(|template| signed_parts(template, faults));
    let timestamp = given.timestamp.as_ref();
    if let (Some(parts), Some(template)) = (&signed, given.signed) {
        check_parts(given, parts, template, faults);
    }
    let repeats = repeats(given, faults);
    let form = form(given, faults);
    let duration = |text: Option<Text<'_>>| text.and_then(|text| parse_duration(text.value));
    let tolerance: (Option<Duration>, Option<Duration>) = (duration(given.past), duration(given.ahead));
    let owned = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    Some(Signature {
        name: given.name.value.to_owned(),
        rust: rust?,
        header: given.header.to_owned(),
        timestamp_header: timestamp.and_then(|timestamp| owned(timestamp.header)),
        id_header: owned(given.id),
        milliseconds: timestamp.is_some_and(|timestamp| timestamp.unit == "milliseconds"),
        signed: signed?,
        base64: given.encoding == "base64",
        base64_key: given.base64_key.map(str::to_owned),
        form: form?,
        repeats: repeats?,
        past: tolerance.0?,
        ahead: tolerance.1?,
    })
}

/// The pieces of `{id}.{timestamp}.{body}`.
fn signed_parts(template: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<Vec<SignedPart>> {
    let variables = match template::variables(template) {
        Ok(variables) => variables,
        Err((span, what)) => {
            faults.push(Diagnostic::new(Code::BadTemplate, span, what).help(template::HELP));
            return None;
        }
    };
    let mut parts = Vec::new();
    let mut rest = template.value;
    let before = faults.len();
    for variable in variables {
        let marked = format!("{{{}}}", variable.value);
        let (literal, after) = rest.split_once(&marked)?;
        if !literal.is_empty() {
            parts.push(SignedPart::Literal(literal.to_owned()));
        }
        rest = after;
        match variable.value {
            "body" => parts.push(SignedPart::Body),
            "timestamp" => parts.push(SignedPart::Timestamp),
            "id" => parts.push(SignedPart::Id),
            "url" => parts.push(SignedPart::Url),
            _ => {
                let message = format!("a delivery has no part `{{{}}}`", variable.value);
                let known = ["body", "timestamp", "id", "url"];
                let near = nearest(variable.value, known);
                let near = near.map(|near| format!("did you mean `{{{near}}}`? "));
                let help = "supported here: `{body}`, `{timestamp}`, `{id}`, `{url}`";
                let fault = Diagnostic::new(Code::BadTemplate, variable.span, message);
                faults.push(fault.help(format!("{}{help}", near.unwrap_or_default())));
            }
        }
    }
    if !rest.is_empty() {
        parts.push(SignedPart::Literal(rest.to_owned()));
    }
    (faults.len() == before).then_some(parts)
}

/// What is sent must be signed, what is signed must be sent, and the body always.
fn check_parts(
    given: &manifest::Signature<'_>,
    parts: &[SignedPart],
    template: Spanned<&str>,
    faults: &mut Vec<Diagnostic>,
) {
    let mut refuse = |message: &str, help: &str| {
        faults.push(Diagnostic::new(Code::BadSignature, template.span, message).help(help));
    };
    if !parts.contains(&SignedPart::Body) {
        refuse("the body is not signed", "sign `{body}`: a signature over less protects nothing");
    }
    match (given.timestamp.is_some(), parts.contains(&SignedPart::Timestamp)) {
        (true, false) => {
            refuse("the time of signing is sent but not signed", "sign `{timestamp}` or remove `timestamp`")
        }
        (false, true) => {
            refuse("the time of signing is signed but not sent", "say where it stands under `timestamp`")
        }
        _ => {}
    }
    match (given.id.is_some(), parts.contains(&SignedPart::Id)) {
        (true, false) => refuse("the id is sent but not signed", "sign `{id}` or remove `id`"),
        (false, true) => refuse("the id is signed but not sent", "name its header under `id`"),
        _ => {}
    }
}

/// What recognises a repeated delivery. A scheme that signs neither an id nor the time needs a rule of its own.
fn repeats(given: &manifest::Signature<'_>, faults: &mut Vec<Diagnostic>) -> Option<Repeats> {
    let mut refuse = |place: Text<'_>, message: &str, help: &str| {
        faults.push(Diagnostic::new(Code::BadSignature, place.span, message).help(help));
        None
    };
    // What is signed and stands nowhere has been reported.
    let signs = |part: &str| given.signed.is_some_and(|signed| signed.value.contains(part));
    let has_mark = given.timestamp.is_some() || given.id.is_some() || signs("{timestamp}") || signs("{id}");
    match (given.body_id, given.repeats) {
        (Some(path), None) => Some(Repeats::BodyId(path.value.to_owned())),
        (None, Some(rule)) if !has_mark => Some(match rule.value {
            "body" => Repeats::SameBody,
            _ => Repeats::SameKey,
        }),
        (_, Some(rule)) => refuse(
            rule,
            "the signed id or time recognises repeated deliveries already",
            "remove `repeats`: it is for schemes that sign neither",
        ),
        (None, None) if has_mark => Some(Repeats::Signed),
        (None, None) => refuse(
            given.name,
            "cannot recognise a repeated delivery: neither an id nor the time of signing is signed",
            "add `repeats: body` if no two events have the same body, or `repeats: dedupe` if the parts under `dedupe` tell events apart",
        ),
    }
}

fn form(given: &manifest::Signature<'_>, faults: &mut Vec<Diagnostic>) -> Option<SignatureForm> {
    let word = given.form.map_or("single", |form| form.value);
    let timestamp_part = given.timestamp.as_ref().and_then(|timestamp| timestamp.part);
    let needed = match word {
        "list" => Some(("prefix", given.prefix.is_some())),
        "parts" => Some(("part", given.part.is_some())),
        _ => None,
    };
    if let Some((key, false)) = needed {
        let message = format!("a signature in the form `{word}` needs `{key}`");
        let span = given.form.map_or(given.name.span, |form| form.span);
        faults.push(Diagnostic::new(Code::BadSignature, span, message).help(format!("add `{key}`")));
        return None;
    }
    for (key, text, form) in [("prefix", given.prefix, "list"), ("part", given.part, "parts")] {
        if let Some(text) = text.filter(|_| word != form) {
            let message = format!("`{key}` belongs to a signature in the form `{form}`");
            let fault = Diagnostic::new(Code::BadSignature, text.span, message);
            faults.push(fault.help(format!("add `form: {form}`, or remove `{key}`")));
        }
    }
    let problem = match (word == "parts", timestamp_part) {
        (true, None) => Some((
            given.form.unwrap_or(given.name),
            "a signature in the form `parts` needs the time of signing among its parts",
            "add `timestamp` with its `part`, such as `t`",
        )),
        (false, Some(part)) => Some((
            part,
            "the time of signing is a part of the signature header in the form `parts` alone",
            "name the `header` of the time, or write `form: parts`",
        )),
        _ => None,
    };
    if let Some((place, message, help)) = problem {
        faults.push(Diagnostic::new(Code::BadSignature, place.span, message).help(help));
        return None;
    }
    let owned = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    match word {
        "list" => Some(SignatureForm::List { prefix: owned(given.prefix)? }),
        "parts" => {
            Some(SignatureForm::KeyValue { timestamp: owned(timestamp_part)?, signature: owned(given.part)? })
        }
        _ => Some(SignatureForm::Single),
    }
}

/// How webhooks are managed.
pub(super) fn webhooks(
    manifest: &Manifest<'_>,
    signatures: &[Signature],
    actions: &[Action],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Webhooks> {
    let Some(given) = &manifest.webhooks else {
        if let Some(trigger) = manifest.triggers.first() {
            let fault = Diagnostic::new(
                Code::MissingKey,
                trigger.id.span,
                "a trigger needs `webhooks` in the manifest",
            );
            faults.push(fault.help("add `webhooks`: how they are managed, and what an event looks like"));
        }
        return None;
    };
    let mut profiles = Vec::new();
    for name in &given.signatures {
        match signatures.iter().find(|signature| signature.name == name.value) {
            Some(signature) => profiles.push(signature),
            None if manifest.signatures.iter().any(|signature| signature.name.value == name.value) => {}
            None => {
                let known = manifest.signatures.iter().map(|signature| signature.name.value);
                faults.push(unknown(Code::UnknownSignature, "signature profile", *name, known));
            }
        }
    }
    let mut inputs = Vec::new();
    for id in given.actions.iter().flatten() {
        inputs.extend(actions::find(*id, manifest, actions, faults).map(|action| action.rust.clone()));
    }
    let event = &given.event;
    let account_form = event.account_form?;
    grant::check_template(account_form, manifest, &[], faults);
    check_account_form(account_form, faults);
    check_shared_headers(given, &profiles, faults);
    for (span, _) in given.dedupe.iter().filter(|(_, line)| line.is_empty()) {
        let message = "a line without parts makes all deliveries one event";
        let fault = Diagnostic::new(Code::BadValue, *span, message);
        faults.push(fault.help("name a part of the delivery in it, or remove the line"));
    }
    if profiles.len() == given.signatures.len() {
        check_dedupe_headers(given, &profiles, faults);
    }
    let dedupe = given.dedupe.iter().map(|(_, line)| {
        line.iter().map(|(kind, name)| (*kind == "header", name.value.to_owned())).collect()
    });
    let subscription = match &given.subscription {
        Some(subscription) => Some(subscriptions::resolve(subscription, given, actions, lookup, faults)?),
        None => None,
    };
    let service = given.service.each_ref();
    Some(Webhooks {
        subscription,
        service: service.map(|event| event.as_ref().map(|event| (event.event.to_owned(), event.apart))),
        signatures: profiles.into_iter().map(|profile| profile.rust.clone()).collect(),
        actions: inputs.try_into().ok()?,
        event: [event.name?, event.account?, event.ty?, event.id?, event.time?]
            .map(|path| path.value.to_owned()),
        account_form: account_form.value.to_owned(),
        dedupe: dedupe.collect(),
    })
}

/// The runtime reads the account at the one variable of its form.
fn check_account_form(form: Text<'_>, faults: &mut Vec<Diagnostic>) {
    // Braces that do not match have been reported.
    if template::variables(form).is_ok_and(|variables| variables.len() != 1) {
        let message = "an account cannot be read by a form without exactly one variable";
        let fault = Diagnostic::new(Code::BadTemplate, form.span, message);
        faults.push(fault.help("write the form like `accounts/{account}`"));
    }
}

/// A header tells deliveries apart only if a profile signs it as its id: a sender can change every other header of a
/// repeated delivery. The signed time stands beside the key.
fn check_dedupe_headers(
    given: &manifest::Webhooks<'_>,
    profiles: &[&Signature],
    faults: &mut Vec<Diagnostic>,
) {
    let signed: Vec<&str> = profiles.iter().filter_map(|profile| profile.id_header.as_deref()).collect();
    let parts = given.dedupe.iter().flat_map(|(_, line)| line);
    for (_, name) in parts.filter(|(kind, _)| *kind == "header") {
        if signed.iter().any(|header| header.eq_ignore_ascii_case(name.value)) {
            continue;
        }
        let message =
            format!("no signature profile of the webhooks signs the header `{}` as its id", name.value);
        let help = match signed.as_slice() {
            [] => "name a path of the body with `body`".to_owned(),
            _ => {
                format!("name a signed id (`{}`), or a path of the body with `body`", signed.join("`, `"))
            }
        };
        faults.push(Diagnostic::new(Code::BadValue, name.span, message).help(help));
    }
}

/// Each header belongs to one use in one profile; otherwise the headers of a delivery do not tell its profiles.
fn check_shared_headers(
    given: &manifest::Webhooks<'_>,
    profiles: &[&Signature],
    faults: &mut Vec<Diagnostic>,
) {
    let mut taken: Vec<(&str, &str)> = Vec::new();
    for profile in profiles {
        let Some(place) = given.signatures.iter().rfind(|name| name.value == profile.name) else { continue };
        let others = [&profile.timestamp_header, &profile.id_header].into_iter().flatten();
        for header in std::iter::once(&profile.header).chain(others) {
            let first = taken.iter().find(|(_, other)| other.eq_ignore_ascii_case(header));
            if let Some((first, _)) = first {
                let message = if *first == profile.name {
                    format!("the signature profile `{first}` uses the header `{header}` twice")
                } else {
                    format!(
                        "the signature profiles `{first}` and `{}` both use the header `{header}`",
                        profile.name
                    )
                };
                let fault = Diagnostic::new(Code::BadSignature, place.span, message);
                faults.push(
                    fault.help("use each header once, or leave a profile out of `webhooks.signatures`"),
                );
            }
            taken.push((&profile.name, header));
        }
    }
}
