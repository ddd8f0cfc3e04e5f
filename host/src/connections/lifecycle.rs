//! The life of connections: whoever changes what one is does so here, one at a time, and each end is noted once, whoever tells
//! of it first and however often it is told.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use super::notices::{After, after};
use super::{ConnectionSettings, Directory, Exception, Notes};
use crate::clock::{Clock, lasts};
use crate::erasure::erase_ended;
use crate::storage::{
    AuditEntry, ConnectionRow, ConnectionState, InstallStorage, Storage, StorageError, StorageErrorKind,
};

/// Who acts when it is somebody signed in, or whoever runs the service.
pub(crate) const OPERATOR: &str = "operator";

/// Who acts when it is the vendor.
pub(crate) const VENDOR: &str = "vendor";

/// Between two notes that deliveries fail, in milliseconds: no flood of them becomes one of changes.
const EXCEPTIONS: i64 = 10_000;

/// How often a row is read anew that others change while it is changed here.
const TRIES: u32 = 16;

/// What an entry of the audit log is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    /// The account.
    pub(crate) account: Option<&'a str>,
    /// The connection's id.
    pub(crate) connection: Option<&'a str>,
}

impl<'a> About<'a> {
    /// About a connection.
    pub(crate) fn row(row: &'a ConnectionRow) -> Self {
        Self { account: Some(&row.account), connection: Some(&row.id) }
    }
}

/// That an account has ended what an app was granted, as the vendor tells it: by a callback, a webhook, or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uninstalled<'a> {
    /// Whose it is.
    pub(crate) of: Whose<'a>,
    /// The id of the callback, where it is one; the same comes twice.
    pub(crate) callback: Option<&'a str>,
    /// When it is said to have happened, in seconds since the epoch.
    pub(crate) at: Option<i64>,
}

/// Which connections end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose<'a> {
    /// Those of an account through an app.
    App {
        /// The account.
        account: &'a str,
        /// The app.
        app: &'a str,
    },
    /// The one of this id, and those through the same app.
    Connection(&'a str),
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Something ended by it.
    Ended,
    /// It tells nothing new.
    Known,
    /// It is older than what is there now, and not believed.
    Late,
}

/// What became of a row that was to be changed.
#[derive(Debug)]
pub(crate) struct Changed {
    /// As it was.
    pub(crate) before: ConnectionRow,
    /// As it is now; none where it stays.
    pub(crate) after: Option<ConnectionRow>,
}

/// Changes connections, and notes what happens to them.
pub(crate) struct Lifecycle {
    /// Where connections are.
    pub(crate) storage: Arc<dyn Storage>,
    /// Installations that wait, and the audit log.
    pub(crate) installs: Arc<dyn InstallStorage>,
    /// Who is told of changes at once; nobody where no service runs.
    pub(crate) directory: Option<Arc<Directory>>,
    /// The time.
    pub(crate) clock: Clock,
    changing: Mutex<()>,
}

impl Lifecycle {
    /// Changes the connections of a storage.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        installs: Arc<dyn InstallStorage>,
        directory: Option<Arc<Directory>>,
        clock: Clock,
    ) -> Self {
        Self { storage, installs, directory, clock, changing: Mutex::new(()) }
    }

    /// Whoever makes connections holds this from reading to storing, so that an account has no two through one app.
    pub(crate) async fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Stores a new row and tells whoever receives; false if its account has a connection through the same app.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub(crate) async fn add(&self, row: ConnectionRow) -> Result<bool, StorageError> {
        let is_new = self.storage.add_connection(row).await?;
        self.refresh().await;
        Ok(is_new)
    }

    /// Changes a row as it is now; where somebody else changes it meanwhile, in this process or another, anew from what it is
    /// then. `next` says what it becomes, or that it stays as it is. None where there is no such connection.
    ///
    /// # Errors
    /// What `next` says; or when storage cannot be read or written, also where the row never stands still.
    pub(crate) async fn change<E: From<StorageError>>(
        &self,
        id: &str,
        mut next: impl FnMut(&ConnectionRow) -> Result<Option<ConnectionRow>, E>,
    ) -> Result<Option<Changed>, E> {
        for _ in 0..TRIES {
            let Some(before) = self.storage.connection(id).await? else { return Ok(None) };
            let Some(after) = next(&before)? else { return Ok(Some(Changed { before, after: None })) };
            if self.storage.replace_connection(before.clone(), after.clone()).await? {
                self.refresh().await;
                return Ok(Some(Changed { before, after: Some(after) }));
            }
        }
        Err(StorageError::new(StorageErrorKind::Locked).into())
    }

    /// Notes what happened. That it cannot be noted is logged and stops nobody from disconnecting.
    pub(crate) async fn note(&self, event: &str, actor: &str, about: About<'_>, detail: &str) {
        let entry = AuditEntry {
            position: 0,
            at_ms: self.clock.now_ms(),
            event: event.to_owned(),
            account: about.account.map(str::to_owned),
            connection: about.connection.map(str::to_owned),
            actor: actor.to_owned(),
            detail: detail.to_owned(),
        };
        tracing::info!(event, actor, connection = about.connection, detail, "audit");
        if let Err(error) = self.installs.note(entry).await {
            tracing::error!(%error, event, "the audit log cannot be written");
        }
    }

    /// Ends what an app was granted by an account: secrets are erased, triggers stop, and the connection says so. What was
    /// received is delivered and then erased by [`erase_ended`]. A notice that was used, or is older than the grant, changes
    /// nothing.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(crate) async fn uninstalled(&self, told: Uninstalled<'_>) -> Result<Heard, StorageError> {
        let changing = self.changing().await;
        let rows = self.storage.connections().await?;
        let (ending, waits) = match told.of {
            Whose::App { account, app } => {
                let is_it = |row: &&ConnectionRow| row.account == account && row.app.as_deref() == Some(app);
                (rows.iter().filter(is_it).collect::<Vec<_>>(), Some((account, app)))
            }
            Whose::Connection(id) => {
                let Some(one) = rows.iter().find(|row| row.id == id) else { return Ok(Heard::Known) };
                let is_it = |row: &&ConnectionRow| {
                    row.id == id || (row.account == one.account && row.app.is_some() && row.app == one.app)
                };
                (rows.iter().filter(is_it).collect(), one.app.as_deref().map(|app| (&*one.account, app)))
            }
        };
        let mut heard = Heard::Known;
        let mut ended = Vec::new();
        for row in ending {
            let mut found = After::Known;
            let is_changed = self.change(&row.id, |row: &ConnectionRow| {
                found = after(row, &told, self.clock.now_ms());
                Ok::<_, StorageError>(match &found {
                    After::Known | After::Late(None) => None,
                    After::Late(Some(next)) | After::Told(next) | After::Ended(next) => Some(next.clone()),
                })
            });
            is_changed.await?;
            match found {
                After::Late(_) => heard = Heard::Late,
                After::Ended(_) => ended.push(row),
                After::Known | After::Told(_) => {}
            }
        }
        if let Some((account, app)) = waits.filter(|_| heard != Heard::Late)
            && self.installs.remove_install(account, app).await?
        {
            heard = Heard::Ended;
        }
        self.refresh().await;
        drop(changing);
        for row in &ended {
            self.note("uninstalled", VENDOR, About::row(row), "the token was forgotten").await;
        }
        Ok(if ended.is_empty() { heard } else { Heard::Ended })
    }

    /// Marks a connection whose credentials the vendor refused, also for the connection test, in a call that ended with class
    /// `auth.revoked`. `used` is its row as it was when the call was made: where it has got other credentials since, nothing
    /// changes. It keeps its secrets, so that what still arrives can be verified. Whether it is marked by this.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(crate) async fn refused(&self, used: &ConnectionRow) -> Result<bool, StorageError> {
        if used.state != ConnectionState::Connected {
            return Ok(false);
        }
        self.switch(
            used,
            ConnectionState::Refused,
            "revoked",
            VENDOR,
            "the API does not know its token any more",
        )
        .await
    }

    /// The same, where a failure to store it is no more than logged: the next call finds it out again.
    pub(crate) async fn note_refused(&self, used: &ConnectionRow) {
        if let Err(error) = self.refused(used).await {
            tracing::error!(%error, connection = used.id, "that its token was refused cannot be stored");
        }
    }

    /// Marks a connection as usable whose credentials were refused, and were taken again now.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(crate) async fn restored(&self, used: &ConnectionRow) -> Result<bool, StorageError> {
        if used.state != ConnectionState::Refused {
            return Ok(false);
        }
        self.switch(used, ConnectionState::Connected, "restored", OPERATOR, "the API knows its token").await
    }

    async fn switch(
        &self,
        used: &ConnectionRow,
        to: ConnectionState,
        event: &str,
        actor: &str,
        detail: &str,
    ) -> Result<bool, StorageError> {
        let next = |row: &ConnectionRow| {
            let is_it = row.state == used.state && row.sealed == used.sealed;
            let next = || ConnectionRow { state: to, updated_ms: self.clock.now_ms(), ..row.clone() };
            Ok::<_, StorageError>(is_it.then(next))
        };
        let Some(Changed { after: Some(row), .. }) = self.change(&used.id, next).await? else {
            return Ok(false);
        };
        self.note(event, actor, About::row(&row), detail).await;
        Ok(true)
    }

    /// Keeps what an account told last of deliveries that fail, for people.
    ///
    /// # Errors
    /// When storage cannot be read or written.
    pub(crate) async fn failing(&self, id: &str, told: &str) -> Result<(), StorageError> {
        let now_ms = self.clock.now_ms();
        let is_fresh = |last: &Exception| lasts(last.at_ms, EXCEPTIONS, now_ms) && last.told == told;
        let next = |row: &ConnectionRow| {
            let Some(mut settings) = settings(row) else { return Ok::<_, StorageError>(None) };
            let notes = Notes::of(&settings);
            if notes.exception.as_ref().is_some_and(is_fresh) {
                return Ok(None);
            }
            Notes { exception: Some(Exception { at_ms: now_ms, told: told.to_owned() }), ..notes }
                .put(&mut settings);
            Ok(with_settings(row, &settings))
        };
        self.change(id, next).await.map(drop)
    }

    /// Erases what accounts have sent whose connections have all ended.
    ///
    /// # Errors
    /// See [`erase_ended`].
    pub(crate) async fn erase_ended(&self) -> Result<u64, StorageError> {
        erase_ended(&*self.storage).await
    }

    /// Tells whoever receives that connections have changed.
    pub(super) async fn refresh(&self) {
        let Some(directory) = &self.directory else { return };
        // It reads them again within a second in any case.
        if let Err(error) = directory.refresh().await {
            tracing::warn!(%error, "connections will be read anew later");
        }
    }
}

pub(super) fn with_settings(row: &ConnectionRow, settings: &ConnectionSettings) -> Option<ConnectionRow> {
    Some(ConnectionRow { settings: serde_json::to_string(settings).ok()?, ..row.clone() })
}

pub(super) fn settings(row: &ConnectionRow) -> Option<ConnectionSettings> {
    serde_json::from_str(&row.settings).ok()
}

#[cfg(test)]
mod tests;
