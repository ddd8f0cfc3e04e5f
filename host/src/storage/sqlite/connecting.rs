//! Rows of connections.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::group::Work;
use crate::storage::{ConnectionRow, StorageError, StorageErrorKind};

/// The account of a connection does not change: activations of the other would be taken for those of this one.
const PUT: &str = "INSERT INTO connections \
     (id, webhook_key, account, app, fields, sealed, settings, state, created_ms, updated_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
     ON CONFLICT (id) DO UPDATE SET webhook_key = excluded.webhook_key, app = excluded.app, fields = excluded.fields, \
         sealed = excluded.sealed, settings = excluded.settings, state = excluded.state, \
         created_ms = excluded.created_ms, updated_ms = excluded.updated_ms \
     WHERE account = excluded.account";

const ALL: &str = "SELECT id, webhook_key, account, app, fields, sealed, settings, state, created_ms, updated_ms \
     FROM connections ORDER BY id";

const ONE: &str = "SELECT id, webhook_key, account, app, fields, sealed, settings, state, created_ms, updated_ms \
     FROM connections WHERE id = ?1";

pub(super) const IS_THERE: &str = "SELECT 1 FROM connections WHERE account = ?1 AND app IS ?2";

/// Whatever may have been changed since it was read is compared: a moment alone may be that of two changes.
const REPLACE: &str = "UPDATE connections SET app = ?2, fields = ?3, sealed = ?4, settings = ?5, state = ?6, updated_ms = ?7 \
     WHERE id = ?1 AND webhook_key = ?8 AND fields = ?9 AND sealed = ?10 AND settings = ?11 AND state = ?12 AND updated_ms = ?13";

const REMOVE_AS: &str =
    "DELETE FROM connections WHERE id = ?1 AND webhook_key = ?2 AND state = ?3 AND sealed = ?4";

const REMOVE: &str = "DELETE FROM connections WHERE id = ?1";
const REMOVE_ACCOUNT: &str = "DELETE FROM connections WHERE account = ?1";

pub(super) fn put(work: &mut Work<'_>, row: &ConnectionRow) -> Result<(), StorageError> {
    let changed = work.execute(
        PUT,
        (
            &row.id,
            &row.webhook_key,
            &row.account,
            &row.app,
            &row.fields,
            &row.sealed,
            &row.settings,
            row.state,
            row.created_ms,
            row.updated_ms,
        ),
    )?;
    if changed == 0 {
        return Err(StorageError::new(StorageErrorKind::Refused));
    }
    Ok(())
}

/// Whether the row is stored: its account has no connection through the same app yet.
pub(super) fn add(work: &mut Work<'_>, row: &ConnectionRow) -> Result<bool, StorageError> {
    let is_there = work.connection.prepare_cached(IS_THERE)?.exists((&row.account, &row.app))?;
    if !is_there {
        put(work, row)?;
    }
    Ok(!is_there)
}

/// Whether the row was as it had been read, and is the other now.
pub(super) fn replace(
    work: &mut Work<'_>,
    before: &ConnectionRow,
    after: &ConnectionRow,
) -> Result<bool, StorageError> {
    // Neither its name nor what events are told apart by can be replaced.
    let own = |row: &ConnectionRow| (row.id.clone(), row.webhook_key.clone(), row.account.clone());
    if own(before) != own(after) {
        return Err(StorageError::new(StorageErrorKind::Refused));
    }
    let changed = work.execute(
        REPLACE,
        rusqlite::params![
            after.id,
            after.app,
            after.fields,
            after.sealed,
            after.settings,
            after.state,
            after.updated_ms,
            before.webhook_key,
            before.fields,
            before.sealed,
            before.settings,
            before.state,
            before.updated_ms,
        ],
    )?;
    Ok(changed > 0)
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<ConnectionRow>> {
    connection.prepare_cached(ALL)?.query_map((), read)?.collect()
}

pub(super) fn one(connection: &Connection, id: &str) -> rusqlite::Result<Option<ConnectionRow>> {
    connection.prepare_cached(ONE)?.query_row([id], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConnectionRow> {
    Ok(ConnectionRow {
        id: row.get("id")?,
        webhook_key: row.get("webhook_key")?,
        account: row.get("account")?,
        app: row.get("app")?,
        fields: row.get("fields")?,
        sealed: row.get("sealed")?,
        settings: row.get("settings")?,
        state: row.get("state")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

pub(super) fn remove(work: &mut Work<'_>, id: &str) -> Result<bool, StorageError> {
    Ok(work.execute(REMOVE, [id])? > 0)
}

pub(super) fn remove_as(work: &mut Work<'_>, row: &ConnectionRow) -> Result<bool, StorageError> {
    Ok(work.execute(REMOVE_AS, (&row.id, &row.webhook_key, row.state, &row.sealed))? > 0)
}

pub(super) fn remove_account(work: &mut Work<'_>, account: &str) -> Result<(), StorageError> {
    super::scrub::owe(work)?;
    work.execute(REMOVE_ACCOUNT, [account])?;
    work.execute(super::own_changes::REMOVE_ACCOUNT, [account])?;
    super::installing::remove_account(work, account)
}
