//! The members of a JSON object in the order in which they were written, each value as its own text: digits, order
//! and spelling survive.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// An object, read or to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// The names and values, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The JSON text of the last member with this name, which is the one that counts.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.get())
    }

    /// The value of a member, where there is one of this type.
    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// Puts `value` in place of every member with this name, or at the end.
    pub(crate) fn set(&mut self, name: &str, value: Box<RawValue>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    /// The object with one member more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = to_raw_value(&value).expect("numbers, strings and lists of them are JSON");
        self.set(name, value);
        self
    }

    /// Puts the members of another object at the end.
    pub(crate) fn append(&mut self, other: Self) {
        other.0.into_iter().for_each(|(name, value)| self.set(&name, value));
    }

    /// The object as JSON text on one line, apart from what the values themselves hold.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and JSON values are JSON")
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Members;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Members {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn keeps_order_and_digits() {
        let json = r#"{"z":1.10,"a":{"c":[1, 2]},"b":12345678901234567890}"#;
        assert_eq!(read(json).to_json(), json);
    }

    #[test]
    fn the_last_of_two_members_counts_and_both_are_replaced() {
        let mut members = read(r#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(members.get::<u8>("a"), Some(3));
        members.set("a", to_raw_value(&4).unwrap());
        assert_eq!(members.to_json(), r#"{"b":2,"a":4}"#);
    }
}
