//! The end of a connection on our side: asked for, confirmed, carried out.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

use super::Portal;
use super::accounts::Broken;
use super::forms::Sent;
use super::session::SignedIn;
use super::view::token;
use crate::connections::{DISCONNECTED, Removed};
use crate::storage::StorageError;

/// Asks whether to disconnect.
pub(super) async fn confirm(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    who: SignedIn,
) -> Response {
    match portal.row(&id).await {
        Ok(Some(row)) => {
            let content = html! {
                p {
                    "The token of " strong { (row.account) } " is forgotten, its webhooks are deleted, and its triggers end. What \
                     has been received is delivered and kept as the settings say. The app stays installed at the vendor until it \
                     is uninstalled there."
                }
                form method="post" action=(portal.at(&format!("/connections/{id}/disconnect"))) {
                    (token(&who))
                    button.danger { "Disconnect " (row.account) }
                }
                p { a href=(portal.at(&format!("/connections/{id}"))) { "Keep it" } }
            };
            portal.page("Disconnect?", Some(&who), &content)
        }
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}

/// Deletes webhooks and forgets the connection with its token.
pub(super) async fn disconnect(
    State(portal): State<Arc<Portal>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Response {
    let (working, name) = (Arc::clone(&portal), id.clone());
    // Whoever hangs up does not break it off.
    match tokio::spawn(async move { working.end(&name).await }).await {
        Ok(Ok(Some(End { account, left }))) => {
            let content = html! {
                p role="status" { (account) " is no longer connected, and its token is forgotten." }
                @if let Some(left) = left { p role="alert" { (left) } }
                p { a href=(portal.at("/connections")) { "To the connections" } }
            };
            portal.page("Disconnected", Some(&sent.who), &content)
        }
        Ok(Ok(None)) => portal.nothing(),
        Ok(Err(error)) => portal.broken(&error.into()),
        Err(error) => portal.broken(&Broken::new("a removal", error)),
    }
}

/// The end of a connection, as it is shown.
struct End {
    account: String,
    /// What is left of it at the vendor.
    left: Option<String>,
}

impl Portal {
    /// Ends a connection. The end of one that was ended before is read from the audit log, so that a form that is sent twice shows
    /// the same twice. `None` if there never was such a connection.
    async fn end(&self, id: &str) -> Result<Option<End>, StorageError> {
        if let Some(Removed { row, left }) = self.remove(id).await? {
            return Ok(Some(End { account: row.account, left }));
        }
        // The other may be about to note it.
        let _changing = self.parts.lifecycle.changing().await;
        let entry = self.installs().last_audit(id).await?;
        Ok(entry.and_then(|entry| {
            let left = Some(entry.detail).filter(|left| entry.event == DISCONNECTED && !left.is_empty());
            Some(End { account: entry.account?, left })
        }))
    }

    async fn remove(&self, id: &str) -> Result<Option<Removed>, StorageError> {
        let ring = self.ring().inspect_err(|error| tracing::error!(%error, "its webhooks cannot be deleted"));
        self.parts.lifecycle.remove(id, ring.ok().as_ref(), &*self.parts.hooks).await
    }

    /// Does the removals anew that have begun up to a moment and were cut off, as by the end of a process.
    pub(crate) async fn finish_removals(&self, until_ms: i64) {
        let finished = async {
            for row in self.parts.lifecycle.begun(until_ms).await? {
                tracing::info!(connection = row.id, "its removal was cut off, and is done anew");
                self.remove(&row.id).await?;
            }
            Ok::<_, StorageError>(())
        };
        if let Err(error) = finished.await {
            tracing::error!(%error, "a removal that was cut off cannot be done anew yet");
        }
    }
}
