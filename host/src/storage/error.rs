//! Why a storage call failed, in kinds that a caller can act upon.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why a storage call failed.
#[derive(Clone, Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    /// Shared, since all calls of a group that could not be committed fail for the same reason.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What a caller can do about a failed storage call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageErrorKind {
    /// The disk, or what of it may be used, is full: try again when there is room.
    Full,
    /// Another process holds the database for long: try again later.
    Locked,
    /// More calls wait than may: try again later.
    QueueFull,
    /// The connection is not stored, or no more.
    UnknownConnection,
    /// What was to be stored contradicts what is: a webhook key that another connection has, another account.
    Refused,
    /// A file of the storage was replaced, removed or truncated while it was open: put it back, or restart on a backup.
    Replaced,
    /// The database cannot be read: restore a backup.
    Corrupt,
    /// The disk failed, or the storage was closed.
    Other,
}

impl StorageError {
    /// An error without a cause to tell.
    pub fn new(kind: StorageErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error with its cause.
    pub fn with_source(kind: StorageErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, source: Some(Arc::new(source)) }
    }

    /// What can be done about it.
    pub fn kind(&self) -> StorageErrorKind {
        self.kind
    }

    /// Whether the same call may go well later without anybody's doing.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, StorageErrorKind::Full | StorageErrorKind::Locked | StorageErrorKind::QueueFull)
    }
}

/// Whether the disk has no room, for the database or for what is beside it.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    })
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            _ if is_full(&error) => StorageErrorKind::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageErrorKind::Locked,
            Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig) => StorageErrorKind::Refused,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageErrorKind::Corrupt,
            _ => StorageErrorKind::Other,
        };
        Self::with_source(kind, error)
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.kind {
            StorageErrorKind::Full => "the disk of the storage is full",
            StorageErrorKind::Locked => "another process holds the storage",
            StorageErrorKind::QueueFull => "too many calls wait for the storage",
            StorageErrorKind::UnknownConnection => "the connection is not stored",
            StorageErrorKind::Refused => "it contradicts what is stored",
            StorageErrorKind::Replaced => "a file of the storage is not the one that was opened",
            StorageErrorKind::Corrupt => "the storage cannot be read: restore a backup",
            StorageErrorKind::Other => "the storage failed",
        })?;
        match &self.source {
            Some(source) => write!(out, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for StorageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
