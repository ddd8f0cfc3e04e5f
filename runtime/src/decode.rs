//! The one visitor that decodes every record: it walks JSON and asks the record's field table where each value goes.
//! It reads JSON through `serde_json` alone, which hands out the digits of a number as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Json;
use crate::error::Violation;
use crate::fields::read_value;
use crate::salvage::{Piece, salvage};
use crate::value::{Read, Scalar, Token, Value};

/// Whose JSON is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// An API's answer: enumerations are open. The reading stops at the first value that it cannot be sure to read without
    /// loss; [`salvage`] then reads the answer.
    Answer,
    /// A caller's input: enumerations are closed, unknown fields are faults, `null` is no way to leave a value out.
    Input,
}

/// Reads a caller's `json` into `value` and lists everything that did not fit; the rest is read all the same.
///
/// # Errors
/// When the text is no JSON.
pub(crate) fn decode_input(json: &[u8], value: &mut dyn Value) -> Result<Vec<Violation>, serde_json::Error> {
    let mut faults = Faults { origin: Origin::Input, found: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Place { value, faults: &mut faults, is_root: true }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(faults.found)
}

/// Reads the answer that stands at the beginning of `text` into `value`, and adds what could not be read to `unreadable`.
/// The answer as a whole is not read where its kind is another one.
///
/// # Errors
/// When no JSON stands there.
pub(crate) fn decode_answer(
    text: &str,
    value: &mut dyn Value,
    unreadable: &mut Vec<Violation>,
) -> Result<Piece, serde_json::Error> {
    let mut faults = Faults { origin: Origin::Answer, found: Vec::new() };
    let place = Place { value, faults: &mut faults, is_root: true };
    match read_value(text, |json| place.deserialize(json)) {
        Ok(length) => Ok(Piece { length, is_read: true }),
        Err(_) => salvage(text, value, unreadable),
    }
}

/// `serde::Deserialize` for every record, from JSON alone: another format has no raw text for decimals and free JSON.
/// A field whose value cannot be read without loss is empty, and its JSON stands in the extra fields of its record.
///
/// # Errors
/// When the data is no JSON object.
pub fn deserialize<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let json = <Box<RawValue> as serde::Deserialize>::deserialize(deserializer)?;
    let (mut value, mut unreadable) = (T::blank(), Vec::new());
    let piece = decode_answer(json.get(), &mut value, &mut unreadable).map_err(D::Error::custom)?;
    match unreadable.first() {
        Some(fault) if !piece.is_read => Err(D::Error::custom(fault)),
        _ => Ok(value),
    }
}

struct Faults {
    origin: Origin,
    found: Vec<Violation>,
}

impl Faults {
    /// Notes that an input does not fit; of an answer, ends the reading.
    fn refuse<E: Error>(&mut self, expected: &str, found: &str) -> Result<(), E> {
        match self.origin {
            Origin::Answer => Err(E::custom("an odd value")),
            Origin::Input => {
                let message = format!("expected {expected}, found {found}");
                self.found.push(Violation::new(String::new(), message));
                Ok(())
            }
        }
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
    /// Whether it is the whole answer or input.
    is_root: bool,
}

impl Place<'_> {
    fn scalar<E: Error>(mut self, scalar: Scalar<'_>) -> Result<(), E> {
        let read = match self.faults.origin {
            Origin::Answer => self.read_answer(scalar),
            Origin::Input => {
                if let (Scalar::String(text), Some(allowed)) = (scalar, self.value.allowed())
                    && !allowed.contains(&text)
                {
                    let message = format!("expected one of {}", allowed.join(", "));
                    self.faults.found.push(Violation::new(String::new(), message));
                    return Ok(());
                }
                self.read_input(scalar)
            }
        };
        let found = match scalar {
            Scalar::Boolean(_) => "a boolean",
            Scalar::Integer(_) => "an integer",
            // 2^63: what was an integer in the JSON has become a float on its way here.
            Scalar::Number(value) if value.abs() >= 9_223_372_036_854_775_808.0 => "a number beyond 64 bits",
            Scalar::Number(_) => "a number",
            Scalar::String("") => "an empty string",
            Scalar::String(_) => "a string",
        };
        self.check(read, found)
    }

    fn read_answer(&mut self, scalar: Scalar<'_>) -> Read {
        // The digits of such a number are lost on the way here.
        if matches!(scalar, Scalar::Number(value) if value.abs() >= EXACT) {
            return Read::Refused;
        }
        let read = self.value.read_scalar(scalar);
        match scalar {
            _ if read != Read::Refused => read,
            Scalar::Boolean(value) => self.value.read_loosely(Token::Boolean(value)),
            Scalar::Integer(value) => self.value.read_loosely(Token::Number(&value.to_string())),
            Scalar::String(text) => self.value.read_loosely(Token::String(text)),
            Scalar::Number(_) => read,
        }
    }

    fn read_input(&mut self, scalar: Scalar<'_>) -> Read {
        match (self.value.read_scalar(scalar), scalar) {
            (Read::Refused, Scalar::Number(value)) if value.fract() == 0.0 && value.abs() <= EXACT => {
                self.value.read_scalar(Scalar::Integer(value as i64))
            }
            (read, _) => read,
        }
    }

    fn null<E: Error>(self) -> Result<(), E> {
        let refused = self.faults.origin == Origin::Input && !self.value.is_nullable();
        if refused || self.value.read_null() == Read::Refused {
            return self.faults.refuse(self.value.expected(), "null");
        }
        Ok(())
    }

    /// Refuses where the place took nothing: only an answer may hold a blank for a date or a price, and only where the
    /// place can be empty. A caller's blank is neither a price of 0 nor a way to leave the price out.
    fn check<E: Error>(self, read: Read, found: &str) -> Result<(), E> {
        let mut refuses_blank = || self.faults.origin == Origin::Input || !self.value.clear();
        if read == Read::Refused || (read == Read::Nothing && refuses_blank()) {
            return self.faults.refuse(self.value.expected(), found);
        }
        Ok(())
    }

    /// Whether an empty list stands for an empty object here, and an empty object for an empty list.
    fn takes_blank(&self) -> bool {
        self.faults.origin == Origin::Answer && !self.is_root
    }
}

/// 2^53: beyond it a float no longer names one whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.value.wants_literal() {
            return deserializer.deserialize_any(self);
        }
        let raw = <Box<RawValue> as serde::Deserialize>::deserialize(deserializer)?;
        if raw.get() == "null" {
            return self.null();
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
        self.check(read, kind(raw.get()))
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.value.expected())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.null()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Scalar::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Scalar::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Scalar::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some(items) = self.value.items() else {
            if self.takes_blank()
                && self.value.fields().is_some()
                && list.next_element::<IgnoredAny>()?.is_none()
            {
                return Ok(());
            }
            self.faults.refuse(self.value.expected(), "a list")?;
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
            if self.takes_blank()
                && self.value.items().is_some()
                && object.next_key::<IgnoredAny>()?.is_none()
            {
                return Ok(());
            }
            self.faults.refuse(self.value.expected(), "an object")?;
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(Name(name)) = object.next_key()? {
            let since = self.faults.found.len();
            if let Some(value) = fields.place(&name) {
                object.next_value_seed(Place { value, faults: self.faults, is_root: false })?;
            } else if self.faults.origin == Origin::Answer
                && let Some(extra) = fields.extra()
            {
                extra.insert(name.clone().into_owned(), Json::from(object.next_value::<Box<RawValue>>()?));
            } else {
                object.next_value::<IgnoredAny>()?;
                let unknown = Violation::new(String::new(), "unknown field".to_owned());
                match self.faults.origin {
                    Origin::Answer => return Err(A::Error::custom("an odd field")),
                    Origin::Input => self.faults.found.push(unknown),
                }
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
        Place { value: self.items.next(), faults: self.faults, is_root: false }.deserialize(deserializer)
    }
}

/// What a person would call a JSON value that was refused, told by its first character.
pub(crate) fn kind(json: &str) -> &'static str {
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
