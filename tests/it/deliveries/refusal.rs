//! What is refused, under both profiles.

use std::time::Duration;

use connector_runtime::signature::Tolerance;

use super::*;

/// The names of a profile's headers.
fn headers_of(profile: &SignatureProfile) -> Vec<&'static str> {
    let all = [profile.id_header, profile.timestamp_header, Some(profile.signature_header)];
    all.into_iter().flatten().collect()
}

#[test]
fn each_header_must_be_there_once_filled_short_and_ascii() {
    for profile in PROFILES {
        for name in headers_of(profile) {
            refused(&without(right(profile), name), BODY, Rejected::MissingHeader(name));
            refused(&with(right(profile), name, ""), BODY, Rejected::EmptyHeader(name));
            for foreign in [&b"\xe9"[..], "\u{661}".as_bytes(), b"1\t", b"\x80"] {
                refused(&with(right(profile), name, foreign), BODY, Rejected::NotAscii(name));
            }
            refused(&with(right(profile), name, "1".repeat(5000)), BODY, Rejected::HeaderTooLong(name));
            let again = right(profile).into_iter().find(|(other, _)| *other == name).unwrap();
            for second in [again, (name, b"x".to_vec()), (name, Vec::new())] {
                let twice = [right(profile), vec![second]].concat();
                refused(&twice, BODY, Rejected::DuplicateHeader(name));
            }
        }
    }
}

#[test]
fn headers_of_both_profiles_are_refused_if_neither_is_right() {
    let [hex, standard] = PROFILES;
    let forged = |profile| with(right(profile), profile.signature_header, written(profile, &[0; 32]));
    refused(&[forged(hex), forged(standard)].concat(), BODY, Rejected::WrongSignature);
    for (one, other) in [(hex, standard), (standard, hex)] {
        let repeated = [right(one), right(one)].concat();
        refused(&[repeated, forged(other)].concat(), BODY, Rejected::WrongSignature);
        let old = signed(one, SECRET, ID, "0", BODY);
        refused(&[old, forged(other)].concat(), BODY, Rejected::Stale);
        let half = without(right(one), one.signature_header);
        refused(&[half, forged(other)].concat(), BODY, Rejected::WrongSignature);
    }
    refused(&Vec::new(), BODY, Rejected::UnknownProfile);
}

#[test]
fn a_timestamp_is_digits_and_nothing_else() {
    for profile in PROFILES {
        for text in [
            "abc",
            "-1",
            "+1764000000",
            "+1790000000",
            " 1",
            "1 ",
            "1e9",
            "1.0",
            "1,764",
            "1_764",
            "0x19ab697e800",
            "NaN",
            "-9223372036854775808",
            "9223372036854775807",
            "18446744073709551616",
            "17640000000000000",
        ] {
            refused(&signed(profile, SECRET, ID, text, BODY), BODY, Rejected::BadTimestamp);
        }
    }
}

#[test]
fn the_manifest_takes_what_is_49_hours_old_and_five_minutes_ahead() {
    let (oldest, newest) = (-49 * 3_600_000, 300_000);
    for (profile, step) in PROFILES.into_iter().zip([1, 1000]) {
        let delivery = |ahead_ms| signed(profile, SECRET, ID, &time(profile, ahead_ms), BODY);
        for ahead_ms in [oldest, newest] {
            assert!(verify(&map(&delivery(ahead_ms)), BODY).is_ok(), "{} {ahead_ms}", profile.name);
        }
        refused(&delivery(oldest - step), BODY, Rejected::Stale);
        refused(&delivery(newest + step), BODY, Rejected::FromTheFuture);
        refused(&signed(profile, SECRET, ID, "0", BODY), BODY, Rejected::Stale);
    }
    refused(&signed(&BC_HEX, SECRET, ID, "1764000000", BODY), BODY, Rejected::Stale);
    refused(&signed(&BC_HEX, SECRET, ID, "1764000000000000", BODY), BODY, Rejected::FromTheFuture);
    refused(&signed(&STANDARD_WEBHOOKS, SECRET, ID, "1764000000000", BODY), BODY, Rejected::FromTheFuture);
}

#[test]
fn five_minutes_each_way_where_an_operator_is_strict() {
    let limit = Duration::from_secs(300);
    let strict = verifier().with_tolerance(Tolerance { max_age: limit, max_ahead: limit });
    for profile in PROFILES {
        for (ahead_s, expected) in
            [(-300, None), (300, None), (-301, Some(Rejected::Stale)), (301, Some(Rejected::FromTheFuture))]
        {
            let headers = map(&signed(profile, SECRET, ID, &time(profile, ahead_s * 1000), BODY));
            let outcome = strict.verify(&headers, URL, BODY, NOW_MS).err();
            assert_eq!(outcome, expected, "{} {ahead_s}", profile.name);
        }
    }
}

#[test]
fn one_bit_of_a_digest_makes_it_wrong() {
    for profile in PROFILES {
        let right_digest = digest(profile, SECRET.as_bytes(), ID, &time(profile, 0), BODY);
        for bit in 0..256 {
            let mut changed = right_digest;
            changed[bit / 8] ^= 1 << (bit % 8);
            let headers = with(right(profile), profile.signature_header, written(profile, &changed));
            refused(&headers, BODY, Rejected::WrongSignature);
        }
    }
}

#[test]
fn a_signature_is_written_in_one_way() {
    for profile in PROFILES {
        let digest = digest(profile, SECRET.as_bytes(), ID, &time(profile, 0), BODY);
        let good = written(profile, &digest);
        let (version, text) = good.split_at(if profile.id_header.is_some() { 3 } else { 0 });
        let longer = [digest.as_slice(), &[0]].concat();
        let mut texts = vec![
            format!("{version}{}", &text[..8]),
            format!("{version}{}", &text[..text.len() - 1]),
            format!("{good}0"),
            format!("{version}\"{text}\""),
            format!("{version}{version}sha256={text}"),
            written(profile, &digest[..31]),
            written(profile, &longer),
            // Each in the other's writing.
            if version.is_empty() {
                written(&STANDARD_WEBHOOKS, &digest)[3..].to_owned()
            } else {
                format!("v1,{}", hex::encode(digest))
            },
        ];
        if version.is_empty() {
            texts.extend([
                good.to_uppercase(),
                format!("0x{good}"),
                format!("{good} "),
                format!("{good} {good}"),
                "0".to_owned(),
            ]);
        } else {
            texts.extend([
                "v1,".to_owned(),
                "v1,@@@@".to_owned(),
                good.trim_end_matches('=').to_owned(),
                good.replace(['+', '/', '='], "-"),
            ]);
        }
        for text in texts {
            let headers = with(right(profile), profile.signature_header, &text);
            refused(&headers, BODY, Rejected::BadSignatureEncoding);
        }
    }
    let good = written(&STANDARD_WEBHOOKS, &[7; 32]);
    for text in [
        good.replace("v1,", "v1a,"),
        good.replace("v1,", "v2,"),
        good.replace("v1,", "V1,"),
        good[3..].to_owned(),
        "v1".to_owned(),
    ] {
        refused(
            &with(right(&STANDARD_WEBHOOKS), "webhook-signature", &text),
            BODY,
            Rejected::UnsupportedVersion,
        );
    }
}

#[test]
fn a_list_of_signatures_has_an_end() {
    let right = || right(&STANDARD_WEBHOOKS);
    let good = String::from_utf8(right().pop().unwrap().1).unwrap();
    let bogus = written(&STANDARD_WEBHOOKS, &[0; 32]);
    let list = |count: usize| format!("{}{good}", format!("{bogus} ").repeat(count));
    let name = "webhook-signature";
    assert!(verify(&map(&with(right(), name, list(15))), BODY).is_ok());
    refused(&with(right(), name, list(16)), BODY, Rejected::TooManySignatures);
    refused(&with(right(), name, list(10_000)), BODY, Rejected::HeaderTooLong(name));
    refused(&with(right(), name, format!("{bogus} {bogus}")), BODY, Rejected::WrongSignature);
}

#[test]
fn what_was_signed_is_what_must_arrive() {
    let escaped = br#"{"name":"\u001b \u00eb"}"#;
    let others: [&[u8]; 8] = [
        b"",
        b"{\"name\":\"\x1b \xc3\xab\"}",
        br#"{"name":"\u001B \u00EB"}"#,
        br#"{ "name": "\u001b \u00eb" }"#,
        b"{\"name\":\"\\u001b \\u00eb\"}\n",
        b"\xef\xbb\xbf{\"name\":\"\\u001b \\u00eb\"}",
        b"\xff\xfe",
        &escaped[..escaped.len() - 1],
    ];
    for profile in PROFILES {
        let headers = signed(profile, SECRET, ID, &time(profile, 0), escaped);
        others.iter().for_each(|body| refused(&headers, body, Rejected::WrongSignature));
        let timestamp = profile.timestamp_header.unwrap();
        refused(&with(right(profile), timestamp, time(profile, 1000)), BODY, Rejected::WrongSignature);
        let padded = format!("0{}", time(profile, 0));
        refused(&with(right(profile), timestamp, padded), BODY, Rejected::WrongSignature);
    }
    refused(&with(right(&STANDARD_WEBHOOKS), "webhook-id", "msg_8"), BODY, Rejected::WrongSignature);
}

#[test]
fn no_other_key_and_no_other_content_gives_the_signature() {
    for profile in PROFILES {
        let (now, name) = (time(profile, 0), profile.signature_header);
        let another_store = signed(profile, OLD_SECRET, ID, &now, BODY);
        refused(&another_store, BODY, Rejected::WrongSignature);
        let decoded = hex::decode(SECRET).unwrap();
        let keys: [&[u8]; 3] = [&decoded, b"", SECRET.to_uppercase().leak().as_bytes()];
        for key in keys {
            let signature = written(profile, &digest(profile, key, ID, &now, BODY));
            refused(&with(right(profile), name, signature), BODY, Rejected::WrongSignature);
        }
        for content in [&[BODY][..], &[now.as_bytes(), BODY], &[BODY, b".", now.as_bytes()]] {
            let signature = written(profile, &mac(SECRET.as_bytes(), content));
            refused(&with(right(profile), name, signature), BODY, Rejected::WrongSignature);
        }
        refused(&with(right(profile), name, written(profile, &[0; 32])), BODY, Rejected::WrongSignature);
    }
}

#[test]
fn an_id_that_could_end_in_two_places_is_refused() {
    let delivery = |id: &str| signed(&STANDARD_WEBHOOKS, SECRET, id, "1764000000", BODY);
    for id in ["msg.1764000000", ".", "a.b.c"] {
        refused(&delivery(id), BODY, Rejected::MalformedHeader("webhook-id"));
    }
    refused(&delivery(&"m".repeat(257)), BODY, Rejected::HeaderTooLong("webhook-id"));
    assert!(verify(&map(&delivery(&"m".repeat(256))), BODY).is_ok());
}
