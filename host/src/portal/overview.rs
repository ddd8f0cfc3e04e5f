//! All connections, the installations that wait to be adopted, and the audit log.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::accounts::Broken;
use super::forms::Sent;
use super::session::SignedIn;
use super::view::{moment, state, token};
use super::{About, OPERATOR, Portal};
use crate::connections::{ConnectionSettings, Notes};
use crate::storage::{ConnectionRow, ConnectionState, PendingInstall};

/// How many entries of the audit log a page has.
const ENTRIES: u32 = 100;

/// The list.
pub(super) async fn list(State(portal): State<Arc<Portal>>, who: SignedIn) -> Response {
    match portal.overview(&who).await {
        Ok(content) => portal.page("Connections", Some(&who), &content),
        Err(error) => portal.broken(&error),
    }
}

/// Makes a connection of an installation that waits.
pub(super) async fn adopt(State(portal): State<Arc<Portal>>, sent: Sent) -> Response {
    let (account, app) = (sent.fields.text("account"), sent.fields.text("app"));
    let adopted = async {
        let Some(install) = portal.waiting(account, app).await? else {
            // The same form came before.
            return portal.row_of(account, Some(app)).await;
        };
        let granted = portal.opened(&install)?;
        let known = portal.row_of(account, Some(app)).await?;
        if !known.is_some_and(|row| granted.is_in(&row)) {
            let about = About { account: Some(account), connection: None };
            portal.note("install_adopted", OPERATOR, about, app).await;
        }
        portal.connect(granted, OPERATOR).await.map(Some)
    };
    match adopted.await {
        Ok(Some(row)) => Redirect::to(&portal.at(&format!("/connections/{}", row.id))).into_response(),
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}

/// Forgets an installation that waits.
pub(super) async fn refuse(State(portal): State<Arc<Portal>>, sent: Sent) -> Response {
    let (account, app) = (sent.fields.text("account"), sent.fields.text("app"));
    match portal.installs().remove_install(account, app).await {
        Ok(was_there) => {
            if was_there {
                let about = About { account: Some(account), connection: None };
                portal.note("install_refused", OPERATOR, about, app).await;
            }
            Redirect::to(&portal.at("/connections")).into_response()
        }
        Err(error) => portal.broken(&Broken::from(error)),
    }
}

/// Where the audit log goes on.
#[derive(Deserialize)]
pub(super) struct From {
    before: Option<i64>,
}

/// The audit log.
pub(super) async fn audit(
    State(portal): State<Arc<Portal>>,
    who: SignedIn,
    Query(from): Query<From>,
) -> Response {
    let entries = match portal.installs().audit(from.before, ENTRIES).await {
        Ok(entries) => entries,
        Err(error) => return portal.broken(&Broken::from(error)),
    };
    let older = entries.last().filter(|_| entries.len() == ENTRIES as usize).map(|last| last.position);
    let content = html! {
        @if entries.is_empty() { p { "Nothing happened yet." } } @else {
            div.wide role="region" aria-label="Audit log" tabindex="0" { table {
                thead { tr {
                    th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Account" }
                    th scope="col" { "Who" } th scope="col" { "More" }
                } }
                tbody { @for entry in &entries { tr {
                    td data-column="When" { (moment(entry.at_ms)) }
                    td data-column="What" { (entry.event) }
                    td data-column="Account" { (entry.account.as_deref().unwrap_or("–")) }
                    td data-column="Who" { (entry.actor) }
                    td data-column="More" { (if entry.detail.is_empty() { "–" } else { &entry.detail }) }
                } } }
            } }
        }
        @if let Some(position) = older {
            p { a href=(portal.at(&format!("/audit?before={position}"))) { "Older entries" } }
        }
    };
    portal.page("Audit log", Some(&who), &content)
}

impl Portal {
    async fn overview(&self, who: &SignedIn) -> Result<Markup, Broken> {
        let (rows, waiting) = (self.rows().await?, self.installs().installs().await?);
        Ok(html! {
            @if rows.is_empty() {
                p { "No account is connected yet." }
            } @else {
                div.wide role="region" aria-label="Connections" tabindex="0" { table {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Account" } th scope="col" { "App" }
                        th scope="col" { "Triggers" } th scope="col" { "State" }
                    } }
                    tbody { @for row in &rows { (self.line(row)) } }
                } }
            }
            p { a.button href=(self.at("/connections/new")) { "Connect an account" } }
            @if !waiting.is_empty() {
                h2 { "Installed, and not adopted yet" }
                p {
                    "Somebody installed the app from the vendor's side. Adopt only accounts that you know: nothing is done with \
                     the others, and they are forgotten after 30 days."
                }
                @for install in &waiting { (self.waiting_line(install, who)) }
            }
        })
    }

    fn line(&self, row: &ConnectionRow) -> Markup {
        let notes = Notes::of_row(row);
        let triggers =
            serde_json::from_str::<ConnectionSettings>(&row.settings).map_or(0, |one| one.triggers.len());
        html! { tr {
            th scope="row" data-column="Name" {
                a href=(self.at(&format!("/connections/{}", row.id))) {
                    (notes.label.as_deref().unwrap_or(&row.account))
                }
            }
            td data-column="Account" { (row.account) }
            td data-column="App" { (row.app.as_deref().unwrap_or("–")) }
            td data-column="Triggers" {
                @if row.state == ConnectionState::Revoked { "stopped" }
                @else { (triggers) " of " (self.parts.connector.triggers.len()) }
            }
            td data-column="State" { (state(row)) }
        } }
    }

    fn waiting_line(&self, install: &PendingInstall, who: &SignedIn) -> Markup {
        let hidden = html! {
            (token(who))
            input type="hidden" name="account" value=(install.account);
            input type="hidden" name="app" value=(install.app);
        };
        html! {
            section.waiting aria-label=(format!("Installation of {}", install.account)) {
                p { strong { (install.account) } " through " (install.app) ", " (moment(install.created_ms)) }
                form method="post" action=(self.at("/installs/adopt")) {
                    (hidden) button { "Adopt " (install.account) }
                }
                form method="post" action=(self.at("/installs/refuse")) {
                    (hidden) button.second { "Forget " (install.account) }
                }
            }
        }
    }
}
