//! Starting, stopping, health, metrics, logs, TLS and backups.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;

#[test]
fn it_says_where_everything_is_and_stops_in_order() {
    let place = Place::new();
    let mut served = place.serve_with(&["--public-url", "https://hooks.example/in"], &[]);
    assert!(
        served.announced.contains("webhooks     https://hooks.example/in/webhooks/…\n"),
        "{}",
        served.announced
    );
    assert_eq!(get(served.address, "/healthz", &[]).body, "alive\n");
    assert_eq!(get(served.address, "/readyz", &[]).body, "ready\n");
    assert_eq!(served.stop(), (Some(0), "stopped\n".to_owned()));
    assert!(TcpStream::connect(served.address).is_err());
    let log = served.logged();
    assert!(log.contains("serving") && log.contains("stopping") && log.contains("stopped"), "{log}");
    // What was written is in the file itself: nothing is left for the next start to mend.
    assert!(!place.data().join("connector.sqlite-wal").exists());
}

#[test]
fn webhooks_below_the_path_of_the_public_address_are_received() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve_with(&["--public-url", "https://hooks.example/in"], &[]);
    let below = format!("/in{path}");
    assert_eq!(served.deliver_signed(&below, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(404));
}

#[test]
fn a_request_under_way_ends_before_the_service_does() {
    let place = Place::new();
    let (_, path) = place.connect();
    let mut served = place.serve();
    let body = order(5);
    let whole = request(&path, &signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes()), body.as_bytes());
    let mut stream = connect(served.address);
    let (first, rest) = whole.split_at(whole.len() - 20);
    stream.write_all(first).expect("it listens");
    // A signal that came before the head was read would find nothing to wait for.
    served.comes_to("connector_http_requests_open", 1);
    served.signal("-TERM");
    let admin = served.admin.expect("metrics");
    while get(admin, "/readyz", &[]).status != Some(503) {}
    assert!(get(admin, "/metrics", &[]).body.contains("connector_draining 1\n"));
    while TcpStream::connect(served.address).is_ok() {}
    stream.write_all(rest).expect("it still reads");
    assert_eq!(Answer::parse(&read_to_close(&mut stream)).status, Some(200));
    assert_eq!(served.ended(), (Some(0), "stopped\n".to_owned()));

    let served = place.serve();
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
}

#[test]
fn requests_that_take_too_long_are_cut_off_and_a_second_signal_waits_for_none() {
    let place = Place::new();
    let (_, path) = place.connect();
    let half = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{");
    let hold = |served: &Served| {
        let mut stream = connect(served.address);
        stream.write_all(half.as_bytes()).expect("it listens");
        served.comes_to("connector_http_requests_open", 1);
        stream
    };
    let mut served = place.serve_with(&["--stop-within", "200ms"], &[]);
    let held = hold(&served);
    assert_eq!(served.stop(), (Some(0), "stopped\n".to_owned()));
    assert!(served.logged().contains("some requests took too long"), "{}", served.logged());
    drop(held);

    let mut served = place.serve_with(&["--stop-within", "1h", "--limits-body-timeout", "1h"], &[]);
    let held = hold(&served);
    served.signal("-INT");
    while get(served.admin.expect("metrics"), "/readyz", &[]).status != Some(503) {}
    served.signal("-INT");
    assert_eq!(served.ended(), (Some(1), String::new()));
    assert!(served.logged().contains("stopped at once by a second signal"), "{}", served.logged());
    drop(held);
}

#[test]
fn metrics_are_for_those_who_have_the_token() {
    let place = Place::new();
    let served = place.serve_with(&[], &[("CONNECTOR_ADMIN_TOKEN", TOKEN)]);
    let admin = served.admin.expect("metrics");
    let right = format!("Authorization: Bearer {TOKEN}");
    for (headers, status) in [
        (&[][..], 401),
        (&["Authorization: Bearer wrong"], 401),
        (&["Authorization: Bearer "], 401),
        (&[right.as_str()], 200),
    ] {
        assert_eq!(get(admin, "/metrics", headers).status, Some(status), "{headers:?}");
    }
    // Whoever guesses is not told any more when they guess right.
    let guess = || get(admin, "/metrics", &["Authorization: Bearer guess"]).status;
    assert!((0..1_000).any(|_| guess() == Some(429)));
    assert_eq!(get(admin, "/metrics", &[&right]).status, Some(429));
    assert_eq!(get(admin, "/healthz", &[]).status, Some(200));
    // Where webhooks are received, nobody reads metrics at all.
    assert_eq!(get(served.address, "/metrics", &[&right]).status, Some(404));
}

#[test]
fn log_lines_are_json_with_the_id_of_the_request() {
    let place = Place::new();
    let (id, path) = place.connect();
    let mut served = place.serve_with(&["--log-format", "json", "--log-level=debug"], &[]);
    let body = order(424_242);
    let given = [("X-Request-Id".to_owned(), "proxy-7".to_owned())];
    let headers = [&given[..], &signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes())].concat();
    assert_eq!(served.deliver(&path, &headers, body.as_bytes()).status, Some(200));
    assert_eq!(served.deliver(&path, &[], body.as_bytes()).status, Some(401));
    served.stop();
    let lines: Vec<serde_json::Value> = served
        .logged()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .filter(|line: &serde_json::Value| line["message"] == "webhook")
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[0]["request_id"], &lines[0]["outcome"]), (&"proxy-7".into(), &"accepted".into()));
    assert_eq!((&lines[0]["connection"], &lines[0]["level"]), (&id.as_str().into(), &"DEBUG".into()));
    assert_eq!(lines[0]["activations"].as_str().map(str::len), Some(32));
    assert_eq!((&lines[1]["outcome"], &lines[1]["reason"]), (&"rejected".into(), &"unknown_profile".into()));
    assert_eq!(lines[1]["request_id"].as_str().map(str::len), Some(16));
    // What was sent, and where to, is nobody's business who reads logs.
    for private in ["424242", "order", path.rsplit('/').next().expect("a key")] {
        assert!(!served.logged().contains(private), "{private} was logged:\n{}", served.logged());
    }
}

#[test]
fn a_wrong_configuration_ends_it_with_what_is_wrong() {
    let place = Place::new();
    let config = place.file("c.toml", "[limits]\nconections = 5\n");
    let failed = |arguments: &[&str]| {
        let (code, stdout, stderr) = place.run([&["serve"], arguments].concat());
        assert_eq!(stdout, "", "{arguments:?}");
        (code, stderr)
    };
    let (code, text) = failed(&["--config", &config]);
    assert!(code == 2 && text.contains("c.toml:2: there is no setting limits.conections"), "{text}");
    let (code, text) = failed(&["--listen", "0.0.0.0:0"]);
    assert!(code == 2 && text.contains("--behind-proxy"), "{text}");
    let (code, text) = failed(&["--tls-certificate", "missing.pem", "--tls-key", "missing.pem"]);
    assert!(code == 2 && text.contains("missing.pem cannot be read"), "{text}");
    let (code, text) = failed(&["--tls-certificate", &config, "--tls-key", &config]);
    assert!(code == 2 && text.contains("does not hold what it should"), "{text}");
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = held.local_addr().expect("an address").to_string();
    let (code, text) = failed(&["--listen", &taken, "--admin-listen", "none"]);
    assert!(code == 1 && text.contains(&format!("{taken} cannot be listened on")), "{text}");
    fs::create_dir_all(place.data()).expect("a folder");
    fs::write(place.data().join("connector.sqlite"), "no database at all, but long enough to be read as one")
        .expect("a file");
    let (code, text) = failed(&["--listen", "127.0.0.1:0", "--admin-listen", "none"]);
    assert!(code == 1 && text.contains("connector.sqlite"), "{text}");
}

#[test]
#[cfg(unix)]
fn a_system_that_allows_too_few_open_files_is_refused_with_the_number_to_set() {
    let place = Place::new();
    let serve = |limits: &str| {
        let script =
            format!("ulimit -n 600; exec \"$0\" serve --listen 127.0.0.1:0 --admin-listen none {limits}");
        let mut command = Command::new("sh");
        let clean = program();
        for (name, value) in clean.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["-c", &script, env!("CARGO_BIN_EXE_connector")]).env("CONNECTOR_DATA", place.data());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let refused = serve("").wait_with_output().expect("it ends");
    let text = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("allows 600 open files") && text.contains("LimitNOFILE=2688"), "{text}");
    let mut served = serve("--limits-connections 50 --limits-webhook-connections 50 --limits-heads 50");
    let mut output = BufReader::new(served.stdout.take().expect("it is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("text");
    assert!(line.starts_with("listening"), "{line}");
    served.kill().expect("it runs");
    served.wait().expect("it ends");
}

/// A certificate for this machine, as files in a place.
pub(super) fn certificate(place: &Place) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    (place.file("chain.pem", &made.cert.pem()), place.file("key.pem", &made.signing_key.serialize_pem()))
}

/// Speaks TLS with those who show the certificate in a file; the answer to `bytes`.
pub(super) fn exchange_in_tls(
    address: SocketAddr,
    chain: &str,
    bytes: &[u8],
) -> Result<Answer, std::io::Error> {
    exchange_in_tls_on(connect(address), chain, bytes)
}

/// The same on a socket that is connected.
pub(super) fn exchange_in_tls_on(
    socket: TcpStream,
    chain: &str,
    bytes: &[u8],
) -> Result<Answer, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(chain).expect("PEM")).expect("a certificate");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(Answer::parse(&answer))
}

#[test]
fn with_a_certificate_it_speaks_tls_and_a_hangup_brings_in_the_next_one() {
    let place = Place::new();
    let (_, path) = place.connect();
    let (chain, key) = certificate(&place);
    let served = place.serve_with(&["--tls-certificate", &chain, "--tls-key", &key], &[]);
    assert!(served.announced.contains("webhooks     https://127.0.0.1:"), "{}", served.announced);
    let deliver = |chain: &str| {
        let body = order(unique());
        let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
        exchange_in_tls(served.address, chain, &request(&path, &headers, body.as_bytes()))
    };
    assert_eq!(deliver(&chain).expect("TLS").status, Some(200));
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, None, "no plain text");
    served.comes_to("connector_tls_handshakes_failed_total", 1);

    let former = place.file("former.pem", &fs::read_to_string(&chain).expect("PEM"));
    fs::write(&key, "no key").expect("a file");
    served.signal("-HUP");
    served.has_logged("the certificate stays the one before");
    assert_eq!(deliver(&former).expect("TLS").status, Some(200));
    certificate(&place);
    served.signal("-HUP");
    served.has_logged("the certificate was read anew");
    assert_eq!(deliver(&chain).expect("TLS").status, Some(200));
    assert!(deliver(&former).is_err(), "the former certificate is not shown any more");
}

#[test]
fn a_backup_made_while_it_runs_can_be_restored() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let body = order(31);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    let copy = place.folder.path().join("copy.sqlite").display().to_string();
    assert!(place.ok(&["backup", &copy]).contains("copy.sqlite written"));
    let (code, _, stderr) = place.run(["backup", &copy]);
    assert!(code == 1 && stderr.contains("was not written"), "it overwrites nothing: {stderr}");
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(32).as_bytes()).status, Some(200));
    drop(served);

    // What docs/serve.md says: the copy and the keys in a new data folder.
    let keys = fs::read(place.data().join("sealing.keys")).expect("the keys");
    fs::remove_dir_all(place.data()).expect("it can be removed");
    let (code, _, stderr) = place.run(["backup", "other.sqlite"]);
    assert!(code == 2 && stderr.contains("there is no database"), "{stderr}");
    fs::create_dir(place.data()).expect("a folder");
    fs::copy(&copy, place.data().join("connector.sqlite")).expect("a copy");
    fs::write(place.data().join("sealing.keys"), keys).expect("the keys");
    let mode =
        Command::new("chmod").arg("600").arg(place.data().join("sealing.keys")).status().expect("chmod runs");
    assert!(mode.success());
    let served = place.serve();
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
    assert_eq!(
        served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status,
        Some(200),
        "known before"
    );
    assert_eq!(served.metric("connector_activations{state=\"waiting\"}"), 1);
}

#[test]
fn health_asks_the_service_that_runs() {
    let place = Place::new();
    let mut served = place.serve();
    let admin = served.admin.expect("metrics").to_string();
    assert_eq!(place.ok(&["health", "--admin-listen", &admin]), "ready\n");
    served.stop();
    let (code, _, stderr) = place.run(["health", "--admin-listen", &admin]);
    assert!(code == 1 && stderr.contains("nobody answers"), "{stderr}");
}

#[test]
fn help_names_every_setting_with_its_variable() {
    let help = Place::new().ok(&["serve", "--help"]);
    for words in
        ["--public-url <URL>", "CONNECTOR_LIMITS_BODY_TIMEOUT", "[default: 127.0.0.1:8080]", "Examples:"]
    {
        assert!(help.contains(words), "{words} is missing in\n{help}");
    }
}
