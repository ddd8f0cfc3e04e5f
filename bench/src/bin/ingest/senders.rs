//! Sends signed deliveries on connections that stay open, with as little work as can be: it shares the machine with who is
//! measured. All that is sent is there before the clock runs, and one thread sends it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bigcommerce_connector::signatures::BC_HEX;
use connector_runtime::SecretString;
use connector_runtime::signature::Signer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::measured::Measured;
use crate::{Outcome, Turn, rows};

/// More than any service takes in a turn.
const DELIVERIES: u64 = 120_000;

/// Whole requests.
pub(crate) struct Deliveries(Vec<Box<[u8]>>);

impl Deliveries {
    /// Signs events that all differ.
    pub(crate) fn sign(path: &str, secret: &SecretString) -> Result<Self, Box<dyn Error>> {
        let signer = Signer::new(&BC_HEX, secret)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let now_ms = i64::try_from(now.as_millis())?;
        let sign = |number: u64| -> Result<Box<[u8]>, Box<dyn Error>> {
            let body = rows::envelope(number);
            let headers = signer.sign(&format!("msg_{number}"), "", now_ms, &body)?;
            let headers: String =
                headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {length}\r\n\r\n");
            Ok([head.as_bytes(), &body].concat().into())
        };
        Ok(Self((0..DELIVERIES).map(sign).collect::<Result<_, _>>()?))
    }
}

/// Each connection waits for an answer before it sends anew.
pub(crate) fn send(address: SocketAddr, deliveries: &Arc<Deliveries>, turn: Turn) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..turn.callers {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let started = Instant::now();
        let senders: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let (deliveries, next) = (Arc::clone(deliveries), Arc::clone(&next));
                tokio::spawn(deliver(stream, deliveries, next, started, turn.duration))
            })
            .collect();
        let mut measured = Measured::default();
        for sender in senders {
            measured.waits.extend(sender.await??);
        }
        measured.elapsed = started.elapsed();
        measured.rows = measured.waits.len();
        Ok(measured)
    })
}

async fn deliver(
    mut stream: TcpStream,
    deliveries: Arc<Deliveries>,
    next: Arc<AtomicUsize>,
    started: Instant,
    duration: Duration,
) -> io::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut answer = [0; 512];
    while started.elapsed() < duration {
        let request = deliveries.0.get(next.fetch_add(1, Ordering::Relaxed));
        let request = request.ok_or_else(|| io::Error::other("sign more deliveries"))?;
        let asked = Instant::now();
        stream.write_all(request).await?;
        let mut length = 0;
        while !answer[..length].ends_with(b"\r\n\r\n") {
            match stream.read(&mut answer[length..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => length += count,
            }
        }
        waits.push(asked.elapsed());
        if !answer.starts_with(b"HTTP/1.1 200 ") {
            return Err(io::Error::other(String::from_utf8_lossy(&answer[..length])));
        }
    }
    Ok(waits)
}
