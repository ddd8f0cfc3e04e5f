//! JSON whose objects keep their order: a form shows its fields as the manifest lists them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// A JSON value.
pub(crate) enum Json {
    Text(String),
    Boolean(bool),
    Number(serde_json::Number),
    /// A scalar as it stands in a file.
    Raw(Box<RawValue>),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::text(text)).collect())
    }

    /// The JSON of a text that resolving has parsed before: laid out anew, its order and its digits kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim_start().as_bytes().first()? {
            b'{' => serde_json::from_str::<Entries>(text).ok()?.0.map(Self::Object),
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                items.into_iter().map(|item| Self::parse(item.get())).collect::<Option<_>>().map(Self::List)
            }
            _ => serde_json::from_str(text).ok().map(Self::Raw),
        }
    }

    pub(crate) fn object<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The same object with one more entry.
    pub(crate) fn with(self, key: &str, value: Self) -> Self {
        match self {
            Self::Object(mut entries) => {
                entries.push((key.to_owned(), value));
                Self::Object(entries)
            }
            other => other,
        }
    }

    /// The same object with one more entry, if there is one.
    pub(crate) fn with_some(self, key: &str, value: Option<Self>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The same object with one more text, if there is one.
    pub(crate) fn with_text(self, key: &str, text: Option<&str>) -> Self {
        self.with_some(key, text.map(Self::text))
    }

    pub(crate) fn described(self, description: &str) -> Self {
        self.with_text("description", Some(description).filter(|text| !text.is_empty()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Raw(json) => json.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// The entries of an object in their order.
struct Entries(Option<Vec<(String, Json)>>);

impl<'j> Deserialize<'j> for Entries {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'j> Visitor<'j> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Some(Vec::new());
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            let value = Json::parse(value.get());
            entries = entries.zip(value).map(|(mut entries, value)| {
                entries.push((key, value));
                entries
            });
        }
        Ok(Entries(entries))
    }
}
