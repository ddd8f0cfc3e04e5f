//! The profiles of the manifest against webhook cases that were computed elsewhere, where they are present.

use std::time::Duration;

use base64::Engine as _;
use bigcommerce_connector::connector::WEBHOOKS;
use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::signature::{Rejected, SignatureProfile, Tolerance, Verifier};
use connector_runtime::{NoEvent, SecretString};
use connector_tests::{project, shared};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

#[test]
#[expect(clippy::print_stderr, reason = "how many cases hold is shown with `--nocapture`")]
fn agrees_with_every_case_computed_elsewhere() {
    let Some(path) = shared("vectors/webhook.json") else { return };
    let vectors: Value = serde_json::from_str(&project::read(&path)).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    assert!(!cases.is_empty());
    for case in cases {
        check(&vectors, case);
    }
    eprintln!("{} cases of {} hold", cases.len(), path.display());
}

/// A case accepts or refuses the whole delivery. Where it is about the body being an event, which is decided
/// after verification, the signature must be good; so it must where the file leaves the verdict open, because
/// both such cases are rightly signed with a configured secret.
fn check(vectors: &Value, case: &Value) {
    let body = base64::engine::general_purpose::STANDARD.decode(text(case, "body_b64")).expect("base64");
    let pairs = case["headers"].as_array().expect("headers").iter().map(|pair| {
        let name = HeaderName::try_from(pair[0].as_str().expect("a name")).expect("a header name");
        (name, HeaderValue::from_str(pair[1].as_str().expect("a value")).expect("a header value"))
    });
    let mut headers = HeaderMap::new();
    pairs.for_each(|(name, value)| _ = headers.append(name, value));
    let now_ms = vectors["now_ms"].as_i64().expect("milliseconds");
    let verifier = vectors_verifier(vectors, case);
    let outcome = verifier.verify(&headers, "", &body, now_ms);

    let profile = if text(case, "scheme") == "bc-hex" { &BC_HEX } else { &STANDARD_WEBHOOKS };
    let about_the_event = case["must_not_activate"] == true;
    match text(case, "verdict") {
        "reject" if !about_the_event => {
            let tolerance_ms = vectors["tolerance_ms"].as_i64().expect("milliseconds");
            let expected = first_fault(profile, &headers, now_ms, tolerance_ms);
            assert_eq!(outcome.map(|verified| verified.profile()), Err(expected), "{case}");
        }
        "reject" => {
            let delivery = outcome.unwrap_or_else(|reason| panic!("{reason}: {case}"));
            assert_eq!(delivery.profile(), profile.name, "{case}");
            assert_eq!(WEBHOOKS.event(&delivery), Err(NoEvent::NotAnObject), "{case}");
        }
        "accept" | "either" => {
            assert_eq!(outcome.map(|verified| verified.profile()), Ok(profile.name), "{case}");
        }
        other => panic!("unknown verdict {other}"),
    }
}

/// The step that must refuse a bad delivery, told by its headers alone: where they are sound, the content is not.
fn first_fault(profile: &SignatureProfile, headers: &HeaderMap, now_ms: i64, tolerance_ms: i64) -> Rejected {
    let named = [Some(profile.signature_header), profile.id_header, profile.timestamp_header];
    for name in named.into_iter().flatten() {
        let values: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        match values.as_slice() {
            [] => return Rejected::MissingHeader(name),
            [value] if value.to_str().is_err() => return Rejected::NotAscii(name),
            [_] => {}
            _ => return Rejected::DuplicateHeader(name),
        }
    }
    let value = |name: &str| headers[name].to_str().expect("ASCII");
    let timestamp = value(profile.timestamp_header.expect("both profiles have a timestamp"));
    let is_plain = (1..=16).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain {
        return Rejected::BadTimestamp;
    }
    let is_hex = profile.id_header.is_none();
    let age_ms = now_ms - timestamp.parse::<i64>().expect("digits") * if is_hex { 1 } else { 1000 };
    let signature = value(profile.signature_header);
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let engine = base64::engine::general_purpose::STANDARD;
    let is_written_rightly = match signature.strip_prefix("v1,") {
        _ if is_hex => signature.len() == 64 && signature.bytes().all(is_digit),
        Some(text) => engine.decode(text).is_ok_and(|digest| digest.len() == 32),
        None => return Rejected::UnsupportedVersion,
    };
    match is_written_rightly {
        _ if age_ms > tolerance_ms => Rejected::Stale,
        _ if age_ms < -tolerance_ms => Rejected::FromTheFuture,
        true => Rejected::WrongSignature,
        false => Rejected::BadSignatureEncoding,
    }
}

fn vectors_verifier(vectors: &Value, case: &Value) -> Verifier {
    let rotation = case["secrets"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect());
    let configured: Vec<&str> = rotation.unwrap_or_else(|| vec![text(vectors, "client_secret")]);
    let configured: Vec<SecretString> = configured.into_iter().map(SecretString::from).collect();
    let limit = Duration::from_millis(vectors["tolerance_ms"].as_u64().expect("milliseconds"));
    Verifier::new(WEBHOOKS.signatures, &configured)
        .expect("sound profiles")
        .with_tolerance(Tolerance { max_age: limit, max_ahead: limit })
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("text")
}
