//! The end of a connection on our side: it is said on disk, its webhooks are deleted, and it is forgotten. Whoever is cut off in
//! between leaves it to be done anew.

use super::{About, HostConnection, Lifecycle, OPERATOR};
use crate::clock::is_ahead;
use crate::portal::Hooks;
use crate::sealing::KeyRing;
use crate::storage::{ConnectionRow, ConnectionState, StorageError};

/// The word of the audit log for a connection that was removed.
pub(crate) const DISCONNECTED: &str = "disconnected";

/// A connection that was removed.
#[derive(Debug)]
pub(crate) struct Removed {
    /// Its row as it was.
    pub(crate) row: ConnectionRow,
    /// What is left of it at the vendor, for people.
    pub(crate) left: Option<String>,
}

impl Lifecycle {
    /// Removes a connection: its webhooks, then itself with its secrets. One whose secrets cannot be opened any more comes to
    /// its end as well. None where there is no such connection.
    ///
    /// # Errors
    /// When storage cannot be read or written; it is known to end then, and [`begun`](Self::begun) tells of it.
    pub(crate) async fn remove(
        &self,
        id: &str,
        ring: Option<&KeyRing>,
        hooks: &dyn Hooks,
    ) -> Result<Option<Removed>, StorageError> {
        let Some(row) = self.begin_removal(id).await? else { return Ok(None) };
        let left = match ring.and_then(|ring| deletes_with(&row, ring)) {
            Some(connection) => hooks.remove(&row, &connection).await.err(),
            None => None,
        };
        self.removed(&row, left.as_deref().unwrap_or_default()).await?;
        Ok(Some(Removed { row, left }))
    }

    /// The removals that have begun up to this moment and are not done.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub(crate) async fn begun(&self, until_ms: i64) -> Result<Vec<ConnectionRow>, StorageError> {
        let mut rows = self.storage.connections().await?;
        let now_ms = self.clock.now_ms();
        let is_old = |row: &ConnectionRow| row.updated_ms <= until_ms || is_ahead(row.updated_ms, now_ms);
        rows.retain(|row| row.is_being_removed() && is_old(row));
        Ok(rows)
    }

    /// Begins to end a connection: from now on nobody makes webhooks for it. Its row as it was, which still has the credentials
    /// to delete those that are there; none where there is no such connection.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(crate) async fn begin_removal(&self, id: &str) -> Result<Option<ConnectionRow>, StorageError> {
        // With its secrets: a removal that is cut off here is begun anew, and still knows what to delete with.
        let next = |row: &ConnectionRow| {
            let (state, updated_ms) = (ConnectionState::Revoked, self.clock.now_ms());
            Ok::<_, StorageError>(Some(ConnectionRow { state, updated_ms, ..row.clone() }))
        };
        Ok(self.change(id, next).await?.map(|changed| changed.before))
    }

    /// Forgets a connection whose removal has begun, with its secrets, and the installation that waits at its account. `left`
    /// says what is left of it elsewhere. One that was connected again since stays.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(super) async fn removed(&self, row: &ConnectionRow, left: &str) -> Result<(), StorageError> {
        let changing = self.changing().await;
        // It may have been uninstalled meanwhile, which leaves nothing of its secrets.
        let sealed = [row.sealed.clone(), Vec::new()];
        let mut is_gone = false;
        for sealed in sealed {
            let ended = ConnectionRow { state: ConnectionState::Revoked, sealed, ..row.clone() };
            is_gone = is_gone || self.storage.remove_connection_as(ended).await?;
        }
        if let Some(app) = row.app.as_ref().filter(|_| is_gone) {
            self.installs.remove_install(&row.account, app).await?;
        }
        self.refresh().await;
        // Whoever finds the row gone and waits here finds the note.
        if is_gone {
            self.note(DISCONNECTED, OPERATOR, About::row(row), left).await;
        }
        drop(changing);
        Ok(())
    }
}

/// What the webhooks of a connection are deleted with that is being removed; nothing where what it has made ended with its
/// token, or it never had one.
fn deletes_with(row: &ConnectionRow, ring: &KeyRing) -> Option<HostConnection> {
    let opened = HostConnection::open(row, ring).ok()?;
    let can = row.state != ConnectionState::Refused && !opened.secrets.credentials.is_empty();
    // One whose removal was cut off says that it has ended, and its token is as good as before.
    can.then_some(HostConnection { state: ConnectionState::Connected, ..opened })
}
