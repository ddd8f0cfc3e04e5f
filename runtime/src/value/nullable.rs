//! Values of updates, where leaving a value out, emptying it and setting it are three things.

use super::{Fields, Items, Read, Scalar, Token, Value, View};

/// A value in an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Nullable<T> {
    /// Leave it as it is: nothing is sent.
    #[default]
    Absent,
    /// Empty it: `null` is sent.
    Null,
    /// Set it.
    Value(T),
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

/// `None` becomes [`Nullable::Null`], as the empty value of a field does: an update with it empties the field. To leave a
/// field as it is, do not assign it.
impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Value> Nullable<T> {
    fn insert(&mut self, value: T) -> &mut T {
        *self = Self::Value(value);
        match self {
            Self::Value(value) => value,
            Self::Absent | Self::Null => unreachable!("a value was stored just before"),
        }
    }
}

impl<T: Value> Value for Nullable<T> {
    fn blank() -> Self {
        Self::Absent
    }

    fn is_literal() -> bool {
        T::is_literal()
    }

    fn expected(&self) -> &'static str {
        T::blank().expected()
    }

    fn wants_literal(&self) -> bool {
        T::is_literal()
    }

    fn allowed(&self) -> Option<&'static [&'static str]> {
        T::blank().allowed()
    }

    fn is_nullable(&self) -> bool {
        true
    }

    fn read_null(&mut self) -> Read {
        *self = Self::Null;
        Read::Taken
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        self.insert(T::blank()).read_scalar(scalar)
    }

    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        self.insert(T::blank()).read_loosely(token)
    }

    fn clear(&mut self) -> bool {
        *self = Self::Absent;
        true
    }

    fn read_literal(&mut self, json: &str) -> Read {
        self.insert(T::blank()).read_literal(json)
    }

    fn items(&mut self) -> Option<&mut dyn Items> {
        self.insert(T::blank()).items()
    }

    fn fields(&mut self) -> Option<&mut dyn Fields> {
        self.insert(T::blank()).fields()
    }

    fn view(&self) -> View<'_> {
        match self {
            Self::Absent => View::Absent,
            Self::Null => View::Null,
            Self::Value(value) => value.view(),
        }
    }
}
