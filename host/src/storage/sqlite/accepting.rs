//! New activations become rows, each once by its id.

use super::group::Work;
use super::row::State;
use super::{missing, signings, stepping};
use crate::storage::{Activation, Arrival, Identity, Receipt, StorageError, StorageErrorKind};

/// A payload of so many bytes takes a place of its own in a group.
const BYTES: usize = 16 * 1024;

pub(super) const KNOWS: &str = "SELECT 1 FROM connections WHERE id = ?1 AND account = ?2";

/// Waits behind another unfinished one of its resource, where it has a resource and there is one. Its lease numbers begin above
/// those of all activations that were removed: one of them may have had the same id, and somebody may still hold its lease.
/// 64 bytes are kept for the moments of its attempts and a [short](super::group::Work::shortened) failure.
pub(super) const INSERT: &str = "INSERT INTO activations \
    (id, due_ms, received_ms, noted_ms, event_time, origin, connection, account, trigger, resource_type, resource_id, envelope, lease, \
        state, room) \
    VALUES (?1, ?11, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, (SELECT lease_floor + 1 FROM marks WHERE one = 1), NOT EXISTS \
        (SELECT 1 FROM activations WHERE connection = ?5 AND resource_type IS ?8 AND resource_id = ?9 AND state < 3), \
        zeroblob(64)) \
     ON CONFLICT (id) DO NOTHING RETURNING state";

pub(super) const FORMER: &str = "SELECT 1 FROM activations WHERE id = ?1";

/// How much of a group an activation takes.
pub(super) fn weight(activation: &Activation) -> usize {
    1 + activation.envelope.len() / BYTES
}

pub(super) fn accept(work: &mut Work<'_>, arrivals: &[Arrival]) -> Result<Vec<Receipt>, StorageError> {
    match arrivals {
        // One statement needs no savepoint.
        [arrival] if !matches!(arrival.identity, Identity::Signed { .. }) => store_all(work, arrivals),
        _ => work.all_or_none(|work| store_all(work, arrivals)),
    }
}

fn store_all(work: &mut Work<'_>, arrivals: &[Arrival]) -> Result<Vec<Receipt>, StorageError> {
    let mut receipts = Vec::with_capacity(arrivals.len());
    let mut known = None;
    for arrival in arrivals {
        let connection = (&arrival.activation.connection, &arrival.activation.account);
        if known != Some(connection) {
            if !work.connection.prepare_cached(KNOWS)?.exists(connection)? {
                return Err(StorageError::new(StorageErrorKind::UnknownConnection));
            }
            known = Some(connection);
        }
        receipts.push(store(work, arrival)?);
    }
    Ok(receipts)
}

fn store(work: &mut Work<'_>, arrival: &Arrival) -> Result<Receipt, StorageError> {
    let activation = &arrival.activation;
    let is_known = match arrival.identity {
        Identity::Signed { key, signed_ms } => return signings::accept(work, arrival, &key, signed_ms),
        Identity::Once => missing::is_told_once(work, activation)?,
        Identity::Id => missing::is_covered(work, activation)?,
    };
    let mut receipt = Receipt { id: activation.id.clone(), is_new: false };
    if !is_known
        && !is_former(work, arrival)?
        && let Some(state) = insert(work, activation, &activation.id, activation.received_ms)?
    {
        work.add(state, 1);
        receipt.is_new = true;
    }
    Ok(receipt)
}

/// Whether an activation is stored under the id that earlier versions gave to this one, soon after the upgrade.
pub(super) fn is_former(work: &Work<'_>, arrival: &Arrival) -> rusqlite::Result<bool> {
    match &arrival.former_id {
        Some(id) if arrival.activation.received_ms < work.former_until_ms => {
            work.connection.prepare_cached(FORMER)?.exists([id])
        }
        _ => Ok(false),
    }
}

/// The state of the new row, which is due at `due_ms`; none where the id is known.
pub(super) fn insert(
    work: &Work<'_>,
    activation: &Activation,
    id: &str,
    due_ms: i64,
) -> rusqlite::Result<Option<State>> {
    stepping::note(work, activation.received_ms)?;
    let mut insert = work.connection.prepare_cached(INSERT)?;
    let mut rows = insert.query((
        id,
        activation.received_ms,
        activation.event_time,
        activation.origin,
        &activation.connection,
        &activation.account,
        &activation.trigger,
        &activation.resource_type,
        &activation.resource_id,
        &activation.envelope[..],
        due_ms,
    ))?;
    let state = rows.next()?.map(|row| row.get(0)).transpose()?;
    // To its end, or the statement is not done.
    while rows.next()?.is_some() {}
    Ok(state)
}
