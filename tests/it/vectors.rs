//! The profiles of the manifest against webhook cases that were computed elsewhere, where they are present.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::SecretString;
use connector_runtime::signature::{Tolerance, Verifier};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// The folder of shared references: `CONNECTOR_SHARED`, or the one beside the project.
fn shared_folder() -> PathBuf {
    std::env::var_os("CONNECTOR_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn agrees_with_every_case_computed_elsewhere() {
    let path = shared_folder().join("vectors/webhook.json");
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("left out: {} not present", path.display());
        return;
    };
    let vectors: Value = serde_json::from_slice(&text).expect("JSON");
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
    let headers = case["headers"].as_array().expect("headers").iter();
    let pairs = headers.map(|pair| {
        let name = HeaderName::try_from(pair[0].as_str().expect("a name")).expect("a header name");
        (name, HeaderValue::from_str(pair[1].as_str().expect("a value")).expect("a header value"))
    });
    let mut headers = HeaderMap::new();
    pairs.for_each(|(name, value)| _ = headers.append(name, value));
    let now_ms = vectors["now_ms"].as_i64().expect("milliseconds");
    let outcome = vectors_verifier(vectors, case).verify(&headers, "", &body, now_ms);
    let outcome = outcome.map(|verified| verified.profile());

    let about_the_event = case["must_not_activate"] == true;
    let profile = if text(case, "scheme") == "bc-hex" { "bc-hex" } else { "standard-webhooks" };
    match text(case, "verdict") {
        "reject" if !about_the_event => assert!(outcome.is_err(), "{case}"),
        "reject" => {
            let event: Value = serde_json::from_slice(&body).expect("such a body is JSON");
            assert!(!event.is_object(), "{case}");
            assert_eq!(outcome, Ok(profile), "{case}");
        }
        "accept" | "either" => assert_eq!(outcome, Ok(profile), "{case}"),
        other => panic!("unknown verdict {other}"),
    }
}

fn vectors_verifier(vectors: &Value, case: &Value) -> Verifier {
    let rotation = case["secrets"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect());
    let configured: Vec<&str> = rotation.unwrap_or_else(|| vec![text(vectors, "client_secret")]);
    let configured: Vec<SecretString> = configured.into_iter().map(SecretString::from).collect();
    let limit = Duration::from_millis(vectors["tolerance_ms"].as_u64().expect("milliseconds"));
    Verifier::new(&[&BC_HEX, &STANDARD_WEBHOOKS], &configured)
        .expect("sound profiles")
        .with_tolerance(Tolerance { max_age: limit, max_ahead: limit })
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("text")
}
