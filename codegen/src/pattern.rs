//! Texts that match a regular expression, made from its syntax tree.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The characters that are taken from a class where it contains them, in this order.
const PREFERRED: &str = "aA0-/_.@ x";

/// How often a part without an upper bound is repeated beyond its least number, one text for each.
const REPEATS: [u32; 7] = [0, 1, 2, 5, 20, 100, 300];

/// How many characters of a text may stem from parts that are not repeated, for a text of a given length.
const FIXED: u32 = 16;

/// The most repetitions: a longer text serves nobody.
const MOST: u32 = 10_000;

/// How many alternatives and characters of a class are tried.
const PICKS: usize = 6;

/// Texts that are made from the parts of `pattern`, the shortest first; none if it is no regular expression. An anchor or a
/// boundary adds nothing to a text, so a caller compares each text with the pattern. `length` is a number of characters
/// that some of the texts are to have, if a part of the pattern has no upper bound.
pub fn pattern_texts(pattern: &str, length: usize) -> impl Iterator<Item = String> + use<> {
    let tree = regex_syntax::parse(pattern).ok();
    let length = u32::try_from(length).unwrap_or(u32::MAX).min(MOST);
    let repeats = REPEATS.into_iter().chain(length.saturating_sub(FIXED)..=length);
    let shapes = repeats.flat_map(|repeats| (0..PICKS).map(move |pick| (repeats, pick)));
    tree.into_iter().flat_map(move |tree| {
        shapes.clone().map(move |(repeats, pick)| {
            let mut text = String::new();
            write(&tree, repeats, pick, &mut text);
            text
        })
    })
}

fn write(tree: &Hir, repeats: u32, pick: usize, text: &mut String) {
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(str::from_utf8(&literal.0).unwrap_or_default()),
        HirKind::Class(class) => text.push(letter(class, pick)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let count = repetition.min.saturating_add(repeats).min(most);
            // A repetition within a repetition is as short as it can be, so that the text does not explode.
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
    use regex_lite::Regex;

    use super::*;

    #[test]
    fn every_kind_of_pattern_has_a_text_that_matches() {
        for pattern in [
            "^(/[A-Za-z0-9_.-]{1,256})*/?$",
            "^([a-z]{2,3}|[a-z]{2}-[A-Z]{2}|[a-z]{2}-[0-9]{3})$",
            "^[^,]+$",
            "[A-Z]{2}",
            "^(?i)sku-\\d{4}$",
            "^x",
        ] {
            let regex = Regex::new(pattern).expect("a pattern");
            assert!(pattern_texts(pattern, 0).any(|text| regex.is_match(&text)), "{pattern}");
        }
    }

    #[test]
    fn no_pattern_has_no_text() {
        assert_eq!(pattern_texts("(", 0).count(), 0);
    }

    #[test]
    fn a_length_can_be_asked_for() {
        let has =
            |pattern: &str, length: usize| pattern_texts(pattern, length).any(|text| text.len() == length);
        assert!(has("^[a-z]+$", 9) && has("^sku-[0-9]*$", 40) && has("^(a|b)*$", 77));
    }
}
