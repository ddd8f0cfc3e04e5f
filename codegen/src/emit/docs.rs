//! Descriptions as documentation: wrapped, and harmless to rustdoc.

use proc_macro2::TokenStream;
use quote::quote;

/// Longest line of a description, without the comment's marker.
const WIDTH: usize = 100;

/// `#[doc]` attributes, one a line, so that they print as `///`.
pub(super) fn attributes(lines: &[String]) -> TokenStream {
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// A description as lines; `otherwise` where there is none.
pub(super) fn lines(description: &str, otherwise: &str) -> Vec<String> {
    wrap(words(if description.trim().is_empty() { otherwise } else { description }))
}

fn wrap(words: Vec<String>) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let full = lines.last().is_some_and(|line| !line.is_empty() && line.len() + 1 + word.len() > WIDTH);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(&guard(&word));
            } else {
                line.push(' ');
                line.push_str(&word);
            }
        }
    }
    lines
}

/// The first word of a line, escaped where Markdown would begin a list or underline a heading with it.
fn guard(word: &str) -> String {
    let digits = word.len() - word.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    match word[digits..].chars().next() {
        Some('-' | '+' | '=') if digits == 0 => format!("\\{word}"),
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &word[..digits], &word[digits..]),
        _ => word.to_owned(),
    }
}

/// The words of a text, harmless to rustdoc: what Markdown would read is escaped, addresses become links, and code in
/// backticks stays together as it is.
fn words(text: &str) -> Vec<String> {
    let text: String =
        text.chars().filter(|letter| letter.is_whitespace() || !is_invisible(*letter)).collect();
    let mut words = vec![String::new()];
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        if letter.is_whitespace() {
            words.push(String::new());
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let (taken, written) = piece(rest, letter);
        if let Some(word) = words.last_mut() {
            word.push_str(&written);
        }
        rest = &rest[taken..];
    }
    words.retain(|word| !word.is_empty());
    words
}

/// How many bytes come next that belong together, and how they are written.
fn piece(text: &str, letter: char) -> (usize, String) {
    let backticks = text.len() - text.trim_start_matches('`').len();
    if let Some(code) = code(text).filter(|_| backticks == 1) {
        return (code.len(), code.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if backticks > 0 {
        return (backticks, "\\`".repeat(backticks));
    }
    if let Some(address) = address(text) {
        return (address.len(), format!("<{address}>"));
    }
    let read = matches!(letter, '\\' | '<' | '>' | '[' | ']' | '*' | '_' | '#' | '|' | '~' | '&');
    (letter.len_utf8(), if read { format!("\\{letter}") } else { letter.to_string() })
}

/// The code in single backticks that a text begins with, backticks included.
fn code(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('`')?;
    let is_alone = |at: usize| !inner[..at].ends_with('`') && !inner[at + 1..].starts_with('`');
    let (end, _) = inner.match_indices('`').find(|(at, _)| is_alone(*at))?;
    Some(&text[..end + 2])
}

/// The address that a text begins with, without the punctuation of the sentence.
fn address(text: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end =
        text.find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '`' | '\\'));
    let address =
        text[..end.unwrap_or(text.len())].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']);
    (address.len() > scheme.len()).then_some(address)
}

/// Control characters, and those that reorder what a reader sees: rustc refuses them.
fn is_invisible(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rustdoc_would_misread_is_escaped() {
        assert_eq!(lines("a <b> [c] `<d>` e_f", ""), ["a \\<b\\> \\[c\\] `<d>` e\\_f"]);
        assert_eq!(lines("a \\ b &amp; ~c~", ""), ["a \\\\ b \\&amp; \\~c\\~"]);
        assert_eq!(lines("```<b>` `open", ""), ["\\`\\`\\`\\<b\\>` `open"]);
        assert_eq!(lines("a\u{202e}b\u{7}c", ""), ["abc"]);
        assert_eq!(lines("see https://example.com/a_b.", ""), ["see <https://example.com/a_b>."]);
        assert_eq!(lines("(see\nhttps://example.com/a_b)", ""), ["(see <https://example.com/a_b>)"]);
        assert_eq!(lines("", "the field `x`"), ["the field `x`"]);
    }

    #[test]
    fn no_line_begins_a_list_or_underlines_a_heading() {
        assert_eq!(lines("- a", ""), ["\\- a"]);
        assert_eq!(lines("12. a", ""), ["12\\. a"]);
        assert_eq!(lines("=== 3-4", ""), ["\\=== 3-4"]);
        let wrapped = lines(&format!("{} - b", "x".repeat(WIDTH)), "");
        assert_eq!(wrapped[1], "\\- b");
    }

    #[test]
    fn code_is_never_broken() {
        let wrapped = lines(&format!("{} `a - b`", "x".repeat(WIDTH - 4)), "");
        assert_eq!(wrapped[1], "`a - b`");
    }

    #[test]
    fn long_descriptions_are_wrapped() {
        let lines = lines(&"word ".repeat(50), "");
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
    }
}
