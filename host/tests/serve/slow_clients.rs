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

/// How much other clients may delay the answer to a webhook.
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
    HalfForm,
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
            Self::HalfForm => half_form_of("192.0.2.7"),
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
    fn webhook(&self, source: IpAddr) -> Duration {
        let body = order(unique());
        let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
        let bytes = request(&self.path, &headers, body.as_bytes());
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

    /// How much longer the answer takes than that of a service without other clients at the same moment, which has to wait for the
    /// disk and the processors as well.
    #[track_caller]
    fn delay(&self, control: &Self, source: IpAddr) -> Duration {
        let (took, alone) = std::thread::scope(|scope| {
            let alone = scope.spawn(|| control.webhook(source));
            (self.webhook(source), alone.join().expect("it is answered"))
        });
        took.saturating_sub(alone)
    }

    /// Sends webhooks from an address while hostile sockets of a kind come, and when all of them are there.
    #[track_caller]
    fn holds_out(&self, control: &Self, kind: Kind, from: From, source: IpAddr) {
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
                longest = longest.max(self.delay(control, source));
            }
            (hostile.join().expect("they connect"), longest)
        });
        let came = || self.served.metric("connector_http_connections_total") - accepted;
        let began = Instant::now();
        while came() < HOSTILE as u64 {
            assert!(began.elapsed() < PATIENCE, "{kind:?} from {from:?}: {} accepted", came());
        }
        let later = (0..WEBHOOKS).map(|_| self.delay(control, source)).max().unwrap_or_default();
        assert!(longest.max(later) < SOON, "{kind:?} from {from:?}: {longest:?}, then {later:?}");
        drop(hostile);
    }
}

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address of webhooks, from which nothing hostile comes.
const VENDOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const IN_THE_CLEAR: [Kind; 5] =
    [Kind::Silent, Kind::HalfHead, Kind::HalfBody, Kind::HalfForm, Kind::NeverReading];

#[test]
fn slow_clients_at_one_or_many_addresses_do_not_delay_webhooks() {
    let _turn = turn();
    let place = Place::new();
    let target = Target::new(&place, &[], false);
    let quiet = Place::new();
    let control = Target::new(&quiet, &[], false);
    for kind in IN_THE_CLEAR {
        for from in [From::One, From::Many] {
            target.holds_out(&control, kind, from, VENDOR);
        }
    }
}

#[test]
fn slow_clients_do_not_delay_webhooks_in_tls() {
    let _turn = turn();
    let place = Place::new();
    let target = Target::new(&place, &[], true);
    let quiet = Place::new();
    let control = Target::new(&quiet, &[], true);
    for from in [From::One, From::Many] {
        target.holds_out(&control, Kind::Silent, from, VENDOR);
        target.holds_out(&control, Kind::HalfTls, from, VENDOR);
    }
}

#[test]
fn behind_a_proxy_slow_clients_do_not_delay_webhooks_from_the_same_address() {
    let _turn = turn();
    let place = Place::new();
    let arguments = ["--behind-proxy", "--public-url", "https://hooks.example.com"];
    let target = Target::new(&place, &arguments, false);
    let quiet = Place::new();
    let control = Target::new(&quiet, &arguments, false);
    for kind in IN_THE_CLEAR {
        target.holds_out(&control, kind, From::One, From::One.address(0));
    }
}

#[test]
fn slow_clients_of_operators_do_not_delay_webhooks() {
    let _turn = turn();
    let place = Place::new();
    let mut target = Target::new(&place, &[], false);
    let quiet = Place::new();
    let control = Target::new(&quiet, &[], false);
    // Metrics of connections are those of the public address alone: a webhook counts there.
    let admin = target.served.admin.expect("it is served");
    let webhooks = std::mem::replace(&mut target.served.address, admin);
    let bytes = Kind::HalfHead.bytes("/actions");
    let hostile: Vec<_> = (0..HOSTILE)
        .map(|number| {
            let socket = target.runtime.block_on(connect_from(From::Many.address(number), admin, None));
            drop(socket.try_write(&bytes));
            socket
        })
        .collect();
    target.served.address = webhooks;
    let longest = (0..WEBHOOKS).map(|_| target.delay(&control, VENDOR)).max().unwrap_or_default();
    assert!(longest < SOON, "{longest:?}");
    assert_eq!(get(admin, "/healthz", &[]).status, Some(200), "operators are served as well");
    drop(hostile);
}

/// Sends a part of a request from an address, on a connection that stays open.
fn begin(target: &Target, source: IpAddr, bytes: &[u8]) -> TcpStream {
    let socket = target.runtime.block_on(connect_from(source, target.served.address, None));
    let mut socket = socket.into_std().expect("a socket");
    socket.set_nonblocking(false).expect("a mode");
    socket.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
    socket.write_all(bytes).expect("it listens");
    socket
}

const ADDRESS_SHARE: &str = "connector_http_connections_closed_total{reason=\"address_share\"}";

/// A part of a form, passed on by a proxy for a client.
fn half_form_of(client: &str) -> Vec<u8> {
    let head = format!("POST /sign-in HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.200, {client}\r\n");
    format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\na=")
        .into_bytes()
}

#[test]
fn behind_a_trusted_proxy_the_share_counts_for_the_client_that_the_proxy_names() {
    let place = Place::new();
    let proxy = From::One.address(0);
    let shares =
        ["--behind-proxy", "--public-url", "https://x.example", "--limits-connections-per-address=2"];
    let trusting = [shares.as_slice(), &["--trusted-proxy", "127.0.0.1"]].concat();
    let target = Target::new(&place, &trusting, false);
    let under_way = |count| target.served.comes_to("connector_http_requests_open", count);
    let mut first = begin(&target, proxy, &half_form_of("192.0.2.7"));
    under_way(1);
    let _second = begin(&target, proxy, &half_form_of("192.0.2.7"));
    let _others = ["192.0.2.8", "2001:db8::1", "2001:db8:0:1::1"]
        .map(|client| begin(&target, proxy, &half_form_of(client)));
    under_way(5);
    assert_eq!(target.served.metric(ADDRESS_SHARE), 0, "each client has its own share");
    let _third = begin(&target, proxy, &half_form_of("::ffff:192.0.2.7"));
    target.served.comes_to(ADDRESS_SHARE, 1);
    assert_eq!(read_to_close(&mut first), b"", "the oldest connection of the client was closed");
    under_way(5);
    drop(target);

    let place = Place::new();
    let target = Target::new(&place, &shares, false);
    let _all: Vec<_> = (0..5).map(|_| begin(&target, proxy, &half_form_of("192.0.2.7"))).collect();
    target.served.comes_to("connector_http_requests_open", 5);
    assert_eq!(target.served.metric(ADDRESS_SHARE), 0, "no proxy is trusted: there are no shares");
}

#[test]
fn one_address_has_its_share_of_heads_and_of_requests() {
    let place = Place::new();
    let target = Target::new(&place, &["--limits-connections-per-address", "2"], false);
    let (one, other) = (From::One.address(0), From::Many.address(9));
    let mut oldest = begin(&target, one, b"GET / HTTP/1.1\r\n");
    let rest = [one, one, other, other].map(|from| begin(&target, from, b"GET / HTTP/1.1\r\n"));
    assert_eq!(read_to_close(&mut oldest), b"");
    target.served.comes_to(ADDRESS_SHARE, 1);
    target.served.comes_to("connector_http_connections_open", 4);

    drop(rest);
    target.served.comes_to("connector_http_connections_open", 0);

    let half = Kind::HalfBody.bytes(&target.path);
    let under_way = |from, count| {
        let stream = begin(&target, from, &half);
        target.served.comes_to("connector_http_requests_open", count);
        stream
    };
    let mut oldest = under_way(one, 1);
    let others = [(one, 2), (other, 3), (other, 4), (one, 4)].map(|(from, count)| under_way(from, count));
    assert_eq!(read_to_close(&mut oldest), b"");
    target.served.comes_to(ADDRESS_SHARE, 2);
    target.webhook(one);
    target.served.comes_to(ADDRESS_SHARE, 3);
    target.served.comes_to("connector_http_connections_open", 3);
    drop(others);
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let place = Place::new();
    let target = Target::new(&place, &["--limits-write-timeout", "300ms"], false);
    let socket = target.runtime.block_on(async {
        let socket = connect_from(VENDOR, target.served.address, Some(4096)).await;
        // More answers than the buffers of both sides hold.
        let bytes = Kind::NeverReading.bytes("").repeat(64);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() && socket.writable().await.is_ok() {
            match socket.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        socket
    });
    target.served.comes_to("connector_http_connections_closed_total{reason=\"slow_read\"}", 1);
    target.served.comes_to("connector_http_connections_open", 0);
    drop(socket);
}

#[test]
fn webhooks_are_served_when_pages_have_no_place_left() {
    let place = Place::new();
    let limits = ["--limits-connections", "1", "--limits-webhook-connections", "1"];
    let target = Target::new(&place, &limits, false);
    let served = &target.served;
    // Its connection waits for the client, and is closed for the next request.
    let mut first = begin(&target, VENDOR, &half_form_of("192.0.2.7"));
    served.comes_to("connector_http_requests_open", 1);
    let mut second = begin(&target, VENDOR, &half_form_of("192.0.2.7"));
    assert_eq!(read_to_close(&mut first), b"");
    // A form to a key that nobody knows takes no reserved place; a webhook takes one, and leaves the form alone.
    target.webhook(VENDOR);
    served.comes_to("connector_http_requests_open", 1);
    let unknown = format!("/webhooks/{}", "a".repeat(40));
    assert_eq!(served.deliver(&unknown, &[], b"{}").status, Some(404));
    assert_eq!(read_to_close(&mut second), b"", "it was closed for the unknown key, not for the webhook");
    served.comes_to("connector_http_connections_closed_total{reason=\"requests_full\"}", 2);
}

#[test]
fn a_body_for_operators_has_a_time_limit() {
    let place = Place::new();
    let token = place.file("token", "hush-admin-4a9b21\n");
    let served = place.serve_with(&["--limits-body-timeout", "200ms", "--admin-token-file", &token], &[]);
    let mut stream = connect(served.admin.expect("it is served"));
    let head = "POST /activations/lease HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hush-admin-4a9b21\r\n";
    let bytes = format!("{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{");
    stream.write_all(bytes.as_bytes()).expect("it listens");
    let answer = Answer::parse(&read_to_close(&mut stream));
    assert_eq!(answer.status, Some(408), "{answer:?}");
}
