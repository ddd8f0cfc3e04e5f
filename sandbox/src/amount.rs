//! Exact decimals: whole ten-thousandths in Rust, JSON numbers (v3) or strings (v2) on the wire, and no
//! float arithmetic in between.

use serde_json::Value;

/// How many parts a unit has: v2 writes amounts with four places.
const PARTS: i64 = 10_000;

/// An amount of money, or a measure, to four places. Sums that leave the range stop at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(i64);

impl Amount {
    /// Nothing.
    pub(crate) const ZERO: Self = Self(0);

    /// The amount of so many hundredths, which are cents for money.
    pub(crate) fn hundredths(hundredths: i64) -> Self {
        Self(hundredths.saturating_mul(PARTS / 100))
    }

    /// Reads plain digits with at most one point and one sign. Digits after the fourth place must be zeros.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (places, rest) = part.split_at_checked(4).unwrap_or((part, ""));
        if !is_digits(whole) || !is_digits(places) || rest.bytes().any(|byte| byte != b'0') {
            return None;
        }
        let part: i64 = format!("{places:0<4}").parse().ok()?;
        let parts = whole.parse::<i64>().ok()?.checked_mul(PARTS)?.checked_add(part)?;
        Some(Self(if negative { -parts } else { parts }))
    }

    /// The amount in a JSON number or in a string of digits.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub(crate) fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// One of `count` equal shares, rounded towards zero; nothing where there are no shares.
    pub(crate) fn divided_by(self, count: usize) -> Self {
        Self(i64::try_from(count).ok().and_then(|count| self.0.checked_div(count)).unwrap_or(0))
    }

    /// This amount and `basis_points` ten-thousandths of it, rounded to whole hundredths, halves up.
    pub(crate) fn with_tax(self, basis_points: i64) -> Self {
        let hundredth = PARTS / 100;
        let exact = self.0.saturating_mul(10_000 + basis_points) / 10_000;
        Self(exact.saturating_add(hundredth / 2).div_euclid(hundredth) * hundredth)
    }

    /// The JSON number. Digits that say nothing are left out, as real stores leave them out: `49`, `7.95`.
    pub(crate) fn number(self) -> Value {
        if self.0 % PARTS == 0 {
            return Value::from(self.0 / PARTS);
        }
        let text = self.text();
        serde_json::from_str(text.trim_end_matches('0')).expect("digits around one point are a JSON number")
    }

    /// The decimal string of v2, such as `7.9500`.
    pub(crate) fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let parts = self.0.unsigned_abs();
        let whole = PARTS.unsigned_abs();
        format!("{sign}{}.{:04}", parts / whole, parts % whole)
    }
}

/// The JSON number for `hundredths` of a unit: cents of a price, hundredths of a kilogram.
pub(crate) fn hundredths(hundredths: i64) -> Value {
    Amount::hundredths(hundredths).number()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Amount, hundredths};

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

    #[test]
    fn reads_numbers_and_strings_exactly() {
        let text = |value| Amount::of(&value).map(Amount::text);
        assert_eq!(text(json!(64.95)).as_deref(), Some("64.9500"));
        assert_eq!(text(json!(10)).as_deref(), Some("10.0000"));
        assert_eq!(text(json!("10.98")).as_deref(), Some("10.9800"));
        assert_eq!(text(json!("-0.5000000000")).as_deref(), Some("-0.5000"));
        for other in [json!(""), json!("1e3"), json!("1.00001"), json!("."), json!("1,5"), json!(null)] {
            assert_eq!(Amount::of(&other), None, "{other}");
        }
    }

    #[test]
    fn adds_tax_to_the_cent() {
        let taxed = |cents| Amount::hundredths(cents).with_tax(825).text();
        assert_eq!(taxed(1000), "10.8300");
        assert_eq!(taxed(6495), "70.3100");
        assert_eq!(taxed(0), "0.0000");
    }

    #[test]
    fn stops_at_the_end_of_its_range() {
        let most = Amount::parse("900000000000000").expect("a large amount");
        assert!(most.times(u64::MAX).plus(most) >= most);
        assert!(most.times(u64::MAX).with_tax(825) > Amount::ZERO);
    }
}
