//! Checks the structure of a manifest against the grammar and reports everything that does not fit.

use regex_lite::Regex;

use super::{Key, Object, Shape};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::name::nearest;
use crate::source::Span;
use crate::tree::{Entry, Kind, Node};

/// Checks `node`; `owner` is the place to point at when something in it is missing.
pub(crate) fn check(node: &Node<'_>, shape: &Shape, owner: Span, faults: &mut Vec<Diagnostic>) {
    match (shape, &node.kind) {
        // No place takes nothing: what need not be said is left out with its key.
        (shape, _) if node.noun() == "nothing" => wrong(node, shape, faults),
        (Shape::ByKind { scalar: Some(Shape::Choice(words)), .. }, Kind::Scalar { text, .. })
            if !words.contains(&text.as_ref()) =>
        {
            let message = format!("`{}` is not possible here", shorten(text));
            let near = nearest(text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let fault = Diagnostic::new(Code::BadValue, node.span, message);
            faults.push(fault.help(near.unwrap_or_else(|| remedy(shape))));
        }
        (Shape::ByKind { scalar: Some(inner), .. }, Kind::Scalar { .. })
        | (Shape::ByKind { list: Some(inner), .. }, Kind::Sequence(_))
        | (Shape::ByKind { mapping: Some(inner), .. }, Kind::Mapping(_)) => check(node, inner, owner, faults),
        (Shape::List(item), Kind::Sequence(items)) => {
            for node in items {
                check(node, item, node.span, faults);
            }
        }
        (Shape::Map { rule, value }, Kind::Mapping(entries)) => {
            for Entry { key, value: node } in entries {
                if !rule.holds(&key.value) {
                    let message =
                        format!("`{}` does not follow the rule for names here", shorten(&key.value));
                    let help = format!("write {}", rule.describe());
                    faults.push(Diagnostic::new(Code::BadName, key.span, message).help(help));
                }
                check(node, value, key.span, faults);
            }
        }
        (Shape::Object(object), Kind::Mapping(entries)) => check_object(entries, object, owner, faults),
        (shape, Kind::Scalar { text, plain }) => check_scalar(shape, text, *plain, node, faults),
        (shape, _) => wrong(node, shape, faults),
    }
}

fn check_object(entries: &[Entry<'_>], object: &Object, owner: Span, faults: &mut Vec<Diagnostic>) {
    let names: Vec<&str> = object.keys.iter().map(|key| key.name).collect();
    // A misspelt key is one fault: the key it was meant to be is not missing.
    let mut meant = Vec::new();
    for entry in entries {
        match object.keys.iter().find(|key| key.name == entry.key.value) {
            Some(key) => check(&entry.value, key.shape, entry.key.span, faults),
            None => match object.refused.iter().find(|refusal| refusal.key == entry.key.value) {
                Some(refusal) => {
                    let message = format!("`{}` is not supported here", refusal.key);
                    let fault = Diagnostic::new(refusal.code, entry.key.span, message);
                    faults.push(fault.help(refusal.help));
                    meant.extend(object.one_of.iter().flat_map(|group| group.iter().copied()));
                }
                None => {
                    meant.extend(nearest(&entry.key.value, names.iter().copied()));
                    faults.push(unknown(entry, object.name, &names));
                }
            },
        }
    }
    let given = |name: &str| entries.iter().find(|entry| entry.key.value == name);
    let is_missing = |name: &str| given(name).is_none() && !meant.contains(&name);
    for key in object.keys.iter().filter(|key| key.required && is_missing(key.name)) {
        faults.push(missing(object, key, owner));
    }
    for group in object.one_of {
        let mut found = group.iter().filter_map(|name| given(name));
        match (found.next(), found.next()) {
            (None, _) if group.iter().all(|name| is_missing(name)) => {
                let message = format!("{} needs one of the keys {}", article(object.name), quoted(group));
                faults
                    .push(Diagnostic::new(Code::MissingKey, owner, message).help("give exactly one of them"));
            }
            (Some(first), Some(second)) => {
                let message = format!("`{}` and `{}` exclude each other", first.key.value, second.key.value);
                let fault = Diagnostic::new(Code::ConflictingKeys, second.key.span, message);
                faults.push(fault.help("keep one of them").related(first.key.span, "the other one"));
            }
            _ => {}
        }
    }
}

fn check_scalar(shape: &Shape, text: &str, plain: bool, node: &Node<'_>, faults: &mut Vec<Diagnostic>) {
    let bad = |code, message: String| Diagnostic::new(code, node.span, message);
    match shape {
        Shape::Pattern => {
            if let Err(error) = Regex::new(text) {
                let fault = bad(Code::BadPattern, format!("this is no regular expression: {error}"));
                faults.push(fault.help("escape what is meant literally, and close groups and classes"));
            }
        }
        Shape::Choice(words) if !words.contains(&text) => {
            let fault = bad(Code::BadValue, format!("`{}` is not possible here", shorten(text)));
            faults.push(fault.help(suggestion(text, words)));
        }
        Shape::Choice(_) => {}
        shape if !fits(shape, text, plain) => wrong(node, shape, faults),
        _ => {}
    }
}

/// Whether a scalar has the form of its shape; `plain` tells an unquoted one.
fn fits(shape: &Shape, text: &str, plain: bool) -> bool {
    match shape {
        Shape::Text | Shape::Name(_) | Shape::Scalar => true,
        Shape::Url => text.strip_prefix("https://").is_some_and(is_rest_of_url),
        Shape::Header => http_token(text),
        Shape::Integer => plain && text.parse::<i64>().is_ok(),
        Shape::Number => plain && is_number(text),
        Shape::Boolean => plain && matches!(text, "true" | "false"),
        Shape::Duration => parse_duration(text).is_some(),
        _ => false,
    }
}

fn wrong(node: &Node<'_>, shape: &Shape, faults: &mut Vec<Diagnostic>) {
    let unquoted = match &node.kind {
        Kind::Scalar { text, plain: false } => fits(shape, text, true),
        _ => false,
    };
    let found = match &node.kind {
        Kind::Scalar { text, plain: false } => format!("the text {:?}", shorten(text)),
        Kind::Scalar { text, plain: true } if node.noun() != "nothing" => format!("`{}`", shorten(text)),
        _ => node.noun().to_owned(),
    };
    let fault =
        Diagnostic::new(Code::WrongType, node.span, format!("expected {}, found {found}", shape.noun()));
    let help = match shape {
        _ if unquoted => "remove the quotes".to_owned(),
        Shape::Object(object) if node.noun() == "nothing" => {
            format!("write its keys below it, indented further than its name: {}", key_names(object))
        }
        shape => remedy(shape),
    };
    faults.push(fault.help(help));
}

/// What to write where something of the wrong kind stands.
fn remedy(shape: &Shape) -> String {
    match shape {
        Shape::Url => "write the whole address, such as https://example.com/docs".to_owned(),
        Shape::Header => "write letters, digits and dashes, such as X-Request-Id".to_owned(),
        Shape::Number => "write at most 18 digits without exponent and unit, such as 12 or 0.5".to_owned(),
        Shape::Duration => "write a whole number and ms, s, m or h, with nothing between".to_owned(),
        Shape::List(_) => "write `[one, two]`, or each item on a line that begins with a dash".to_owned(),
        Shape::Map { .. } => "write a name and a colon in front of each entry".to_owned(),
        Shape::Object(object) => format!("possible keys: {}", key_names(object)),
        Shape::ByKind { scalar, list, mapping } => {
            let form = |form: &&Shape| match form {
                Shape::Object(object) => format!("a mapping with keys of {}", key_names(object)),
                form => form.noun(),
            };
            let forms: Vec<String> = [scalar, list, mapping].into_iter().flatten().map(form).collect();
            format!("write {}", forms.join(", or "))
        }
        _ => format!("write {}", shape.noun()),
    }
}

fn key_names(object: &Object) -> String {
    let names: Vec<&str> = object.keys.iter().map(|key| key.name).collect();
    quoted(&names)
}

fn unknown(entry: &Entry<'_>, object: &str, names: &[&str]) -> Diagnostic {
    let message = format!("{} has no key `{}`", article(object), shorten(&entry.key.value));
    Diagnostic::new(Code::UnknownKey, entry.key.span, message).help(suggestion(&entry.key.value, names))
}

fn missing(object: &Object, key: &Key, owner: Span) -> Diagnostic {
    let message = format!("{} needs the key `{}`", article(object.name), key.name);
    Diagnostic::new(Code::MissingKey, owner, message).help(format!("add `{}`: {}", key.name, key.about))
}

/// `did you mean …`, or everything that is possible.
fn suggestion(found: &str, possible: &[&str]) -> String {
    match nearest(found, possible.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("possible here: {}", quoted(possible)),
    }
}

pub(super) fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A text short enough for one line of a message.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What may follow `https://`: no blanks, and nothing that would end a link in documentation.
fn is_rest_of_url(rest: &str) -> bool {
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"`\\".contains(&byte))
}

/// A token of RFC 9110, section 5.6.2.
fn http_token(text: &str) -> bool {
    let special = b"!#$%&'*+-.^_`|~";
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || special.contains(&byte))
}

/// A decimal number without exponent: `-12`, `0.5`.
fn is_number(text: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 18 && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}
