//! Text from outside as a terminal may show it: a character that could move the cursor, recolour the screen or turn the
//! writing round is written as its escape.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Text on one line. Line breaks and tabs become `\n`, `\r` and `\t`, other unsafe characters `\u001b`.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, &[])
}

/// Text with line breaks and tabs of its own, in which a carriage return becomes a blank. JSON keeps its value: a string
/// may hold the same escapes, and around strings stand ASCII and white space alone.
pub(crate) fn printable_lines(text: &str) -> String {
    escaped(&text.replace('\r', " "), &['\n', '\t'])
}

/// Text of a cell, which may have several lines.
pub(crate) fn printable_cell(text: &str) -> String {
    escaped(text, &['\n'])
}

/// Writes text for people, or JSON that this program has made, and ends the line.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", printable_lines(text))
}

/// Whether a terminal may show the text as it is.
pub(crate) fn is_printable(text: &str) -> bool {
    !text.contains(is_unsafe)
}

fn escaped(text: &str, kept: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            c if kept.contains(&c) || !is_unsafe(c) => shown.write_char(c),
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            '\t' => shown.write_str("\\t"),
            c => write!(shown, "\\u{:04x}", u32::from(c)),
        };
    }
    shown
}

/// Controls of C0 and C1, DEL, separators of lines, and the controls of the direction of writing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        let given = "a\u{1b}[31mb\nc\td\re\u{9b}f\u{7f}g\u{202e}h\u{2067}i\u{2028}j\u{200f} ü\\n";
        let lines = "a\\u001b[31mb\nc\td e\\u009bf\\u007fg\\u202eh\\u2067i\\u2028j\\u200f ü\\n";
        assert_eq!(printable_lines(given), lines);
        let cell = lines.replace("d e", r"d\re").replace('\t', r"\t");
        assert_eq!(printable_cell(given), cell);
        assert_eq!(printable(given), cell.replace('\n', r"\n"));
        assert_eq!(printable(&printable(given)), printable(given));
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(!printable(&c.to_string()).contains(c), "{c:?}");
        }
    }

    #[test]
    fn json_keeps_its_value() {
        let json = "{\r\n\t\"a\": \"\u{9b}\u{7f}\u{202e}\\u001b\\\\\", \"b\u{85}\": 1.10}";
        let shown = printable_lines(json);
        assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !is_unsafe(c)), "{shown}");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&shown), read(json));
        assert!(shown.contains("1.10"));
    }
}
