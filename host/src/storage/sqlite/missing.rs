//! Rows about webhooks and watermarks, and activations that a search found.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::accepting::{self, KNOWS};
use super::group::Work;
use crate::storage::{
    Accepted, Activation, HookRow, Missed, Origin, StorageError, StorageErrorKind, Watermark,
};

pub(super) const TOLD_ONCE: &str =
    "SELECT 1 FROM activations WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND ?4 IS ?4";
pub(super) const TOLD_SINCE: &str = "SELECT 1 FROM activations \
     WHERE connection = ?1 AND trigger = ?2 AND resource_id = ?3 AND event_time >= ?4";
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
    let values = (&activation.connection, &activation.trigger, resource, time);
    work.connection.prepare_cached(COVERED)?.exists(values)
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
            let told = if one.happens_once { TOLD_ONCE } else { TOLD_SINCE };
            let values =
                (&activation.connection, &activation.trigger, &activation.resource_id, activation.event_time);
            if work.connection.prepare_cached(told)?.exists(values)? {
                accepted.repeated += 1;
                continue;
            }
            let covers = if one.happens_once { Some(i64::MAX) } else { activation.event_time };
            match accepting::insert(work, activation)? {
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
