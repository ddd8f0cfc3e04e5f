//! Deliveries over a real socket: the body is read whole, however it was framed, and no further than a limit.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// The most bytes of a body that the receiver takes.
const LIMIT: usize = 1024;

/// What a receiver does: reads up to the limit, verifies the bytes as they came, reads the event.
async fn receive(request: Request<Body>) -> StatusCode {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LIMIT).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    match verify(&head.headers, &body) {
        Err(_) => StatusCode::UNAUTHORIZED,
        Ok(delivery) if WEBHOOKS.event(&delivery).is_err() => StatusCode::BAD_REQUEST,
        Ok(_) => StatusCode::OK,
    }
}

/// The body as HTTP frames it: whole, or in chunks of so many bytes.
fn framed(body: &[u8], chunk: Option<usize>) -> (String, Vec<u8>) {
    let Some(size) = chunk else { return (format!("Content-Length: {}", body.len()), body.to_vec()) };
    let chunks = body.chunks(size);
    let framed = chunks.flat_map(|part| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    ("Transfer-Encoding: chunked".to_owned(), framed.chain(*b"0\r\n\r\n").collect())
}

/// The status that a delivery of these headers and this body is answered with.
async fn status(address: &str, headers: &Headers, body: &[u8], chunk: Option<usize>) -> u16 {
    let (framing, framed) = framed(body, chunk);
    let mut head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{framing}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {}\r\n", String::from_utf8_lossy(value));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[head.as_bytes(), b"\r\n", &framed].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn a_body_of_any_framing_is_read_up_to_the_limit_and_no_further() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(receive))).await });
    let of_length = |length: usize| [BODY, &vec![b' '; length - BODY.len()]].concat();
    for profile in PROFILES {
        for (body, expected) in [
            (BODY.to_vec(), 200),
            (of_length(LIMIT), 200),
            (of_length(LIMIT + 1), 413),
            // Rightly signed, and no event.
            (Vec::new(), 400),
        ] {
            let headers = signed(profile, SECRET, ID, &time(profile, 0), &body);
            for chunk in [None, Some(1), Some(7), Some(LIMIT)] {
                let length = body.len();
                assert_eq!(status(&address, &headers, &body, chunk).await, expected, "{length} {chunk:?}");
            }
        }
        // What is signed is the body and not its framing.
        let framing = framed(BODY, Some(7)).1;
        let headers = signed(profile, SECRET, ID, &time(profile, 0), &framing);
        assert_eq!(status(&address, &headers, BODY, Some(7)).await, 401, "{}", profile.name);
    }
    server.abort();
}
