//! Which requests name a host as their version of HTTP requires, at every address that listens.

use super::operation::{certificate, exchange_in_tls};
use super::*;

/// The version, the lines about the host, and whether the request is served.
const HEADS: &[(&str, &str, bool)] = &[
    ("1.1", "Host: x\r\n", true),
    ("1.1", "hOST:  hooks.example:8443 \r\n", true),
    ("1.1", "Host: [::1]:80\r\n", true),
    ("1.1", "", false),
    ("1.1", "X-Forwarded-Host: x\r\n", false),
    ("1.1", "Host: x\r\nHost: x\r\n", false),
    ("1.1", "Host: x\r\nX-A: b\r\nhost: y\r\n", false),
    ("1.1", "Host: x\r\nHost:\r\n", false),
    ("1.1", "Host:\r\n", false),
    ("1.1", "Host: x, y\r\n", false),
    ("1.1", "Host: x,y\r\n", false),
    ("1.1", "Host: x y\r\n", false),
    ("1.1", "Host: me@x\r\n", false),
    ("1.1", "Host: http://x\r\n", false),
    ("1.1", "Host: x/healthz\r\n", false),
    ("1.1", "Host: x:99999\r\n", false),
    ("1.1", "Host: x:y\r\n", false),
    ("1.1", "Host: [::zz]\r\n", false),
    ("1.1", "Host: h\u{f6}st\r\n", false),
    ("1.0", "", true),
    ("1.0", "Host: x\r\n", true),
    ("1.0", "Host: x\r\nHost: x\r\n", false),
    ("1.0", "Host:\r\n", false),
    ("1.0", "Host: x y\r\n", false),
];

/// A service with a certificate of its own, and the file with the certificate.
fn serve_tls(place: &Place) -> (Served, String) {
    let (chain, key) = certificate(place);
    (place.serve_with(&["--tls-certificate", &chain, "--tls-key", &key], &[]), chain)
}

/// Sends a GET with each head and compares the status. A refusal has no body and ends the connection.
#[track_caller]
fn judges(paths: &[(&str, u16)], exchange: impl Fn(&[u8]) -> Answer) {
    for (path, status) in paths {
        for (version, host, is_served) in HEADS {
            let head = format!("GET {path} HTTP/{version}\r\n{host}");
            let closing = if *is_served { "Connection: close\r\n" } else { "" };
            let answer = exchange(format!("{head}{closing}\r\n").as_bytes());
            let wanted = if *is_served { *status } else { 400 };
            assert_eq!(answer.status, Some(wanted), "{head:?}: {answer:?}");
            let is_bare = answer.body.is_empty() && answer.head.contains("\r\nconnection: close");
            assert!(*is_served || is_bare, "{head:?}: {answer:?}");
        }
    }
}

#[test]
fn webhooks_pages_and_operators_are_served_under_one_host_alone() {
    let place = Place::new();
    let served = place.serve();
    let public = [("/healthz", 200), ("/sign-in", 200), ("/callbacks/shop/load", 404), ("/nowhere", 404)];
    judges(&public, |bytes| served.exchange(bytes));
    let admin = served.admin.expect("metrics are served");
    let operators = [("/metrics", 200), ("/activations/lease", 403), ("/nowhere", 404)];
    judges(&operators, |bytes| exchange(admin, bytes));
}

#[test]
fn the_host_is_checked_within_tls_and_below_a_path_as_well() {
    let place = Place::new();
    let (served, chain) = serve_tls(&place);
    judges(&[("/sign-in", 200), ("/nowhere", 404)], |bytes| {
        exchange_in_tls(served.address, &chain, bytes).expect("TLS")
    });
    let served = place.serve_with(&["--public-url", "https://hooks.example/in"], &[]);
    judges(&[("/in/sign-in", 200), ("/sign-in", 404)], |bytes| served.exchange(bytes));
}

#[test]
fn a_webhook_with_an_unclear_host_stores_nothing_and_ends_its_connection() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let next = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (host, statuses) in [
        ("", vec!["400"]),
        ("Host: x\r\nHost: y\r\n", vec!["400"]),
        ("Host: x y\r\n", vec!["400"]),
        ("Host: x\r\n", vec!["200", "200"]),
    ] {
        let mut head = format!("POST {path} HTTP/1.1\r\n{host}");
        for (name, value) in signed(&BC_HEX, CLIENT_SECRET, now_ms(), ORDER.as_bytes()) {
            head += &format!("{name}: {value}\r\n");
        }
        let whole = format!("{head}Content-Length: {}\r\n\r\n{ORDER}{next}", ORDER.len());
        let mut stream = connect(served.address);
        stream.write_all(whole.as_bytes()).expect("it listens");
        let answers = String::from_utf8(read_to_close(&mut stream)).expect("text");
        let found: Vec<&str> =
            answers.split("HTTP/1.1 ").skip(1).map(|answer| answer.split(' ').next().unwrap_or("")).collect();
        assert_eq!(found, statuses, "{host:?}");
        let stored = u64::from(statuses[0] == "200");
        assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), stored, "{host:?}");
    }
}

#[test]
fn the_host_of_an_absolute_target_counts() {
    let served = Place::new().serve();
    for (request, status) in [
        ("GET http://x/healthz HTTP/1.1\r\nHost: x", 200),
        // RFC 9112, section 3.2.2: a server ignores the header then.
        ("GET http://y.example:81/healthz HTTP/1.1\r\nHost: x", 200),
        ("GET HTTPS://x/healthz HTTP/1.1\r\nHost: x", 200),
        ("GET http://x/healthz HTTP/1.0\r\nX-A: b", 200),
        ("GET http://x/healthz HTTP/1.1\r\nX-A: b", 400),
        ("GET http://x/healthz HTTP/1.1\r\nHost: x\r\nHost: x", 400),
        ("GET http://x/healthz HTTP/1.1\r\nHost: x y", 400),
        ("GET http://me@x/healthz HTTP/1.1\r\nHost: x", 400),
        ("GET http://x:99999/healthz HTTP/1.1\r\nHost: x", 400),
        ("GET http:///healthz HTTP/1.1\r\nHost: x", 400),
        ("GET ftp://x/healthz HTTP/1.1\r\nHost: x", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: x", 404),
        ("OPTIONS * HTTP/1.1\r\nX-A: b", 400),
        ("CONNECT x:443 HTTP/1.1\r\nX-A: b", 400),
    ] {
        let answer = served.exchange(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes());
        assert_eq!(answer.status, Some(status), "{request:?}: {answer:?}");
    }
}

#[tokio::test]
async fn no_request_of_http2_is_served_and_clients_that_know_both_come_with_a_host() {
    let place = Place::new();
    let (served, chain) = serve_tls(&place);
    let pem = fs::read(chain).expect("a certificate");
    let client = || {
        let root = reqwest::Certificate::from_pem(&pem).expect("PEM");
        reqwest::Client::builder().no_proxy().tls_certs_only([root])
    };
    let secure = format!("https://localhost:{}/healthz", served.address.port());
    let plain = format!("http://{}/healthz", served.admin.expect("an address of operators"));
    let only = client().http2_prior_knowledge().build().expect("a client");
    for url in [&secure, &plain] {
        assert!(only.get(url).send().await.is_err(), "{url}");
    }
    let both = client().build().expect("a client");
    for url in [&secure, &plain] {
        let answer = both.get(url).send().await.expect("an answer");
        assert_eq!((answer.version(), answer.status().as_u16()), (http::Version::HTTP_11, 200), "{url}");
    }
}
