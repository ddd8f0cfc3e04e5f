//! The texts a connector is compiled from, and places in them.

use std::collections::BTreeMap;

/// Path → text of everything a connector is compiled from: `connector.yaml`, `types/*.yaml`, `samples/*.json`,
/// `verified.lock`.
pub type Sources = BTreeMap<String, String>;

/// A place in one of the sources: a file and a byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Index of the file among the sources, in the order of their paths.
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// No place: a fault of the sources as a whole.
    pub(crate) const NOWHERE: Self = Self { file: u16::MAX, start: 0, end: 0 };
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Span,
}

/// Line and column of a byte, both from 1; the column counts characters.
pub(crate) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
