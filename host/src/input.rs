//! The input of an action: from flags and a file to one JSON object, digit for digit as it was written.

use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::members::Members;
use crate::schema::Kind;

/// What a flag's text became: JSON, or what is wrong with it.
pub(crate) type Given = Result<String, String>;

/// The JSON of a flag's value; for a list, the items of one use of the flag, to be joined by [`join`].
///
/// # Errors
/// What is wrong with the text and how to write it, in the words of a violation.
pub(crate) fn literal(kind: &Kind, text: &str) -> Given {
    match kind {
        Kind::Integer if is_integer(text) => Ok(text.to_owned()),
        Kind::Integer => Err("must be a whole number in digits alone, such as 42".to_owned()),
        Kind::Number if is_number(text) => Ok(text.to_owned()),
        Kind::Number => Err("must be a number, such as 42 or 12.50".to_owned()),
        Kind::Boolean if matches!(text, "true" | "false") => Ok(text.to_owned()),
        Kind::Boolean => Err("must be true or false".to_owned()),
        Kind::Text => Ok(string(text)),
        Kind::List(items) => list(items, text),
        Kind::Json | Kind::JsonList => match serde_json::from_str::<&RawValue>(text) {
            Ok(json) => Ok(json.get().to_owned()),
            Err(fault) => Err(format!("is no JSON at column {}: a string needs its quotes", fault.column())),
        },
    }
}

/// The JSON of a flag from the JSON of each of its uses.
///
/// # Errors
/// What is wrong with the first use that is wrong.
pub(crate) fn join(kind: &Kind, uses: Vec<Given>) -> Given {
    let uses = uses.into_iter().collect::<Result<Vec<String>, String>>()?;
    Ok(match kind {
        Kind::List(_) => {
            let items: Vec<&str> =
                uses.iter().map(String::as_str).filter(|items| !items.is_empty()).collect();
            format!("[{}]", items.join(","))
        }
        _ => uses.last().cloned().unwrap_or_else(|| "null".to_owned()),
    })
}

/// Everything that is wrong with an input in one list: what is wrong with the text of flags, and what the action
/// finds in the rest. Of a field whose text could not be read, and of the whole input then, the action can tell nothing.
pub(crate) fn violations(
    unreadable: &[(String, String)],
    found: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let is_of = |place: &str, field: &str| {
        place.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let is_told = |place: &str| place.is_empty() || unreadable.iter().any(|(field, _)| is_of(place, field));
    let found = found.into_iter().filter(|(place, _)| !is_told(place));
    unreadable.iter().cloned().chain(found).collect()
}

/// The whole input: the object in `base`, with the `flags` (name and JSON) in place of members of the same name.
///
/// # Errors
/// When `base` is no JSON object.
pub(crate) fn compose(base: Option<&str>, flags: &[(String, String)]) -> Result<String, Failure> {
    let mut members: Members = match base {
        None => Members::default(),
        Some(text) => serde_json::from_str(text).map_err(|fault| {
            let what = match fault.is_data() {
                true => "is JSON, but no object".to_owned(),
                false => format!("is no JSON at line {} column {}", fault.line(), fault.column()),
            };
            Failure::usage(format!("--input {what}: write the fields as {{\"name\": value}}"))
        })?,
    };
    for (name, json) in flags {
        let value =
            RawValue::from_string(json.clone()).expect("a flag's value was made into JSON when it was read");
        members.set(name, value);
    }
    Ok(members.to_json())
}

fn list(items: &Kind, text: &str) -> Result<String, String> {
    if text.trim_start().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text)
            .map_err(|fault| format!("is no JSON list at column {}", fault.column()))?;
        let items: Vec<&str> = items.iter().map(|item| item.get()).collect();
        return Ok(items.join(","));
    }
    if text.is_empty() {
        return Ok(String::new());
    }
    let each: Vec<String> =
        text.split(',').map(|item| literal(items, item.trim())).collect::<Result<_, _>>()?;
    Ok(each.join(","))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && is_number(text)
}

/// Whether the text is a number as JSON writes it (RFC 8259, section 6).
fn is_number(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    // Whitespace around a value is JSON too, but no part of the number.
    begins && text.trim_ascii() == text && serde_json::from_str::<&RawValue>(text).is_ok()
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(kind: &Kind, text: &str, json: &str) {
        assert_eq!(literal(kind, text).as_deref(), Ok(json));
    }

    #[track_caller]
    fn refuses(kind: &Kind, texts: &[&str]) {
        for text in texts {
            assert!(literal(kind, text).is_err(), "{text:?} as {kind:?}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        accepts(&Kind::Integer, "12345678901234567890123", "12345678901234567890123");
        accepts(&Kind::Integer, "-5", "-5");
        accepts(&Kind::Number, "0.10", "0.10");
        accepts(&Kind::Number, "1e3", "1e3");
    }

    #[test]
    fn refuses_what_is_no_number() {
        refuses(&Kind::Integer, &["", "-", "abc", "1.0", "1e3", "007", "+1", " 1", "0x10", "true", "\"1\""]);
        refuses(&Kind::Number, &["", ".5", "1,5", "NaN", "1 ", "[1]", "null"]);
        refuses(&Kind::Boolean, &["", "yes", "True", "1"]);
    }

    #[test]
    fn strings_are_escaped() {
        accepts(&Kind::Text, "a\"b\\\n", r#""a\"b\\\n""#);
        accepts(&Kind::Text, "true", "\"true\"");
    }

    #[test]
    fn lists_come_comma_separated_repeated_or_as_json() {
        let integers = Kind::List(Box::new(Kind::Integer));
        let texts = Kind::List(Box::new(Kind::Text));
        accepts(&integers, "1, 2", "1,2");
        accepts(&texts, "a,b", r#""a","b""#);
        accepts(&texts, r#"["a,b", "c"]"#, r#""a,b","c""#);
        refuses(&integers, &["1,,2", "1,x", "[1"]);
        let joined =
            |uses: &[&str]| join(&integers, uses.iter().map(|text| literal(&integers, text)).collect());
        assert_eq!(joined(&["1,2", "3"]).as_deref(), Ok("[1,2,3]"));
        assert_eq!(joined(&[""]).as_deref(), Ok("[]"));
        assert!(joined(&["1", "x", "3"]).is_err());
    }

    #[test]
    fn a_field_that_cannot_be_read_is_blamed_once() {
        let pair = |(field, what): (&str, &str)| (field.to_owned(), what.to_owned());
        let unreadable = [pair(("weight", "must be a number"))];
        let found =
            [("weight", "is required"), ("weight.x", "y"), ("weights", "z"), ("", "nothing to change")];
        let all = violations(&unreadable, found.map(pair).to_vec());
        assert_eq!(all, [("weight", "must be a number"), ("weights", "z")].map(pair));
    }

    #[test]
    fn free_json_must_be_json() {
        accepts(&Kind::Json, r#" {"a": [1]} "#, r#"{"a": [1]}"#);
        refuses(&Kind::Json, &["", "abc", "{\"a\":}", "1 2"]);
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = [("b".to_owned(), "9".to_owned()), ("c".to_owned(), "[1]".to_owned())];
        let input = compose(Some(r#"{"a": 1.50, "b": 2}"#), &flags).unwrap();
        assert_eq!(input, r#"{"a":1.50,"b":9,"c":[1]}"#);
        assert_eq!(compose(None, &[]).unwrap(), "{}");
    }

    #[test]
    fn refuses_an_input_that_is_no_object() {
        for (text, what) in [
            ("", "is no JSON at line 1 column 0"),
            ("{\"a\":1} x", "is no JSON at line 1 column 9"),
            ("[1]", "is JSON, but no object"),
            ("\"x\"", "is JSON, but no object"),
            ("null", "is JSON, but no object"),
        ] {
            let Err(Failure::Usage { message, .. }) = compose(Some(text), &[]) else { panic!("{text}") };
            let expected = format!("--input {what}: write the fields as {{\"name\": value}}");
            assert_eq!(message, expected, "{text}");
        }
    }
}
