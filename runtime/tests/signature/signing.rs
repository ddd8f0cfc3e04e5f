//! What a signer writes, and that a verifier takes it.

use connector_runtime::signature::{SignError, Signer};

use super::*;

fn signer(profile: &'static SignatureProfile) -> Signer {
    Signer::new(profile, &SecretString::from(SECRET)).expect("a sound profile")
}

/// A scheme with nothing but the body under its signature.
static BODY_ALONE: SignatureProfile = SignatureProfile {
    name: "body-alone",
    signature_header: "X-Example-Hmac",
    timestamp_header: None,
    signed_content: &[SignedPart::Body],
    encoding: Encoding::Base64,
    repeats: Repeats::SameBody,
    ..PARCEL_HEX
};

#[test]
fn signs_what_the_verifier_of_the_same_profile_accepts() {
    for profile in [&PARCEL_HEX, &STANDARD, &KEY_VALUE, &BODY_ALONE] {
        let headers = signer(profile).sign(ID, URL, NOW_MS + 7, BODY).expect("a sound delivery");
        let headers = header_map(&headers);
        let verifier = Verifier::new(&[profile], &secrets(&[OLD_SECRET, SECRET])).expect("a sound profile");
        let verified = verifier.verify(&headers, URL, BODY, NOW_MS).expect("our own signature");
        assert_eq!(verified.id(), profile.id_header.map(|_| ID));
        assert_eq!(verified.timestamp_ms().is_some(), profile.name != "body-alone");
        let refused = verifier.verify(&headers, URL, b"{}", NOW_MS).expect_err("another body");
        assert_eq!(refused, Rejected::WrongSignature);
    }
}

#[test]
fn writes_the_headers_of_each_form() {
    let hex = signer(&PARCEL_HEX).sign(ID, URL, NOW_MS, BODY).expect("a sound delivery");
    let signature = hex_signature(SECRET, "1764000000000", BODY);
    let expected =
        [("X-Parcel-Webhook-Timestamp", "1764000000000"), ("X-Parcel-Webhook-Signature", &signature)];
    assert_eq!(hex, expected.map(|(name, value)| (name, value.to_owned())));

    let standard = signer(&STANDARD).sign(ID, URL, NOW_MS + 999, BODY).expect("a sound delivery");
    assert_eq!(standard, standard_headers(ID, "1764000000", BODY));

    let key_value = signer(&KEY_VALUE).sign("", URL, NOW_MS, BODY).expect("a sound delivery");
    assert_eq!(key_value, [("Example-Signature", key_value_header("1764000000"))]);
}

#[test]
fn signs_nothing_that_no_receiver_would_accept() {
    let signer = signer(&STANDARD);
    for id in ["", "a.b", "a b", "m\u{e9}", "a\nb", &"m".repeat(257)] {
        assert_eq!(signer.sign(id, URL, NOW_MS, BODY), Err(SignError::InvalidId), "{id:?}");
    }
    assert!(signer.sign(&"m".repeat(256), URL, NOW_MS, BODY).is_ok());
    for timestamp_ms in [-1, i64::MIN] {
        assert_eq!(signer.sign(ID, URL, timestamp_ms, BODY), Err(SignError::InvalidTimestamp));
    }
}

#[test]
fn does_not_show_its_secret() {
    assert!(!format!("{:?}", signer(&PARCEL_HEX)).contains(SECRET));
}
