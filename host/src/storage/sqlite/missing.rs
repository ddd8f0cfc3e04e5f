//! Rows about webhooks and watermarks, and activations that a search found.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::accepting::{self, KNOWS};
use super::group::Work;
use crate::storage::{
    Accepted, Activation, HookRow, Missed, Origin, StorageError, StorageErrorKind, Watermark,
};

pub(super) const TOLD_ONCE: &str =
    "SELECT 1 FROM activations WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND ?4 IS ?4";
/// Later than the second ?4, or in it and not leased before its end ?5: whoever reads the resource after such a lease sees
/// every change of that second.
pub(super) const TOLD_SINCE: &str = "SELECT 1 FROM activations \
     WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND event_time >= ?4 \
         AND (event_time > ?4 OR leased_ms IS NULL OR leased_ms >= ?5)";
/// As [`TOLD_SINCE`], in the second ?4 alone.
pub(super) const TOLD_WITHIN: &str = "SELECT 1 FROM activations \
     WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND event_time = ?4 \
         AND (leased_ms IS NULL OR leased_ms >= ?5)";
pub(super) const COVERED: &str = "SELECT 1 FROM activations \
     WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND covers >= ?4";
const COVER: &str = "UPDATE activations SET covers = ?2 WHERE id = ?1";

const HOOKS: &str = "SELECT hook, event, destination, is_active, seen_ms FROM hooks WHERE connection = ?1 ORDER BY event, hook";
const REMOVE_HOOKS: &str = "DELETE FROM hooks WHERE connection = ?1";
const PUT_HOOK: &str = "INSERT OR REPLACE INTO hooks (connection, hook, event, destination, is_active, seen_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const WATERMARKS: &str =
    "SELECT trigger, since_ms, has_gap FROM watermarks WHERE connection = ?1 ORDER BY trigger";
const RAISE: &str = "INSERT INTO watermarks (connection, trigger, since_ms, has_gap) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (connection, trigger) DO UPDATE \
         SET since_ms = max(since_ms, excluded.since_ms), has_gap = excluded.has_gap";
const FORGET: &str = "DELETE FROM watermarks WHERE connection = ?1 AND trigger = ?2";

const IS_KNOWN: &str = "SELECT 1 FROM connections WHERE id = ?1";
const ALIVE: &str = "SELECT at_ms FROM alive";
const NOTE_ALIVE: &str =
    "INSERT INTO alive (one, at_ms) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET at_ms = excluded.at_ms";

/// Whether a search found before what a webhook tells now.
pub(super) fn is_covered(work: &Work<'_>, activation: &Activation) -> rusqlite::Result<bool> {
    let Some(resource) = activation.resource_id.as_ref().filter(|_| activation.origin == Origin::Webhook)
    else {
        return Ok(false);
    };
    // An event without a time is covered by one that happens once alone.
    let time = activation.event_time.unwrap_or(i64::MAX);
    let covered = |time: i64| {
        let values = (&activation.connection, &activation.trigger, resource, time);
        work.connection.prepare_cached(COVERED)?.exists(values)
    };
    if !covered(time)? || time == i64::MAX || covered(time + 1)? {
        return covered(time);
    }
    // The search found the same second.
    let values = (&activation.connection, &activation.trigger, resource, time, end_ms(time));
    work.connection.prepare_cached(TOLD_WITHIN)?.exists(values)
}

/// Whether any activation is about the same resource, for an event that happens to it once.
pub(super) fn is_told_once(work: &Work<'_>, activation: &Activation) -> rusqlite::Result<bool> {
    let values =
        (&activation.connection, &activation.trigger, &activation.resource_id, activation.event_time);
    work.connection.prepare_cached(TOLD_ONCE)?.exists(values)
}

/// When a second ends, in milliseconds.
fn end_ms(second: i64) -> i64 {
    second.saturating_add(1).saturating_mul(1_000)
}

/// When an activation that a search found may be leased: after the end of the second in which the resource changed, so that
/// the lease sees all of its changes. A vendor's clock that is ahead delays it no longer than this.
const MOST_DELAY_MS: i64 = 5_000;

fn due_ms(activation: &Activation) -> i64 {
    let received_ms = activation.received_ms;
    let ends_ms = activation.event_time.map_or(received_ms, end_ms);
    ends_ms.clamp(received_ms, received_ms.saturating_add(MOST_DELAY_MS))
}

/// Whether an activation told of a change at this time or later.
fn is_told_since(work: &Work<'_>, activation: &Activation) -> rusqlite::Result<bool> {
    let Activation { connection, trigger, resource_id, event_time, .. } = activation;
    let values = (connection, trigger, resource_id, event_time, event_time.map(end_ms));
    work.connection.prepare_cached(TOLD_SINCE)?.exists(values)
}

pub(super) fn accept(work: &mut Work<'_>, missed: &[Missed]) -> Result<Accepted, StorageError> {
    work.all_or_none(|work| {
        let mut accepted = Accepted::default();
        for one in missed {
            let activation = &one.activation;
            let connection = (&activation.connection, &activation.account);
            if !work.connection.prepare_cached(KNOWS)?.exists(connection)? {
                return Err(StorageError::new(StorageErrorKind::UnknownConnection));
            }
            let is_told = match one.happens_once {
                true => is_told_once(work, activation)?,
                false => is_told_since(work, activation)?,
            };
            if is_told {
                accepted.repeated += 1;
                continue;
            }
            let covers = if one.happens_once { Some(i64::MAX) } else { activation.event_time };
            let due_ms = if one.happens_once { activation.received_ms } else { due_ms(activation) };
            match accepting::insert(work, activation, &activation.id, due_ms)? {
                Some(state) => {
                    work.execute(COVER, (&activation.id, covers))?;
                    work.add(state, 1);
                    accepted.new += 1;
                }
                None => accepted.repeated += 1,
            }
        }
        Ok(accepted)
    })
}

pub(super) fn hooks(connection: &Connection, id: &str) -> rusqlite::Result<Vec<HookRow>> {
    let read = |row: &Row<'_>| {
        Ok(HookRow {
            hook: row.get("hook")?,
            event: row.get("event")?,
            destination: row.get("destination")?,
            is_active: row.get("is_active")?,
            seen_ms: row.get("seen_ms")?,
        })
    };
    connection.prepare_cached(HOOKS)?.query_map([id], read)?.collect()
}

pub(super) fn keep_hooks(work: &mut Work<'_>, id: &str, hooks: &[HookRow]) -> Result<(), StorageError> {
    work.all_or_none(|work| {
        known(work, id)?;
        work.execute(REMOVE_HOOKS, [id])?;
        for hook in hooks {
            let HookRow { hook, event, destination, is_active, seen_ms } = hook;
            work.execute(PUT_HOOK, (id, hook, event, destination, is_active, seen_ms))?;
        }
        Ok(())
    })
}

pub(super) fn watermarks(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Watermark>> {
    let read = |row: &Row<'_>| {
        Ok(Watermark {
            trigger: row.get("trigger")?,
            since_ms: row.get("since_ms")?,
            has_gap: row.get("has_gap")?,
        })
    };
    connection.prepare_cached(WATERMARKS)?.query_map([id], read)?.collect()
}

pub(super) fn raise(work: &mut Work<'_>, id: &str, mark: &Watermark) -> Result<(), StorageError> {
    known(work, id)?;
    work.execute(RAISE, (id, &mark.trigger, mark.since_ms, mark.has_gap))?;
    Ok(())
}

pub(super) fn keep_watermarks(
    work: &mut Work<'_>,
    id: &str,
    triggers: &[String],
) -> Result<(), StorageError> {
    work.all_or_none(|work| {
        for mark in watermarks(work.connection, id)?.iter().filter(|mark| !triggers.contains(&mark.trigger)) {
            work.execute(FORGET, (id, &mark.trigger))?;
        }
        Ok(())
    })
}

pub(super) fn last_alive(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached(ALIVE)?.query_row((), |row| row.get(0)).optional()
}

pub(super) fn note_alive(work: &mut Work<'_>, now_ms: i64) -> Result<(), StorageError> {
    work.execute(NOTE_ALIVE, [now_ms])?;
    Ok(())
}

/// Rows of a connection that is not stored would never be removed.
fn known(work: &Work<'_>, id: &str) -> Result<(), StorageError> {
    match work.connection.prepare_cached(IS_KNOWN)?.exists([id])? {
        true => Ok(()),
        false => Err(StorageError::new(StorageErrorKind::UnknownConnection)),
    }
}
