//! Dates in the forms in which the API versions write them.

use jiff::{Timestamp, tz::TimeZone};

/// The date form of the v3 catalogue: ISO 8601 with the offset `+00:00`, to the second.
///
/// `epoch_seconds` counts from 1970-01-01T00:00:00Z. What lies outside the years that can be written
/// (-9999 to 9999) becomes the nearest date that can.
pub(crate) fn catalog_date(epoch_seconds: i64) -> String {
    let nearest = if epoch_seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let moment = Timestamp::from_second(epoch_seconds).unwrap_or(nearest);
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::catalog_date;

    #[test]
    fn writes_the_offset_in_digits() {
        assert_eq!(catalog_date(1_534_344_526), "2018-08-15T14:48:46+00:00");
    }

    #[test]
    fn bounds_what_cannot_be_written() {
        assert!(catalog_date(i64::MAX).starts_with("9999-12-"));
        assert!(catalog_date(i64::MIN).starts_with("-9999-01-"));
    }
}
