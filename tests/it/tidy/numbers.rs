//! No text counts the actions or triggers of the connector: an edit of the manifest would make the number wrong.

use super::{Fault, all_obey, is_generated, lines};

/// Number words that stand before a plural, and ends of longer ones such as `twenty-five`.
const WORDS: [&str; 29] = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "dozen",
];

/// What must not be counted by hand.
const COUNTED: [&str; 4] = ["action", "actions", "trigger", "triggers"];

#[test]
fn no_text_counts_actions_or_triggers() {
    all_obey(is_in_scope, counts);
}

/// Texts by people. The benches count the actions of manifests that they make themselves.
fn is_in_scope(path: &str) -> bool {
    let is_text = [".md", ".rs", ".toml", ".yaml", ".html"].iter().any(|end| path.ends_with(end));
    is_text
        && !is_generated(path)
        && !path.starts_with("xtask/src/bench")
        && path != "tests/it/tidy/numbers.rs"
}

fn counts(path: &str, text: &str) -> Vec<Fault> {
    let words = text.lines().zip(1..).flat_map(|(line, number)| {
        // Marks of comments do not part a number from what it counts in the next line.
        let words =
            line.split_whitespace().filter(|word| !matches!(*word, "//" | "///" | "//!" | "#" | "-" | "*"));
        words.map(move |word| (word, number))
    });
    let words: Vec<(&str, usize)> = words.collect();
    let counting = words.windows(2).filter(|pair| is_number(pair[0].0) && is_counted(pair[1].0));
    let remedy =
        "do not count actions or triggers by hand: leave the number out, or take it from the catalog";
    counting.map(|pair| Fault::new(path, pair[0].1, remedy)).collect()
}

fn is_number(word: &str) -> bool {
    // What ends a sentence or a value counts nothing.
    let word = word.trim_start_matches(['"', '\'', '(', '`', '*']).to_lowercase();
    let is_digits = word.starts_with(|letter: char| letter.is_ascii_digit())
        && word.chars().all(|letter| letter.is_ascii_digit() || letter == ',')
        && !word.ends_with(',');
    (is_digits && word != "1") || word.rsplit('-').next().is_some_and(|end| WORDS.contains(&end))
}

fn is_counted(word: &str) -> bool {
    let letters = word.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic());
    COUNTED.contains(&letters.to_lowercase().as_str())
}

#[test]
fn numbers_before_actions_and_triggers_are_found_across_lines() {
    let text = "Its nineteen actions run.\n/// All 19\n/// triggers.\n\"all 1,000 actions\"\ntwenty-five triggers; (3 actions)\n";
    assert_eq!(lines(counts, "a.md", text), [1, 2, 4, 5, 5]);
    for text in [
        "one action, 1 action\n",
        "Chapter two: actions\n",
        "in 19, actions\n",
        "a 200 for each action\n",
        "trigger = ?2 AND trigger = ?3\n",
    ] {
        assert!(counts("a.md", text).is_empty(), "{text}");
    }
    assert!(
        !is_in_scope("xtask/src/bench/ours.rs")
            && !is_in_scope("generated/src/a.rs")
            && is_in_scope("README.md")
    );
}
