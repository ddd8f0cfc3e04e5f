//! HTTP behind a trait, and the implementation that talks to real servers.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::body::{Body, Fault};

/// A future without a name, so that transports can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request and reads the whole answer. It neither follows redirects nor repeats anything.
pub trait Transport: Send + Sync {
    /// Sends `request`.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;
}

/// A request without an answer that can be read.
#[derive(Debug)]
pub struct TransportError {
    /// Whether the request may have reached the server.
    pub sent: Sent,
    /// What happened, in a few words of our own.
    pub what: &'static str,
    /// The cause, without the address: it may hold personal data.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
    /// The answer, where one came whose body or head cannot be read. `None`: no whole answer came.
    pub unreadable: Option<Box<Unreadable>>,
}

/// An answer that came and cannot be read: its content coding cannot be decoded, or it is larger than the limits.
pub struct Unreadable {
    /// Status and headers. `None`: the head itself is larger than the limits.
    pub head: Option<(StatusCode, HeaderMap)>,
}

impl Unreadable {
    /// The status; `None` where the head itself is larger than the limits.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.head.as_ref().map(|(status, _)| *status)
    }
}

impl TransportError {
    /// Status and headers of an answer that came and cannot be read.
    pub(crate) fn head(&self) -> Option<(StatusCode, &HeaderMap)> {
        let (status, headers) = self.unreadable.as_deref()?.head.as_ref()?;
        Some((*status, headers))
    }
}

/// Without the headers: they may hold secrets.
impl fmt::Debug for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Unreadable").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Whether a request may have reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It certainly did not: no connection came about.
    No,
    /// It may have.
    Maybe,
}

impl fmt::Display for TransportError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.what)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// HTTP/1.1 and HTTP/2 over rustls, by reqwest.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// For plain HTTP, which stays on this machine: a proxy of the environment would see the token in the clear.
    direct: reqwest::Client,
    max_body: usize,
}

impl HttpTransport {
    /// A transport that gives up after `timeout` from the first byte sent to the last byte read, and after at most
    /// ten seconds without a connection. Plain HTTP goes through no proxy.
    ///
    /// It asks for gzip and decodes it. An answer with another content coding, and a body of more than 64 MiB before or
    /// after decoding, is [`TransportError::unreadable`].
    ///
    /// # Errors
    /// When the system's TLS roots cannot be read.
    pub fn new(timeout: Duration) -> Result<Self, TransportError> {
        let settings = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(timeout.min(Duration::from_secs(10)))
                .timeout(timeout)
                // reqwest reports a broken coding like a broken connection, so the transport decodes by itself.
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate()
        };
        let build = |settings: reqwest::ClientBuilder| {
            settings.build().map_err(|source| error(source, "the HTTP client could not be set up"))
        };
        let (client, direct) = (build(settings())?, build(settings().no_proxy())?);
        Ok(Self { client, direct, max_body: 64 * 1024 * 1024 })
    }

    async fn exchange(
        &self,
        mut request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        request.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        let request =
            reqwest::Request::try_from(request).map_err(|source| error(source, "the address is no URL"))?;
        let client = if request.url().scheme() == "http" { &self.direct } else { &self.client };
        let mut answer = client.execute(request).await.map_err(unanswered)?;
        let (status, mut headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let body = match self.body(&mut answer, &headers).await {
            Ok(body) => body,
            Err(Stop::Connection(error)) => return Err(error),
            Err(Stop::Answer(fault)) => {
                let (what, source) = fault.into_parts();
                return Err(unreadable(what, source, Some((status, headers))));
            }
        };
        if headers.remove(CONTENT_ENCODING).is_some() {
            headers.remove(CONTENT_LENGTH);
        }
        let mut whole = http::Response::new(body);
        *whole.status_mut() = status;
        *whole.headers_mut() = headers;
        Ok(whole)
    }

    async fn body(&self, answer: &mut reqwest::Response, headers: &HeaderMap) -> Result<Bytes, Stop> {
        let mut body = Body::new(headers, self.max_body)?;
        loop {
            let chunk = answer.chunk().await.map_err(|source| {
                let what =
                    if source.is_timeout() { "the answer took too long" } else { "the answer broke off" };
                Stop::Connection(error(source, what))
            })?;
            match chunk {
                Some(chunk) => body.push(chunk)?,
                None => return Ok(body.finish()?),
            }
        }
    }
}

/// Why the reading of a body ends early.
enum Stop {
    Connection(TransportError),
    Answer(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Answer(fault)
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// The error of a request of whose answer not even the head was read.
fn unanswered(source: reqwest::Error) -> TransportError {
    if let Some(what) = unreadable_head(&source) {
        return unreadable(what, Some(source.without_url().into()), None);
    }
    let what = match (source.is_connect(), source.is_timeout()) {
        (true, _) => "no connection came about",
        (false, true) => "the answer took too long",
        (false, false) => "the connection broke before an answer came",
    };
    error(source, what)
}

fn unreadable(
    what: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
    head: Option<(StatusCode, HeaderMap)>,
) -> TransportError {
    TransportError { sent: Sent::Maybe, what, source, unreadable: Some(Box::new(Unreadable { head })) }
}

/// Why the head of an answer that came cannot be read; `None` where no answer came. The HTTP library takes 100 headers and
/// about 400 KiB over HTTP/1, and 16 KiB over HTTP/2.
fn unreadable_head(error: &reqwest::Error) -> Option<&'static str> {
    let mut cause = error.source();
    while let Some(source) = cause {
        if source.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return Some("cannot read the answer: its headers are larger than the limits");
        }
        // The library itself ends the stream: it uses the same reason for both faults.
        let is_ended = |error: &h2::Error| {
            error.is_reset() && error.is_library() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR)
        };
        if source.downcast_ref::<h2::Error>().is_some_and(is_ended) {
            return Some("cannot read the answer: its headers are larger than the limits, or not valid");
        }
        cause = source.source();
    }
    None
}

fn error(source: reqwest::Error, what: &'static str) -> TransportError {
    let sent = if source.is_connect() || source.is_builder() { Sent::No } else { Sent::Maybe };
    TransportError { sent, what, source: Some(source.without_url().into()), unreadable: None }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// The answer to one request, from a server that sends these bytes and closes the connection.
    async fn exchanged(max_body: usize, answer: Vec<u8>) -> Result<http::Response<Bytes>, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            // A client that has read enough closes the connection.
            stream.write_all(&answer).unwrap_or_default();
        });
        let transport = HttpTransport { max_body, ..HttpTransport::new(Duration::from_secs(30)).unwrap() };
        let answer = transport.send(http::Request::get(url).body(Bytes::new()).unwrap()).await;
        server.join().unwrap();
        answer
    }

    fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    /// The text of an error that has the head of the answer.
    #[track_caller]
    fn unread(answer: Result<http::Response<Bytes>, TransportError>) -> &'static str {
        let error = answer.expect_err("an answer that cannot be read");
        let (status, headers) = error.head().expect("a head");
        assert_eq!((error.sent, status.as_u16()), (Sent::Maybe, 200));
        assert_eq!(headers["x-id"], "7");
        assert!(!format!("{error:?}").contains("x-id"), "{error:?}");
        error.what
    }

    const BROKEN: &str = "cannot read the answer: its body is not valid gzip";
    const UNKNOWN: &str = "cannot read the answer: its content coding is not gzip";
    const LARGE: &str = "cannot read the answer: its body is larger than the limit of 64 MiB";

    #[tokio::test]
    async fn takes_a_body_up_to_the_limit_and_none_beyond_it() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: 8\r\n\r\n12345678"[..],
            b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nConnection: close\r\n\r\n12345678",
        ] {
            assert_eq!(exchanged(8, answer.to_vec()).await.unwrap().body(), "12345678");
            assert_eq!(unread(exchanged(7, answer.to_vec()).await), LARGE);
        }
    }

    #[tokio::test]
    async fn the_limit_holds_before_and_after_decoding() {
        let bomb = gzip(&[b'0'; 100_000]);
        assert!(bomb.len() < 1_000);
        assert_eq!(unread(exchanged(99_999, coded("gzip", &bomb)).await), LARGE);
        assert_eq!(unread(exchanged(bomb.len() - 1, coded("gzip", &bomb)).await), LARGE);
        let answer = exchanged(100_000, coded("gzip", &bomb)).await.unwrap();
        assert_eq!(answer.body(), &[b'0'; 100_000][..]);
        assert!(
            answer.headers().get(CONTENT_ENCODING).is_none()
                && answer.headers().get(CONTENT_LENGTH).is_none()
        );
    }

    #[tokio::test]
    async fn a_coding_is_read_by_any_of_its_names_and_a_body_of_none_needs_no_decoder() {
        let packed = gzip(b"data");
        for coding in ["gzip", "GZIP", "x-gzip", "identity, gzip", "gzip,"] {
            assert_eq!(exchanged(99, coded(coding, &packed)).await.unwrap().body(), "data", "{coding}");
        }
        let twice = [packed.clone(), gzip(b"base")].concat();
        assert_eq!(exchanged(99, coded("gzip", &twice)).await.unwrap().body(), "database", "two members");
        assert_eq!(exchanged(99, coded("identity", b"data")).await.unwrap().body(), "data");
        for coding in ["gzip", "br"] {
            assert_eq!(exchanged(99, coded(coding, b"")).await.unwrap().body(), "", "{coding}");
        }
        for coding in ["br", "zstd", "deflate", "gzip, br", "gzip, gzip", "\u{e9}"] {
            assert_eq!(unread(exchanged(99, coded(coding, &packed)).await), UNKNOWN, "{coding}");
        }
    }

    #[tokio::test]
    async fn gzip_that_is_cut_off_or_damaged_is_no_answer_that_can_be_read() {
        let packed = gzip(b"a body of some length, so that it has parts");
        for end in 1..packed.len() {
            assert_eq!(unread(exchanged(99, coded("gzip", &packed[..end])).await), BROKEN, "{end} bytes");
        }
        assert_eq!(unread(exchanged(99, coded("gzip", b"{\"data\":{}}")).await), BROKEN);
        let mut damaged = packed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(unread(exchanged(99, coded("gzip", &damaged)).await), BROKEN, "another length");
        let trailed = [packed.as_slice(), b"more"].concat();
        assert_eq!(unread(exchanged(99, coded("gzip", &trailed)).await), BROKEN, "bytes behind it");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_within_a_coded_body_is_no_broken_coding() {
        let whole = coded("gzip", &gzip(b"a body of some length, so that it has parts"));
        let error = exchanged(99, whole[..whole.len() - 5].to_vec()).await.unwrap_err();
        assert_eq!((error.what, error.unreadable.is_none()), ("the answer broke off", true));
    }

    #[tokio::test]
    async fn headers_beyond_the_limits_are_no_broken_connection() {
        let many = "X-Many: 1\r\n".repeat(101);
        let large = format!("X-Large: {}\r\n", "x".repeat(2_000_000));
        for headers in [many, large] {
            let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
            let error = exchanged(99, answer.into_bytes()).await.map(|_| ()).unwrap_err();
            assert_eq!(error.what, "cannot read the answer: its headers are larger than the limits");
            assert_eq!((error.sent, error.unreadable.unwrap().status()), (Sent::Maybe, None));
        }
    }

    #[tokio::test]
    async fn headers_beyond_the_limits_of_http2_are_no_broken_connection() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(request) = connection.accept().await {
                let Ok((_, mut respond)) = request else { break };
                let answer = http::Response::builder().header("x-large", "x".repeat(20_000));
                respond.send_response(answer.body(()).unwrap(), true).unwrap();
            }
        });
        let direct = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        let transport = HttpTransport { direct, ..HttpTransport::new(Duration::from_secs(30)).unwrap() };
        let request = http::Request::get(url).body(Bytes::new()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        let what = "cannot read the answer: its headers are larger than the limits, or not valid";
        assert_eq!((error.what, error.unreadable.is_some()), (what, true));
        server.abort();
    }

    #[tokio::test]
    async fn an_address_that_is_no_url_is_never_sent() {
        let transport = HttpTransport::new(Duration::from_secs(30)).unwrap();
        let error =
            transport.send(http::Request::get("/path-alone").body(Bytes::new()).unwrap()).await.unwrap_err();
        assert_eq!((error.sent, error.what), (Sent::No, "the address is no URL"));
    }
}
