//! Path templates: literal text with `{variables}`.

use crate::source::{Span, Spanned};

/// What to do about braces that do not match.
pub(crate) const HELP: &str = "write each variable in one pair of braces, such as `{order_id}`";

/// The variables of a template in their order, each with its place, or where its braces do not match.
///
/// # Errors
/// The place of the brace and what is wrong with it.
pub(crate) fn variables(template: Spanned<&str>) -> Result<Vec<Spanned<&str>>, (Span, &'static str)> {
    let text = template.value;
    let span = |from: usize, to: usize| part(template, from, to);
    let mut found = Vec::new();
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, open) {
            (b'{', None) => open = Some(at),
            (b'{', Some(_)) => return Err((span(at, at + 1), "a brace opens inside braces")),
            (b'}', None) => return Err((span(at, at + 1), "a brace closes that was not opened")),
            (b'}', Some(start)) if start + 1 == at => {
                return Err((span(start, at + 1), "the braces name nothing"));
            }
            (b'}', Some(start)) => {
                found.push(Spanned { value: &text[start + 1..at], span: span(start, at + 1) });
                open = None;
            }
            _ => {}
        }
    }
    match open {
        Some(start) => Err((span(start, start + 1), "a brace is never closed")),
        None => Ok(found),
    }
}

/// The first character that a path cannot hold (RFC 3986, section 3.3), braces aside.
pub(crate) fn stray(template: Spanned<&str>) -> Option<Spanned<char>> {
    let is_stray = |letter: char| !letter.is_ascii_graphic() || r#"?#"<>[\]^`|"#.contains(letter);
    let (at, letter) = template.value.char_indices().find(|(_, letter)| is_stray(*letter))?;
    Some(Spanned { value: letter, span: part(template, at, at + letter.len_utf8()) })
}

/// The place of a part of a template.
fn part(template: Spanned<&str>, from: usize, to: usize) -> Span {
    // A quoted scalar begins with its quote; escapes in it would shift places by a byte or two, never out of bounds.
    let quote = usize::from((template.span.end - template.span.start) as usize > template.value.len());
    let place = |at: usize| template.span.start + (quote + at) as u32;
    Span { start: place(from), end: place(to), ..template.span }
}
