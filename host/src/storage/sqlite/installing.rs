//! Rows of installations that wait, and of the audit log.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::SqliteStorage;
use super::group::{Growth, Work};
use super::{codes, reading, stepping};
use crate::storage::{
    ActivationSummary, AuditEntry, InstallStorage, PendingInstall, StorageError, StorageFuture,
};

const NOTE: &str =
    "INSERT INTO audit (at_ms, event, account, connection, actor, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const AUDIT: &str = "SELECT position, at_ms, event, account, connection, actor, detail FROM audit \
     WHERE position < ?1 ORDER BY position DESC LIMIT ?2";

pub(super) const LAST: &str = "SELECT position, at_ms, event, account, connection, actor, detail FROM audit \
     WHERE connection = ?1 ORDER BY position DESC LIMIT 1";

const PUT: &str = "INSERT INTO installs (account, app, granted, sealed, created_ms) VALUES (?1, ?2, ?3, ?4, ?5) \
     ON CONFLICT (account, app) DO UPDATE SET granted = excluded.granted, sealed = excluded.sealed, \
         created_ms = excluded.created_ms";

const ALL: &str = "SELECT account, app, granted, sealed, created_ms FROM installs ORDER BY created_ms";

const REMOVE: &str = "DELETE FROM installs WHERE account = ?1 AND app = ?2";
const REMOVE_OLD: &str = "DELETE FROM installs WHERE created_ms < ?1";
const REMOVE_ACCOUNT: &str = "DELETE FROM installs WHERE account = ?1";

/// No index leads to the newest of a connection: the scan is bounded instead.
const RECENT: &str = "SELECT position, id, connection, account, trigger, resource_type, resource_id, received_ms, state, \
         attempts, failure FROM activations \
     WHERE position > (SELECT max(position) FROM activations) - 10000 AND connection = ?1 \
     ORDER BY position DESC LIMIT ?2";

/// Forgets the installations of an account, and the codes that they came with.
pub(super) fn remove_account(work: &mut Work<'_>, account: &str) -> Result<(), StorageError> {
    work.execute(REMOVE_ACCOUNT, [account])?;
    work.execute(codes::REMOVE_ACCOUNT, [account])?;
    Ok(())
}

fn note(work: &mut Work<'_>, entry: &AuditEntry) -> Result<(), StorageError> {
    let AuditEntry { at_ms, event, account, connection, actor, detail, .. } = entry;
    work.execute(NOTE, (at_ms, event, account, connection, actor, detail))?;
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        position: row.get("position")?,
        at_ms: row.get("at_ms")?,
        event: row.get("event")?,
        account: row.get("account")?,
        connection: row.get("connection")?,
        actor: row.get("actor")?,
        detail: row.get("detail")?,
    })
}

fn audit(connection: &Connection, before: i64, limit: u32) -> rusqlite::Result<Vec<AuditEntry>> {
    connection.prepare_cached(AUDIT)?.query_map((before, limit), entry)?.collect()
}

fn put(work: &mut Work<'_>, install: &PendingInstall, keep_from_ms: i64) -> Result<(), StorageError> {
    let PendingInstall { account, app, grant, sealed, created_ms } = install;
    // Not all at once where the clock runs ahead.
    let ahead_ms = created_ms.saturating_sub(stepping::until(work, *created_ms)?);
    work.execute(REMOVE_OLD, [keep_from_ms.saturating_sub(ahead_ms)])?;
    work.execute(PUT, (account, app, grant, sealed, created_ms))?;
    Ok(())
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<PendingInstall>> {
    let read = |row: &Row<'_>| {
        Ok(PendingInstall {
            account: row.get("account")?,
            app: row.get("app")?,
            grant: row.get("granted")?,
            sealed: row.get("sealed")?,
            created_ms: row.get("created_ms")?,
        })
    };
    connection.prepare_cached(ALL)?.query_map((), read)?.collect()
}

impl InstallStorage for SqliteStorage {
    fn note(&self, entry: AuditEntry) -> StorageFuture<'_, ()> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| note(work, &entry)))
    }

    fn audit(&self, before: Option<i64>, limit: u32) -> StorageFuture<'_, Vec<AuditEntry>> {
        let before = before.unwrap_or(i64::MAX);
        Box::pin(self.readers.read(move |connection| audit(connection, before, limit)))
    }

    fn last_audit(&self, connection: &str) -> StorageFuture<'_, Option<AuditEntry>> {
        let id = connection.to_owned();
        Box::pin(
            self.readers
                .read(move |connection| connection.prepare_cached(LAST)?.query_row([&id], entry).optional()),
        )
    }

    fn put_install(&self, install: PendingInstall, keep_from_ms: i64) -> StorageFuture<'_, ()> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| put(work, &install, keep_from_ms)))
    }

    fn installs(&self) -> StorageFuture<'_, Vec<PendingInstall>> {
        Box::pin(self.readers.read(all))
    }

    fn recent(&self, connection: &str, limit: u32) -> StorageFuture<'_, Vec<ActivationSummary>> {
        let id = connection.to_owned();
        Box::pin(self.readers.read(move |connection| {
            connection.prepare_cached(RECENT)?.query_map((&id, limit), reading::summary)?.collect()
        }))
    }

    fn remove_install(&self, account: &str, app: &str) -> StorageFuture<'_, bool> {
        let (account, app) = (account.to_owned(), app.to_owned());
        let change = move |work: &mut Work<'_>| Ok(work.execute(REMOVE, [&account, &app])? > 0);
        Box::pin(self.writer.change(Growth::Stays, 1, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{SqliteOptions, Storage as _};

    fn storage() -> (tempfile::TempDir, SqliteStorage) {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqliteStorage::open(&folder.path().join("storage"), SqliteOptions::default()).unwrap();
        (folder, storage)
    }

    #[tokio::test]
    async fn the_log_only_grows_and_is_read_from_its_end() {
        let (folder, storage) = storage();
        for at_ms in 1..=3 {
            let event = format!("event-{at_ms}");
            storage.note(AuditEntry { at_ms, event, ..AuditEntry::default() }).await.unwrap();
        }
        let newest = storage.audit(None, 2).await.unwrap();
        assert_eq!(newest.iter().map(|entry| entry.at_ms).collect::<Vec<_>>(), [3, 2]);
        let older = storage.audit(Some(newest[1].position), 2).await.unwrap();
        assert_eq!(older.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(), ["event-1"]);

        let direct = Connection::open(folder.path().join("storage")).unwrap();
        for change in ["DELETE FROM audit", "UPDATE audit SET detail = 'nothing happened'"] {
            assert!(direct.execute(change, ()).unwrap_err().to_string().contains("only grows"), "{change}");
        }
    }

    #[tokio::test]
    async fn an_installation_waits_until_it_is_replaced_adopted_erased_or_old() {
        let (_folder, storage) = storage();
        let install = |account: &str, created_ms| PendingInstall {
            account: account.to_owned(),
            app: "shop".to_owned(),
            grant: "{}".to_owned(),
            sealed: vec![1],
            created_ms,
        };
        let accounts = async || {
            let all = storage.installs().await.unwrap();
            all.into_iter().map(|one| (one.account, one.created_ms)).collect::<Vec<_>>()
        };
        storage.put_install(install("abc", 1), 0).await.unwrap();
        storage.put_install(install("abc", 2), 0).await.unwrap();
        assert_eq!(accounts().await, [("abc".to_owned(), 2)]);
        storage.put_install(install("def", 9), 3).await.unwrap();
        assert_eq!(accounts().await, [("def".to_owned(), 9)], "old ones are forgotten");
        assert!(storage.remove_install("def", "shop").await.unwrap());
        assert!(!storage.remove_install("def", "shop").await.unwrap());
        storage.put_install(install("ghi", 9), 3).await.unwrap();
        storage.erase_account("ghi").await.unwrap();
        assert_eq!(accounts().await, []);
    }
}
