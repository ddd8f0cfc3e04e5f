//! The gates of a process: one for each account, shared by all that call it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::clock::{Clock, SystemClock};
use super::gate::{Gate, GateReport};
use super::shared::WindowStore;
use super::waits::Waits;

/// How many gates are kept; beyond, idle ones are forgotten, and where too few are idle, all that nobody holds.
const MOST_GATES: usize = 10_000;

/// The gates of a process. Cheap to clone; clones are the same gates.
#[derive(Clone)]
pub struct Gates {
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn WindowStore>>,
    gates: Arc<Mutex<HashMap<String, Arc<Gate>>>>,
}

impl Gates {
    /// Gates by the machine's time, for this process alone.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// Gates by another clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, store: None, gates: Arc::default() }
    }

    /// The same gates, their windows shared with other processes.
    #[must_use]
    pub fn shared_through(self, store: Arc<dyn WindowStore>) -> Self {
        Self { store: Some(store), gates: Arc::default(), ..self }
    }

    /// The gate of an account.
    #[must_use]
    pub fn gate(&self, account: &str, waits: Waits) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(account) {
            return Arc::clone(gate);
        }
        if gates.len() >= MOST_GATES {
            // Only those nobody holds: a gate that somebody enters must not have a twin.
            gates.retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.is_idle());
            if gates.len() > MOST_GATES / 10 * 9 {
                gates.retain(|_, gate| Arc::strong_count(gate) > 1);
            }
        }
        let gate = Gate::new(account.to_owned(), waits, Arc::clone(&self.clock), self.store.clone());
        let gate = Arc::new(gate);
        gates.insert(account.to_owned(), Arc::clone(&gate));
        gate
    }

    /// The clock that all go by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What there is to see at each gate, by account.
    #[must_use]
    pub fn reports(&self) -> Vec<GateReport> {
        let gates: Vec<_> =
            self.gates.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let mut reports: Vec<_> = gates.iter().map(|gate| gate.report()).collect();
        reports.sort_by(|one, other| one.account.cmp(&other.account));
        reports
    }
}

impl Default for Gates {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Gates {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.gates.lock().unwrap_or_else(PoisonError::into_inner).len();
        out.debug_struct("Gates").field("accounts", &count).finish_non_exhaustive()
    }
}
