//! Pipes that nobody reads, that are read slowly, and whose reader has closed.

mod logs;

use std::io::{PipeReader, PipeWriter};
use std::process::ExitStatus;

use super::*;

/// More than a pipe holds.
const MORE_THAN_A_PIPE: usize = 300_000;

/// A service whose streams a test has chosen. Its log goes to a file unless the test takes standard error itself.
struct Piped {
    child: Child,
    log: PathBuf,
}

impl Drop for Piped {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Piped {
    fn start(place: &Place, arguments: &[&str], stdout: Stdio, stderr: Option<Stdio>) -> Self {
        let log = place.folder.path().join(format!("log-{}", unique()));
        let file = || File::create(&log).expect("a log file").into();
        let child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(arguments)
            .env("CONNECTOR_DATA", place.data())
            .stdout(stdout)
            .stderr(stderr.unwrap_or_else(file))
            .spawn()
            .expect("it starts");
        Self { child, log }
    }

    /// Events go to this stream, the rest to the log.
    fn lines(place: &Place, stop_within: &str, stdout: impl Into<Stdio>) -> Self {
        let arguments = ["--delivery-mode", "ndjson", "--stop-within", stop_within];
        Self::start(place, &arguments, stdout.into(), None)
    }

    /// The addresses for webhooks and for operators, from the log.
    fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let find = |text: &str, label: &str| {
            let rest = &text[text.find(label)? + label.len()..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ':'))?;
            rest[..end].parse().ok()
        };
        let both = || {
            let text = fs::read_to_string(&self.log).ok()?;
            Some((find(&text, "listening    ")?, find(&text, "metrics      http://")?))
        };
        until("it listens", || self.logged(), both)
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    }

    fn ends(&mut self) -> ExitStatus {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        until("it ends", || log.clone(), || self.child.try_wait().expect("it is ours"))
    }
}

/// Looks again and again until there is something.
#[track_caller]
fn until<T>(what: &str, told: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} never came true:\n{}", told());
        std::thread::yield_now();
    }
}

#[track_caller]
fn deliver(address: SocketAddr, path: &str, body: &str) {
    let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
    assert_eq!(exchange(address, &request(path, &headers, body.as_bytes())).status, Some(200));
}

/// An event of an order that is larger than a pipe.
fn large(id: u64) -> String {
    order(id).replace("\"hash\"", &format!("\"padding\":\"{}\",\"hash\"", "x".repeat(MORE_THAN_A_PIPE)))
}

#[track_caller]
fn is_not_ready(address: SocketAddr, why: &str) {
    let said = || get(address, "/readyz", &[]);
    until(
        "it is not ready",
        || format!("{:?}", said()),
        || {
            let answer = said();
            (answer.status == Some(503) && answer.body.contains(why)).then_some(())
        },
    );
}

/// State and attempts of every activation.
fn stored(place: &Place) -> Vec<(String, u64)> {
    let shown = place.ok(&["activations", "list", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let all = shown["activations"].as_array().expect("a list");
    let one = |one: &serde_json::Value| {
        (one["state"].as_str().expect("a state").to_owned(), one["attempts"].as_u64().expect("a number"))
    };
    all.iter().map(one).collect()
}

/// The orders of the events that a reader gets.
fn orders(reader: &mut impl BufRead, count: usize) -> Vec<String> {
    let mut line = String::new();
    let mut read = || {
        line.clear();
        reader.read_line(&mut line).expect("text");
        let event: serde_json::Value = serde_json::from_str(&line).expect("a line is an event");
        event["subject"].as_str().expect("a subject").to_owned()
    };
    (0..count).map(|_| read()).collect()
}

fn pipe() -> (PipeReader, PipeWriter) {
    std::io::pipe().expect("a pipe")
}

/// A pipe that takes nothing more while its reader is kept.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (mut reader, writer) = pipe();
    let mut filling = writer.try_clone().expect("a descriptor");
    // It fails when the test drops the reader.
    std::thread::spawn(move || drop(filling.write_all(&vec![b'x'; MORE_THAN_A_PIPE])));
    // The thread has begun, and refills what is taken.
    reader.read_exact(&mut [0; 100_000]).expect("it is filled");
    (reader, writer)
}

#[test]
fn a_stalled_reader_of_events_is_no_reason_to_stay() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (reader, writer) = pipe();
    let mut served = Piped::lines(&place, "1s", writer);
    let (webhooks, admin) = served.addresses();
    deliver(webhooks, &path, &large(1));
    is_not_ready(admin, "output: standard output is not read");
    is_not_ready(webhooks, "output: standard output is not read");
    deliver(webhooks, &path, &order(2));
    let began = Instant::now();
    served.signal();
    assert_eq!(served.ends().code(), Some(0), "{}", served.logged());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop(reader);
    let (reader, writer) = pipe();
    let mut served = Piped::lines(&place, "1s", writer);
    let mut reader = BufReader::new(reader);
    let mut got = orders(&mut reader, 2);
    got.sort();
    assert_eq!(got, ["order/1", "order/2"]);
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
    assert_eq!(reader.read_line(&mut String::new()).expect("text"), 0, "nothing came twice");
    assert!(stored(&place).iter().all(|(state, _)| state == "delivered"));
}

#[test]
fn a_second_signal_ends_a_service_whose_output_is_stalled_at_once() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (mut reader, writer) = pipe();
    let mut served = Piped::lines(&place, "1h", writer);
    let (webhooks, admin) = served.addresses();
    deliver(webhooks, &path, &large(1));
    // The line has begun, and does not end.
    reader.read_exact(&mut [0]).expect("it is written");
    served.signal();
    is_not_ready(admin, "stopping");
    served.signal();
    assert_eq!(served.ends().code(), Some(1));
    assert!(served.logged().contains("stopped at once by a second signal"), "{}", served.logged());
}

#[test]
fn a_reader_that_goes_on_gets_every_event_once() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (reader, writer) = pipe();
    let mut served = Piped::lines(&place, "10s", writer);
    let (webhooks, admin) = served.addresses();
    deliver(webhooks, &path, &large(1));
    for id in 2..=20 {
        deliver(webhooks, &path, &order(id));
    }
    is_not_ready(admin, "output: ");
    let mut reader = BufReader::new(reader);
    let mut got = orders(&mut reader, 20);
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 20, "{got:?}");
    until(
        "it is ready",
        || served.logged(),
        || (get(admin, "/readyz", &[]).status == Some(200)).then_some(()),
    );
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
    assert_eq!(reader.read_line(&mut String::new()).expect("text"), 0, "nothing came twice");
    assert_eq!(stored(&place), vec![("delivered".to_owned(), 1); 20]);
}

#[test]
fn a_reader_that_closes_ends_the_service_and_loses_nothing() {
    // Closed before an event, and while one is written.
    for body in [order(1), large(1)] {
        let place = Place::new();
        let (_, path) = place.connect();
        let (reader, writer) = pipe();
        let mut served = Piped::lines(&place, "10s", writer);
        let (webhooks, _) = served.addresses();
        if body.len() < MORE_THAN_A_PIPE {
            drop(reader);
            deliver(webhooks, &path, &body);
        } else {
            deliver(webhooks, &path, &body);
            drop(reader);
        }
        assert_eq!(served.ends().code(), Some(1), "{}", served.logged());
        let log = served.logged();
        for words in ["ERROR stopping: the reader of standard output has closed", "start the reader"] {
            assert!(log.contains(words), "{words} is missing in\n{log}");
        }
        assert_eq!(stored(&place), [("waiting".to_owned(), 0)]);
        let (reader, writer) = pipe();
        let mut served = Piped::lines(&place, "10s", writer);
        assert_eq!(orders(&mut BufReader::new(reader), 1), ["order/1"]);
        served.signal();
        assert_eq!(served.ends().code(), Some(0));
        assert_eq!(stored(&place), [("delivered".to_owned(), 1)]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_without_room_turns_readiness_red_and_counts_no_attempt() {
    let place = Place::new();
    let (_, path) = place.connect();
    let full = File::options().write(true).open("/dev/full").expect("a device");
    let mut served = Piped::lines(&place, "1s", full);
    let (webhooks, admin) = served.addresses();
    deliver(webhooks, &path, &order(1));
    is_not_ready(admin, "output: cannot write to standard output: no storage space");
    served.signal();
    assert_eq!(served.ends().code(), Some(0));
    assert_eq!(stored(&place), [("waiting".to_owned(), 0)]);
}

#[test]
fn an_announcement_that_nobody_reads_keeps_no_service_from_serving() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (_stdout, output) = full_pipe();
    let (closed, broken) = pipe();
    drop(closed);
    for output in [Stdio::from(output), Stdio::from(broken)] {
        let mut served = Piped::start(&place, &[], output, None);
        let listens = || {
            let log = fs::read_to_string(&served.log).ok()?;
            let rest = &log[log.find("listen=")? + "listen=".len()..];
            rest.split_once(' ')?.0.parse::<SocketAddr>().ok()
        };
        let webhooks = until("it serves", || served.logged(), listens);
        deliver(webhooks, &path, &order(unique()));
        served.signal();
        assert_eq!(served.ends().code(), Some(0), "{}", served.logged());
    }
}

#[cfg(feature = "demo")]
#[test]
fn a_sandbox_whose_announcement_nobody_reads_ends_by_a_signal() {
    let (_reader, output) = full_pipe();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = port.expect("a free port");
    let arguments = ["sandbox", "--port", &address.port().to_string()];
    let mut sandbox = program().args(arguments).stdout(output).spawn().expect("it starts");
    // It listens for signals before it listens for requests.
    until("it serves", String::new, || TcpStream::connect(address).ok());
    let id = sandbox.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    let ended = until("it ends", String::new, || sandbox.try_wait().expect("it is ours"));
    assert_eq!(ended.code(), Some(0));
}

/// The addresses for webhooks and for operators that standard output has.
fn announced(stdout: PipeReader) -> (SocketAddr, SocketAddr) {
    let mut text = String::new();
    let mut stdout = BufReader::new(stdout);
    while !text.contains("Ctrl-C") {
        assert!(stdout.read_line(&mut text).expect("text") > 0, "it ended early: {text}");
    }
    let word = |label: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(label)).expect("it is announced");
        line.trim().trim_start_matches("http://").trim_end_matches("/metrics").parse().expect("an address")
    };
    (word("listening"), word("metrics"))
}
