//! Verification and signing of webhooks at their public border, with a vendor's two profiles as examples.

use std::time::Duration;

use connector_runtime::SecretString;
use connector_runtime::signature::{
    Algorithm, Encoding, KeyForm, Rejected, Repeats, SignatureForm, SignatureProfile, SignedPart,
    TimestampUnit, Tolerance, Verified, Verifier,
};
use http::{HeaderMap, HeaderName, HeaderValue};

#[path = "signature/acceptance.rs"]
mod acceptance;
#[path = "signature/refusal.rs"]
mod refusal;
#[path = "signature/setup.rs"]
mod setup;
#[path = "signature/several.rs"]
mod several;
#[path = "signature/signing.rs"]
mod signing;

const SECRET: &str = "a-client-secret-of-this-test";
const OLD_SECRET: &str = "the-secret-before-that";
const URL: &str = "https://hooks.example.test/c/4f0d";
const BODY: &[u8] = br#"{"scope":"store/order/created","data":{"type":"order","id":250}}"#;
const NOW_MS: i64 = 1_764_000_000_000;
const ID: &str = "msg_2b7c9e41";

const FIVE_MINUTES: Tolerance =
    Tolerance { max_age: Duration::from_secs(300), max_ahead: Duration::from_secs(300) };

static PARCEL_HEX: SignatureProfile = SignatureProfile {
    name: "parcel-hex",
    signature_header: "X-Parcel-Webhook-Signature",
    timestamp_header: Some("X-Parcel-Webhook-Timestamp"),
    id_header: None,
    timestamp_unit: TimestampUnit::Milliseconds,
    signed_content: &[SignedPart::Timestamp, SignedPart::Literal("."), SignedPart::Body],
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::LowerHex,
    key_form: KeyForm::Utf8,
    signature_form: SignatureForm::Single,
    tolerance: FIVE_MINUTES,
    repeats: Repeats::Signed,
};

static STANDARD: SignatureProfile = SignatureProfile {
    name: "standard-webhooks",
    signature_header: "webhook-signature",
    timestamp_header: Some("webhook-timestamp"),
    id_header: Some("webhook-id"),
    timestamp_unit: TimestampUnit::Seconds,
    signed_content: &[
        SignedPart::Id,
        SignedPart::Literal("."),
        SignedPart::Timestamp,
        SignedPart::Literal("."),
        SignedPart::Body,
    ],
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::Base64,
    key_form: KeyForm::Utf8,
    signature_form: SignatureForm::List { prefix: "v1," },
    tolerance: FIVE_MINUTES,
    repeats: Repeats::Signed,
};

/// Standard Webhooks as its specification has it: the secret is base64.
static STANDARD_WHSEC: SignatureProfile =
    SignatureProfile { name: "standard-whsec", key_form: KeyForm::Base64 { prefix: "whsec_" }, ..STANDARD };

/// Timestamp and signatures in one header, the receiver's address under the signature.
static KEY_VALUE: SignatureProfile = SignatureProfile {
    name: "key-value",
    signature_header: "Example-Signature",
    timestamp_header: None,
    id_header: None,
    timestamp_unit: TimestampUnit::Seconds,
    signed_content: &[
        SignedPart::Timestamp,
        SignedPart::Literal("."),
        SignedPart::Url,
        SignedPart::Literal("."),
        SignedPart::Body,
    ],
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::LowerHex,
    key_form: KeyForm::Utf8,
    signature_form: SignatureForm::KeyValue { timestamp_key: "t", signature_key: "v1" },
    tolerance: FIVE_MINUTES,
    repeats: Repeats::Signed,
};

/// A code computed without the crate under test.
fn mac(secret: &[u8], content: &[&[u8]]) -> [u8; 32] {
    use hmac::{KeyInit as _, Mac as _};

    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any key length");
    content.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn hex_signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    hex::encode(mac(secret.as_bytes(), &[timestamp.as_bytes(), b".", body]))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;

    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn base64_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    base64(&mac(secret.as_bytes(), &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]))
}

/// The headers of a delivery under the profile `parcel-hex`, rightly signed over the timestamp as it stands.
fn hex_headers(timestamp: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    vec![
        ("x-parcel-webhook-timestamp", timestamp.to_owned()),
        ("x-parcel-webhook-signature", hex_signature(SECRET, timestamp, body)),
    ]
}

/// The headers of a delivery under the profile `standard-webhooks`, rightly signed over what it says.
fn standard_headers(id: &str, timestamp: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_owned()),
        ("webhook-signature", format!("v1,{}", base64_signature(SECRET, id, timestamp, body))),
    ]
}

/// The one header of a delivery under the profile `key-value`, rightly signed.
fn key_value_header(timestamp: &str) -> String {
    let content: [&[u8]; 5] = [timestamp.as_bytes(), b".", URL.as_bytes(), b".", BODY];
    format!("t={timestamp},v1={}", hex::encode(mac(SECRET.as_bytes(), &content)))
}

/// A header map as a server gets it: other headers around, and names in the order given.
fn header_map<'a, V: AsRef<[u8]> + 'a>(headers: impl IntoIterator<Item = &'a (&'a str, V)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert("host", HeaderValue::from_static("hooks.example.test"));
    map.insert("content-type", HeaderValue::from_static("application/json"));
    map.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        map.append(name, HeaderValue::from_bytes(value.as_ref()).expect("a header value"));
    }
    map
}

fn secrets(secrets: &[&str]) -> Vec<SecretString> {
    secrets.iter().map(|secret| SecretString::from(*secret)).collect()
}

/// Checks all three profiles with one secret.
fn verifier() -> Verifier {
    Verifier::new(&[&PARCEL_HEX, &STANDARD, &KEY_VALUE], &secrets(&[SECRET])).expect("sound profiles")
}

fn verify<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Result<Verified<'a>, Rejected> {
    verifier().verify(headers, URL, body, NOW_MS)
}
