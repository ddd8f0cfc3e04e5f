//! Reads the body of a refusal: the API's own form of errors, the forms of the connector's other APIs, common forms, and
//! short plain text. Everything is bounded, since whoever answers chooses it.

use serde_json::{Map, Value};

use crate::connector::{Connector, ErrorShape};
use crate::error::Violation;
use crate::text;

/// Longest body that is read, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// Longest message, in characters.
const LONGEST_MESSAGE: usize = 1_000;

/// Longest name of a field, in characters.
const LONGEST_FIELD: usize = 200;

/// Most violations that are kept.
const MOST_VIOLATIONS: usize = 100;

/// How deep messages and findings may nest.
const DEEPEST: u8 = 4;

/// Members that hold a message, in the order of preference (RFC 9457, RFC 6749 and habit).
const MESSAGES: [&str; 8] =
    ["title", "message", "error", "detail", "error_description", "description", "msg", "reason"];

/// Members that explain a message which stands in another member.
const EXPLANATIONS: [&str; 2] = ["detail", "error_description"];

/// Members that hold findings: a map from field to message, or a list.
const FINDINGS: [&str; 5] = ["errors", "details", "violations", "invalid-params", "invalid_params"];

/// Members that hold the errors themselves and no message of their own.
const NESTED: [&str; 2] = ["error", "detail"];

/// Members that name the field of a finding.
const FIELDS: [&str; 6] = ["field", "path", "pointer", "loc", "parameter", "name"];

/// The message of a refusal and its findings by field. Both are empty if the body has no form that is known.
pub(crate) fn read(
    connector: &Connector,
    own: ErrorShape,
    media_type: Option<&str>,
    body: &[u8],
) -> (Option<String>, Vec<Violation>) {
    let body = text::without_mark(body);
    if body.len() > LONGEST_BODY {
        return (None, Vec::new());
    }
    let names = Names::of(connector, own);
    let mut found = Found { names: &names, messages: Vec::new(), violations: Vec::new() };
    match serde_json::from_slice::<Value>(body) {
        Ok(whole) => found.read(&whole, DEEPEST),
        Err(_) => return (plain(media_type, body), Vec::new()),
    }
    let Found { mut messages, violations, .. } = found;
    if messages.is_empty() {
        messages = violations.iter().map(told).collect();
    }
    (joined(&messages), violations)
}

/// The names of members, the API's own before all others.
struct Names {
    messages: Vec<&'static str>,
    findings: Vec<&'static str>,
}

impl Names {
    fn of(connector: &Connector, own: ErrorShape) -> Self {
        let others = connector.actions.iter().map(|action| action.operation.api.errors);
        let mut names = Self { messages: Vec::new(), findings: Vec::new() };
        for shape in [own].into_iter().chain(others) {
            let (ErrorShape::Object { message, fields } | ErrorShape::List { message, fields }) = shape;
            names.add(message, fields);
        }
        MESSAGES.into_iter().for_each(|name| add(&mut names.messages, name));
        FINDINGS.into_iter().for_each(|name| add(&mut names.findings, name));
        names
    }

    fn add(&mut self, message: &'static str, findings: &'static str) {
        add(&mut self.messages, message);
        add(&mut self.findings, findings);
    }
}

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// What was found in a body so far.
struct Found<'n> {
    names: &'n Names,
    messages: Vec<String>,
    violations: Vec<Violation>,
}

impl Found<'_> {
    /// Reads one error, or a list of errors.
    fn read(&mut self, value: &Value, depth: u8) {
        let Some(deeper) = depth.checked_sub(1) else { return };
        match value {
            Value::Object(object) => self.read_object(object, deeper),
            Value::Array(items) => {
                items.iter().take(MOST_VIOLATIONS).for_each(|item| self.read(item, deeper));
            }
            Value::String(text) => self.messages.extend(line(text, LONGEST_MESSAGE)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>, depth: u8) {
        self.messages.extend(message(object, self.names));
        for name in NESTED.iter().filter(|name| !self.names.findings.contains(name)) {
            match object.get(*name) {
                Some(nested @ Value::Object(_)) => self.read(nested, depth),
                Some(nested @ Value::Array(_)) => self.find("", nested, true, depth),
                _ => {}
            }
        }
        for name in &self.names.findings {
            match object.get(*name) {
                Some(findings @ (Value::Object(_) | Value::Array(_))) => {
                    self.find("", findings, false, depth)
                }
                Some(Value::String(text)) if self.messages.is_empty() => {
                    self.messages.extend(line(text, LONGEST_MESSAGE));
                }
                _ => {}
            }
        }
    }

    /// Reads findings about the field at `path`. An item of a list, or the value of a field, may be an object with a message
    /// of its own; any other object is a map from field to findings.
    fn find(&mut self, path: &str, findings: &Value, is_item: bool, depth: u8) {
        if self.violations.len() >= MOST_VIOLATIONS {
            return;
        }
        match (findings, depth.checked_sub(1)) {
            (Value::Array(items), Some(deeper)) => {
                items.iter().for_each(|item| self.find(path, item, true, deeper));
            }
            (Value::Object(object), Some(deeper)) => match message(object, self.names).filter(|_| is_item) {
                Some(message) => self.add(&step(path, &field(object).unwrap_or_default()), message),
                None => {
                    object.iter().for_each(|(name, inner)| self.find(&step(path, name), inner, true, deeper))
                }
            },
            (other, _) => {
                if let Some(message) = words(other) {
                    self.add(path, message);
                }
            }
        }
    }

    fn add(&mut self, path: &str, message: String) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(Violation::new(line(path, LONGEST_FIELD).unwrap_or_default(), message));
        }
    }
}

/// The message of an error: the first member that holds words, with its explanation where that stands apart.
fn message(object: &Map<String, Value>, names: &Names) -> Option<String> {
    let scalar = |name: &str| match object.get(name)? {
        value @ (Value::String(_) | Value::Number(_)) => words(value),
        _ => None,
    };
    let (name, message) = names.messages.iter().find_map(|name| Some((*name, scalar(name)?)))?;
    let others = EXPLANATIONS.iter().filter(|other| **other != name);
    let more = others.filter_map(|other| scalar(other)).find(|more| *more != message);
    match more {
        Some(more) => line(&format!("{message}: {more}"), LONGEST_MESSAGE),
        None => Some(message),
    }
}

/// The field that a finding names.
fn field(object: &Map<String, Value>) -> Option<String> {
    let source = object.get("source").and_then(Value::as_object);
    let members = [Some(object), source].into_iter().flatten();
    members.flat_map(|object| FIELDS.iter().filter_map(|name| object.get(*name))).find_map(
        |value| match value {
            Value::String(text) => line(text, LONGEST_FIELD),
            Value::Array(steps) => {
                let steps: Vec<String> = steps.iter().filter_map(words).collect();
                line(&steps.join("."), LONGEST_FIELD)
            }
            _ => None,
        },
    )
}

/// A value in words: a text as it is, anything else as JSON.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => line(text, LONGEST_MESSAGE),
        Value::Null => None,
        other => line(&other.to_string(), LONGEST_MESSAGE),
    }
}

fn step(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}

fn told(violation: &Violation) -> String {
    match violation.field() {
        "" => violation.message().to_owned(),
        field => format!("{field}: {}", violation.message()),
    }
}

fn joined(messages: &[String]) -> Option<String> {
    line(&messages.join("; "), LONGEST_MESSAGE)
}

/// A body in words. A page, a document and broken JSON are none.
fn plain(media_type: Option<&str>, body: &[u8]) -> Option<String> {
    let text = text::read(body).ok()?.trim();
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let is_page = text.starts_with('<') || media_type.contains("html") || media_type.contains("xml");
    let is_broken = text.starts_with(['{', '[', '"']) && !media_type.contains("text");
    (!is_page && !is_broken && !text.contains('\0')).then(|| line(text, LONGEST_MESSAGE)).flatten()
}

/// One line without control characters and marks of direction, cut to `most` characters; `None` if nothing is left.
fn line(text: &str, most: usize) -> Option<String> {
    let is_unseen = |c: char| matches!(c, '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let shown = text.chars().filter_map(|c| match c {
        c if c.is_whitespace() => Some(' '),
        c if c.is_control() || is_unseen(c) => None,
        c => Some(c),
    });
    // Nothing beyond is looked at; spaces in a row become one.
    let shown: String = shown.take(most.saturating_mul(4)).collect();
    let words: Vec<&str> = shown.split(' ').filter(|word| !word.is_empty()).collect();
    let whole = words.join(" ");
    match whole.char_indices().nth(most) {
        _ if whole.is_empty() => None,
        None => Some(whole),
        Some(_) => Some(whole.chars().take(most - 1).chain(['…']).collect()),
    }
}

#[cfg(test)]
mod tests;
