//! What is removed: payloads and ids after their time, and all of an account. In slices, so that the writer is soon free.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use super::finishing::{Found, promote};
use super::group::Work;
use super::row::State;
use super::{scrub, signings};
use crate::storage::{ConnectionState, Retention, StorageError};

/// At most so many rows are changed in one transaction.
pub(super) const SLICE: u32 = 256;

pub(super) const EMPTY_DELIVERED: &str = "UPDATE activations SET envelope = NULL WHERE position IN \
     (SELECT position FROM activations WHERE state = 3 AND envelope IS NOT NULL AND finished_ms <= ?1 LIMIT ?2)";

pub(super) const EMPTY_SUPPRESSED: &str = "UPDATE activations SET envelope = NULL WHERE position IN \
     (SELECT position FROM activations WHERE state = 5 AND envelope IS NOT NULL AND finished_ms <= ?1 LIMIT ?2)";

pub(super) const EMPTY_DEAD: &str = "UPDATE activations SET envelope = NULL WHERE position IN \
     (SELECT position FROM activations WHERE state = 4 AND envelope IS NOT NULL AND finished_ms <= ?1 LIMIT ?2)";

/// Only what is finished is ever emptied. What a search might find once more is kept until the watermark has passed it.
pub(super) const REMOVE_EMPTIED: &str = "DELETE FROM activations WHERE position IN \
     (SELECT position FROM activations WHERE envelope IS NULL AND received_ms <= ?1 AND NOT EXISTS \
         (SELECT 1 FROM watermarks WHERE watermarks.connection = activations.connection \
             AND watermarks.trigger = activations.trigger AND since_ms <= received_ms) \
     LIMIT ?2) RETURNING state, lease";

const OF_ACCOUNT: &str =
    "SELECT position FROM activations WHERE account = ?1 AND position > ?2 ORDER BY position LIMIT ?3";

/// Nothing where a connection of the account has not ended, or is still being removed.
const FINISHED_OF_ENDED: &str = "SELECT position FROM activations WHERE account = ?1 AND state IN (3, 4, 5) AND NOT EXISTS \
         (SELECT 1 FROM connections WHERE connections.account = ?1 AND (connections.state <> ?2 OR length(sealed) > 0)) \
     ORDER BY position LIMIT ?3";

const FIND: &str = "SELECT position, state, lease, connection, resource_type, resource_id, envelope IS NULL \
     FROM activations WHERE position = ?1";
const REMOVE: &str = "DELETE FROM activations WHERE position = ?1";

const RAISE_FLOOR: &str = "UPDATE marks SET lease_floor = max(lease_floor, ?1) WHERE one = 1";

/// What happened up to these moments was kept long enough.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    delivered_ms: i64,
    dead_ms: i64,
    received_ms: i64,
}

impl Limits {
    /// Payloads go by the clock, ids and signed times by `until_ms`.
    pub(super) fn new(now_ms: i64, until_ms: i64, retention: &Retention) -> Self {
        let before = |from_ms: i64, kept: Duration| {
            from_ms.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
        };
        Self {
            delivered_ms: before(now_ms, retention.delivered),
            dead_ms: before(now_ms, retention.dead),
            received_ms: before(until_ms, Retention::IDS),
        }
    }
}

/// Removes a slice; how many rows were changed, none when nothing is left to remove.
pub(super) fn remove_expired(work: &mut Work<'_>, limits: Limits) -> Result<u64, StorageError> {
    work.all_or_none(|work| {
        let mut changed = work.execute(EMPTY_DELIVERED, (limits.delivered_ms, SLICE))?;
        changed += work.execute(EMPTY_SUPPRESSED, (limits.delivered_ms, SLICE))?;
        changed += work.execute(EMPTY_DEAD, (limits.dead_ms, SLICE))?;
        changed += work.execute(signings::REMOVE_OLD, (limits.received_ms, SLICE))?;
        let removed: Vec<(State, i64)> = work
            .connection
            .prepare_cached(REMOVE_EMPTIED)?
            .query_map((limits.received_ms, SLICE), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        removed.iter().for_each(|(state, _)| work.add(*state, -1));
        raise_floor(work, removed.iter().map(|(_, lease)| *lease))?;
        Ok(u64::try_from(changed + removed.len()).unwrap_or(u64::MAX))
    })
}

/// Notes that the leases of removed activations are not to be given out again under an id that is accepted anew.
fn raise_floor(work: &Work<'_>, leases: impl Iterator<Item = i64>) -> rusqlite::Result<()> {
    leases.max().map_or(Ok(()), |latest| work.execute(RAISE_FLOOR, [latest]).map(drop))
}

/// The connections of which deliveries of an account are remembered.
pub(super) fn signing_connections(connection: &Connection, account: &str) -> rusqlite::Result<Vec<String>> {
    let mut of_account = connection.prepare_cached(signings::CONNECTIONS_OF_ACCOUNT)?;
    of_account.query_map([account], |row| row.get(0))?.collect()
}

/// Forgets a slice of the deliveries of a connection to an account; how many there were.
pub(super) fn forget_signings(
    work: &mut Work<'_>,
    connection: &str,
    account: &str,
) -> Result<u64, StorageError> {
    Ok(work.execute(signings::REMOVE_OF_CONNECTION, (connection, account, ConnectionState::Revoked, SLICE))?
        as u64)
}

/// Positions of an account's activations after this one; a slice of them.
pub(super) fn of_account(connection: &Connection, account: &str, after: i64) -> rusqlite::Result<Vec<i64>> {
    let mut of_account = connection.prepare_cached(OF_ACCOUNT)?;
    of_account.query_map((account, after, SLICE), |row| row.get(0))?.collect()
}

/// Removes a slice of what an account that ended has sent and is finished; how many there were. Whether it ended is looked at
/// anew each time: it may have been connected again meanwhile.
pub(super) fn remove_finished(work: &mut Work<'_>, account: &str) -> Result<u64, StorageError> {
    let positions: Vec<i64> = work
        .connection
        .prepare_cached(FINISHED_OF_ENDED)?
        .query_map((account, ConnectionState::Revoked, SLICE), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if !positions.is_empty() {
        work.execute(super::own_changes::REMOVE_ACCOUNT, [account])?;
    }
    remove(work, &positions)
}

/// Removes these; how many there were.
pub(super) fn remove(work: &mut Work<'_>, positions: &[i64]) -> Result<u64, StorageError> {
    work.all_or_none(|work| {
        if !positions.is_empty() {
            scrub::owe(work)?;
        }
        let mut removed = 0;
        let mut leases = Vec::with_capacity(positions.len());
        for position in positions {
            let found =
                work.connection.prepare_cached(FIND)?.query_row([position], Found::from_row).optional()?;
            let Some(found) = found else { continue };
            work.execute(REMOVE, [position])?;
            leases.push(found.lease);
            work.add(found.state, -1);
            if matches!(found.state, State::Ready | State::Leased) {
                promote(work, &found)?;
            }
            removed += 1;
        }
        raise_floor(work, leases.into_iter())?;
        Ok(removed)
    })
}
