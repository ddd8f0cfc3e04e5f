//! Senders that do not speak HTTP as it is written, or who take their time.

use super::*;

/// A signed request whose head has `extra` lines and no length of its own.
fn raw(path: &str, extra: &str, body: &str) -> Vec<u8> {
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n");
    for (name, value) in signed(&BC_HEX, CLIENT_SECRET, now_ms(), ORDER.as_bytes()) {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), extra.as_bytes(), b"\r\n", body.as_bytes()].concat()
}

/// The statuses of all answers on a connection.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let answers = text.split("HTTP/1.1 ").skip(1);
    answers.filter_map(|answer| answer.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn requests_that_two_servers_would_read_differently_are_refused() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let length = ORDER.len();
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let chunked = format!("{length:x}\r\n{ORDER}\r\n0\r\n\r\n");
    let cases = [
        (
            "a length and chunks",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            format!("{chunked}{smuggled}"),
        ),
        (
            "chunks and a length",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n".to_owned(),
            format!("{chunked}{smuggled}"),
        ),
        (
            "two lengths",
            format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
            format!("{ORDER}{smuggled}"),
        ),
        ("a list of lengths", format!("Content-Length: {length}, 5\r\n"), format!("{ORDER}{smuggled}")),
        ("a length with a sign", format!("Content-Length: +{length}\r\n"), format!("{ORDER}{smuggled}")),
        ("a negative length", "Content-Length: -1\r\n".to_owned(), format!("{ORDER}{smuggled}")),
        ("a length beyond all numbers", format!("Content-Length: {}\r\n", "9".repeat(40)), ORDER.to_owned()),
        (
            "another coding",
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            format!("{chunked}{smuggled}"),
        ),
        (
            "a coding nobody knows",
            "Transfer-Encoding: xchunked\r\n".to_owned(),
            format!("{chunked}{smuggled}"),
        ),
        (
            "a folded header",
            format!("X-A: b\r\n c\r\nContent-Length: {length}\r\n"),
            format!("{ORDER}{smuggled}"),
        ),
        ("a blank before the colon", format!("Content-Length : {length}\r\n"), format!("{ORDER}{smuggled}")),
        (
            "a zero byte in a header",
            format!("X-A: a\0b\r\nContent-Length: {length}\r\n"),
            format!("{ORDER}{smuggled}"),
        ),
        (
            "a chunk that is no number",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("zz\r\n{ORDER}\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "a chunk beyond all numbers",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("ffffffffffffffffff\r\n{ORDER}{smuggled}"),
        ),
        (
            "a chunk longer than it says",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("5\r\n{ORDER}\r\n0\r\n\r\n{smuggled}"),
        ),
    ];
    for (what, extra, body) in cases {
        let mut stream = connect(served.address);
        drop(stream.write_all(&raw(&path, &extra, &body)));
        let answers = statuses(&read_to_close(&mut stream));
        // Where a length and chunks stand together, RFC 9112 lets the chunks win and the connection end.
        let is_whole = what.contains("length") && what.contains("chunks") && answers == [200];
        let is_refused = answers.len() <= 1 && answers.iter().all(|status| [400, 413, 501].contains(status));
        assert!(is_whole || is_refused, "{what}: {answers:?}");
    }
    let stored = served.metric("connector_activations{state=\"waiting\"}");
    assert!(stored <= 1, "{stored}");
    assert_eq!(
        served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status,
        Some(200),
        "it lives on"
    );
}

#[test]
fn lines_that_end_in_a_newline_alone_smuggle_nothing() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let whole = String::from_utf8(raw(
        &path,
        &format!("Content-Length: {}\r\nConnection: close\r\n", ORDER.len()),
        "",
    ));
    let text = whole.expect("it is text").replace("\r\n", "\n") + ORDER;
    let mut stream = connect(served.address);
    stream.write_all(text.as_bytes()).expect("it listens");
    let answers = statuses(&read_to_close(&mut stream));
    // RFC 9112, section 2.2, lets a server take it for the end of a line: one request, one answer.
    assert!(answers == [200] || answers == [400], "{answers:?}");
}

#[test]
fn what_is_no_http_at_all_is_cut_off() {
    let place = Place::new();
    let served = place.serve();
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\0\0\0\0",
        b"POST\r\n\r\n",
    ] {
        let answer = served.exchange(bytes);
        assert!(answer.status.is_none_or(|status| (400..=505).contains(&status)), "{bytes:?}: {answer:?}");
    }
    assert_eq!(get(served.address, "/healthz", &[]).status, Some(200));
}

#[test]
fn heads_have_a_limit_in_bytes_and_in_lines() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve_with(&["--limits-header-bytes", "8192", "--limits-headers", "20"], &[]);
    let body = order(3);
    let with = |extra: Vec<(String, String)>| {
        let headers = [signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes()), extra].concat();
        served.deliver(&path, &headers, body.as_bytes()).status
    };
    assert_eq!(with(vec![("X-A".to_owned(), "a".repeat(4000))]), Some(200));
    assert_eq!(with(vec![("X-A".to_owned(), "a".repeat(9000))]), Some(431));
    let many = |count: usize| (0..count).map(|at| (format!("X-{at}"), "a".to_owned())).collect();
    assert_eq!(with(many(10)), Some(200));
    assert_eq!(with(many(20)), Some(431));
    let line = format!("/webhooks/{}", "a".repeat(9000));
    let status = served.deliver(&line, &[], b"").status;
    assert!(matches!(status, Some(414 | 431)), "{status:?}");
}

#[test]
fn senders_who_take_their_time_are_cut_off() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve_with(&["--limits-header-timeout", "300ms", "--limits-body-timeout=300ms"], &[]);
    // Nothing at all, a part of a head, and nothing more after a whole request.
    for begin in [
        String::new(),
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nX-"),
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
    ] {
        let mut stream = connect(served.address);
        stream.write_all(begin.as_bytes()).expect("it listens");
        let answers = statuses(&read_to_close(&mut stream));
        assert!(answers.iter().all(|status| [200, 408].contains(status)), "{begin:?}: {answers:?}");
    }
    // A part of a body, announced or in chunks.
    for (framing, part) in
        [("Content-Length: 500\r\n", "{"), ("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n")]
    {
        let mut stream = connect(served.address);
        stream.write_all(&raw(&path, framing, part)).expect("it listens");
        assert_eq!(statuses(&read_to_close(&mut stream)), [408], "{framing}");
    }
    assert_eq!(served.metric("connector_webhooks_total{outcome=\"slow_body\"}"), 2);
}

#[test]
fn chunks_without_end_are_cut_off_and_cost_no_memory() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let mut stream = connect(served.address);
    stream.write_all(&raw(&path, "Transfer-Encoding: chunked\r\n", "")).expect("it listens");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    let mut sent = 0_usize;
    while stream.write_all(chunk.as_bytes()).is_ok() {
        sent += chunk.len();
        assert!(sent < 64 * 1024 * 1024, "nobody stops it");
    }
    assert_eq!(served.metric("connector_webhooks_total{outcome=\"too_large\"}"), 1);
}

#[test]
fn a_sender_who_goes_away_within_a_body_leaves_nothing_behind() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let mut stream = connect(served.address);
    stream.write_all(&raw(&path, "Content-Length: 500\r\n", "{")).expect("it listens");
    stream.shutdown(std::net::Shutdown::Write).expect("it can be shut");
    let answers = statuses(&read_to_close(&mut stream));
    assert!(answers.is_empty() || answers == [400], "{answers:?}");
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 0);
}

#[test]
fn one_connection_takes_many_deliveries() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let mut stream = connect(served.address);
    let mut all = Vec::new();
    for id in 0..20 {
        let body = order(id);
        let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
        let whole = String::from_utf8(request(&path, &headers, body.as_bytes())).expect("it is text");
        let is_last = id == 19;
        all.extend(
            whole
                .replace("Connection: close\r\n", if is_last { "Connection: close\r\n" } else { "" })
                .bytes(),
        );
    }
    stream.write_all(&all).expect("it listens");
    assert_eq!(statuses(&read_to_close(&mut stream)), [200; 20]);
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 20);
}

#[test]
fn the_oldest_connection_without_a_request_is_closed_for_another() {
    let place = Place::new();
    let served = place.serve_with(&["--limits-heads", "2"], &[]);
    let (mut first, second) = (connect(served.address), connect(served.address));
    let mut third = connect(served.address);
    third.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it listens");
    assert_eq!(statuses(&read_to_close(&mut third)), [200], "nobody waits for a silent client");
    assert_eq!(read_to_close(&mut first), b"", "the oldest was closed");
    served.comes_to("connector_http_connections_closed_total{reason=\"heads_full\"}", 1);
    served.comes_to("connector_http_connections_open", 1);
    drop(second);
}
