//! HTTP behind a trait, and the implementation that talks to real servers.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

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

/// A request without an answer.
#[derive(Debug)]
pub struct TransportError {
    /// Whether the request may have reached the server.
    pub sent: Sent,
    /// What happened, in a few words of our own.
    pub what: &'static str,
    /// The cause, without the address: it may hold personal data.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
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
    /// ten seconds without a connection. Bodies beyond 64 MiB are refused. Plain HTTP goes through no proxy.
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
                .gzip(true)
        };
        let build = |settings: reqwest::ClientBuilder| {
            settings.build().map_err(|source| error(source, "the HTTP client could not be set up"))
        };
        let (client, direct) = (build(settings())?, build(settings().no_proxy())?);
        Ok(Self { client, direct, max_body: 64 * 1024 * 1024 })
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request =
            reqwest::Request::try_from(request).map_err(|source| error(source, "the address is no URL"))?;
        let client = if request.url().scheme() == "http" { &self.direct } else { &self.client };
        let mut answer = client.execute(request).await.map_err(|source| {
            let what = match (source.is_connect(), source.is_timeout()) {
                (true, _) => "no connection came about",
                (false, true) => "the answer took too long",
                (false, false) => "the connection broke before an answer came",
            };
            error(source, what)
        })?;
        let (mut chunks, mut length) = (Vec::new(), 0);
        while let Some(chunk) = answer.chunk().await.map_err(|source| {
            let timed_out = source.is_timeout();
            error(source, if timed_out { "the answer took too long" } else { "the answer broke off" })
        })? {
            length += chunk.len();
            if length > self.max_body {
                return Err(TransportError {
                    sent: Sent::Maybe,
                    what: "the answer is too large",
                    source: None,
                });
            }
            chunks.push(chunk);
        }
        // A body that came in one piece is not copied.
        let body = match chunks.as_mut_slice() {
            [one] => std::mem::take(one),
            many => Bytes::from(many.concat()),
        };
        let mut whole = http::Response::new(body);
        *whole.status_mut() = answer.status();
        *whole.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(whole)
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

fn error(source: reqwest::Error, what: &'static str) -> TransportError {
    let sent = if source.is_connect() || source.is_builder() { Sent::No } else { Sent::Maybe };
    TransportError { sent, what, source: Some(source.without_url().into()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What a transport that takes `max_body` bytes makes of a body of eight, sent with or without its length.
    async fn exchanged(max_body: usize, answer: &'static [u8]) -> Result<Bytes, TransportError> {
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
            stream.write_all(answer).unwrap();
        });
        let transport = HttpTransport { max_body, ..HttpTransport::new(Duration::from_secs(30)).unwrap() };
        let answer = transport.send(http::Request::get(url).body(Bytes::new()).unwrap()).await;
        server.join().unwrap();
        answer.map(http::Response::into_body)
    }

    #[tokio::test]
    async fn takes_a_body_up_to_the_limit_and_none_beyond_it() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345678",
        ] {
            assert_eq!(exchanged(8, answer).await.unwrap(), "12345678");
            let error = exchanged(7, answer).await.unwrap_err();
            assert_eq!((error.sent, error.what), (Sent::Maybe, "the answer is too large"));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_no_url_is_never_sent() {
        let transport = HttpTransport::new(Duration::from_secs(30)).unwrap();
        let error =
            transport.send(http::Request::get("/path-alone").body(Bytes::new()).unwrap()).await.unwrap_err();
        assert_eq!((error.sent, error.what), (Sent::No, "the address is no URL"));
    }
}
