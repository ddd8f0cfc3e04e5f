//! Free JSON, kept as the text that came.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value as Any;
use serde_json::value::RawValue;

use crate::decode::decode_answer;
use crate::encode::{Encoded, Form};
use crate::error::Violation;
use crate::value::{Read, Value, View};

/// One JSON value as text, digit for digit what the API sent. Cheap to clone.
#[derive(Clone)]
pub struct Json(ByteString);

impl Json {
    /// Parses the value into any type that serde can read.
    ///
    /// # Errors
    /// When the value does not fit `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// Reads the value into a type of a generated crate, as a typed call does: the second part lists what could not be read
    /// without loss, as [`Reply::unreadable`](crate::Reply::unreadable) does.
    ///
    /// # Errors
    /// What does not fit, where the value is of another kind than `T`.
    pub fn typed<T: Value>(&self) -> Result<(T, Vec<Violation>), Vec<Violation>> {
        let (mut value, mut unreadable) = (T::blank(), Vec::new());
        match decode_answer(&self.0, &mut value, &mut unreadable) {
            Ok(piece) if piece.is_read => Ok((value, unreadable)),
            Ok(_) => Err(unreadable),
            Err(_) => Err(vec![Violation::new(String::new(), "the text is not whole JSON".to_owned())]),
        }
    }

    /// The JSON of a typed value; dates that came from an API are written as they came.
    ///
    /// # Errors
    /// If the value contains a decimal that JSON cannot write.
    pub fn of<T: Value>(value: &T) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(&Encoded::new(value, Form::AS_IT_CAME))?;
        Ok(Self(json.into()))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A value that was read as JSON, as a text of its own.
    pub(crate) fn copy(text: &str) -> Self {
        Self(text.into())
    }

    /// A part of a body that was read as JSON; it keeps the whole body alive.
    pub(crate) fn part(body: &ByteString, text: &str) -> Self {
        Self(body.slice_ref(text))
    }

    /// A part of this value that was read as JSON.
    pub(crate) fn part_of(&self, text: &str) -> Self {
        Self::part(&self.0, text)
    }

    /// The object with these fields, whose values are JSON.
    pub(crate) fn object(fields: &BTreeMap<Cow<'_, str>, &str>) -> Self {
        let fields = fields.iter().map(|(name, value)| format!("{}:{value}", Any::from(&**name)));
        Self(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")).into())
    }

    pub(crate) const fn null() -> Self {
        Self(ByteString::from_static("null"))
    }

    pub(crate) const fn empty_list() -> Self {
        Self(ByteString::from_static("[]"))
    }
}

/// The text of one JSON value becomes this value, digit for digit.
impl FromStr for Json {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Box<RawValue>>(text).map(Self::from)
    }
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Self(String::from(Box::<str>::from(raw)).into())
    }
}

impl From<Any> for Json {
    fn from(value: Any) -> Self {
        Self(value.to_string().into())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The value at a dotted path; nothing where it is `null`.
pub(crate) fn look_up<'a>(value: &'a Any, path: &str) -> Option<&'a Any> {
    path.split('.').try_fold(value, |value, step| value.get(step)).filter(|value| !value.is_null())
}

impl Value for Json {
    fn blank() -> Self {
        Self::null()
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
        *self = Self::null();
        Read::Taken
    }

    fn read_literal(&mut self, json: &str) -> Read {
        match RawValue::from_string(json.to_owned()) {
            Ok(raw) => {
                *self = raw.into();
                Read::Taken
            }
            Err(_) => Read::Refused,
        }
    }

    fn view(&self) -> View<'_> {
        View::Json(self)
    }
}
