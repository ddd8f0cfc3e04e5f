//! What is refused, each case with the exact step that fails. Where the case is about anything but the
//! signature, the signature is right, so that nothing else can have refused it.

use super::*;

const SIGNATURE: &str = "X-Parcel-Webhook-Signature";
const TIMESTAMP: &str = "X-Parcel-Webhook-Timestamp";

type Headers = Vec<(&'static str, Vec<u8>)>;

fn bytes(headers: Vec<(&'static str, String)>) -> Headers {
    headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn hex() -> Headers {
    bytes(hex_headers("1764000000000", BODY))
}

fn standard() -> Headers {
    bytes(standard_headers(ID, "1764000000", BODY))
}

fn without(mut headers: Headers, name: &str) -> Headers {
    headers.retain(|(other, _)| *other != name);
    headers
}

fn with(headers: Headers, name: &'static str, value: impl AsRef<[u8]>) -> Headers {
    let mut headers = without(headers, name);
    headers.push((name, value.as_ref().to_vec()));
    headers
}

/// A second header of the same name and value.
fn twice(mut headers: Headers, name: &str) -> Headers {
    let again = headers.iter().find(|(other, _)| *other == name).expect("a header").clone();
    headers.push(again);
    headers
}

fn signature_of(headers: &Headers) -> String {
    let (_, value) = headers.iter().find(|(name, _)| name.ends_with("signature")).expect("a signature");
    String::from_utf8(value.clone()).expect("text")
}

#[track_caller]
fn refuses(cases: Vec<(&str, Headers, Rejected)>) {
    for (case, headers, expected) in cases {
        let map = header_map(&headers);
        let refused = verify(&map, BODY).map(|verified| format!("{verified:?}"));
        assert_eq!(refused, Err(expected), "{case}");
    }
}

#[test]
fn refuses_deliveries_without_the_whole_of_one_profile() {
    refuses(vec![
        ("no header at all", vec![], Rejected::UnknownProfile),
        ("unsigned but similar", with(vec![], "x-parcel-webhook-signaturf", "0"), Rejected::UnknownProfile),
        ("no signature", without(hex(), "x-parcel-webhook-signature"), Rejected::MissingHeader(SIGNATURE)),
        ("no timestamp", without(hex(), "x-parcel-webhook-timestamp"), Rejected::MissingHeader(TIMESTAMP)),
        ("no id", without(standard(), "webhook-id"), Rejected::MissingHeader("webhook-id")),
        (
            "no timestamp beside an id",
            without(standard(), "webhook-timestamp"),
            Rejected::MissingHeader("webhook-timestamp"),
        ),
        ("an id alone", with(vec![], "webhook-id", ID), Rejected::MissingHeader("webhook-signature")),
        (
            "the timestamp of another profile",
            with(without(hex(), "x-parcel-webhook-timestamp"), "webhook-timestamp", "1764000000"),
            Rejected::MissingHeader("webhook-signature"),
        ),
    ]);
}

#[test]
fn refuses_headers_that_are_repeated_empty_foreign_or_long() {
    refuses(vec![
        ("signature twice", twice(hex(), "x-parcel-webhook-signature"), Rejected::DuplicateHeader(SIGNATURE)),
        ("timestamp twice", twice(hex(), "x-parcel-webhook-timestamp"), Rejected::DuplicateHeader(TIMESTAMP)),
        ("id twice", twice(standard(), "webhook-id"), Rejected::DuplicateHeader("webhook-id")),
        ("empty signature", with(hex(), "x-parcel-webhook-signature", ""), Rejected::EmptyHeader(SIGNATURE)),
        ("empty timestamp", with(hex(), "x-parcel-webhook-timestamp", ""), Rejected::EmptyHeader(TIMESTAMP)),
        ("empty id", with(standard(), "webhook-id", ""), Rejected::EmptyHeader("webhook-id")),
        (
            "Latin-1 signature",
            with(hex(), "x-parcel-webhook-signature", b"\xe9"),
            Rejected::NotAscii(SIGNATURE),
        ),
        (
            "Arabic digits",
            with(hex(), "x-parcel-webhook-timestamp", "\u{661}\u{667}\u{666}\u{664}"),
            Rejected::NotAscii(TIMESTAMP),
        ),
        ("a tab", with(hex(), "x-parcel-webhook-timestamp", "1764\t000"), Rejected::NotAscii(TIMESTAMP)),
        ("UTF-8 id", with(standard(), "webhook-id", "m\u{e9}"), Rejected::NotAscii("webhook-id")),
        (
            "a timestamp of 65 bytes",
            with(hex(), "x-parcel-webhook-timestamp", "1".repeat(65)),
            Rejected::HeaderTooLong(TIMESTAMP),
        ),
        (
            "an id of 257 bytes",
            bytes(standard_headers(&"m".repeat(257), "1764000000", BODY)),
            Rejected::HeaderTooLong("webhook-id"),
        ),
        (
            "ten thousand signatures",
            with(standard(), "webhook-signature", format!("v1,{} ", base64(&[0; 32])).repeat(10_000)),
            Rejected::HeaderTooLong("webhook-signature"),
        ),
        (
            "an id that could end in two places",
            bytes(standard_headers("msg.1764000000", "1764000000", BODY)),
            Rejected::MalformedHeader("webhook-id"),
        ),
    ]);
}

#[test]
fn refuses_timestamps_that_are_no_plain_number() {
    for timestamp in [
        "abc",
        "-1",
        "+1764000000000",
        " 1764000000000",
        "1764000000000 ",
        "1764000000000.0",
        "1764e9",
        "1_764_000_000_000",
        "0x19ab697e800",
        "NaN",
        "17640000000000000",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "9999999999999999999999999999999999999999",
    ] {
        refuses(vec![
            ("milliseconds", bytes(hex_headers(timestamp, BODY)), Rejected::BadTimestamp),
            ("seconds", bytes(standard_headers(ID, timestamp, BODY)), Rejected::BadTimestamp),
        ]);
    }
}

#[test]
fn refuses_signatures_outside_the_tolerance() {
    let hex = |timestamp| bytes(hex_headers(timestamp, BODY));
    let standard = |timestamp| bytes(standard_headers(ID, timestamp, BODY));
    refuses(vec![
        ("a millisecond too old", hex("1763999699999"), Rejected::Stale),
        ("a millisecond too far ahead", hex("1764000300001"), Rejected::FromTheFuture),
        ("a second too old", standard("1763999699"), Rejected::Stale),
        ("a second too far ahead", standard("1764000301"), Rejected::FromTheFuture),
        ("the epoch", hex("0"), Rejected::Stale),
        ("seconds for milliseconds", hex("1764000000"), Rejected::Stale),
        ("microseconds for milliseconds", hex("1764000000000000"), Rejected::FromTheFuture),
        ("milliseconds for seconds", standard("1764000000000"), Rejected::FromTheFuture),
        ("the greatest number of seconds", standard("9999999999999999"), Rejected::BadTimestamp),
    ]);
}

#[test]
fn survives_any_clock() {
    let headers = header_map(&hex_headers("9999999999999999", BODY));
    for (now_ms, expected) in [
        (i64::MIN, Rejected::FromTheFuture),
        (-1, Rejected::FromTheFuture),
        (0, Rejected::FromTheFuture),
        (i64::MAX, Rejected::Stale),
    ] {
        assert_eq!(verifier().verify(&headers, URL, BODY, now_ms).expect_err("far away"), expected);
    }
}

#[test]
fn refuses_hexadecimal_that_is_not_sixty_four_lowercase_digits() {
    let good = signature_of(&hex());
    for text in [
        good[..8].to_owned(),
        good[..63].to_owned(),
        good[..62].to_owned(),
        format!("{good}0"),
        format!("{good}00"),
        good.to_uppercase(),
        format!("{}G", &good[..63]),
        format!("{}`", &good[..63]),
        format!("sha256={good}"),
        format!("0x{}", &good[..62]),
        format!("{good} "),
        format!("{good} {good}"),
        format!("{good},{good}"),
        base64(&mac(SECRET.as_bytes(), &[b"1764000000000.", BODY])),
    ] {
        refuses(vec![(
            &text,
            with(hex(), "x-parcel-webhook-signature", &text),
            Rejected::BadSignatureEncoding,
        )]);
    }
}

#[test]
fn refuses_lists_without_a_well_formed_signature_of_the_version() {
    let digest = mac(SECRET.as_bytes(), &[ID.as_bytes(), b".1764000000.", BODY]);
    let good = base64(&digest);
    let unsupported = Rejected::UnsupportedVersion;
    let bad = Rejected::BadSignatureEncoding;
    // The last letter before the padding carries two bits that must be zero.
    let letter = char::from(good.as_bytes()[42] + 1);
    for (text, expected) in [
        (good.clone(), unsupported),
        ("v1".to_owned(), unsupported),
        (format!("v1a,{good}"), unsupported),
        (format!("v2,{good}"), unsupported),
        (format!("V1,{good}"), unsupported),
        (" ".to_owned(), unsupported),
        ("v1,".to_owned(), bad),
        ("v1,@@@@".to_owned(), bad),
        (format!("v1,{}", &good[..8]), bad),
        (format!("v1,{}", good.trim_end_matches('=')), bad),
        (format!("v1,{good}="), bad),
        (format!("v1,{good},v1,{good}"), bad),
        (format!("v1,{}{letter}=", &good[..42]), bad),
        (format!("v1,{}", base64(&digest[..31])), bad),
        (format!("v1,{}", base64(&[digest.as_slice(), &[0]].concat())), bad),
        (format!("v1,{}", hex::encode(digest)), bad),
        (format!("v1,{} v1,@@", good.to_lowercase().replace('=', "")), bad),
        (format!("v1,{}{}", base64(&[0; 32]), " v1,".repeat(16)), Rejected::TooManySignatures),
        (format!("v1,{good}{}", " v2,x".repeat(16)), Rejected::TooManySignatures),
    ] {
        refuses(vec![(&text, with(standard(), "webhook-signature", &text), expected)]);
    }
}

#[test]
fn refuses_the_url_safe_alphabet() {
    let url_safe = "v1,-_".to_owned() + &"A".repeat(41) + "=";
    refuses(vec![(
        "url-safe base64",
        with(standard(), "webhook-signature", url_safe),
        Rejected::BadSignatureEncoding,
    )]);
}

#[test]
fn refuses_key_value_headers_without_one_timestamp_and_a_signature() {
    let whole = key_value_header("1764000000");
    let (timestamp, signature) = whole.split_once(',').expect("two parts");
    let malformed = Rejected::MalformedHeader("Example-Signature");
    let bogus = format!("v1={}", "0".repeat(64));
    for (value, expected) in [
        (signature.to_owned(), malformed),
        (format!("{timestamp},{whole}"), malformed),
        (whole.replace("t=", "t:"), malformed),
        (whole.replace("t=1764000000", "t="), Rejected::BadTimestamp),
        (timestamp.to_owned(), Rejected::UnsupportedVersion),
        (whole.replace("v1=", "v0="), Rejected::UnsupportedVersion),
        (format!("{timestamp},v1="), Rejected::BadSignatureEncoding),
        (format!("{timestamp},{bogus}"), Rejected::WrongSignature),
        (whole.replace("1764000000", "1764000001"), Rejected::WrongSignature),
        (key_value_header("1763999699"), Rejected::Stale),
        (format!("{timestamp}{}", format!(",{bogus}").repeat(17)), Rejected::TooManySignatures),
    ] {
        refuses(vec![(&value, vec![("example-signature", value.clone().into_bytes())], expected)]);
    }
}

#[test]
fn refuses_a_signature_with_any_one_bit_changed() {
    let digest = mac(SECRET.as_bytes(), &[b"1764000000000.", BODY]);
    for bit in 0..256 {
        let mut changed = digest;
        changed[bit / 8] ^= 1 << (bit % 8);
        refuses(vec![(
            "one bit",
            with(hex(), "x-parcel-webhook-signature", hex::encode(changed)),
            Rejected::WrongSignature,
        )]);
    }
}

#[test]
fn refuses_content_that_is_not_what_was_signed() {
    let other_store = hex_signature("the-secret-of-another-store", "1764000000000", BODY);
    let body_alone = hex::encode(mac(SECRET.as_bytes(), &[BODY]));
    refuses(vec![
        ("another secret", with(hex(), "x-parcel-webhook-signature", other_store), Rejected::WrongSignature),
        ("the body alone", with(hex(), "x-parcel-webhook-signature", body_alone), Rejected::WrongSignature),
        ("all zeros", with(hex(), "x-parcel-webhook-signature", "0".repeat(64)), Rejected::WrongSignature),
        (
            "another time",
            with(hex(), "x-parcel-webhook-timestamp", "1764000000001"),
            Rejected::WrongSignature,
        ),
        (
            "the same time in other digits",
            with(hex(), "x-parcel-webhook-timestamp", "01764000000000"),
            Rejected::WrongSignature,
        ),
        ("another id", with(standard(), "webhook-id", "msg_other"), Rejected::WrongSignature),
    ]);
    let escaped = br#"{"name":"\u001b"}"#;
    let headers = header_map(&hex_headers("1764000000000", escaped));
    let bodies: [&[u8]; 5] = [
        b"",
        b"{\"name\":\"\x1b\"}",
        br#"{"name":"\u001B"}"#,
        br#"{ "name": "\u001b" }"#,
        b"{\"name\":\"\\u001b\"}\n",
    ];
    for body in bodies {
        assert_eq!(verify(&headers, body).expect_err("another body"), Rejected::WrongSignature);
    }
}

#[test]
fn refuses_a_delivery_that_was_signed_for_another_address() {
    let headers = header_map(&[("example-signature", key_value_header("1764000000"))]);
    let refused = verifier().verify(&headers, "https://hooks.example.test/c/9999", BODY, NOW_MS);
    assert_eq!(refused.expect_err("another address"), Rejected::WrongSignature);
}

#[test]
fn refuses_every_other_byte_at_every_place_of_every_header() {
    let verifier = verifier();
    let key_value: Headers = vec![("example-signature", key_value_header("1764000000").into_bytes())];
    for headers in [hex(), standard(), key_value] {
        for (header, (name, value)) in headers.iter().enumerate() {
            for (place, right) in value.iter().enumerate() {
                for byte in (0x20..=0xff).filter(|byte| byte != right && *byte != 0x7f) {
                    let mut changed = headers.clone();
                    changed[header].1[place] = byte;
                    let map = header_map(&changed);
                    let accepted = verifier.verify(&map, URL, BODY, NOW_MS).is_ok();
                    assert!(!accepted, "{name} with {byte:#x} at {place}");
                }
            }
        }
    }
}

#[test]
fn names_every_refusal_for_metrics() {
    for (refused, reason) in [
        (Rejected::UnknownProfile, "unknown_profile"),
        (Rejected::MissingHeader("a"), "missing_header"),
        (Rejected::DuplicateHeader("a"), "duplicate_header"),
        (Rejected::HeaderTooLong("a"), "header_too_long"),
        (Rejected::EmptyHeader("a"), "empty_header"),
        (Rejected::NotAscii("a"), "not_ascii"),
        (Rejected::MalformedHeader("a"), "malformed_header"),
        (Rejected::BadTimestamp, "bad_timestamp"),
        (Rejected::Stale, "stale"),
        (Rejected::FromTheFuture, "from_the_future"),
        (Rejected::TooManySignatures, "too_many_signatures"),
        (Rejected::UnsupportedVersion, "unsupported_version"),
        (Rejected::BadSignatureEncoding, "bad_signature_encoding"),
        (Rejected::WrongSignature, "wrong_signature"),
    ] {
        assert_eq!(refused.reason(), reason);
        assert!(!refused.to_string().is_empty());
    }
}
