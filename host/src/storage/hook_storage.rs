//! What is kept on disk about webhooks and about searches for missed events, as a trait beside that of activations.

use super::{Accepted, Activation, StorageFuture};

/// Webhooks that were seen, how far events are known, and activations that a search found.
///
/// Everything of a connection goes with the connection.
pub trait HookStorage: Send + Sync {
    /// The webhooks of a connection as they were seen last.
    fn hooks(&self, connection: &str) -> StorageFuture<'_, Vec<HookRow>>;

    /// Replaces them.
    fn keep_hooks(&self, connection: &str, hooks: Vec<HookRow>) -> StorageFuture<'_, ()>;

    /// How far the events of a connection's triggers are known.
    fn watermarks(&self, connection: &str) -> StorageFuture<'_, Vec<Watermark>>;

    /// Notes how far events are known, and whether there is a gap; a moment never goes back.
    fn raise_watermark(&self, connection: &str, mark: Watermark) -> StorageFuture<'_, ()>;

    /// Forgets the watermarks of triggers that are none of these.
    fn keep_watermarks(&self, connection: &str, triggers: Vec<String>) -> StorageFuture<'_, ()>;

    /// Stores what a search found, but for what was told: all or none, each in one step with the look whether it was.
    ///
    /// A webhook that tells of the same later, since it was late, is then known already. Times are whole seconds: a time of
    /// the same second is known unless every activation of that second was leased before the second had ended.
    fn accept_missed(&self, missed: Vec<Missed>) -> StorageFuture<'_, Accepted>;

    /// When the service was there last; none where it never was.
    fn last_alive(&self) -> StorageFuture<'_, Option<i64>>;

    /// Notes that it is there.
    fn note_alive(&self, now_ms: i64) -> StorageFuture<'_, ()>;
}

/// A webhook as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRow {
    /// The id that the API gave it.
    pub hook: String,
    /// The event it tells of.
    pub event: String,
    /// Where it leads.
    pub destination: String,
    /// Whether it delivers.
    pub is_active: bool,
    /// When it was seen first.
    pub seen_ms: i64,
}

/// How far the events of a trigger are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The trigger's id.
    pub trigger: String,
    /// Every event before this moment was told or found.
    pub since_ms: i64,
    /// Whether some after it may have been missed, until a search is done.
    pub has_gap: bool,
}

/// An activation that a search found, which a webhook may have told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The activation; its event time is the date of the resource.
    pub activation: Activation,
    /// Whether the event happens once to a resource: then any activation of it has told it. Else only one whose event time
    /// is later, or of the same second and was not leased before the end of that second.
    pub happens_once: bool,
}
