//! Looks, before an activation is delivered, whether it tells of a change of this host's own, and ends it where its connection
//! does not want such.

use std::time::Duration;

use super::{Delivery, Ending, Later, Prepared};
use crate::loops::Verdict;
use crate::storage::{Cause, Leased, StorageErrorKind};

/// How long before an activation is looked at again that waits for the answer of a call: in the first second of the call,
/// afterwards, and at most.
const WAITS: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(60)];

/// What part of the time that a call has taken is waited before the next look.
const PART: u32 = 30;

impl Delivery {
    /// The own change that an activation tells of. What was noted before stands, also where it is replayed: a person who
    /// replays one that was suppressed wants it.
    pub(super) async fn own_change(&self, leased: &Leased) -> Result<Option<Cause>, Prepared> {
        if leased.own.is_some() {
            return Ok(leased.own.clone());
        }
        let activation = &leased.activation;
        let later = |wait, class, text: &str| {
            let text = format!("{class}: {text}");
            Err(Prepared::Later(Later { wait, class, text, is_attempt: false }))
        };
        let now_ms = self.clock.now_ms();
        let cause = match self.loops.judge(self.connector, activation, now_ms).await {
            Ok(Verdict::Foreign) => return Ok(None),
            Ok(Verdict::Undecided { since_ms }) => {
                let wait = wait(now_ms.saturating_sub(since_ms));
                return later(wait, "own_call", "a call that it may tell of is under way");
            }
            Ok(Verdict::Own(cause)) => cause,
            Err(error) => return later(WAITS[1], "storage", &error.to_string()),
        };
        let (id, lease) = (&activation.id, leased.lease);
        let settings = self.directory.settings(&activation.connection).unwrap_or_default();
        if settings.suppresses(&activation.trigger) {
            let note = || self.loops.changes.suppress(id, lease, cause.clone(), self.clock.now_ms());
            return Err(Prepared::Suppressed(self.noted(leased, Ending::Suppressed, note).await));
        }
        // So that every attempt says the same.
        match self.loops.changes.mark_own(id, lease, cause.clone()).await {
            Ok(_) => Ok(Some(cause)),
            // Without any room left it is said in this attempt alone: deliveries go on.
            Err(error) if error.kind() == StorageErrorKind::Full => Ok(Some(cause)),
            Err(error) => later(WAITS[1], "storage", &error.to_string()),
        }
    }
}

/// How long to wait for the answer of a call that has taken so long.
pub(super) fn wait(taken_ms: i64) -> Duration {
    let taken = Duration::from_millis(u64::try_from(taken_ms).unwrap_or(0));
    match taken < WAITS[1] {
        true => WAITS[0],
        false => (taken / PART).clamp(WAITS[1], WAITS[2]),
    }
}
