//! Any body at all is read within bounds.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::connector::{Connector, RateLimit};

static ACME: Connector = Connector {
    id: "acme",
    title: "Acme",
    version: "1.0.0",
    docs: "https://acme.example",
    fields: &[],
    credentials: &[],
    oauth2: None,
    callbacks: None,
    test: None,
    label: None,
    rate_limit: RateLimit {
        status: 429,
        waits: &[],
        quota: None,
        also: &[],
        per: None,
        overload_wait: Duration::from_secs(1),
        max_wait: Duration::from_secs(9),
    },
    webhooks: None,
    triggers: &[],
    actions: &[],
    catalog: "{}",
};

const OWN: ErrorShape = ErrorShape::Object { message: "title", fields: "errors" };

fn is_bounded(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

fn assert_bounded(media_type: Option<&str>, body: &[u8]) {
    let (message, violations) = read(&ACME, OWN, media_type, body);
    assert!(message.is_none_or(|text| !text.is_empty() && is_bounded(&text, LONGEST_MESSAGE)));
    assert!(violations.len() <= MOST_VIOLATIONS);
    for violation in &violations {
        assert!(is_bounded(violation.message(), LONGEST_MESSAGE));
        assert!(is_bounded(violation.field(), LONGEST_FIELD));
    }
}

/// JSON whose objects have the members that this module knows.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (0..5_000_usize).prop_map(|length| Value::from("\u{1b}é ".repeat(length))),
    ];
    let names: Vec<&str> = [&MESSAGES[..], &FINDINGS, &FIELDS, &["source", "x"]].concat();
    leaf.prop_recursive(6, 200, 8, move |inner| {
        let names =
            prop_oneof![proptest::sample::select(names.clone()).prop_map(str::to_owned), any::<String>(),];
        let object = proptest::collection::vec((names, inner.clone()), 0..8);
        prop_oneof![
            proptest::collection::vec(inner, 0..8).prop_map(Value::from),
            object.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_within_bounds(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        media_type in proptest::option::of("[a-z]{0,5}/?(html|plain|json)?"),
    ) {
        assert_bounded(media_type.as_deref(), &body);
    }

    #[test]
    fn any_text_is_read_within_bounds(body in any::<String>(), times in 0..2_000_usize) {
        assert_bounded(Some("text/plain"), body.repeat(times).as_bytes());
    }

    #[test]
    fn any_json_is_read_within_bounds(body in json()) {
        assert_bounded(None, body.to_string().as_bytes());
    }
}

#[test]
fn many_long_findings_are_cut() {
    let long = "é".repeat(5_000);
    let all: Vec<Value> = (0..1_000).map(|_| serde_json::json!({ "field": long, "message": long })).collect();
    let body = serde_json::json!({ "title": long, "errors": all[..20] }).to_string();
    assert_bounded(None, body.as_bytes());
    let (message, violations) = read(&ACME, OWN, None, body.as_bytes());
    let message = message.expect("a message");
    assert_eq!((message.chars().count(), message.ends_with('…')), (LONGEST_MESSAGE, true));
    assert_eq!(violations.len(), 20);

    let many: Vec<Value> =
        (0..1_000).map(|number| serde_json::json!({ "message": number.to_string() })).collect();
    let (_, violations) =
        read(&ACME, OWN, None, serde_json::json!({ "errors": many }).to_string().as_bytes());
    assert_eq!(violations.len(), MOST_VIOLATIONS);

    let beyond = serde_json::json!({ "title": "x".repeat(LONGEST_BODY) }).to_string();
    assert_eq!(read(&ACME, OWN, None, beyond.as_bytes()), (None, Vec::new()));
}
