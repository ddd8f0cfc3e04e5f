//! Where the sandbox gets the time from: the system, or a hand that moves it in tests.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a waiting request looks at a clock that a hand may move.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A source of the current time.
pub trait Clock: Debug + Send + Sync {
    /// The time passed since 1970-01-01T00:00:00Z. Never goes back.
    fn now(&self) -> Duration;
}

/// The time of this machine.
///
/// Set once by the wall clock and then carried on by the monotonic one, so that an adjusted wall clock
/// cannot reopen or prolong a quota window.
#[derive(Debug)]
pub struct SystemClock {
    wall: Duration,
    monotonic: Instant,
}

impl SystemClock {
    /// A clock set to the machine's current time.
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall, monotonic: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.wall.saturating_add(self.monotonic.elapsed())
    }
}

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that shows `since_epoch`, counted from 1970-01-01T00:00:00Z.
    pub fn at(since_epoch: Duration) -> Self {
        Self { now: Mutex::new(since_epoch) }
    }

    /// Moves the clock forward by `step`.
    pub fn advance(&self, step: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(step);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store's clock: a source of the time, and how far it has been put forward.
#[derive(Debug)]
pub(crate) struct StoreClock {
    source: Arc<dyn Clock>,
    ahead: Mutex<Duration>,
}

impl StoreClock {
    /// The clock that shows what `source` shows.
    pub(crate) fn new(source: Arc<dyn Clock>) -> Self {
        Self { source, ahead: Mutex::new(Duration::ZERO) }
    }

    /// The time passed since 1970-01-01T00:00:00Z.
    pub(crate) fn now(&self) -> Duration {
        self.source.now().saturating_add(*self.ahead.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the clock forward.
    pub(crate) fn advance(&self, step: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(step);
    }

    /// Waits until the clock has gone on by `length`, whoever moves it.
    pub(crate) async fn wait(&self, length: Duration) {
        let end = self.now().saturating_add(length);
        while let Some(rest) = end.checked_sub(self.now()).filter(|rest| !rest.is_zero()) {
            tokio::time::sleep(rest.min(LOOK_AGAIN)).await;
        }
    }
}
