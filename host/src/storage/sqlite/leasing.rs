//! Leases: what is due is given out, from all connections in turn, so that none waits for the receiver of another.

use std::collections::HashMap;

use rusqlite::OptionalExtension as _;

use super::finishing::{Found, give_way};
use super::group::Work;
use super::own_changes;
use super::row::{self, State};
use super::stepping;
use crate::storage::{LeaseRequest, LeaseToken, Leased, StorageError};

pub(super) const ENDED: &str = "SELECT position, state, lease, connection, resource_type, resource_id, envelope IS NULL \
     FROM activations WHERE state = 2 AND due_ms <= ?1 ORDER BY due_ms LIMIT 512";

const RETURN: &str = "UPDATE activations SET state = 1 WHERE position = ?1";

const END: &str = "UPDATE activations SET due_ms = ?1, noted_ms = ?1 WHERE state = 2 AND due_ms > ?1";

pub(super) const LIVE: &str =
    "SELECT connection, count(*) FROM activations WHERE state = 2 AND due_ms > ?1 GROUP BY connection";

/// The next connection in the order of names of which one is ready, and when its first one is due: a step from one to the
/// next, however many activations each has.
pub(super) const NEXT_CONNECTION: &str = "SELECT connection, due_ms FROM activations \
     WHERE state = 1 AND connection > ?1 ORDER BY connection, due_ms LIMIT 1";

pub(super) const TAKE: &str = "UPDATE activations SET state = 2, due_ms = ?3, attempts = attempts + 1, lease = lease + 1, \
        leased_ms = ?2, noted_ms = ?2, room = NULL \
     WHERE position IN (SELECT position FROM activations WHERE state = 1 AND connection = ?1 AND due_ms <= ?2 \
         ORDER BY due_ms, position LIMIT ?4) \
     RETURNING position, lease, attempts, id, connection, account, trigger, resource_type, resource_id, event_time, \
         received_ms, origin, envelope, own";

/// A connection of which something is due.
struct Candidate {
    connection: String,
    /// How many more of it may be leased.
    room: u32,
}

pub(super) fn lease(work: &mut Work<'_>, request: &LeaseRequest) -> Result<Vec<Leased>, StorageError> {
    work.all_or_none(|work| {
        stepping::mend(work, request.now_ms)?;
        return_ended(work, request.now_ms)?;
        let mut candidates = candidates(work, request)?;
        let mut leased = Vec::new();
        let mut left = request.limit;
        while left > 0 && !candidates.is_empty() {
            // Everybody gets the same share; what some do not need is shared anew.
            let share = (left / u32::try_from(candidates.len()).unwrap_or(u32::MAX)).max(1);
            let mut remaining = Vec::new();
            for mut candidate in candidates {
                let wanted = share.min(candidate.room).min(left);
                if wanted == 0 {
                    continue;
                }
                let taken = take(work, &candidate.connection, request, wanted, &mut leased)?;
                left -= taken;
                candidate.room -= taken;
                work.turn.clone_from(&candidate.connection);
                if taken == wanted {
                    remaining.push(candidate);
                }
            }
            candidates = remaining;
        }
        Ok(leased)
    })
}

/// The next that leases something gives out what was leased, as after the ends of the leases.
pub(super) fn end_all(work: &mut Work<'_>, now_ms: i64) -> Result<u64, StorageError> {
    stepping::mend(work, now_ms)?;
    Ok(work.execute(END, [now_ms])? as u64)
}

/// Leases that ended without a word come back.
fn return_ended(work: &mut Work<'_>, now_ms: i64) -> Result<(), StorageError> {
    let ended: Vec<Found> = work
        .connection
        .prepare_cached(ENDED)?
        .query_map([now_ms], Found::from_row)?
        .collect::<Result<_, _>>()?;
    for found in ended {
        work.execute(RETURN, [found.position])?;
        work.moved(State::Leased, State::Ready);
        give_way(work, &found)?;
    }
    Ok(())
}

/// Connections of which something is due and more may be leased, in turn from the one after the last that was served.
fn candidates(work: &Work<'_>, request: &LeaseRequest) -> rusqlite::Result<Vec<Candidate>> {
    let live = live(work, request.now_ms)?;
    let mut found = Vec::new();
    let mut next = work.connection.prepare_cached(NEXT_CONNECTION)?;
    let mut after = work.turn.clone();
    let mut has_turned = after.is_empty();
    while found.len() < request.limit as usize {
        let row = next.query_row([&after], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional()?;
        match row {
            Some((connection, _)) if has_turned && !work.turn.is_empty() && connection > *work.turn => break,
            Some((connection, due_ms)) => {
                let taken = live.get(&connection).copied().unwrap_or(0);
                let room = request.per_connection.saturating_sub(taken);
                after.clone_from(&connection);
                if due_ms <= request.now_ms && room > 0 {
                    found.push(Candidate { connection, room });
                }
            }
            None if has_turned => break,
            None => {
                has_turned = true;
                after.clear();
            }
        }
    }
    Ok(found)
}

fn live(work: &Work<'_>, now_ms: i64) -> rusqlite::Result<HashMap<String, u32>> {
    let mut live = work.connection.prepare_cached(LIVE)?;
    live.query_map([now_ms], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Leases up to `wanted` of a connection; how many there were.
fn take(
    work: &mut Work<'_>,
    connection: &str,
    request: &LeaseRequest,
    wanted: u32,
    leased: &mut Vec<Leased>,
) -> Result<u32, StorageError> {
    let duration = i64::try_from(request.duration.as_millis()).unwrap_or(i64::MAX);
    let ends_ms = request.now_ms.saturating_add(duration);
    let before = leased.len();
    {
        let mut take = work.connection.prepare_cached(TAKE)?;
        let rows = take.query_map((connection, request.now_ms, ends_ms, wanted), |row| {
            let lease = Leased {
                activation: row::activation(row)?,
                lease: LeaseToken(row.get("lease")?),
                attempt: row.get("attempts")?,
                own: own_changes::cause(row)?,
            };
            Ok((row.get::<_, i64>("position")?, lease))
        })?;
        let mut rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        // SQLite returns them as it changed them.
        rows.sort_by_key(|(position, _)| *position);
        leased.extend(rows.into_iter().map(|(_, lease)| lease));
    }
    let taken = u32::try_from(leased.len() - before).unwrap_or(u32::MAX);
    work.add(State::Ready, -i64::from(taken));
    work.add(State::Leased, i64::from(taken));
    Ok(taken)
}
