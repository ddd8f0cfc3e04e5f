//! Integers, floats and decimals: what is read, what is refused, and that no digit changes on the way.

use std::str::FromStr;

use connector_runtime::Decimal;

use crate::{fault, item, written};

#[track_caller]
fn price(json: &str) -> String {
    item(&format!(r#"{{"price":{json}}}"#)).price.expect("a price").to_string()
}

#[test]
fn a_whole_number_is_an_integer_however_it_is_written() {
    for json in ["10", "10.0", "1e1", "1.0E1"] {
        assert_eq!(item(&format!(r#"{{"id":{json}}}"#)).id, Some(10), "{json}");
    }
    assert_eq!(item(r#"{"id":-0}"#).id, Some(0));
    assert_eq!(item(r#"{"id":9223372036854775807}"#).id, Some(i64::MAX));
    assert_eq!(item(r#"{"id":-9223372036854775808}"#).id, Some(i64::MIN));
}

#[test]
fn what_is_no_integer_of_64_bits_is_refused() {
    for json in ["10.5", "1e-1", "-0.5"] {
        let fault = fault(&format!(r#"{{"id":{json}}}"#));
        assert_eq!(fault, "id: expected an integer, found a number", "{json}");
    }
    for json in [
        "9223372036854775808",
        "18446744073709551615",
        "-9223372036854775809",
        "12345678901234567890",
        "1e300",
    ] {
        let fault = fault(&format!(r#"{{"id":{json}}}"#));
        assert!(
            fault.starts_with("id: expected an integer, found a number beyond 64 bits"),
            "{json}: {fault}"
        );
    }
    assert!(fault(r#"{"id":true}"#).contains("id: expected an integer, found a boolean"));
}

#[test]
fn a_float_takes_numbers_and_writes_whole_ones_without_a_fraction() {
    assert_eq!(item(r#"{"ratio":4}"#).ratio, Some(4.0));
    assert_eq!(
        fault(r#"{"ratio":18446744073709551615}"#),
        "ratio: expected a number, found a number beyond 64 bits",
        "a float would be another whole number"
    );
    for (read, wrote) in
        [("4", "4"), ("4.0", "4"), ("-3", "-3"), ("4.25", "4.25"), ("1e300", "1e+300"), ("0", "0")]
    {
        assert_eq!(written(&item(&format!(r#"{{"ratio":{read}}}"#))), format!(r#"{{"ratio":{wrote}}}"#));
    }
}

#[test]
fn a_decimal_keeps_the_digits_of_a_number_or_a_string() {
    for digits in [
        "0.1",
        "-0.1",
        "28.50",
        "100",
        "0.0000000000000000000000000001",
        "7922816251426433759354395033.5",
        "0",
    ] {
        assert_eq!(price(digits), digits);
        assert_eq!(price(&format!("\"{digits}\"")), digits);
        let json = format!(r#"{{"price":{digits}}}"#);
        assert_eq!(written(&item(&json)), json, "a number, with its own digits");
    }
}

#[test]
fn a_decimal_may_have_an_exponent() {
    for (json, value) in [
        ("1.5e3", "1500"),
        ("1.5E+3", "1500"),
        ("15e-1", "1.5"),
        ("\"2.50e1\"", "25.0"),
        ("1e28", "10000000000000000000000000000"),
        ("1e-28", "0.0000000000000000000000000001"),
        ("-12.5e0", "-12.5"),
    ] {
        assert_eq!(Decimal::from_str(&price(json)), Decimal::from_str(value), "{json}");
    }
}

#[test]
fn a_decimal_holds_28_digits_and_refuses_to_round_more() {
    let exact = "1.234567890123456789012345678";
    assert_eq!(exact.len(), 29);
    assert_eq!(price(exact), exact);
    for too_long in [
        "0.12345678901234567890123456789",
        "12345678901234567890123456789.5",
        "99999999999999999999999999999999",
        "0.12345678901234567890123456789e1",
        "1.2345678901234567890123456789012e5",
        "1e29",
        "1e-29",
        "1e4294967296",
    ] {
        let fault = fault(&format!(r#"{{"images":[{{}},{{}},{{"price":{too_long}}}]}}"#));
        let expected = "images[2].price: expected a decimal number, found a number of too many digits";
        assert!(fault.starts_with(expected), "{fault}");
        assert!(!fault.contains("12345") && !fault.contains("999"), "{fault}");
    }
}

#[test]
fn what_is_no_decimal_is_refused_by_what_it_is() {
    for (json, found) in [
        ("true", "a boolean"),
        ("[1]", "a list"),
        (r#"{"amount":1}"#, "an object"),
        (r#""12,50""#, "another string"),
        (r#""€ 5""#, "another string"),
        (r#"" ""#, "another string"),
        (r#""NaN""#, "another string"),
        (r#""1e""#, "another string"),
        (r#""e5""#, "another string"),
        (r#""0x10""#, "another string"),
        (r#""1_000""#, "another string"),
        (r#""1_0e2""#, "another string"),
        (r#""1e1_0""#, "another string"),
    ] {
        let fault = fault(&format!(r#"{{"price":{json}}}"#));
        assert!(
            fault.starts_with(&format!("price: expected a decimal number, found {found}")),
            "{json}: {fault}"
        );
        assert!(!fault.contains("12,50") && !fault.contains('€'), "{fault}");
    }
}

#[test]
fn an_empty_string_is_no_decimal_and_no_date() {
    let item = item(r#"{"price":"","day":"","changed":"","name":""}"#);
    assert_eq!((item.price, &item.day, &item.changed), (None, &None, &None));
    assert_eq!(item.name.as_deref(), Some(""), "a string may be empty");
}
