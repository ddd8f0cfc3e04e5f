//! Why the webhooks of a connection, or what they missed, could not be looked at.

use std::fmt;

use connector_runtime::{Class, Error};

use crate::storage::StorageError;

/// Why nothing could be looked at.
#[derive(Debug)]
pub(crate) enum Unkept {
    /// The connector says too little of its webhooks.
    NoSubscription,
    /// Webhooks cannot lead to the public address.
    PublicUrl(String),
    /// The connection has no credentials.
    NoCredentials,
    /// The connection ended, or its credentials were refused: what to do.
    Ended(&'static str),
    /// What was to be a list is none.
    NoList,
    /// Resources of a search have no readable id or time, so that no event follows from them: how many of how many.
    Unreadable {
        /// Resources without a readable id or time.
        unreadable: usize,
        /// Resources that the search looked at.
        looked_at: usize,
    },
    /// The list of webhooks contains no active successor of a webhook at another address.
    Unreplaced,
    /// A call failed.
    Call(Error),
    /// Storage failed.
    Storage(StorageError),
}

impl fmt::Display for Unkept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSubscription => out.write_str("the connector does not say how its webhooks are managed"),
            Self::PublicUrl(what) => out.write_str(what),
            Self::NoCredentials => out.write_str(
                "it has no token and can only receive: remove it, and add it again with its token, as \
                 `connector connections add --help` shows",
            ),
            Self::NoList => out.write_str("the API answered no list where it promises one: try again"),
            Self::Unreadable { unreadable, looked_at } => write!(
                out,
                "cannot read the id or the time of {unreadable} of {looked_at} resources: the API sent them without, \
                 or in another form. The events of the others are stored, and the next search begins at the same \
                 moment; report it"
            ),
            Self::Unreplaced => out.write_str(
                "cannot delete a webhook at another public address: the API does not list an active webhook of its \
                 event at the present address. Run `connector triggers apply` again",
            ),
            Self::Ended(advice) => out.write_str(advice),
            Self::Call(error) => write!(out, "{}: {}", error.class(), error.detail()),
            Self::Storage(error) => write!(out, "the storage: {error}"),
        }
    }
}

impl Unkept {
    /// Whether a call was refused for its credentials, also by the connection test.
    pub(crate) fn is_revoked(&self) -> bool {
        matches!(self, Self::Call(error) if error.class() == Class::AuthRevoked)
    }

    /// The class of a failed call, else the whole reason: for logs and pages.
    pub(super) fn class(&self) -> String {
        match self {
            Self::Call(error) => error.class().to_string(),
            other => other.to_string(),
        }
    }

    /// Whether it may be over soon without anybody's doing.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            // An answer that cannot be read changes nothing, and the next one may be readable.
            Self::Call(error) => error.is_retryable() || error.class() == Class::Decode,
            Self::Storage(error) => error.is_temporary(),
            Self::NoList | Self::Unreplaced => true,
            Self::NoSubscription
            | Self::PublicUrl(_)
            | Self::NoCredentials
            | Self::Ended(_)
            | Self::Unreadable { .. } => false,
        }
    }
}

impl From<StorageError> for Unkept {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<Error> for Unkept {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}
