//! Dates in the forms in which the API versions write and read them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::{Timestamp, tz::TimeZone};

const DAY: i64 = 86_400;

/// The date form of the v3 catalogue: ISO 8601 with the offset `+00:00`, to the second.
///
/// `epoch_seconds` counts from 1970-01-01T00:00:00Z. What lies outside the years that can be written
/// (-9999 to 9999) becomes the nearest date that can.
pub(crate) fn catalog_date(epoch_seconds: i64) -> String {
    written(epoch_seconds, "%Y-%m-%dT%H:%M:%S+00:00")
}

/// The date form of v3 customers: ISO 8601 with `Z`, to the second.
pub(crate) fn customer_date(epoch_seconds: i64) -> String {
    written(epoch_seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// The date form of v2: RFC 2822, always in UTC.
pub(crate) fn order_date(epoch_seconds: i64) -> String {
    written(epoch_seconds, "%a, %d %b %Y %H:%M:%S +0000")
}

/// The seconds since 1970-01-01T00:00:00Z that `text` names: ISO 8601, RFC 2822 or epoch seconds.
///
/// A date without a time gets the time of day of `now`, as the API adds it. A time without an offset is UTC.
/// Source: the `date_modified:min` parameter of `reference/catalog/products_catalog.v3.yml`.
pub(crate) fn read_date(text: &str, now: i64) -> Option<i64> {
    let at_utc = |moment: DateTime| Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds >= 0).then_some(seconds);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_second());
    }
    if let Ok(moment) = rfc2822::parse(text) {
        return Some(moment.timestamp().as_second());
    }
    if text.len() == "2018-08-15".len() {
        let date = text.parse::<Date>().ok()?;
        return at_utc(date.at(0, 0, 0, 0)).map(|midnight| midnight + now.rem_euclid(DAY));
    }
    text.parse::<DateTime>().ok().and_then(at_utc)
}

fn written(epoch_seconds: i64, form: &str) -> String {
    let nearest = if epoch_seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let moment = Timestamp::from_second(epoch_seconds).unwrap_or(nearest);
    moment.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::{catalog_date, customer_date, order_date, read_date};

    const MOMENT: i64 = 1_534_344_526;

    #[test]
    fn writes_each_form() {
        assert_eq!(catalog_date(MOMENT), "2018-08-15T14:48:46+00:00");
        assert_eq!(customer_date(MOMENT), "2018-08-15T14:48:46Z");
        assert_eq!(order_date(MOMENT), "Wed, 15 Aug 2018 14:48:46 +0000");
    }

    #[test]
    fn bounds_what_cannot_be_written() {
        assert!(catalog_date(i64::MAX).starts_with("9999-12-"));
        assert!(catalog_date(i64::MIN).starts_with("-9999-01-"));
    }

    #[test]
    fn reads_what_it_writes_and_epoch_seconds() {
        for text in [catalog_date(MOMENT), customer_date(MOMENT), order_date(MOMENT), MOMENT.to_string()] {
            assert_eq!(read_date(&text, 0), Some(MOMENT), "{text}");
        }
        assert_eq!(read_date("2018-08-15T16:48:46+02:00", 0), Some(MOMENT));
        assert_eq!(read_date("2018-08-15T14:48:46", 0), Some(MOMENT));
        for other in ["", "yesterday", "2018-13-01", "2018-08-15T14:48:46 00:00", "-5"] {
            assert_eq!(read_date(other, 0), None, "{other:?}");
        }
    }

    #[test]
    fn a_bare_date_gets_the_time_of_day() {
        assert_eq!(read_date("2018-08-15", 86_400 * 3 + 14 * 3_600 + 48 * 60 + 46), Some(MOMENT));
    }
}
