//! What is kept on disk about changes that this host made itself, as a trait beside that of activations: so that an event
//! which tells of one is known, and need not start the workflow that made it once more.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{LeaseToken, StorageFuture};

/// Calls that changed something, and activations that tell of them.
///
/// A call is noted before it is sent, since its event may come before its answer, and settled afterwards. Everything of an
/// account goes when the account is erased.
pub trait OwnChanges: Send + Sync {
    /// Notes a call that is about to be sent; its number. Nothing is noted for a connection that is not stored
    /// ([`StorageErrorKind::UnknownConnection`](super::StorageErrorKind::UnknownConnection)).
    fn begin_change(&self, change: NewChange) -> StorageFuture<'_, i64>;

    /// Notes what became of a call. One that was received, or may have been, stands; where it made a resource whose id is not
    /// known even now, no event could be recognised by it, and it is forgotten.
    fn settle_change(&self, number: i64, outcome: ChangeOutcome, now_ms: i64) -> StorageFuture<'_, ()>;

    /// The calls that an event may tell of, the latest first.
    fn changes_of(&self, question: ChangeQuestion) -> StorageFuture<'_, Vec<OwnChange>>;

    /// Notes which own change a leased activation tells of; false when the lease was lost.
    fn mark_own(&self, id: &str, lease: LeaseToken, cause: Cause) -> StorageFuture<'_, bool>;

    /// Ends an activation that is not wanted since it tells of an own change; false when the lease was lost. The next of its
    /// resource can go on.
    fn suppress(&self, id: &str, lease: LeaseToken, cause: Cause, now_ms: i64) -> StorageFuture<'_, bool>;

    /// Forgets calls of which events of up to `remember` later told, so long ago that none of those can come any more
    /// ([`Retention::IDS`](super::Retention::IDS)); how many. Those stay that a search from a watermark may meet, or that an
    /// activation may tell of at which nobody has looked yet.
    fn forget_changes(&self, now_ms: i64, remember: Duration) -> StorageFuture<'_, u64>;
}

/// A call that is about to change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// The connection it goes over.
    pub connection: String,
    /// The account whose resource it is.
    pub account: String,
    /// The type of the resource.
    pub resource_type: String,
    /// Which one; none where the call makes it.
    pub resource_id: Option<String>,
    /// Whether the call makes the resource.
    pub makes: bool,
    /// How long after the sending it is settled at the latest, unless the host is killed.
    pub answer_within: Duration,
    /// What is told of it.
    pub cause: Cause,
}

/// What is told of an own change with the event about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The id of the action.
    pub action: String,
    /// The id of the activation on whose behalf it was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The workflow that called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// When it was sent.
    pub at_ms: i64,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It was received, or may have been; with the id of the resource, where it made one and told so.
    Stands(Option<String>),
    /// It certainly changed nothing.
    Nothing,
}

/// Which calls to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeQuestion {
    /// Of this account.
    pub account: String,
    /// About a resource of this type.
    pub resource_type: String,
    /// About this one, or about one that is being made and has no id yet.
    pub resource_id: String,
    /// Sent from this moment on.
    pub from_ms: i64,
    /// Sent at this moment or before.
    pub to_ms: i64,
}

/// A call that an event may tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChange {
    /// What is told of it.
    pub cause: Cause,
    /// Whether the id of the resource is known.
    pub is_known: bool,
    /// Whether the call makes the resource.
    pub makes: bool,
    /// Whether it is known what became of it.
    pub is_settled: bool,
    /// From this moment on nobody will tell any more what became of it.
    pub answer_by_ms: i64,
}
