//! Exact decimals: whole hundredths in Rust, JSON numbers on the wire, and no float arithmetic in between.

use serde_json::Value;

/// The JSON number for `hundredths` of a unit: cents of a price, hundredths of a kilogram.
///
/// Digits that say nothing are left out, as real stores leave them out: `4900` is `49`, `795` is `7.95`,
/// `1050` is `10.5`.
pub(crate) fn hundredths(hundredths: i64) -> Value {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    if part == 0 {
        return Value::from(whole);
    }
    let sign = if hundredths < 0 { "-" } else { "" };
    let digits = format!("{sign}{}.{:02}", whole.unsigned_abs(), part.unsigned_abs());
    serde_json::from_str(digits.trim_end_matches('0')).expect("digits around one point are a JSON number")
}

#[cfg(test)]
mod tests {
    use super::hundredths;

    #[test]
    fn writes_cents_as_the_shortest_exact_number() {
        let written = |cents| hundredths(cents).to_string();
        assert_eq!(written(4900), "49");
        assert_eq!(written(795), "7.95");
        assert_eq!(written(1050), "10.5");
        assert_eq!(written(5), "0.05");
        assert_eq!(written(0), "0");
        assert_eq!(written(-5), "-0.05");
        assert_eq!(written(-250), "-2.5");
        assert_eq!(written(999_999_999_999), "9999999999.99");
    }
}
