//! Writes records as JSON through their field table: for bodies in the forms of an API version, for serde with dates as
//! they came. Decimals are written as raw text, which `serde_json` alone knows.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::connector::{Api, DecimalFormat};
use crate::date::DateFormat;
use crate::record::Record;
use crate::value::{Value, View};

/// `serde::Serialize` for every record, as JSON alone; dates that came from an API are written as they came.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
    Encoded { source: Source::Record(record), form: Form::AS_IT_CAME }.serialize(serializer)
}

/// A value or record on its way into a serializer.
pub(crate) struct Encoded<'a> {
    source: Source<'a>,
    form: Form,
}

/// How values are written that JSON has no type for.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// `None` leaves a date as it came.
    dates: Option<DateFormat>,
    decimals: DecimalFormat,
}

impl Form {
    /// Dates as they came from an API, decimals as numbers.
    pub(crate) const AS_IT_CAME: Self = Self { dates: None, decimals: DecimalFormat::Number };

    /// The form of a body of this API.
    pub(crate) fn of(api: &Api) -> Self {
        Self { dates: Some(api.dates), decimals: api.decimals }
    }
}

enum Source<'a> {
    Value(&'a dyn Value),
    Record(&'a dyn Record),
}

impl<'a> Encoded<'a> {
    pub(crate) fn new(value: &'a dyn Value, form: Form) -> Self {
        Self { source: Source::Value(value), form }
    }

    fn record<S: Serializer>(&self, record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut outcome = Ok(());
        let unknown = record.unknown();
        // A described field stands among the unknown ones as long as its value could not be read: one that is set since
        // takes its place, so that no name is written twice.
        let mut replaced = Vec::new();
        record.each(&mut |name, value| {
            if outcome.is_ok() && !matches!(value.view(), View::Absent) {
                outcome = map.serialize_entry(name, &Encoded::new(value, self.form));
                if unknown.is_some_and(|unknown| unknown.contains_key(name)) {
                    replaced.push(name);
                }
            }
        });
        outcome?;
        for (name, json) in unknown.into_iter().flatten() {
            if !replaced.contains(&name.as_str()) {
                map.serialize_entry(name, json)?;
            }
        }
        map.end()
    }
}

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = match self.source {
            Source::Value(value) => value.view(),
            Source::Record(record) => View::Record(record),
        };
        match view {
            View::Absent | View::Null => serializer.serialize_unit(),
            View::Boolean(value) => serializer.serialize_bool(value),
            View::Integer(value) => serializer.serialize_i64(value),
            // Most APIs write whole numbers without a fraction; 2^53 is where a float stops to name one of them.
            View::Number(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                serializer.serialize_i64(value as i64)
            }
            View::Number(value) => serializer.serialize_f64(value),
            View::Decimal(value) if self.form.decimals == DecimalFormat::Text => {
                serializer.collect_str(&value)
            }
            // A JSON number with the decimal's own digits: a float would change them.
            View::Decimal(value) => serde_json::value::RawValue::from_string(value.to_string())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            View::String(value) => serializer.serialize_str(value),
            View::Date(value) => serializer.serialize_str(value.as_str()),
            View::DateTime(value) => match self.form.dates {
                Some(format) => serializer.serialize_str(&value.format(format).map_err(S::Error::custom)?),
                None => serializer.serialize_str(&value.to_text()),
            },
            View::Json(value) => value.serialize(serializer),
            View::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Encoded::new(item, self.form))?;
                }
                list.end()
            }
            View::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Encoded::new(value, self.form))?;
                }
                map.end()
            }
            View::Record(record) => self.record(record, serializer),
        }
    }
}
