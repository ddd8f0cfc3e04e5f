//! What the connector is, how it connects, the versions of its API and how they limit their callers.

use std::time::Duration;

use regex_lite::Regex;

use super::endpoint::report_stray;
use super::identifiers::{Identifiers, Names};
use super::paths::{Reads, Whole};
use super::{Lookup, actions, grant, inputs, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest, Text};
use crate::model::{
    Action, Api, Connection, ConnectionField, Connector, Credential, DateFormat, Placement, Quota, RateLimit,
    Returns, Scope, Ty, Wait, WaitUnit,
};
use crate::name;
use crate::source::Spanned;

/// What the connector is.
pub(super) fn connector(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Option<Connector> {
    let given = &manifest.connector;
    if let Some(format) = manifest.format.filter(|format| format.value != "1") {
        let message = format!("format {} is not known to this compiler", format.value);
        faults.push(Diagnostic::new(Code::UnknownFormat, format.span, message).help("write `format: 1`"));
    }
    let id = given.id?;
    if !name::Rule::Kebab.holds(id.value) {
        let fault =
            Diagnostic::new(Code::BadName, id.span, format!("`{}` is no id of a connector", id.value));
        faults.push(fault.help(format!("write {}", name::Rule::Kebab.describe())));
        return None;
    }
    let owned = str::to_owned;
    let (title, version, docs) = (owned(given.title), owned(given.version), owned(given.docs));
    Some(Connector { id: id.value.to_owned(), title, version, docs })
}

/// What a connection consists of; the actions that test it and tell its name are still to be filled in.
pub(super) fn connection(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Connection {
    let mut names = Identifiers::new(Names::Ours, &[]);
    let fields =
        manifest.fields.iter().filter_map(|field| connection_field(field, &mut names, faults)).collect();
    let credentials =
        manifest.credentials.iter().filter_map(|given| credential(given, manifest, &mut names, faults));
    let credentials = credentials.collect();
    let oauth2 = manifest.oauth2.as_ref().and_then(|given| grant::oauth2(given, manifest, faults));
    let callbacks = manifest.callbacks.as_ref().and_then(|given| grant::callbacks(given, manifest, faults));
    Connection { fields, credentials, oauth2, callbacks, test: None, label: None }
}

/// The action that shows whether a connection works, which is called without input.
pub(super) fn test(
    manifest: &Manifest<'_>,
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) -> Option<String> {
    let id = manifest.test?;
    let action = actions::find(id, manifest, actions, faults)?;
    inputs::check_complete(action, id, &[], faults);
    Some(action.id.clone())
}

/// The action that reads the account's name, which is called without input, and the field of its data.
pub(super) fn label(
    manifest: &Manifest<'_>,
    actions: &[Action],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(String, String)> {
    let label = manifest.label.as_ref()?;
    let id = label.action?;
    let action = actions::find(id, manifest, actions, faults)?;
    inputs::check_complete(action, id, &[], faults);
    match &action.returns {
        Returns::One(ty) | Returns::First(ty) => {
            let whole = Whole::new(format!("answer of `{}`", action.id), ty, lookup);
            whole.check_field(label.field, Reads::Text, faults);
        }
        Returns::Nothing | Returns::List(_) => {
            let message = format!("`{}` does not answer with a record", action.id);
            let fault = Diagnostic::new(Code::BadPath, id.span, message);
            faults.push(fault.help("name an action that reads the record of the account"));
        }
    }
    Some((action.id.clone(), label.field?.value.to_owned()))
}

fn credential(
    given: &manifest::Credential<'_>,
    manifest: &Manifest<'_>,
    names: &mut Identifiers,
    faults: &mut Vec<Diagnostic>,
) -> Option<Credential> {
    let rust = names.take(given.name, name::field, faults);
    let (kind, value) = given.placement?;
    let placement = match kind {
        "header" => Placement::Header(value.value.to_owned()),
        "bearer" => Placement::Bearer,
        "query" => Placement::Query(value.value.to_owned()),
        _ => {
            if !manifest.fields.iter().any(|field| field.name.value == value.value) {
                let known = manifest.fields.iter().map(|field| field.name.value);
                faults.push(unknown(Code::UnknownField, "connection field", value, known));
            }
            Placement::Basic(value.value.to_owned())
        }
    };
    Some(Credential {
        name: given.name.value.to_owned(),
        rust: rust?,
        title: given.title.to_owned(),
        description: given.description.to_owned(),
        placement,
    })
}

fn connection_field(
    given: &manifest::ConnectionField<'_>,
    names: &mut Identifiers,
    faults: &mut Vec<Diagnostic>,
) -> Option<ConnectionField> {
    let rust = names.take(given.name, name::field, faults)?;
    let (pattern, example) = (given.pattern?, given.example?);
    for form in &given.accept {
        // Patterns that are none were reported by the grammar.
        if Regex::new(form.value).is_ok_and(|regex| regex.captures_len() < 2) {
            let fault =
                Diagnostic::new(Code::BadPattern, form.span, "the pattern has no group for the bare value");
            faults.push(fault.help("put the part that is the value in parentheses"));
        }
    }
    let whole = Regex::new(&format!("^(?:{})$", pattern.value));
    if whole.is_ok_and(|regex| !regex.is_match(example.value)) {
        let message = format!("the example `{}` does not match the pattern", example.value);
        let fault =
            Diagnostic::new(Code::BadValue, example.span, message).related(pattern.span, "the pattern");
        faults.push(fault.help("give a bare value that the pattern accepts"));
    }
    Some(ConnectionField {
        name: given.name.value.to_owned(),
        rust,
        title: given.title.to_owned(),
        description: given.description.to_owned(),
        pattern: pattern.value.to_owned(),
        accept: given.accept.iter().map(|form| form.value.to_owned()).collect(),
        example: example.value.to_owned(),
    })
}

/// The versions of the API.
pub(super) fn apis(
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Api> {
    let mut names = Identifiers::new(Names::Ours, &[]);
    let pair = |(first, second): (&str, &str)| (first.to_owned(), second.to_owned());
    let resolve = |given: &manifest::Api<'_>| {
        let rust = names.take(given.id, name::constant, faults);
        let (server, base) = (given.server?, given.base?);
        if server.value.trim_start_matches("https://").contains(['/', '?', '#', '@', '{', '}']) {
            let fault =
                Diagnostic::new(Code::BadValue, server.span, "a server is a scheme and a host, no more");
            faults.push(fault.help(match server.value.contains('{') {
                true => "write the whole host out: a connection field can stand in `base` and not in a host",
                false => "move the path to `base`",
            }));
        }
        check_base(base, manifest, faults);
        let meta = match given.meta {
            Some(record) => Some(meta(record, lookup, faults)?),
            None => None,
        };
        Some(Api {
            id: given.id.value.to_owned(),
            rust: rust?,
            server: server.value.to_owned(),
            base: base.value.to_owned(),
            envelope: given.envelope.map(|(data, meta)| (data.to_owned(), meta.map(str::to_owned))),
            meta,
            errors_in_list: given.errors_in_list,
            errors: pair(given.errors),
            dates: if given.dates == "rfc2822" { DateFormat::Rfc2822 } else { DateFormat::Rfc3339 },
            has_text_decimals: given.decimals == Some("text"),
            request_id: given.request_id.map(str::to_owned),
        })
    };
    manifest.apis.iter().filter_map(resolve).collect()
}

/// The record of what an API says about its data.
fn meta(given: Text<'_>, lookup: &Lookup<'_, '_>, faults: &mut Vec<Diagnostic>) -> Option<String> {
    let Ty::Record(record) = lookup.named(given, faults)? else {
        let message = format!("`{}` is no record", given.value);
        let fault = Diagnostic::new(Code::BadValue, given.span, message);
        faults.push(fault.help("name the record of what an answer says about its data"));
        return None;
    };
    Some(record)
}

fn check_base(base: Spanned<&str>, manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) {
    report_stray(base, faults);
    if !base.value.is_empty() && (!base.value.starts_with('/') || base.value.ends_with('/')) {
        let fault =
            Diagnostic::new(Code::BadTemplate, base.span, "a base begins with a slash and ends without one");
        faults.push(fault.help("write it like `/stores/{store}/v3`"));
    }
    grant::check_template(base, manifest, &[], faults);
}

/// The OAuth scopes.
pub(super) fn scopes(manifest: &Manifest<'_>) -> Vec<Scope> {
    let resolve = |given: &manifest::Scope<'_>| Scope {
        name: given.name.value.to_owned(),
        title: given.title.to_owned(),
        modify: given.modify.to_owned(),
        read: given.read.map(str::to_owned),
    };
    manifest.scopes.iter().map(resolve).collect()
}

/// How the API limits its callers.
pub(super) fn rate_limit(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Option<RateLimit> {
    let given = &manifest.rate_limit;
    let code = status(given.status?, faults);
    let also = given.also.iter().filter_map(|also| status(*also, faults)).collect();
    let overload_wait = duration(given.overload_wait, faults);
    let max_wait = duration(given.max_wait, faults);
    if let Some(per) =
        given.per.filter(|per| !manifest.fields.iter().any(|field| field.name.value == per.value))
    {
        let known = manifest.fields.iter().map(|field| field.name.value);
        faults.push(unknown(Code::UnknownField, "connection field", per, known));
    }
    let quota = given.quota.as_ref().map(|quota| Quota {
        quota: quota.quota.to_owned(),
        left: quota.left.to_owned(),
        window: wait(quota.window),
        reset: wait(quota.reset),
    });
    Some(RateLimit {
        status: code?,
        also,
        waits: given.waits.iter().copied().map(wait).collect(),
        quota,
        per: given.per.map(|per| per.value.to_owned()),
        overload_wait: overload_wait?,
        max_wait: max_wait?,
    })
}

fn wait((header, unit): (&str, &str)) -> Wait {
    let unit = match unit {
        "seconds" => WaitUnit::Seconds,
        "epoch-seconds" => WaitUnit::EpochSeconds,
        "epoch-milliseconds" => WaitUnit::EpochMilliseconds,
        "retry-after" => WaitUnit::RetryAfter,
        _ => WaitUnit::Milliseconds,
    };
    (header.to_owned(), unit)
}

fn status(given: Spanned<&str>, faults: &mut Vec<Diagnostic>) -> Option<u16> {
    // What is no number has been reported.
    let number: i64 = given.value.parse().ok()?;
    let status = u16::try_from(number).ok().filter(|status| (400..600).contains(status));
    if status.is_none() {
        let fault =
            Diagnostic::new(Code::BadValue, given.span, "a refused call has a status from 400 to 599");
        faults.push(fault.help("give the status that answers a call too many, such as 429"));
    }
    status
}

fn duration(given: Option<Spanned<&str>>, faults: &mut Vec<Diagnostic>) -> Option<Duration> {
    let given = given?;
    let duration = parse_duration(given.value)?;
    if duration.is_zero() {
        let fault = Diagnostic::new(Code::BadValue, given.span, "a limited caller must not go on at once");
        faults.push(fault.help("give a wait of at least a millisecond"));
    }
    Some(duration)
}
