//! What the vendor calls: the end of an installation, and what happens to it later. Nothing is believed that is neither
//! signed nor confirmed by the vendor itself.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::{Caller, SecretString};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};

use super::accounts::Broken;
use super::arriving::{Outcome, one};
use super::installing::person;
use super::view::{state, with_policy};
use super::{About, Portal, VENDOR, guard};
use crate::callback_token::{self, CallbackToken};
use crate::connections::{Notes, Uninstalled, Whose};
use crate::serve::config::AppClient;
use crate::storage::ConnectionRow;

/// The parameters of a callback.
pub(super) type Pairs = Query<Vec<(String, String)>>;

/// The end of an installation.
pub(super) async fn auth(
    State(portal): State<Arc<Portal>>,
    Path(app): Path<String>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    let (Some(client), Some(grant)) = (portal.parts.clients.get(&app), portal.parts.connector.oauth2) else {
        return portal.nothing();
    };
    let who = match portal.sessions.find(&headers, portal.now_ms()).await {
        Ok(who) => who,
        Err(error) => return portal.broken(&Broken::new("a session", error)),
    };
    let arrived = Arc::clone(&portal).arrived(app.clone(), client.clone(), grant, pairs.clone(), who);
    // A browser that hangs up, as on a double click, does not end the exchange.
    let (is_ours, outcome) = match tokio::spawn(arrived).await {
        Ok(ended) => ended,
        Err(error) => return portal.broken(&Broken::new("an installation", error)),
    };
    if let Err(problem) = &outcome {
        tracing::warn!(app, class = problem.word, is_ours, "an installation came to nothing");
    }
    // Where it began at a link elsewhere, the vendor shows how it ended. Where it began here, it ends here.
    let external = grant.external.filter(|external| pairs.iter().any(|(name, _)| name == external.parameter));
    if let Some(external) = external.filter(|_| !is_ours) {
        let page = if outcome.is_ok() { external.succeeded } else { external.failed };
        return Redirect::to(&portal.vendor_link(client, page)).into_response();
    }
    match outcome {
        Ok(Outcome::Connected(row)) if is_ours => {
            Redirect::to(&portal.at(&format!("/connections/{}", row.id))).into_response()
        }
        Ok(Outcome::Connected(row)) => portal.framed(client, "Connected", &portal.summary(&row)),
        Ok(Outcome::Waits) => portal.framed(client, "Installed", &portal.waits()),
        Err(problem) if is_ours => portal.told(problem.status, "Nothing was connected", &problem.text),
        Err(problem) => {
            let content = html! { p role="alert" { (problem.text) } };
            let response = portal.framed(client, "Nothing was connected", &content);
            (problem.status, response).into_response()
        }
    }
}

/// What happens to an installation later.
pub(super) async fn lifecycle(
    State(portal): State<Arc<Portal>>,
    Path((app, name)): Path<(String, String)>,
    Query(pairs): Pairs,
) -> Response {
    let known = portal.parts.connector.callbacks.and_then(|callbacks| {
        let (_, caller) = callbacks.routes.iter().find(|(known, _)| *known == name)?;
        Some((callbacks, *caller))
    });
    let (Some(client), Some((callbacks, caller))) = (portal.parts.clients.get(&app), known) else {
        return portal.nothing();
    };
    if !portal.callbacks.take(portal.instant()) {
        return portal.too_often();
    }
    let secrets = portal.parts.apps.get(&app).map_or(&[] as &[SecretString], Vec::as_slice);
    let text = one(&pairs, callbacks.parameter).unwrap_or_default();
    let now_s = portal.now_ms().div_euclid(1000);
    let verified = callback_token::verify(portal.parts.connector, &client.client_id, secrets, text, now_s);
    let token = match verified {
        Ok(token) => token,
        Err(refused) => {
            tracing::warn!(app, callback = name, reason = refused.word(), "a callback was refused");
            return match caller {
                Caller::Browser => {
                    let text = "This page opens from the vendor's control panel. Open the app there again.";
                    portal.told(StatusCode::UNAUTHORIZED, "That link is not valid", text)
                }
                Caller::Server => StatusCode::UNAUTHORIZED.into_response(),
            };
        }
    };
    match (name.as_str(), caller) {
        ("uninstall", _) => portal.uninstalled(&app, &token).await,
        ("remove_user", _) => portal.user_removed(&app, &token, text).await,
        (_, Caller::Browser) => portal.loaded(&app, client, &token).await,
        // The vendor tells more than we know what to do about.
        (_, Caller::Server) => StatusCode::OK.into_response(),
    }
}

impl Portal {
    async fn uninstalled(&self, app: &str, token: &CallbackToken) -> Response {
        let told = Uninstalled {
            of: Whose::App { account: &token.account, app },
            callback: Some(token.id.as_deref().unwrap_or_default()),
            at: Some(token.issued),
        };
        match self.parts.lifecycle.uninstalled(told).await {
            Ok(_) => StatusCode::OK.into_response(),
            Err(error) => {
                tracing::error!(%error, "an uninstallation could not be stored");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    async fn user_removed(&self, app: &str, token: &CallbackToken, text: &str) -> Response {
        // Only of accounts that are known, and of a person once for each token: the log grows by what is signed alone.
        let noted = async {
            let Some(row) = self.row_of(&token.account, Some(app)).await? else { return Ok::<_, Broken>(()) };
            let person = person(Some(&token.user));
            let note = self.note("user_removed", VENDOR, About::row(&row), &person);
            self.once_for(text, &token.account, note).await
        };
        match noted.await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(error) => {
                tracing::error!(%error, "a callback could not be answered");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    async fn loaded(&self, app: &str, client: &AppClient, token: &CallbackToken) -> Response {
        let found = async {
            let row = self.row_of(&token.account, Some(app)).await?;
            let waits = row.is_none() && self.waiting(&token.account, app).await?.is_some();
            Ok::<_, Broken>((row, waits))
        };
        match found.await {
            Ok((Some(row), _)) => self.framed(client, "Your connection", &self.summary(&row)),
            Ok((None, true)) => self.framed(client, "Installed", &self.waits()),
            Ok((None, false)) => {
                let content =
                    html! { p role="status" { "This account is not connected. Install the app again." } };
                self.framed(client, "Not connected", &content)
            }
            Err(error) => self.broken(&error),
        }
    }

    /// A page that the vendor's control panel shows in a frame.
    fn framed(&self, client: &AppClient, title: &str, content: &Markup) -> Response {
        let frames = self.parts.connector.callbacks.map_or(&[] as &[_], |callbacks| callbacks.frames);
        let policy = guard::framed_by(frames, client.base_url.as_deref());
        with_policy(self.page(title, None, content), &policy)
    }

    /// What the people of an account see of their connection: nothing that another may not know.
    fn summary(&self, row: &ConnectionRow) -> Markup {
        let notes = Notes::of_row(row);
        let standing = notes.scopes.as_ref().map(|granted| self.scopes.standing(granted));
        html! {
            dl {
                dt { "Account" } dd { (notes.label.as_deref().unwrap_or(&row.account)) }
                dt { "State" } dd { (state(row)) }
                @if let Some(standing) = standing {
                    dt { "Allowed" }
                    dd { (names(standing.iter().filter(|one| one.is_granted).map(|one| one.title))) }
                    dt { "Not allowed" }
                    dd { (names(standing.iter().filter(|one| !one.is_granted).map(|one| one.title))) }
                }
            }
            p {
                "Triggers are switched on and off on the "
                a href=(format!("{}/connections/{}", self.parts.public_url, row.id)) target="_blank" rel="noopener" {
                    "page of this connection"
                }
                "."
            }
        }
    }

    fn waits(&self) -> Markup {
        html! {
            p role="status" { "The app is installed. One step is left: somebody who runs the workflows adopts this account." }
            p {
                a href=(format!("{}/connections", self.parts.public_url)) target="_blank" rel="noopener" {
                    "To the connections"
                }
            }
        }
    }
}

fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}
