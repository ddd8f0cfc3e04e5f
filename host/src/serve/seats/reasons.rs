//! Why connections are closed and requests refused, and how often.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why the service closes a connection, or refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Reason {
    /// Too many connections have no complete head.
    Heads,
    /// Too many connections have a request.
    Requests,
    /// The address of the client has too many connections.
    Address,
    /// The client does not read its answer.
    SlowRead,
}

impl Reason {
    /// Reasons to refuse a request. A connection is closed for these as well.
    pub(in crate::serve) const TO_REFUSE: [Self; 2] = [Self::Requests, Self::Address];

    /// Reasons to close a connection.
    pub(in crate::serve) const TO_CLOSE: [Self; 4] =
        [Self::Requests, Self::Address, Self::Heads, Self::SlowRead];

    /// The word for metrics and logs.
    pub(in crate::serve) fn word(self) -> &'static str {
        match self {
            Self::Heads => "heads_full",
            Self::Requests => "requests_full",
            Self::Address => "address_share",
            Self::SlowRead => "slow_read",
        }
    }
}

/// Counts by reason.
#[derive(Default)]
pub(in crate::serve) struct ByReason([AtomicU64; Reason::TO_CLOSE.len()]);

impl ByReason {
    /// Counts one more.
    pub(in crate::serve) fn count(&self, reason: Reason) {
        for (known, count) in Reason::TO_CLOSE.iter().zip(&self.0) {
            count.fetch_add((*known == reason).into(), Ordering::Relaxed);
        }
    }

    /// The words of reasons, which begin as [`Reason::TO_CLOSE`] does, each with its count.
    pub(in crate::serve) fn now(&self, reasons: &[Reason]) -> Vec<(&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        reasons.iter().map(|reason| reason.word()).zip(counts).collect()
    }
}
