//! What machines ask the service about itself: whether it is alive, whether it can take webhooks, and its metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use connector_runtime::pacing::Gates;
use connector_runtime::{ExposeSecret as _, SecretString};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::timeout;

use super::tally::{Counts, Now};
use crate::clock::Clock;
use crate::connections::Directory;
use crate::delivery::lines::Output;
use crate::metrics::prometheus_text;
use crate::storage::{Storage, StorageCounts, StorageError, StorageErrorKind};
use crate::token_bucket::Bucket;

/// How long storage may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a webhook that storage refused speaks against it. Senders are asked to stay away as long, so that without a
/// later one it would never be ready again where they are kept off what is not.
const REFUSAL: Duration = Duration::from_secs(10);

/// What there is to ask about.
pub(super) struct Health {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) directory: Arc<Directory>,
    pub(super) counts: Arc<Counts>,
    pub(super) clock: Clock,
    pub(super) is_stopping: watch::Receiver<bool>,
    /// What is known of the quotas of accounts.
    pub(super) gates: Gates,
    /// What `/metrics` wants.
    pub(super) token: Option<SecretString>,
    /// Where events are written as lines; `None` if they go elsewhere.
    pub(super) output: Option<Arc<Output>>,
}

/// Whether the service is alive and ready: for everybody.
pub(super) fn public_router(health: Arc<Health>) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(health)
}

/// The same and the metrics: for operators.
pub(super) fn admin_router(health: Arc<Health>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(&health)).merge(public_router(health))
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    let not = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    if *health.is_stopping.borrow() {
        return not("stopping");
    }
    let reason = match health.stored().await {
        Some(Ok(stored)) if stored.is_full => Some("full"),
        Some(Ok(_)) => health.counts.refusal(REFUSAL),
        Some(Err(error)) if error.kind() == StorageErrorKind::Replaced => Some("replaced"),
        Some(Err(_)) | None => return not("the storage does not answer"),
    };
    if let Some(reason) = reason {
        return not(&format!("the storage takes no webhooks: {reason}"));
    }
    match health.output.as_ref().and_then(|output| output.trouble()) {
        Some(trouble) => not(&format!("output: {trouble}")),
        None => (StatusCode::OK, "ready\n".to_owned()),
    }
}

async fn metrics(State(health): State<Arc<Health>>, headers: HeaderMap) -> Response {
    if !health.may_read(&headers) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    }
    let now = Now {
        storage: health.stored().await.and_then(Result::ok),
        directory: health.directory.counts(),
        is_draining: *health.is_stopping.borrow(),
        now_ms: health.clock.now_ms(),
    };
    let text = health.counts.text(&now) + prometheus_text(&health.gates.reports()).as_str();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

impl Health {
    /// `None` when it takes too long.
    async fn stored(&self) -> Option<Result<StorageCounts, StorageError>> {
        timeout(PATIENCE, self.storage.counts()).await.ok()
    }

    fn may_read(&self, headers: &HeaderMap) -> bool {
        self.token.as_ref().is_none_or(|token| is_bearer(headers, token))
    }
}

/// How many wrong tokens may be shown at once, and in each second after them.
const GUESSES: (f64, f64) = (50.0, 5.0);

/// Ends guessing at the address of operators: after too many wrong tokens none is looked at, be it right.
pub(super) fn guarded(router: Router, clock: Clock) -> Router {
    let guesses = Arc::new(Bucket::new(GUESSES.0, GUESSES.1));
    router.layer(from_fn(move |request: Request, next: Next| {
        let (guesses, clock) = (Arc::clone(&guesses), clock.clone());
        async move {
            let is_open = ["/healthz", "/readyz"].contains(&request.uri().path());
            if !is_open && !guesses.has_one(clock.instant()) {
                return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "10")]).into_response();
            }
            let response = next.run(request).await;
            if response.status() == StatusCode::UNAUTHORIZED {
                guesses.take(clock.instant());
            }
            response
        }
    }))
}

/// Whether a request shows this token.
pub(crate) fn is_bearer(headers: &HeaderMap, token: &SecretString) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    // Digests, so that the time of the comparison tells nothing of the token.
    let digest = |bytes: &[u8]| Sha256::digest(bytes);
    given.is_some_and(|given| digest(given) == digest(token.expose_secret().as_bytes()))
}
