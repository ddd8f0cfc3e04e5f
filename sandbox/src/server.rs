//! The router of all paths, and what every request can reach.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use http::StatusCode;
use tokio::sync::watch;

use crate::answer::ApiError;
use crate::api_path::{ApiPath, ApiVersion};
use crate::app::installation::App;
use crate::authentication::Accounts;
use crate::clock::StoreClock;
use crate::gateway::{self, Admission, Beginning};
use crate::quota::Quota;
use crate::request_log::{self, RequestLog};
use crate::store::Store;
use crate::webhooks::sender::Sender;
use crate::webhooks::{self, Webhooks};
use crate::{app, call, catalog, control, customers, hooks, orders, pages, store_information};

/// What every request can reach: the store, and the state of its gateway.
pub(crate) struct Shared {
    pub(crate) store_hash: String,
    pub(crate) accounts: Accounts,
    pub(crate) quota: Quota,
    pub(crate) beginning: Beginning,
    pub(crate) clock: StoreClock,
    pub(crate) log: RequestLog,
    pub(crate) store: Mutex<Store>,
    pub(crate) webhooks: Webhooks,
    pub(crate) admission: Mutex<Admission>,
    pub(crate) app: Mutex<App>,
    /// Calls the app's callbacks.
    pub(crate) callbacks: Sender,
    /// Carries no value: its sender goes away when the sandbox stops.
    pub(crate) running: watch::Receiver<()>,
}

impl Shared {
    /// The store, for as long as the guard lives; never hold it across an `await`.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// The quota's window and the faults; never hold them across an `await`.
    pub(crate) fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The app; never hold it across an `await`, nor while the store or the gateway is asked for.
    pub(crate) fn app(&self) -> MutexGuard<'_, App> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the shop is called.
    pub(crate) fn store_name(&self) -> String {
        self.store().name.clone().unwrap_or_else(|| store_information::NAME.to_owned())
    }

    /// Waits until the sandbox stops.
    pub(crate) async fn stopped(&self) {
        let mut running = self.running.clone();
        while running.changed().await.is_ok() {}
    }
}

/// Every path of the sandbox.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(catalog::routes())
        .merge(customers::routes())
        .merge(hooks::routes())
        .merge(orders::routes())
        .merge(store_information::routes())
        .merge(control::routes())
        .merge(app::routes())
        .merge(pages::routes())
        .fallback(unserved)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&shared), webhooks::tell))
        .layer(from_fn_with_state(Arc::clone(&shared), gateway::admit))
        .layer(from_fn_with_state(Arc::clone(&shared), request_log::record))
        .with_state(shared)
}

async fn unserved(request: Request) -> Response {
    ApiError::unserved().in_version(version_of(&request))
}

/// A known path with another method. axum adds the `Allow` header.
async fn wrong_method(parameters: RawPathParams, request: Request) -> Response {
    let path = request.uri().path();
    if control::is_control_path(path) {
        return control::wrong_method(path);
    }
    if ApiPath::parse(path).is_some() && call::ids(&parameters).is_none() {
        return unserved(request).await;
    }
    let title = "The sandbox does not serve this method at this path.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, title).in_version(version_of(&request))
}

fn version_of(request: &Request) -> ApiVersion {
    ApiPath::parse(request.uri().path()).map_or(ApiVersion::V3, |path| path.version)
}
