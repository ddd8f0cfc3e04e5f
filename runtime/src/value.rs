//! The places a value of a record can be read into and written from, without knowing its type: the object-safe half
//! of decoding, so that a record costs the compiler a table and not a deserializer.

mod containers;
pub(crate) mod exact;
mod nullable;

use rust_decimal::Decimal;

pub use containers::Boxed;
pub use nullable::Nullable;

use crate::record::Record;
use crate::{Date, DateTime, Json};

/// A place for one value: reading stores what the JSON says, [`Value::view`] shows what is stored.
pub trait Value {
    /// A value to read into: zero, empty or nothing.
    fn blank() -> Self
    where
        Self: Sized;

    /// Whether values of this type are read from their literal JSON text (decimals, free JSON).
    fn is_literal() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// What a person would call a fitting value, such as `an integer`.
    fn expected(&self) -> &'static str;

    /// The same as [`Value::is_literal`], asked of a value.
    fn wants_literal(&self) -> bool {
        false
    }

    /// The values an input may have, when they are a closed list.
    fn allowed(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Whether a caller's `null` means something else than leaving the value out.
    fn is_nullable(&self) -> bool {
        false
    }

    /// Reads `null`.
    fn read_null(&mut self) -> Read {
        Read::Refused
    }

    /// Reads a boolean, number or string.
    fn read_scalar(&mut self, _scalar: Scalar<'_>) -> Read {
        Read::Refused
    }

    /// Reads a scalar of another kind that means exactly one value of this kind, such as `"3"` for an integer. For answers
    /// alone, after [`Value::read_scalar`] has refused it.
    fn read_loosely(&mut self, _token: Token<'_>) -> Read {
        Read::Refused
    }

    /// Takes out what is stored, so that the field is absent; `false` where the place cannot be empty.
    fn clear(&mut self) -> bool {
        false
    }

    /// Reads the JSON text of the value; called only where [`Value::wants_literal`] holds.
    fn read_literal(&mut self, _json: &str) -> Read {
        Read::Refused
    }

    /// Begins to read a list.
    fn items(&mut self) -> Option<&mut dyn Items> {
        None
    }

    /// Begins to read an object.
    fn fields(&mut self) -> Option<&mut dyn Fields> {
        None
    }

    /// What is stored.
    fn view(&self) -> View<'_>;
}

/// What became of a value that was offered to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// It is stored.
    Taken,
    /// It says that there is no value, such as an empty date.
    Nothing,
    /// It does not fit the type.
    Refused,
}

/// A JSON value without parts, except `null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `true` or `false`.
    Boolean(bool),
    /// A number without fraction that fits 64 bits.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A string.
    String(&'a str),
}

/// A scalar with all that its JSON text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `true` or `false`.
    Boolean(bool),
    /// A number as the JSON spells it.
    Number(&'a str),
    /// A string without its escapes.
    String(&'a str),
}

/// A list being read.
pub trait Items {
    /// The place of the next item.
    fn next(&mut self) -> &mut dyn Value;
}

/// An object being read.
pub trait Fields {
    /// The place of the field `name`, if the type knows it.
    fn place(&mut self, name: &str) -> Option<&mut dyn Value>;

    /// Where fields go that the type does not know; `None` where they are an error.
    fn extra(&mut self) -> Option<&mut crate::Extra> {
        None
    }
}

/// What a place holds.
pub enum View<'a> {
    /// Nothing: leave the field out.
    Absent,
    /// An explicit `null`.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Number(f64),
    /// An exact number.
    Decimal(Decimal),
    /// A string or the wire name of an enumeration's value.
    String(&'a str),
    /// A calendar date.
    Date(&'a Date),
    /// A point in time.
    DateTime(&'a DateTime),
    /// JSON as it came.
    Json(&'a Json),
    /// The items of a list.
    List(Vec<&'a dyn Value>),
    /// The entries of a map.
    Map(Vec<(&'a str, &'a dyn Value)>),
    /// The fields of a record.
    Record(&'a dyn Record),
}

/// What an answer without data holds.
impl Value for () {
    fn blank() -> Self {}

    fn expected(&self) -> &'static str {
        "null"
    }

    fn read_null(&mut self) -> Read {
        Read::Taken
    }

    fn view(&self) -> View<'_> {
        View::Null
    }
}

impl Value for bool {
    fn blank() -> Self {
        false
    }

    fn expected(&self) -> &'static str {
        "a boolean"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        let Scalar::Boolean(value) = scalar else { return Read::Refused };
        *self = value;
        Read::Taken
    }

    /// From 0 and 1, as a number or as text, and from the texts `true` and `false`.
    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        *self = match token {
            Token::Boolean(value) => value,
            Token::Number(text) | Token::String(text) => match text {
                "1" => true,
                "0" => false,
                "true" if token == Token::String(text) => true,
                "false" if token == Token::String(text) => false,
                _ => return Read::Refused,
            },
        };
        Read::Taken
    }

    fn view(&self) -> View<'_> {
        View::Boolean(*self)
    }
}

impl Value for i64 {
    fn blank() -> Self {
        0
    }

    fn expected(&self) -> &'static str {
        "an integer"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        let Scalar::Integer(value) = scalar else { return Read::Refused };
        *self = value;
        Read::Taken
    }

    /// From a number or the text of one, such as `3.0`, `"3"` or `1e3`.
    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        exact::read(token, exact::integer, self)
    }

    fn view(&self) -> View<'_> {
        View::Integer(*self)
    }
}

impl Value for f64 {
    fn blank() -> Self {
        0.0
    }

    fn expected(&self) -> &'static str {
        "a number"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        *self = match scalar {
            Scalar::Integer(value) if (value as f64) as i128 == i128::from(value) => value as f64,
            Scalar::Number(value) => value,
            _ => return Read::Refused,
        };
        Read::Taken
    }

    /// From a number or the text of one. A whole number must be exactly a float; a fraction becomes the nearest one.
    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        exact::read(token, exact::float, self)
    }

    fn view(&self) -> View<'_> {
        View::Number(*self)
    }
}

impl Value for String {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a string"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        let Scalar::String(value) = scalar else { return Read::Refused };
        value.clone_into(self);
        Read::Taken
    }

    /// From a number, with its digits. `false` is refused: some APIs mean by it that there is no text.
    fn read_loosely(&mut self, token: Token<'_>) -> Read {
        let (Token::Number(text) | Token::String(text)) = token else { return Read::Refused };
        text.clone_into(self);
        Read::Taken
    }

    fn view(&self) -> View<'_> {
        View::String(self)
    }
}

/// Read from a JSON number or from a string that holds one, digit for digit. More than 28 digits, or a value that would
/// have to be rounded, is refused: in an answer the field is then absent, and its text stands in the record's extra fields.
impl Value for Decimal {
    fn blank() -> Self {
        Self::ZERO
    }

    fn is_literal() -> bool {
        true
    }

    fn expected(&self) -> &'static str {
        "a decimal number"
    }

    fn wants_literal(&self) -> bool {
        true
    }

    fn read_literal(&mut self, json: &str) -> Read {
        // An escape may spell a digit.
        let unescaped = json.contains('\\').then(|| serde_json::from_str::<String>(json)).transpose();
        let Ok(unescaped) = unescaped else { return Read::Refused };
        let digits = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
        let digits = unescaped.as_deref().unwrap_or(digits);
        if digits.is_empty() {
            return Read::Nothing;
        }
        // The decimal's own parser takes `1_000` as Rust writes it.
        if digits.contains('_') {
            return Read::Refused;
        }
        let read = match digits.split_once(['e', 'E']) {
            // `from_scientific` alone would round a mantissa that is too long.
            Some((mantissa, _)) => Self::from_str_exact(mantissa).and_then(|_| Self::from_scientific(digits)),
            None => Self::from_str_exact(digits),
        };
        match read {
            Ok(value) => {
                *self = value;
                Read::Taken
            }
            Err(_) => Read::Refused,
        }
    }

    fn view(&self) -> View<'_> {
        View::Decimal(*self)
    }
}
