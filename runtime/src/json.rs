//! Free JSON, kept as the text that came.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::value::{Read, Value, View};

/// One JSON value as text, digit for digit what the API sent.
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Parses the value into any type that serde can read.
    ///
    /// # Errors
    /// When the value does not fit `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        let text = value.to_string();
        Self(RawValue::from_string(text).expect("a JSON value prints as JSON"))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.get())
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The value at a dotted path; nothing where it is `null`.
pub(crate) fn look_up<'a>(value: &'a serde_json::Value, path: &str) -> Option<&'a serde_json::Value> {
    path.split('.').try_fold(value, |value, step| value.get(step)).filter(|value| !value.is_null())
}

impl Value for Json {
    fn blank() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    fn is_literal() -> bool {
        true
    }

    fn expected(&self) -> &'static str {
        "any JSON"
    }

    fn wants_literal(&self) -> bool {
        true
    }

    fn is_nullable(&self) -> bool {
        true
    }

    fn read_null(&mut self) -> Read {
        self.0 = RawValue::NULL.to_owned();
        Read::Taken
    }

    fn read_literal(&mut self, json: &str) -> Read {
        match RawValue::from_string(json.to_owned()) {
            Ok(raw) => {
                self.0 = raw;
                Read::Taken
            }
            Err(_) => Read::Refused,
        }
    }

    fn view(&self) -> View<'_> {
        View::Json(self)
    }
}
