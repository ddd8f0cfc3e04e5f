//! Dates as APIs write them: RFC 3339 in some versions, RFC 2822 in others, empty where there is none.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::value::{Read, Scalar, Value, View};

/// How an API version writes points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// `2019-03-05T21:40:11Z` (RFC 3339).
    Rfc3339,
    /// `Tue, 05 Mar 2019 21:40:11 +0000` (RFC 2822).
    Rfc2822,
}

/// A point in time. What an API sent is kept as it came and parsed when asked; a new one is written in the format of
/// the API version it is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateTime(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Text(String),
    Instant(Timestamp),
}

/// A calendar date, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date(String);

/// A text that is no date in any of the formats understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidDate;

impl DateTime {
    /// The instant, read from RFC 3339 or RFC 2822 text.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn timestamp(&self) -> Result<Timestamp, InvalidDate> {
        match &self.0 {
            Repr::Instant(instant) => Ok(*instant),
            Repr::Text(text) => text
                .parse()
                .or_else(|_| rfc2822::DateTimeParser::new().parse_timestamp(text))
                .map_err(|_| InvalidDate),
        }
    }

    /// The moment so many seconds after the Unix epoch.
    ///
    /// # Errors
    /// When it lies beyond the year 9999, or as long ago.
    pub fn at_second(second: i64) -> Result<Self, InvalidDate> {
        Timestamp::from_second(second).map(Self::from).map_err(|_| InvalidDate)
    }

    /// The text for an API version.
    ///
    /// # Errors
    /// When the date was made from text that is no date.
    pub fn format(&self, format: DateFormat) -> Result<String, InvalidDate> {
        let instant = self.timestamp()?;
        match format {
            DateFormat::Rfc3339 => Ok(instant.to_string()),
            // Of a bare timestamp jiff writes `-0000`, which says that the offset is not known (RFC 2822, section 3.3).
            DateFormat::Rfc2822 => {
                let utc = instant.to_zoned(TimeZone::UTC);
                rfc2822::DateTimePrinter::new().zoned_to_string(&utc).map_err(|_| InvalidDate)
            }
        }
    }

    /// The text as it came; RFC 3339 where it was made from an instant.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.0 {
            Repr::Text(text) => text.clone(),
            Repr::Instant(instant) => instant.to_string(),
        }
    }
}

impl From<Timestamp> for DateTime {
    fn from(instant: Timestamp) -> Self {
        Self(Repr::Instant(instant))
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self(Repr::Text(text.to_owned()))
    }
}

impl Date {
    /// The calendar date, read from `YYYY-MM-DD`, with or without a time after it.
    ///
    /// # Errors
    /// When the text does not begin with a date.
    pub fn civil(&self) -> Result<jiff::civil::Date, InvalidDate> {
        self.0.parse().map_err(|_| InvalidDate)
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<jiff::civil::Date> for Date {
    fn from(date: jiff::civil::Date) -> Self {
        Self(date.to_string())
    }
}

impl From<&str> for Date {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for InvalidDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a date: write it like 2019-03-05T21:40:11Z")
    }
}

impl std::error::Error for InvalidDate {}

impl Value for DateTime {
    fn blank() -> Self {
        Self(Repr::Text(String::new()))
    }

    fn expected(&self) -> &'static str {
        "a date with time"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        match scalar {
            Scalar::String("") => Read::Nothing,
            Scalar::String(text) => {
                *self = Self::from(text);
                Read::Taken
            }
            _ => Read::Refused,
        }
    }

    fn view(&self) -> View<'_> {
        View::DateTime(self)
    }
}

impl Value for Date {
    fn blank() -> Self {
        Self(String::new())
    }

    fn expected(&self) -> &'static str {
        "a date"
    }

    fn read_scalar(&mut self, scalar: Scalar<'_>) -> Read {
        match scalar {
            Scalar::String("") => Read::Nothing,
            Scalar::String(text) => {
                *self = Self::from(text);
                Read::Taken
            }
            _ => Read::Refused,
        }
    }

    fn view(&self) -> View<'_> {
        View::Date(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_formats_as_the_same_instant_and_writes_either() {
        let v3 = DateTime::from("2019-03-05T21:40:11+00:00");
        let v2 = DateTime::from("Tue, 05 Mar 2019 21:40:11 +0000");
        assert_eq!(v3.timestamp(), v2.timestamp());
        assert_eq!(v3.format(DateFormat::Rfc2822).unwrap(), "Tue, 5 Mar 2019 21:40:11 +0000");
        assert_eq!(v2.format(DateFormat::Rfc3339).unwrap(), "2019-03-05T21:40:11Z");
        assert_eq!(DateTime::from("yesterday").timestamp(), Err(InvalidDate));
    }
}
