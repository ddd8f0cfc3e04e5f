//! The endpoint within this process: what becomes of deliveries where storage fails, and how it is asked for connections.

use std::collections::HashMap;
use std::sync::Mutex;

use bigcommerce_connector::CONNECTOR;
use bigcommerce_connector::signatures::{BC_HEX, STANDARD_WEBHOOKS};
use connector_runtime::SecretString;
use connector_runtime::signature::{SignatureProfile, Signer, Tolerance};
use http::header::RETRY_AFTER;
use http::{HeaderName, StatusCode};

use super::scripted_storage::{Failure, ScriptedStorage};
use super::*;
use crate::clock::Clock;
use crate::clock::stepped::Steps;
use crate::connections::tests::{connection, ring, row};
use crate::connections::{DirectoryParts, HostConnection};

const NOW_MS: i64 = 1_764_000_000_000;
const SECRET: &str = "hush-\"new\"";
const BODY: &[u8] = br#"{"scope":"store/order/created","producer":"stores/abc123","hash":"5a1e","created_at":1763999999,"data":{"type":"order","id":250}}"#;

/// Keeps what happened.
#[derive(Default)]
pub(super) struct Noted(pub(super) Mutex<Vec<Outcome>>);

impl Tally for Noted {
    fn received(&self, outcome: &Outcome, _: usize, _: Duration) {
        self.0.lock().unwrap().push(outcome.clone());
    }

    fn stored(&self, _: Duration) {}
}

/// A receiver of these connections, with a clock that stands still.
pub(super) fn receiver(
    connections: &[HostConnection],
    tolerance: Option<Tolerance>,
) -> (Arc<Receiver>, Arc<ScriptedStorage>, Arc<Noted>) {
    let storage = Arc::new(ScriptedStorage::default());
    let rows = connections.iter().zip(1..).map(|(connection, key)| row(connection, key));
    storage.rows.lock().unwrap().extend(rows);
    let parts = DirectoryParts {
        storage: storage.clone(),
        read_ring: Box::new(|| Ok(ring())),
        apps: HashMap::new(),
        tolerance,
        clock: Clock::system(),
    };
    let noted = Arc::new(Noted::default());
    let receiver = Receiver {
        connector: &CONNECTOR,
        directory: Arc::new(Directory::new(&CONNECTOR, parts)),
        storage: storage.clone(),
        clock: Steps::at(NOW_MS).clock(),
        public_url: "https://hooks.example".to_owned(),
        body_timeout: Duration::from_secs(5),
        service: None,
        tally: noted.clone(),
        accepted: Arc::default(),
    };
    (Arc::new(receiver), storage, noted)
}

pub(super) fn path(key: u8) -> String {
    format!("/webhooks/{}", hex::encode([key; 20]))
}

fn signed(profile: &'static SignatureProfile, id: &str, body: &[u8]) -> Request<Body> {
    let signer = Signer::new(profile, &SecretString::from(SECRET)).unwrap();
    let mut request = Request::post(path(1)).body(Body::from(body.to_vec())).unwrap();
    for (name, value) in signer.sign(id, "", NOW_MS, body).unwrap() {
        request.headers_mut().insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    request
}

async fn answered(receiver: &Arc<Receiver>, request: Request<Body>) -> Response {
    handle(State(receiver.clone()), request).await
}

#[tokio::test(start_paused = true)]
async fn storage_that_fails_never_gets_an_acknowledgement_and_recovers() {
    let (receiver, storage, noted) = receiver(&[connection("c1", "abc123")], None);
    let kinds = [
        (StorageErrorKind::Full, "full"),
        (StorageErrorKind::Locked, "locked"),
        (StorageErrorKind::QueueFull, "queue_full"),
        (StorageErrorKind::Corrupt, "corrupt"),
        (StorageErrorKind::Other, "other"),
    ];
    for (kind, reason) in kinds {
        storage.script.lock().unwrap().push_back(Failure::Fails(kind));
        let answer = answered(&receiver, signed(&BC_HEX, "", BODY)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{reason}");
        assert!(answer.headers().contains_key(RETRY_AFTER));
        assert_eq!(noted.0.lock().unwrap().pop(), Some(Outcome::Unavailable(reason)));
    }
    storage.script.lock().unwrap().push_back(Failure::Takes(STORAGE_LIMIT * 2));
    assert_eq!(answered(&receiver, signed(&BC_HEX, "", BODY)).await.status(), 503);
    assert_eq!(noted.0.lock().unwrap().pop(), Some(Outcome::Unavailable("slow")));

    assert!(storage.accepted.lock().unwrap().is_empty());
    assert_eq!(answered(&receiver, signed(&BC_HEX, "", BODY)).await.status(), 200);
    assert_eq!(storage.accepted.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_storage_knows_to_be_removed_is_not_found() {
    let (receiver, storage, _) = receiver(&[connection("c1", "abc123")], None);
    storage.script.lock().unwrap().push_back(Failure::Fails(StorageErrorKind::UnknownConnection));
    assert_eq!(answered(&receiver, signed(&BC_HEX, "", BODY)).await.status(), 404);
}

#[tokio::test]
async fn an_activation_holds_the_event_and_the_body_as_sent() {
    let (receiver, storage, _) = receiver(&[connection("c1", "abc123")], None);
    assert_eq!(answered(&receiver, signed(&STANDARD_WEBHOOKS, "msg_1", BODY)).await.status(), 200);
    let accepted = storage.accepted.lock().unwrap();
    let activation = accepted.values().next().unwrap();
    assert_eq!(
        *activation,
        Activation {
            id: once_id("c1", "order-created", "250"),
            connection: "c1".to_owned(),
            account: "abc123".to_owned(),
            trigger: "order-created".to_owned(),
            resource_type: Some("order".to_owned()),
            resource_id: Some("250".to_owned()),
            event_time: Some(1_763_999_999),
            received_ms: NOW_MS,
            origin: Origin::Webhook,
            envelope: Bytes::from_static(BODY),
        }
    );
}

#[tokio::test]
async fn whoever_delivers_is_woken_by_what_is_new() {
    let (receiver, _, _) = receiver(&[connection("c1", "abc123")], None);
    answered(&receiver, signed(&STANDARD_WEBHOOKS, "msg_1", BODY)).await;
    timeout(Duration::from_secs(5), receiver.accepted.notified()).await.expect("it was woken");
    answered(&receiver, signed(&STANDARD_WEBHOOKS, "msg_1", BODY)).await;
    assert!(timeout(Duration::ZERO, receiver.accepted.notified()).await.is_err(), "a repeat is nothing new");
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_ask_storage_once_at_a_time_and_not_too_often() {
    let (receiver, storage, _) = receiver(&[connection("c1", "abc123")], None);
    let unknown = || Request::post(path(9)).body(Body::empty()).unwrap();
    let all: Vec<_> = (0..100)
        .map(|_| {
            let (receiver, request) = (receiver.clone(), unknown());
            tokio::spawn(async move { answered(&receiver, request).await.status() })
        })
        .collect();
    for answer in all {
        assert_eq!(answer.await.unwrap(), 404);
    }
    let readings = *storage.readings.lock().unwrap();
    assert!(readings <= 2, "{readings}");

    // One that was added since is found at once, although somebody has just looked.
    storage.rows.lock().unwrap().push(row(&connection("c9", "abc123"), 9));
    let mut request = signed(&BC_HEX, "", BODY);
    *request.uri_mut() = path(9).parse().unwrap();
    assert_eq!(answered(&receiver, request).await.status(), 200);
}

#[tokio::test]
async fn the_secret_of_one_connection_opens_no_other() {
    let other = HostConnection {
        secrets: crate::connections::Secrets {
            client_secrets: vec![SecretString::from("hush-other")],
            ..Default::default()
        },
        ..connection("c2", "abc123")
    };
    let (receiver, storage, _) = receiver(&[connection("c1", "abc123"), other], None);
    let mut request = signed(&BC_HEX, "", BODY);
    *request.uri_mut() = path(2).parse().unwrap();
    assert_eq!(answered(&receiver, request).await.status(), 401);
    assert!(storage.accepted.lock().unwrap().is_empty());
}
