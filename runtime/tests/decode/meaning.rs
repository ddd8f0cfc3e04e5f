//! Whether two JSON texts mean the same to an API that mixes up kinds of values: the judge of what is lossless.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Asserts that nothing of `sent` is missing in `written`.
#[track_caller]
pub(crate) fn assert_same(sent: &str, written: &str) {
    assert!(is_same(sent, written), "sent {sent}\nwritten {written}");
}

/// Whether both mean the same: an absent field is null, an empty list an empty object, `"3"` is 3.0, and 1 is true.
fn is_same(sent: &str, written: &str) -> bool {
    if sent == written {
        return true;
    }
    match (fields(sent), fields(written)) {
        (Some(sent), Some(written)) => {
            let null = || RawValue::NULL.get();
            let of = |fields: &BTreeMap<String, &RawValue>, name: &String| {
                fields.get(name).map_or_else(|| null().to_owned(), |raw| raw.get().to_owned())
            };
            sent.keys().chain(written.keys()).all(|name| is_same(&of(&sent, name), &of(&written, name)))
        }
        (None, None) => is_same_scalar(sent, written),
        (found, _) if found.as_ref().is_none_or(BTreeMap::is_empty) => {
            // A blank date or price is none.
            matches!((sent, written), ("\"\"", "null"))
        }
        _ => false,
    }
}

/// The fields of an object; the items of a list by their numbers, as PHP has them.
fn fields(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    if json.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        return Some(items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect());
    }
    json.starts_with('{').then(|| serde_json::from_str(json).ok())?
}

fn is_same_scalar(sent: &str, written: &str) -> bool {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    let (sent, written) = match (text(sent), text(written)) {
        (Some(sent), Some(written)) => return sent == written,
        (Some(sent), None) if sent.is_empty() => return written == "null",
        (sent_text, written_text) => {
            (sent_text.unwrap_or_else(|| sent.to_owned()), written_text.unwrap_or_else(|| written.to_owned()))
        }
    };
    if written == "true" || written == "false" {
        return sent == written || sent == if written == "true" { "1" } else { "0" };
    }
    match (Digits::of(&sent), Digits::of(&written)) {
        // A fraction may have become the nearest float.
        (Some(left), Some(right)) => {
            left == right || (sent.contains(['.', 'e', 'E']) && sent.parse::<f64>() == written.parse::<f64>())
        }
        _ => sent == written,
    }
}

/// A number by its significant digits and the place of its point.
#[derive(PartialEq)]
struct Digits {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        serde_json::from_str::<&RawValue>(text).ok()?;
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (is_negative, mantissa) =
            mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_end_matches('0');
        let exponent =
            exponent.parse::<i64>().ok()? - fraction.len() as i64 + (all.len() - digits.len()) as i64;
        let digits = digits.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Self {
            is_negative: is_negative && !is_zero,
            digits,
            exponent: if is_zero { 0 } else { exponent },
        })
    }
}

#[test]
fn the_judge_tells_a_loss() {
    for (sent, written) in [
        ("3", "3"),
        ("\"3\"", "3"),
        ("3.0", "3"),
        ("3e0", "3"),
        ("1", "true"),
        ("\"false\"", "false"),
        ("[]", "{}"),
        (r#"{"0":1}"#, "[1]"),
        (r#"{"a":null}"#, "{}"),
        ("\"\"", "null"),
        ("0.10", "\"0.1\""),
    ] {
        assert_same(sent, written);
    }
    for (sent, written) in [
        ("3", "4"),
        ("\"3\"", "null"),
        ("2", "true"),
        ("false", "null"),
        ("[1]", "[]"),
        ("[1]", "{}"),
        ("[null]", "null"),
        ("9007199254740993", "9007199254740992"),
        (r#"{"a":1}"#, "{}"),
        ("\"a\"", "\"b\""),
        ("\"a\"", "0"),
        ("0", "null"),
    ] {
        assert!(!is_same(sent, written), "{sent} {written}");
    }
}
