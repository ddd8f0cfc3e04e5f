//! Numbers read from their digits, or not at all: no float on the way, no digit dropped.

use super::{Read, Token};

/// Stores what `parse` makes of a number or of the text of one.
pub(super) fn read<T>(token: Token<'_>, parse: fn(&str) -> Option<T>, place: &mut T) -> Read {
    let (Token::Number(text) | Token::String(text)) = token else { return Read::Refused };
    match parse(text) {
        Some(value) => {
            *place = value;
            Read::Taken
        }
        None => Read::Refused,
    }
}

/// The parts of a JSON number (RFC 8259, section 6).
struct Number<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
    /// With its sign; empty where there is none.
    exponent: &'a str,
}

fn parts(text: &str) -> Option<Number<'_>> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (is_negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (rest, exponent) = match rest.split_once(['e', 'E']) {
        None => (rest, ""),
        Some((rest, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (rest, is_digits(digits).then_some(exponent)?)
        }
    };
    let (whole, fraction) = match rest.split_once('.') {
        None => (rest, ""),
        Some((whole, fraction)) => (whole, is_digits(fraction).then_some(fraction)?),
    };
    let is_whole = is_digits(whole) && (whole.len() == 1 || !whole.starts_with('0'));
    is_whole.then_some(Number { is_negative, whole, fraction, exponent })
}

/// The integer that a JSON number is, such as `3`, `3.0` or `0.3e1`; `None` for other texts, and beyond 64 bits.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let number = parts(text)?;
    let digits = [number.whole, number.fraction].concat();
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let exponent = if number.exponent.is_empty() { 0 } else { number.exponent.parse::<i64>().ok()? };
    let fraction = i64::try_from(number.fraction.len()).ok()?;
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let zeros = usize::try_from(exponent.checked_sub(fraction)?.checked_add(dropped)?).ok()?;
    // i64 has 19 digits.
    if significant.len().checked_add(zeros)? > 19 {
        return None;
    }
    let sign = if number.is_negative { "-" } else { "" };
    format!("{sign}{significant}{}", "0".repeat(zeros)).parse().ok()
}

/// The float that a JSON number is. A number without a fraction and an exponent must be one exactly, any other becomes the
/// nearest float, as every reader of JSON does it. `None` for other texts, and beyond the range of floats.
pub(super) fn float(text: &str) -> Option<f64> {
    let number = parts(text)?;
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
    let is_whole = number.exponent.is_empty() && number.fraction.bytes().all(|digit| digit == b'0');
    let is_exact = !is_whole || format!("{:.0}", value.abs()) == number.whole;
    is_exact.then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_integer_is_one_however_it_is_written_and_nothing_is_rounded() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("0.000e999999999999999999999", 0),
            ("3", 3),
            ("3.0", 3),
            ("30e-1", 3),
            ("0.3E1", 3),
            ("-1.50e+2", -150),
            ("1e18", 1_000_000_000_000_000_000),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("9007199254740993.0", 9_007_199_254_740_993),
        ] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in [
            "",
            "-",
            "+3",
            " 3",
            "3 ",
            "03",
            "-03",
            "3.",
            ".3",
            "3,0",
            "1_0",
            "0x1",
            "3e",
            "e3",
            "3e+",
            "abc",
            "3.5",
            "3.0000000000000000000001",
            "1e-1",
            "9223372036854775808",
            "-9223372036854775809",
            "1e19",
            "1e999999999999999999999",
            "NaN",
            "inf",
            "٣",
        ] {
            assert_eq!(integer(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_whole_float_is_exact() {
        for (text, value) in [
            ("4", 4.0),
            ("-4.00", -4.0),
            ("0.1", 0.1),
            ("0.10000000000000001", 0.1),
            ("1e300", 1e300),
            ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ] {
            assert_eq!(float(text), Some(value), "{text}");
        }
        for text in
            ["9007199254740993", "9007199254740993.0", "18446744073709551615", "1e999", "-1e999", "NaN", "4."]
        {
            assert_eq!(float(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_integer_survives_its_text_and_a_shifted_point(value in any::<i64>(), shift in 0_usize..30) {
            prop_assert_eq!(integer(&value.to_string()), Some(value));
            prop_assert_eq!(integer(&format!("{value}.{}", "0".repeat(shift + 1))), Some(value));
            let shifted = format!("{value}{}e-{shift}", "0".repeat(shift));
            prop_assert_eq!(integer(&shifted).unwrap_or(value), value);
        }

        #[test]
        fn no_text_is_a_panic(text in "[-+.eE0-9]{0,9}|.*") {
            let number: Result<serde_json::Number, _> = serde_json::from_str(&text);
            if integer(&text).is_some() || float(&text).is_some() {
                prop_assert!(number.is_ok(), "{}", text);
            }
        }
    }
}
