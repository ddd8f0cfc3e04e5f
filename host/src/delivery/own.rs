//! Looks, before an activation is delivered, whether it tells of a change of this host's own, and ends it where its connection
//! does not want such.

use std::time::Duration;

use super::{Delivery, Ending, Prepared};
use crate::loops::Verdict;
use crate::storage::{Cause, Leased};

/// How long before an activation is looked at again that waits for the answer of a call: at first, and then.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));

/// How often it is looked at after the first wait.
const SOON: u32 = 4;

impl Delivery {
    /// The own change that an activation tells of. What was noted before stands, also where it is replayed: a person who
    /// replays one that was suppressed wants it.
    pub(super) async fn own_change(&self, leased: &Leased) -> Result<Option<Cause>, Prepared> {
        if leased.own.is_some() {
            return Ok(leased.own.clone());
        }
        let activation = &leased.activation;
        let later = |class, text: &str| {
            let wait = if leased.attempt <= SOON { WAITS.0 } else { WAITS.1 };
            Err(Prepared::Later { wait, class, text: format!("{class}: {text}") })
        };
        let cause = match self.loops.judge(self.connector, activation, (self.clock)()).await {
            Ok(Verdict::Foreign) => return Ok(None),
            Ok(Verdict::Undecided) => return later("own_call", "a call that it may tell of is under way"),
            Ok(Verdict::Own(cause)) => cause,
            Err(error) => return later("storage", &error.to_string()),
        };
        let (id, lease) = (&activation.id, leased.lease);
        let settings = self.directory.settings(&activation.connection).unwrap_or_default();
        if settings.suppresses(&activation.trigger) {
            let note = || self.loops.changes.suppress(id, lease, cause.clone(), (self.clock)());
            return Err(Prepared::Suppressed(self.noted(leased, Ending::Suppressed, note).await));
        }
        // So that every attempt says the same.
        match self.loops.changes.mark_own(id, lease, cause.clone()).await {
            Ok(_) => Ok(Some(cause)),
            Err(error) => later("storage", &error.to_string()),
        }
    }
}
