//! Workers that fetch activations instead of receiving them: an API of four calls beside the metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use connector_runtime::{SecretString, text};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use super::decision::{Attempt, Decision, Failed, decide, later};
use super::{Delivery, Ending, Prepared};
use crate::activation::CloudEvent;
use crate::activations::barrier;
use crate::members::Members;
use crate::serve::health::is_bearer;
use crate::storage::{LeaseRequest, LeaseToken, Leased, StorageError};

/// The most activations of one call.
const MOST: u32 = 100;

/// The longest lease: half a day.
const LONGEST: u64 = 12 * 60 * 60;

/// The most characters of a worker's reason that are kept.
const REASON: usize = 500;

/// What workers talk to.
pub(crate) struct Pull {
    /// What prepares events.
    pub(crate) delivery: Arc<Delivery>,
    /// What every call wants; without one there is no API.
    pub(crate) token: Option<SecretString>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseCall {
    #[serde(default = "one")]
    limit: u32,
    #[serde(default = "a_minute")]
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AckCall {
    lease: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailCall {
    lease: i64,
    /// Of a retry: how long to wait at least.
    seconds: Option<u64>,
    reason: Option<String>,
}

/// What a call says; what is wrong with it is told in the same form as everything else.
struct Call<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Call<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let body = body.map_err(|wrong| told(wrong.status(), "bad_request", &wrong.body_text()))?;
        let request = Request::from_parts(parts, Body::from(body.slice_ref(text::without_mark(&body))));
        match Json::<T>::from_request(request, state).await {
            Ok(Json(call)) => Ok(Self(call)),
            Err(wrong) => Err(told(wrong.status(), "bad_request", &wrong.body_text())),
        }
    }
}

const fn one() -> u32 {
    1
}

const fn a_minute() -> u64 {
    60
}

/// The routes: those of workers where workers fetch, and the replay in any case.
pub(crate) fn router(pull: Arc<Pull>, is_fetched: bool) -> Router {
    let workers = match is_fetched {
        true => Router::new()
            .route("/activations/lease", post(lease))
            .route("/activations/{id}/ack", post(acknowledge))
            .route("/activations/{id}/retry", post(retry))
            .route("/activations/{id}/bury", post(bury)),
        false => Router::new(),
    };
    workers
        .route("/activations/{id}/replay", post(replay))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&pull), admit))
        .with_state(pull)
}

/// Lets those through who have the token.
async fn admit(
    State(pull): State<Arc<Pull>>,
    headers: HeaderMap,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    match &pull.token {
        None => {
            let what = "set admin.token_file or CONNECTOR_ADMIN_TOKEN: these calls have to show a token";
            told(StatusCode::FORBIDDEN, "no_token", what)
        }
        Some(token) if is_bearer(&headers, token) => next.run(request).await,
        Some(_) => {
            let mut answer =
                told(StatusCode::UNAUTHORIZED, "wrong_token", "send Authorization: Bearer TOKEN");
            answer.headers_mut().insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
            answer
        }
    }
}

async fn lease(State(pull): State<Arc<Pull>>, Call(call): Call<LeaseCall>) -> Response {
    if !(1..=MOST).contains(&call.limit) || !(1..=LONGEST).contains(&call.seconds) {
        let what = format!("limit takes 1 to {MOST}, seconds take 1 to {LONGEST}");
        return told(StatusCode::BAD_REQUEST, "bad_request", &what);
    }
    let delivery = &pull.delivery;
    let request = LeaseRequest {
        limit: call.limit,
        // Workers choose how much they take.
        per_connection: u32::MAX,
        duration: Duration::from_secs(call.seconds),
        now_ms: delivery.clock.now_ms(),
    };
    let leased = match delivery.storage.lease(request).await {
        Ok(leased) => leased,
        Err(error) => return broken(&error),
    };
    let mut preparing = JoinSet::new();
    for (place, one) in leased.into_iter().enumerate() {
        let delivery = Arc::clone(delivery);
        preparing.spawn(async move { (place, prepared(&delivery, &one).await) });
    }
    let mut ready = Vec::new();
    while let Some(done) = preparing.join_next().await {
        if let Ok((place, Some(event))) = done {
            ready.push((place, event));
        }
    }
    ready.sort_by_key(|(place, _)| *place);
    let ready: Vec<Members> = ready.into_iter().map(|(_, event)| event).collect();
    answered(StatusCode::OK, &Members::default().with("activations", ready))
}

/// What a worker gets of a leased activation; nothing of one that waits for its resource.
async fn prepared(delivery: &Delivery, leased: &Leased) -> Option<Members> {
    let began = delivery.clock.instant();
    match delivery.prepare(leased).await {
        Prepared::Later(later) => {
            let ending = delivery.postpone(leased, &later).await?;
            delivery.tally.attempted(ending, delivery.clock.since(began));
            None
        }
        Prepared::Suppressed(ending) => {
            delivery.tally.attempted(ending?, delivery.clock.since(began));
            None
        }
        Prepared::Ready(full, cause) => {
            let event = CloudEvent::new(delivery.connector.id, &leased.activation, &full);
            let event = event.with_cause(cause.as_ref()).structured();
            let event: Box<RawValue> = serde_json::from_slice(&event).ok()?;
            let members = Members::default().with("lease", leased.lease.0).with("attempt", leased.attempt);
            Some(members.with("event", event))
        }
    }
}

async fn acknowledge(
    State(pull): State<Arc<Pull>>,
    Path(id): Path<String>,
    Call(call): Call<AckCall>,
) -> Response {
    let delivery = &pull.delivery;
    let noted = delivery.storage.acknowledge(&id, LeaseToken(call.lease), delivery.clock.now_ms()).await;
    conclude(delivery, &id, noted, Ending::Delivered).await
}

async fn retry(
    State(pull): State<Arc<Pull>>,
    Path(id): Path<String>,
    Call(call): Call<FailCall>,
) -> Response {
    let delivery = &pull.delivery;
    let stored = match delivery.storage.find(&id).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return unknown(&id),
        Err(error) => return broken(&error),
    };
    let failed = Failed {
        retry_after: call.seconds.map(Duration::from_secs),
        ..Failed::passing("worker", reason(call.reason.as_deref()))
    };
    let attempt = Attempt {
        number: stored.attempts,
        received_ms: stored.activation.received_ms,
        now_ms: delivery.clock.now_ms(),
        jitter: (delivery.jitter)(),
    };
    let (lease, storage) = (LeaseToken(call.lease), &delivery.storage);
    let (noted, ending) = match (decide(&failed, &attempt, delivery.settings.limits), failed.retry_after) {
        (Decision::Bury, _) => {
            (storage.bury(&id, lease, &failed.text, attempt.now_ms).await, Ending::Dead("worker"))
        }
        // A worker that says when means it.
        (Decision::RetryAt(_), Some(wait)) => {
            let moment = later(attempt.now_ms, wait.min(Duration::from_secs(2 * LONGEST)));
            (
                storage.retry_later(&id, lease, moment, &failed.text, attempt.now_ms).await,
                Ending::Failed("worker"),
            )
        }
        (Decision::RetryAt(moment), None) => (
            storage.retry_later(&id, lease, moment, &failed.text, attempt.now_ms).await,
            Ending::Failed("worker"),
        ),
    };
    conclude(delivery, &id, noted, ending).await
}

async fn bury(State(pull): State<Arc<Pull>>, Path(id): Path<String>, Call(call): Call<FailCall>) -> Response {
    let delivery = &pull.delivery;
    let reason = reason(call.reason.as_deref());
    let noted = delivery.storage.bury(&id, LeaseToken(call.lease), &reason, delivery.clock.now_ms()).await;
    conclude(delivery, &id, noted, Ending::Dead("worker")).await
}

/// Makes an activation due now: one that is finished, or that waits for its time.
async fn replay(State(pull): State<Arc<Pull>>, Path(id): Path<String>) -> Response {
    let delivery = &pull.delivery;
    match delivery.storage.replay(&id, delivery.clock.now_ms()).await {
        Ok(true) => {
            delivery.wake.notify_one();
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => match delivery.storage.find(&id).await {
            Ok(Some(stored)) => {
                let what = format!("cannot replay {id}: {}", barrier(&stored));
                told(StatusCode::CONFLICT, "not_replayable", &what)
            }
            Ok(None) => unknown(&id),
            Err(error) => broken(&error),
        },
        Err(error) => broken(&error),
    }
}

fn reason(given: Option<&str>) -> String {
    let given: String = given.unwrap_or_default().chars().take(REASON).collect();
    match given.trim() {
        "" => "a worker gave it back".to_owned(),
        given => given.to_owned(),
    }
}

async fn conclude(
    delivery: &Delivery,
    id: &str,
    noted: Result<bool, StorageError>,
    ending: Ending,
) -> Response {
    match noted {
        Ok(true) => {
            delivery.tally.attempted(ending, Duration::ZERO);
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => match delivery.storage.find(id).await {
            Ok(Some(_)) => {
                delivery.tally.attempted(Ending::Lost, Duration::ZERO);
                let what =
                    "the lease is not the last one of this activation, or it was finished: drop the work";
                told(StatusCode::CONFLICT, "lease_lost", what)
            }
            Ok(None) => unknown(id),
            Err(error) => broken(&error),
        },
        Err(error) => broken(&error),
    }
}

fn unknown(id: &str) -> Response {
    told(StatusCode::NOT_FOUND, "unknown_activation", &format!("there is no activation {id:?}"))
}

fn broken(error: &StorageError) -> Response {
    tracing::error!(%error, "a call about activations could not be served");
    told(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the storage does not answer: try again")
}

fn told(status: StatusCode, error: &str, message: &str) -> Response {
    answered(status, &Members::default().with("error", error).with("message", message))
}

fn answered(status: StatusCode, members: &Members) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], members.to_json()).into_response()
}
