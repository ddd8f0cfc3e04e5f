//! Where and why a text is no JSON, in the words of its author: a comma or bracket that is missing is reported where it
//! belongs, and not at the next token.

use crate::diagnostic::{Code, Diagnostic};
use crate::notation::{false_blank_name, is_false_blank};
use crate::source::Span;

/// The byte, the message and the remedy.
type Problem = (usize, String, String);

/// The fault of a text that the parser refuses.
pub(super) fn explain(file: u16, text: &str, error: &serde_json::Error) -> Diagnostic {
    let at = place(text, error);
    let (start, message, help) = unclosed(text, at).unwrap_or_else(|| at_token(text, at, error));
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    let span = Span { file, start, end: start.saturating_add(1) };
    Diagnostic::new(Code::BadSample, span, format!("the sample is no JSON: {message}")).help(help)
}

/// The byte at which the parser gives up; the last one of a text that ends too early.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let last = text.trim_end().char_indices().next_back().map_or(0, |(at, _)| at);
    let place = (before + error.column().saturating_sub(1)).min(last);
    (0..=place).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A bracket, with its place and the blanks in front of its line.
struct Open {
    bracket: char,
    at: usize,
    indent: usize,
}

/// The bracket above `at` that is not closed: a line less indented than what it contains goes on without closing it, another
/// bracket closes it, or the text ends.
fn unclosed(text: &str, at: usize) -> Option<Problem> {
    let mut open: Vec<Open> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let rest = &line[indent..];
        let closes = rest.starts_with(['}', ']']);
        let innermost = open.last().filter(|open| !rest.trim().is_empty() && indent <= open.indent);
        if let Some(innermost) = innermost
            && (!closes || indent < innermost.indent)
            && start + indent <= at
        {
            return Some(never_closed(innermost));
        }
        let mut quoted = false;
        let mut escaped = false;
        for (offset, letter) in line.char_indices() {
            match letter {
                _ if quoted && escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '{' | '[' if !quoted => open.push(Open { bracket: letter, at: start + offset, indent }),
                '}' | ']' if !quoted => match open.pop() {
                    Some(last) if counterpart(last.bracket) != letter && start + offset <= at => {
                        return Some(never_closed(&last));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        start += line.len();
        if quoted || start > at && start < text.len() {
            return None;
        }
    }
    open.last().map(never_closed)
}

fn never_closed(open: &Open) -> Problem {
    let message = format!("the bracket `{}` is never closed", open.bracket);
    (open.at, message, format!("close it with `{}`", counterpart(open.bracket)))
}

fn counterpart(bracket: char) -> char {
    if bracket == '{' { '}' } else { ']' }
}

/// What is wrong at the token at which the parser gives up.
fn at_token(text: &str, at: usize, error: &serde_json::Error) -> Problem {
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    let found = text[at..].chars().next().unwrap_or_default();
    let before = text[..at].trim_end();
    let previous = before.char_indices().next_back().map_or(0, |(place, _)| place);
    let rest = &text[at..];
    let told = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    // A trailing comma is reported at the bracket behind it.
    let behind_comma = what.contains("trailing comma") || matches!(found, '}' | ']') && before.ends_with(',');
    let (place, (message, help)) = if rest.starts_with("//") || rest.starts_with("/*") || found == '#' {
        (at, told("a comment stands here", "remove the comment: JSON has none"))
    } else if is_false_blank(found) {
        let name = false_blank_name(found);
        (at, (format!("a {name} stands here"), format!("replace the {name} with a blank")))
    } else if behind_comma {
        (previous, told("a comma stands in front of a closing bracket", "remove the comma `,`"))
    } else if what.contains("expected `,`") {
        let help = "write a comma `,` between the entries, and put texts in double quotes `\"`";
        (previous, told("a comma is missing behind this", help))
    } else if what.contains("expected `:`") {
        (previous, told("no colon follows the name", "write a colon `:` behind the name"))
    } else if found == '\'' || found == '\u{201c}' || found == '\u{201d}' || found == '\u{2018}' {
        (at, told("a text stands in other quotes than double ones", "write double quotes `\"` around it"))
    } else if what.contains("control character") || what.contains("EOF while parsing a string") {
        let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let open = text[line..at].rfind('"').map_or(at, |quote| line + quote);
        let help = "close the text with `\"` on its line, and write a line break in it as `\\n`";
        (open, told("a text is not closed on its line", help))
    } else if what.contains("key must be a string") {
        (at, told("a name stands without quotes", "write double quotes `\"` around the name"))
    } else if what.contains("escape") {
        (at, told(what, "write a backslash as `\\\\`"))
    } else if what.contains("expected value") || what.contains("expected ident") {
        let help =
            "write a number, `true`, `false`, `null`, a text in double quotes `\"`, a list or an object";
        (at, told("no value stands here", help))
    } else {
        (at, told(what, "correct the file: it is one JSON value, without comments"))
    };
    (place, message, help)
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn told(text: &str) -> (usize, String, String) {
        let mut faults = Vec::new();
        assert!(parse(0, text, &mut faults).is_none(), "{text}");
        let fault = faults.remove(0);
        let line = text[..fault.span.start as usize].matches('\n').count() + 1;
        let message = fault.message.trim_start_matches("the sample is no JSON: ").to_owned();
        (line, message, fault.help.unwrap_or_default())
    }

    #[test]
    fn what_is_missing_is_reported_where_it_belongs() {
        for (text, line, message) in [
            ("{\n  \"a\": 1\n  \"b\": 2\n}\n", 2, "a comma is missing behind this"),
            ("{\n  \"a\": 1,\n  \"b\": 2,\n}\n", 3, "a comma stands in front of a closing bracket"),
            ("[\n  1,\n]\n", 2, "a comma stands in front of a closing bracket"),
            ("{\n  \"a\" 1\n}\n", 2, "no colon follows the name"),
            ("{\n  \"a\": \"x,\n  \"b\": 2\n}\n", 2, "a text is not closed on its line"),
            ("{\n  a: 1\n}\n", 2, "a name stands without quotes"),
            ("{\n  \"a\": 'x'\n}\n", 2, "a text stands in other quotes than double ones"),
            ("{\n  \"a\": 1 // x\n}\n", 2, "a comment stands here"),
            ("{\n  \"a\": 1, # x\n  \"b\": 2\n}\n", 2, "a comment stands here"),
            ("{\n  \"a\":\u{a0}1\n}\n", 2, "a non-breaking space (U+00A0) stands here"),
            ("{\n  \"a\": {\n    \"b\": 1\n  \"c\": 2\n}\n", 2, "the bracket `{` is never closed"),
            ("{\n  \"a\": [\n    1\n  },\n  \"c\": 2\n}\n", 2, "the bracket `[` is never closed"),
            ("{\n  \"a\": [\n    1\n", 2, "the bracket `[` is never closed"),
            ("{\n  \"a\": 1\n", 1, "the bracket `{` is never closed"),
            ("{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 1\n}\n", 3, "the bracket `{` is never closed"),
        ] {
            let (at, what, help) = told(text);
            assert_eq!((at, what.as_str()), (line, message), "{text}");
            assert!(!help.is_empty());
        }
    }

    #[test]
    fn no_text_ends_the_program() {
        for text in [
            "",
            " ",
            "\"",
            "{",
            "[",
            "{\"",
            "{\"a\"",
            "{\"a\":",
            "tru",
            "\u{feff}",
            "{\"a\": 1e}",
            "\"\\x\"",
            "é",
        ] {
            let (_, message, help) = told(text);
            assert!(!message.is_empty() && !help.is_empty(), "{text}");
        }
    }
}
