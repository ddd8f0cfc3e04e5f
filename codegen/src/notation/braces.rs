//! Values in brackets and quotes, which may go over several lines.

use std::ops::Range;

use super::Issue;

/// A bracket that is open.
#[derive(Debug)]
struct Open {
    bracket: char,
    at: usize,
    /// Blanks in front of the key to which it belongs: what it contains stands further right.
    above: usize,
    /// Whether a colon of this entry has been read.
    in_value: bool,
}

/// What is open at a place of the text.
#[derive(Debug, Default)]
pub(super) struct Braces {
    open: Vec<Open>,
    /// The quote that is open, its place and the blanks in front of its key.
    quote: Option<(char, usize, usize)>,
    /// The place of the last quote that opened a text.
    last_quote: usize,
    /// Whether something was read after which only a comma, a colon or a closing bracket may follow.
    is_whole: bool,
}

impl Braces {
    /// Looks at the beginning of a line: what it shows to have been left open above is reported and given up.
    pub(super) fn begin_line(&mut self, at: usize, indent: usize, rest: &str, issues: &mut Vec<Issue>) {
        if let Some((quote, place, above)) = self.quote
            && indent <= above
        {
            let message = format!("the quote `{quote}` is never closed");
            let help = format!("close the text with `{quote}` at the end of its line");
            issues.push(Issue::new(place..place + 1, message, help).seen(at));
            *self = Self::default();
        }
        let closes = rest.starts_with(['}', ']']);
        if let Some(open) = self.open.last()
            && indent <= open.above
            && !closes
            && self.quote.is_none()
        {
            issues.push(never_closed(open, at));
            *self = Self::default();
        }
    }

    /// What is still open at the end of the text.
    pub(super) fn end(&self, at: usize, issues: &mut Vec<Issue>) {
        if let Some((quote, place, _)) = self.quote {
            let message = format!("the quote `{quote}` is never closed");
            let help = format!("close the text with `{quote}` at the end of its line");
            issues.push(Issue::new(place..place + 1, message, help).seen(at));
        } else if let Some(open) = self.open.last() {
            issues.push(never_closed(open, at));
        }
    }

    /// Blanks in front of the key to which the outermost open bracket or quote belongs.
    pub(super) fn above(&self) -> Option<usize> {
        self.open.first().map(|open| open.above).or(self.quote.map(|(.., above)| above))
    }

    /// Reads a line of the value from `range` on; returns the byte after the value if it ends on the line.
    pub(super) fn read(
        &mut self,
        text: &str,
        range: Range<usize>,
        above: usize,
        issues: &mut Vec<Issue>,
    ) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut at = range.start;
        while at < range.end {
            let byte = bytes[at];
            if let Some((quote, ..)) = self.quote {
                match byte {
                    b'\\' if quote == '"' => at += 1,
                    _ if byte == quote as u8 && quote == '\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
                    _ if byte == quote as u8 => {
                        self.quote = None;
                        self.is_whole = true;
                        if self.open.is_empty() {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                at += 1;
                continue;
            }
            let before = (at > range.start).then(|| bytes[at - 1]);
            match byte {
                b' ' | b'\t' => {}
                b'#' if matches!(before, None | Some(b' ' | b'\t')) => return None,
                b'"' | b'\'' if self.is_at_token(text, range.start, at) => {
                    self.report_missing_comma(at, issues);
                    self.quote = Some((byte as char, at, above));
                    self.last_quote = at;
                }
                b'{' | b'[' => {
                    self.report_missing_comma(at, issues);
                    self.is_whole = false;
                    self.open.push(Open { bracket: byte as char, at, above, in_value: false });
                }
                b'}' | b']' => {
                    self.close(byte as char, at, issues);
                    self.is_whole = true;
                    if self.open.is_empty() {
                        return Some(at + 1);
                    }
                }
                b',' => {
                    self.is_whole = false;
                    self.open.iter_mut().rev().take(1).for_each(|open| open.in_value = false);
                }
                b':' if matches!(
                    bytes.get(at + 1),
                    None | Some(b' ' | b'\n' | b'\r' | b'{' | b'[' | b'"')
                ) =>
                {
                    let is_joined = !self.is_whole && matches!(bytes.get(at + 1), Some(b'{' | b'[' | b'"'));
                    if is_joined {
                        let help = "write a blank after the colon";
                        issues.push(Issue::new(at..at + 1, "no blank follows this colon", help));
                    }
                    self.colon(at, issues);
                }
                _ if self.is_whole && matches!(before, Some(b'"' | b'\'')) && !self.open.is_empty() => {
                    let help =
                        "close the text with its quote where it ends, and write `\\\"` for a quote within";
                    let place = self.last_quote..self.last_quote + 1;
                    issues.push(Issue::new(
                        place,
                        "the text that this quote opens ends in the middle of a word",
                        help,
                    ));
                    self.is_whole = false;
                }
                _ => self.report_missing_comma(at, issues),
            }
            at += 1;
        }
        None
    }

    /// Whether a quote at `at` begins a text rather than standing in one.
    fn is_at_token(&self, text: &str, start: usize, at: usize) -> bool {
        let before = text[start..at].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with(['{', '[', ',', ':', '"', '\'', '}', ']'])
    }

    fn report_missing_comma(&mut self, at: usize, issues: &mut Vec<Issue>) {
        if self.is_whole && !self.open.is_empty() {
            issues.push(missing_comma(at));
            self.is_whole = false;
        }
    }

    fn colon(&mut self, at: usize, issues: &mut Vec<Issue>) {
        self.is_whole = false;
        if let Some(open) = self.open.last_mut() {
            if open.in_value {
                issues.push(missing_comma(at));
            }
            open.in_value = true;
        }
    }

    fn close(&mut self, closing: char, at: usize, issues: &mut Vec<Issue>) {
        if !self.open.iter().any(|open| counterpart(open.bracket) == closing) {
            let message = format!("the bracket `{closing}` closes nothing");
            let help = format!("write `{}` where its value begins, or remove it", counterpart(closing));
            issues.push(Issue::new(at..at + 1, message, help));
            return;
        }
        while let Some(open) = self.open.pop() {
            if counterpart(open.bracket) == closing {
                return;
            }
            issues.push(never_closed(&open, at));
        }
    }
}

fn never_closed(open: &Open, seen: usize) -> Issue {
    let message = format!("the bracket `{}` is never closed", open.bracket);
    let help = format!("close it with `{}`", counterpart(open.bracket));
    Issue::new(open.at..open.at + 1, message, help).seen(seen)
}

fn missing_comma(at: usize) -> Issue {
    let help = "put a comma between the entries, and quote a text that contains a colon or a bracket";
    Issue::new(at..at + 1, "a comma is missing in front of this", help)
}

/// The bracket that closes or opens what this one opens or closes.
pub(super) fn counterpart(bracket: char) -> char {
    match bracket {
        '{' => '}',
        '[' => ']',
        '}' => '{',
        _ => '[',
    }
}
