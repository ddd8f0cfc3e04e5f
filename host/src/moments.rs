//! Points in time as people and programs read and write them, in UTC.

use connector_runtime::DateTime;

use crate::clock::now_ms;
use crate::serve::values::duration;
use crate::triggers::millis;

/// A point in time by RFC 3339, in whole seconds; `ms` counts from the Unix epoch. A number outside of the calendar stays
/// a number.
pub(crate) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms.div_euclid(1_000).saturating_mul(1_000))
        .map_or_else(|_| ms.to_string(), |moment| moment.to_string())
}

/// A point in time by RFC 3339 for the text of an API, which may have another format; `None` if the text is no point in
/// time.
pub(crate) fn normalised(text: &str) -> Option<String> {
    DateTime::from(text).timestamp().ok().map(|moment| moment.to_string())
}

/// Milliseconds since the Unix epoch for a point in time, or for a length of time before now.
///
/// # Errors
/// The forms that are possible.
pub(crate) fn given(text: &str) -> Result<i64, String> {
    if let Some(ago) = duration(text) {
        return Ok(now_ms().saturating_sub(millis(ago)));
    }
    let moment = DateTime::from(text).timestamp();
    moment.map(|moment| moment.as_millisecond()).map_err(|_| {
        "write a moment such as 2026-11-24T08:00:00Z, or a length of time such as 90m, 12h or 2d".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_by_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_764_000_000_999, "2025-11-24T16:00:00Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9223372036854775807"),
            (i64::MIN, "-9223372036854775808"),
        ] {
            assert_eq!(rfc3339(ms), text);
        }
    }

    #[test]
    fn dates_of_apis_become_rfc_3339() {
        for (text, expected) in [
            ("Tue, 20 Nov 2012 00:00:00 +0000", Some("2012-11-20T00:00:00Z")),
            ("2024-05-01T10:00:00+02:00", Some("2024-05-01T08:00:00Z")),
            ("2024-05-01T10:00:00.250Z", Some("2024-05-01T10:00:00.25Z")),
            ("2024-05-01", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(normalised(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_moment_is_a_date_or_a_time_ago() {
        assert_eq!(given("2026-11-24T08:00:00Z"), Ok(1_795_507_200_000));
        let then = given("2d").unwrap();
        let ago = now_ms() - then;
        assert!((172_800_000..172_860_000).contains(&ago), "{ago}");
        assert!(given("yesterday").unwrap_err().contains("2d"));
    }
}
