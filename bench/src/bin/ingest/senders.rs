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

/// How many are signed. A turn ends early if a service takes all of them, and its rate is that of the shorter time.
pub(crate) const DELIVERIES: u64 = 120_000;

/// Whole requests.
pub(crate) struct Deliveries(Vec<Box<[u8]>>);

/// What happens when all deliveries are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// The turn ends: a repeat costs less than an event of its own.
    End,
    /// They are sent once more, to a service that treats all alike.
    Repeat,
}

impl Deliveries {
    /// Signs so many events, which all differ.
    pub(crate) fn sign(count: u64, path: &str, secret: &SecretString) -> Result<Self, Box<dyn Error>> {
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
        Ok(Self((0..count).map(sign).collect::<Result<_, _>>()?))
    }

    /// The one with this number; `None` after the last.
    fn numbered(&self, number: usize, beyond: Beyond) -> Option<&[u8]> {
        let number = match beyond {
            Beyond::End => number,
            Beyond::Repeat => number % self.0.len().max(1),
        };
        self.0.get(number).map(|request| &**request)
    }
}

/// Each connection waits for an answer before it sends anew.
pub(crate) fn send(address: SocketAddr, deliveries: &Arc<Deliveries>, beyond: Beyond, turn: Turn) -> Outcome {
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
                let until = (started, turn.duration, beyond);
                tokio::spawn(deliver(stream, deliveries, next, until))
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
    (started, duration, beyond): (Instant, Duration, Beyond),
) -> io::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut answer = [0; 512];
    while started.elapsed() < duration {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = deliveries.numbered(number, beyond) else { break };
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

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 50;

    /// Takes deliveries as fast as it can, and answers each.
    fn service() -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || answer(stream));
            }
        });
        address
    }

    fn answer(mut stream: std::net::TcpStream) {
        use std::io::{Read as _, Write as _};
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
            if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_err() {
                return;
            }
        }
    }

    fn sent(beyond: Beyond, duration: Duration) -> Measured {
        let secret = SecretString::from("a-secret-of-the-test");
        let deliveries = Arc::new(Deliveries::sign(COUNT, "/webhooks/a", &secret).unwrap());
        send(service(), &deliveries, beyond, Turn { callers: 4, batch: 1, duration }).unwrap()
    }

    #[test]
    fn a_service_that_takes_all_deliveries_ends_the_turn_and_not_the_run() {
        let hour = Duration::from_secs(3600);
        let measured = sent(Beyond::End, hour);
        assert_eq!((measured.rows as u64, measured.waits.len() as u64), (COUNT, COUNT));
        assert!(measured.elapsed < hour && measured.rate() > 0.0);
    }

    #[test]
    fn deliveries_to_who_treats_all_alike_never_end() {
        let duration = Duration::from_millis(300);
        let measured = sent(Beyond::Repeat, duration);
        assert!(measured.rows as u64 > COUNT, "{}", measured.rows);
        assert!(measured.elapsed >= duration);
    }
}
