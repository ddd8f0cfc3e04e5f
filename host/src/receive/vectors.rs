//! The endpoint over real HTTP against webhook cases that were computed elsewhere, where they are present.

use std::path::Path;

use base64::Engine as _;
use connector_runtime::SecretString;
use connector_runtime::signature::Tolerance;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::tests::{path, receiver};
use super::*;
use crate::connections::tests::connection;
use crate::connections::{ConnectionSettings, HostConnection, Secrets};

/// The cases, below the folder that `CONNECTOR_SHARED` names, seen from the root of the project, or below `../shared`.
fn cases() -> Option<Value> {
    let named = std::env::var_os("CONNECTOR_SHARED").unwrap_or_else(|| "../shared".into());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named).join("vectors/webhook.json");
    let text = std::fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).expect("JSON"))
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so, and how many cases hold")]
async fn every_case_computed_elsewhere_is_answered_as_it_should_be() {
    let Some(vectors) = cases() else {
        return eprintln!("left out: the webhook cases are not present");
    };
    assert_eq!(vectors["now_ms"], 1_764_000_000_000_i64, "the clock of the tests");
    let cases = vectors["cases"].as_array().expect("cases");
    for case in cases {
        check(&vectors, case).await;
    }
    eprintln!("{} cases hold over HTTP", cases.len());
}

async fn check(vectors: &Value, case: &Value) {
    let limit = Duration::from_millis(vectors["tolerance_ms"].as_u64().expect("milliseconds"));
    let rotation = case["secrets"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect());
    let secrets: Vec<&str> =
        rotation.unwrap_or_else(|| vec![vectors["client_secret"].as_str().expect("a secret")]);
    let account = vectors["store_hash"].as_str().expect("a store");
    let connection = HostConnection {
        settings: ConnectionSettings {
            triggers: bigcommerce_connector::CONNECTOR
                .triggers
                .iter()
                .map(|trigger| trigger.id.to_owned())
                .collect(),
            ..ConnectionSettings::default()
        },
        secrets: Secrets {
            client_secrets: secrets.into_iter().map(SecretString::from).collect(),
            ..Secrets::default()
        },
        ..connection("c1", account)
    };
    let (receiver, storage, noted) =
        receiver(&[connection], Some(Tolerance { max_age: limit, max_ahead: limit }));
    let status = deliver(router(receiver), case).await;
    let stored = storage.accepted.lock().unwrap().len();
    let outcome = noted.0.lock().unwrap().pop();
    let about_the_event = case["must_not_activate"] == true;
    match case["verdict"].as_str().expect("a verdict") {
        "accept" => {
            let is_wanted = !matches!(outcome, Some(Outcome::Unwanted));
            assert_eq!((status, stored), (200, usize::from(is_wanted)), "{outcome:?} {case}");
            // Of the scopes in the cases, one has no trigger.
            assert!(is_wanted || case["scope"].is_string(), "{case}");
        }
        "reject" if about_the_event => assert_eq!((status, stored), (400, 0), "{outcome:?} {case}"),
        "reject" => assert_eq!((status, stored), (401, 0), "{outcome:?} {case}"),
        "either" => assert!(status < 500 && (status == 200) == (stored == 1), "{status} {case}"),
        other => panic!("unknown verdict {other}"),
    }
}

/// Sends a case over a socket, its headers byte for byte, and reads the status.
async fn deliver(router: Router, case: &Value) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let body = case["body_b64"].as_str().expect("base64");
    let body = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
    let mut head = format!("POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", path(1));
    for pair in case["headers"].as_array().expect("headers") {
        head += &format!("{}: {}\r\n", pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value"));
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(&[head.as_bytes(), &body].concat()).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    server.abort();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}
