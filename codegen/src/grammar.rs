//! What may stand where in a manifest, as data: one table checks the structure of a manifest, prints its JSON Schema
//! and explains its keys, so that the three cannot disagree.

mod check;
mod language;
pub(crate) mod names;
pub(crate) mod schema;
mod strays;
mod words;

pub(crate) use check::check;
pub(crate) use language::{MANIFEST, RESOURCE};
pub(crate) use strays::is_key_of_action;

use crate::diagnostic::Code;
use crate::name::Rule;
use names::Named;

/// What may stand in a place.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// Three numbers and what may follow them (Semantic Versioning 2.0.0).
    Version,
    /// The name of something that the manifest defines.
    Name(Named),
    /// An address that begins with `https://`.
    Url,
    /// The name of an HTTP header (RFC 9110, section 5.1).
    Header,
    /// A regular expression.
    Pattern,
    /// A whole number.
    Integer,
    /// A number, read digit for digit.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A whole number with its unit: `250ms`, `30s`, `10m`, `49h`.
    Duration,
    /// A scalar of any type: the type is known elsewhere.
    Scalar,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Shape),
    /// Entries that the maintainer names.
    Map { rule: Rule, value: &'static Shape },
    /// Keys that the language names.
    Object(&'static Object),
    /// A short form (a scalar), several of something (a list), or a long form (a mapping).
    ByKind { scalar: Option<&'static Shape>, list: Option<&'static Shape>, mapping: Option<&'static Shape> },
}

/// A mapping whose keys the language names.
#[derive(Debug)]
pub(crate) struct Object {
    /// What it is called in messages and in the JSON Schema, such as `action`.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [Key],
    /// Groups of keys of which exactly one must be given.
    pub(crate) one_of: &'static [&'static [&'static str]],
    /// Keys that people try and that are refused with a reason of their own.
    pub(crate) refused: &'static [Refusal],
}

/// A key that people try and that is refused with a reason of its own.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) key: &'static str,
    pub(crate) code: Code,
    pub(crate) help: &'static str,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: &'static Shape,
    /// For editors and messages: what the key says.
    pub(crate) about: &'static str,
}

impl Shape {
    /// What a person would call a fitting value.
    fn noun(&self) -> String {
        match self {
            Self::Text | Self::Name(_) => "a text".to_owned(),
            Self::Version => "a version".to_owned(),
            Self::Url => "an address that begins with https://".to_owned(),
            Self::Header => "the name of an HTTP header".to_owned(),
            Self::Pattern => "a regular expression".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Scalar => "a text, a number, true or false".to_owned(),
            Self::Duration => "a duration such as 250ms, 30s, 10m or 49h".to_owned(),
            Self::Choice([word]) => format!("`{word}`"),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::List(_) => "a list".to_owned(),
            Self::Map { .. } => "a mapping".to_owned(),
            Self::Object(object) => format!("a mapping ({})", object.name),
            Self::ByKind { scalar, list, mapping } => {
                let forms = [scalar, list, mapping].into_iter().flatten().map(|shape| shape.noun());
                forms.collect::<Vec<_>>().join(" or ")
            }
        }
    }
}
