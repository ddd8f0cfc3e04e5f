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
use crate::connections::HostConnection;
use crate::storage::ConnectionState;

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
    let ended = async {
        let lifecycle = &portal.parts.lifecycle;
        let Some(row) = lifecycle.begin_removal(&id).await? else { return Ok(None) };
        // A connection whose secrets cannot be opened any more must still come to its end.
        let opened = portal.ring().and_then(|ring| Ok(HostConnection::open(&row, &ring)?));
        let left = match opened {
            // What it has made ended with the token.
            Ok(_) if row.state == ConnectionState::Refused => None,
            Ok(connection) if !connection.secrets.credentials.is_empty() => {
                let connection = HostConnection { state: ConnectionState::Connected, ..connection };
                portal.parts.hooks.remove(&row, &connection).await.err()
            }
            _ => None,
        };
        lifecycle.removed(&row, left.as_deref().unwrap_or_default()).await?;
        Ok::<_, Broken>(Some((row, left)))
    };
    match ended.await {
        Ok(Some((row, left))) => {
            let content = html! {
                p role="status" { (row.account) " is no longer connected, and its token is forgotten." }
                @if let Some(left) = left { p role="alert" { (left) } }
                p { a href=(portal.at("/connections")) { "To the connections" } }
            };
            portal.page("Disconnected", Some(&sent.who), &content)
        }
        Ok(None) => portal.nothing(),
        Err(error) => portal.broken(&error),
    }
}
