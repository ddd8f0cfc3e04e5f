//! The lines of a YAML text: keys, items, continued values. It finds what a parser reports late or in words of its own.

use std::ops::Range;

use super::blocks::Blocks;
use super::braces::{Braces, counterpart};
use super::{Issue, false_blank_name, is_false_blank};

/// The key, the dash or the text that a line begins with.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The bytes of the key, or of the whole text where there is no key.
    pub(super) place: Range<usize>,
    /// Blanks in front of it.
    pub(super) indent: usize,
    pub(super) kind: Kind,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key; whether a value follows on its line.
    Key { has_value: bool },
    /// A dash; whether a value without a key follows on its line.
    Dash { has_value: bool },
    /// A text that is neither.
    Text,
}

impl Entry {
    /// Whether a value follows on its line.
    pub(super) fn has_value(&self) -> bool {
        matches!(self.kind, Kind::Key { has_value: true } | Kind::Dash { has_value: true })
    }
}

/// Everything in the notation that is suspicious, in the order of the text.
pub(super) fn issues(text: &str) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut braces = Braces::default();
    let mut blocks = Blocks::default();
    // Blanks in front of the key whose value is a block of text.
    let mut literal: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let end = start + content.len();
        let indent = content.len() - content.trim_start_matches(' ').len();
        let rest = &content[indent..];
        let is_empty = content.trim().is_empty();
        if literal.is_some_and(|above| is_empty || indent > above) {
            continue;
        }
        literal = None;
        if is_empty {
            continue;
        }
        braces.begin_line(start, indent, rest, &mut issues);
        if let Some(above) = braces.above() {
            let after = braces.read(text, start..end, above, &mut issues);
            check_rest(text, after, end, &mut issues);
            continue;
        }
        if rest.starts_with('#') {
            continue;
        }
        check_blanks(text, start..end, &mut issues);
        let (entries, value) = entries(text, start + indent..end, indent);
        for entry in &entries {
            blocks.add(text, entry.clone(), &mut issues);
        }
        let Some(value) = value else { continue };
        let innermost = entries.last().map_or(indent, |entry| entry.indent);
        let is_text = entries.last().is_some_and(|entry| entry.kind == Kind::Text);
        if is_block_header(&text[value.clone()]) {
            literal = Some(innermost);
        } else if !is_text || rest.starts_with(['{', '[', '"', '\'']) {
            // A value on a line of its own may go on beside its first line, but not beside its key.
            let above = if is_text { blocks.indent_above(indent) } else { indent };
            read_value(text, value, above, &mut braces, &mut issues);
        }
    }
    braces.end(text.len(), &mut issues);
    blocks.end(text, &mut issues);
    issues
}

/// The dashes and the key of a line, and the value behind them.
fn entries(text: &str, range: Range<usize>, indent: usize) -> (Vec<Entry>, Option<Range<usize>>) {
    let mut entries = Vec::new();
    let (mut at, mut indent) = (range.start, indent);
    while text[at..range.end].starts_with("- ") || &text[at..range.end] == "-" {
        let blanks = text[at + 1..range.end].len() - text[at + 1..range.end].trim_start_matches(' ').len();
        entries.push(Entry { place: at..at + 1, indent, kind: Kind::Dash { has_value: false } });
        at += 1 + blanks;
        indent += 1 + blanks;
    }
    let rest = &text[at..range.end];
    if rest.is_empty() {
        return (entries, None);
    }
    let Some(colon) = colon(rest) else {
        match entries.last_mut() {
            Some(dash) => dash.kind = Kind::Dash { has_value: true },
            None => entries.push(Entry { place: at..range.end, indent, kind: Kind::Text }),
        }
        return (entries, Some(at..range.end));
    };
    let value = at + colon + 1;
    let value =
        value + (text[value..range.end].len() - text[value..range.end].trim_start_matches([' ', '\t']).len());
    let has_value = value < range.end && !text[value..].starts_with('#');
    entries.push(Entry { place: at..at + colon, indent, kind: Kind::Key { has_value } });
    (entries, has_value.then_some(value..range.end))
}

/// The colon after the key that `rest` begins with.
fn colon(rest: &str) -> Option<usize> {
    if rest.starts_with(['{', '[']) {
        return None;
    }
    let key = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map(|end| end + 2)?,
        _ => 0,
    };
    let ends = |at: &usize| matches!(rest.as_bytes().get(at + 1), None | Some(b' ' | b'\t'));
    let found = rest.match_indices(':').map(|(at, _)| at).find(|at| *at >= key && ends(at))?;
    // A bracket or quote in a key without quotes begins the value of a key whose colon or blank is missing.
    let is_no_key = rest[..found].contains(" #") || key == 0 && rest[..found].contains(['{', '[', '"']);
    (!is_no_key && (key == 0 || rest[key..found].trim().is_empty())).then_some(found)
}

/// Whether a value is the head of a block of text: `|`, `>-`, `|2`.
fn is_block_header(value: &str) -> bool {
    let head = value.split(" #").next().unwrap_or_default().trim_end();
    head.starts_with(['|', '>'])
        && head[1..].bytes().all(|byte| byte == b'-' || byte == b'+' || byte.is_ascii_digit())
}

fn read_value(text: &str, value: Range<usize>, above: usize, braces: &mut Braces, issues: &mut Vec<Issue>) {
    let shown = &text[value.clone()];
    let Some(first) = shown.chars().next() else { return };
    match first {
        '"' | '\'' | '{' | '[' => {
            if let Some(quote) = unopened_quote(shown) {
                issues.push(quote.at(value.start, value.start + shown.trim_end().len()));
            }
            let after = braces.read(text, value.clone(), above, issues);
            check_rest(text, after, value.end, issues);
        }
        '*' | '&' | '!' | '@' | '`' | '%' | '|' | '>' => {
            let message = format!("a text without quotes cannot begin with `{first}`");
            issues.push(Issue::new(
                value.start..value.start + 1,
                message,
                "quote the text, or remove the mark",
            ));
        }
        _ => check_plain(text, value, issues),
    }
}

/// A quote that closes what was not opened.
struct Unopened(char);

impl Unopened {
    fn at(&self, start: usize, end: usize) -> Issue {
        let Self(quote) = self;
        let message = format!("the quote `{quote}` closes a text that was not opened with one");
        let help = format!("write `{quote}` in front of the text too, or remove it");
        Issue::new(end.saturating_sub(1)..end, message, help).seen(start)
    }
}

fn unopened_quote(value: &str) -> Option<Unopened> {
    let value = value.trim_end();
    let last = value.chars().next_back().filter(|last| matches!(last, '"' | '\''))?;
    let count = value.matches(last).count() - value.matches(&format!("\\{last}")).count();
    (count == 1 && value.len() > 1).then_some(Unopened(last))
}

/// A text without quotes whose end closes what its beginning did not open.
pub(super) fn unopened(value: &str, at: usize) -> Option<Issue> {
    if let Some(quote) = unopened_quote(value) {
        return Some(quote.at(at, at + value.trim_end().len()));
    }
    let last = value.chars().next_back().filter(|last| matches!(last, '}' | ']'))?;
    let opening = counterpart(last);
    let is_unopened = value.matches(last).count() > value.matches(opening).count();
    let end = at + value.len();
    is_unopened.then(|| {
        let message = format!("the bracket `{last}` closes nothing");
        let help = format!("write `{opening}` in front, remove `{last}`, or quote the text");
        Issue::new(end - 1..end, message, help).seen(at)
    })
}

fn check_plain(text: &str, value: Range<usize>, issues: &mut Vec<Issue>) {
    let shown = text[value.clone()].split(" #").next().unwrap_or_default().trim_end();
    if let Some(issue) = unopened(shown, value.start) {
        issues.push(issue);
    } else if let Some(colon) = shown
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| matches!(shown.as_bytes().get(at + 1), None | Some(b' ' | b'\t')))
    {
        let place = value.start + colon;
        let help = "quote the text, or write the inner key on a line of its own";
        issues.push(Issue::new(place..place + 1, "a text without quotes contains a colon and a blank", help));
    }
}

/// Nothing but a comment may follow a closed value.
fn check_rest(text: &str, after: Option<usize>, end: usize, issues: &mut Vec<Issue>) {
    let Some(after) = after.filter(|after| *after < end) else { return };
    let rest = &text[after..end];
    let shown = rest.trim();
    if shown.is_empty() || rest.starts_with([' ', '\t']) && shown.starts_with('#') {
        return;
    }
    let at = after + (rest.len() - rest.trim_start().len());
    let issue = match shown.chars().next() {
        Some(closing @ ('}' | ']')) => {
            let message = format!("the bracket `{closing}` closes nothing");
            let help = format!("remove it, or write `{}` where its value begins", counterpart(closing));
            Issue::new(at..at + 1, message, help)
        }
        _ => {
            let help = "quote the whole text, or move what follows to a line of its own";
            Issue::new(at..at + 1, "something follows a value that has ended", help)
        }
    };
    issues.push(issue);
}

/// Letters that only look like blanks, beside the marks of YAML, and tabs in the indentation.
fn check_blanks(text: &str, line: Range<usize>, issues: &mut Vec<Issue>) {
    let content = &text[line.clone()];
    let code = content.split(" #").next().unwrap_or_default();
    let mut quote: Option<char> = None;
    let mut before: Option<char> = None;
    let mut is_leading = true;
    for (offset, letter) in code.char_indices() {
        let at = line.start + offset;
        match quote {
            Some(open) if letter == open && before != Some('\\') => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') && !before.is_some_and(char::is_alphanumeric) => {
                quote = Some(letter)
            }
            None if letter == '\t' && is_leading => {
                issues.push(
                    Issue::new(at..at + 1, "a tab stands in the indentation", "indent with spaces").certain(),
                );
                return;
            }
            None if is_false_blank(letter) => {
                let after =
                    code[offset + letter.len_utf8()..].trim_start_matches(is_false_blank).chars().next();
                let is_beside_mark = is_leading
                    || matches!(before, Some(':' | ',' | '{' | '[' | '-'))
                    || matches!(after, None | Some(':' | ',' | '}' | ']'));
                if is_beside_mark {
                    let name = false_blank_name(letter);
                    let message = format!("a {name} stands in place of a blank");
                    let help = format!("replace the {name} with a blank");
                    issues.push(Issue::new(at..at + letter.len_utf8(), message, help).certain());
                    return;
                }
            }
            None => {}
        }
        is_leading &= letter == ' ' || letter == '\t' || is_false_blank(letter);
        if !is_false_blank(letter) && letter != ' ' {
            before = Some(letter);
        }
    }
}
