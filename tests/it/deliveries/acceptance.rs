//! What is accepted under both profiles, what is left to deduplication, and what the signer agrees to sign.

use connector_runtime::signature::{SignError, Signer};
use connector_runtime::{Event, NoEvent};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::*;

fn event(headers: &Headers, body: &[u8]) -> Result<Event, NoEvent> {
    let map = map(headers);
    let delivery = verify(&map, body).unwrap();
    WEBHOOKS.event(&delivery)
}

#[test]
fn a_right_delivery_is_taken_and_its_event_read() {
    for profile in PROFILES {
        let event = event(&right(profile), BODY).unwrap();
        assert_eq!((event.name.as_str(), event.account.as_str()), ("store/order/created", "abc123"));
        assert_eq!((event.resource.as_deref(), event.id.as_deref()), (Some("order"), Some("250")));
        assert_eq!(event.time, Some(1_763_999_999));
    }
}

#[test]
fn one_right_profile_is_enough_and_a_signed_id_wins() {
    let [hex, standard] = PROFILES;
    let key = |headers: &Headers| event(headers, BODY).unwrap().dedupe_key;
    let (by_hash, by_id) = (key(&right(hex)), key(&right(standard)));
    assert_eq!(by_id, ID);
    assert_eq!(key(&[right(hex), right(standard)].concat()), by_id);
    assert_eq!(key(&[right(standard), right(hex)].concat()), by_id);
    for (whole, other, expected) in [(hex, standard, &by_hash), (standard, hex, &by_id)] {
        for (name, value) in right(other) {
            for value in [value, b"x".to_vec(), Vec::new()] {
                assert_eq!(key(&with(right(whole), name, value)), *expected, "{name}");
            }
            let failing = [without(right(other), name), with(right(other), name, "x")];
            for failing in failing {
                assert_eq!(key(&[failing, right(whole)].concat()), *expected, "{name}");
            }
            let twice = [right(other), vec![(name, b"x".to_vec())], right(whole)].concat();
            assert_eq!(key(&twice), *expected, "{name}");
        }
    }
    let ids = (0..100).map(|number| ("webhook-id", format!("msg_{number}").into_bytes()));
    assert_eq!(key(&right(hex).into_iter().chain(ids).collect()), by_hash);
}

#[test]
fn any_bytes_can_be_signed_and_only_an_object_is_an_event() {
    let large = vec![b' '; 1 << 20];
    let bodies: [&[u8]; 6] = [b"", b"\xff\xfe", b"[]", b"null", b"\xef\xbb\xbf[]", &large];
    for profile in PROFILES {
        for body in bodies {
            let headers = signed(profile, SECRET, ID, &time(profile, 0), body);
            assert_eq!(event(&headers, body), Err(NoEvent::NotAnObject), "{}", profile.name);
        }
        let marked = [b"\xef\xbb\xbf", BODY].concat();
        let headers = signed(profile, SECRET, ID, &time(profile, 0), &marked);
        assert_eq!(event(&headers, &marked).unwrap().name, "store/order/created", "{}", profile.name);
        // The mark is a part of what is signed.
        let headers = map(&right(profile));
        assert!(verify(&headers, &marked).is_err(), "{}", profile.name);
    }
}

#[test]
fn either_secret_is_good_while_one_replaces_the_other() {
    let both = [SECRET, OLD_SECRET].map(SecretString::from);
    let both = Verifier::new(WEBHOOKS.signatures, &both).unwrap();
    for profile in PROFILES {
        for secret in [SECRET, OLD_SECRET] {
            let headers = map(&signed(profile, secret, ID, &time(profile, 0), BODY));
            assert!(both.verify(&headers, URL, BODY, NOW_MS).is_ok(), "{}", profile.name);
        }
    }
    let old = written(
        &STANDARD_WEBHOOKS,
        &digest(&STANDARD_WEBHOOKS, OLD_SECRET.as_bytes(), ID, "1764000000", BODY),
    );
    let good = String::from_utf8(right(&STANDARD_WEBHOOKS).pop().unwrap().1).unwrap();
    for list in [format!("{old} {good}"), format!("{good} {old}"), format!("v1,@@ v2,x {good}")] {
        let headers = with(right(&STANDARD_WEBHOOKS), "webhook-signature", list);
        assert!(verify(&map(&headers), BODY).is_ok());
    }
}

#[test]
fn names_of_headers_are_read_in_any_case() {
    for profile in PROFILES {
        let shouted = right(profile).into_iter().map(|(name, value)| (&*name.to_uppercase().leak(), value));
        assert!(verify(&map(&shouted.collect()), BODY).is_ok(), "{}", profile.name);
    }
}

#[test]
fn a_replay_is_known_by_its_key_inside_the_window_and_refused_after_it() {
    for profile in PROFILES {
        let headers = map(&right(profile));
        let key = |now_ms| {
            let verifier = verifier();
            let delivery = verifier.verify(&headers, URL, BODY, now_ms)?;
            Ok(WEBHOOKS.event(&delivery).unwrap().dedupe_key)
        };
        let first = key(NOW_MS).unwrap();
        assert_eq!(key(NOW_MS + 49 * 3_600_000), Ok(first), "{}", profile.name);
        assert_eq!(key(NOW_MS + 49 * 3_600_000 + 1), Err(Rejected::Stale), "{}", profile.name);
    }
}

#[test]
fn an_id_is_one_event_whatever_its_body_and_a_hash_is_not() {
    let other = String::from_utf8(BODY.to_vec()).unwrap().replace("250", "251");
    let key = |profile, id: &str, body: &[u8]| {
        event(&signed(profile, SECRET, id, &time(profile, 0), body), body).unwrap().dedupe_key
    };
    let standard = &STANDARD_WEBHOOKS;
    assert_eq!(key(standard, ID, BODY), key(standard, ID, other.as_bytes()), "the same id, another body");
    assert_ne!(key(standard, ID, BODY), key(standard, "msg_8", BODY), "the same hash, another id");
    let later = String::from_utf8(BODY.to_vec()).unwrap().replace("1763999999", "1764000000");
    assert_eq!(key(&BC_HEX, ID, BODY), "stores/abc123 store/order/created 5a1e 1763999999");
    assert_ne!(key(&BC_HEX, ID, BODY), key(&BC_HEX, ID, later.as_bytes()), "the same hash, another time");
}

/// An id from letters that are good and letters that are not.
fn id_of(letters: &[u8]) -> String {
    let alphabet: Vec<char> = "abcXYZ019_-:~!. \t\n\0\u{7f}é🫙".chars().collect();
    letters.iter().map(|letter| alphabet[usize::from(*letter) % alphabet.len()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_signer_signs_what_the_verifier_takes_and_nothing_else(
        letters in proptest::collection::vec(any::<u8>(), 0..8),
        repeats in 1..80_usize,
        timestamp_ms in -2_000_i64..9_999_999_999_999_999,
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let id = id_of(&letters).repeat(repeats);
        for profile in PROFILES {
            let signer = Signer::new(profile, &SecretString::from(SECRET)).unwrap();
            let signed_by_us = signer.sign(&id, URL, timestamp_ms, &body);
            let text = if profile.timestamp_unit == TimestampUnit::Seconds { timestamp_ms.div_euclid(1000) } else { timestamp_ms };
            let by_hand = signed(profile, SECRET, &id, &text.to_string(), &body);
            // What no header can carry reaches no verifier.
            let can_be_sent = by_hand.iter().all(|(_, value)| HeaderValue::from_bytes(value).is_ok());
            let taken = can_be_sent && verifier().verify(&map(&by_hand), URL, &body, timestamp_ms).is_ok();
            // A verifier survives a blank within an id; a signer does not count on every receiver to do so.
            let expected = taken && !(profile.id_header.is_some() && id.contains(' '));
            prop_assert_eq!(signed_by_us.is_ok(), expected, "{} {:?} {}", profile.name, id, timestamp_ms);
            if let Ok(headers) = signed_by_us {
                let headers: Headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
                prop_assert_eq!(map(&headers), map(&by_hand));
            }
        }
    }
}

#[test]
fn the_signer_says_what_no_receiver_would_take() {
    let standard = Signer::new(&STANDARD_WEBHOOKS, &SecretString::from(SECRET)).unwrap();
    for id in ["", "a.b", "a b", "a\r\nb", "é", &"m".repeat(257)] {
        assert_eq!(standard.sign(id, URL, NOW_MS, BODY), Err(SignError::InvalidId), "{id:?}");
    }
    let hex = Signer::new(&BC_HEX, &SecretString::from(SECRET)).unwrap();
    for (signer, timestamp_ms) in [(&standard, -1), (&hex, -1), (&hex, i64::MIN), (&hex, i64::MAX)] {
        assert_eq!(signer.sign(ID, URL, timestamp_ms, BODY), Err(SignError::InvalidTimestamp));
    }
}
