//! Reads the time of signing and holds it against the clock, without overflow for any input.

use super::profile::{TimestampUnit, Tolerance};
use super::rejected::Rejected;

/// Sixteen digits reach past the year 300,000 in milliseconds, and cannot overflow when counted in seconds.
const MAX_DIGITS: usize = 16;

/// Epoch milliseconds of a timestamp: ASCII digits only, so no sign, space, point or exponent.
pub(super) fn parse(text: &[u8], unit: TimestampUnit) -> Result<i64, Rejected> {
    if text.is_empty() || text.len() > MAX_DIGITS {
        return Err(Rejected::BadTimestamp);
    }
    let mut count: i64 = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return Err(Rejected::BadTimestamp);
        }
        count = count * 10 + i64::from(byte - b'0');
    }
    match unit {
        TimestampUnit::Milliseconds => Ok(count),
        TimestampUnit::Seconds => count.checked_mul(1000).ok_or(Rejected::BadTimestamp),
    }
}

/// Whether a signature made at `signed_ms` may still be accepted at `now_ms`.
pub(super) fn check(signed_ms: i64, now_ms: i64, tolerance: &Tolerance) -> Result<(), Rejected> {
    let distance = u128::from(now_ms.abs_diff(signed_ms));
    if signed_ms <= now_ms {
        if distance > tolerance.max_age.as_millis() { Err(Rejected::Stale) } else { Ok(()) }
    } else if distance > tolerance.max_ahead.as_millis() {
        Err(Rejected::FromTheFuture)
    } else {
        Ok(())
    }
}
