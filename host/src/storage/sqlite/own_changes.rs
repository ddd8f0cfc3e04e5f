//! Rows about changes that this host made itself, and activations that tell of them.

use std::time::Duration;

use rusqlite::{Connection, Row};

use super::accepting::KNOWS;
use super::finishing;
use super::group::{Growth, Work};
use super::{SqliteStorage, removing, stepping};
use crate::storage::{
    Cause, ChangeOutcome, ChangeQuestion, LeaseToken, NewChange, OwnChange, OwnChanges, Retention,
    StorageError, StorageErrorKind, StorageFuture,
};

macro_rules! select {
    ($of:literal) => {
        concat!(
            "SELECT resource_id IS NOT NULL AS is_known, makes, action, caused_by, workflow, began_ms, answer_by_ms, \
                 settled_ms IS NOT NULL AS is_settled \
             FROM own_changes WHERE account = ?1 AND resource_type = ?2 AND ",
            $of,
            " AND began_ms BETWEEN ?4 AND ?5 ORDER BY began_ms DESC, number DESC LIMIT 32"
        )
    };
}

const BEGIN: &str = "INSERT INTO own_changes \
     (account, resource_type, resource_id, makes, action, caused_by, workflow, began_ms, answer_by_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const SETTLE: &str =
    "UPDATE own_changes SET resource_id = coalesce(resource_id, ?2), settled_ms = ?3 WHERE number = ?1";

const FORGET: &str = "DELETE FROM own_changes WHERE number = ?1";
const FORGET_UNKNOWN: &str = "DELETE FROM own_changes WHERE number = ?1 AND resource_id IS NULL";

/// Those of the resource, and those that make one whose id is not known yet: as two searches in one statement, so that what is
/// settled meanwhile is in one of them. At most so many are looked at, the latest.
pub(super) const OF_RESOURCE: &str = concat!(
    "SELECT * FROM (",
    select!("resource_id = ?3"),
    ") UNION ALL SELECT * FROM (",
    select!("resource_id IS NULL"),
    ")"
);

/// Of a connection of the account: what a search could still find, and what was received and waits behind another of its
/// resource. An activation that was looked at has its mark, or nothing to be marked with.
pub(super) const FORGET_OLD: &str = "DELETE FROM own_changes WHERE number IN (SELECT number FROM own_changes AS own \
     WHERE began_ms < ?1 AND NOT EXISTS \
         (SELECT 1 FROM connections JOIN watermarks ON watermarks.connection = connections.id \
             WHERE connections.account = own.account AND since_ms <= began_ms + ?2) \
     AND NOT EXISTS \
         (SELECT 1 FROM connections JOIN activations ON activations.connection = connections.id \
             WHERE connections.account = own.account AND activations.resource_type = own.resource_type \
                 AND activations.resource_id = own.resource_id AND activations.state < 3 \
                 AND (attempts = 0 OR activations.state = 2) \
                 AND +received_ms >= began_ms \
                 AND min(coalesce(event_time * 1000, received_ms), received_ms) <= began_ms + ?2) \
     LIMIT ?3)";

pub(super) const REMOVE_ACCOUNT: &str = "DELETE FROM own_changes WHERE account = ?1";

impl OwnChanges for SqliteStorage {
    fn begin_change(&self, change: NewChange) -> StorageFuture<'_, i64> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| begin(work, &change)))
    }

    fn settle_change(&self, number: i64, outcome: ChangeOutcome, now_ms: i64) -> StorageFuture<'_, ()> {
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| settle(work, number, &outcome, now_ms)))
    }

    fn changes_of(&self, question: ChangeQuestion) -> StorageFuture<'_, Vec<OwnChange>> {
        Box::pin(self.readers.read(move |connection| of_resource(connection, &question)))
    }

    fn mark_own(&self, id: &str, lease: LeaseToken, cause: Cause) -> StorageFuture<'_, bool> {
        let id = id.to_owned();
        Box::pin(
            self.writer.change(Growth::Extends, 1, move |work| finishing::mark_own(work, &id, lease, &cause)),
        )
    }

    fn suppress(&self, id: &str, lease: LeaseToken, cause: Cause, now_ms: i64) -> StorageFuture<'_, bool> {
        let id = id.to_owned();
        Box::pin(
            self.writer
                .change(Growth::Stays, 1, move |work| finishing::suppress(work, &id, lease, &cause, now_ms)),
        )
    }

    fn forget_changes(&self, now_ms: i64, remember: Duration) -> StorageFuture<'_, u64> {
        let remember = millis(remember);
        Box::pin(async move {
            let until = move |work: &mut Work<'_>| Ok(stepping::until(work, now_ms)?);
            let until_ms = self.writer.change(Growth::Stays, 1, until).await?;
            let before = until_ms.saturating_sub(remember).saturating_sub(millis(Retention::IDS));
            let mut forgotten = 0;
            loop {
                let change = move |work: &mut Work<'_>| {
                    Ok(work.execute(FORGET_OLD, (before, remember, removing::SLICE))? as u64)
                };
                match self.writer.change(Growth::Stays, removing::SLICE as usize, change).await? {
                    0 => return Ok(forgotten),
                    more => forgotten += more,
                }
            }
        })
    }
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

fn begin(work: &mut Work<'_>, change: &NewChange) -> Result<i64, StorageError> {
    let NewChange { connection, account, resource_type, resource_id, makes, answer_within, cause } = change;
    if !work.connection.prepare_cached(KNOWS)?.exists((connection, account))? {
        return Err(StorageError::new(StorageErrorKind::UnknownConnection));
    }
    let Cause { action, by, workflow, at_ms } = cause;
    let answer_by_ms = at_ms.saturating_add(millis(*answer_within));
    work.execute(
        BEGIN,
        (account, resource_type, resource_id, makes, action, by, workflow, at_ms, answer_by_ms),
    )?;
    Ok(work.connection.last_insert_rowid())
}

fn settle(
    work: &mut Work<'_>,
    number: i64,
    outcome: &ChangeOutcome,
    now_ms: i64,
) -> Result<(), StorageError> {
    work.all_or_none(|work| {
        match outcome {
            ChangeOutcome::Nothing => _ = work.execute(FORGET, [number])?,
            ChangeOutcome::Stands(made) => {
                work.execute(SETTLE, (number, made, now_ms))?;
                work.execute(FORGET_UNKNOWN, [number])?;
            }
        }
        Ok(())
    })
}

fn of_resource(connection: &Connection, question: &ChangeQuestion) -> rusqlite::Result<Vec<OwnChange>> {
    let ChangeQuestion { account, resource_type, resource_id, from_ms, to_ms } = question;
    let read = |row: &Row<'_>| {
        Ok(OwnChange {
            cause: Cause {
                action: row.get("action")?,
                by: row.get("caused_by")?,
                workflow: row.get("workflow")?,
                at_ms: row.get("began_ms")?,
            },
            is_known: row.get("is_known")?,
            makes: row.get("makes")?,
            is_settled: row.get("is_settled")?,
            answer_by_ms: row.get("answer_by_ms")?,
        })
    };
    let mut of_resource = connection.prepare_cached(OF_RESOURCE)?;
    let values = (account, resource_type, resource_id, from_ms, to_ms);
    let mut changes: Vec<OwnChange> = of_resource.query_map(values, read)?.collect::<Result<_, _>>()?;
    changes.sort_by_key(|change| std::cmp::Reverse(change.cause.at_ms));
    Ok(changes)
}

/// The own change that stands in a row of an activation; what is in no form that this version knows is none.
pub(super) fn cause(row: &Row<'_>) -> rusqlite::Result<Option<Cause>> {
    let text: Option<String> = row.get("own")?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
