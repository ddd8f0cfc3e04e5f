//! The one visitor that decodes every record: it walks JSON and asks the record's field table where each value goes.
//! It reads JSON through `serde_json` alone, which hands out the digits of a number as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Json;
use crate::error::Violation;
use crate::fields::read_value;
use crate::value::{Read, Scalar, Value};

/// Whose JSON is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An API's answer: enumerations are open.
    Answer,
    /// A caller's input: enumerations are closed, unknown fields are faults, `null` is no way to leave a value out.
    Input,
}

/// Reads `json` into `value` and lists everything that did not fit; the rest is read all the same.
///
/// # Errors
/// When the text is no JSON.
pub(crate) fn decode(
    json: &[u8],
    value: &mut dyn Value,
    origin: Origin,
) -> Result<Vec<Violation>, serde_json::Error> {
    let mut faults = Faults { origin, found: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Place { value, faults: &mut faults }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(faults.found)
}

/// Reads the answer that stands at the beginning of `text` into `value`, and adds what did not fit to `violations`; the
/// length of its text.
///
/// # Errors
/// When no JSON stands there.
pub(crate) fn decode_answer(
    text: &str,
    value: &mut dyn Value,
    violations: &mut Vec<Violation>,
) -> Result<usize, serde_json::Error> {
    let mut faults = Faults { origin: Origin::Answer, found: std::mem::take(violations) };
    let length = read_value(text, |json| Place { value, faults: &mut faults }.deserialize(json));
    *violations = faults.found;
    length
}

/// `serde::Deserialize` for every record, from JSON alone: another format has no raw text for decimals and free JSON.
///
/// # Errors
/// When the data does not fit the record.
pub fn deserialize<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::blank();
    let mut faults = Faults { origin: Origin::Answer, found: Vec::new() };
    Place { value: &mut value, faults: &mut faults }.deserialize(deserializer)?;
    match faults.found.first() {
        None => Ok(value),
        Some(fault) => Err(D::Error::custom(fault)),
    }
}

struct Faults {
    origin: Origin,
    found: Vec<Violation>,
}

impl Faults {
    fn refuse(&mut self, expected: &str, found: &str) {
        self.found.push(Violation::new(String::new(), format!("expected {expected}, found {found}")));
    }

    /// Puts a step in front of the paths of all faults found since `since`.
    fn within(&mut self, since: usize, step: &dyn fmt::Display) {
        for fault in &mut self.found[since..] {
            fault.prefix(step);
        }
    }
}

struct Place<'p> {
    value: &'p mut dyn Value,
    faults: &'p mut Faults,
}

impl Place<'_> {
    fn scalar(self, scalar: Scalar<'_>) {
        if let (Origin::Input, Scalar::String(text), Some(allowed)) =
            (self.faults.origin, scalar, self.value.allowed())
            && !allowed.contains(&text)
        {
            self.faults
                .found
                .push(Violation::new(String::new(), format!("expected one of {}", allowed.join(", "))));
            return;
        }
        let read = self.value.read_scalar(scalar);
        let found = match scalar {
            Scalar::Boolean(_) => "a boolean",
            Scalar::Integer(_) => "an integer",
            // 2^63: what was an integer in the JSON has become a float on its way here.
            Scalar::Number(value) if value.abs() >= 9_223_372_036_854_775_808.0 => "a number beyond 64 bits",
            Scalar::Number(_) => "a number",
            Scalar::String("") => "an empty string",
            Scalar::String(_) => "a string",
        };
        self.check(read, found);
    }

    fn null(self) {
        let refused = self.faults.origin == Origin::Input && !self.value.is_nullable();
        if refused || self.value.read_null() == Read::Refused {
            self.faults.refuse(self.value.expected(), "null");
        }
    }

    /// Notes a fault where the place took nothing: only an answer may hold a blank for a date or a price. A caller's blank
    /// is neither a price of 0 nor a way to leave the price out.
    fn check(self, read: Read, found: &str) {
        if read == Read::Refused || (read == Read::Nothing && self.faults.origin == Origin::Input) {
            self.faults.refuse(self.value.expected(), found);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.value.wants_literal() {
            return deserializer.deserialize_any(self);
        }
        let raw = <Box<RawValue> as serde::Deserialize>::deserialize(deserializer)?;
        if raw.get() == "null" {
            self.null();
            return Ok(());
        }
        // What is passed on as it came is read by others: a caller's must be JSON for every reader (RFC 8259, sections 6,
        // 8.2 and 9), the text of an answer is the API's own.
        if self.faults.origin == Origin::Input
            && serde_json::from_str::<serde_json::Value>(raw.get()).is_err()
        {
            let what = "must hold whole characters, numbers of 64 bits, and at most 127 levels";
            self.faults.found.push(Violation::new(String::new(), what.to_owned()));
            return Ok(());
        }
        let read = self.value.read_literal(raw.get());
        self.check(read, kind(raw.get()));
        Ok(())
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.value.expected())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.null();
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Scalar::Boolean(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Integer));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(Scalar::Number(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.scalar(Scalar::String(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some(items) = self.value.items() else {
            self.faults.refuse(self.value.expected(), "a list");
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        // A place is made only once an item is there, so that a list never ends in a blank one.
        let mut index = 0_usize;
        loop {
            let since = self.faults.found.len();
            let seed = NextItem { items, faults: self.faults };
            if list.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            self.faults.within(since, &format_args!("[{index}]"));
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some(fields) = self.value.fields() else {
            self.faults.refuse(self.value.expected(), "an object");
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(Name(name)) = object.next_key()? {
            let since = self.faults.found.len();
            if let Some(value) = fields.place(&name) {
                object.next_value_seed(Place { value, faults: self.faults })?;
            } else if self.faults.origin == Origin::Answer
                && let Some(extra) = fields.extra()
            {
                extra.insert(name.clone().into_owned(), Json::from(object.next_value::<Box<RawValue>>()?));
            } else {
                object.next_value::<IgnoredAny>()?;
                self.faults.found.push(Violation::new(String::new(), "unknown field".to_owned()));
            }
            self.faults.within(since, &name);
        }
        Ok(())
    }
}

struct NextItem<'p> {
    items: &'p mut dyn crate::value::Items,
    faults: &'p mut Faults,
}

impl<'de> DeserializeSeed<'de> for NextItem<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Place { value: self.items.next(), faults: self.faults }.deserialize(deserializer)
    }
}

/// What a person would call a JSON value that was refused, told by its first character.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') if json.len() == 2 => "an empty string",
        Some(b'"') => "another string",
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        _ => "a number of too many digits",
    }
}

/// A field name, borrowed from the JSON where it holds no escapes.
pub(crate) struct Name<'de>(pub(crate) Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}
