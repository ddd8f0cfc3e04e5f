//! What every request of the management API passes before its resource: store, token, faults, quota.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use crate::answer::{ApiError, missing_scope};
use crate::api_path::{ApiPath, ApiVersion};
use crate::app::registration::AppOptions;
use crate::app::scopes;
use crate::app::token_fault::TokenFault;
use crate::call::{Caller, UrlFails};
use crate::fault::{Fault, FaultQueue, Stage, truncated};
use crate::misbehaviour::Misbehaviour;
use crate::quota::{Meter, Quota, Standing};
use crate::rate_headers::RateHeaders;
use crate::request_log::MeteredIn;
use crate::server::Shared;

/// The layer around all paths of the management API; others pass through.
///
/// An unknown store is a 404 as any wrong path is, an unknown token a 401; neither is told anything of the
/// store's quota. Faults meet only requests that carry the store's token.
pub(crate) async fn admit(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let Some(path) = ApiPath::parse(request.uri().path()) else {
        return next.run(request).await;
    };
    let version = path.version;
    if path.store_hash != shared.store_hash {
        return ApiError::new(StatusCode::NOT_FOUND, "There is no store with this hash.").in_version(version);
    }
    let habits = shared.admission().misbehaviour;
    tokio::select! {
        () = shared.clock.wait(Duration::from_millis(habits.slow_ms.into())) => {}
        () = shared.stopped() => return shutting_down(version),
    }
    let caller = {
        let app = shared.app();
        let caller = shared.accounts.caller(request.headers(), app.installation.as_ref());
        let allows = |granted| scopes::allows(granted, version, request.method(), path.resource);
        caller.map(|(client_id, granted)| (client_id, granted.is_none_or(allows)))
    };
    let Some((client_id, is_allowed)) = caller.filter(|_| !habits.token_revoked) else {
        let title = "The access token is missing, or it is not one of this store.";
        return ApiError::new(StatusCode::UNAUTHORIZED, title).in_version(version);
    };
    request.extensions_mut().insert(Caller(client_id));
    let decision = shared.admission().decide(&shared.quota, shared.clock.now());
    let mut response = match decision.fault {
        _ if decision.is_exhausted() && habits.throttles_with_500 => throttled_with_500(version),
        _ if decision.is_exhausted() => too_many_requests(),
        _ if !is_allowed && decision.is_answered_by_the_api(version) => missing_scope(version),
        Some(fault) => faulty(fault, version, &shared, request, next).await,
        None => next.run(request).await,
    };
    let limited = decision.fault == Some(Fault::LimitedWithQuotaLeft);
    if let Some(standing) = decision.standing {
        let standing = if limited { standing.turned_away() } else { standing };
        standing.write_to(response.headers_mut());
        decision.headers.apply(response.headers_mut());
        response.extensions_mut().insert(MeteredIn(standing.number));
    }
    response
}

/// How a store begins: what misbehaves from the start, what chance is drawn from, and its app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    pub(crate) seed: u64,
    pub(crate) misbehaviour: Misbehaviour,
    pub(crate) faults: Vec<(Fault, u32)>,
    pub(crate) token_faults: Vec<(TokenFault, u32)>,
    pub(crate) app: AppOptions,
}

/// What changes from request to request: the quota's window and the faults to come.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// The faults to come.
    pub(crate) faults: FaultQueue,
    /// What lasts.
    pub(crate) misbehaviour: Misbehaviour,
    meter: Meter,
    seed: u64,
    /// How many requests carried the store's token.
    requests: u64,
}

/// What becomes of a request that carries the store's token.
struct Decision {
    /// The fault that meets the request.
    fault: Option<Fault>,
    /// The quota's state; `None` where a fault in front of the API keeps the request from being counted.
    standing: Option<Standing>,
    /// Whether the headers tell of that state.
    headers: RateHeaders,
}

impl Decision {
    /// Whether no fault answers in the place of the API.
    fn is_answered_by_the_api(&self, version: ApiVersion) -> bool {
        self.fault.is_none_or(|fault| fault.answer(version).is_none())
    }

    fn is_exhausted(&self) -> bool {
        self.standing.is_some_and(|standing| !standing.admitted)
    }
}

impl Admission {
    /// A store that begins in this way and has answered nothing.
    pub(crate) fn new(beginning: &Beginning) -> Self {
        let Beginning { seed, misbehaviour, faults, .. } = beginning;
        let mut admission = Self { seed: *seed, misbehaviour: *misbehaviour, ..Self::default() };
        for (fault, times) in faults {
            admission.faults.push(*fault, *times);
        }
        admission
    }

    /// How many requests the quota has left at `now`.
    pub(crate) fn left(&self, quota: &Quota, now: Duration) -> u32 {
        // A copy counts one more, which the store itself does not.
        let standing = self.meter.clone().admit(quota, &self.misbehaviour, now);
        standing.left_before()
    }

    /// Counts a request made at `now` and picks its fault: the next in the queue, else one by chance. A request
    /// beyond the quota leaves the queued faults of the API to the next one.
    fn decide(&mut self, quota: &Quota, now: Duration) -> Decision {
        let drawn = Fault::drawn(self.seed, self.requests, self.misbehaviour.fault_rate);
        let headers = RateHeaders::drawn(self.seed, self.requests, &self.misbehaviour);
        self.requests += 1;
        let queued = self.faults.peek();
        if let Some(fault) = queued.or(drawn).filter(|fault| fault.stage() == Stage::Edge) {
            self.faults.pop();
            return Decision { fault: Some(fault), standing: None, headers };
        }
        let standing = self.meter.admit(quota, &self.misbehaviour, now);
        let fault = if standing.admitted { self.faults.pop().or(drawn) } else { None };
        Decision { fault, standing: Some(standing), headers }
    }
}

/// The 429 of a used-up quota, in the v3 shape on every path: no other shape of it is documented.
fn too_many_requests() -> Response {
    let title = "The store's requests of this time window are used up.";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, title).in_version(ApiVersion::V3)
}

/// The 500 of a used-up quota.
fn throttled_with_500(version: ApiVersion) -> Response {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Too many requests.").in_version(version)
}

/// The answer of a request that meets `fault`.
async fn faulty(
    fault: Fault,
    version: ApiVersion,
    shared: &Shared,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(answer) = fault.answer(version) {
        return answer;
    }
    if let Fault::Slow { milliseconds } = fault {
        let wait = shared.clock.wait(Duration::from_millis(milliseconds.into()));
        tokio::select! {
            () = wait => {}
            () = shared.stopped() => return shutting_down(version),
        }
    }
    if fault == Fault::UrlNotSaved {
        request.extensions_mut().insert(UrlFails);
    }
    let response = next.run(request).await;
    match fault {
        Fault::TruncatedBody => truncated(response).await,
        Fault::GatewayTimeout => {
            ApiError::new(StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout").in_version(version)
        }
        Fault::Hang => {
            shared.stopped().await;
            shutting_down(version)
        }
        _ => response,
    }
}

fn shutting_down(version: ApiVersion) -> Response {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The sandbox is shutting down.").in_version(version)
}

#[cfg(test)]
mod tests {
    use super::{Admission, Beginning, Duration, Fault, Misbehaviour, Quota};
    use crate::rate::Rate;

    const QUOTA: Quota = Quota { requests: 1, window: Duration::from_secs(30) };

    #[test]
    fn a_fault_in_front_of_the_api_costs_nothing() {
        let mut admission = Admission::default();
        admission.faults.push(Fault::BadGatewayPage, 1);
        assert!(admission.decide(&QUOTA, Duration::ZERO).standing.is_none());
        let next = admission.decide(&QUOTA, Duration::ZERO);
        assert!(next.fault.is_none() && !next.is_exhausted());
    }

    #[test]
    fn a_fault_of_the_api_waits_for_a_request_within_the_quota() {
        let mut admission = Admission::default();
        admission.decide(&QUOTA, Duration::ZERO);
        admission.faults.push(Fault::Forbidden, 1);
        let turned_away = admission.decide(&QUOTA, Duration::ZERO);
        assert!(turned_away.is_exhausted() && turned_away.fault.is_none());
        assert_eq!(admission.decide(&QUOTA, QUOTA.window).fault, Some(Fault::Forbidden));
    }

    #[test]
    fn faults_by_chance_come_behind_those_that_were_asked_for() {
        let rate = Rate::new(1.0).expect("a rate");
        let misbehaviour = Misbehaviour { fault_rate: rate, ..Misbehaviour::default() };
        let faults = vec![(Fault::Hang, 2)];
        let mut admission =
            Admission::new(&Beginning { seed: 1, misbehaviour, faults, ..Beginning::default() });
        let roomy = Quota { requests: 9, ..QUOTA };
        let mut met = || admission.decide(&roomy, Duration::ZERO).fault;
        assert_eq!([met(), met()], [Some(Fault::Hang); 2]);
        assert_eq!([met(), met()], [2, 3].map(|request| Fault::drawn(1, request, rate)));
    }
}
