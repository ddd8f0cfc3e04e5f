//! Events on the pages: the last ones of a connection, and the page of one: what came, and what became of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::Portal;
use super::accounts::Broken;
use super::session::SignedIn;
use super::view::moment;
use crate::activation::{CloudEvent, Full};
use crate::storage::{ActivationState, ActivationSummary, StoredActivation};

/// The page.
pub(super) async fn page(
    State(portal): State<Arc<Portal>>,
    Path((connection, id)): Path<(String, String)>,
    who: SignedIn,
) -> Response {
    match portal.storage().find(&id).await {
        Ok(Some(found)) if found.activation.connection == connection => {
            portal.event(&connection, &found, &who)
        }
        Ok(_) => portal.nothing(),
        Err(error) => portal.broken(&Broken::from(error)),
    }
}

impl Portal {
    /// The last events of a connection, each with the way to its page.
    pub(super) fn last(&self, events: &[ActivationSummary]) -> Markup {
        if events.is_empty() {
            return html! { p { "None yet." } };
        }
        html! {
            div.wide role="region" aria-label="Last events" tabindex="0" { table {
                thead { tr {
                    th scope="col" { "Resource" } th scope="col" { "Trigger" } th scope="col" { "State" }
                    th scope="col" { "Attempts" } th scope="col" { "When" }
                } }
                tbody { @for event in events { tr {
                    th scope="row" data-column="Resource" {
                        a href=(self.at(&format!("/connections/{}/events/{}", event.connection, event.id))) {
                            (event.resource_type.as_deref().unwrap_or("–")) " " (event.resource_id.as_deref().unwrap_or_default())
                        }
                    }
                    td data-column="Trigger" { (event.trigger) }
                    td data-column="State" { (stands(event.state)) }
                    td data-column="Attempts" { (event.attempts) }
                    td data-column="When" { (moment(event.received_ms)) }
                } } }
            } }
        }
    }

    fn event(&self, connection: &str, found: &StoredActivation, who: &SignedIn) -> Response {
        let activation = &found.activation;
        let resource = [activation.resource_type.as_deref(), activation.resource_id.as_deref()];
        let resource = resource.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let event = CloudEvent::new(self.parts.connector.id, activation, &Full::Unasked);
        let event = event.with_cause(found.own.as_ref()).structured();
        let event = serde_json::from_slice::<Value>(&event).unwrap_or_default();
        let content = html! {
            dl {
                dt { "Trigger" } dd { (activation.trigger) }
                dt { "Resource" } dd { (if resource.is_empty() { "–" } else { &resource }) }
                dt { "Received" } dd { (moment(activation.received_ms)) }
                dt { "State" } dd { (stands(found.state)) }
                dt { "Attempts" } dd { (found.attempts) }
                @if let Some(failure) = &found.failure { dt { "Last failure" } dd { (failure) } }
                @if let Some(due) = found.due_ms { dt { "Due" } dd { (moment(due)) } }
                @if let Some(finished) = found.finished_ms { dt { "Finished" } dd { (moment(finished)) } }
            }
            h2 { "The event" }
            @if found.is_emptied {
                p { "Its payload was removed after its time." }
            } @else {
                p.hint { "As it is delivered. Where the whole resource is wanted, it is read anew for each delivery and not kept." }
                pre { (format!("{event:#}")) }
            }
            p { a href=(self.at(&format!("/connections/{connection}"))) { "To the connection" } }
        };
        let title = if resource.is_empty() { &activation.trigger } else { &resource };
        self.page(&format!("Event: {title}"), Some(who), &content)
    }
}

/// Where an event stands, in words for people.
fn stands(state: ActivationState) -> &'static str {
    match state {
        ActivationState::Waiting => "waits",
        ActivationState::Leased => "under way",
        ActivationState::Delivered => "delivered",
        ActivationState::Dead => "given up",
        ActivationState::Suppressed => "suppressed, an own change",
    }
}
