//! An API that answers as it was told, tells what it was asked, and may hold an answer back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::*;

/// An answer that is still to be given.
struct Scripted {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    /// Held back until something comes, or the other side is gone.
    release: Option<mpsc::Receiver<()>>,
}

/// The API.
pub(super) struct Api {
    pub(super) origin: String,
    script: Arc<Mutex<VecDeque<Scripted>>>,
    asked: Mutex<mpsc::Receiver<String>>,
    _runtime: tokio::runtime::Runtime,
}

type Shared = (Arc<Mutex<VecDeque<Scripted>>>, mpsc::Sender<String>);

impl Api {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (note, asked) = mpsc::channel();
        let script = Arc::<Mutex<VecDeque<Scripted>>>::default();
        let router = Router::new().fallback(any(answer)).with_state((Arc::clone(&script), note));
        runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { origin, script, asked: Mutex::new(asked), _runtime: runtime }
    }

    pub(super) fn will_answer(
        &self,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
    ) {
        self.push(Scripted { status, headers: headers.to_vec(), body, release: None });
    }

    /// An answer that is given once the sender says so.
    pub(super) fn will_answer_later(&self, status: u16, body: &'static str) -> mpsc::Sender<()> {
        let (tell, release) = mpsc::channel();
        self.push(Scripted { status, headers: Vec::new(), body, release: Some(release) });
        tell
    }

    fn push(&self, scripted: Scripted) {
        self.script.lock().expect("a script").push_back(scripted);
    }

    /// Method and path of the next request.
    #[track_caller]
    pub(super) fn next(&self) -> String {
        self.asked.lock().expect("a channel").recv_timeout(PATIENCE).expect("a request")
    }

    /// Whether it was asked anything that was not looked at.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.lock().expect("a channel").try_recv().is_ok()
    }
}

async fn answer(
    State((script, note)): State<Shared>,
    method: Method,
    uri: Uri,
    _: HeaderMap,
    _: Bytes,
) -> Response {
    let scripted = script.lock().expect("a script").pop_front();
    // The test may have seen enough.
    let _ = note.send(format!("{method} {uri}"));
    let Some(scripted) = scripted else { return StatusCode::NOT_IMPLEMENTED.into_response() };
    if let Some(release) = scripted.release {
        let waiting = tokio::task::spawn_blocking(move || release.recv_timeout(PATIENCE));
        let _ = waiting.await.expect("it waits");
    }
    let status = StatusCode::from_u16(scripted.status).expect("a status");
    let mut response = (status, scripted.body).into_response();
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in scripted.headers {
        response.headers_mut().insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_static(value),
        );
    }
    response
}
