//! The pages on which a person connects accounts and looks after them, and the callbacks of an installation. What a
//! stranger is told holds nothing of what is stored.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{get, post};
use connector_runtime::pacing::Gates;
use connector_runtime::{Connector, SecretString};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::connections::{About, Lifecycle, OPERATOR, ReadRing, VENDOR};
use crate::scopes::ScopeTable;
use crate::serve::config::AppClient;
use crate::storage::{InstallStorage, Storage};
use crate::token_bucket::Bucket;
use crate::token_exchange::TokenExchange;

mod accounts;
mod arriving;
mod begin;
mod callbacks;
mod disconnect;
mod event;
mod forms;
mod guard;
mod hooks;
mod installing;
mod once;
mod one;
mod overview;
mod paste;
mod session;
mod sign_in;
mod view;

pub(crate) use hooks::{Hooks, Unmanaged};

use session::Sessions;

/// The most bytes of a form.
const FORM_LIMIT: usize = 16 * 1024;

/// What the pages stand on.
pub(crate) struct PortalParts {
    /// What can be connected.
    pub(crate) connector: &'static Connector,
    /// Connections and what happens to them.
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// What opens secrets.
    pub(crate) read_ring: ReadRing,
    /// The client secrets of each app, the newest first.
    pub(crate) apps: HashMap<String, Vec<SecretString>>,
    /// The apps that accounts can be connected through.
    pub(crate) clients: BTreeMap<String, AppClient>,
    /// The quotas of accounts.
    pub(crate) gates: Gates,
    /// The webhooks at the vendor.
    pub(crate) hooks: Arc<dyn Hooks>,
    /// The time.
    pub(crate) clock: Clock,
    /// What signs in; nobody can where there is none.
    pub(crate) admin_token: Option<SecretString>,
    /// Where sessions are kept.
    pub(crate) sessions: PathBuf,
    /// The address that others know this host by, without a slash at its end.
    pub(crate) public_url: String,
}

/// The pages, ready to be served.
pub(crate) struct Portal {
    parts: PortalParts,
    scopes: ScopeTable,
    exchange: TokenExchange,
    sessions: Sessions,
    /// Wrong tokens at the sign-in page.
    wrong_tokens: Bucket,
    /// Forms of people who are signed in.
    forms: Bucket,
    /// Callbacks that are verified at once.
    callbacks: Bucket,
    /// Callbacks for which the vendor is asked.
    exchanges: Bucket,
    /// The path of the public address, in front of every link.
    base: String,
}

impl Portal {
    /// The pages on these parts.
    ///
    /// # Errors
    /// When the system's TLS roots cannot be read.
    pub(crate) fn new(parts: PortalParts) -> Result<Self, reqwest::Error> {
        let is_secure = parts.public_url.starts_with("https:");
        let path =
            parts.public_url.parse::<http::Uri>().map(|url| url.path().trim_end_matches('/').to_owned());
        Ok(Self {
            scopes: ScopeTable::of(parts.connector),
            exchange: TokenExchange::new()?,
            sessions: Sessions::open(is_secure, parts.admin_token.clone(), parts.sessions.clone()),
            wrong_tokens: Bucket::new(10.0, 1.0 / 6.0),
            forms: Bucket::new(60.0, 5.0),
            callbacks: Bucket::new(200.0, 50.0),
            exchanges: Bucket::new(40.0, 4.0),
            base: path.unwrap_or_default(),
            parts,
        })
    }

    fn now_ms(&self) -> i64 {
        self.parts.clock.now_ms()
    }

    fn instant(&self) -> Instant {
        self.parts.clock.instant()
    }

    /// An address of ours, for links and redirects.
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Where the vendor sends the browser after an installation.
    fn redirect_uri(&self, app: &str) -> String {
        format!("{}/callbacks/{app}/auth", self.parts.public_url)
    }

    /// Connections and activations.
    fn storage(&self) -> &dyn Storage {
        &*self.parts.lifecycle.storage
    }

    /// Installations that wait, and the audit log.
    fn installs(&self) -> &dyn InstallStorage {
        &*self.parts.lifecycle.installs
    }

    /// Notes what happened.
    async fn note(&self, event: &str, actor: &str, about: About<'_>, detail: &str) {
        self.parts.lifecycle.note(event, actor, about, detail).await;
    }
}

/// The routes of pages and callbacks.
pub(crate) fn router(portal: Arc<Portal>) -> Router {
    Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/connections", get(overview::list))
        .route("/connections/new", get(begin::choose))
        .route("/connections/paste", get(paste::page).post(paste::paste))
        .route("/connections/{id}", get(one::page))
        .route("/connections/{id}/triggers", post(one::triggers))
        .route("/connections/{id}/check", post(one::check))
        .route("/connections/{id}/events/{event}", get(event::page))
        .route("/connections/{id}/disconnect", get(disconnect::confirm).post(disconnect::disconnect))
        .route("/connect/{app}", get(begin::page).post(begin::begin))
        .route("/installs/adopt", post(overview::adopt))
        .route("/installs/refuse", post(overview::refuse))
        .route("/audit", get(overview::audit))
        .route("/callbacks/{app}/auth", get(callbacks::auth))
        .route("/callbacks/{app}/{name}", get(callbacks::lifecycle))
        .route("/assets/style.css", get(view::style))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(map_response(guard::with_headers))
        .with_state(portal)
}
