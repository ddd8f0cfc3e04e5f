//! What the connector is, how it connects, the versions of its API and how they limit their callers.

use std::time::Duration;

use regex_lite::Regex;

use super::actions::report_stray;
use super::identifiers::{Identifiers, Names};
use super::unknown;
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest};
use crate::model::{
    Api, Connection, ConnectionField, Connector, Credential, DateFormat, RateLimit, Scope, WaitUnit,
};
use crate::name;
use crate::source::Spanned;
use crate::template;

/// The connector and its connection.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    faults: &mut Vec<Diagnostic>,
) -> (Option<Connector>, Connection) {
    let given = &manifest.connector;
    if let Some(format) = manifest.format.filter(|format| format.value != "1") {
        let message = format!("format {} is not known to this compiler", format.value);
        faults.push(Diagnostic::new(Code::UnknownFormat, format.span, message).help("write `format: 1`"));
    }
    let connector = given.id.and_then(|id| {
        if !name::Rule::Kebab.holds(id.value) {
            let fault =
                Diagnostic::new(Code::BadName, id.span, format!("`{}` is no id of a connector", id.value));
            faults.push(fault.help(format!("write {}", name::Rule::Kebab.describe())));
            return None;
        }
        let owned = str::to_owned;
        let (title, version, docs) = (owned(given.title), owned(given.version), owned(given.docs));
        Some(Connector { id: id.value.to_owned(), title, version, docs })
    });
    let mut names = Identifiers::new(Names::Ours, &[]);
    let fields =
        manifest.fields.iter().filter_map(|field| connection_field(field, &mut names, faults)).collect();
    let credentials = manifest.credentials.iter().filter_map(|given| {
        Some(Credential {
            rust: names.take(given.name, name::field, faults)?,
            name: given.name.value.to_owned(),
            title: given.title.to_owned(),
            description: given.description.to_owned(),
            header: given.header.to_owned(),
        })
    });
    let credentials = credentials.collect();
    (connector, Connection { fields, credentials })
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
pub(super) fn apis(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Api> {
    let mut names = Identifiers::new(Names::Ours, &[]);
    let pair = |(first, second): (&str, &str)| (first.to_owned(), second.to_owned());
    let resolve = |given: &manifest::Api<'_>| {
        let rust = names.take(given.id, name::constant, faults);
        let (server, base) = (given.server?, given.base?);
        if server.value.trim_start_matches("https://").contains(['/', '?', '#', '@', '{', '}']) {
            let fault =
                Diagnostic::new(Code::BadValue, server.span, "a server is a scheme and a host, no more");
            faults.push(fault.help("move the path to `base`"));
        }
        check_base(base, manifest, faults);
        Some(Api {
            id: given.id.value.to_owned(),
            rust: rust?,
            server: server.value.to_owned(),
            base: base.value.to_owned(),
            envelope: given.envelope.map(pair),
            errors: pair(given.errors),
            dates: if given.dates == "rfc2822" { DateFormat::Rfc2822 } else { DateFormat::Rfc3339 },
            request_id: given.request_id.map(str::to_owned),
        })
    };
    manifest.apis.iter().filter_map(resolve).collect()
}

fn check_base(base: Spanned<&str>, manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) {
    report_stray(base, faults);
    if !base.value.is_empty() && (!base.value.starts_with('/') || base.value.ends_with('/')) {
        let fault =
            Diagnostic::new(Code::BadTemplate, base.span, "a base begins with a slash and ends without one");
        faults.push(fault.help("write it like `/stores/{store}/v3`"));
    }
    match template::variables(base) {
        Err((span, what)) => faults.push(Diagnostic::new(Code::BadTemplate, span, what).help(template::HELP)),
        Ok(variables) => {
            let known = || manifest.fields.iter().map(|field| field.name.value);
            for variable in
                variables.into_iter().filter(|variable| !known().any(|name| name == variable.value))
            {
                faults.push(unknown(Code::BadTemplate, "connection field", variable, known()));
            }
        }
    }
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
    let status = given.status?;
    // What is no number has been reported.
    let number: i64 = status.value.parse().ok()?;
    let code = u16::try_from(number).ok().filter(|code| (400..600).contains(code));
    if code.is_none() {
        let fault =
            Diagnostic::new(Code::BadValue, status.span, "a refused call has a status from 400 to 599");
        faults.push(fault.help("give the status that answers a call too many, such as 429"));
    }
    let mut duration = |given: Option<Spanned<&str>>| {
        let given = given?;
        let duration = parse_duration(given.value)?;
        if duration.is_zero() {
            let fault =
                Diagnostic::new(Code::BadValue, given.span, "a limited caller must not go on at once");
            faults.push(fault.help("give a wait of at least a millisecond"));
        }
        Some(duration)
    };
    let (overload_wait, max_wait): (Option<Duration>, _) =
        (duration(given.overload_wait), duration(given.max_wait));
    let unit = |unit| if unit == "seconds" { WaitUnit::Seconds } else { WaitUnit::Milliseconds };
    let waits = given.waits.iter().map(|(header, counts)| ((*header).to_owned(), unit(*counts))).collect();
    Some(RateLimit { status: code?, waits, overload_wait: overload_wait?, max_wait: max_wait? })
}
