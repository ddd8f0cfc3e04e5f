//! Deliveries of every signature form, the events in them, and the triggers they start.

use connector_runtime::signature::{SignatureProfile, Signer, Verifier};
use connector_runtime::{ChangedId, Event, NoEvent, SecretString};
use http::{HeaderMap, HeaderName};
use parcel_connector::connector::{CONNECTOR, WEBHOOKS};
use parcel_connector::signatures::{ADDRESSED, PLAIN, STANDARD, TIMED, TYPE};
use parcel_connector::triggers;

const URL: &str = "https://hooks.example/parcel?a=b";
const NOW_MS: i64 = 1_767_225_600_500;
const SAMPLE: &str = include_str!("../../connectors/parcel/samples/parcel-created.json");

/// Base64, so that it is a key under every profile.
fn secret() -> SecretString {
    SecretString::from("aGFyZCB0byBndWVzcyBzZWNyZXQ=")
}

/// The headers of a signed delivery, with those that the test adds.
fn signed(profile: &'static SignatureProfile, body: &str, more: &[(&'static str, &str)]) -> HeaderMap {
    let headers =
        Signer::new(profile, &secret()).unwrap().sign("evt_1", URL, NOW_MS, body.as_bytes()).unwrap();
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let all = headers.into_iter().chain(more);
    all.map(|(name, value)| (HeaderName::try_from(name).unwrap(), value.parse().unwrap())).collect()
}

fn event(
    profile: &'static SignatureProfile,
    body: &str,
    more: &[(&'static str, &str)],
) -> Result<Event, NoEvent> {
    let headers = signed(profile, body, more);
    let verifier = Verifier::new(WEBHOOKS.signatures, &[secret()]).unwrap();
    let delivery = verifier.verify(&headers, URL, body.as_bytes(), NOW_MS + 100).unwrap();
    assert_eq!(delivery.profile(), profile.name);
    WEBHOOKS.event(&delivery)
}

#[test]
fn a_delivery_under_each_profile_is_verified_and_its_event_read() {
    for profile in [&PLAIN, &TIMED, &STANDARD, &ADDRESSED, &TYPE] {
        let event = event(profile, SAMPLE, &[]).unwrap();
        assert_eq!((event.name.as_str(), event.account.as_str()), ("parcel/created", "acme"));
        assert_eq!((event.resource.as_deref(), event.id.as_deref()), (Some("parcel"), Some("p-1")));
        assert_eq!(event.time, Some(1_767_225_600));
    }
}

#[test]
fn a_changed_body_address_or_time_is_refused_under_each_profile_that_signs_it() {
    let verifier = Verifier::new(WEBHOOKS.signatures, &[secret()]).unwrap();
    let changed = SAMPLE.replace("acme", "evil");
    let hours = 50 * 3_600_000;
    for profile in [&PLAIN, &TIMED, &STANDARD, &ADDRESSED, &TYPE] {
        let headers = signed(profile, SAMPLE, &[]);
        assert!(verifier.verify(&headers, URL, changed.as_bytes(), NOW_MS).is_err(), "{}", profile.name);
        let elsewhere = verifier.verify(&headers, "https://evil.example/", SAMPLE.as_bytes(), NOW_MS);
        assert_eq!(elsewhere.is_err(), profile.name == "addressed", "{}", profile.name);
        let late = verifier.verify(&headers, URL, SAMPLE.as_bytes(), NOW_MS + hours);
        assert_eq!(late.is_err(), ["timed", "standard", "type"].contains(&profile.name), "{}", profile.name);
    }
}

#[test]
fn the_signature_headers_are_as_the_manifest_says() {
    let headers = signed(&STANDARD, "{}", &[]);
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    assert_eq!(
        (&headers["webhook-id"], &headers["webhook-timestamp"]),
        (&"evt_1".parse().unwrap(), &"1767225600".parse().unwrap())
    );
    let headers = signed(&TIMED, "{}", &[]);
    assert_eq!(headers["x-parcel-time"], "1767225600500");
    let headers = signed(&TYPE, "{}", &[]);
    assert!(headers["x-parcel-parts"].to_str().unwrap().starts_with("t=1767225600,v1="));
}

#[test]
fn events_are_told_apart_by_the_first_line_whose_parts_are_all_there() {
    let key =
        |profile, body: &str, more: &[(&'static str, &str)]| event(profile, body, more).unwrap().dedupe_key;
    assert_eq!(key(&STANDARD, SAMPLE, &[]), "evt_1", "a signed id alone decides");
    assert_eq!(key(&PLAIN, SAMPLE, &[]), "7b1e p-1", "without one, parts of the body");
    let own_id = SAMPLE.replacen('{', r#"{"event_id":"e-1","#, 1);
    assert_eq!(key(&TYPE, &own_id, &[]), "e-1", "an id in the body");
    let numbers = SAMPLE.replace("\"p-1\"", "17");
    assert_eq!(key(&TYPE, &numbers, &[]), "7b1e 17");

    let bare = r#"{"scope":"a","producer":"accounts/acme"}"#;
    let digest = key(&PLAIN, bare, &[]);
    assert_eq!(digest.len(), 64);
    assert_eq!(digest, key(&PLAIN, bare, &[]));
    assert_ne!(digest, key(&PLAIN, &bare.replace('a', "b").replace("bccounts/bcme", "accounts/acme"), &[]));
    assert_eq!(digest, key(&TIMED, bare, &[]), "the signed time stands beside the key");
    assert_eq!(event(&TIMED, bare, &[]).unwrap().signed_ms, Some(NOW_MS));
    assert_eq!(event(&PLAIN, bare, &[]).unwrap().signed_ms, None);
    assert_eq!(key(&ADDRESSED, bare, &[]), digest);
    assert_ne!(key(&ADDRESSED, SAMPLE, &[]), key(&PLAIN, SAMPLE, &[]), "its rule is the same body");
}

#[test]
fn a_verified_delivery_may_be_no_event() {
    for (body, expected) in [
        ("", NoEvent::NotAnObject),
        ("[]", NoEvent::NotAnObject),
        ("<html>", NoEvent::NotAnObject),
        ("{}", NoEvent::NoName),
        (r#"{"scope": 1, "producer": "accounts/acme"}"#, NoEvent::NoName),
        (r#"{"scope": "a"}"#, NoEvent::NoAccount),
        (r#"{"scope": "a", "producer": "stores/acme"}"#, NoEvent::NoAccount),
        (r#"{"scope": "a", "producer": "accounts/"}"#, NoEvent::NoAccount),
    ] {
        assert_eq!(event(&PLAIN, body, &[]), Err(expected), "{body}");
    }
    let least = event(&PLAIN, r#"{"scope":"a","producer":"accounts/acme","data":null}"#, &[]).unwrap();
    assert_eq!((least.resource, least.id, least.time), (None, None, None));
}

#[test]
fn a_trigger_reads_the_resource_of_its_event_or_nothing() {
    let event = event(&PLAIN, SAMPLE, &[]).unwrap();
    let trigger = CONNECTOR.triggers.iter().find(|trigger| trigger.event == event.name).unwrap();
    assert_eq!(
        (trigger.id, trigger.resource, trigger.scopes),
        ("parcel-created", "parcel", ["parcels_read", "parcels_all"].as_slice())
    );
    let read = trigger.read.unwrap();
    assert_eq!(
        (read.operation.id, read.parameter, read.grace.as_millis()),
        ("get-parcel", "parcel_id", 10_000)
    );
    let input = triggers::parcel_created::read(event.id.unwrap());
    assert_eq!(input.parcel_id, "p-1");
    assert_eq!(triggers::r#match::read("x").r#type, "x");
    assert_eq!(triggers::r#match::TRIGGER.read.unwrap().grace.as_millis(), 250);
    assert_eq!(triggers::pace::read(5).self_, 5);
    assert!(triggers::account_closed::TRIGGER.read.is_none());
    assert_eq!(triggers::account_closed::TRIGGER.scopes, ["webhooks_all"]);
    let ids: Vec<&str> = CONNECTOR.triggers.iter().map(|trigger| trigger.id).collect();
    assert_eq!(ids, ["account-closed", "match", "pace", "parcel-created"]);
}

#[test]
fn webhooks_are_managed_by_four_actions() {
    let webhooks = CONNECTOR.webhooks.unwrap();
    let ids =
        [webhooks.list, webhooks.create, webhooks.update, webhooks.delete].map(|operation| operation.id);
    assert_eq!(ids, ["list-webhooks", "create-webhook", "update-webhook", "delete-webhook"]);
    let names: Vec<&str> = webhooks.signatures.iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["plain", "timed", "standard", "addressed", "type"]);
}

#[test]
fn a_request_knows_which_resource_it_changes_where_an_input_says_so() {
    let changed = |id: &str, input: &str| {
        let request = CONNECTOR.action(id).unwrap().prepare(input.as_bytes()).unwrap();
        let changes = request.operation().changes;
        (changes.map(|changes| changes.resource), request.changed_id().map(str::to_owned))
    };
    assert_eq!(
        changed("update-parcel", r#"{"parcel_id": 7, "stock": 1}"#),
        (Some("parcel"), Some("7".to_owned()))
    );
    // By the name that callers use, as it is before it is put into an address.
    assert_eq!(
        changed("remove-parcel", r#"{"parcel_id": "p 1/2"}"#),
        (Some("parcel"), Some("p 1/2".to_owned()))
    );
    assert_eq!(changed("create-parcel", r#"{"name": "a", "price": 1}"#), (Some("parcel"), None));
    assert_eq!(changed("get-parcel", r#"{"parcel_id": "p"}"#), (None, None));
    let create = CONNECTOR.action("create-parcel").unwrap().operation.changes.unwrap();
    assert_eq!(create.id, ChangedId::Result("id"));
}
