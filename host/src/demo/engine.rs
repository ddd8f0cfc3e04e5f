//! What stands in for a workflow engine: it takes activations over HTTP, believes only those that are signed, and takes each
//! once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use connector_runtime::SecretString;
use connector_runtime::signature::Verifier;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::stage::text;
use crate::clock::now_ms;
use crate::delivery::signing::PROFILE;
use crate::failure::Failure;
use crate::members::Members;
use crate::serve::broken;

/// A running engine; it ends with the demo.
pub(super) struct Engine {
    address: String,
    arrivals: mpsc::UnboundedReceiver<Activation>,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

/// What every delivery meets.
struct Desk {
    verifier: Verifier,
    arrived: mpsc::UnboundedSender<Activation>,
    /// Whether it keeps whoever delivers waiting.
    is_busy: watch::Sender<bool>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    ids: BTreeSet<String>,
    repeats: u32,
    refused: u32,
}

/// An activation in the form of a CloudEvent.
pub(super) struct Activation {
    /// The attributes, and the data last.
    pub(super) event: Members,
    /// The whole resource, where it came along.
    pub(super) full: Members,
}

impl Engine {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) async fn start(secret: &SecretString) -> Result<Self, Failure> {
        let verifier = Verifier::new(&[&PROFILE], std::slice::from_ref(secret));
        let verifier = verifier.map_err(|error| broken("the engine's secret", &error))?;
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(|error| broken("the engine cannot listen", &error))?;
        let address = listener.local_addr().map_err(|error| broken("the engine's address", &error))?;
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let (is_busy, _) = watch::channel(false);
        let desk = Arc::new(Desk { verifier, arrived, is_busy, seen: Mutex::default() });
        let router = Router::new().route("/events", post(take)).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            // By its documentation it never ends with an error.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { address: format!("http://{address}/events"), arrivals, desk, server })
    }

    /// Where activations go.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The next activation, as soon as it is there; never one that came before.
    pub(super) async fn next(&mut self) -> Option<Activation> {
        self.arrivals.recv().await
    }

    /// Whether anything lies there that nobody has looked at.
    pub(super) fn has_more(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// From now on whoever delivers waits for the answer, or no longer.
    pub(super) fn keep_waiting(&self, is_busy: bool) {
        self.desk.is_busy.send_replace(is_busy);
    }

    /// How many came whose signature was wrong, and how many were there before.
    pub(super) fn refused_and_repeated(&self) -> (u32, u32) {
        let seen = self.desk.seen();
        (seen.refused, seen.repeats)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Verifies before anything is read, drops what was there before, and answers once it has the rest.
async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let is_ours = desk.verifier.verify(&headers, "", &body, now_ms()).is_ok();
    let Some(activation) = Activation::read(&body).filter(|_| is_ours) else {
        desk.seen().refused += 1;
        return StatusCode::UNAUTHORIZED;
    };
    let is_new = {
        let mut seen = desk.seen();
        let is_new = seen.ids.insert(activation.attribute("id"));
        seen.repeats += u32::from(!is_new);
        is_new
    };
    // The demo ends where nobody listens.
    if is_new && desk.arrived.send(activation).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let mut is_busy = desk.is_busy.subscribe();
    drop(is_busy.wait_for(|is_busy| !is_busy).await);
    StatusCode::OK
}

impl Activation {
    fn read(body: &[u8]) -> Option<Self> {
        let event: Members = serde_json::from_slice(body).ok()?;
        let data: Members = event.get("data")?;
        let full = data.get("full").unwrap_or_default();
        Some(Self { event, full })
    }

    /// An attribute of the event; empty where there is none.
    pub(super) fn attribute(&self, name: &str) -> String {
        text(&self.event, name)
    }

    /// The trigger, without the connector in front of it.
    pub(super) fn trigger(&self) -> String {
        let kind = self.attribute("type");
        kind.split_once('/').map_or(kind.clone(), |(_, trigger)| trigger.to_owned())
    }

    /// What of the whole resource tells most, in a line.
    pub(super) fn summary(&self) -> String {
        let field = |name: &str| text(&self.full, name);
        match self.attribute("subject").split('/').next().unwrap_or_default() {
            "order" => {
                let (items, total, currency) =
                    (field("items_total"), field("total_inc_tax"), field("currency_code"));
                format!("{}, items: {items}, {} {currency}", field("status"), money(&total))
            }
            "product" => format!("{}, price {}", field("name"), field("price")),
            "customer" => format!("{} {}, {}", field("first_name"), field("last_name"), field("email")),
            _ => String::new(),
        }
    }

    /// What a program is told of it.
    pub(super) fn facts(&self) -> Members {
        let mut facts = Members::default().with("trigger", self.trigger());
        for name in ["id", "type", "subject", "time", "origin", "account"] {
            facts = facts.with(name, self.attribute(name));
        }
        facts.with("summary", self.summary()).with("full", &self.full)
    }
}

/// An amount with the two digits that people read; the store writes four.
pub(super) fn money(text: &str) -> String {
    let amount: Option<connector_runtime::Decimal> = text.parse().ok();
    amount.map_or_else(|| text.to_owned(), |amount| format!("{amount:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::signing::Signature;

    async fn deliver(engine: &Engine, secret: &SecretString, body: &'static [u8]) -> u16 {
        let signature = Signature::new(std::slice::from_ref(secret)).unwrap();
        let mut request =
            reqwest::Client::builder().no_proxy().build().unwrap().post(engine.address()).body(body);
        for (name, value) in signature.headers("e1", now_ms(), body).unwrap() {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn an_activation_is_believed_when_it_is_signed_and_taken_once() {
        let secret = |letter: &str| SecretString::from(format!("whsec_{}", letter.repeat(64)));
        let mut engine = Engine::start(&secret("a")).await.unwrap();
        let body = br#"{"id": "e1", "type": "acme/order-created", "subject": "order/7", "data": {"full": {"id": 7, "status": "New",
            "items_total": 2, "total_inc_tax": "19.5000", "currency_code": "EUR"}}}"#;
        assert_eq!(deliver(&engine, &secret("b"), body).await, 401);
        assert!(!engine.has_more());
        assert_eq!(deliver(&engine, &secret("a"), b"{}").await, 401, "no event");
        assert_eq!(deliver(&engine, &secret("a"), body).await, 200);
        assert_eq!(deliver(&engine, &secret("a"), body).await, 200);
        let activation = engine.next().await.unwrap();
        assert_eq!(
            (activation.trigger().as_str(), activation.attribute("id").as_str()),
            ("order-created", "e1")
        );
        assert_eq!(activation.summary(), "New, items: 2, 19.50 EUR");
        assert!(!engine.has_more());
        assert_eq!(engine.refused_and_repeated(), (2, 1));
    }
}
