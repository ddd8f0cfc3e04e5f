//! New activations become rows, each once by its id.

use super::group::Work;
use super::missing;
use super::row::State;
use crate::storage::{Accepted, Activation, StorageError, StorageErrorKind};

/// A payload of so many bytes takes a place of its own in a group.
const BYTES: usize = 16 * 1024;

pub(super) const KNOWS: &str = "SELECT 1 FROM connections WHERE id = ?1 AND account = ?2";

/// Waits behind another unfinished one of its resource, where it has a resource and there is one.
pub(super) const INSERT: &str = "INSERT INTO activations \
     (id, due_ms, received_ms, event_time, origin, connection, account, trigger, resource_type, resource_id, envelope, state) \
     VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NOT EXISTS \
         (SELECT 1 FROM activations WHERE connection = ?5 AND resource_type IS ?8 AND resource_id = ?9 AND state < 3)) \
     ON CONFLICT (id) DO NOTHING RETURNING state";

/// How much of a group an activation takes.
pub(super) fn weight(activation: &Activation) -> usize {
    1 + activation.envelope.len() / BYTES
}

pub(super) fn accept(work: &mut Work<'_>, activations: &[Activation]) -> Result<Accepted, StorageError> {
    // One statement needs no savepoint.
    match activations {
        [activation] => insert_all(work, std::slice::from_ref(activation)),
        _ => work.all_or_none(|work| insert_all(work, activations)),
    }
}

fn insert_all(work: &mut Work<'_>, activations: &[Activation]) -> Result<Accepted, StorageError> {
    let mut accepted = Accepted::default();
    let mut known = None;
    for activation in activations {
        let connection = (&activation.connection, &activation.account);
        if known != Some(connection) {
            if !work.connection.prepare_cached(KNOWS)?.exists(connection)? {
                return Err(StorageError::new(StorageErrorKind::UnknownConnection));
            }
            known = Some(connection);
        }
        if missing::is_covered(work, activation)? {
            accepted.repeated += 1;
            continue;
        }
        match insert(work, activation)? {
            Some(state) => {
                work.add(state, 1);
                accepted.new += 1;
            }
            None => accepted.repeated += 1,
        }
    }
    Ok(accepted)
}

/// The state of the new row; none where the id is known.
pub(super) fn insert(work: &Work<'_>, activation: &Activation) -> rusqlite::Result<Option<State>> {
    let mut insert = work.connection.prepare_cached(INSERT)?;
    let mut rows = insert.query((
        &activation.id,
        activation.received_ms,
        activation.event_time,
        activation.origin,
        &activation.connection,
        &activation.account,
        &activation.trigger,
        &activation.resource_type,
        &activation.resource_id,
        &activation.envelope[..],
    ))?;
    let state = rows.next()?.map(|row| row.get(0)).transpose()?;
    // To its end, or the statement is not done.
    while rows.next()?.is_some() {}
    Ok(state)
}
