//! What the storage keeps of installations besides connections: those that nobody has adopted yet, and the log of who
//! connected, was granted and revoked what.

use super::{ActivationSummary, CodeStorage, StorageFuture};

/// Installations that wait, the audit log, and the codes that callbacks have brought.
pub trait InstallStorage: CodeStorage {
    /// Appends to the log. Nothing changes or removes what stands there.
    fn note(&self, entry: AuditEntry) -> StorageFuture<'_, ()>;

    /// The log, the newest first, from before `before` on where it is given.
    fn audit(&self, before: Option<i64>, limit: u32) -> StorageFuture<'_, Vec<AuditEntry>>;

    /// The newest entry about a connection; `None` if the log has none.
    fn last_audit(&self, connection: &str) -> StorageFuture<'_, Option<AuditEntry>>;

    /// Keeps an installation until somebody adopts it, in place of one of the same account and app. Those older than
    /// `keep_from_ms` are forgotten.
    fn put_install(&self, install: PendingInstall, keep_from_ms: i64) -> StorageFuture<'_, ()>;

    /// The installations that wait, the oldest first.
    fn installs(&self) -> StorageFuture<'_, Vec<PendingInstall>>;

    /// The newest activations of a connection, the newest first, as far as they are among the last ten thousand of all.
    fn recent(&self, connection: &str, limit: u32) -> StorageFuture<'_, Vec<ActivationSummary>>;

    /// Forgets one; false where there is none.
    fn remove_install(&self, account: &str, app: &str) -> StorageFuture<'_, bool>;
}

/// Something that happened to a connection or to who may change them. It holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log; given by the storage.
    pub position: i64,
    /// When.
    pub at_ms: i64,
    /// What: a stable word such as `connected`.
    pub event: String,
    /// At which account.
    pub account: Option<String>,
    /// Of which connection.
    pub connection: Option<String>,
    /// Who did it: `operator`, `vendor`, or a person of the account by id.
    pub actor: String,
    /// More about it, in words of our own.
    pub detail: String,
}

/// An installation that the vendor began, and that nobody signed in has adopted yet.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingInstall {
    /// The account.
    pub account: String,
    /// The app that was installed.
    pub app: String,
    /// What was granted, as JSON without secrets.
    pub grant: String,
    /// The secrets, encrypted by the caller.
    pub sealed: Vec<u8>,
    /// When it came.
    pub created_ms: i64,
}

impl std::fmt::Debug for PendingInstall {
    /// Without the secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let install = &mut out.debug_struct("PendingInstall");
        install.field("account", &self.account).field("app", &self.app).finish_non_exhaustive()
    }
}
