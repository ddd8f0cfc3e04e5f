//! Texts that match a regular expression, so that no test needs an example of a pattern by hand.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Value, json};

use crate::validator;

/// The characters that are taken from a class where it contains them, in this order.
const PREFERRED: &str = "aA0-/_.@ x";

/// How often a part without an upper bound is repeated beyond its least number, one text for each.
const REPEATS: [u32; 7] = [0, 1, 2, 5, 20, 100, 300];

/// How many alternatives and characters of a class are tried.
const PICKS: usize = 6;

/// Texts that a schema of type `string` accepts by its pattern and its bounds.
///
/// # Panics
/// When the schema or its pattern cannot be read.
pub fn fitting_texts(schema: &Value) -> impl Iterator<Item = String> {
    let length = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap_or(1);
    let plain = schema["pattern"].is_null().then(|| ["x".to_owned(), "x".repeat(length), String::new()]);
    let pattern = schema["pattern"].as_str().map(str::to_owned);
    let matching = pattern.into_iter().flat_map(pattern_texts);
    let validator = validator(schema);
    plain.into_iter().flatten().chain(matching).filter(move |text| validator.is_valid(&json!(text)))
}

/// Texts that are made from the parts of `pattern`. An anchor or a boundary adds nothing to a text, so that a text
/// does not always match.
fn pattern_texts(pattern: String) -> impl Iterator<Item = String> {
    let hir = regex_syntax::parse(&pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    REPEATS.into_iter().flat_map(|repeats| (0..PICKS).map(move |pick| (repeats, pick))).map(
        move |(repeats, pick)| {
            let mut text = String::new();
            write(&hir, repeats, pick, &mut text);
            text
        },
    )
}

fn write(hir: &Hir, repeats: u32, pick: usize, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(letter(class, pick)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let count = repetition.min.saturating_add(repeats).min(most);
            // What is within a repetition is as short as it can be, so that a text does not explode.
            (0..count).for_each(|_| write(&repetition.sub, 0, pick, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, repeats, pick, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, repeats, pick, text)),
        HirKind::Alternation(parts) => write(&parts[pick % parts.len()], repeats, pick / parts.len(), text),
    }
}

/// A character of a class: the preferred ones first, then the first of each range.
fn letter(class: &Class, pick: usize) -> char {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
    };
    let is_in = |letter: &char| ranges.iter().any(|(first, last)| first <= letter && letter <= last);
    let preferred = PREFERRED.chars().filter(is_in);
    let all: Vec<char> = preferred.chain(ranges.iter().map(|(first, _)| *first)).collect();
    all.get(pick % all.len().max(1)).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::fitting_texts;
    use serde_json::json;

    #[test]
    fn every_kind_of_pattern_has_texts_of_several_lengths() {
        for pattern in [
            "^(/[A-Za-z0-9_.-]{1,256})*/?$",
            "^([a-z]{2,3}|[a-z]{2}-[A-Z]{2}|[a-z]{2}-[0-9]{3})$",
            "^[^,]+$",
            "[A-Z]{2}",
            r"^https?://\w+(\.\w+)*$",
            "^(?i)sku-\\d{4}$",
            "^x",
        ] {
            let schema = json!({"type": "string", "pattern": pattern});
            assert!(fitting_texts(&schema).next().is_some(), "{pattern}");
        }
        let locale = "^([a-z]{2,3}|[a-z]{2}-[A-Z]{2}|[a-z]{2}-[0-9]{3})$";
        let schema = json!({"type": "string", "pattern": locale});
        let locales: Vec<String> = fitting_texts(&schema).collect();
        assert!(
            ["aa", "aa-AA", "aa-000"].iter().all(|form| locales.iter().any(|text| text == form)),
            "{locales:?}"
        );
        let long = json!({"type": "string", "pattern": "^[a-z]*$", "minLength": 90, "maxLength": 100});
        assert!(fitting_texts(&long).all(|text| (90..=100).contains(&text.len())));
        assert!(fitting_texts(&long).next().is_some());
        assert_eq!(
            fitting_texts(&json!({"type": "string", "minLength": 8})).next().as_deref(),
            Some("xxxxxxxx")
        );
    }
}
