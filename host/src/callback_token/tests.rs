//! Tokens as the vendor makes them, forged ones, and the cases that were computed elsewhere.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bigcommerce_connector::CONNECTOR;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_764_000_000;
const SECRET: &str = "hush-client";

fn claims() -> Value {
    json!({
        "aud": "app", "iss": "bc", "iat": NOW - 5, "nbf": NOW - 10, "exp": NOW + 86_400, "jti": "j1",
        "sub": "stores/abc123", "user": {"id": 7, "email": "user@example.com", "locale": "en-US"},
        "owner": {"id": 8, "email": "owner@example.com"}, "url": "/", "channel_id": null,
    })
}

fn signed(claims: &Value, secret: &str) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// A token with this text as its header, signed like any other.
fn with_header(header: &str) -> String {
    of_texts(header, &claims().to_string())
}

/// A token of two texts, which may be no sound JSON.
fn of_texts(header: &str, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn judged(token: &str, secrets: &[&str], now_s: i64) -> Result<CallbackToken, Refused> {
    let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
    verify(&CONNECTOR, "app", &secrets, token, now_s)
}

fn changed(name: &str, value: Value) -> Result<CallbackToken, Refused> {
    let mut claims = claims();
    claims[name] = value;
    judged(&signed(&claims, SECRET), &[SECRET], NOW)
}

/// The cases, below the folder that `CONNECTOR_SHARED` names, seen from the root of the project, or below `../shared`.
fn cases() -> Option<Value> {
    let named = std::env::var_os("CONNECTOR_SHARED").unwrap_or_else(|| "../shared".into());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named).join("vectors/jwt.json");
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).expect("JSON"))
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so, and how many cases hold")]
fn every_case_computed_elsewhere_gets_its_verdict() {
    let Some(vectors) = cases() else { return eprintln!("left out: the JWT cases are not present") };
    let text = |name: &str| vectors[name].as_str().expect("a text");
    let secrets = [SecretString::from(text("client_secret"))];
    let cases = vectors["cases"].as_array().expect("cases");
    for case in cases {
        let token = case["jwt"].as_str().expect("a token");
        let now_s = vectors["now"].as_i64().expect("seconds");
        let verdict = verify(&CONNECTOR, text("client_id"), &secrets, token, now_s);
        match case["verdict"].as_str().expect("a verdict") {
            "accept" => assert_eq!(verdict.expect("accepted").account, text("store_hash"), "{case}"),
            "reject" => assert!(verdict.is_err(), "{case}"),
            "either" => {
                let account = case["context_store"].as_str().unwrap_or(text("store_hash"));
                assert!(verdict.is_err() || verdict.unwrap().account == account, "{case}");
            }
            other => panic!("unknown verdict {other}"),
        }
    }
    eprintln!("{} cases hold", cases.len());
}

#[test]
fn a_token_tells_account_person_and_its_own_id() {
    let token = judged(&signed(&claims(), SECRET), &[SECRET], NOW).unwrap();
    let wanted = CallbackToken {
        account: "abc123".to_owned(),
        user: "7".to_owned(),
        id: Some("j1".to_owned()),
        issued: NOW - 5,
    };
    assert_eq!(token, wanted);
}

#[test]
fn each_claim_has_its_reason() {
    assert_eq!(changed("aud", json!("app2")), Err(Refused::Audience));
    assert_eq!(changed("aud", json!(["app"])), Err(Refused::Claims));
    assert_eq!(changed("iss", json!("BC")), Err(Refused::Issuer));
    assert_eq!(changed("sub", json!("stores/../abc")), Err(Refused::Subject));
    assert_eq!(changed("user", json!(null)), Err(Refused::Claims));
    assert_eq!(changed("exp", json!("9999999999")), Err(Refused::Claims));
    assert_eq!(changed("exp", json!(i64::MIN)), Err(Refused::Expired));
    assert_eq!(changed("nbf", json!(i64::MAX)), Err(Refused::NotYet));
    let mut without = claims();
    without.as_object_mut().unwrap().remove("exp");
    assert_eq!(judged(&signed(&without, SECRET), &[SECRET], NOW), Err(Refused::Claims));
}

#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    let token = signed(&claims(), SECRET);
    let end = NOW + 86_400;
    assert!(judged(&token, &[SECRET], end + 59).is_ok());
    assert_eq!(judged(&token, &[SECRET], end + 61), Err(Refused::Expired));
    assert!(judged(&token, &[SECRET], NOW - 65).is_ok());
    assert_eq!(judged(&token, &[SECRET], NOW - 66), Err(Refused::NotYet));
}

#[test]
fn the_secret_before_still_verifies_and_another_does_not() {
    let token = signed(&claims(), SECRET);
    assert!(judged(&token, &["hush-new", SECRET], NOW).is_ok());
    assert_eq!(judged(&token, &["hush-new"], NOW), Err(Refused::Signature));
    assert_eq!(judged(&token, &[], NOW), Err(Refused::Signature));
    assert_eq!(judged(&"a".repeat(9000), &[SECRET], NOW), Err(Refused::NoToken));
}

#[test]
fn a_header_that_demands_an_extension_is_refused_whatever_it_names() {
    for crit in [
        r#"["exp"],"exp":1"#,
        r#"["b64"],"b64":true"#,
        r#"["b64"],"b64":false"#,
        r#"["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true"#,
        r#"["absent"]"#,
        r#"["alg"]"#,
        "[]",
        "[1]",
        r#""exp""#,
        "null",
        "{}",
        "false",
        "0",
    ] {
        for header in
            [format!(r#"{{"alg":"HS256","crit":{crit}}}"#), format!(r#"{{"crit":{crit},"alg":"HS256"}}"#)]
        {
            assert_eq!(judged(&with_header(&header), &[SECRET], NOW), Err(Refused::Header), "{header}");
        }
    }
    // The name is compared as it is decoded, and with its case.
    let escaped = r#"{"alg":"HS256","\u0063rit":["x"],"x":1}"#;
    assert_eq!(judged(&with_header(escaped), &[SECRET], NOW), Err(Refused::Header));
    assert!(judged(&with_header(r#"{"alg":"HS256","Crit":["x"]}"#), &[SECRET], NOW).is_ok());
}

#[test]
fn a_header_that_two_readers_could_read_differently_is_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","unknown":1,"unknown":1}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","b64":"true"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":["JWT"]}"#,
        r#"{"alg":"HS256","typ":null}"#,
    ] {
        assert_eq!(judged(&with_header(header), &[SECRET], NOW), Err(Refused::Header), "{header}");
    }
    for header in [
        "{}",
        r#"{"typ":"JWT"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":null}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS256 "}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"RS256"}"#,
    ] {
        assert_eq!(judged(&with_header(header), &[SECRET], NOW), Err(Refused::Signature), "{header}");
    }
    for header in
        ["", "null", "[]", r#"["alg","HS256"]"#, r#"{"alg":"HS256"} x"#, "\u{feff}{\"alg\":\"HS256\"}"]
    {
        assert_eq!(judged(&with_header(header), &[SECRET], NOW), Err(Refused::NoToken), "{header}");
    }
}

#[test]
fn keys_and_addresses_in_a_header_decide_nothing() {
    let own_key = r#"{"kty":"oct","k":"YXR0YWNrZXI"}"#;
    for extra in [
        r#""typ":"jwt""#.to_owned(),
        r#""typ":"application/jwt""#.to_owned(),
        r#""kid":"../../dev/null""#.to_owned(),
        r#""jku":"https://attacker.example/keys""#.to_owned(),
        r#""x5u":"https://attacker.example/chain","x5c":["AAAA"]"#.to_owned(),
        format!(r#""jwk":{own_key}"#),
        r#""b64":true,"unknown":{"a":[1]}"#.to_owned(),
    ] {
        let token = with_header(&format!(r#"{{"alg":"HS256",{extra}}}"#));
        assert!(judged(&token, &[SECRET], NOW).is_ok(), "{extra}");
        assert_eq!(judged(&token, &["attacker"], NOW), Err(Refused::Signature), "{extra}");
    }
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let twice = claims().to_string().replacen('{', r#"{"sub":"stores/other1","#, 1);
    assert_eq!(judged(&of_texts(r#"{"alg":"HS256"}"#, &twice), &[SECRET], NOW), Err(Refused::Claims));
}
