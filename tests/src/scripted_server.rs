//! A socket that gives every request the same bytes for an answer, for what no store would send.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// A server that answers everything alike. It stops when it is dropped.
pub struct ScriptedServer {
    origin: String,
    heads: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl ScriptedServer {
    /// Answers every request with `answer`, head and body, and closes the connection.
    pub async fn start(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let origin = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heads);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = read_head(&mut stream).await;
                log.lock().unwrap_or_else(PoisonError::into_inner).push(head);
                // A client that has gone away wants no answer.
                let sent = stream.write_all(&answer).await;
                sent.and(stream.shutdown().await).unwrap_or_default();
            }
        });
        Self { origin, heads, serving }
    }

    /// Answers every request with this status line, these headers and this body.
    pub async fn with(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        Self::start([head.as_bytes(), body].concat()).await
    }

    /// Answers every request with status 200 and this JSON.
    pub async fn with_json(body: &str) -> Self {
        Self::with("200 OK", &[("Content-Type", "application/json")], body).await
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The requests received so far, each from its first line to the end of its headers.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A port of this machine that refuses every connection, for as long as this value lives.
pub struct ClosedPort {
    origin: String,
    /// Bound, so that nobody else gets the port, and never listening.
    _socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a free port.
    pub fn take() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port on loopback");
        let origin = format!("http://{}", socket.local_addr().expect("a bound socket has an address"));
        Self { origin, _socket: socket }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}
