//! Parameters of a request: the name a caller uses, where the request carries it, and the constraints on its value.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::error::Violation;
use crate::value::{Value, View};

/// A parameter of an operation, as `static` data of generated code.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name a caller uses.
    pub name: &'static str,
    /// The name on the wire, such as `id:in`.
    pub wire: &'static str,
    /// Where the request carries it.
    pub place: Place,
    /// Whether it must be given.
    pub required: bool,
    /// The least value of a number, length of a string in characters, or count of a list's items, in digits.
    pub minimum: Option<&'static str>,
    /// The greatest value of a number, length of a string in characters, or count of a list's items, in digits.
    pub maximum: Option<&'static str>,
}

/// Where a request carries a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the path, where the template names it.
    Path,
    /// In the query; the items of a list are joined by commas.
    Query,
}

impl Parameter {
    /// A part of the path, always required.
    #[must_use]
    pub const fn path(name: &'static str) -> Self {
        Self { required: true, ..Self::new(name, Place::Path) }
    }

    /// A part of the query.
    #[must_use]
    pub const fn query(name: &'static str) -> Self {
        Self::new(name, Place::Query)
    }

    const fn new(name: &'static str, place: Place) -> Self {
        Self { name, wire: name, place, required: false, minimum: None, maximum: None }
    }

    /// The same with another name on the wire.
    #[must_use]
    pub const fn wire(self, wire: &'static str) -> Self {
        Self { wire, ..self }
    }

    /// The same, to be given always.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with a lower bound.
    #[must_use]
    pub const fn minimum(self, minimum: &'static str) -> Self {
        Self { minimum: Some(minimum), ..self }
    }

    /// The same with an upper bound.
    #[must_use]
    pub const fn maximum(self, maximum: &'static str) -> Self {
        Self { maximum: Some(maximum), ..self }
    }

    pub(crate) fn violation(&self, what: impl Into<String>) -> Violation {
        Violation::new(self.name.to_owned(), what.into())
    }

    /// What is wrong with `value`, if anything is.
    pub(crate) fn check(&self, value: &dyn Value) -> Option<Violation> {
        let (size, what) = match value.view() {
            View::Integer(value) => (Decimal::from(value), ""),
            View::Decimal(value) => (value, ""),
            View::Number(value) => match Decimal::from_f64(value) {
                Some(value) => (value, ""),
                None => return Some(self.violation("must be a finite number")),
            },
            View::String(value) => (Decimal::from(value.chars().count()), " characters"),
            View::List(items) => (Decimal::from(items.len()), " items"),
            _ => return None,
        };
        let bound = |bound: Option<&str>| bound.and_then(|digits| Decimal::from_str_exact(digits).ok());
        match (bound(self.minimum), bound(self.maximum)) {
            (Some(least), _) if size < least => {
                Some(self.violation(format!("must be at least {least}{what}")))
            }
            (_, Some(most)) if size > most => Some(self.violation(format!("must be at most {most}{what}"))),
            _ => None,
        }
    }
}
