//! The page of one connection: what it may, what it wants, what came last; and its end.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use connector_runtime::Class;
use maud::{Markup, html};
use serde::Deserialize;

use super::accounts::Broken;
use super::forms::Sent;
use super::session::SignedIn;
use super::view::{moment, state, token};
use super::{About, OPERATOR, Portal};
use crate::account_form::escaped;
use crate::connections::{
    Changed, ConnectionSettings, Exception, HostConnection, Notes, account_field, others_of,
};
use crate::receive::webhook_url;
use crate::storage::{ActivationSummary, ConnectionRow, ConnectionState};

/// How many events a page shows.
const EVENTS: u32 = 10;

/// What was done before the page came.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    done: Option<String>,
}

/// The page.
pub(super) async fn page(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    Query(done): Query<Done>,
    who: SignedIn,
) -> Response {
    let shown = async {
        let Some(row) = portal.row(&id).await? else { return Ok(None) };
        let events = portal.installs().recent(&id, EVENTS).await?;
        let others = others_of(&row, portal.rows().await?);
        Ok::<_, Broken>(Some((portal.view(&row, &others, &events, &who, done.done.as_deref()), row)))
    };
    match shown.await {
        Ok(Some((content, row))) => {
            let title = Notes::of_row(&row).label.unwrap_or(row.account);
            portal.page(&title, Some(&who), &content)
        }
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}

/// What a person chose on the page.
struct Chosen<'a> {
    triggers: BTreeSet<&'a str>,
    /// Of which events about own changes are not wanted.
    suppress_own: BTreeSet<&'a str>,
}

/// Changes which triggers are wanted.
pub(super) async fn triggers(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Response {
    let chosen = Chosen {
        triggers: sent.fields.all("trigger").collect(),
        suppress_own: sent.fields.all("suppress_own").collect(),
    };
    match portal.want(&id, &chosen).await {
        Ok(Some(done)) => Redirect::to(&portal.at(&format!("/connections/{id}?done={done}"))).into_response(),
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}

/// Tries the credentials, and reads the account's name anew.
pub(super) async fn check(State(portal): State<Arc<Portal>>, Path(id): Path<String>, _: Sent) -> Response {
    let checked = async {
        let Some(row) = portal.row(&id).await? else { return Ok(None) };
        if row.state == ConnectionState::Revoked {
            return Ok(Some("revoked"));
        }
        let mut connection = HostConnection::open(&row, &portal.ring()?)?;
        // One whose token was refused may be known again, where the account was away for a while.
        connection.state = ConnectionState::Connected;
        let lifecycle = &portal.parts.lifecycle;
        let tested = portal.test(&connection).await;
        // Whoever may not do something is known.
        if matches!(tested, Ok(()) | Err(Class::AuthScope)) && lifecycle.restored(&row).await? {
            portal.parts.hooks.changed(&row.id);
        }
        let done = match tested {
            Ok(()) => "works",
            Err(Class::AuthRevoked) => {
                lifecycle.refused(&row).await?;
                "revoked"
            }
            Err(Class::AuthScope) => "scope",
            Err(_) => "unreachable",
        };
        Ok::<_, Broken>(Some(done))
    };
    match checked.await {
        Ok(Some(done)) => Redirect::to(&portal.at(&format!("/connections/{id}?done={done}"))).into_response(),
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}

impl Portal {
    /// Stores which triggers are wanted, of those that may be; none where there is no such connection, and else what was done:
    /// of one that cannot call nothing is changed.
    async fn want(&self, id: &str, chosen: &Chosen<'_>) -> Result<Option<&'static str>, Broken> {
        let mut told = String::new();
        let next = |row: &ConnectionRow| {
            if row.state != ConnectionState::Connected {
                return Ok(None);
            }
            let mut settings: ConnectionSettings =
                serde_json::from_str(&row.settings).map_err(|error| Broken::new("settings", error))?;
            told = self.wish(&mut settings, chosen);
            let text = serde_json::to_string(&settings).map_err(|error| Broken::new("settings", error))?;
            Ok::<_, Broken>(Some(ConnectionRow { settings: text, updated_ms: self.now_ms(), ..row.clone() }))
        };
        let changed = self.parts.lifecycle.change(id, next).await?;
        let Some(Changed { after, .. }) = changed else { return Ok(None) };
        let Some(row) = after else { return Ok(Some("ended")) };
        self.note("triggers_changed", OPERATOR, About::row(&row), &told).await;
        self.parts.hooks.changed(id);
        Ok(Some("triggers"))
    }

    /// Puts what was chosen into settings; what is told of it.
    fn wish(&self, settings: &mut ConnectionSettings, chosen: &Chosen<'_>) -> String {
        let granted = Notes::of(settings).scopes;
        let may =
            |scopes: &[&str]| granted.as_ref().is_none_or(|granted| self.scopes.allows(granted, scopes));
        let wanted = self.parts.connector.triggers.iter();
        let wanted = wanted.filter(|trigger| chosen.triggers.contains(trigger.id) && may(trigger.scopes));
        settings.triggers = wanted.map(|trigger| trigger.id.to_owned()).collect();
        let suppressed = self.parts.connector.triggers.iter().map(|trigger| trigger.id);
        let suppressed = suppressed.filter(|id| chosen.suppress_own.contains(id));
        settings.suppress_own = suppressed.map(str::to_owned).collect();
        let mut told = settings.triggers.join(" ");
        if !settings.suppress_own.is_empty() {
            told = format!("{told}; without own changes: {}", settings.suppress_own.join(" "));
        }
        told
    }

    fn view(
        &self,
        row: &ConnectionRow,
        others: &[ConnectionRow],
        events: &[ActivationSummary],
        who: &SignedIn,
        done: Option<&str>,
    ) -> Markup {
        let notes = Notes::of_row(row);
        let opened = self.ring().and_then(|ring| Ok(HostConnection::open(row, &ring)?)).ok();
        let settings = opened.as_ref().map(|one| one.settings.clone()).unwrap_or_default();
        let wanted = &settings.triggers;
        let at = |path: &str| self.at(&format!("/connections/{}{path}", row.id));
        html! {
            @if let Some(text) = done.and_then(what_was_done) { p role="status" { (text) } }
            @if row.state == ConnectionState::Connected && opened.is_none() {
                div role="alert" {
                    p { strong { "The secrets of this connection cannot be opened." } " Its webhooks are not taken, and nothing is called." }
                    p { "Bring back the key that sealed them (" code { "sealing.keys" } "), or connect the account again." }
                }
            }
            @if row.state != ConnectionState::Connected { (revoked(row, self.reconnect(row))) }
            @if !others.is_empty() {
                p role="status" {
                    "This account is known already, and each connection delivers its events. Other connections:"
                    @for other in others {
                        " " a href=(self.at(&format!("/connections/{}", other.id))) {
                            (other.app.as_deref().unwrap_or("credentials of its own")) " " (other.id)
                        }
                    }
                }
            }
            dl {
                dt { "Account" } dd { (row.account) }
                dt { "State" } dd { (state(row)) }
                dt { "App" } dd { (row.app.as_deref().unwrap_or("none: credentials of its own")) }
                dt { "Connected" } dd { (moment(row.created_ms)) }
                dt { "Quota left" } dd { (self.quota(opened.as_ref())) }
                dt { "Webhooks go to" } dd { code { (webhook_url(&self.parts.public_url, &row.webhook_key)) } }
            }
            // What was uninstalled has no token left to try, and may nothing.
            @if row.state != ConnectionState::Revoked {
                form method="post" action=(at("/check")) { (token(who)) button.second { "Try the connection" } }
                (self.access(row, &notes))
            }
            h2 { "Triggers" }
            form method="post" action=(at("/triggers")) {
                (token(who))
                fieldset disabled[row.state != ConnectionState::Connected] {
                    legend { "What starts workflows" }
                    @for trigger in self.parts.connector.triggers {
                        @let may = notes.scopes.as_ref().is_none_or(|granted| self.scopes.allows(granted, trigger.scopes));
                        @let hook = self.parts.hooks.state(&row.id, trigger.id);
                        label.choice {
                            input type="checkbox" name="trigger" value=(trigger.id)
                                checked[wanted.iter().any(|id| id == trigger.id)] disabled[!may];
                            span {
                                (trigger.title)
                                @if !may { " (needs a scope that is missing)" }
                                @if let Some(hook) = hook { ": " (hook) }
                            }
                        }
                        label.choice.inner {
                            input type="checkbox" name="suppress_own" value=(trigger.id)
                                checked[settings.suppresses(trigger.id)];
                            span { (trigger.title) ": leave out changes that were made through this service" }
                        }
                    }
                    button { "Save the triggers" }
                }
            }
            h2 { "Last events" }
            (self.last(events))
            @if let Some(exception) = &notes.exception { (failing(exception)) }
            h2 { "Disconnect" }
            p { a href=(at("/disconnect")) { "Disconnect this account" } }
        }
    }

    fn access(&self, row: &ConnectionRow, notes: &Notes) -> Markup {
        let Some(granted) = &notes.scopes else {
            return html! {
                h2 { "What it may" }
                p { "The scopes of these credentials are not known." }
            };
        };
        let standing = self.scopes.standing(granted);
        let missing: Vec<&str> = standing.iter().filter(|one| !one.is_granted).map(|one| one.id).collect();
        html! {
            h2 { "What it may" }
            @if !missing.is_empty() {
                div role="alert" {
                    p {
                        "Scopes are missing: what needs them will be refused. Add " code { (missing.join(" ")) }
                        " to the app at the vendor, then:"
                    }
                    @if let Some(link) = self.reconnect(row) { p { a href=(link) { "Approve the scopes anew" } } }
                }
            }
            table {
                thead { tr { th scope="col" { "Scope" } th scope="col" { "Level" } th scope="col" { "Granted" } } }
                tbody { @for one in &standing { tr {
                    th scope="row" { (one.title) }
                    td { (one.level) }
                    td {
                        @if one.is_granted { span.good { "granted" } }
                        @else if one.is_read_granted { span.bad { "reading alone" } }
                        @else { span.bad { "missing" } }
                    }
                } } }
            }
        }
    }

    /// Where the account is connected anew: nobody types again what is known.
    fn reconnect(&self, row: &ConnectionRow) -> Option<String> {
        let known =
            account_field(self.parts.connector).map(|field| format!("?{field}={}", escaped(&row.account)));
        match &row.app {
            Some(app) => self
                .parts
                .clients
                .contains_key(app)
                .then(|| self.at(&format!("/connect/{app}{}", known.unwrap_or_default()))),
            None => Some(self.at("/connections/paste")),
        }
    }

    fn quota(&self, connection: Option<&HostConnection>) -> String {
        let report = connection.and_then(|one| self.client(one).ok()).map(|client| client.gate().report());
        match report.and_then(|report| Some((report.left?, report.quota, report.window_ends_in))) {
            Some((left, quota, ends)) => {
                let of = quota.map(|quota| format!(" of {quota}")).unwrap_or_default();
                let ends =
                    ends.map(|ends| format!(" requests, anew in {} s", ends.as_secs())).unwrap_or_default();
                format!("{left}{of}{ends}")
            }
            None => "not known: nothing was asked of it lately".to_owned(),
        }
    }
}

fn revoked(row: &ConnectionRow, reconnect: Option<String>) -> Markup {
    html! {
        div role="alert" {
            p {
                strong { "This account is not connected any more." }
                @if row.is_being_removed() {
                    " It is being disconnected: its webhooks are deleted, and then it is forgotten."
                } @else if row.state == ConnectionState::Refused {
                    " The vendor does not know its token any more. Actions fail with " code { "auth.revoked" }
                    ", and webhooks are not looked after. Those that still arrive are kept and delivered."
                } @else {
                    " The app was uninstalled there. Triggers have stopped, and actions fail with "
                    code { "auth.revoked" } "."
                }
            }
            @if let Some(link) = reconnect { p { a href=(link) { "Connect it again" } } }
        }
    }
}

/// What the account told last of deliveries that fail.
fn failing(exception: &Exception) -> Markup {
    html! {
        h2 { "Trouble with deliveries" }
        p {
            "On " (moment(exception.at_ms)) " the account told last that webhooks could not be delivered to this service"
            @if exception.told.is_empty() { "." } @else { ": " (exception.told) }
        }
    }
}

fn what_was_done(word: &str) -> Option<&'static str> {
    Some(match word {
        "triggers" => "The triggers were saved.",
        "ended" => "The triggers were not saved: the connection cannot be used any more, as is said below.",
        "works" => "The connection works.",
        "revoked" => "The vendor does not know the token any more (auth.revoked): connect the account again.",
        "scope" => "The token works, and may not be used for the test (auth.scope): see the scopes below.",
        "unreachable" => "The vendor could not be asked just now. Try again in a minute.",
        _ => return None,
    })
}
