//! Thousands of clients that send or read too little, and webhooks that are answered all the same.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use super::operation::{certificate, exchange_in_tls_on};
use super::*;

/// Hostile sockets of each kind.
const HOSTILE: usize = 3000;

/// How soon a webhook must be answered.
const SOON: Duration = Duration::from_secs(1);

/// Webhooks that are sent once all hostile sockets are there.
const WEBHOOKS: usize = 10;

/// Files that this process opens: the hostile sockets of one kind, and a few more.
const FILES: u64 = 4096;

/// One test after the other, since each measures time.
static TURN: Mutex<()> = Mutex::new(());

/// What hostile sockets do before they fall silent.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Silent,
    HalfHead,
    HalfBody,
    NeverReading,
    HalfTls,
}

impl Kind {
    fn bytes(self, path: &str) -> Vec<u8> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n");
        match self {
            Self::Silent => Vec::new(),
            Self::HalfHead => format!("{head}X-").into_bytes(),
            Self::HalfBody => format!("{head}Content-Length: 500\r\n\r\n{{").into_bytes(),
            Self::NeverReading => "GET /sign-in HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200).into_bytes(),
            // The header of a record with a ClientHello, and a part of it.
            Self::HalfTls => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        }
    }
}

/// Where hostile sockets come from.
#[derive(Clone, Copy, Debug)]
enum From {
    /// One address, which is not that of the webhooks.
    One,
    /// An address for each socket.
    Many,
}

impl From {
    fn address(self, number: usize) -> IpAddr {
        let [.., high, low] = u32::try_from(number).expect("a small number").to_be_bytes();
        match self {
            Self::One => IpAddr::from([127, 0, 0, 1]),
            Self::Many => IpAddr::from([127, 1, high, low]),
        }
    }
}

/// A socket from an address of this machine.
async fn connect_from(source: IpAddr, target: SocketAddr, buffer: Option<u32>) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((source, 0).into()).expect("an address of this machine");
    if let Some(bytes) = buffer {
        socket.set_recv_buffer_size(bytes).expect("a size");
    }
    socket.connect(target).await.expect("it listens")
}

/// A service and what its webhooks need.
struct Target {
    served: Served,
    path: String,
    /// The file with the certificate, if it speaks TLS.
    chain: Option<String>,
    runtime: Runtime,
}

impl Target {
    fn new(place: &Place, arguments: &[&str], is_tls: bool) -> Self {
        let files = rlimit::increase_nofile_limit(FILES).expect("the limit can be read");
        assert!(files >= FILES, "this test needs {FILES} open files, and the system allows {files}");
        let (_, path) = place.connect();
        let (chain, key) = certificate(place);
        let tls = ["--tls-certificate", &chain, "--tls-key", &key];
        let arguments = [arguments, if is_tls { &tls } else { &[] }].concat();
        let served = place.serve_with(&arguments, &[]);
        let chain = is_tls.then_some(chain);
        Self { served, path, chain, runtime: Runtime::new().expect("a runtime") }
    }

    /// How long the answer to a signed webhook from an address takes.
    #[track_caller]
    fn webhook(&self, source: IpAddr, headers: &[(&str, &str)]) -> Duration {
        let body = order(unique());
        let mut all = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let bytes = request(&self.path, &all, body.as_bytes());
        let began = Instant::now();
        let socket = self.runtime.block_on(connect_from(source, self.served.address, None));
        let mut socket = socket.into_std().expect("a socket");
        socket.set_nonblocking(false).expect("a mode");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
        let answer = match &self.chain {
            Some(chain) => exchange_in_tls_on(socket, chain, &bytes).expect("TLS"),
            None => {
                drop(socket.write_all(&bytes));
                Answer::parse(&read_to_close(&mut socket))
            }
        };
        let took = began.elapsed();
        assert_eq!(answer.status, Some(200), "{answer:?} after {took:?}\n{}", self.served.metrics());
        took
    }

    /// Sends webhooks from an address while hostile sockets of a kind come, and when all of them are there.
    #[track_caller]
    fn holds_out(&self, kind: Kind, from: From, source: IpAddr) {
        let accepted = self.served.metric("connector_http_connections_total");
        let bytes = kind.bytes(&self.path);
        let buffer = matches!(kind, Kind::NeverReading).then_some(4096);
        let (is_there, address) = (AtomicBool::new(false), self.served.address);
        let (hostile, longest) = std::thread::scope(|scope| {
            let hostile = scope.spawn(|| {
                let sockets = self.runtime.block_on(async {
                    let mut sockets = Vec::with_capacity(HOSTILE);
                    for number in 0..HOSTILE {
                        let socket = connect_from(from.address(number), address, buffer).await;
                        // The service may have closed it already.
                        drop(socket.try_write(&bytes));
                        sockets.push(socket);
                    }
                    sockets
                });
                is_there.store(true, Ordering::Release);
                sockets
            });
            let mut longest = Duration::ZERO;
            while !is_there.load(Ordering::Acquire) {
                longest = longest.max(self.webhook(source, &[]));
            }
            (hostile.join().expect("they connect"), longest)
        });
        let later = (0..WEBHOOKS).map(|_| self.webhook(source, &[])).max().unwrap_or_default();
        let accepted = self.served.metric("connector_http_connections_total") - accepted;
        assert!(accepted >= HOSTILE as u64, "{kind:?} from {from:?}: {accepted} accepted");
        eprintln!("{kind:?} from {from:?}: {longest:?} while they come, {later:?} once they are there");
        assert!(longest.max(later) < SOON, "{kind:?} from {from:?}: {longest:?}, then {later:?}");
        drop(hostile);
    }
}

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address of webhooks, from which nothing hostile comes.
const VENDOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const IN_THE_CLEAR: [Kind; 4] = [Kind::Silent, Kind::HalfHead, Kind::HalfBody, Kind::NeverReading];

#[test]
fn slow_clients_at_one_or_many_addresses_do_not_delay_webhooks() {
    let _turn = turn();
    let place = Place::new();
    let target = Target::new(&place, &[], false);
    for kind in IN_THE_CLEAR {
        for from in [From::One, From::Many] {
            target.holds_out(kind, from, VENDOR);
        }
    }
}

#[test]
fn slow_clients_do_not_delay_webhooks_in_tls() {
    let _turn = turn();
    let place = Place::new();
    let target = Target::new(&place, &[], true);
    for from in [From::One, From::Many] {
        target.holds_out(Kind::Silent, from, VENDOR);
        target.holds_out(Kind::HalfTls, from, VENDOR);
    }
}

#[test]
fn behind_a_proxy_slow_clients_do_not_delay_webhooks_from_the_same_address() {
    let _turn = turn();
    let place = Place::new();
    let arguments = ["--behind-proxy", "--public-url", "https://hooks.example.com"];
    let target = Target::new(&place, &arguments, false);
    for kind in IN_THE_CLEAR {
        target.holds_out(kind, From::One, From::One.address(0));
    }
}
