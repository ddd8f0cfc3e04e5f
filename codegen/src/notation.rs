//! What is wrong with the notation of a file, in the words of its author: a bracket that is not closed is reported where it
//! opens, and not where a parser has to give up. The parsers decide whether there is a fault at all.

mod blocks;
mod braces;
mod conflicts;
mod lines;

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

pub(crate) use conflicts::conflicts;

/// Something in the notation that explains why a parser fails.
#[derive(Debug)]
struct Issue {
    /// The bytes that are wrong.
    place: Range<usize>,
    /// The byte at which the text contradicts itself; a parser fails there or later.
    seen: usize,
    message: String,
    help: String,
    /// Whether it is a fault even if a parser accepts it.
    certain: bool,
}

impl Issue {
    fn new(place: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        let seen = place.start;
        Self { place, seen, message: message.into(), help: help.into(), certain: false }
    }

    /// The same, seen at another byte.
    fn seen(self, at: usize) -> Self {
        Self { seen: at, ..self }
    }

    fn certain(self) -> Self {
        Self { certain: true, ..self }
    }

    fn diagnostic(&self, file: u16) -> Diagnostic {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span { file, start: byte(self.place.start), end: byte(self.place.end) };
        Diagnostic::new(Code::BadYaml, span, &self.message).help(&self.help)
    }
}

/// The faults of a YAML text that YAML itself may accept: blanks that only look like blanks, and tabs in the indentation.
pub(crate) fn certain(file: u16, text: &str) -> Option<Diagnostic> {
    lines::issues(text).iter().find(|issue| issue.certain).map(|issue| issue.diagnostic(file))
}

/// The explanation of a failure of the YAML parser at byte `at`, if there is a better one than the parser's.
pub(crate) fn explain(file: u16, text: &str, at: usize) -> Option<Diagnostic> {
    let end = text[at.min(text.len())..].find('\n').map_or(text.len(), |end| at + end);
    let issues = lines::issues(text);
    let is_before = |issue: &&Issue| issue.seen.min(issue.place.start) <= end;
    issues.iter().filter(is_before).min_by_key(|issue| issue.seen).map(|issue| issue.diagnostic(file))
}

/// The fault of a text without quotes that ends with a quote or bracket which nothing in it opens.
pub(crate) fn unopened(text: &str, span: Span) -> Option<Diagnostic> {
    let issue = lines::unopened(text, 0)?;
    let span = Span { start: span.end.saturating_sub(1).max(span.start), ..span };
    Some(Diagnostic::new(Code::BadYaml, span, issue.message).help(issue.help))
}

/// Whether a letter looks like a blank and is none to YAML and JSON.
pub(crate) fn is_false_blank(letter: char) -> bool {
    !letter.is_ascii() && (letter.is_whitespace() || matches!(letter, '\u{200b}' | '\u{2060}'))
}

/// A name for a letter that cannot be seen.
pub(crate) fn false_blank_name(letter: char) -> String {
    let name = if letter == '\u{a0}' { "non-breaking space" } else { "special space" };
    format!("{name} (U+{:04X})", u32::from(letter))
}
