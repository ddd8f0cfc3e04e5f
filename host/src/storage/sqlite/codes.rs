//! Rows of the codes that callbacks have brought.

use rusqlite::{Connection, OptionalExtension as _};

use super::SqliteStorage;
use super::group::{Growth, Work};
use super::stepping;
use crate::storage::{Claimed, CodeClaim, CodeRow, CodeStorage, StorageError, StorageFuture};

pub(super) const FIND: &str =
    "SELECT claimant, leased_until_ms, outcome FROM callback_codes WHERE digest = ?1";

pub(super) const REMOVE_EXPIRED: &str = "DELETE FROM callback_codes WHERE expires_ms < ?1";

const CLAIM: &str = "INSERT INTO callback_codes (digest, claimant, account, holder, leased_until_ms, expires_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (digest) DO UPDATE SET holder = excluded.holder, leased_until_ms = excluded.leased_until_ms, \
         expires_ms = excluded.expires_ms \
     WHERE outcome IS NULL AND (leased_until_ms <= ?7 OR leased_until_ms > ?8) AND claimant = excluded.claimant";

pub(super) const RENEW: &str =
    "UPDATE callback_codes SET leased_until_ms = ?3 WHERE digest = ?1 AND holder = ?2 AND outcome IS NULL";

pub(super) const SETTLE: &str = "UPDATE callback_codes SET outcome = ?3, expires_ms = ?4 \
     WHERE digest = ?1 AND (?2 IS NULL OR (holder = ?2 AND outcome IS NULL))";

pub(super) const RELEASE: &str =
    "DELETE FROM callback_codes WHERE digest = ?1 AND holder = ?2 AND outcome IS NULL";

pub(super) const REMOVE_ACCOUNT: &str = "DELETE FROM callback_codes WHERE account = ?1";

fn find(connection: &Connection, digest: &str) -> rusqlite::Result<Option<CodeRow>> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(CodeRow {
            claimant: row.get("claimant")?,
            leased_until_ms: row.get("leased_until_ms")?,
            outcome: row.get("outcome")?,
        })
    };
    connection.prepare_cached(FIND)?.query_row([digest], read).optional()
}

fn claim(work: &mut Work<'_>, claim: &CodeClaim) -> Result<Claimed, StorageError> {
    work.execute(REMOVE_EXPIRED, [stepping::until(work, claim.now_ms)?])?;
    let CodeClaim { digest, claimant, account, holder, now_ms, leased_until_ms, expires_ms } = claim;
    // A lease that ends much later than a new one is that of a clock that was set back since.
    let longest_ms = leased_until_ms.saturating_add(leased_until_ms.saturating_sub(*now_ms));
    let values = (digest, claimant, account, holder, leased_until_ms, expires_ms, now_ms, longest_ms);
    Ok(if work.execute(CLAIM, values)? > 0 { Claimed::Held } else { Claimed::Taken })
}

impl CodeStorage for SqliteStorage {
    fn code(&self, digest: &str) -> StorageFuture<'_, Option<CodeRow>> {
        let digest = digest.to_owned();
        Box::pin(self.readers.read(move |connection| find(connection, &digest)))
    }

    fn claim_code(&self, wanted: CodeClaim) -> StorageFuture<'_, Claimed> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| claim(work, &wanted)))
    }

    fn renew_code(&self, digest: &str, holder: &str, leased_until_ms: i64) -> StorageFuture<'_, bool> {
        let (digest, holder) = (digest.to_owned(), holder.to_owned());
        let change =
            move |work: &mut Work<'_>| Ok(work.execute(RENEW, (&digest, &holder, leased_until_ms))? > 0);
        Box::pin(self.writer.change(Growth::Stays, 1, change))
    }

    fn settle_code(
        &self,
        digest: &str,
        holder: Option<&str>,
        outcome: &str,
        expires_ms: i64,
    ) -> StorageFuture<'_, bool> {
        let (digest, holder, outcome) = (digest.to_owned(), holder.map(str::to_owned), outcome.to_owned());
        let change = move |work: &mut Work<'_>| {
            Ok(work.execute(SETTLE, (&digest, &holder, &outcome, expires_ms))? > 0)
        };
        Box::pin(self.writer.change(Growth::Grows, 1, change))
    }

    fn release_code(&self, digest: &str, holder: &str) -> StorageFuture<'_, bool> {
        let (digest, holder) = (digest.to_owned(), holder.to_owned());
        let change = move |work: &mut Work<'_>| Ok(work.execute(RELEASE, (&digest, &holder))? > 0);
        Box::pin(self.writer.change(Growth::Stays, 1, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{SqliteOptions, Storage as _};

    fn wanted(claimant: &str, holder: &str, now_ms: i64) -> CodeClaim {
        CodeClaim {
            digest: "d1".to_owned(),
            claimant: claimant.to_owned(),
            account: "abc".to_owned(),
            holder: holder.to_owned(),
            now_ms,
            leased_until_ms: now_ms + 10,
            expires_ms: now_ms + 100,
        }
    }

    fn storages() -> (tempfile::TempDir, [SqliteStorage; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let open = || SqliteStorage::open(&folder.path().join("storage"), SqliteOptions::default()).unwrap();
        let both = [open(), open()];
        (folder, both)
    }

    #[tokio::test]
    async fn one_request_holds_a_code_until_its_lease_ends_or_its_outcome_is_stored() {
        let (_folder, [one, two]) = storages();
        assert_eq!(one.claim_code(wanted("c", "h1", 0)).await.unwrap(), Claimed::Held);
        assert_eq!(two.claim_code(wanted("c", "h2", 9)).await.unwrap(), Claimed::Taken, "it is leased");
        assert!(one.renew_code("d1", "h1", 20).await.unwrap());
        assert_eq!(two.claim_code(wanted("c", "h2", 19)).await.unwrap(), Claimed::Taken, "it is renewed");
        assert_eq!(two.claim_code(wanted("x", "h2", 20)).await.unwrap(), Claimed::Taken, "another visitor");
        assert_eq!(two.claim_code(wanted("c", "h2", 20)).await.unwrap(), Claimed::Held, "taken over");
        assert!(!one.renew_code("d1", "h1", 90).await.unwrap());
        assert!(!one.settle_code("d1", Some("h1"), "refused", 200).await.unwrap());
        assert!(!one.release_code("d1", "h1").await.unwrap());
        assert!(two.settle_code("d1", Some("h2"), "done", 200).await.unwrap());
        assert!(!two.settle_code("d1", Some("h2"), "again", 200).await.unwrap(), "once");
        assert!(!two.release_code("d1", "h2").await.unwrap(), "an outcome stays");
        assert_eq!(one.claim_code(wanted("c", "h3", 150)).await.unwrap(), Claimed::Taken);
        assert_eq!(one.code("d1").await.unwrap().unwrap().outcome.as_deref(), Some("done"));
        assert!(one.settle_code("d1", None, "connected", 200).await.unwrap(), "in any case");
        assert_eq!(two.code("d1").await.unwrap().unwrap().outcome.as_deref(), Some("connected"));
    }

    #[tokio::test]
    async fn the_lease_of_a_clock_that_was_set_back_since_ends() {
        let (_folder, [one, two]) = storages();
        let day_ms = 24 * 60 * 60 * 1000;
        assert_eq!(one.claim_code(wanted("c", "h1", day_ms)).await.unwrap(), Claimed::Held);
        assert_eq!(
            two.claim_code(wanted("c", "h2", day_ms - 9)).await.unwrap(),
            Claimed::Taken,
            "it is late"
        );
        assert_eq!(two.claim_code(wanted("c", "h2", 0)).await.unwrap(), Claimed::Held);
        assert!(!one.renew_code("d1", "h1", day_ms + 90).await.unwrap());
    }

    #[tokio::test]
    async fn a_clock_that_runs_ahead_forgets_no_code_at_once() {
        let (_folder, [one, two]) = storages();
        let day_ms = 24 * 60 * 60 * 1000;
        let now_ms = 30 * day_ms;
        one.remove_expired(now_ms, &crate::storage::Retention::default()).await.unwrap();
        one.claim_code(wanted("c", "h1", now_ms)).await.unwrap();
        one.settle_code("d1", Some("h1"), "done", now_ms + day_ms / 2).await.unwrap();
        let other = CodeClaim { digest: "d2".to_owned(), ..wanted("c", "h2", now_ms + day_ms) };
        two.claim_code(other).await.unwrap();
        assert!(one.code("d1").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_code_is_forgotten_when_it_is_released_expires_or_its_account_is_erased() {
        let (_folder, [one, two]) = storages();
        one.claim_code(wanted("c", "h1", 0)).await.unwrap();
        assert!(one.release_code("d1", "h1").await.unwrap());
        assert_eq!(two.claim_code(wanted("x", "h2", 1)).await.unwrap(), Claimed::Held);
        two.settle_code("d1", Some("h2"), "done", 50).await.unwrap();
        let other = |now_ms| CodeClaim { digest: "d2".to_owned(), ..wanted("c", "h3", now_ms) };
        one.claim_code(other(50)).await.unwrap();
        assert!(one.code("d1").await.unwrap().is_some(), "until it expires");
        one.claim_code(other(51)).await.unwrap();
        assert_eq!(one.code("d1").await.unwrap(), None);
        assert!(one.code("d2").await.unwrap().is_some());
        one.erase_account("abc").await.unwrap();
        assert_eq!(one.code("d2").await.unwrap(), None);
    }
}
