//! Events of verified deliveries: what is read from a body, and what makes two deliveries one event.

use std::time::Duration;

use connector_runtime::signature::{
    Algorithm, Encoding, KeyForm, Repeats, SignatureForm, SignatureProfile, SignedPart, Signer,
    TimestampUnit, Tolerance, Verifier,
};
use connector_runtime::{
    Api, DateFormat, DecimalFormat, DedupePart, Envelope, ErrorShape, Event, EventShape, NoEvent, Operation,
    SecretString, Webhooks,
};
use http::{HeaderMap, HeaderName};

const NOW_MS: i64 = 1_764_000_000_000;
const URL: &str = "https://hooks.example.test/";

static PROFILE: SignatureProfile = SignatureProfile {
    name: "acme",
    signature_header: "X-Signature",
    timestamp_header: Some("X-Timestamp"),
    id_header: None,
    timestamp_unit: TimestampUnit::Milliseconds,
    signed_content: &[SignedPart::Timestamp, SignedPart::Literal("."), SignedPart::Body],
    algorithm: Algorithm::HmacSha256,
    encoding: Encoding::LowerHex,
    key_form: KeyForm::Utf8,
    signature_form: SignatureForm::Single,
    tolerance: Tolerance { max_age: Duration::from_secs(300), max_ahead: Duration::from_secs(300) },
    repeats: Repeats::Signed,
};

/// A scheme of the same vendor that signs an id.
static NAMED: SignatureProfile = SignatureProfile {
    name: "named",
    signature_header: "X-Named-Signature",
    timestamp_header: Some("X-Named-Timestamp"),
    id_header: Some("X-Delivery"),
    signed_content: &[
        SignedPart::Id,
        SignedPart::Literal("."),
        SignedPart::Timestamp,
        SignedPart::Literal("."),
        SignedPart::Body,
    ],
    ..PROFILE
};

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "message", fields: "fields" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

static LIST: Operation = Operation::get("list-hooks", &API, "/hooks");
static CREATE: Operation = Operation::post("create-hook", &API, "/hooks");
static UPDATE: Operation = Operation::put("update-hook", &API, "/hooks");
static DELETE: Operation = Operation::delete("delete-hook", &API, "/hooks");

static WEBHOOKS: Webhooks = Webhooks {
    signatures: &[&PROFILE, &NAMED],
    list: &LIST,
    create: &CREATE,
    update: &UPDATE,
    delete: &DELETE,
    event: EventShape {
        name: "scope",
        account: "producer",
        account_form: "stores/{store}",
        resource: "data.type",
        id: "data.id",
        time: "created_at",
    },
    dedupe: &[
        &[DedupePart::Header("X-Delivery")],
        &[DedupePart::Body("hash"), DedupePart::Body("created_at")],
    ],
    subscription: None,
    uninstalled: None,
    failing: None,
};

/// What the event of a delivery is that was signed under one profile, with headers that the test adds.
fn event(body: &str, headers: &[(&str, &str)], at_ms: i64) -> Result<Event, NoEvent> {
    event_under(&[&PROFILE], "", body, headers, at_ms)
}

/// The same for a delivery that was signed under each of these profiles.
fn event_under(
    profiles: &[&'static SignatureProfile],
    id: &str,
    body: &str,
    headers: &[(&str, &str)],
    at_ms: i64,
) -> Result<Event, NoEvent> {
    let secret = SecretString::from("a-client-secret");
    let signed = profiles.iter().flat_map(|profile| {
        let signer = Signer::new(profile, &secret).expect("a sound profile");
        signer.sign(id, URL, at_ms, body.as_bytes()).expect("a time after 1970")
    });
    let added = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let mut map = HeaderMap::new();
    for (name, value) in signed.chain(added) {
        map.append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
    }
    let is_declared =
        |profile: &&SignatureProfile| WEBHOOKS.signatures.iter().any(|known| known.name == profile.name);
    let declared = if profiles.iter().all(is_declared) { WEBHOOKS.signatures } else { profiles };
    let verifier = Verifier::new(declared, &[secret]).expect("a sound profile");
    let delivery = verifier.verify(&map, URL, body.as_bytes(), at_ms).expect("a good signature");
    WEBHOOKS.event(&delivery)
}

const ORDER: &str = r#"{"scope":"store/order/created","producer":"stores/abc123","hash":"f00",
    "created_at":1561479335,"data":{"type":"order","id":250}}"#;

#[test]
fn every_part_is_read_from_its_place() {
    let expected = Event {
        name: "store/order/created".to_owned(),
        account: "abc123".to_owned(),
        resource: Some("order".to_owned()),
        id: Some("250".to_owned()),
        time: Some(1_561_479_335),
        dedupe_key: "f00 1561479335".to_owned(),
        signed_ms: Some(NOW_MS),
        former_key: "f00 1561479335".to_owned(),
    };
    assert_eq!(event(ORDER, &[], NOW_MS), Ok(expected.clone()));
    let text_id = ORDER.replace("250", r#""250""#);
    assert_eq!(event(&text_id, &[], NOW_MS), Ok(expected.clone()), "an id may come as a text");
    let marked = format!("\u{feff}{ORDER}");
    assert_eq!(
        event(&marked, &[], NOW_MS),
        Ok(expected),
        "a byte order mark is signed and is no part of the event"
    );
    for time in [r#""1561479335""#, "1561479335.0"] {
        let read = event(&ORDER.replace("1561479335", time), &[], NOW_MS).unwrap();
        assert_eq!(read.time, Some(1_561_479_335), "{time}");
    }
}

#[test]
fn an_event_needs_no_resource_no_id_and_no_time() {
    let read =
        event(r#"{"scope":"app/uninstalled","producer":"stores/x","data":null}"#, &[], NOW_MS).unwrap();
    assert_eq!((read.resource, read.id, read.time), (None, None, None));
    let body = r#"{"scope":"s","producer":"stores/x","created_at":"now","data":{"type":7,"id":null}}"#;
    let read = event(body, &[], NOW_MS).unwrap();
    assert_eq!((read.resource, read.id, read.time), (None, None, None), "parts of another type are none");
}

#[test]
fn a_good_signature_over_no_event_is_told_as_what_it_lacks() {
    for (body, expected) in [
        ("", NoEvent::NotAnObject),
        ("null", NoEvent::NotAnObject),
        (r#"["scope"]"#, NoEvent::NotAnObject),
        (r#"{"scope":"#, NoEvent::NotAnObject),
        ("{}", NoEvent::NoName),
        (r#"{"scope":7,"producer":"stores/x"}"#, NoEvent::NoName),
        (r#"{"scope":"s"}"#, NoEvent::NoAccount),
        (r#"{"scope":"s","producer":"x"}"#, NoEvent::NoAccount),
        (r#"{"scope":"s","producer":"stores/"}"#, NoEvent::NoAccount),
        (r#"{"scope":"s","producer":["stores/x"]}"#, NoEvent::NoAccount),
    ] {
        assert_eq!(event(body, &[], NOW_MS), Err(expected), "{body}");
        assert!(!expected.to_string().is_empty());
    }
}

#[test]
fn the_first_line_of_parts_that_are_all_there_tells_events_apart() {
    let key = |body: &str, headers: &[(&str, &str)], at| event(body, headers, at).unwrap().dedupe_key;
    let named = |profiles: &[_]| event_under(profiles, "d-1", ORDER, &[], NOW_MS).unwrap().dedupe_key;
    assert_eq!(named(&[&NAMED]), "d-1");
    assert_eq!(named(&[&PROFILE, &NAMED]), "d-1", "a signed id counts, whatever is signed beside it");
    assert_eq!(
        key(ORDER, &[("x-delivery", "d-1")], NOW_MS),
        "f00 1561479335",
        "nobody has signed the header"
    );
    assert_eq!(key(ORDER, &[], NOW_MS), key(ORDER, &[], NOW_MS + 1_000), "a second delivery of one event");
    let bare = r#"{"scope":"s","producer":"stores/x","hash":"f00"}"#;
    let digest = key(bare, &[], NOW_MS);
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    assert_eq!(digest, key(bare, &[], NOW_MS + 1), "without parts the body counts, and the time beside it");
    assert_ne!(digest, key(&bare.replace("f00", "f01"), &[], NOW_MS));
}

#[test]
fn the_signed_time_stands_beside_the_key_as_exact_as_it_was_sent() {
    let signed_ms = |at_ms| event(ORDER, &[], at_ms).unwrap().signed_ms;
    assert_eq!(signed_ms(NOW_MS + 1), Some(NOW_MS + 1));
    static SECONDS: SignatureProfile =
        SignatureProfile { name: "seconds", timestamp_unit: TimestampUnit::Seconds, ..PROFILE };
    let event = event_under(&[&SECONDS], "", ORDER, &[], NOW_MS + 999).unwrap();
    assert_eq!(event.signed_ms, Some(NOW_MS));
}

#[test]
fn a_signed_id_alone_decides_whether_it_stands_in_a_header_or_in_the_body() {
    static HEADER: SignatureProfile = SignatureProfile {
        name: "header",
        id_header: Some("X-Delivery"),
        signed_content: &[SignedPart::Timestamp, SignedPart::Literal("."), SignedPart::Id, SignedPart::Body],
        ..PROFILE
    };
    static IN_BODY: SignatureProfile =
        SignatureProfile { name: "in-body", repeats: Repeats::BodyId("data.event"), ..PROFILE };
    let told = |event: Event| (event.dedupe_key, event.signed_ms);
    let under = |profile, id, body: &str| told(event_under(&[profile], id, body, &[], NOW_MS).unwrap());
    assert_eq!(under(&HEADER, "d-1", ORDER), ("d-1".to_owned(), None));
    for (id, key) in [(r#""evt_1""#, "evt_1"), ("17", "17")] {
        let body = ORDER.replace(r#""id":250"#, &format!(r#""id":250,"event":{id}"#));
        assert_eq!(under(&IN_BODY, "", &body), (key.to_owned(), None));
    }
    for id in ["null", "{}", "[]", "true"] {
        let body = ORDER.replace(r#""id":250"#, &format!(r#""id":250,"event":{id}"#));
        assert_eq!(under(&IN_BODY, "", &body), ("f00 1561479335".to_owned(), Some(NOW_MS)), "{id} is no id");
    }
    assert_eq!(under(&IN_BODY, "", ORDER), ("f00 1561479335".to_owned(), Some(NOW_MS)));
}

#[test]
fn a_scheme_that_signs_the_body_alone_follows_its_own_rule() {
    static BODY: SignatureProfile = SignatureProfile {
        name: "body",
        timestamp_header: None,
        signed_content: &[SignedPart::Body],
        repeats: Repeats::SameBody,
        ..PROFILE
    };
    static KEY: SignatureProfile = SignatureProfile { name: "key", repeats: Repeats::SameKey, ..BODY };
    let under = |profile, body: &str| {
        let event = event_under(&[profile], "", body, &[], NOW_MS).unwrap();
        assert_eq!(event.signed_ms, None);
        event.dedupe_key
    };
    let other = ORDER.replace("250", "251");
    assert_eq!(under(&BODY, ORDER).len(), 64);
    assert_eq!(under(&BODY, ORDER), under(&BODY, ORDER));
    assert_ne!(under(&BODY, ORDER), under(&BODY, &other));
    assert_eq!(
        (under(&KEY, ORDER), under(&KEY, &other)),
        ("f00 1561479335".to_owned(), "f00 1561479335".to_owned())
    );
}

#[test]
fn the_key_of_earlier_versions_is_known() {
    let former = |body: &str, headers: &[(&str, &str)], at| event(body, headers, at).unwrap().former_key;
    assert_eq!(
        former(ORDER, &[("x-delivery", "d-1")], NOW_MS),
        "f00 1561479335",
        "nobody has signed the header"
    );
    assert_eq!(former(ORDER, &[], NOW_MS), "f00 1561479335");
    let bare = r#"{"scope":"s","producer":"stores/x","hash":"f00"}"#;
    assert_eq!(former(bare, &[], NOW_MS), former(bare, &[], NOW_MS));
    assert_ne!(former(bare, &[], NOW_MS), former(bare, &[], NOW_MS + 1), "the signed time was part of it");
}

#[test]
fn a_header_that_the_verified_profile_has_not_signed_decides_nothing() {
    let alone = event(ORDER, &[], NOW_MS).unwrap();
    let ids: Vec<String> = (0..100).map(|number| format!("d-{number}")).collect();
    let all: Vec<(&str, &str)> = ids.iter().map(|id| ("x-delivery", id.as_str())).collect();
    assert_eq!(event(ORDER, &all, NOW_MS), Ok(alone.clone()), "a hundred in one delivery");
    for id in &all {
        assert_eq!(event(ORDER, std::slice::from_ref(id), NOW_MS), Ok(alone.clone()), "one in each delivery");
    }
    // A profile that fails takes its id along.
    let repeated = event_under(&[&PROFILE, &NAMED], "d-1", ORDER, &[("x-delivery", "d-1")], NOW_MS);
    assert_eq!(repeated, Ok(alone));
}
