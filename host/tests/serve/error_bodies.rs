//! What an API says of a refusal reaches people and workflows, whatever form its body has; logs hold nothing of it.

use serde_json::Value;

use super::acting::Works;
use super::*;

/// Each API's own form, which comes on the other API as well, then common forms.
const BODIES: [(&str, &str, &str); 9] = [
    ("application/json", r#"{"status":403,"title":"hush-said","errors":{}}"#, "hush-said"),
    ("application/json", r#"[{"status":403,"message":"hush-said"}]"#, "hush-said"),
    (
        "application/json",
        r#"{"error":"hush-said: the token lacks a scope"}"#,
        "hush-said: the token lacks a scope",
    ),
    ("application/json", r#"{"detail":"hush-said"}"#, "hush-said"),
    ("application/problem+json", r#"{"title":"Forbidden","detail":"hush-said"}"#, "Forbidden: hush-said"),
    ("application/json", r#"{"errors":[{"field":"name","message":"hush-said"}]}"#, "name: hush-said"),
    ("application/json", r#"{"errors":{"name":["hush-said","b"]}}"#, "name: hush-said; name: b"),
    ("plain/text", "hush-said\r\n", "hush-said"),
    ("application/json", "\u{feff}{\"title\":\"hush-said\"}", "hush-said"),
];

#[test]
fn the_message_of_an_api_is_shown_and_never_logged() {
    let works = Works::new(&["--log-level", "debug"]);
    let (token, origin) = (works.place.file("token", TOKEN), works.api.origin.clone());
    // An action of each API.
    for (action, flags, input) in [
        ("get-product", ["--product-id", "111"], r#"{"product_id": 111}"#),
        ("get-order", ["--order-id", "100"], r#"{"order_id": 100}"#),
    ] {
        for (media_type, body, message) in BODIES {
            works.api.will_answer(403, &[("content-type", media_type)], body);
            let answer = works.act(action, &[], input);
            let details: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert_eq!((answer.status, &details["class"]), (Some(403), &"auth.scope".into()), "{body}");
            assert_eq!(details["api_message"], message, "{action} {body}");

            let call = |format: &[&str]| {
                works.api.will_answer(403, &[("content-type", media_type)], body);
                let fixed = ["call", action, "--store-hash", "abc123", "--base-url", &origin];
                let given = ["--access-token-file", &token];
                works.place.run([&fixed[..], &given, &flags, format].concat())
            };
            let (code, _, text) = call(&[]);
            assert!(code == 4 && text.contains(&format!("  the API says: {message}\n")), "{body} {text}");
            let (code, _, text) = call(&["--json"]);
            let told: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!((code, &told["error"]["api_message"]), (4, &message.into()), "{body}");
        }
    }
    assert!(!works.served.logged().contains("hush-said"), "{}", works.served.logged());
}

#[test]
fn a_page_is_no_message() {
    let works = Works::new(&[]);
    for (media_type, body) in [
        ("text/html", "<html><body>Forbidden</body></html>"),
        ("text/html; charset=utf-8", "Forbidden"),
        ("application/json", r#"{"title": "cut o"#),
    ] {
        works.api.will_answer(403, &[("content-type", media_type)], body);
        let answer = works.act("get-product", &[], r#"{"product_id": 111}"#);
        let details: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(answer.status == Some(403) && details["api_message"].is_null(), "{body}: {details}");
    }
}
