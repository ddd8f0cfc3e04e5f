//! Deliveries of webhooks under both profiles of the manifest: every way to be wrong, each with the exact step that
//! refuses it. Where a case is about anything but the signature, the signature is right.

mod acceptance;
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
