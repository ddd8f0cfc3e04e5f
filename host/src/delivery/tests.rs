//! Delivery within this process: a real database, real sockets, a receiver that does as it is told, and a clock that stands
//! still until a test moves it.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use ::http::{HeaderMap, StatusCode};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bigcommerce_connector::CONNECTOR;
use bytes::Bytes;
use connector_runtime::SecretString;
use connector_runtime::pacing::Gates;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::decision::Limits;
use super::guard::{Address, Networks};
use super::http::{Form, HttpSinkParts};
use super::signing::Signature;
use super::*;
use crate::activation::tests::activation;
use crate::clock::Clock;
use crate::clock::stepped::Steps;
use crate::connections::tests::{connection, ring, row};
use crate::connections::{DirectoryParts, HostConnection};
use crate::storage::{Activation, ActivationState, SqliteOptions, SqliteStorage, StoredActivation};

mod own;
mod pulled;
mod resources;
mod sent;

const SECRET: &str = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXct";
const START: i64 = 1_764_000_000_123;

/// What a receiver got.
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver: answers with what was scripted, else 200.
struct Receiver {
    address: SocketAddr,
    script: Arc<Mutex<VecDeque<Response>>>,
    received: mpsc::UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

type Shared = (Arc<Mutex<VecDeque<Response>>>, mpsc::UnboundedSender<Received>);

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (note, received) = mpsc::unbounded_channel();
        let script = Arc::<Mutex<VecDeque<Response>>>::default();
        let router = Router::new().fallback(any(receive)).with_state((Arc::clone(&script), note));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, script, received, task }
    }

    fn will_answer(&self, status: u16, headers: &[(&'static str, &'static str)]) {
        let mut answer = StatusCode::from_u16(status).unwrap().into_response();
        for (name, value) in headers {
            answer.headers_mut().insert(*name, value.parse().unwrap());
        }
        self.script.lock().unwrap().push_back(answer);
    }

    async fn next(&mut self) -> Received {
        self.received.recv().await.unwrap()
    }

    fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State((script, note)): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    note.send(Received { headers, body }).unwrap();
    let scripted = script.lock().unwrap().pop_front();
    scripted.unwrap_or_else(|| StatusCode::OK.into_response())
}

struct Told(mpsc::UnboundedSender<Ending>);

impl DeliveryTally for Told {
    fn attempted(&self, ending: Ending, _: Duration) {
        // A test that has seen enough does not listen any more.
        let _ = self.0.send(ending);
    }
}

/// What delivers in a test.
struct Post {
    delivery: Arc<Delivery>,
    now: Arc<AtomicI64>,
    endings: mpsc::UnboundedReceiver<Ending>,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

fn networks(texts: &[&str]) -> Networks {
    texts.iter().map(|text| text.parse::<IpNet>().unwrap()).collect()
}

fn sink(url: Option<&str>, form: Form, allowed: &[&str]) -> HttpSink {
    HttpSink::new(HttpSinkParts {
        default: url.map(|url| Address::parse(url).unwrap()),
        form,
        signature: Signature::new(&[SecretString::from(SECRET)]).unwrap(),
        allowed: networks(allowed),
        timeout: Duration::from_secs(10),
    })
    .unwrap()
}

fn local(receiver: &Receiver) -> Sink {
    Sink::Http(sink(Some(&receiver.url()), Form::Structured, &["127.0.0.0/8"]))
}

impl Post {
    async fn new(connections: &[HostConnection], full_resource: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connector.sqlite");
        let sqlite = Arc::new(SqliteStorage::open(&path, SqliteOptions::default()).unwrap());
        let storage: Arc<dyn Storage> = sqlite.clone();
        for (one, key) in connections.iter().zip(1..) {
            storage.put_connection(row(one, key)).await.unwrap();
        }
        let directory = Arc::new(Directory::new(
            &CONNECTOR,
            DirectoryParts {
                storage: Arc::clone(&storage),
                read_ring: Box::new(|| Ok(ring())),
                apps: HashMap::new(),
                tolerance: None,
                clock: Clock::system(),
            },
        ));
        assert_eq!(directory.refresh().await.unwrap(), []);
        let (told, endings) = mpsc::unbounded_channel();
        let now = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&now);
        let clock = Steps::reading(clock).clock();
        let installs = Arc::<SqliteStorage>::clone(&sqlite);
        let lifecycle =
            Lifecycle::new(Arc::clone(&storage), installs, Some(Arc::clone(&directory)), clock.clone());
        let delivery = Delivery {
            connector: &CONNECTOR,
            lifecycle: Arc::new(lifecycle),
            storage,
            directory,
            reader: Reader::new(&CONNECTOR, Gates::new()).unwrap(),
            loops: Loops { changes: sqlite, remember: Duration::from_secs(600) },
            settings: Rest {
                lease: Duration::from_secs(30),
                full_resource,
                limits: Limits { attempts: 200, age: Duration::from_secs(48 * 3600) },
                concurrency: 8,
                per_connection: 8,
            },
            clock,
            jitter: Box::new(|| 1.0),
            wake: Arc::default(),
            tally: Arc::new(Told(told)),
        };
        let stop = watch::Sender::new(false);
        Self { delivery: Arc::new(delivery), now, endings, stop, _folder: folder }
    }

    fn start(&self, sink: Sink) -> JoinHandle<bool> {
        tokio::spawn(Arc::clone(&self.delivery).run(sink, self.stop.subscribe(), Duration::from_secs(10)))
    }

    async fn accept(&self, activations: &[Activation]) {
        self.delivery.storage.accept(activations.iter().cloned().map(Into::into).collect()).await.unwrap();
        self.delivery.wake.notify_one();
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        self.delivery.wake.notify_one();
    }

    async fn next(&mut self) -> Ending {
        self.endings.recv().await.unwrap()
    }

    async fn find(&self, id: &str) -> StoredActivation {
        self.delivery.storage.find(id).await.unwrap().unwrap()
    }

    async fn state(&self, id: &str) -> ActivationState {
        self.find(id).await.state
    }
}

/// An activation about a resource of its own.
fn about(id: &str, resource: &str) -> Activation {
    Activation { resource_id: Some(resource.to_owned()), ..activation(id) }
}
