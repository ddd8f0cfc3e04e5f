//! `connector serve` as a process of its own: webhooks over real sockets, settings, signals, and what it writes.

mod acting;
mod activations;
mod adding;
mod connections;
mod controls;
mod deliveries;
mod deployment;
mod doors;
mod error_bodies;
#[cfg(unix)]
mod full_disk;
mod hosts;
mod kills;
mod lists;
#[cfg(feature = "demo")]
mod long_life;
mod loops;
#[cfg(feature = "demo")]
mod lost_create;
#[cfg(feature = "demo")]
mod moved_address;
mod operation;
mod outcomes;
mod own_changes;
mod pipes;
mod portal;
mod raw_sockets;
mod repeats;
#[cfg(unix)]
mod replaced;
mod scripted_api;
mod secrets;
mod slow_clients;
#[cfg(unix)]
#[path = "../small_disk/mod.rs"]
mod small_disk;
mod starts;
#[cfg(feature = "demo")]
mod triggers;
mod unavailable;
#[cfg(feature = "demo")]
mod whole_way;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::SecretString;
use connector_runtime::signature::{SignatureProfile, Signer};
use tempfile::TempDir;

/// Secrets of every kind. No output and no file may ever show them.
const CLIENT_SECRET: &str = "hush-client-9f41c2";
const PREVIOUS_SECRET: &str = "hush-previous-77ab01";
const APP_SECRET: &str = "hush-app-5d20e8";
const TOKEN: &str = "hush-token-1c93d4";
/// Signs what is delivered.
const SIGNING_SECRET: &str = "whsec_aHVzaC1zaWduaW5nLWh1c2gtc2lnbmluZy1odXNo";

const ORDER: &str = r#"{"scope":"store/order/created","producer":"stores/abc123","hash":"5a1e","created_at":1763999999,"data":{"type":"order","id":250}}"#;

/// Longer than any answer takes; a test that meets it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program in an environment that says nothing of connections or settings.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("CONNECTOR_")) {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1").env("COLUMNS", "100");
    command
}

/// A data folder, and whatever else a test writes.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("it can be written");
        path.display().to_string()
    }

    /// Runs `connector` with the data folder to its end: exit code, output and errors.
    #[track_caller]
    fn run(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> (i32, String, String) {
        let output =
            program().args(arguments).env("CONNECTOR_DATA", self.data()).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
    }

    /// Runs `connector` with a text on its standard input.
    #[track_caller]
    fn run_with(&self, stdin: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = program();
        command.args(arguments).env("CONNECTOR_DATA", self.data());
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("it starts");
        // A command that refuses its arguments does not read its input.
        drop(child.stdin.take().expect("it is piped").write_all(stdin.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
    }

    /// The output of a command that goes well.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}\n{stdout}");
        stdout
    }

    /// A connection with a client secret of its own that wants new orders: its id and the path of its webhooks.
    #[track_caller]
    fn connect(&self) -> (String, String) {
        let secret = self.file("client-secret", &format!("{CLIENT_SECRET}\n"));
        self.add(&["--client-secret-file", &secret, "--trigger", "order-created"])
    }

    #[track_caller]
    fn add(&self, arguments: &[&str]) -> (String, String) {
        self.add_account(&[&["--store-hash", "abc123"], arguments].concat())
    }

    #[track_caller]
    fn add_account(&self, arguments: &[&str]) -> (String, String) {
        // Most APIs of these tests answer no more than their script holds.
        let whole = [&["connections", "add", "--json", "--no-test"], arguments].concat();
        let (code, stdout, stderr) = self.run(&whole);
        let is_warning = |line: &str| line.starts_with("warning: the account ");
        assert!(code == 0 && stderr.lines().all(is_warning), "{whole:?}\n{stdout}{stderr}");
        let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
        let url = told["webhooks"].as_str().expect("an address");
        let path = &url[url.find("/webhooks/").expect("a path")..];
        (told["id"].as_str().expect("an id").to_owned(), path.to_owned())
    }

    /// A running service that others cannot reach.
    fn serve(&self) -> Served {
        self.serve_with(&[], &[])
    }

    fn serve_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Served {
        self.serve_at("127.0.0.1:0", arguments, variables)
    }

    fn serve_at(&self, listen: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Served {
        let log = self.folder.path().join(format!("log-{}", unique()));
        let listen: &[&str] = if arguments.contains(&"--listen") { &[] } else { &["--listen", listen] };
        let admin = ["--admin-listen", "127.0.0.1:0"];
        let admin: &[&str] = if arguments.contains(&admin[0]) { &[] } else { &admin };
        let mut child = program()
            .arg("serve")
            .args(admin)
            .args(listen)
            .args(arguments)
            .env("CONNECTOR_DATA", self.data())
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut announced = String::new();
        while !announced.contains("Ctrl-C") {
            let read = output.read_line(&mut announced).expect("the output is text");
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(read > 0, "it ended early:\n{announced}{}", log());
        }
        let word = |line: &str| {
            let found = announced.lines().find_map(|text| text.strip_prefix(line)).expect("it is announced");
            found.trim().trim_start_matches("http://").trim_end_matches("/metrics").to_owned()
        };
        let address = word("listening").parse().expect("an address");
        let admin = word("metrics").parse().ok();
        Served { child, output, announced, address, admin, log }
    }
}

/// Headers in their order, some perhaps twice.
type Headers = Vec<(String, String)>;

/// A running service, ended with the test whatever happens.
struct Served {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    announced: String,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    log: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already in a test that stopped it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Served {
    /// Sends whole requests and reads until the service closes.
    fn exchange(&self, bytes: &[u8]) -> Answer {
        exchange(self.address, bytes)
    }

    /// Delivers a body with these headers.
    fn deliver(&self, path: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        self.exchange(&request(path, headers, body))
    }

    /// Delivers a body signed now with a secret.
    fn deliver_signed(&self, path: &str, secret: &str, body: &[u8]) -> Answer {
        self.deliver(path, &signed(&BC_HEX, secret, now_ms(), body), body)
    }

    fn metrics(&self) -> String {
        get(self.admin.expect("metrics are served"), "/metrics", &[]).body
    }

    /// The value of a metric with its labels; zero where it is not there.
    #[track_caller]
    fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a whole number"))
    }

    /// Waits until a metric has a value. What it counts may happen after what its cause has answered.
    #[track_caller]
    fn comes_to(&self, name: &str, value: u64) {
        let began = Instant::now();
        while self.metric(name) != value {
            let (metrics, log) = (self.metrics(), self.logged());
            assert!(began.elapsed() < PATIENCE, "{name} is not {value}\n{metrics}\n{log}");
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// What it logged so far.
    fn logged(&self) -> String {
        fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Waits until the log has these words: a thread of its own writes the log, perhaps after the answer.
    #[track_caller]
    fn has_logged(&self, words: &str) {
        let began = Instant::now();
        while !self.logged().contains(words) {
            assert!(began.elapsed() < PATIENCE, "{words} is not in\n{}", self.logged());
        }
    }

    /// Stops it in order: exit code and the rest of its output.
    fn stop(&mut self) -> (Option<i32>, String) {
        self.signal("-TERM");
        self.ended()
    }

    fn ended(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("the output is text");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

/// An answer as it came.
#[derive(Debug)]
struct Answer {
    /// The status; none where there was no answer.
    status: Option<u16>,
    head: String,
    /// Where it leads, as it came.
    location: Option<String>,
    body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut location = lines.filter(|(name, _)| name.eq_ignore_ascii_case("location"));
        let location = location.next().map(|(_, value)| value.to_owned());
        Self { status, head: head.to_ascii_lowercase(), location, body: body.to_owned() }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
    stream
}

/// All that comes until the other side closes.
fn read_to_close(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return bytes,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return bytes,
            // Somebody stopped this process for a while.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}

fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(address);
    // The other side may answer before it has read all, and close.
    drop(stream.write_all(bytes));
    Answer::parse(&read_to_close(&mut stream))
}

fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    exchange(
        address,
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").as_bytes(),
    )
}

/// A POST with its length, after which the connection closes.
fn request(path: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: hooks.example\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn signed(profile: &'static SignatureProfile, secret: &str, at_ms: i64, body: &[u8]) -> Headers {
    let signer = Signer::new(profile, &SecretString::from(secret)).expect("a sound profile");
    let headers = signer.sign(&format!("msg_{}", unique()), "", at_ms, body).expect("it can be signed");
    headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("before the year 292 million")
}

/// A number that no other call gives in this process.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// An event of another order each time, so that none repeats another.
fn order(id: u64) -> String {
    ORDER.replace("5a1e", &format!("hash-{id}")).replace("250", &id.to_string())
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push((path.clone(), fs::read(&path).expect("it can be read"))),
        }
    }
    all
}
