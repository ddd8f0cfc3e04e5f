//! Places that hold other places: optional values, boxes, lists and maps.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::{Deref, DerefMut};

use super::{Fields, Items, Read, Scalar, Token, Value, View};

impl<T: Value> Value for Option<T> {
    fn blank() -> Self {
        None
    }

    fn is_literal() -> bool {
        T::is_literal()
    }

    fn expected(&self) -> &'static str {
        self.as_ref().map_or_else(|| T::blank().expected(), Value::expected)
    }

    fn wants_literal(&self) -> bool {
        T::is_literal()
    }

    fn allowed(&self) -> Option<&'static [&'static str]> {
        T::blank().allowed()
    }

    fn read_null(&mut self) -> Read {
        *self = None;
        Read::Nothing
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        let mut value = T::blank();
        let read = value.read_scalar(scalar);
        *self = (read == Read::Taken).then_some(value);
        read
    }

    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        let mut value = T::blank();
        let read = value.read_loosely(token);
        *self = (read == Read::Taken).then_some(value);
        read
    }

    fn clear(&mut self) -> bool {
        *self = None;
        true
    }

    fn read_literal(&mut self, json: &str) -> Read {
        let mut value = T::blank();
        let read = value.read_literal(json);
        *self = (read == Read::Taken).then_some(value);
        read
    }

    fn items(&mut self) -> Option<&mut dyn Items> {
        self.insert(T::blank()).items()
    }

    fn fields(&mut self) -> Option<&mut dyn Fields> {
        self.insert(T::blank()).fields()
    }

    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, Value::view)
    }
}

/// A record inside itself, held by address. It is a type of our own because `Box` is everybody's: no other crate's type
/// may then be told from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxed<T>(Box<T>);

impl<T> From<T> for Boxed<T> {
    fn from(value: T) -> Self {
        Self(Box::new(value))
    }
}

impl<T> Deref for Boxed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Boxed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Value> Value for Boxed<T> {
    fn blank() -> Self {
        Self(Box::new(T::blank()))
    }

    fn is_literal() -> bool {
        T::is_literal()
    }

    fn expected(&self) -> &'static str {
        self.0.expected()
    }

    fn wants_literal(&self) -> bool {
        T::is_literal()
    }

    fn allowed(&self) -> Option<&'static [&'static str]> {
        self.0.allowed()
    }

    fn read_null(&mut self) -> Read {
        self.0.read_null()
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        self.0.read_scalar(scalar)
    }

    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        self.0.read_loosely(token)
    }

    fn clear(&mut self) -> bool {
        self.0.clear()
    }

    fn read_literal(&mut self, json: &str) -> Read {
        self.0.read_literal(json)
    }

    fn items(&mut self) -> Option<&mut dyn Items> {
        self.0.items()
    }

    fn fields(&mut self) -> Option<&mut dyn Fields> {
        self.0.fields()
    }

    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl<T: Value> Value for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a list"
    }

    fn items(&mut self) -> Option<&mut dyn Items> {
        self.clear();
        Some(self)
    }

    fn view(&self) -> View<'_> {
        View::List(self.iter().map(|item| item as &dyn Value).collect())
    }
}

impl<T: Value> Items for Vec<T> {
    fn next(&mut self) -> &mut dyn Value {
        self.push(T::blank());
        self.last_mut().expect("an item was pushed just before")
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn fields(&mut self) -> Option<&mut dyn Fields> {
        self.clear();
        Some(self)
    }

    fn view(&self) -> View<'_> {
        View::Map(self.iter().map(|(key, value)| (key.as_str(), value as &dyn Value)).collect())
    }
}

impl<T: Value> Fields for BTreeMap<String, T> {
    fn place(&mut self, name: &str) -> Option<&mut dyn Value> {
        // Of a doubled key the last value counts whole.
        match self.entry(name.to_owned()) {
            Entry::Vacant(entry) => Some(entry.insert(T::blank())),
            Entry::Occupied(entry) => {
                let place = entry.into_mut();
                *place = T::blank();
                Some(place)
            }
        }
    }
}
