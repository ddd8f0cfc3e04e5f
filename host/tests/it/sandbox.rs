//! The store as a program of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::SecretString;
use connector_runtime::signature::{SignatureProfile, Verifier};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Invocation, Store, TOKEN, assert_contains};

/// A running `connector sandbox`, ended with the test whatever happens.
struct Served {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already in a test that went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a store and reads what it announces.
fn serve(arguments: &[&str]) -> (Served, String) {
    serve_in(arguments, &[])
}

fn serve_in(arguments: &[&str], variables: &[(&str, &str)]) -> (Served, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
        .arg("sandbox")
        .args(arguments)
        .env_remove("CONNECTOR_SANDBOX_ACCESS_TOKEN")
        .env_remove("CONNECTOR_SANDBOX_CLIENT_SECRET")
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut announced = String::new();
    while !announced.contains("Ctrl-C") {
        let read = output.read_line(&mut announced).expect("the output is text");
        assert!(read > 0, "it ended early:\n{announced}");
    }
    (Served { child, output }, announced)
}

#[cfg(unix)]
#[test]
fn the_line_it_prints_works_and_a_signal_stops_it_in_order() {
    let (mut served, announced) = serve(&["--store-hash", "shop7", "--quota", "9"]);
    assert_contains(&announced, &["http://127.0.0.1:", "shop7", "9 requests"]);
    let line =
        announced.lines().find_map(|line| line.strip_prefix("try it")).expect("it prints a call").trim();
    let (ok, said) = shell(line, &[]);
    assert!(ok && said.contains("Copper Pour-Over Kettle"), "{line}\n{said}");
    // The line about the control API needs curl, which is not everywhere.
    let control =
        announced.lines().find_map(|line| line.strip_prefix("control")).expect("it shows how").trim();
    if shell("curl --version", &[]).0 {
        assert_eq!(shell(control, &[]), (true, String::new()));
        assert_contains(&shell(line, &[]).1, &["error[server]", "502"]);
    } else {
        shell(line, &[]);
    }

    let killed =
        Command::new("kill").args(["-TERM", &served.child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let mut rest = String::new();
    served.output.read_to_string(&mut rest).expect("the output is text");
    assert_eq!(rest, "stopped; requests received: 2\n");
    assert_eq!(served.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn refuses_settings_that_no_store_can_have() {
    let too_long = "a".repeat(65);
    for arguments in
        [["--store-hash", "A B"], ["--store-hash", &too_long], ["--quota", "0"], ["--window-ms", "0"]]
    {
        let text = Invocation::new().args(["sandbox"]).args(arguments).run().failed_with(2);
        assert_contains(&text, &["error[usage]: the sandbox option", "sandbox --help` shows"]);
    }
}

/// The words after `label` in what a store announces.
#[cfg(unix)]
fn announced<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(label)).expect("it is announced").trim()
}

/// What a shell says to `line`.
#[cfg(unix)]
fn shell(line: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("NO_PROXY", "127.0.0.1").envs(variables.iter().copied());
    let run = command.output().expect("a shell");
    let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    (run.status.success(), text)
}

#[cfg(unix)]
#[test]
fn misbehaviour_and_faults_follow_from_flags_and_come_back_with_a_reset() {
    let flags = "--seed 7 --foreign-requests 75 --foreign-every 2 --left-lags-by 3 --sliding-window \
                 --rejections-count --throttles-with-500 --retry-after-missing --slow-ms 1 --fresh-is-missing-ms 20 --token-revoked \
                 --fault-rate 0.25 --headers-missing-rate 0.5 --headers-nonsense-rate 0.75 \
                 --webhook-duplicate-rate 0.1 --webhook-late-rate 0.2 --webhook-late-ms 500 --webhook-reorder-rate 0.3 \
                 --webhook-forged-rate 0.4 --webhook-repeat-rate 0.6 --fault bad_gateway_page --fault slow:3:50";
    let (_served, text) = serve(&flags.split_whitespace().collect::<Vec<_>>());
    let origin = announced(&text, "origin");
    let expected = serde_json::json!({
        "foreign_requests": 75, "foreign_every": 2, "left_lags_by": 3, "sliding_window": true,
        "rejections_count": true, "throttles_with_500": true, "retry_after_missing": true, "slow_ms": 1, "fresh_is_missing_ms": 20,
        "token_revoked": true, "fault_rate": 0.25, "headers_missing_rate": 0.5, "headers_nonsense_rate": 0.75,
        "webhook_duplicate_rate": 0.1, "webhook_late_rate": 0.2, "webhook_late_ms": 500,
        "webhook_reorder_rate": 0.3, "webhook_forged_rate": 0.4, "webhook_repeat_rate": 0.6,
    });
    let read = |path: &str| -> serde_json::Value {
        let answer = request(origin, "GET", path);
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("headers end").1).expect("JSON")
    };
    let faults = serde_json::json!([
        {"fault": "bad_gateway_page", "times": 1}, {"fault": "slow", "times": 3, "milliseconds": 50},
    ]);
    for _ in 0..2 {
        assert_eq!(read("/_sandbox/misbehaviour"), expected);
        assert_eq!(read("/_sandbox/faults"), faults);
        request(origin, "DELETE", "/_sandbox/misbehaviour");
        request(origin, "DELETE", "/_sandbox/faults");
        assert_eq!(read("/_sandbox/misbehaviour")["foreign_requests"], 0);
        assert_eq!(read("/_sandbox/faults"), serde_json::json!([]));
        request(origin, "POST", "/_sandbox/reset");
    }
}

#[cfg(unix)]
#[test]
fn the_app_and_the_faults_of_its_token_follow_from_flags() {
    let flags = "--app-name Ledger --client-id abc123 --auth-callback http://127.0.0.1:9/auth?a=b \
                 --load-callback https://ledger.example/load --uninstall-callback https://ledger.example/uninstall \
                 --remove-user-callback https://ledger.example/remove --scopes store_v2_products,store_v2_content \
                 --app-not-installed --token-fault html_page:2 --token-fault gzip";
    let (_served, text) = serve(&flags.split_whitespace().collect::<Vec<_>>());
    let origin = announced(&text, "origin");
    assert_eq!(announced(&text, "client id"), "abc123");
    assert_eq!(announced(&text, "install"), format!("{origin}/app/abc123/install"));
    assert_contains(&text, &["none before the app is installed"]);
    let read = |path: &str| -> serde_json::Value {
        let answer = request(origin, "GET", path);
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("headers end").1).expect("JSON")
    };
    assert_eq!(
        read("/_sandbox/app"),
        serde_json::json!({
            "name": "Ledger", "client_id": "abc123", "auth_callback": "http://127.0.0.1:9/auth?a=b",
            "load_callback": "https://ledger.example/load",
            "uninstall_callback": "https://ledger.example/uninstall",
            "remove_user_callback": "https://ledger.example/remove",
            "scopes": ["store_v2_products", "store_v2_content"],
            "is_installed": false, "granted": null, "needs_consent": false, "callbacks": [],
        })
    );
    assert_eq!(
        read("/_sandbox/token_faults"),
        serde_json::json!([{"fault": "html_page", "times": 2}, {"fault": "gzip", "times": 1}])
    );
}

/// The answer to a request without a body, headers included.
#[cfg(unix)]
fn request(origin: &str, method: &str, path: &str) -> String {
    post(origin, method, path, "", "")
}

/// The answer to a request with this token and JSON body, headers included.
#[cfg(unix)]
fn post(origin: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let address = origin.strip_prefix("http://").expect("the sandbox speaks HTTP");
    let mut stream = std::net::TcpStream::connect(address).expect("the sandbox listens");
    let length = body.len();
    let headers =
        format!("X-Auth-Token: {token}\r\nContent-Type: application/json\r\nContent-Length: {length}");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n\r\n{body}"
    )
    .expect("the sandbox reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text");
    answer
}

#[cfg(unix)]
#[test]
fn a_token_of_ones_own_is_never_shown_and_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("token");
    std::fs::write(&path, format!("{TOKEN}\n")).expect("it is writable");
    let (_served, text) = serve(&["--access-token-file", path.to_str().expect("the path is UTF-8")]);
    assert!(!text.contains(TOKEN), "{text}");
    let (ok, said) = shell(announced(&text, "try it"), &[]);
    assert!(ok && said.contains("Copper Pour-Over Kettle"), "{said}");

    let variables = [("CONNECTOR_SANDBOX_ACCESS_TOKEN", TOKEN)];
    let (_served, text) = serve_in(&[], &variables);
    assert!(!text.contains(TOKEN), "{text}");
    assert!(!shell(announced(&text, "try it"), &[]).0, "the token is needed");
    let (ok, said) = shell(announced(&text, "try it"), &variables);
    assert!(ok && said.contains("Copper Pour-Over Kettle"), "{said}");
}

/// Takes one delivery off a listener and acknowledges it: its headers and its body.
#[cfg(unix)]
fn delivery(listener: &TcpListener) -> (HeaderMap, Vec<u8>) {
    let mut stream = BufReader::new(listener.accept().expect("a delivery").0);
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("headers are text");
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        if line == "\r\n" {
            break;
        }
    }
    let length = headers["content-length"].to_str().expect("digits").parse().expect("a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a whole body");
    write!(stream.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("it reads");
    (headers, body)
}

#[cfg(unix)]
#[test]
fn webhooks_come_to_this_machine_signed_with_a_secret_that_is_never_shown() {
    const SECRET: &str = "a-client-secret-of-ones-own";
    const OWN_SECRET: &str = "the-secret-of-the-store-account";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{text}\n")).expect("it is writable");
        path.to_str().expect("the path is UTF-8").to_owned()
    };
    let (app, token, own) = (file("app", SECRET), file("token", "own-token"), file("own", OWN_SECRET));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let hook = format!(r#"{{"scope": "store/order/created", "destination": "http://127.0.0.1:{port}/in"}}"#);
    let common =
        ["--webhook-local", "--store-account-token-file", &token, "--store-account-secret-file", &own];
    let check =
        |mut served: Served, text: &str, token: &str, profile: &'static SignatureProfile, secret: &str| {
            assert!(!text.contains(SECRET) && !text.contains(OWN_SECRET), "{text}");
            let origin = announced(text, "origin");
            let made = post(origin, "POST", "/stores/sandbox1/v3/hooks", token, &hook);
            assert!(made.starts_with("HTTP/1.1 200"), "{made}");
            let taken = listener.try_clone().expect("a second handle");
            let taken = std::thread::spawn(move || delivery(&taken));
            assert!(request(origin, "POST", "/_sandbox/orders").starts_with("HTTP/1.1 201"));
            let list = request(origin, "GET", "/_sandbox/deliveries?wait=settled");
            assert!(list.contains(r#""state":"delivered""#), "{list}");
            let (headers, body) = taken.join().expect("a delivery");
            let verifier = Verifier::new(&[profile], &[SecretString::from(secret)]).expect("a verifier");
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
            let verified = verifier.verify(&headers, "", &body, i64::try_from(now).expect("a time"));
            assert!(verified.is_ok(), "{verified:?}");
            served.child.kill().expect("it runs");
        };
    let flags = [&common[..], &["--client-secret-file", &app, "--webhook-profile", "bc-hex"]].concat();
    let (served, text) = serve(&flags);
    let app_token = announced(&text, "access token").split(' ').next().expect("a token").to_owned();
    check(served, &text, &app_token, &BC_HEX, SECRET);
    let variables = [("CONNECTOR_SANDBOX_CLIENT_SECRET", SECRET)];
    let (served, text) = serve_in(&common, &variables);
    check(served, &text, &app_token, &STANDARD_WEBHOOKS, SECRET);
    let (served, text) = serve_in(&common, &variables);
    check(served, &text, "own-token", &STANDARD_WEBHOOKS, OWN_SECRET);
    // A secret that nobody chose opens nothing, and is told.
    let (served, text) = serve(&common);
    let secret = announced(&text, "client secret").split(' ').next().expect("a secret");
    check(served, &text, &app_token, &STANDARD_WEBHOOKS, secret);
}

#[test]
fn a_wrong_fault_or_rate_names_what_can_be_given() {
    let said = |flags: [&str; 2]| Invocation::new().args(["sandbox"]).args(flags).run().failed_with(2);
    assert_contains(&said(["--fault", "earthquake"]), &["bad_gateway_page", "slow"]);
    assert_contains(&said(["--fault", "hang:1:50"]), &["only slow takes milliseconds"]);
    assert_contains(&said(["--fault-rate", "10"]), &["a number from 0 to 1"]);
    assert_contains(&said(["--webhook-profile", "sha1"]), &["bc-hex", "standard-webhooks"]);
    assert_contains(&said(["--webhook-time-scale", "0"]), &["time_scale", "above 0"]);
    assert_contains(&said(["--webhook-late-rate", "1"]), &["--webhook-late-ms"]);
    assert_contains(&said(["--store-account-token-file", "a"]), &["--store-account-secret-file"]);
    assert_contains(&said(["--access-token-file", "no/such/file"]), &["no/such/file", "sandbox --help`"]);
}

#[test]
fn the_help_explains_every_flag_and_fault() {
    let help = Invocation::new().args(["sandbox", "--help"]).run().ok();
    for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
        let flag = line.split_whitespace().next().expect("a flag");
        let after = help.split_once(line).expect("it is there").1;
        let explained = after.lines().find(|line| !line.trim().is_empty()).expect("a line follows");
        assert!(!explained.trim_start().starts_with("--"), "{flag} is not explained");
    }
    assert_contains(
        &help,
        &["- gateway_timeout: 504", "- slow: the true answer, late", "--foreign-every <N>"],
    );
}

#[test]
fn a_port_in_use_is_told() {
    let store = Store::start();
    let origin = store.sandbox().origin();
    let port = origin.rsplit(':').next().expect("an origin has a port");
    let text = Invocation::new().args(["sandbox", "--port", port]).run().failed_with(1);
    assert_contains(&text, &["cannot listen on 127.0.0.1:", "in use"]);
}

#[test]
fn the_help_names_the_methods_of_the_control_api() {
    let help = Invocation::new().args(["sandbox", "--help"]).run().ok();
    assert_contains(&help, &["GET, PUT, DELETE", "/_sandbox/misbehaviour: ", "/_sandbox/reset: "]);
}
