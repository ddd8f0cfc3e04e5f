//! Reads an answer that holds an odd value, piece by piece: each piece is converted without loss, or kept as its JSON text.
//! The usual answer never comes here, so that keeping the text costs it nothing.
//!
//! The smallest field of a record that holds an unreadable value is empty, and its text stands in the record's extra
//! fields: a list or map with one unreadable part is kept whole as text, since a shorter one would be another list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Deserializer;

use crate::Json;
use crate::decode::{Name, kind};
use crate::error::Violation;
use crate::fields::{skip_value, walk_list, walk_object};
use crate::value::{Fields, Items, Read, Scalar, Token, Value};

/// As deep as `serde_json` goes.
const DEEPEST: usize = 127;

/// What became of a value that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The length of its text in bytes.
    pub(crate) length: usize,
    /// Whether the place holds it. If not, the place must be emptied.
    pub(crate) is_read: bool,
}

/// Reads the answer at the beginning of `text` into `value`, and adds what could not be read to `unreadable`.
///
/// # Errors
/// When no JSON stands there.
pub(crate) fn salvage(
    text: &str,
    value: &mut dyn Value,
    unreadable: &mut Vec<Violation>,
) -> Result<Piece, serde_json::Error> {
    Salvage { found: unreadable }.read(value, text, 0)
}

struct Salvage<'f> {
    found: &'f mut Vec<Violation>,
}

impl Salvage<'_> {
    /// Reads the value at the beginning of `text`, which stands `depth` levels deep.
    fn read(&mut self, value: &mut dyn Value, text: &str, depth: usize) -> Result<Piece, serde_json::Error> {
        match text.as_bytes().first() {
            _ if value.wants_literal() => {
                let json = &text[..skip_value(text)?];
                let read = if json == "null" { value.read_null() } else { value.read_literal(json) };
                Ok(self.piece(value, json, read, kind))
            }
            Some(b'{' | b'[') if depth >= DEEPEST => {
                let json = &text[..skip_value(text)?];
                Ok(self.piece(value, json, Read::Refused, |_| "too many levels"))
            }
            Some(b'{') => self.object(value, text, depth),
            Some(b'[') => self.list(value, text, depth),
            _ => {
                let json = &text[..skip_value(text)?];
                let read = scalar(value, json);
                Ok(self.piece(value, json, read, kind_of_scalar))
            }
        }
    }

    fn object(
        &mut self,
        value: &mut dyn Value,
        text: &str,
        depth: usize,
    ) -> Result<Piece, serde_json::Error> {
        if let Some(fields) = value.fields() {
            return self.fields(fields, text, depth);
        }
        let numbered = match value.items() {
            Some(items) if depth > 0 => Some(self.numbered(items, text, depth)?),
            _ => None,
        };
        match numbered {
            Some((piece, true)) => Ok(piece),
            Some((piece, false)) => Ok(self.piece(value, &text[..piece.length], Read::Refused, kind)),
            None => Ok(self.piece(value, &text[..skip_value(text)?], Read::Refused, kind)),
        }
    }

    fn fields(
        &mut self,
        fields: &mut dyn Fields,
        text: &str,
        depth: usize,
    ) -> Result<Piece, serde_json::Error> {
        // What was found in each field that is not whole. Of a doubled field the last counts: an earlier one leaves a gap.
        let mut found: Vec<Option<Vec<Violation>>> = Vec::new();
        let mut places = BTreeMap::new();
        // Fields that neither the record nor its extra fields hold.
        let mut lost = BTreeSet::new();
        let since = self.found.len();
        let length = walk_object(text, |name, from_value| {
            if let Some(place) = places.remove(&name) {
                found[place] = None;
            }
            let Some(place) = fields.place(&name) else {
                let length = skip_value(from_value)?;
                let name = name.into_owned();
                match fields.extra() {
                    Some(extra) => drop(extra.insert(name, Json::copy(&from_value[..length]))),
                    None => found.push(Some(vec![Violation::new(name, "unknown field".to_owned())])),
                }
                return Ok(length);
            };
            let piece = self.read(place, from_value, depth + 1)?;
            let is_empty = !piece.is_read && place.clear();
            let is_kept = match fields.extra() {
                Some(extra) if is_empty => {
                    extra.insert(name.clone().into_owned(), Json::copy(&from_value[..piece.length]));
                    true
                }
                Some(extra) => {
                    extra.remove(&*name);
                    piece.is_read
                }
                None => piece.is_read,
            };
            if self.found.len() > since {
                self.within(since, &name);
                places.insert(name.clone(), found.len());
                found.push(Some(self.found.split_off(since)));
            }
            if is_kept {
                lost.remove(&name);
            } else {
                lost.insert(name);
            }
            Ok(piece.length)
        })
        .map_err(|error| no_json(text, error))?;
        self.found.extend(found.into_iter().flatten().flatten());
        Ok(Piece { length, is_read: lost.is_empty() })
    }

    /// An object that PHP makes of a list, and whether it is one: its names are 0, 1, 2 and so on, in this order.
    fn numbered(
        &mut self,
        items: &mut dyn Items,
        text: &str,
        depth: usize,
    ) -> Result<(Piece, bool), serde_json::Error> {
        let start = self.found.len();
        let (mut index, mut is_list, mut is_read) = (0_usize, true, true);
        let length = walk_object(text, |name, from_value| {
            is_list &= *name == *index.to_string();
            if !is_list {
                return skip_value(from_value);
            }
            let since = self.found.len();
            let piece = self.read(items.next(), from_value, depth + 1)?;
            self.within(since, &name);
            is_read &= piece.is_read;
            index += 1;
            Ok(piece.length)
        })
        .map_err(|error| no_json(text, error))?;
        if !is_list {
            self.found.truncate(start);
        }
        Ok((Piece { length, is_read }, is_list))
    }

    fn list(&mut self, value: &mut dyn Value, text: &str, depth: usize) -> Result<Piece, serde_json::Error> {
        let Some(items) = value.items() else {
            let json = &text[..skip_value(text)?];
            // PHP writes an object without fields like a list without items.
            let is_empty = walk_list(json, |_| Err(serde_json::Error::custom("an item"))).is_ok();
            let read =
                if depth > 0 && is_empty && value.fields().is_some() { Read::Taken } else { Read::Refused };
            return Ok(self.piece(value, json, read, kind));
        };
        let (mut index, mut is_read) = (0_usize, true);
        let length = walk_list(text, |from_item| {
            let since = self.found.len();
            let item = items.next();
            let piece = self.read(item, from_item, depth + 1)?;
            // In a page of records the place of what is no record at all stays blank: the others keep their places.
            let stays_blank = depth == 0
                && !from_item.starts_with('{')
                && item.fields().is_some_and(|fields| fields.extra().is_some());
            is_read &= piece.is_read || stays_blank;
            self.within(since, &format_args!("[{index}]"));
            index += 1;
            Ok(piece.length)
        })
        .map_err(|error| no_json(text, error))?;
        Ok(Piece { length, is_read })
    }

    /// The piece of a value with this text, which is listed where it could not be read.
    fn piece(
        &mut self,
        value: &mut dyn Value,
        json: &str,
        read: Read,
        kind: fn(&str) -> &'static str,
    ) -> Piece {
        // A blank date or price is none, where the place can be empty.
        let is_read = read == Read::Taken || (read == Read::Nothing && value.clear());
        if !is_read {
            let message = format!("expected {}, found {}", value.expected(), kind(json));
            self.found.push(Violation::new(String::new(), message));
        }
        Piece { length: json.len(), is_read }
    }

    /// Puts a step in front of the paths of all that was found since `since`.
    fn within(&mut self, since: usize, step: &dyn fmt::Display) {
        for violation in &mut self.found[since..] {
            violation.prefix(step);
        }
    }
}

/// Reads a value without parts from its whole text.
fn scalar(value: &mut dyn Value, json: &str) -> Read {
    let loosely = |value: &mut dyn Value, read, token| {
        if read == Read::Refused { value.read_loosely(token) } else { read }
    };
    match json {
        "null" => value.read_null(),
        "true" | "false" => {
            let boolean = json == "true";
            let read = value.read_scalar(Scalar::Boolean(boolean));
            loosely(value, read, Token::Boolean(boolean))
        }
        _ if json.starts_with('"') => match Name::deserialize(&mut Deserializer::from_str(json)) {
            Ok(Name(text)) => {
                let read = value.read_scalar(Scalar::String(&text));
                loosely(value, read, Token::String(&text))
            }
            // Half of a character, which no text of Rust can hold.
            Err(_) => Read::Refused,
        },
        _ => {
            let integer = json.parse().map(Scalar::Integer);
            let read = integer.map_or(Read::Refused, |integer| value.read_scalar(integer));
            loosely(value, read, Token::Number(json))
        }
    }
}

/// What a person would call a value without parts that was refused.
fn kind_of_scalar(json: &str) -> &'static str {
    // 2^53: beyond it a float no longer names one whole number. 2^63: beyond it an integer has more than 64 bits.
    match (json.as_bytes().first(), json.parse::<i64>(), json.parse::<f64>()) {
        (Some(b'"'), ..) if json.len() > 2 => "a string",
        (Some(b'-' | b'0'..=b'9'), Ok(integer), _) if integer.unsigned_abs() > 1 << 53 => {
            "an integer beyond 53 bits"
        }
        (Some(b'-' | b'0'..=b'9'), Ok(_), _) => "an integer",
        (Some(b'-' | b'0'..=b'9'), _, Ok(number)) if number.abs() >= 9_223_372_036_854_775_808.0 => {
            "a number beyond 64 bits"
        }
        (Some(b'-' | b'0'..=b'9'), ..) => "a number",
        _ => kind(json),
    }
}

/// The error of a text that is no JSON, where the walk itself found the fault.
fn no_json(text: &str, error: Option<serde_json::Error>) -> serde_json::Error {
    error
        .or_else(|| skip_value(text).err())
        .unwrap_or_else(|| serde_json::Error::custom("the text is not whole JSON"))
}
