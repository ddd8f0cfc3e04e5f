//! The endpoint that webhooks are sent to: each is verified over its raw bytes before anything reads them, and answered
//! 200 only once what it starts is on disk. What it says of a delivery, in an answer or a log, holds none of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use connector_runtime::{Connector, Event, ServiceEvent, Trigger, Webhooks, text};
use http::request::Parts;
use http::{HeaderMap, Method, Request};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::clock::Clock;
use crate::connections::{Directory, Live};
use crate::storage::{
    Activation, Arrival, Identity, Origin, Receipt, Storage, StorageError, StorageErrorKind, StorageFuture,
    activation_id, once_id,
};

mod body;
mod outcome;
mod request_id;
#[cfg(test)]
mod scripted_storage;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub(crate) use outcome::{OUTCOMES, Outcome};

use body::Unread;

/// The most bytes of a body: deliveries have a few hundred.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

/// How long storage may take before the sender is asked to come back: he would not wait much longer himself.
const STORAGE_LIMIT: Duration = Duration::from_secs(10);

/// Where what happens is counted.
pub(crate) trait Tally: Send + Sync {
    /// A delivery was answered, after so many bytes of body and so long.
    fn received(&self, outcome: &Outcome, body: usize, took: Duration);
    /// Storage took so long to accept.
    fn stored(&self, took: Duration);
}

/// Who acts on events that are for the host itself.
pub(crate) trait ServiceEvents: Send + Sync {
    /// The account has ended the connection, so many seconds after the epoch; it is on disk when the future ends.
    fn uninstalled(&self, connection: &str, time: Option<i64>) -> StorageFuture<'_, ()>;
    /// Deliveries to the connection fail, or one of its webhooks was switched off: what was told of it, for people.
    fn failing(&self, connection: &str, told: &str) -> StorageFuture<'_, ()>;
}

/// What receives deliveries.
pub(crate) struct Receiver {
    /// Whose webhooks they are.
    pub(crate) connector: &'static Connector,
    /// The connections.
    pub(crate) directory: Arc<Directory>,
    /// Where activations go.
    pub(crate) storage: Arc<dyn Storage>,
    /// The time.
    pub(crate) clock: Clock,
    /// The address that others know this host by, without a slash at its end.
    pub(crate) public_url: String,
    /// How long a body may take.
    pub(crate) body_timeout: Duration,
    /// Acts on events that are for the host itself; none where nobody keeps webhooks.
    pub(crate) service: Option<Arc<dyn ServiceEvents>>,
    /// Counts.
    pub(crate) tally: Arc<dyn Tally>,
    /// Wakes whoever delivers, where something new is on disk.
    pub(crate) accepted: Arc<Notify>,
}

/// What was found out about a delivery besides its outcome, for the log.
#[derive(Default)]
struct Notes {
    connection: Option<String>,
    activations: Vec<String>,
    body: usize,
}

/// The routes of the endpoint.
pub(crate) fn router(receiver: Arc<Receiver>) -> Router {
    Router::new()
        .route("/webhooks/{key}", any(handle))
        .route("/webhooks/{key}/service", any(handle))
        .fallback(elsewhere)
        .with_state(receiver)
}

/// The address of a connection's webhooks.
pub(crate) fn webhook_url(public_url: &str, webhook_key: &str) -> String {
    format!("{public_url}/webhooks/{webhook_key}")
}

/// The key in the path of a webhook, and what follows the key. A key has no character that would need an escape.
fn key_of(path: &str) -> (&str, &'static str) {
    let (path, apart) = match path.strip_suffix("/service") {
        Some(path) => (path, "/service"),
        None => (path, ""),
    };
    (path.rsplit('/').next().unwrap_or_default(), apart)
}

/// Whether a request goes to the webhook address of a connection that `directory` knows. `base` is the path of the public
/// address, without a slash at its end.
pub(crate) fn is_of_known(directory: &Directory, base: &str, method: &Method, path: &str) -> bool {
    let below = path.strip_prefix(base).and_then(|path| path.strip_prefix("/webhooks/"));
    method == Method::POST && below.is_some_and(|_| directory.is_known(key_of(path).0))
}

async fn handle(State(receiver): State<Arc<Receiver>>, request: Request<Body>) -> Response {
    let began = receiver.clock.instant();
    let (head, mut body) = request.into_parts();
    let mut notes = Notes::default();
    let outcome = receiver.receive(&head, &mut body, &mut notes).await;
    receiver.conclude(&outcome, &head.headers, &notes, began);
    if !outcome.has_read_body() {
        body::linger(body, &head.headers);
    }
    outcome.response()
}

async fn elsewhere(State(receiver): State<Arc<Receiver>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    receiver.conclude(&Outcome::UnknownPath, &head.headers, &Notes::default(), receiver.clock.instant());
    body::linger(body, &head.headers);
    Outcome::UnknownPath.response()
}

impl Receiver {
    async fn receive(&self, head: &Parts, body: &mut Body, notes: &mut Notes) -> Outcome {
        if head.method != Method::POST {
            return Outcome::WrongMethod;
        }
        let (key, apart) = key_of(head.uri.path());
        let entry = match self.directory.find(key).await {
            Ok(Some(entry)) => entry,
            Ok(None) => return Outcome::UnknownConnection,
            Err(error) => return Outcome::unavailable(error.kind()),
        };
        notes.connection = Some(entry.id().to_owned());
        let live = match &entry.state {
            Ok(live) => live,
            Err(_) => return Outcome::Unusable,
        };
        if body::announced(&head.headers).is_some_and(|length| length > BODY_LIMIT) {
            return Outcome::TooLarge;
        }
        let bytes = match timeout(self.body_timeout, body::read(body, BODY_LIMIT)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(Unread::TooLarge)) => return Outcome::TooLarge,
            Ok(Err(Unread::Broken)) => return Outcome::BrokenBody,
            Err(_) => return Outcome::SlowBody,
        };
        notes.body = bytes.len();
        let url = format!("{}{apart}", webhook_url(&self.public_url, key));
        self.judge(live, &head.headers, &url, bytes, notes).await
    }

    /// What becomes of a delivery that was read whole.
    async fn judge(
        &self,
        live: &Live,
        headers: &HeaderMap,
        url: &str,
        body: Bytes,
        notes: &mut Notes,
    ) -> Outcome {
        let now_ms = self.clock.now_ms();
        let verified = match live.verifier.verify(headers, url, &body, now_ms) {
            Ok(verified) => verified,
            Err(rejected) => return Outcome::Rejected(rejected.reason()),
        };
        let Some(webhooks) = self.connector.webhooks else { return Outcome::UnknownConnection };
        let event = match webhooks.event(&verified) {
            Ok(event) => event,
            Err(fault) => return Outcome::no_event(fault),
        };
        // The signature is of the bytes as they came; the event is kept as text.
        let body = body.slice_ref(text::without_mark(&body));
        // Apps sign for all their accounts with one secret: the signature does not tell them apart.
        if event.account != live.connection.account {
            return Outcome::Rejected("other_account");
        }
        let service = match self.serve(webhooks, live, &event, &body).await {
            Ok(service) => service,
            Err(error) => return Outcome::unavailable(error.kind()),
        };
        let wanted = self.connector.triggers.iter();
        let wanted = wanted.filter(|trigger| trigger.event == event.name && live.connection.wants(trigger));
        let arrivals: Vec<Arrival> =
            wanted.map(|trigger| arrival(live, trigger, &event, &body, now_ms)).collect();
        if arrivals.is_empty() {
            return if service { Outcome::Service } else { Outcome::Unwanted };
        }
        self.store(arrivals, notes).await
    }

    /// Acts on an event that is for the host itself; whether it was one.
    async fn serve(
        &self,
        webhooks: &Webhooks,
        live: &Live,
        event: &Event,
        body: &[u8],
    ) -> Result<bool, StorageError> {
        let Some(service) = &self.service else { return Ok(false) };
        let is = |known: Option<ServiceEvent>| known.is_some_and(|known| known.event == event.name);
        if is(webhooks.uninstalled) {
            service.uninstalled(&live.connection.id, event.time).await?;
        } else if is(webhooks.failing) {
            service.failing(&live.connection.id, &told(webhooks, body)).await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    async fn store(&self, arrivals: Vec<Arrival>, notes: &mut Notes) -> Outcome {
        let began = self.clock.instant();
        let stored = timeout(STORAGE_LIMIT, self.storage.accept(arrivals)).await;
        self.tally.stored(self.clock.since(began));
        match stored {
            Ok(Ok(receipts)) => {
                let new = receipts.iter().filter(|receipt| receipt.is_new).count();
                if new > 0 {
                    self.accepted.notify_one();
                }
                let repeated = receipts.len() - new;
                notes.activations = receipts.into_iter().map(|Receipt { id, .. }| id).collect();
                Outcome::Accepted { new, repeated }
            }
            Ok(Err(error)) if error.kind() == StorageErrorKind::UnknownConnection => {
                Outcome::UnknownConnection
            }
            Ok(Err(error)) => {
                if !error.is_temporary() {
                    tracing::error!(%error, "the storage fails");
                }
                Outcome::unavailable(error.kind())
            }
            Err(_) => Outcome::Unavailable("slow"),
        }
    }

    fn conclude(&self, outcome: &Outcome, headers: &HeaderMap, notes: &Notes, began: Instant) {
        let took = self.clock.since(began);
        self.tally.received(outcome, notes.body, took);
        let (word, reason, status) = (outcome.word(), outcome.reason(), outcome.status().as_u16());
        let connection = notes.connection.as_deref().unwrap_or_default();
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    request_id = %request_id::of(headers),
                    outcome = word,
                    reason,
                    status,
                    connection,
                    activations = %notes.activations.join(" "),
                    bytes = notes.body,
                    microseconds,
                    "webhook"
                )
            };
        }
        match outcome {
            Outcome::Accepted { .. } | Outcome::Unwanted | Outcome::UnknownPath => tell!(debug),
            Outcome::Unavailable(_) | Outcome::Unusable => tell!(warn),
            _ => tell!(info),
        }
    }
}

/// What an event tells beside which resource it is about, for people: the plain values that stand beside it. Bounded, since
/// whoever signs it chooses it.
fn told(webhooks: &Webhooks, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let (place, _) = webhooks.event.resource.rsplit_once('.').unwrap_or_default();
    let beside =
        place.split('.').filter(|name| !name.is_empty()).try_fold(&body, |value, name| value.get(name));
    let known =
        [webhooks.event.resource, webhooks.event.id].map(|path| path.rsplit('.').next().unwrap_or_default());
    let members = beside.and_then(Value::as_object).into_iter().flatten();
    let members = members.filter(|(name, _)| !known.contains(&name.as_str()));
    let words = members.filter_map(|(name, value)| match value {
        Value::String(text) => Some(format!("{name}: {text}")),
        Value::Number(number) => Some(format!("{name}: {number}")),
        _ => None,
    });
    words.collect::<Vec<_>>().join("; ").chars().filter(|one| !one.is_control()).take(300).collect()
}

/// The activation of a trigger by an event. What happens once to a resource is recognised by the resource, whatever the
/// delivery had.
fn arrival(live: &Live, trigger: &Trigger, event: &Event, body: &Bytes, now_ms: i64) -> Arrival {
    let connection = &live.connection;
    let by_key = |key: &str| activation_id(&connection.id, trigger.id, key);
    let once = event.id.as_ref().filter(|_| trigger.happens_once);
    let (identity, id) = match (once, event.signed_ms) {
        (Some(resource), _) => (Identity::Once, once_id(&connection.id, trigger.id, resource)),
        (None, Some(signed_ms)) => {
            let key = Sha256::digest(&event.dedupe_key).into();
            (Identity::Signed { key, signed_ms }, String::new())
        }
        (None, None) => (Identity::Id, by_key(&event.dedupe_key)),
    };
    let former_id = Some(by_key(&event.former_key)).filter(|former| *former != id);
    let activation = Activation {
        id,
        connection: connection.id.clone(),
        account: connection.account.clone(),
        trigger: trigger.id.to_owned(),
        resource_type: event.resource.clone(),
        resource_id: event.id.clone(),
        event_time: event.time,
        received_ms: now_ms,
        origin: Origin::Webhook,
        envelope: body.clone(),
    };
    Arrival { activation, identity, former_id }
}
