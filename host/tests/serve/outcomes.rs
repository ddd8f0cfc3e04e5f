//! Every outcome of a delivery, by its status and by the metric that counts it.

use super::*;

#[track_caller]
pub(crate) fn counted(served: &Served, outcome: &str, reason: &str) -> u64 {
    let reason = if reason.is_empty() { String::new() } else { format!(",reason=\"{reason}\"") };
    served.metric(&format!("connector_webhooks_total{{outcome=\"{outcome}\"{reason}}}"))
}

#[test]
fn a_signed_event_is_stored_before_it_is_answered_and_once_whatever_the_profile() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    for profile in [&BC_HEX, &STANDARD_WEBHOOKS] {
        let body = order(unique() + 1000);
        let headers = signed(profile, CLIENT_SECRET, now_ms(), body.as_bytes());
        for _ in 0..3 {
            let answer = served.deliver(&path, &headers, body.as_bytes());
            assert_eq!((answer.status, answer.body.as_str()), (Some(200), ""), "{answer:?}");
            // BigCommerce wants few headers, and no body.
            let names: Vec<&str> =
                answer.head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
            assert_eq!(names, ["connection", "content-length", "date"], "{answer:?}");
        }
    }
    assert_eq!(counted(&served, "accepted", ""), 6);
    assert_eq!(served.metric("connector_activations_accepted_total{kind=\"new\"}"), 2);
    assert_eq!(served.metric("connector_activations_accepted_total{kind=\"repeated\"}"), 4);
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 2);
    assert_eq!(served.metric("connector_webhook_duration_seconds_count"), 6);
    assert_eq!(served.metric("connector_storage_accept_duration_seconds_count"), 6);
}

#[test]
fn a_delivery_signed_twice_is_taken_once_and_by_its_signed_id() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = order(1);
    let [hex, standard] = [&BC_HEX, &STANDARD_WEBHOOKS]
        .map(|profile| signed(profile, CLIENT_SECRET, now_ms(), body.as_bytes()));
    let forged =
        [&BC_HEX, &STANDARD_WEBHOOKS].map(|profile| signed(profile, "another", now_ms(), body.as_bytes()));
    for headers in [
        [standard.clone(), hex.clone()].concat(),
        [hex.clone(), standard.clone()].concat(),
        standard.clone(),
        [forged[0].clone(), standard].concat(),
    ] {
        assert_eq!(served.deliver(&path, &headers, body.as_bytes()).status, Some(200), "{headers:?}");
    }
    assert_eq!(served.metric("connector_activations_accepted_total{kind=\"new\"}"), 1, "one id");
    let neither = [forged[0].clone(), forged[1].clone()].concat();
    assert_eq!(served.deliver(&path, &neither, body.as_bytes()).status, Some(401));
    assert_eq!(counted(&served, "rejected", "wrong_signature"), 1);
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
}

#[test]
fn headers_that_are_not_signed_start_nothing_more() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = order(1);
    let right = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
    let ids: Headers = (0..100)
        .map(|_| ("webhook-id".to_owned(), format!("msg_{:064x}", u128::from(unique()) << 64)))
        .collect();
    // All in one delivery, before and after what is signed, then one in each delivery.
    let mut deliveries = vec![[right.clone(), ids.clone()].concat(), [ids.clone(), right.clone()].concat()];
    deliveries.extend(ids.into_iter().map(|id| [right.clone(), vec![id]].concat()));
    for headers in &deliveries {
        let answer = served.deliver(&path, headers, body.as_bytes());
        assert_eq!(answer.status, Some(200), "{headers:?}");
    }
    assert_eq!(counted(&served, "accepted", ""), deliveries.len() as u64);
    assert_eq!(served.metric("connector_activations_accepted_total{kind=\"new\"}"), 1);
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
}

#[test]
fn what_was_answered_survives_a_kill() {
    let place = Place::new();
    let (_, path) = place.connect();
    let body = order(7);
    let served = place.serve();
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    served.signal("-KILL");
    drop(served);

    let served = place.serve();
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
}

#[test]
fn nothing_that_is_not_verified_starts_anything() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = ORDER.as_bytes();
    let right = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body);
    let hours = |count: i64| now_ms() - count * 3_600_000;
    let cases: [(&str, Headers, &[u8]); 8] = [
        ("unknown_profile", Vec::new(), body),
        ("wrong_signature", signed(&BC_HEX, "another", now_ms(), body), body),
        ("wrong_signature", right.clone(), b"{}"),
        ("stale", signed(&BC_HEX, CLIENT_SECRET, hours(50), body), body),
        ("from_the_future", signed(&BC_HEX, CLIENT_SECRET, hours(-1), body), body),
        ("missing_header", right[..1].to_vec(), body),
        ("duplicate_header", [right.clone(), right.clone()].concat(), body),
        ("other_account", Vec::new(), b""),
    ];
    for (reason, headers, body) in cases {
        let other = ORDER.replace("abc123", "xyz789");
        let answer = match reason {
            // Rightly signed, as an app signs for all its accounts.
            "other_account" => served.deliver_signed(&path, CLIENT_SECRET, other.as_bytes()),
            _ => served.deliver(&path, &headers, body),
        };
        let before = answer.status;
        assert_eq!((before, answer.body.as_str()), (Some(401), ""), "{reason}: {answer:?}");
        assert!(counted(&served, "rejected", reason) > 0, "{reason}\n{}", served.metrics());
    }
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 0);
    assert_eq!(served.metric("connector_storage_accept_duration_seconds_count"), 0);
}

#[test]
fn what_nobody_wants_is_acknowledged_and_what_is_no_event_is_not() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    for (body, status, outcome, reason) in [
        (ORDER.replace("order/created", "order/updated"), 200, "unwanted", ""),
        (ORDER.replace("order/created", "product/updated"), 200, "unwanted", ""),
        ("[]".to_owned(), 400, "no_event", "not_an_object"),
        (String::new(), 400, "no_event", "not_an_object"),
        ("{}".to_owned(), 400, "no_event", "no_name"),
        (ORDER.replace("stores/abc123", "abc123"), 400, "no_event", "no_account"),
    ] {
        let answer = served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes());
        assert_eq!((answer.status, answer.body.as_str()), (Some(status), ""), "{body}");
        assert!(counted(&served, outcome, reason) > 0, "{body}");
    }
    assert_eq!(counted(&served, "unwanted", ""), 2);
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 0);
}

#[test]
fn addresses_and_methods_that_are_none_are_told() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let unknown = format!("/webhooks/{}", "0".repeat(40));
    assert_eq!(served.deliver_signed(&unknown, CLIENT_SECRET, ORDER.as_bytes()).status, Some(404));
    assert_eq!(served.deliver_signed("/webhooks/%00%ff", CLIENT_SECRET, ORDER.as_bytes()).status, Some(404));
    assert_eq!(counted(&served, "unknown_connection", ""), 2);
    assert_eq!(served.deliver_signed("/elsewhere", CLIENT_SECRET, ORDER.as_bytes()).status, Some(404));
    assert_eq!(counted(&served, "unknown_path", ""), 1);
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let text = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = served.exchange(text.as_bytes());
        assert_eq!((answer.status, answer.body.as_str()), (Some(405), ""), "{method}");
        assert!(answer.head.contains("allow: post"), "{answer:?}");
    }
    assert_eq!(counted(&served, "wrong_method", ""), 5);
}

#[test]
fn a_mebibyte_is_taken_and_one_byte_more_is_not() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let of_length = |length: usize| {
        let mut body = order(unique()).into_bytes();
        body.resize(length, b' ');
        body
    };
    let chunked = |body: &[u8]| {
        let mut head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n");
        for (name, value) in signed(&BC_HEX, CLIENT_SECRET, now_ms(), body) {
            head += &format!("{name}: {value}\r\n");
        }
        let mut bytes = (head + "\r\n").into_bytes();
        for chunk in body.chunks(100_000) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    };
    const LIMIT: usize = 1024 * 1024;
    for (length, status) in [(LIMIT, 200), (LIMIT + 1, 413), (3 * LIMIT, 413)] {
        let body = of_length(length);
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, &body).status, Some(status), "{length}");
        let body = of_length(length);
        let answer = served.exchange(&chunked(&body));
        assert_eq!(answer.status, Some(status), "{length}, chunked: {answer:?}");
    }
    assert_eq!(counted(&served, "accepted", ""), 2);
    assert_eq!(counted(&served, "too_large", ""), 4);
}

#[test]
fn bodies_that_parsers_choke_on_are_answered_like_any_other() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let deep = |open: &str, close: &str| {
        let nested = open.repeat(100_000) + &close.repeat(100_000);
        ORDER
            .replace("250", &unique().to_string())
            .replace("{\"type\":\"order\"", &format!("{{\"x\":{nested},\"type\":\"order\""))
    };
    let huge = ORDER.replace("1763999999", &"9".repeat(100_000));
    let exponent = ORDER.replace("1763999999", "1e999999999");
    let invalid = [b"{\"scope\":\"", &[0xff, 0xfe, 0xc0, 0x80][..], b"\"}"].concat();
    let (deep_list, deep_object) = (deep("[", "]"), deep("{\"a\":", "}"));
    let cases: [(&[u8], &[u16]); 7] = [
        (deep_list.as_bytes(), &[400]),
        (deep_object.as_bytes(), &[400]),
        (huge.as_bytes(), &[200, 400]),
        (exponent.as_bytes(), &[200, 400]),
        (&invalid, &[400]),
        (b"\xef\xbb\xbf{}", &[400]),
        (b"\0", &[400]),
    ];
    for (body, statuses) in cases {
        let answer = served.deliver_signed(&path, CLIENT_SECRET, body);
        let status = answer.status.expect("an answer");
        assert!(
            statuses.contains(&status),
            "{status} for {:?}…",
            String::from_utf8_lossy(&body[..body.len().min(60)])
        );
    }
    assert_eq!(
        served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status,
        Some(200),
        "it lives on"
    );
}

#[test]
fn a_sender_of_too_much_can_send_it_all_and_read_the_answer() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = vec![b' '; 3 * 1024 * 1024];
    let unknown = format!("/webhooks/{}", "0".repeat(40));
    for (path, status) in [(&path, 413), (&unknown, 404)] {
        let mut stream = connect(served.address);
        let whole = request(path, &[], &body);
        let (first, rest) = whole.split_at(100_000);
        stream.write_all(first).expect("it listens");
        stream.peek(&mut [0]).expect("the answer comes at once");
        stream.write_all(rest).expect("nobody hangs up while it sends");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the connection is closed and not reset");
        assert_eq!(Answer::parse(&answer).status, Some(status));
    }
}
