//! What is accepted, and what a verified delivery says about itself.

use super::*;

const PUBLISHED: [(&str, &str, &str, &str, &str); 2] = [
    (
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "1649367553",
        r#"{"email":"test@example.com","username":"test_user"}"#,
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ),
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        r#"{"test": 2432232314}"#,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];

#[test]
fn accepts_the_published_vectors_of_standard_webhooks_with_and_without_the_key_prefix() {
    for (secret, id, timestamp, body, signature) in PUBLISHED {
        let headers =
            [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
        let headers = header_map(&headers);
        let now_ms = timestamp.parse::<i64>().expect("seconds") * 1000;
        for secret in [secret, secret.trim_start_matches("whsec_")] {
            let verifier = Verifier::new(&[&STANDARD_WHSEC], &secrets(&[secret])).expect("a sound profile");
            let verified = verifier.verify(&headers, URL, body.as_bytes(), now_ms).expect("a good signature");
            assert_eq!(verified.id(), Some(id));
            assert_eq!(verified.timestamp_ms(), Some(now_ms));
        }
    }
}

#[test]
fn accepts_the_published_vectors_of_schemes_that_sign_the_body_alone() {
    static BARE: SignatureProfile = SignatureProfile {
        name: "bare",
        signature_header: "X-Signature",
        timestamp_header: None,
        signed_content: &[SignedPart::Body],
        repeats: Repeats::SameKey,
        ..PARCEL_HEX
    };
    static PREFIXED: SignatureProfile = SignatureProfile {
        name: "prefixed",
        signature_header: "X-Hub-Signature-256",
        signature_form: SignatureForm::List { prefix: "sha256=" },
        ..BARE
    };
    let documented = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let prefixed = "sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3";
    for (profile, secret, body, signature) in [
        (&BARE, "It's a Secret to Everybody", "Hello, World!", documented),
        (&PREFIXED, "mysecret", r#"{"foo":"bar"}"#, prefixed),
    ] {
        let verifier = Verifier::new(&[profile], &secrets(&[secret])).expect("a sound profile");
        let headers = header_map(&[(profile.signature_header, signature)]);
        let verified = verifier.verify(&headers, URL, body.as_bytes(), NOW_MS).expect("a good signature");
        assert_eq!((verified.timestamp_ms(), verified.id()), (None, None));
        let refused = verifier.verify(&headers, URL, b"Hello", NOW_MS).expect_err("another body");
        assert_eq!(refused, Rejected::WrongSignature);
    }
}

#[test]
fn says_which_profile_time_id_and_body_were_signed() {
    let hex = header_map(&hex_headers("1763999999999", BODY));
    let verified = verify(&hex, BODY).expect("a good delivery");
    assert_eq!(
        (verified.profile(), verified.timestamp_ms(), verified.id(), verified.body()),
        ("parcel-hex", Some(1_763_999_999_999), None, BODY)
    );

    let standard = header_map(&standard_headers(ID, "1763999999", BODY));
    let verified = verify(&standard, BODY).expect("a good delivery");
    assert_eq!(
        (verified.profile(), verified.timestamp_ms(), verified.id(), verified.body()),
        ("standard-webhooks", Some(1_763_999_999_000), Some(ID), BODY)
    );

    let key_value = header_map(&[("example-signature", key_value_header("1764000001"))]);
    let verified = verify(&key_value, BODY).expect("a good delivery");
    assert_eq!((verified.profile(), verified.timestamp_ms()), ("key-value", Some(1_764_000_001_000)));
}

#[test]
fn signs_over_raw_bytes_whatever_they_are() {
    let bodies: [&[u8]; 6] = [
        b"",
        b"\xff\xfe\x00 not UTF-8",
        b"\xef\xbb\xbf{}",
        br#"{"name":"\u001b[0m \u00eb \ud83d\uded2"}"#,
        "{\"name\":\"\u{eb}\"}".as_bytes(),
        &[b'x'; 70_000],
    ];
    for body in bodies {
        verify(&header_map(&hex_headers("1764000000000", body)), body).expect("a good delivery");
        verify(&header_map(&standard_headers(ID, "1764000000", body)), body).expect("a good delivery");
    }
}

#[test]
fn accepts_both_ends_of_the_tolerance() {
    for timestamp in ["1763999700000", "1764000300000"] {
        verify(&header_map(&hex_headers(timestamp, BODY)), BODY).expect("inside the tolerance");
    }
    for timestamp in ["1763999700", "1764000300"] {
        verify(&header_map(&standard_headers(ID, timestamp, BODY)), BODY).expect("inside the tolerance");
    }
}

#[test]
fn an_operators_tolerance_replaces_that_of_the_profile() {
    let age = Duration::from_secs(49 * 3600);
    let headers = header_map(&hex_headers("1763823600000", BODY));
    assert_eq!(verify(&headers, BODY).expect_err("49 hours old"), Rejected::Stale);
    let tolerant = |max_age| verifier().with_tolerance(Tolerance { max_age, max_ahead: Duration::ZERO });
    tolerant(age).verify(&headers, URL, BODY, NOW_MS).expect("exactly as old as allowed");
    let refused = tolerant(age).verify(&headers, URL, BODY, NOW_MS + 1).expect_err("a millisecond more");
    assert_eq!(refused, Rejected::Stale);
    tolerant(Duration::MAX).verify(&headers, URL, BODY, i64::MAX).expect("no limit of age");
}

#[test]
fn accepts_any_of_several_secrets_during_rotation() {
    let both = Verifier::new(&[&PARCEL_HEX], &secrets(&[SECRET, OLD_SECRET])).expect("a sound profile");
    for secret in [SECRET, OLD_SECRET] {
        let signature = hex_signature(secret, "1764000000000", BODY);
        let headers =
            [("X-Parcel-Webhook-Timestamp", "1764000000000"), ("X-Parcel-Webhook-Signature", &signature)];
        both.verify(&header_map(&headers), URL, BODY, NOW_MS).expect("signed with one of the two");
    }
}

#[test]
fn accepts_a_list_in_which_any_signature_of_the_version_fits() {
    let good = format!("v1,{}", base64_signature(SECRET, ID, "1764000000", BODY));
    let bogus = format!("v1,{}", base64(&[0; 32]));
    let lists = [
        format!("{bogus} {good}"),
        format!("{good} {bogus}"),
        format!("v1a,{} v2,zzz {good}", base64(&[1; 64])),
        format!("v1,@@@ {good}"),
        format!("{good}  {bogus}"),
        format!("{}{good}", format!("{bogus} ").repeat(15)),
    ];
    for list in &lists {
        let headers = [("webhook-id", ID), ("webhook-timestamp", "1764000000"), ("webhook-signature", list)];
        verify(&header_map(&headers), BODY).expect("one signature fits");
    }
}

#[test]
fn accepts_key_value_parts_in_any_order_beside_others() {
    let header = key_value_header("1764000000");
    let signature = header.split_once(',').expect("two parts").1;
    let bogus = "0".repeat(64);
    for value in [
        format!("{signature},t=1764000000"),
        format!("t=1764000000,v0=abc,{signature},scheme"),
        format!("t=1764000000,v1={bogus},{signature}"),
        format!("t=1764000000{},{signature}", format!(",v1={bogus}").repeat(15)),
    ] {
        verify(&header_map(&[("example-signature", value)]), BODY).expect("one signature fits");
    }
}

#[test]
fn a_replay_inside_the_tolerance_is_left_to_deduplication() {
    let headers = header_map(&standard_headers(ID, "1764000000", BODY));
    for now_ms in [NOW_MS, NOW_MS + 1, NOW_MS + 300_000] {
        let verifier = verifier();
        assert_eq!(verifier.verify(&headers, URL, BODY, now_ms).expect("still fresh").id(), Some(ID));
    }
    assert_eq!(verifier().verify(&headers, URL, BODY, NOW_MS + 301_000).expect_err("old"), Rejected::Stale);
}

#[test]
fn shows_neither_secrets_nor_the_body() {
    let headers = header_map(&hex_headers("1764000000000", BODY));
    let verifier = verifier();
    let verified = verifier.verify(&headers, URL, BODY, NOW_MS).expect("a good delivery");
    let shown = format!("{verifier:?} {verified:?}");
    assert!(shown.contains("parcel-hex"), "{shown}");
    assert!(!shown.contains(SECRET) && !shown.contains("store/order"), "{shown}");
}
