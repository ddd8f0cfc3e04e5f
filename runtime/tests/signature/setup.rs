//! Which profiles and secrets are refused before any delivery comes.

use connector_runtime::signature::{SetupError, Signer};

use super::*;

fn setup_error(profiles: &[&'static SignatureProfile], secret_texts: &[&str]) -> SetupError {
    Verifier::new(profiles, &secrets(secret_texts)).expect_err("an unsound setup")
}

#[test]
fn refuses_to_start_without_profiles_or_secrets() {
    assert_eq!(setup_error(&[], &[SECRET]), SetupError::NoProfile);
    assert_eq!(setup_error(&[&PARCEL_HEX], &[]), SetupError::NoSecret);
}

#[test]
fn refuses_secrets_that_give_no_key() {
    assert_eq!(setup_error(&[&PARCEL_HEX], &[SECRET, ""]), SetupError::EmptySecret { profile: "parcel-hex" });
    let whsec = &STANDARD_WHSEC;
    assert_eq!(setup_error(&[whsec], &["whsec_"]), SetupError::EmptySecret { profile: "standard-whsec" });
    let not_base64 = SetupError::SecretNotBase64 { profile: "standard-whsec" };
    assert_eq!(setup_error(&[whsec], &["whsec_not base64"]), not_base64);
    assert_eq!(Signer::new(whsec, &SecretString::from("?")).expect_err("no base64"), not_base64);
    assert!(!not_base64.to_string().contains("whsec_"), "the message shows the secret");
}

#[test]
fn refuses_profiles_between_which_a_delivery_does_not_choose() {
    static UPPERCASE: SignatureProfile =
        SignatureProfile { name: "again", signature_header: "X-Parcel-WEBHOOK-SIGNATURE", ..PARCEL_HEX };
    static SAME_TWICE: SignatureProfile =
        SignatureProfile { timestamp_header: Some("x-parcel-webhook-signature"), ..PARCEL_HEX };
    let shared = |header| SetupError::SharedHeader { header };
    assert_eq!(setup_error(&[&PARCEL_HEX, &UPPERCASE], &[SECRET]), shared("X-Parcel-WEBHOOK-SIGNATURE"));
    assert_eq!(setup_error(&[&SAME_TWICE], &[SECRET]), shared("x-parcel-webhook-signature"));
}

#[test]
fn refuses_header_names_that_http_does_not_allow() {
    static SPACED: SignatureProfile = SignatureProfile { signature_header: "a name", ..PARCEL_HEX };
    let expected = SetupError::InvalidHeaderName { profile: "parcel-hex", header: "a name" };
    assert_eq!(setup_error(&[&SPACED], &[SECRET]), expected);
}

#[test]
fn refuses_profiles_that_promise_more_than_they_sign() {
    static BODY_UNSIGNED: SignatureProfile =
        SignatureProfile { signed_content: &[SignedPart::Timestamp], ..PARCEL_HEX };
    static TIME_UNSIGNED: SignatureProfile =
        SignatureProfile { signed_content: &[SignedPart::Body], ..PARCEL_HEX };
    static TIME_UNSENT: SignatureProfile = SignatureProfile { timestamp_header: None, ..PARCEL_HEX };
    static TIME_TWICE: SignatureProfile =
        SignatureProfile { timestamp_header: Some("example-time"), ..KEY_VALUE };
    static ID_UNSIGNED: SignatureProfile = SignatureProfile { id_header: Some("x-id"), ..PARCEL_HEX };
    static ID_UNSENT: SignatureProfile = SignatureProfile { id_header: None, ..STANDARD };
    static NO_RULE: SignatureProfile =
        SignatureProfile { timestamp_header: None, signed_content: &[SignedPart::Body], ..PARCEL_HEX };
    static TWO_RULES: SignatureProfile = SignatureProfile { repeats: Repeats::SameBody, ..PARCEL_HEX };
    static RULE_BESIDE_ID: SignatureProfile = SignatureProfile { repeats: Repeats::SameKey, ..STANDARD };
    static TWO_IDS: SignatureProfile = SignatureProfile { repeats: Repeats::BodyId("id"), ..STANDARD };
    for (profile, expected) in [
        (&NO_RULE, "neither an id nor the time is signed, and no rule recognises repeats"),
        (&TWO_RULES, "the signed id or time recognises repeats, and another rule is given"),
        (&RULE_BESIDE_ID, "the signed id or time recognises repeats, and another rule is given"),
        (&TWO_IDS, "the id stands both in a header and in the body"),
        (&BODY_UNSIGNED, "the body is not signed"),
        (&TIME_UNSIGNED, "the timestamp is sent but not signed"),
        (&TIME_UNSENT, "the timestamp is signed but not sent"),
        (&TIME_TWICE, "the timestamp stands both in the signature header and in its own"),
        (&ID_UNSIGNED, "the id is sent but not signed"),
        (&ID_UNSENT, "the id is signed but not sent"),
    ] {
        let expected = SetupError::ContradictoryProfile { profile: profile.name, reason: expected };
        assert_eq!(setup_error(&[profile], &[SECRET]), expected);
        assert_eq!(Signer::new(profile, &SecretString::from(SECRET)).expect_err("unsound"), expected);
    }
}
