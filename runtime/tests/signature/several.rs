//! Deliveries with headers of several profiles: one profile that verifies completely is enough, whatever stands beside it.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

type Headers = Vec<(&'static str, String)>;

/// The headers of each profile, rightly signed at two times: the profiles as [`verifier`] declares them.
static RIGHT: LazyLock<[(&'static SignatureProfile, [Headers; 2]); 3]> = LazyLock::new(|| {
    let key_value = |seconds| vec![("example-signature", key_value_header(seconds))];
    [
        (&PARCEL_HEX, ["1764000000000", "1763999990000"].map(|time| hex_headers(time, BODY))),
        (&STANDARD, ["1764000000", "1763999990"].map(|time| standard_headers(ID, time, BODY))),
        (&KEY_VALUE, ["1764000000", "1763999990"].map(key_value)),
    ]
});

fn right(profile: &SignatureProfile) -> Headers {
    let (_, [right, _]) = RIGHT.iter().find(|(other, _)| other.name == profile.name).expect("a profile");
    right.clone()
}

/// The headers of a profile with another signature, which is well formed.
fn forged(profile: &SignatureProfile) -> Headers {
    let (zeros, mut headers) = ([0; 32], right(profile));
    let signature = match profile.name {
        "parcel-hex" => hex::encode(zeros),
        "standard-webhooks" => format!("v1,{}", base64(&zeros)),
        _ => format!("t=1764000000,v1={}", hex::encode(zeros)),
    };
    headers.last_mut().expect("the signature comes last").1 = signature;
    headers
}

/// What the outcome is to a receiver.
fn outcome(verifier: &Verifier, headers: &Headers) -> Result<(String, Vec<Option<String>>), Rejected> {
    let map = header_map(headers);
    let verified = verifier.verify(&map, URL, BODY, NOW_MS)?;
    let names = RIGHT.iter().flat_map(|(_, [headers, _])| headers.iter().map(|(name, _)| *name));
    let signed = names.map(|name| verified.signed_header(name).map(str::to_owned));
    Ok((format!("{verified:?}"), signed.collect()))
}

/// Asserts which profile verifies, in the given order of headers and the reverse.
#[track_caller]
fn verified_by(profile: &SignatureProfile, headers: &Headers) {
    let reversed: Headers = headers.iter().rev().cloned().collect();
    for headers in [headers, &reversed] {
        let map = header_map(headers);
        let verified = verify(&map, BODY).map(|verified| (verified.profile(), verified.id()));
        let id = profile.id_header.map(|_| ID);
        assert_eq!(verified, Ok((profile.name, id)), "{headers:?}");
    }
}

#[test]
fn a_signed_id_wins_whatever_the_order_of_headers_and_profiles() {
    let all = [&PARCEL_HEX, &STANDARD, &KEY_VALUE].map(right).concat();
    verified_by(&STANDARD, &all);
    for profiles in [[&PARCEL_HEX, &STANDARD, &KEY_VALUE], [&KEY_VALUE, &PARCEL_HEX, &STANDARD]] {
        let verifier = Verifier::new(&profiles, &secrets(&[SECRET])).expect("sound profiles");
        for pair in [[&STANDARD, &PARCEL_HEX], [&KEY_VALUE, &STANDARD]] {
            let map = header_map(&pair.map(right).concat());
            let verified = verifier.verify(&map, URL, BODY, NOW_MS).expect("two good signatures");
            assert_eq!(verified.profile(), "standard-webhooks");
        }
        // Without a signed id the profile counts that is declared first.
        let map = header_map(&[&KEY_VALUE, &PARCEL_HEX].map(right).concat());
        let verified = verifier.verify(&map, URL, BODY, NOW_MS).expect("two good signatures");
        assert_eq!(
            verified.profile(),
            if profiles[0].name == "key-value" { "key-value" } else { "parcel-hex" }
        );
    }
}

#[test]
fn headers_of_other_profiles_have_no_effect_unless_they_verify() {
    for (profile, _) in RIGHT.iter() {
        for (other, _) in RIGHT.iter().filter(|(other, _)| other.name != profile.name) {
            verified_by(profile, &[right(profile), forged(other)].concat());
            for (name, value) in right(other) {
                let is_whole = right(other).len() == 1;
                for stray in [value.as_str(), "", "x", "1", "\u{e9}"] {
                    if !(is_whole && stray == value) {
                        verified_by(profile, &[right(profile), vec![(name, stray.to_owned())]].concat());
                    }
                }
            }
        }
        let ids = (0..100).map(|number| ("webhook-id", format!("msg_{number}")));
        if profile.id_header.is_none() {
            verified_by(profile, &right(profile).into_iter().chain(ids).collect());
        }
    }
}

#[test]
fn a_repeated_header_makes_its_own_profile_fail_and_no_other() {
    for (profile, _) in RIGHT.iter() {
        for (name, value) in right(profile) {
            for again in [value.as_str(), "x", ""] {
                let twice = [right(profile), vec![(name, again.to_owned())]].concat();
                let refused = verify(&header_map(&twice), BODY).map(|verified| verified.profile());
                assert_eq!(refused.map_err(Rejected::reason), Err("duplicate_header"), "{twice:?}");
                for (other, _) in RIGHT.iter().filter(|(other, _)| other.name != profile.name) {
                    verified_by(other, &[twice.clone(), right(other)].concat());
                }
            }
        }
    }
}

#[test]
fn only_the_headers_that_the_profile_signs_are_read_from_a_delivery() {
    let map = header_map(&[right(&PARCEL_HEX), vec![("webhook-id", "x".to_owned())]].concat());
    let verified = verify(&map, BODY).expect("a good delivery");
    assert_eq!(verified.signed_header("x-PARCEL-webhook-timestamp"), Some("1764000000000"));
    for name in ["webhook-id", "webhook-timestamp", "x-parcel-webhook-signature", "content-type", ""] {
        assert_eq!(verified.signed_header(name), None, "{name}");
    }
    let map = header_map(&[&STANDARD, &PARCEL_HEX].map(right).concat());
    let verified = verify(&map, BODY).expect("a good delivery");
    assert_eq!(verified.signed_header("Webhook-Id"), Some(ID));
    assert_eq!(verified.signed_header("webhook-timestamp"), Some("1764000000"));
    assert_eq!(verified.signed_header("x-parcel-webhook-timestamp"), None);
    // The time within a signature header has no header of its own.
    let map = header_map(&right(&KEY_VALUE));
    assert_eq!(verify(&map, BODY).expect("a good delivery").signed_header("example-signature"), None);
}

#[test]
fn the_failure_that_came_furthest_is_told() {
    let (hex, standard) =
        (|time: &str| hex_headers(time, BODY), |time: &str| standard_headers(ID, time, BODY));
    let without_id = standard("1764000000")[1..].to_vec();
    let empty_id = [vec![("webhook-id", String::new())], without_id.clone()].concat();
    let version = |version: &str| {
        let mut headers = standard("1764000000");
        headers[2].1 = headers[2].1.replace("v1", version);
        headers
    };
    // From the least to the furthest: each beats every one before it.
    let order = [
        (without_id, "missing_header"),
        (empty_id, "empty_header"),
        (standard("soon"), "bad_timestamp"),
        (version("v2"), "unsupported_version"),
        (forged(&STANDARD), "wrong_signature"),
        (standard("1763999000"), "stale"),
    ];
    let beside = [
        (hex("1764000000000")[1..].to_vec(), "missing_header"),
        ([hex("1764000000000"), hex("1764000000000")].concat(), "duplicate_header"),
        (hex("soon"), "bad_timestamp"),
        (
            vec![hex("1764000000000")[0].clone(), ("x-parcel-webhook-signature", "00".to_owned())],
            "bad_signature_encoding",
        ),
        (forged(&PARCEL_HEX), "wrong_signature"),
        (hex("1764000400000"), "from_the_future"),
    ];
    for (at, (headers, reason)) in order.iter().enumerate() {
        for (other_at, (other, other_reason)) in beside.iter().enumerate() {
            // Of equals the preferred profile tells, which has an id.
            let expected = if other_at > at { other_reason } else { reason };
            for both in [[headers.clone(), other.clone()], [other.clone(), headers.clone()]] {
                let map = header_map(&both.concat());
                let refused = verify(&map, BODY).map(|verified| verified.profile());
                assert_eq!(refused.map_err(Rejected::reason), Err(*expected), "{map:?}");
            }
        }
    }
}

/// What becomes of the headers of one profile in a random delivery.
#[derive(Debug, Clone, Copy)]
enum State {
    Absent,
    Right,
    RightEarlier,
    Forged,
    Without(usize),
    /// One header a second time, with the same value or another.
    Twice(usize, bool),
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        2 => Just(State::Absent),
        2 => Just(State::Right),
        1 => Just(State::RightEarlier),
        1 => Just(State::Forged),
        1 => (0..3_usize).prop_map(State::Without),
        1 => (0..3_usize, any::<bool>()).prop_map(|(at, same)| State::Twice(at, same)),
    ]
}

fn in_state(at: usize, state: State) -> Headers {
    let (profile, [now, earlier]) = &RIGHT[at];
    let mut headers = now.clone();
    match state {
        State::Absent => headers.clear(),
        State::Right => {}
        State::RightEarlier => headers = earlier.clone(),
        State::Forged => headers = forged(profile),
        State::Without(index) => _ = headers.remove(index % headers.len()),
        State::Twice(index, same) => {
            let (name, value) = headers[index % headers.len()].clone();
            headers.push((name, if same { value } else { "other".to_owned() }));
        }
    }
    headers
}

/// Headers that are added: of any profile or of none, with values that are right, right at another time, or random.
fn extras() -> impl Strategy<Value = Headers> {
    let names = RIGHT.iter().flat_map(|(_, [now, earlier])| now.iter().zip(earlier));
    let known: Vec<_> =
        names.map(|((name, now), (_, earlier))| (*name, now.clone(), earlier.clone())).collect();
    let known = prop::sample::select(known);
    let value = (known, 0..3_u8, "[ -~]{0,12}").prop_map(|((name, now, earlier), choice, random)| {
        (name, [now, earlier, random][usize::from(choice)].clone())
    });
    let foreign = "[ -~]{0,12}".prop_map(|value| ("x-unrelated", value));
    prop::collection::vec(prop_oneof![value, foreign], 0..4)
}

/// Which profile verifies: decided by the values of its headers alone, each of which must be there once.
fn verifies(at: usize, headers: &Headers) -> bool {
    let is_whole = |right: &Headers| {
        right.iter().all(|(name, value)| {
            let values: Vec<&String> =
                headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
            values == [value]
        })
    };
    RIGHT[at].1.iter().any(is_whole)
}

/// The groups of reasons, the furthest last.
const PROGRESS: [&[&str]; 7] = [
    &["unknown_profile"],
    &["missing_header"],
    &["duplicate_header", "header_too_long", "empty_header", "not_ascii", "malformed_header"],
    &["bad_timestamp"],
    &["too_many_signatures", "unsupported_version", "bad_signature_encoding"],
    &["wrong_signature"],
    &["stale", "from_the_future"],
];

fn progress(refused: Rejected) -> usize {
    PROGRESS.iter().position(|group| group.contains(&refused.reason())).expect("a known reason")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delivery_is_good_exactly_if_one_profile_verifies_completely(
        (headers, shuffled) in ([states(), states(), states()], extras()).prop_flat_map(|(states, extras)| {
            let own = states.into_iter().enumerate().flat_map(|(at, state)| in_state(at, state));
            let headers: Headers = own.chain(extras).collect();
            (Just(headers.clone()), Just(headers).prop_shuffle())
        }),
    ) {
        // The order in which the profiles are tried: the one with a signed id, then as they are declared.
        let tried = [1, 0, 2];
        let result = outcome(&verifier(), &headers);
        prop_assert_eq!(&result, &outcome(&verifier(), &shuffled), "the order makes a difference");
        let alone = tried.map(|at| {
            let verifier = Verifier::new(&[RIGHT[at].0], &secrets(&[SECRET])).expect("a sound profile");
            (at, outcome(&verifier, &headers))
        });
        for (at, alone) in &alone {
            prop_assert_eq!(alone.is_ok(), verifies(*at, &headers), "{} {:?}", RIGHT[*at].0.name, headers);
        }
        let expected = match alone.iter().find(|(_, alone)| alone.is_ok()) {
            // What is read of the delivery is what is read if the others were not there.
            Some((_, alone)) => alone.clone(),
            None => {
                let refused = alone.iter().filter_map(|(_, alone)| alone.as_ref().err().copied());
                Err(refused.rev().max_by_key(|refused| progress(*refused)).expect("three profiles"))
            }
        };
        prop_assert_eq!(result, expected, "{:?}", headers);
    }
}
