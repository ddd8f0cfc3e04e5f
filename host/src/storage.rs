//! Where the host keeps what must survive it: activations on their way to a workflow, and connections. A trait, so that
//! many hosts can share a database where one host uses a file.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

mod arrival;
mod callback_codes;
mod error;
mod filter;
mod hook_storage;
mod installs;
mod own_changes;
mod sqlite;

pub use arrival::{Arrival, Identity, Receipt, activation_id, generation_id, once_id};
pub use callback_codes::{Claimed, CodeClaim, CodeRow, CodeStorage};
pub use error::{StorageError, StorageErrorKind};
pub use filter::ActivationFilter;
pub use hook_storage::{HookRow, HookStorage, Missed, Watermark};
pub use installs::{AuditEntry, InstallStorage, PendingInstall};
pub use own_changes::{Cause, ChangeOutcome, ChangeQuestion, NewChange, OwnChange, OwnChanges};
pub use sqlite::{SqliteOptions, SqliteStorage, StorageOpenError, back_up};

/// A future of a storage call.
pub type StorageFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'a>>;

/// Activations and connections on disk.
///
/// Moments are milliseconds since the epoch, and the caller's clock is the only one. A change is on disk when its call ends
/// well; when it ends with an error it was not made, or, where the disk failed while it was written, perhaps later.
///
/// Activations that name a resource are in order: of one resource of a connection only the oldest unfinished one is ever
/// leased. Those without a resource have no order.
pub trait Storage: Send + Sync {
    /// Stores activations, all or none, each once; what became of each, in their order.
    ///
    /// By [`Identity::Id`] and [`Identity::Once`], an arrival that is known is a repeat. By [`Identity::Signed`], storage keeps
    /// every pair of key and signed time for [`Retention::IDS`], those of repeats as well. A pair that is kept is a repeat. A
    /// known key with another time is new only if every earlier activation with the key was leased; it gets the next
    /// generation of the key and an id of its own.
    ///
    /// An activation of a connection that is not stored, or no more, is refused ([`StorageErrorKind::UnknownConnection`]):
    /// so nothing of an account is stored after it was erased.
    fn accept(&self, arrivals: Vec<Arrival>) -> StorageFuture<'_, Vec<Receipt>>;

    /// Leases activations that are due, of all connections in turn.
    fn lease(&self, request: LeaseRequest) -> StorageFuture<'_, Vec<Leased>>;

    /// Ends all leases, so that what they hold is due at once; how many there were. For a host that delivers alone and starts
    /// after it was killed: what it held would wait for leases that nobody has any more.
    fn end_leases(&self, now_ms: i64) -> StorageFuture<'_, u64>;

    /// After the clock was set back, ends each wait and each lease no later than its own length from now on. Returns the step
    /// in milliseconds, 0 without a step. [`lease`](Self::lease) does the same.
    fn mend_clock(&self, now_ms: i64) -> StorageFuture<'_, i64>;

    /// Notes that one was delivered; false when the lease was lost to another since, and then nothing is changed.
    fn acknowledge(&self, id: &str, lease: LeaseToken, now_ms: i64) -> StorageFuture<'_, bool>;

    /// Gives a lease back for another attempt from `not_before_ms` on, in 24 hours at the latest; false after a lost lease.
    fn retry_later(
        &self,
        id: &str,
        lease: LeaseToken,
        not_before_ms: i64,
        failure: &str,
        now_ms: i64,
    ) -> StorageFuture<'_, bool>;

    /// Gives a lease back with which nothing was tried, from `not_before_ms` on: it does not count as an attempt. False when the
    /// lease was lost.
    fn postpone(
        &self,
        id: &str,
        lease: LeaseToken,
        not_before_ms: i64,
        why: &str,
        now_ms: i64,
    ) -> StorageFuture<'_, bool>;

    /// Makes a dead letter of one, so that the next of its resource can go on; false when the lease was lost.
    fn bury(&self, id: &str, lease: LeaseToken, failure: &str, now_ms: i64) -> StorageFuture<'_, bool>;

    /// Activations that fit `filter`, in order of acceptance.
    fn list(&self, filter: &ActivationFilter) -> StorageFuture<'_, Vec<ActivationSummary>>;

    /// All that is known of one.
    fn find(&self, id: &str) -> StorageFuture<'_, Option<StoredActivation>>;

    /// Makes a dead, delivered or suppressed one due again, with no attempt counted, at its old place before all of its resource that
    /// still wait. One that waits for its time is due now, behind the unfinished ones of its resource that were accepted before.
    /// False where there is none, it is leased, or its payload was removed.
    fn replay(&self, id: &str, now_ms: i64) -> StorageFuture<'_, bool>;

    /// The first moment after `now_ms` at which an activation becomes due or a lease ends.
    ///
    /// What is due at `now_ms` is not looked at: [`lease`](Self::lease) with the same `now_ms` gave it, or had a limit that
    /// the next acknowledgement lifts. What is accepted or replayed later is not known yet: whoever does that wakes the
    /// one who waits.
    fn next_due(&self, now_ms: i64) -> StorageFuture<'_, Option<i64>>;

    /// How many there are in each state; cheap, whatever their number.
    fn counts(&self) -> StorageFuture<'_, StorageCounts>;

    /// Removes payloads, and later ids, that were kept long enough; how many rows were changed. It works in slices, so that
    /// others are not held up for long. Ids and signed times are removed as if no more than an hour had passed since the last
    /// call: a clock that runs ahead for some hours removes none that a repeat could still need.
    fn remove_expired(&self, now_ms: i64, retention: &Retention) -> StorageFuture<'_, u64>;

    /// Removes the connections of an account with their secrets, then all its activations, finished or not; how many
    /// activations there were. No byte of them stays on the disk, which may take the time to write the rest anew; after an
    /// error, call it again.
    fn erase_account(&self, account: &str) -> StorageFuture<'_, u64>;

    /// Stores a connection, in place of one of the same id.
    fn put_connection(&self, row: ConnectionRow) -> StorageFuture<'_, ()>;

    /// Stores a new connection; false if its account has a connection through the same app, and then nothing is stored.
    fn add_connection(&self, row: ConnectionRow) -> StorageFuture<'_, bool>;

    /// All connections, by id.
    fn connections(&self) -> StorageFuture<'_, Vec<ConnectionRow>>;

    /// The connection of this id.
    fn connection(&self, id: &str) -> StorageFuture<'_, Option<ConnectionRow>>;

    /// Stores `after` in place of the row that was read as `before`; false where another change came between, or it is not
    /// there any more, and then nothing is changed. So whoever reads a row, changes it and stores it undoes no other's change,
    /// in whatever process.
    fn replace_connection(&self, before: ConnectionRow, after: ConnectionRow) -> StorageFuture<'_, bool>;

    /// Removes a connection and its secrets; false where there is none. Its activations stay.
    fn remove_connection(&self, id: &str) -> StorageFuture<'_, bool>;

    /// The same, where its state and secrets are still those of this row.
    fn remove_connection_as(&self, row: ConnectionRow) -> StorageFuture<'_, bool>;

    /// Removes what is finished of the activations of an account whose connections have all ended and have no secret left, and
    /// what is remembered of own changes there; how many activations there were. Its connections stay as they are. No byte of
    /// what was removed stays on the disk, as with [`erase_account`](Self::erase_account).
    fn erase_finished(&self, account: &str) -> StorageFuture<'_, u64>;
}

/// Something happened at a connection's account that a workflow is started for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The CloudEvents id, by which repeats are recognised.
    pub id: String,
    /// The [`ConnectionRow::id`].
    pub connection: String,
    /// The account, as [`ConnectionRow::account`].
    pub account: String,
    /// The trigger's id, such as `order-created`.
    pub trigger: String,
    /// The kind of resource, such as `order`.
    pub resource_type: Option<String>,
    /// Which one; without it the activation has no order.
    pub resource_id: Option<String>,
    /// When it happened, in seconds since the epoch.
    pub event_time: Option<i64>,
    /// When it was received.
    pub received_ms: i64,
    /// How it became known.
    pub origin: Origin,
    /// The body as sent; empty where the payload was removed.
    pub envelope: Bytes,
}

/// How an event became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The API sent a webhook.
    Webhook,
    /// A search found what no webhook told of.
    Backfill,
}

/// What became of activations that were to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Stored now.
    pub new: usize,
    /// Known before.
    pub repeated: usize,
}

/// How much to lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// At most so many.
    pub limit: u32,
    /// At most so many of one connection at a time, those that are leased already included: a receiver that answers nothing
    /// does not take what others could use.
    pub per_connection: u32,
    /// How long the leases last.
    pub duration: Duration,
    /// Now.
    pub now_ms: i64,
}

/// The right to finish an attempt. A later lease of the same activation makes it void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseToken(pub i64);

/// An activation to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// What to deliver.
    pub activation: Activation,
    /// To say what became of it.
    pub lease: LeaseToken,
    /// Which attempt this is, from 1; leases that ended without a word count, those that were postponed do not.
    pub attempt: u32,
    /// The own change that it tells of, where that was noted before.
    pub own: Option<Cause>,
}

/// Where an activation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActivationState {
    /// For its time, or for the one before it of the same resource.
    Waiting,
    /// Somebody delivers it, or the lease ended and nobody has taken it since.
    Leased,
    /// It was acknowledged.
    Delivered,
    /// Given up: a dead letter.
    Dead,
    /// Not delivered, since it tells of an own change and its connection does not want such.
    Suppressed,
}

/// All that is known of an activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredActivation {
    /// The activation itself.
    pub activation: Activation,
    /// Where it stands.
    pub state: ActivationState,
    /// How often it was leased since it was accepted or replayed, and not postponed.
    pub attempts: u32,
    /// What went wrong last.
    pub failure: Option<String>,
    /// When it is due, or when its lease ends; of an unfinished one.
    pub due_ms: Option<i64>,
    /// When it was delivered or given up.
    pub finished_ms: Option<i64>,
    /// Whether the payload was removed after its time.
    pub is_emptied: bool,
    /// The own change that it tells of, where that was noted.
    pub own: Option<Cause>,
}

/// A row of a list of activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationSummary {
    /// The place in order of acceptance; [`ActivationFilter::after`] takes it.
    pub position: i64,
    /// See [`Activation::id`].
    pub id: String,
    /// See [`Activation::connection`].
    pub connection: String,
    /// See [`Activation::account`].
    pub account: String,
    /// See [`Activation::trigger`].
    pub trigger: String,
    /// See [`Activation::resource_type`].
    pub resource_type: Option<String>,
    /// See [`Activation::resource_id`].
    pub resource_id: Option<String>,
    /// See [`Activation::received_ms`].
    pub received_ms: i64,
    /// Where it stands.
    pub state: ActivationState,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub failure: Option<String>,
}

/// How many activations there are in each state, and how they came there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageCounts {
    /// [`ActivationState::Waiting`].
    pub waiting: u64,
    /// [`ActivationState::Leased`].
    pub leased: u64,
    /// [`ActivationState::Dead`].
    pub dead: u64,
    /// [`ActivationState::Delivered`] and still stored.
    pub delivered: u64,
    /// [`ActivationState::Suppressed`] and still stored.
    pub suppressed: u64,
    /// When the oldest unfinished one was received: that which was accepted first.
    pub oldest_ms: Option<i64>,
    /// How often this process has committed changes, each time a group of them.
    pub commits: u64,
    /// Bytes of the disk that are kept for deliveries; `None` if nothing is to be kept.
    pub reserve_bytes: Option<u64>,
    /// Whether new activations are refused until the disk has room again.
    pub is_full: bool,
}

/// How long finished activations are kept. Their ids stay for [`Retention::IDS`] at least, so that repeats are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Payloads of delivered and suppressed ones, after they were finished.
    pub delivered: Duration,
    /// Payloads of dead letters, after they were given up.
    pub dead: Duration,
}

impl Retention {
    /// How long an id is kept after the activation was received: longer than a signed delivery may be old, which is 49 h.
    pub const IDS: Duration = Duration::from_secs(72 * 60 * 60);
}

impl Default for Retention {
    /// A day for what was delivered, thirty for dead letters.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { delivered: DAY, dead: DAY * 30 }
    }
}

/// A connection as it is stored: what storage need not understand is opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Its name.
    pub id: String,
    /// The unguessable part of its webhook address; no two have the same.
    pub webhook_key: String,
    /// The account it is a connection to.
    pub account: String,
    /// The app whose credentials it uses, where it has none of its own.
    pub app: Option<String>,
    /// Fields, as JSON.
    pub fields: String,
    /// Secrets, encrypted by the caller.
    pub sealed: Vec<u8>,
    /// Triggers wanted, where to deliver and so on, as JSON.
    pub settings: String,
    /// Whether it works.
    pub state: ConnectionState,
    /// When it was made.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// Whether a connection works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// As far as is known.
    Connected,
    /// The API does not know its credentials any more. It receives on, until it is revoked or gets others.
    Refused,
    /// It ended: it was uninstalled at the account, or is about to be removed. It receives nothing more.
    Revoked,
}

impl ConnectionRow {
    /// Whether its removal has begun and is not done: it still has the secrets to delete its webhooks with.
    pub(crate) fn is_being_removed(&self) -> bool {
        self.state == ConnectionState::Revoked && !self.sealed.is_empty()
    }
}

impl std::fmt::Debug for ConnectionRow {
    /// Without the key and the secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = &mut out.debug_struct("ConnectionRow");
        row.field("id", &self.id).field("account", &self.account).field("state", &self.state);
        row.finish_non_exhaustive()
    }
}
