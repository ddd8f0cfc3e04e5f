//! What became of an attempt, as metrics count it and the log describes it.

use std::time::Duration;

use crate::storage::Leased;

/// What became of an attempt, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A receiver has it.
    Delivered,
    /// It failed, for this reason, and is tried again.
    Failed(&'static str),
    /// It failed, for this reason, and is a dead letter.
    Dead(&'static str),
    /// Its resource is not there yet, for this reason, and it waits.
    Postponed(&'static str),
    /// It tells of an own change, and its connection does not want such.
    Suppressed,
    /// The lease had ended, and another attempt counts.
    Lost,
}

/// Logs what became of an attempt, and how long it took.
pub(super) fn tell(leased: &Leased, ending: Ending, took: Duration) {
    let (word, reason) = ending.words();
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let Leased { activation, attempt, .. } = leased;
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                activation = activation.id,
                connection = activation.connection,
                trigger = activation.trigger,
                attempt,
                outcome = word,
                reason,
                microseconds,
                "delivery"
            )
        };
    }
    match ending {
        Ending::Delivered | Ending::Postponed(_) | Ending::Suppressed => tell!(debug),
        Ending::Failed(_) | Ending::Lost => tell!(info),
        Ending::Dead(_) => tell!(warn),
    }
}

impl Ending {
    /// The words for metrics and logs: outcome and reason, which may be empty.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Delivered => ("delivered", ""),
            Self::Failed(reason) => ("failed", reason),
            Self::Dead(reason) => ("dead", reason),
            Self::Postponed(reason) => ("postponed", reason),
            Self::Suppressed => ("suppressed", ""),
            Self::Lost => ("lost", ""),
        }
    }
}
