//! Deliveries that sign a time and no id: a repeat has the same time, and several events can have the same key.

use rusqlite::OptionalExtension as _;

use super::accepting::{self, insert};
use super::group::Work;
use super::missing;
use crate::storage::{Arrival, Receipt, StorageError, generation_id};

pub(super) const LATEST: &str = "SELECT signed_ms, generation FROM signings \
     WHERE connection = ?1 AND trigger = ?2 AND key = ?3 ORDER BY signed_ms DESC LIMIT 1";

pub(super) const SEEN: &str = "SELECT generation FROM signings \
     WHERE connection = ?1 AND trigger = ?2 AND key = ?3 AND signed_ms = ?4";

const NOTE: &str = "INSERT INTO signings (connection, trigger, key, signed_ms, generation, account, received_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// The row with the latest signed time is kept as long as that of the latest generation.
const RAISE: &str = "UPDATE signings SET generation = ?5, received_ms = max(received_ms, ?6) \
     WHERE connection = ?1 AND trigger = ?2 AND key = ?3 AND signed_ms = ?4";

pub(super) const WAS_LEASED: &str = "SELECT leased_ms IS NOT NULL FROM activations WHERE id = ?1";

pub(super) const REMOVE_OLD: &str = "DELETE FROM signings WHERE (connection, trigger, key, signed_ms) IN \
     (SELECT connection, trigger, key, signed_ms FROM signings WHERE received_ms <= ?1 LIMIT ?2)";

pub(super) const CONNECTIONS_OF_ACCOUNT: &str = "SELECT DISTINCT connection FROM signings WHERE account = ?1";

/// Nothing of a connection that has not ended, or is still being removed.
pub(super) const REMOVE_OF_CONNECTION: &str = "DELETE FROM signings WHERE (connection, trigger, key, signed_ms) IN \
     (SELECT connection, trigger, key, signed_ms FROM signings WHERE connection = ?1 AND account = ?2 AND NOT EXISTS \
         (SELECT 1 FROM connections WHERE id = ?1 AND account = ?2 AND (state <> ?3 OR length(sealed) > 0)) \
     LIMIT ?4)";

/// Stores an arrival and the time of its signing. A time that was seen is a repeat. Another time is new if every earlier
/// activation of the key was leased: whoever reads the resource after that lease sees the change. Otherwise, the change is
/// part of what the waiting activation leads to.
pub(super) fn accept(
    work: &mut Work<'_>,
    arrival: &Arrival,
    key: &[u8; 32],
    signed_ms: i64,
) -> Result<Receipt, StorageError> {
    let activation = &arrival.activation;
    let (connection, trigger) = (&activation.connection, &activation.trigger);
    let id_of = |generation| generation_id(connection, trigger, key, generation);
    let latest: Option<(i64, i64)> = work
        .connection
        .prepare_cached(LATEST)?
        .query_row((connection, trigger, key), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let seen: Option<i64> = match latest {
        Some((latest_ms, generation)) if latest_ms == signed_ms => Some(generation),
        Some((latest_ms, _)) if latest_ms > signed_ms => work
            .connection
            .prepare_cached(SEEN)?
            .query_row((connection, trigger, key, signed_ms), |row| row.get(0))
            .optional()?,
        _ => None,
    };
    if let Some(generation) = seen {
        return Ok(Receipt { id: id_of(generation), is_new: false });
    }
    let known = latest.map_or(0, |(_, generation)| generation);
    let is_known = missing::is_covered(work, activation)?
        || accepting::is_former(work, arrival)?
        || (latest.is_some() && !was_leased(work, &id_of(known))?);
    let mut receipt = Receipt { id: id_of(known), is_new: false };
    let mut generation = known;
    if !is_known {
        generation = if latest.is_some() { known + 1 } else { known };
        // An activation can be older than all signings that are kept.
        receipt = loop {
            let id = id_of(generation);
            if let Some(state) = insert(work, activation, &id, activation.received_ms)? {
                work.add(state, 1);
                break Receipt { id, is_new: true };
            }
            if !was_leased(work, &id)? {
                break Receipt { id, is_new: false };
            }
            generation += 1;
        };
    }
    let received_ms = activation.received_ms;
    work.execute(NOTE, (connection, trigger, key, signed_ms, generation, &activation.account, received_ms))?;
    if let Some((latest_ms, before)) = latest.filter(|(latest_ms, _)| *latest_ms > signed_ms)
        && before != generation
    {
        work.execute(RAISE, (connection, trigger, key, latest_ms, generation, received_ms))?;
    }
    Ok(receipt)
}

/// An activation that is not stored any more was finished.
fn was_leased(work: &Work<'_>, id: &str) -> rusqlite::Result<bool> {
    let found = work.connection.prepare_cached(WAS_LEASED)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(true))
}
