//! Answers that come and cannot be read, from a real socket that counts the requests: the client is as patient as it can
//! be, and still sends each request once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Class, Client, Connection, Error, HttpTransport, Operation, Patience};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::scripted_api::{ACME, CREATE, DELETE, READ, UPDATE, request};

/// A server that gives every request the same answer.
struct Server {
    origin: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn answering(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nX-Request-Id: r-7\r\n{headers}Connection: close\r\n\r\n");
        let answer = [head.as_bytes(), body].concat();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut reader = BufReader::new(&stream);
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap_or_default() > 2 {
                    let lower = line.to_ascii_lowercase();
                    length =
                        lower.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
                    line.clear();
                }
                std::io::copy(&mut reader.take(length), &mut std::io::sink()).unwrap();
                // A client that has read enough closes the connection.
                stream.write_all(&answer).unwrap_or_default();
            }
        });
        Self { origin, requests }
    }

    fn client(&self, patience: Patience) -> Client {
        let connection = Connection::new(&ACME, &[], &[]).unwrap().at_origin(&self.origin).unwrap();
        let transport = HttpTransport::new(Duration::from_secs(60)).unwrap();
        Client::with_transport(connection, transport).through(&Gates::new()).with_patience(patience)
    }

    /// The error of a call by a client that repeats whatever may be repeated.
    async fn error(&self, operation: &'static Operation) -> Error {
        self.client(Patience::Unlimited).send(request(operation)).await.expect_err("no answer can be read")
    }

    fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const LIMIT: usize = 64 * 1024 * 1024;
const GZIP: &str = "Content-Encoding: gzip\r\n";

/// Headers and body of answers that cannot be read, each with the words of its error.
fn unreadable() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = gzip(br#"{"id":1}"#);
    let cut = whole[..whole.len() - 9].to_vec();
    let large = vec![b' '; LIMIT + 1];
    let bomb = gzip(&large);
    assert!(bomb.len() < LIMIT / 100);
    vec![
        (GZIP, br#"{"id":1}"#.to_vec(), "its body is not valid gzip"),
        (GZIP, cut, "its body is not valid gzip"),
        ("Content-Encoding: br\r\n", whole.clone(), "its content coding is not gzip"),
        ("Content-Encoding: zstd\r\n", whole, "its content coding is not gzip"),
        ("Content-Length: 67108865\r\n", Vec::new(), "its body is larger than the limit of 64 MiB"),
        ("", large, "its body is larger than the limit of 64 MiB"),
        (GZIP, bomb, "its body is larger than the limit of 64 MiB"),
    ]
}

#[tokio::test]
async fn a_read_is_class_decode_with_its_status_and_is_sent_once() {
    for (headers, body, what) in unreadable() {
        let server = Server::answering("200 OK", headers, &body);
        let error = server.error(&READ).await;
        assert_eq!(
            (error.class(), error.is_retryable(), server.count()),
            (Class::Decode, false, 1),
            "{headers}"
        );
        assert_eq!(
            (error.status(), error.retry_after(), error.check_first()),
            (Some(200), None, None),
            "{headers}"
        );
        assert_eq!(error.to_string(), format!("touch-thing: decode: cannot read the answer: {what}"));
    }
}

#[tokio::test]
async fn a_write_is_class_decode_and_may_have_been_executed() {
    for (headers, body, what) in unreadable() {
        for operation in [&CREATE, &UPDATE] {
            let server = Server::answering("201 Created", headers, &body);
            let error = server.error(operation).await;
            assert_eq!(
                (error.class(), error.is_retryable(), server.count()),
                (Class::Decode, false, 1),
                "{what}"
            );
            assert_eq!((error.status(), error.check_first()), (Some(201), operation.check_first), "{what}");
            let text = format!("cannot read the answer: {what}; the request may have been executed");
            assert_eq!(error.detail(), text);
        }
    }
    assert!(CREATE.check_first.is_some());
}

#[tokio::test]
async fn headers_beyond_the_limits_are_class_decode_and_are_sent_once() {
    let many = "X-Many: 1\r\n".repeat(101);
    let large = format!("X-Large: {}\r\n", "x".repeat(2_000_000));
    for headers in [many, large] {
        for operation in [&READ, &CREATE, &UPDATE, &DELETE] {
            let server = Server::answering("200 OK", &headers, b"{}");
            let error = server.error(operation).await;
            assert_eq!((error.class(), error.is_retryable(), server.count()), (Class::Decode, false, 1));
            assert_eq!((error.status(), error.check_first()), (None, operation.check_first));
            let may_be_done = error.detail().ends_with("; the request may have been executed");
            assert_eq!(may_be_done, operation.effect != READ.effect, "{error}");
        }
    }
}

#[tokio::test]
async fn the_status_of_a_refusal_counts_more_than_its_body() {
    for (status, class) in [
        ("207 Multi-Status", Class::Partial),
        ("403 Forbidden", Class::AuthScope),
        ("404 Not Found", Class::NotFound),
        ("422 Unprocessable", Class::Validation),
        ("501 Not Implemented", Class::Server),
        ("429 Too Many Requests", Class::RateLimitedWindow),
        ("503 Service Unavailable", Class::Unavailable),
        ("302 Found", Class::Decode),
    ] {
        for coding in [GZIP, "Content-Encoding: br\r\n"] {
            let wait = if class == Class::RateLimitedWindow { "X-Retry-After: 7\r\n" } else { "" };
            let server = Server::answering(status, &format!("{coding}{wait}"), b"no gzip");
            let error = server.client(Patience::Surface).send(request(&READ)).await.unwrap_err();
            assert_eq!((error.class(), server.count()), (class, 1), "{status}");
            assert_eq!(error.status().map(|code| code.to_string()).as_deref(), Some(&status[..3]));
            let expected = (class == Class::RateLimitedWindow).then_some(Duration::from_secs(7));
            assert_eq!(error.retry_after(), expected, "{status}");
        }
    }
}

#[tokio::test]
async fn a_deletion_needs_no_body() {
    let server = Server::answering("200 OK", GZIP, b"no gzip");
    let reply = server.client(Patience::Unlimited).send(request(&DELETE)).await.unwrap();
    assert_eq!((reply.status, reply.json.as_str(), server.count()), (200, "null", 1));
}

#[tokio::test]
async fn the_gate_reads_the_quota_from_an_answer_whose_body_cannot_be_read() {
    let quota = "X-Quota: 5\r\nX-Left: 0\r\nX-Window-Ms: 30000\r\nX-Reset-Ms: 20000\r\n";
    let server = Server::answering("200 OK", &format!("{quota}{GZIP}"), b"no gzip");
    let client = server.client(Patience::Surface);
    assert_eq!(client.send(request(&READ)).await.unwrap_err().class(), Class::Decode);
    let error = client.send(request(&READ)).await.unwrap_err();
    assert_eq!((error.class(), error.status(), server.count()), (Class::RateLimitedWindow, None, 1));
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_answer() {
    let server = Server::answering("200 OK", &format!("{GZIP}Content-Length: 999\r\n"), &gzip(b"{}"));
    let error = server.client(Patience::Surface).send(request(&READ)).await.unwrap_err();
    assert_eq!((error.class(), error.status()), (Class::TransportUnknownOutcome, None));
    assert!(error.is_retryable());
}
