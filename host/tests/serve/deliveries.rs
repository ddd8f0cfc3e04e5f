//! What comes in goes out: over HTTP to a receiver of its own, as lines on standard output, or to workers that fetch.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;

use super::*;

/// A receiver that answers with the statuses it was told, else 200.
pub(crate) struct Engine {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<VecDeque<u16>>>,
    received: mpsc::Receiver<(HeaderMap, Bytes)>,
    _runtime: tokio::runtime::Runtime,
}

type Shared = (Arc<Mutex<VecDeque<u16>>>, mpsc::Sender<(HeaderMap, Bytes)>);

impl Engine {
    pub(crate) fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (note, received) = mpsc::channel();
        let script = Arc::<Mutex<VecDeque<u16>>>::default();
        let router = Router::new().fallback(any(receive)).with_state((Arc::clone(&script), note));
        runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, script, received, _runtime: runtime }
    }

    pub(crate) fn will_answer(&self, status: u16) {
        self.script.lock().expect("a script").push_back(status);
    }

    #[track_caller]
    pub(crate) fn next(&self) -> (HeaderMap, Bytes) {
        self.received.recv_timeout(PATIENCE).expect("an event")
    }

    /// The next event, which must be signed by us.
    #[track_caller]
    pub(crate) fn event(&self) -> serde_json::Value {
        self.event_within(PATIENCE).expect("an event")
    }

    /// The same; `None` if none comes in time.
    pub(crate) fn event_within(&self, time: Duration) -> Option<serde_json::Value> {
        let (headers, body) = self.received.recv_timeout(time).ok()?;
        let receiver = standardwebhooks::Webhook::new(SIGNING_SECRET).expect("a secret");
        receiver.verify(&body, &headers).expect("it is signed by us");
        Some(serde_json::from_slice(&body).expect("JSON"))
    }
}

async fn receive(State((script, note)): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    // The test may have seen enough.
    let _ = note.send((headers, body));
    let scripted = script.lock().expect("a script").pop_front();
    StatusCode::from_u16(scripted.unwrap_or(200)).expect("a status")
}

/// The arguments that deliver to an engine of this machine.
pub(crate) fn to(place: &Place, engine: &Engine) -> Vec<String> {
    let secret = place.file("signing", SIGNING_SECRET);
    let url = format!("http://{}/events", engine.address);
    let arguments = ["--delivery-mode", "http", "--delivery-url", &url, "--delivery-secret-file", &secret];
    let arguments = [&arguments[..], &["--delivery-allowed-networks", "127.0.0.0/8"]].concat();
    arguments.into_iter().map(str::to_owned).collect()
}

pub(crate) fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn a_webhook_reaches_the_receiver_signed_once_and_as_it_was_sent() {
    let (place, engine) = (Place::new(), Engine::start());
    let (id, path) = place.connect();
    let mut served = place.serve_with(&borrowed(&to(&place, &engine)), &[("CONNECTOR_LOG_LEVEL", "debug")]);
    assert!(served.announced.contains("delivery     over HTTP"), "{}", served.announced);
    for _ in 0..3 {
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    }
    let (headers, body) = engine.next();
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    standardwebhooks::Webhook::new(SIGNING_SECRET)
        .expect("a secret")
        .verify(&body, &headers)
        .expect("signed");
    assert!(String::from_utf8_lossy(&body).contains(ORDER), "the envelope, byte for byte");
    let event: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(event["type"], "bigcommerce/order-created");
    assert_eq!(event["source"], format!("/connections/{id}"));
    assert_eq!((&event["subject"], &event["account"]), (&"order/250".into(), &"abc123".into()));
    // Another one closes the series: had a repeat been delivered, it would have come before.
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(251).as_bytes()).status, Some(200));
    assert_eq!(engine.event()["subject"], "order/251");
    let (code, rest) = served.stop();
    assert_eq!((code, rest.as_str()), (Some(0), "stopped\n"));
    let logged = served.logged();
    assert!(logged.contains("delivery") && logged.contains("delivered"), "{logged}");
    for hidden in [SIGNING_SECRET, "aHVzaC", "store/order/created", "webhook-signature"] {
        assert!(!logged.contains(hidden), "{hidden} is in\n{logged}");
    }
}

#[test]
fn what_was_accepted_before_a_kill_is_delivered_after_it() {
    let (place, engine) = (Place::new(), Engine::start());
    let (_, path) = place.connect();
    let served = place.serve();
    for id in 1..=20 {
        assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(id).as_bytes()).status, Some(200));
    }
    served.signal("-KILL");
    drop(served);

    let _served = place.serve_with(&borrowed(&to(&place, &engine)), &[]);
    let mut subjects: Vec<String> =
        (0..20).map(|_| engine.event()["subject"].as_str().expect("a subject").to_owned()).collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 20, "{subjects:?}");
}

#[test]
fn the_binary_form_and_an_address_of_its_own() {
    let (place, default, own) = (Place::new(), Engine::start(), Engine::start());
    let secret = place.file("client-secret", CLIENT_SECRET);
    let url = format!("http://{}/own", own.address);
    let (_, path) = place.add(&["--client-secret-file", &secret, "--deliver-to", &url]);
    let mut arguments = to(&place, &default);
    arguments.extend(["--delivery-form".to_owned(), "binary".to_owned()]);
    let served = place.serve_with(&borrowed(&arguments), &[]);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    let (headers, body) = own.next();
    assert_eq!(headers["ce-type"], "bigcommerce/order-created");
    assert_eq!(headers["ce-specversion"], "1.0");
    assert_eq!(headers["ce-id"], headers["webhook-id"]);
    standardwebhooks::Webhook::new(SIGNING_SECRET)
        .expect("a secret")
        .verify(&body, &headers)
        .expect("signed");
    let data: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(data["resource"]["id"], "250");
    assert!(default.received.try_recv().is_err());
}

#[test]
fn lines_go_to_standard_output_and_nothing_else_does() {
    let place = Place::new();
    let (_, path) = place.connect();
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "none", "--delivery-mode", "ndjson"])
        .env("CONNECTOR_DATA", place.data())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut announced = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    while !told.contains("Ctrl-C") {
        assert!(announced.read_line(&mut told).expect("text") > 0, "it ended early: {told}");
    }
    assert!(told.contains("delivery     to standard output"), "{told}");
    let address = told.lines().find_map(|line| line.strip_prefix("listening")).expect("it is announced");
    let address: SocketAddr = address.trim().parse().expect("an address");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    for id in 1..=3 {
        // With line breaks between its tokens, which may not break the line.
        let body = order(id).replace(',', ",\r\n ");
        let headers = signed(&BC_HEX, CLIENT_SECRET, now_ms(), body.as_bytes());
        assert_eq!(exchange(address, &request(&path, &headers, body.as_bytes())).status, Some(200));
        let mut line = String::new();
        output.read_line(&mut line).expect("text");
        let event: serde_json::Value = serde_json::from_str(&line).expect("a line is an event");
        assert_eq!(event["subject"], format!("order/{id}"));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!((rest.as_str(), child.wait().expect("it ends").code()), ("", Some(0)));
    let shown = place.ok(&["activations", "list", "--state", "delivered", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["activations"].as_array().map(Vec::len), Some(3));
}

#[test]
fn workers_fetch_with_the_token_of_the_operator() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve_with(&[], &[("CONNECTOR_ADMIN_TOKEN", "hush-admin-77-hush-77")]);
    assert!(served.announced.contains("delivery     to workers that fetch"), "{}", served.announced);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    let call = |path: &str, token: &str, body: &str| {
        let headers = [("Authorization", token), ("Content-Type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        exchange(served.admin.expect("an address"), &request(path, &headers, body.as_bytes()))
    };
    assert_eq!(call("/activations/lease", "Bearer wrong", "{}").status, Some(401));
    assert_eq!(exchange(served.address, &request("/activations/lease", &[], b"{}")).status, Some(404));
    for (body, status, says) in [(r#"{"lim": 5}"#, 422, "unknown field `lim`"), ("{bad", 400, "line 1")] {
        let answer = call("/activations/lease", "Bearer hush-admin-77-hush-77", body);
        let told: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(
            (answer.status, told["error"].as_str()),
            (Some(status), Some("bad_request")),
            "{answer:?}"
        );
        assert!(told["message"].as_str().is_some_and(|message| message.contains(says)), "{told}");
    }
    let answer = call("/activations/lease", "Bearer hush-admin-77-hush-77", r#"{"limit":5,"seconds":60}"#);
    assert_eq!(answer.status, Some(200), "{answer:?}");
    let leased: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let first = &leased["activations"][0];
    let (id, lease) = (first["event"]["id"].as_str().expect("an id"), &first["lease"]);
    assert_eq!(served.metric("connector_activations{state=\"leased\"}"), 0, "metrics want the token as well");
    let ack = call(
        &format!("/activations/{id}/ack"),
        "Bearer hush-admin-77-hush-77",
        &format!(r#"{{"lease":{lease}}}"#),
    );
    assert_eq!(ack.status, Some(204), "{ack:?}");
    let shown = place.ok(&["activations", "show", id, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["state"], "delivered");
}

#[test]
fn settings_of_delivery_that_cannot_work_are_refused_with_what_to_do() {
    let place = Place::new();
    let secret = place.file("signing", SIGNING_SECRET);
    let bad = place.file("bad", "hush-not-base64!");
    let short = place.file("short", "whsec_aHVzaC1odXNo");
    let bare = place.file("bare", "aHVzaC1odXNo");
    let token = place.file("token", "hush-hush-hush-");
    for (arguments, words) in [
        (&["--delivery-mode", "mail"][..], "http, ndjson or pull"),
        (&["--delivery-mode", "http"], "--delivery-secret-file"),
        (&["--delivery-mode", "http", "--delivery-secret-file", &bad], "whsec_"),
        (&["--delivery-mode", "http", "--delivery-secret-file", &short], "fewer than 24 bytes"),
        (
            &[
                "--delivery-mode",
                "http",
                "--delivery-secret-file",
                &secret,
                "--delivery-previous-secret-file",
                &bare,
            ],
            "--delivery-previous-secret-file: cannot use this secret: its base64 holds fewer than 24 bytes",
        ),
        (
            &["--admin-token-file", &token],
            "--admin-token-file: cannot use this admin token: it has fewer than 16",
        ),
        (
            &["--delivery-mode", "http", "--delivery-secret-file", &secret, "--delivery-url", "ftp://x"],
            "neither https nor http",
        ),
        (
            &["--delivery-mode", "http", "--delivery-secret-file", &secret, "--delivery-url", "https://10.1"],
            "delivery.allowed_networks",
        ),
        (
            &[
                "--delivery-mode",
                "http",
                "--delivery-secret-file",
                &secret,
                "--delivery-allowed-networks",
                "10/8",
            ],
            "no network",
        ),
        (&["--delivery-concurrency", "0"], "1 to 10000"),
        (&["--delivery-timeout", "1ms"], "at least 100ms"),
    ] {
        let (code, _, stderr) = place.run([&["serve", "--listen", "127.0.0.1:0"][..], arguments].concat());
        assert!(code == 2 && stderr.contains(words) && !stderr.contains("hush"), "{arguments:?}: {stderr}");
    }
    let add = ["connections", "add", "--store-hash", "abc123", "--client-secret-file"];
    let (code, _, stderr) = place.run([&add[..], &[&short]].concat());
    assert!(code == 2 && stderr.contains("fewer than 24 bytes") && !stderr.contains("aHVz"), "{stderr}");
    let add = [&add[..], &[&secret]].concat();
    let (code, _, stderr) = place.run([&add[..], &["--deliver-to", "https://a:b@engine.example/"]].concat());
    assert!(code == 2 && stderr.contains("--deliver-to") && stderr.contains("user name"), "{stderr}");
}
