//! What a notice that an account was uninstalled makes of a connection: it ends, or the notice tells nothing new, or is too old
//! to be believed.

use super::lifecycle::{settings, with_settings};
use super::{ConnectionSettings, Ended, Notes, Uninstalled};
use crate::storage::{ConnectionRow, ConnectionState};

/// How far the vendor's clocks may be from ours and from each other, in seconds.
const SKEW: i64 = 60;

/// What a notice makes of a connection.
pub(super) enum After {
    /// It tells nothing new.
    Known,
    /// It is too old to be believed; what is noted of it.
    Late(Option<ConnectionRow>),
    /// It had ended, and this is another notice of it.
    Told(ConnectionRow),
    /// It ends.
    Ended(ConnectionRow),
}

/// What a notice makes of a row.
pub(super) fn after(row: &ConnectionRow, told: &Uninstalled<'_>, now_ms: i64) -> After {
    let mut settings = settings(row).unwrap_or_default();
    let notes = Notes::of(&settings);
    let has_ended = row.state == ConnectionState::Revoked;
    if !has_ended && is_late(row, &notes, told, now_ms) {
        return After::Late(half_noted(row, notes, told));
    }
    let known = notes.ended.clone().filter(|_| has_ended);
    let at = told.at.unwrap_or(now_ms.div_euclid(1_000));
    let end = Some(known.clone().unwrap_or_else(|| Ended { at, ..Ended::default() }).with(told));
    if has_ended && end == known {
        return After::Known;
    }
    Notes { scopes: None, ended: end, ..notes }.put(&mut settings);
    let next = revoked_row(row, &settings, now_ms);
    if has_ended { After::Told(next) } else { After::Ended(next) }
}

/// The row with the note that the end before the grant that is there was told in its other way too, so that the next one is
/// believed; none where there is nothing to note.
fn half_noted(row: &ConnectionRow, notes: Notes, told: &Uninstalled<'_>) -> Option<ConnectionRow> {
    let known = notes.ended.clone().filter(|end| end.is_told_by(told));
    let end = known.clone().map(|end| end.with(told));
    let mut settings = settings(row).filter(|_| end != known)?;
    Notes { ended: end, ..notes }.put(&mut settings);
    with_settings(row, &settings)
}

/// Whether a notice tells of an installation before the one that is there.
fn is_late(row: &ConnectionRow, notes: &Notes, told: &Uninstalled<'_>, now_ms: i64) -> bool {
    let granted = if notes.granted_ms > 0 { notes.granted_ms } else { row.created_ms };
    // No grant is later than now, whatever a clock has noted that was set back since.
    let granted = granted.min(now_ms);
    let is_older = told.at.is_some_and(|at| at < granted.div_euclid(1_000).saturating_sub(SKEW));
    is_older || notes.ended.as_ref().is_some_and(|end| end.is_told_by(told))
}

impl Ended {
    /// Whether a notice tells of this end: it was heard, or is the other half of what was, since both a callback and a webhook
    /// tell of each.
    fn is_told_by(&self, told: &Uninstalled<'_>) -> bool {
        let is_near = told.at.is_some_and(|at| at.abs_diff(self.at) <= SKEW.unsigned_abs());
        match (told.callback, &self.callback, self.webhook) {
            (Some(id), Some(known), _) => !id.is_empty() && id == known,
            (Some(_), None, _) | (None, _, None) => is_near,
            (None, _, Some(known)) => told.at == Some(known),
        }
    }

    /// The same after a notice of it.
    fn with(self, told: &Uninstalled<'_>) -> Self {
        match told.callback {
            Some(id) => Self { callback: Some(id.to_owned()), ..self },
            None => Self { webhook: told.at.or(self.webhook), ..self },
        }
    }
}

/// The row of a connection that ended: nothing secret is left in it.
pub(super) fn revoked_row(row: &ConnectionRow, settings: &ConnectionSettings, now_ms: i64) -> ConnectionRow {
    ConnectionRow {
        sealed: Vec::new(),
        settings: serde_json::to_string(settings).unwrap_or_else(|_| row.settings.clone()),
        state: ConnectionState::Revoked,
        updated_ms: now_ms,
        ..row.clone()
    }
}
