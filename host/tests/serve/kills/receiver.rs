//! A receiver of events, as a workflow engine has one: it takes what comes, and now and then it is not well.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver as Arriving, Sender, channel};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::StatusCode;
use tokio::runtime::Runtime;

use super::*;

/// One in so many is not taken.
const UNWELL: u32 = 100;

/// It receives until it is dropped.
pub(super) struct Receiver {
    /// The address that events are to be sent to.
    pub(super) url: String,
    arriving: Arriving<(String, usize)>,
    _runtime: Runtime,
}

impl Receiver {
    pub(super) fn start(random: &mut fastrand::Rng) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let socket = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}/events", socket.local_addr().expect("an address"));
        let (arrived, arriving) = channel();
        let state = Arc::new(Mutex::new((arrived, random.fork())));
        let take = move |body: Bytes| async move { take(&mut state.lock().expect("nobody failed"), &body) };
        let router = Router::new().route("/events", post(take));
        drop(runtime.spawn(axum::serve(socket, router).into_future()));
        Self { url, arriving, _runtime: runtime }
    }

    /// Waits until so many different events have come; those that came, in their order, repeats included.
    pub(super) fn wait_for(&self, events: usize, seed: u64) -> Arrivals {
        let (mut arrivals, mut ids) = (Arrivals::new(), HashSet::new());
        while ids.len() < events {
            let arrival = self.arriving.recv_timeout(PATIENCE);
            let (id, number) =
                arrival.unwrap_or_else(|_| panic!("{} came, and no more; seed {seed}", ids.len()));
            ids.insert(id.clone());
            arrivals.push((id, number));
        }
        arrivals
    }

    /// What has come since.
    pub(super) fn rest(&self) -> impl Iterator<Item = (String, usize)> {
        self.arriving.try_iter()
    }
}

fn take((arrived, random): &mut (Sender<(String, usize)>, fastrand::Rng), body: &[u8]) -> StatusCode {
    if random.u32(0..UNWELL) == 0 {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let event: serde_json::Value = serde_json::from_slice(body).expect("an event as JSON");
    let id = event["id"].as_str().expect("an id").to_owned();
    let number = events::number_in(&event["data"]["envelope"]);
    // Whoever listened has failed already.
    _ = arrived.send((id, number));
    StatusCode::NO_CONTENT
}
