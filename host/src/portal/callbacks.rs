//! What the vendor calls: the end of an installation, and what happens to it later. Nothing is believed that is neither
//! signed nor confirmed by the vendor itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::{Caller, OAuth2, SecretString};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};

use super::accounts::Broken;
use super::begin::at_server;
use super::installing::person;
use super::session::{Flow, digest};
use super::view::{state, with_policy};
use super::{About, OPERATOR, Portal, VENDOR, guard};
use crate::account_form;
use crate::callback_token::{self, CallbackToken};
use crate::connections::{Uninstalled, Whose, account_field};
use crate::serve::config::AppClient;
use crate::storage::ConnectionRow;
use crate::token_exchange::{Grant, Request};

/// The parameters of a callback.
pub(super) type Pairs = Query<Vec<(String, String)>>;

/// What became of an installation.
enum Outcome {
    /// It is a connection.
    Connected(Box<ConnectionRow>),
    /// Somebody must adopt it.
    Waits,
}

/// Why an installation came to nothing.
struct Problem {
    status: StatusCode,
    /// A stable word for logs.
    word: &'static str,
    /// What the person is told.
    text: String,
}

impl Problem {
    fn new(status: StatusCode, word: &'static str, text: impl Into<String>) -> Self {
        Self { status, word, text: text.into() }
    }

    fn bad(word: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, word, text)
    }
}

impl From<Broken> for Problem {
    fn from(error: Broken) -> Self {
        tracing::error!(%error, "an installation could not be stored");
        let text = "Something here failed. Nothing was connected. Try again in a minute.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "broken", text)
    }
}

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
    let flow = match portal.sessions.take_flow(&headers, &app, portal.now_ms()).await {
        Ok(flow) => flow,
        Err(error) => return portal.broken(&Broken::new("a session", error)),
    };
    let is_ours = flow.is_some();
    let outcome = portal.install(&app, client, &grant, &pairs, flow).await;
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
    if !portal.callbacks.take(portal.now_ms()) {
        return portal.too_often();
    }
    let secrets = portal.parts.apps.get(&app).map_or(&[] as &[SecretString], Vec::as_slice);
    let token = one(&pairs, callbacks.parameter).unwrap_or_default();
    let now_s = portal.now_ms().div_euclid(1000);
    let verified = callback_token::verify(portal.parts.connector, &client.client_id, secrets, token, now_s);
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
        ("remove_user", _) => portal.user_removed(&app, &token).await,
        (_, Caller::Browser) => portal.loaded(&app, client, &token).await,
        // The vendor tells more than we know what to do about.
        (_, Caller::Server) => StatusCode::OK.into_response(),
    }
}

impl Portal {
    async fn install(
        &self,
        app: &str,
        client: &AppClient,
        grant: &OAuth2,
        pairs: &[(String, String)],
        flow: Option<Flow>,
    ) -> Result<Outcome, Problem> {
        if pairs.iter().any(|(name, _)| name == "error") {
            return Err(Problem::bad("denied", "The installation was not approved. Nothing was connected."));
        }
        let incomplete = || {
            let text = "The vendor sent an incomplete answer. Nothing was connected. Begin again.";
            Problem::bad("incomplete", text)
        };
        let code = one(pairs, "code").filter(|code| !code.is_empty()).ok_or_else(incomplete)?;
        let scope = one(pairs, "scope").ok_or_else(incomplete)?;
        let account = self.account_in(grant, pairs).ok_or_else(incomplete)?;
        let returned = pairs.iter().any(|(name, _)| name == "state").then(|| one(pairs, "state"));
        match (&flow, returned) {
            (Some(flow), returned) if flow.account != account => {
                tracing::warn!(
                    app,
                    has_state = returned.is_some(),
                    "another account came back than was typed"
                );
                let text = format!(
                    "You wanted to connect {}, and the vendor answered for another account. Nothing was connected. Begin \
                     again and choose the same account there.",
                    flow.account
                );
                return Err(Problem::new(StatusCode::CONFLICT, "other_account", text));
            }
            (Some(Flow { state: Some(known), .. }), returned)
                if returned.flatten().map(digest).as_ref() != Some(known) =>
            {
                let text =
                    "The answer does not belong to what you began here. Nothing was connected. Begin again.";
                return Err(Problem::new(StatusCode::FORBIDDEN, "other_state", text));
            }
            (Some(Flow { state: None, .. }) | None, Some(_)) => {
                let text = "What you began here is over: it took too long, or another browser began it. Nothing was \
                            connected. Begin again.";
                return Err(Problem::new(StatusCode::FORBIDDEN, "unknown_state", text));
            }
            _ => {}
        }
        let field = account_field(self.parts.connector).unwrap_or_default();
        let fields = BTreeMap::from([(field.to_owned(), account.clone())]);
        let granted = self.traded(app, client, grant, code, scope, &fields).await?;
        let actor = match &flow {
            Some(_) => OPERATOR.to_owned(),
            None => person(granted.user.as_deref()),
        };
        let granted = self.granted(app, fields, &account, granted);
        let is_known = flow.is_some() || self.row_of(&account, Some(app)).await?.is_some();
        match is_known {
            true => Ok(Outcome::Connected(Box::new(self.connect(granted, &actor).await?))),
            false => {
                self.keep_waiting(granted, app).await?;
                Ok(Outcome::Waits)
            }
        }
    }

    /// The account that a callback names, in the parameter that the grant gives to the token endpoint as well.
    fn account_in(&self, grant: &OAuth2, pairs: &[(String, String)]) -> Option<String> {
        grant.extra.iter().filter(|(_, template)| template.contains('{')).find_map(|(name, template)| {
            account_form::account(self.parts.connector, template, one(pairs, name)?)
        })
    }

    async fn traded(
        &self,
        app: &str,
        client: &AppClient,
        grant: &OAuth2,
        code: &str,
        scope: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<Grant, Problem> {
        // What is incomplete costs nothing, so that floods of it keep nobody from connecting.
        if !self.exchanges.take(self.now_ms()) {
            let text = "Too many installations end at once. Nothing was connected. Begin again in a minute.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often", text));
        }
        let secret = self.parts.apps.get(app).and_then(|secrets| secrets.first());
        let secret =
            secret.ok_or_else(|| Problem::from(Broken::new("the app", "it has no client secret")))?;
        let request = Request {
            grant,
            endpoint: &at_server(grant.token, client.base_url.as_deref()),
            client_id: &client.client_id,
            client_secret: secret,
            code: &SecretString::from(code),
            scope,
            redirect_uri: &self.redirect_uri(app),
            fields,
        };
        let traded = self.exchange.trade(&request).await;
        traded.map_err(|error| Problem::new(StatusCode::BAD_GATEWAY, error.word(), error.to_string()))
    }

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

    async fn user_removed(&self, app: &str, token: &CallbackToken) -> Response {
        // Only of accounts that are known, and of a person once for each token: the log grows by what is signed alone.
        match self.row_of(&token.account, Some(app)).await {
            Ok(Some(row)) => {
                let about = About { account: Some(&row.account), connection: Some(&row.id) };
                self.note("user_removed", VENDOR, about, &person(Some(&token.user))).await;
                StatusCode::OK.into_response()
            }
            Ok(None) => StatusCode::OK.into_response(),
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
        let notes = Self::notes(row);
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

/// The one parameter of a name. One that comes twice is none: two readers might read two things.
fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    found.next().filter(|_| found.next().is_none())
}
