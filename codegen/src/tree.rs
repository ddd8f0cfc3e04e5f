//! A manifest's text as a tree whose every key and value knows its place.

mod parse;

use std::borrow::Cow;

use crate::source::{Span, Spanned};

pub(crate) use parse::parse;

/// A value in a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Node<'s> {
    pub(crate) span: Span,
    pub(crate) kind: Kind<'s>,
}

/// What a value is. YAML's typed scalars are not resolved here: the grammar knows which type belongs where.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'s> {
    /// A scalar; `plain` tells an unquoted one.
    Scalar {
        text: Cow<'s, str>,
        plain: bool,
    },
    Sequence(Vec<Node<'s>>),
    Mapping(Vec<Entry<'s>>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'s> {
    pub(crate) key: Spanned<Cow<'s, str>>,
    pub(crate) value: Node<'s>,
}

impl<'s> Node<'s> {
    /// What a person would call it.
    pub(crate) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { text, plain: true } if matches!(text.as_ref(), "" | "~" | "null") => "nothing",
            Kind::Scalar { .. } => "a text",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    /// The text of a scalar; `None` of one that says nothing.
    pub(crate) fn text(&self) -> Option<Spanned<&str>> {
        match &self.kind {
            Kind::Scalar { text, .. } if self.noun() != "nothing" => {
                Some(Spanned { value: text, span: self.span })
            }
            _ => None,
        }
    }

    /// The items of a sequence; none of anything else.
    pub(crate) fn items(&self) -> &[Node<'s>] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry<'s>] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of a mapping with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'s>> {
        self.entries().iter().find(|entry| entry.key.value == key)
    }

    /// The value of a mapping's key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'s>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text of a mapping's key.
    pub(crate) fn get_text(&self, key: &str) -> Option<Spanned<&str>> {
        self.get(key)?.text()
    }
}
