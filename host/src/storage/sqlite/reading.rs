//! Questions that change nothing.

use std::fmt::Write as _;

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::leasing::NEXT_CONNECTION;
use super::own_changes;
use super::row::{self, State};
use crate::storage::{ActivationFilter, ActivationState, ActivationSummary, StorageCounts, StoredActivation};

pub(super) const FIND: &str = "SELECT id, connection, account, trigger, resource_type, resource_id, event_time, received_ms, \
         origin, envelope, state, attempts, failure, due_ms, finished_ms, envelope IS NULL AS is_emptied, own \
     FROM activations WHERE id = ?1";

pub(super) const NEXT_READY: &str =
    "SELECT min(due_ms) FROM activations WHERE state = 1 AND connection = ?1 AND due_ms > ?2";
pub(super) const NEXT_ENDING: &str = "SELECT min(due_ms) FROM activations WHERE state = 2 AND due_ms > ?1";

const TOTALS: &str = "SELECT state, count FROM totals";
pub(super) const OLDEST: &str = "SELECT coalesce(accepted_ms, received_ms) FROM activations \
     WHERE position = (SELECT min(position) FROM activations INDEXED BY activations_unfinished WHERE state < 3)";

pub(super) fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<StoredActivation>> {
    let read = |row: &Row<'_>| {
        let state: State = row.get("state")?;
        let due_ms: i64 = row.get("due_ms")?;
        Ok(StoredActivation {
            activation: row::activation(row)?,
            state: state.public(),
            attempts: row.get("attempts")?,
            failure: row.get("failure")?,
            due_ms: (!state.is_finished()).then_some(due_ms),
            finished_ms: row.get("finished_ms")?,
            is_emptied: row.get("is_emptied")?,
            own: own_changes::cause(row)?,
        })
    };
    connection.prepare_cached(FIND)?.query_row([id], read).optional()
}

pub(super) fn list(
    connection: &Connection,
    filter: &ActivationFilter,
) -> rusqlite::Result<Vec<ActivationSummary>> {
    let after = filter.after.unwrap_or(if filter.newest_first { i64::MAX } else { i64::MIN });
    let mut values: Vec<&dyn ToSql> = vec![&after, &filter.limit];
    let mut sql = list_of(filter.state, filter.newest_first);
    let since = filter.since_ms.as_ref().map(|since| since as &dyn ToSql);
    for (condition, value) in [
        ("connection =", filter.connection.as_ref().map(|id| id as &dyn ToSql)),
        ("account =", filter.account.as_ref().map(|id| id as &dyn ToSql)),
        ("trigger =", filter.trigger.as_ref().map(|id| id as &dyn ToSql)),
        ("received_ms >=", since),
    ] {
        if let Some(value) = value {
            values.push(value);
            // Writing to a string cannot fail.
            write!(sql, " AND {condition} ?{}", values.len()).unwrap_or_default();
        }
    }
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    // Writing to a string cannot fail.
    write!(sql, " ORDER BY position {order} LIMIT ?2").unwrap_or_default();
    let mut list = connection.prepare_cached(&sql)?;
    list.query_map(values.as_slice(), summary)?.collect()
}

/// The state is written out, so that SQLite sees which index holds it.
pub(super) fn list_of(state: Option<ActivationState>, newest_first: bool) -> String {
    let follows = if newest_first { "<" } else { ">" };
    let condition = match state {
        None => "",
        Some(ActivationState::Waiting) => " AND state < 2",
        Some(ActivationState::Leased) => " AND state = 2",
        Some(ActivationState::Delivered) => " AND state = 3",
        Some(ActivationState::Dead) => " AND state = 4",
        Some(ActivationState::Suppressed) => " AND state = 5",
    };
    format!(
        "SELECT position, id, connection, account, trigger, resource_type, resource_id, received_ms, state, attempts, \
         failure FROM activations WHERE position {follows} ?1{condition}"
    )
}

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<ActivationSummary> {
    Ok(ActivationSummary {
        position: row.get("position")?,
        id: row.get("id")?,
        connection: row.get("connection")?,
        account: row.get("account")?,
        trigger: row.get("trigger")?,
        resource_type: row.get("resource_type")?,
        resource_id: row.get("resource_id")?,
        received_ms: row.get("received_ms")?,
        state: row.get::<_, State>("state")?.public(),
        attempts: row.get("attempts")?,
        failure: row.get("failure")?,
    })
}

/// Steps from connection to connection, and looks at the first of each.
pub(super) fn next_due(connection: &Connection, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    let mut first: Option<i64> =
        connection.prepare_cached(NEXT_ENDING)?.query_row([now_ms], |row| row.get(0))?;
    let mut next_connection = connection.prepare_cached(NEXT_CONNECTION)?;
    let mut next_ready = connection.prepare_cached(NEXT_READY)?;
    let mut after = String::new();
    while let Some((name, due_ms)) =
        next_connection.query_row([&after], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional()?
    {
        let due_ms: Option<i64> = match due_ms > now_ms {
            true => Some(due_ms),
            false => next_ready.query_row((&name, now_ms), |row| row.get(0))?,
        };
        first = first.into_iter().chain(due_ms).min();
        after = name;
    }
    Ok(first)
}

pub(super) fn counts(connection: &Connection) -> rusqlite::Result<StorageCounts> {
    let mut counts = StorageCounts::default();
    let mut totals = connection.prepare_cached(TOTALS)?;
    let mut rows = totals.query(())?;
    while let Some(row) = rows.next()? {
        let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        match row.get::<_, State>(0)?.public() {
            ActivationState::Waiting => counts.waiting += count,
            ActivationState::Leased => counts.leased += count,
            ActivationState::Delivered => counts.delivered += count,
            ActivationState::Dead => counts.dead += count,
            ActivationState::Suppressed => counts.suppressed += count,
        }
    }
    counts.oldest_ms = connection.prepare_cached(OLDEST)?.query_row((), |row| row.get(0)).optional()?;
    Ok(counts)
}
