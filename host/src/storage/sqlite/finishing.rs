//! What becomes of a lease: delivered, tried later or given up; and what was finished can begin anew.

use rusqlite::{OptionalExtension as _, Row};

use super::group::Work;
use super::row::State;
use super::stepping;
use crate::storage::{Cause, LeaseToken, StorageError, StorageErrorKind};

pub(super) const FIND: &str = "SELECT position, state, lease, connection, resource_type, resource_id, envelope IS NULL FROM activations WHERE id = ?1";

const FINISH: &str = "UPDATE activations SET state = ?2, finished_ms = ?3, failure = ?4 WHERE position = ?1";

const MARK: &str = "UPDATE activations SET own = ?2 WHERE position = ?1";

/// The token is used up.
const RETRY: &str = "UPDATE activations SET state = 1, due_ms = ?2, failure = ?3, noted_ms = ?4, lease = lease + 1 WHERE position = ?1";

/// As [`RETRY`], with the attempt taken back that the lease was counted as.
const POSTPONE: &str = "UPDATE activations SET state = 1, due_ms = ?2, failure = ?3, noted_ms = ?4, lease = lease + 1, \
     attempts = max(attempts - 1, 0) WHERE position = ?1";

const REPLAY: &str = "UPDATE activations SET state = ?2, due_ms = ?3, noted_ms = ?3, attempts = 0, lease = lease + 1, finished_ms = NULL \
     WHERE position = ?1";

/// One that waits keeps its attempts, its token and its place.
const HASTEN: &str = "UPDATE activations SET due_ms = ?2, noted_ms = ?2 WHERE position = ?1 AND due_ms > ?2";

/// The oldest unfinished one of a resource.
pub(super) const FIRST: &str = "SELECT position, state FROM activations \
     WHERE connection = ?1 AND resource_type IS ?2 AND resource_id = ?3 AND state < 3 ORDER BY position LIMIT 1";

/// The one of a resource that is not behind another.
const HEAD: &str = "SELECT position, state FROM activations \
     WHERE connection = ?1 AND resource_type IS ?2 AND resource_id = ?3 AND state < 3 AND state > 0 \
     ORDER BY position LIMIT 1";

const SET_STATE: &str = "UPDATE activations SET state = ?2 WHERE position = ?1";

/// What is needed to change a row.
pub(super) struct Found {
    pub(super) position: i64,
    pub(super) state: State,
    pub(super) lease: i64,
    connection: String,
    resource_type: Option<String>,
    resource_id: Option<String>,
    is_emptied: bool,
}

impl Found {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            position: row.get(0)?,
            state: row.get(1)?,
            lease: row.get(2)?,
            connection: row.get(3)?,
            resource_type: row.get(4)?,
            resource_id: row.get(5)?,
            is_emptied: row.get(6)?,
        })
    }

    /// Whether nobody has used the token or got another since. A lease that ended may still be used until then.
    fn is_held(&self, lease: LeaseToken) -> bool {
        matches!(self.state, State::Ready | State::Leased) && self.lease == lease.0 && lease.0 > 0
    }
}

pub(super) fn acknowledge(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    now_ms: i64,
) -> Result<bool, StorageError> {
    finish(work, id, lease, State::Delivered, None, now_ms)
}

pub(super) fn bury(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    failure: &str,
    now_ms: i64,
) -> Result<bool, StorageError> {
    finish(work, id, lease, State::Dead, Some(failure), now_ms)
}

/// Notes the own change that a leased activation tells of.
pub(super) fn mark_own(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    cause: &Cause,
) -> Result<bool, StorageError> {
    let Some(found) = find(work, id)?.filter(|found| found.is_held(lease)) else { return Ok(false) };
    write_cause(work, &found, cause)?;
    Ok(true)
}

/// Ends a leased activation without a delivery.
pub(super) fn suppress(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    cause: &Cause,
    now_ms: i64,
) -> Result<bool, StorageError> {
    work.all_or_none(|work| {
        let Some(found) = find(work, id)?.filter(|found| found.is_held(lease)) else { return Ok(false) };
        // The action is in the reason as well.
        if !work.is_tight {
            write_cause(work, &found, cause)?;
        }
        let why = format!("an own change: {}", cause.action);
        finish(work, id, lease, State::Suppressed, Some(&why), now_ms)
    })
}

fn write_cause(work: &Work<'_>, found: &Found, cause: &Cause) -> Result<(), StorageError> {
    let text = serde_json::to_string(cause).map_err(|_| StorageError::new(StorageErrorKind::Refused))?;
    Ok(work.execute(MARK, (found.position, text)).map(drop)?)
}

fn finish(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    state: State,
    failure: Option<&str>,
    now_ms: i64,
) -> Result<bool, StorageError> {
    let Some(found) = find(work, id)?.filter(|found| found.is_held(lease)) else { return Ok(false) };
    work.all_or_none(|work| {
        work.execute(FINISH, (found.position, state, now_ms, failure.map(|text| work.shortened(text))))?;
        work.moved(found.state, state);
        promote(work, &found)?;
        Ok(true)
    })
}

pub(super) fn retry_later(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    not_before_ms: i64,
    failure: &str,
    now_ms: i64,
) -> Result<bool, StorageError> {
    give_back(work, RETRY, id, lease, (not_before_ms, failure, now_ms))
}

pub(super) fn postpone(
    work: &mut Work<'_>,
    id: &str,
    lease: LeaseToken,
    not_before_ms: i64,
    why: &str,
    now_ms: i64,
) -> Result<bool, StorageError> {
    give_back(work, POSTPONE, id, lease, (not_before_ms, why, now_ms))
}

fn give_back(
    work: &mut Work<'_>,
    sql: &str,
    id: &str,
    lease: LeaseToken,
    (not_before_ms, why, now_ms): (i64, &str, i64),
) -> Result<bool, StorageError> {
    let Some(found) = find(work, id)?.filter(|found| found.is_held(lease)) else { return Ok(false) };
    work.all_or_none(|work| {
        stepping::note(work, now_ms)?;
        let due_ms = not_before_ms.min(now_ms.saturating_add(stepping::LONGEST_MS));
        work.execute(sql, (found.position, due_ms, work.shortened(why), now_ms))?;
        work.moved(found.state, State::Ready);
        give_way(work, &found)?;
        Ok(true)
    })
}

pub(super) fn replay(work: &mut Work<'_>, id: &str, now_ms: i64) -> Result<bool, StorageError> {
    let is_replayable = |found: &Found| found.state != State::Leased && !found.is_emptied;
    let Some(found) = find(work, id)?.filter(is_replayable) else { return Ok(false) };
    work.all_or_none(|work| {
        stepping::note(work, now_ms)?;
        if !found.state.is_finished() {
            work.execute(HASTEN, (found.position, now_ms))?;
            return Ok(true);
        }
        let state = match of_resource(work, HEAD, &found)? {
            // It is being delivered already.
            Some((_, State::Leased)) => State::Queued,
            Some((position, State::Ready)) if position < found.position => State::Queued,
            Some((position, state)) => {
                work.execute(SET_STATE, (position, State::Queued))?;
                work.moved(state, State::Queued);
                State::Ready
            }
            None => State::Ready,
        };
        work.execute(REPLAY, (found.position, state, now_ms))?;
        work.moved(found.state, state);
        Ok(true)
    })
}

/// Lets the next of the resource go on, where there is one.
pub(super) fn promote(work: &mut Work<'_>, gone: &Found) -> Result<(), StorageError> {
    if let Some((position, State::Queued)) = of_resource(work, FIRST, gone)? {
        work.execute(SET_STATE, (position, State::Ready))?;
        work.moved(State::Queued, State::Ready);
    }
    Ok(())
}

/// Lets an older one of the resource go first, where it was replayed while this one was leased.
pub(super) fn give_way(work: &mut Work<'_>, waiting: &Found) -> Result<(), StorageError> {
    if let Some((position, State::Queued)) = of_resource(work, FIRST, waiting)? {
        work.execute(SET_STATE, (waiting.position, State::Queued))?;
        work.execute(SET_STATE, (position, State::Ready))?;
    }
    Ok(())
}

/// One of the same resource; none of those that have no resource.
fn of_resource(work: &Work<'_>, sql: &str, found: &Found) -> rusqlite::Result<Option<(i64, State)>> {
    if found.resource_id.is_none() {
        return Ok(None);
    }
    let resource = (&found.connection, &found.resource_type, &found.resource_id);
    work.connection.prepare_cached(sql)?.query_row(resource, |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn find(work: &Work<'_>, id: &str) -> rusqlite::Result<Option<Found>> {
    work.connection.prepare_cached(FIND)?.query_row([id], Found::from_row).optional()
}
