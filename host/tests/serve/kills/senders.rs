//! Sends deliveries on many connections, each anew as BigCommerce does until it is answered 200.

use std::future::pending;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const CONNECTIONS: usize = 64;

/// BigCommerce's seconds between attempts, ten thousand times as fast: 17 s in all in place of 48 h.
const SCHEDULE: [u64; 11] = [60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 50_400, 86_400];
const MICROSECONDS: u64 = 100;

/// What was sent and answered, and when: a moment is a request sent or an answer read.
pub(super) struct Journal {
    now: AtomicU64,
    /// Of each event, the moment of its first request; the largest number before.
    first_sent: Vec<AtomicU64>,
    /// Of each event, the moment of its first 200; the largest number before.
    answered: Vec<AtomicU64>,
    kills: Vec<u64>,
    kill: Sender<()>,
}

impl Journal {
    pub(super) fn new(events: usize, kills: Vec<u64>, kill: Sender<()>) -> Self {
        let never = || (0..events).map(|_| AtomicU64::new(u64::MAX)).collect();
        Self { now: AtomicU64::new(0), first_sent: never(), answered: never(), kills, kill }
    }

    pub(super) fn first_sent(&self, number: usize) -> u64 {
        self.first_sent[number].load(Ordering::SeqCst)
    }

    pub(super) fn answered(&self, number: usize) -> Option<u64> {
        Some(self.answered[number].load(Ordering::SeqCst)).filter(|moment| *moment < u64::MAX)
    }

    /// The next moment. At some of them somebody is told to kill.
    fn tick(&self) -> u64 {
        let moment = self.now.fetch_add(1, Ordering::SeqCst);
        if self.kills.contains(&moment) {
            // Whoever listened has failed already.
            _ = self.kill.send(());
        }
        moment
    }
}

/// The senders at their work.
pub(super) struct Senders {
    runtime: Runtime,
    tasks: Vec<JoinHandle<Vec<String>>>,
}

impl Senders {
    pub(super) fn start(address: SocketAddr, events: Arc<Events>, journal: Arc<Journal>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let next = Arc::new(AtomicUsize::new(0));
        let tasks = (0..CONNECTIONS)
            .map(|_| {
                let (events, journal, next) = (Arc::clone(&events), Arc::clone(&journal), Arc::clone(&next));
                runtime.spawn(async move {
                    let mut wire = Wire { address, stream: None };
                    let mut wrong = Vec::new();
                    while let Some(number) = events.sendings.get(next.fetch_add(1, Ordering::Relaxed)) {
                        wrong.extend(deliver(&mut wire, *number, &events.all[*number], &journal).await.err());
                    }
                    wrong
                })
            })
            .collect();
        Self { runtime, tasks }
    }

    /// Waits until everything is sent; what went wrong.
    pub(super) fn end(self) -> Vec<String> {
        let Self { runtime, tasks } = self;
        tasks.into_iter().flat_map(|task| runtime.block_on(task).expect("no sender fails")).collect()
    }
}

/// Delivers an event, however often it takes.
async fn deliver(wire: &mut Wire, number: usize, event: &Event, journal: &Journal) -> Result<(), String> {
    let mut schedule = SCHEDULE.into_iter();
    loop {
        match (wire.attempt(number, event, journal).await, event.is_forged) {
            (Some(200), false) => {
                journal.answered[number].fetch_min(journal.tick(), Ordering::SeqCst);
                return Ok(());
            }
            (Some(401), true) => return Ok(()),
            (Some(503) | None, _) => {}
            (Some(status), _) => return Err(format!("{event:?} was answered {status}")),
        }
        let pause = schedule.next().ok_or_else(|| format!("{event:?} was given up"))?;
        drop(timeout(Duration::from_micros(pause * MICROSECONDS), pending::<()>()).await);
    }
}

/// A connection that is made anew when it breaks.
struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Wire {
    /// The status of the answer; none where there was none.
    async fn attempt(&mut self, number: usize, event: &Event, journal: &Journal) -> Option<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpSocket::new_v4().ok()?.connect(self.address).await.ok()?,
        };
        stream.set_nodelay(true).ok()?;
        journal.first_sent[number].fetch_min(journal.tick(), Ordering::SeqCst);
        stream.write_all(&event.request).await.ok()?;
        let status = timeout(PATIENCE, status(&mut stream)).await.ok()??;
        self.stream = Some(stream);
        Some(status)
    }
}

/// Reads an answer without a body.
async fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut bytes = [0; 1024];
    let mut length = 0;
    while !bytes[..length].ends_with(b"\r\n\r\n") {
        match stream.read(&mut bytes[length..]).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => length += count,
        }
    }
    str::from_utf8(&bytes[..length]).ok()?.split(' ').nth(1)?.parse().ok()
}
