//! Deliveries of webhooks under both profiles of the manifest: every way to be wrong, each with the exact step that
//! refuses it. Where a case is about anything but the signature, the signature is right.
//!
//! The forty cases that a receiver should know, and the tests that hold them:
//!
//! | case | test |
//! |---|---|
//! | a header is missing | `each_header_must_be_there_once_filled_short_and_ascii` |
//! | a header is empty | `each_header_must_be_there_once_filled_short_and_ascii` |
//! | a header comes twice | `each_header_must_be_there_once_filled_short_and_ascii` |
//! | a header is not ASCII | `each_header_must_be_there_once_filled_short_and_ascii` |
//! | a version without a signature | `a_signature_is_written_in_one_way` |
//! | the first eight characters of a signature | `a_signature_is_written_in_one_way` |
//! | one bit changed, in each byte | `one_bit_of_a_digest_makes_it_wrong` |
//! | hex of an odd length | `a_signature_is_written_in_one_way` |
//! | upper-case hex | `a_signature_is_written_in_one_way` |
//! | a digest of 31 bytes | `a_signature_is_written_in_one_way` |
//! | a digest of 33 bytes | `a_signature_is_written_in_one_way` |
//! | `v1a` alone | `a_signature_is_written_in_one_way` |
//! | `v2` alone | `a_signature_is_written_in_one_way` |
//! | a right signature after a bogus one | `either_secret_is_good_while_one_replaces_the_other` |
//! | a list of ten thousand | `a_list_of_signatures_has_an_end` |
//! | time: -1 | `a_timestamp_is_digits_and_nothing_else` |
//! | time: the least of 64 bits | `a_timestamp_is_digits_and_nothing_else` |
//! | time: the most of 64 bits | `a_timestamp_is_digits_and_nothing_else` |
//! | time: with a plus sign | `a_timestamp_is_digits_and_nothing_else` |
//! | time: after a blank | `a_timestamp_is_digits_and_nothing_else` |
//! | time: with an exponent | `a_timestamp_is_digits_and_nothing_else` |
//! | seconds where milliseconds are due | `the_manifest_takes_what_is_49_hours_old_and_five_minutes_ahead` |
//! | milliseconds where seconds are due | `the_manifest_takes_what_is_49_hours_old_and_five_minutes_ahead` |
//! | exactly 300 s old | `five_minutes_each_way_where_an_operator_is_strict` |
//! | exactly 300 s ahead | `five_minutes_each_way_where_an_operator_is_strict` |
//! | 301 s old | `five_minutes_each_way_where_an_operator_is_strict` |
//! | 301 s ahead | `five_minutes_each_way_where_an_operator_is_strict` |
//! | a body that is not UTF-8 | `any_bytes_can_be_signed_and_only_an_object_is_an_event` |
//! | an empty body | `any_bytes_can_be_signed_and_only_an_object_is_an_event` |
//! | JSON written anew | `what_was_signed_is_what_must_arrive` |
//! | JSON with other escapes | `what_was_signed_is_what_must_arrive` |
//! | a body of no bytes | `a_body_of_any_framing_is_read_up_to_the_limit_and_no_further` |
//! | a body of as many bytes as the receiver takes | `a_body_of_any_framing_is_read_up_to_the_limit_and_no_further` |
//! | a body of one byte more | `a_body_of_any_framing_is_read_up_to_the_limit_and_no_further` |
//! | a body in chunks | `a_body_of_any_framing_is_read_up_to_the_limit_and_no_further` |
//! | the secret of another store | `no_other_key_and_no_other_content_gives_the_signature` |
//! | the same id, another body | `an_id_is_one_event_whatever_its_body_and_a_hash_is_not` |
//! | the same hash, another id | `an_id_is_one_event_whatever_its_body_and_a_hash_is_not` |
//! | a replay inside the window | `a_replay_is_known_by_its_key_inside_the_window_and_refused_after_it` |
//! | a replay after it | `a_replay_is_known_by_its_key_inside_the_window_and_refused_after_it` |

mod acceptance;
mod receiver;
mod refusal;

use bigcommerce_connector::connector::WEBHOOKS;
use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::SecretString;
use connector_runtime::signature::{Rejected, SignatureProfile, TimestampUnit, Verified, Verifier};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A client secret as BigCommerce gives them out: hexadecimal digits, which are the key as they stand.
const SECRET: &str = "5f0e7c1b2a3948d6e7f80912a3b4c5d6e7f8091a2b3c4d5e6f70819203a4b5c6";
const OLD_SECRET: &str = "0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa";
const URL: &str = "https://hooks.shop.example/in/4f0d";
const ID: &str = "msg_7c2f";
const NOW_MS: i64 = 1_764_000_000_000;
const BODY: &[u8] = br#"{"scope":"store/order/created","producer":"stores/abc123","hash":"5a1e","created_at":1763999999,"data":{"type":"order","id":250}}"#;

/// The manifest's profiles.
const PROFILES: [&SignatureProfile; 2] = [&BC_HEX, &STANDARD_WEBHOOKS];

/// Headers by name, in the order in which they are sent.
type Headers = Vec<(&'static str, Vec<u8>)>;

/// A code computed without the crate under test.
fn mac(secret: &[u8], content: &[&[u8]]) -> [u8; 32] {
    use hmac::{KeyInit as _, Mac as _};

    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    content.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The digest as the profile writes it.
fn written(profile: &SignatureProfile, digest: &[u8]) -> String {
    use base64::Engine as _;

    match profile.id_header {
        None => hex::encode(digest),
        Some(_) => format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(digest)),
    }
}

/// The digest of what the profile signs.
fn digest(profile: &SignatureProfile, secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    let (timestamp, id) = (timestamp.as_bytes(), id.as_bytes());
    match profile.id_header {
        None => mac(secret, &[timestamp, b".", body]),
        Some(_) => mac(secret, &[id, b".", timestamp, b".", body]),
    }
}

/// The headers of a delivery, rightly signed over the texts as they stand.
fn signed(profile: &SignatureProfile, secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Headers {
    let signature = written(profile, &digest(profile, secret.as_bytes(), id, timestamp, body));
    let id = profile.id_header.map(|name| (name, id.into()));
    let rest = [
        (profile.timestamp_header.unwrap(), timestamp.into()),
        (profile.signature_header, signature.into_bytes()),
    ];
    id.into_iter().chain(rest).collect()
}

/// The current time, and other times from there on, as the profile counts.
fn time(profile: &SignatureProfile, ahead_ms: i64) -> String {
    let ms = NOW_MS + ahead_ms;
    match profile.timestamp_unit {
        TimestampUnit::Milliseconds => ms.to_string(),
        TimestampUnit::Seconds => (ms / 1000).to_string(),
    }
}

/// A delivery of [`BODY`] that is right in every way.
fn right(profile: &SignatureProfile) -> Headers {
    signed(profile, SECRET, ID, &time(profile, 0), BODY)
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

fn map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    map
}

fn verifier() -> Verifier {
    Verifier::new(WEBHOOKS.signatures, &[SecretString::from(SECRET)]).unwrap()
}

fn verify<'d>(map: &'d HeaderMap, body: &'d [u8]) -> Result<Verified<'d>, Rejected> {
    verifier().verify(map, URL, body, NOW_MS)
}

/// Asserts that a delivery of this body is refused at this step.
#[track_caller]
fn refused(headers: &Headers, body: &[u8], expected: Rejected) {
    let map = map(headers);
    let outcome = verify(&map, body).map(|verified| verified.profile());
    assert_eq!(outcome, Err(expected), "{headers:?}");
}

#[test]
fn each_of_the_forty_cases_names_a_test_that_is_there() {
    let rows = include_str!("deliveries.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows: Vec<(&str, &str)> =
        rows.filter_map(|row| row.strip_suffix("` |")?.split_once(" | `")).collect();
    let tests = [
        include_str!("deliveries/acceptance.rs"),
        include_str!("deliveries/receiver.rs"),
        include_str!("deliveries/refusal.rs"),
    ];
    let is_there = |name: &str| {
        tests.iter().any(|text| text.contains(&format!("\nfn {name}()")))
            || tests.iter().any(|text| text.contains(&format!("#[tokio::test]\nasync fn {name}()")))
    };
    let astray: Vec<_> = rows.iter().filter(|(_, name)| !is_there(name)).collect();
    assert!(astray.is_empty(), "{astray:?}");
    assert_eq!(rows.len(), 40);
}
