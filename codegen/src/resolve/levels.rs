//! Levels of verification: each line of `verified.lock` names an action and what tests have shown of it.

use std::collections::BTreeMap;

use super::{suggest, unknown};
use crate::LOCK;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Action, Level};
use crate::source::{Sources, Span, Spanned};

/// Gives each action its level. An action without a line keeps `none`.
pub(super) fn apply(sources: &Sources, actions: &mut [Action], faults: &mut Vec<Diagnostic>) {
    let found = (0_u16..).zip(sources).find(|(_, (path, _))| path.as_str() == LOCK);
    let Some((file, (_, text))) = found else { return };
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words: Vec<Spanned<&str>> = words(file, start, line);
        start += line.len();
        let (id, level) = match words.as_slice() {
            [] => continue,
            [word, ..] if word.value.starts_with('#') => continue,
            [id, level] => (*id, *level),
            [id, ..] => {
                let message = "the line is not an action and a level";
                let help = format!("write `ACTION LEVEL`, such as `get-order {}`", Level::Sandbox.word());
                faults.push(Diagnostic::new(Code::BadLevel, id.span, message).help(help));
                continue;
            }
        };
        if let Some(span) = first.get(id.value) {
            let message = format!("the action `{}` has a second level", id.value);
            let fault = Diagnostic::new(Code::BadLevel, id.span, message).related(*span, "the first one");
            faults.push(fault.help("remove one of the lines, or run `cargo xtask bless`"));
            continue;
        }
        first.insert(id.value, id.span);
        let known = Level::ALL.into_iter().find(|known| known.word() == level.value);
        if known.is_none() {
            let message = format!("there is no level `{}`", level.value);
            let otherwise = "run `cargo xtask bless`, which writes the level that the tests show";
            let help = suggest(level.value, Level::ALL.map(Level::word), otherwise);
            faults.push(Diagnostic::new(Code::BadLevel, level.span, message).help(help));
        }
        match actions.iter_mut().find(|action| action.id == id.value) {
            Some(action) => action.level = known.unwrap_or_default(),
            None => {
                let help = "remove the line, or run `cargo xtask bless`, which writes this file";
                faults.push(unknown(Code::UnknownAction, "action", id, []).help(help));
            }
        }
    }
}

/// The words of a line with their places.
fn words(file: u16, line_start: usize, line: &str) -> Vec<Spanned<&str>> {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let word = |value: &'_ str| {
        let start = line_start + (value.as_ptr() as usize - line.as_ptr() as usize);
        Span { file, start: byte(start), end: byte(start + value.len()) }
    };
    line.split_whitespace().map(|value| Spanned { value, span: word(value) }).collect()
}
