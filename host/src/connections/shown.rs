//! What commands show of connections and of what happened to them.

use super::ConnectionSettings;
use crate::members::Members;
use crate::moments::rfc3339;
use crate::receive::webhook_url;
use crate::storage::{AuditEntry, ConnectionRow, ConnectionState};
use crate::table::{self, Fit};

/// What people and programs are told of a connection; `advice` says what to do where it does not work.
pub(super) fn told(row: &ConnectionRow, advice: Option<&str>, public_url: &str) -> Members {
    let settings: Option<ConnectionSettings> = serde_json::from_str(&row.settings).ok();
    let state = match row.state {
        ConnectionState::Connected if advice.is_some() => "unusable",
        _ => state(row),
    };
    Members::default()
        .with("id", &row.id)
        .with("account", &row.account)
        .with("app", &row.app)
        .with("triggers", settings.as_ref().map(|settings| &settings.triggers))
        .with("state", state)
        .with("advice", advice)
        .with("webhooks", webhook_url(public_url, &row.webhook_key))
        .with(
            "suppress_own",
            settings.as_ref().map(|settings| &settings.suppress_own).filter(|own| !own.is_empty()),
        )
        .with("deliver_to", settings.as_ref().and_then(|settings| settings.deliver_to.as_deref()))
}

/// The state of a connection, as people and programs read it.
pub(super) fn state(row: &ConnectionRow) -> &'static str {
    match row.state {
        ConnectionState::Connected => "connected",
        ConnectionState::Refused | ConnectionState::Revoked => "revoked",
    }
}

/// The audit log, for people or as JSON.
pub(super) fn audit(entries: &[AuditEntry], is_json: bool, width: u16) -> String {
    let told = |entry: &AuditEntry| {
        Members::default()
            .with("at", rfc3339(entry.at_ms))
            .with("event", &entry.event)
            .with("account", &entry.account)
            .with("connection", &entry.connection)
            .with("actor", &entry.actor)
            .with("detail", &entry.detail)
    };
    let told: Vec<Members> = entries.iter().map(told).collect();
    if is_json {
        return Members::default().with("entries", told).to_json();
    }
    let header = ["at", "event", "account", "connection", "actor", "detail"];
    let cells = told.iter().map(|row| row.iter().map(|(_, value)| plain(value)).collect());
    table::rows(&header, cells, Fit::Wrap, width)
}

/// A JSON value for people: text without quotes, lists with commas.
pub(super) fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Array(items)) => {
            let items = items.iter().filter_map(serde_json::Value::as_str);
            items.collect::<Vec<_>>().join(", ")
        }
        Ok(serde_json::Value::Null) => "–".to_owned(),
        _ => json.to_owned(),
    }
}
