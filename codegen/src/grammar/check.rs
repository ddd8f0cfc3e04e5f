//! Checks the structure of a manifest against the grammar and reports everything that does not fit.

use regex_lite::Regex;

use super::words::{meant_by, subject};
use super::{Key, Object, Shape, strays};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::name::{misspelt, nearest};
use crate::source::Span;
use crate::tree::{Entry, Kind, Node};

/// Checks `node`; `owner` is the place to point at when something in it is missing.
pub(crate) fn check(node: &Node<'_>, shape: &'static Shape, owner: Span, faults: &mut Vec<Diagnostic>) {
    match (shape, &node.kind) {
        // No place takes nothing: what need not be said is left out with its key.
        (shape, _) if node.noun() == "nothing" => wrong(node, shape, faults),
        (Shape::ByKind { scalar: Some(Shape::Choice(words)), .. }, Kind::Scalar { text, .. })
            if !words.contains(&text.as_ref()) =>
        {
            let message = format!("`{}` is not possible here", shorten(text));
            let near = misspelt(text, words).map(|near| format!("did you mean `{near}`? if not, "));
            let fault = Diagnostic::new(Code::BadValue, node.span, message);
            faults.push(fault.help(format!("{}{}", near.unwrap_or_default(), remedy(shape))));
        }
        (
            Shape::ByKind { scalar: Some(Shape::Text | Shape::Name(_)), mapping: Some(_), .. },
            Kind::Scalar { .. },
        ) if no_blank(node).is_some() => {
            let fault = Diagnostic::new(Code::BadYaml, node.span, "no blank follows the colon after a key");
            faults.push(fault.help(no_blank(node).unwrap_or_default()));
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
            for (index, Entry { key, value: node }) in entries.iter().enumerate() {
                let before = faults.len();
                if !rule.holds(&key.value) {
                    let message =
                        format!("`{}` does not follow the rule for names here", shorten(&key.value));
                    let help = format!("write {}", rule.describe());
                    faults.push(Diagnostic::new(Code::BadName, key.span, message).help(help));
                }
                check(node, value, key.span, faults);
                if faults.len() > before
                    && let Some(stray) = strays::of_map(entries, index, value)
                {
                    faults.truncate(before);
                    stray.report(faults);
                }
            }
        }
        (Shape::Object(object), Kind::Mapping(entries)) => check_object(entries, object, owner, faults),
        (shape, Kind::Scalar { text, plain }) => check_scalar(shape, text, *plain, node, faults),
        (shape, _) => wrong(node, shape, faults),
    }
}

fn check_object(entries: &[Entry<'_>], object: &'static Object, owner: Span, faults: &mut Vec<Diagnostic>) {
    let names: Vec<&str> = object.keys.iter().map(|key| key.name).collect();
    // A misspelt key is one fault: the key it was meant to be is not missing.
    let mut meant = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(key) = object.keys.iter().find(|key| key.name == entry.key.value) {
            check(&entry.value, key.shape, entry.key.span, faults);
        } else if let Some(refusal) = object.refused.iter().find(|refusal| refusal.key == entry.key.value) {
            let message = format!("`{}` is not supported here", refusal.key);
            let fault = Diagnostic::new(refusal.code, entry.key.span, message);
            faults.push(fault.help(refusal.help));
            meant.extend(object.one_of.iter().flat_map(|group| group.iter().copied()));
        } else if let Some(stray) = strays::of_object(entries, index, object) {
            stray.report(faults);
        } else {
            let ours = meaning(&entry.key.value, &names);
            meant.extend(ours);
            let above = strays::names_above(entries, index, object).filter(|_| ours.is_none());
            let above = above.map(|above| format!("; or indent it further if `{above}` is to contain it"));
            let fault = unknown(entry, object, ours, &names);
            let help = format!("{}{}", fault.help.clone().unwrap_or_default(), above.unwrap_or_default());
            faults.push(fault.help(help));
        }
    }
    meant.extend(strays::below(entries, object, faults));
    let given = |name: &str| entries.iter().find(|entry| entry.key.value == name);
    let is_missing = |name: &str| given(name).is_none() && !meant.contains(&name);
    for key in object.keys.iter().filter(|key| key.required && is_missing(key.name)) {
        faults.push(missing(object, key, owner));
    }
    for group in object.one_of {
        let mut found = group.iter().filter_map(|name| given(name));
        match (found.next(), found.next()) {
            (None, _) if group.iter().all(|name| is_missing(name)) => {
                let needs = subject(object.name, "needs", "need");
                let message = format!("{needs} one of the keys {}", quoted(group));
                let fault =
                    Diagnostic::new(Code::MissingKey, owner, message).help("give exactly one of them");
                faults.push(fault.about("one of the keys", &group.join(" ")));
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
            let near = misspelt(text, words).map(|near| format!("did you mean `{near}`? "));
            faults.push(fault.help(format!("{}supported here: {}", near.unwrap_or_default(), quoted(words))));
        }
        Shape::Choice(_) => {}
        shape if !fits(shape, text, plain) => wrong(node, shape, faults),
        _ => {}
    }
}

/// Whether a scalar has the form of its shape; `plain` tells an unquoted one.
fn fits(shape: &Shape, text: &str, plain: bool) -> bool {
    match shape {
        Shape::Scalar => true,
        Shape::Text | Shape::Name(_) => !plain || other_type(text).is_none(),
        Shape::Version => version(text),
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
        Kind::Scalar { text, plain: true }
            if matches!(shape, Shape::Text | Shape::Name(_)) && node.noun() != "nothing" =>
        {
            format!("{} `{}`", other_type(text).unwrap_or("the text"), shorten(text))
        }
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
        Shape::Text | Shape::Name(_) | Shape::ByKind { scalar: Some(Shape::Text | Shape::Name(_)), .. } => {
            match &node.kind {
                Kind::Scalar { text, plain: true } if node.noun() != "nothing" => {
                    format!("quote it: `\"{}\"`", shorten(text))
                }
                _ => remedy(shape),
            }
        }
        Shape::Version => version_help(node),
        shape => match no_blank(node) {
            Some(help) => help,
            None => remedy(shape),
        },
    };
    faults.push(fault.help(help));
}

/// The remedy for `key:value` where a mapping should be.
fn no_blank(node: &Node<'_>) -> Option<String> {
    let Kind::Scalar { text, plain: true } = &node.kind else { return None };
    let (key, value) = text.split_once(':')?;
    let is_word = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let is_address = value.starts_with("//");
    (is_word && !value.is_empty() && !is_address)
        .then(|| format!("write a blank after the colon: `{key}: {}`", shorten(value)))
}

fn version_help(node: &Node<'_>) -> String {
    let text = node.text().map_or("", |text| text.value);
    let numbers: Vec<&str> = text.trim_start_matches('v').split('.').collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit());
    let example = match numbers.iter().all(is_number) {
        true => numbers.iter().copied().chain(["0", "0"]).take(3).collect::<Vec<_>>().join("."),
        false => "0.1.0".to_owned(),
    };
    format!("write three numbers with dots between them, such as `{example}`")
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

/// The key that was meant by one that is misspelt or of another language.
fn meaning<'p>(found: &str, possible: &[&'p str]) -> Option<&'p str> {
    meant_by(found, possible).or_else(|| nearest(found, possible.iter().copied()))
}

fn unknown(entry: &Entry<'_>, object: &Object, ours: Option<&str>, names: &[&str]) -> Diagnostic {
    let found = &entry.key.value;
    let message = format!("{} no key `{}`", subject(object.name, "has", "have"), shorten(found));
    let help = match (ours, strays::homes(found)) {
        (Some(ours), _) => format!("did you mean `{ours}`?"),
        (None, Some(homes)) => {
            format!(
                "move `{found}` to where it belongs: it is a key of {homes}; possible here: {}",
                quoted(names)
            )
        }
        (None, None) => format!("possible here: {}", quoted(names)),
    };
    Diagnostic::new(Code::UnknownKey, entry.key.span, message).help(help).about("key", found)
}

pub(super) fn missing(object: &Object, key: &Key, owner: Span) -> Diagnostic {
    let message = format!("{} the key `{}`", subject(object.name, "needs", "need"), key.name);
    let fault = Diagnostic::new(Code::MissingKey, owner, message);
    fault.help(format!("add `{}`: {}", key.name, key.about)).about("key", key.name)
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

/// The type that YAML gives to a text without quotes, unless it is a text (YAML 1.2.2, section 10.3.2).
fn other_type(text: &str) -> Option<&'static str> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && (text.parse::<f64>().is_ok()
            || unsigned.strip_prefix("0x").is_some_and(|digits| u128::from_str_radix(digits, 16).is_ok())
            || unsigned.strip_prefix("0o").is_some_and(|digits| u128::from_str_radix(digits, 8).is_ok())
            || matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"));
    match text {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Some("the truth value"),
        "Null" | "NULL" => Some("the null"),
        _ if is_number => Some("the number"),
        _ => None,
    }
}

/// Three numbers, then perhaps what Semantic Versioning allows behind them.
fn version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (core, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let numbers: Vec<&str> = core.split('.').collect();
    let is_rest =
        rest.len() != 1 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    numbers.len() == 3 && numbers.into_iter().all(digits) && is_rest
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
