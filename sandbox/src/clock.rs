//! Where the sandbox gets the time from: the system, or a hand that moves it in tests.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// How often a waiting request looks at a clock that a hand may move.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A source of the current time.
pub trait Clock: Debug + Send + Sync {
    /// The time passed since 1970-01-01T00:00:00Z. Never goes back.
    fn now(&self) -> Duration;

    /// Whether it goes on by itself as fast as the machine's time, so that a wait can be slept through. Other clocks are
    /// looked at again and again.
    fn runs_by_itself(&self) -> bool {
        false
    }
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

    fn runs_by_itself(&self) -> bool {
        true
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
    ahead: watch::Sender<Duration>,
}

impl StoreClock {
    /// The clock that shows what `source` shows.
    pub(crate) fn new(source: Arc<dyn Clock>) -> Self {
        Self { source, ahead: watch::Sender::new(Duration::ZERO) }
    }

    /// The time passed since 1970-01-01T00:00:00Z.
    pub(crate) fn now(&self) -> Duration {
        self.source.now().saturating_add(*self.ahead.borrow())
    }

    /// Puts the clock forward.
    pub(crate) fn advance(&self, step: Duration) {
        self.ahead.send_modify(|ahead| *ahead = ahead.saturating_add(step));
    }

    /// Waits until the clock has gone on by `length`, whoever moves it.
    pub(crate) async fn wait(&self, length: Duration) {
        let end = self.now().saturating_add(length);
        let mut advances = self.ahead.subscribe();
        while let Some(rest) = end.checked_sub(self.now()).filter(|rest| !rest.is_zero()) {
            let longest = if self.source.runs_by_itself() { rest } else { LOOK_AGAIN };
            tokio::select! {
                () = tokio::time::sleep(longest) => {}
                // The sender lives as long as the clock.
                _ = advances.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// The time of tokio, which tests can pause, and how often somebody looked at it.
    #[derive(Debug)]
    struct Watched {
        start: tokio::time::Instant,
        looks: AtomicUsize,
    }

    impl Clock for Watched {
        fn now(&self) -> Duration {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.start.elapsed()
        }

        fn runs_by_itself(&self) -> bool {
            true
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_a_clock_that_runs_by_itself_is_slept_through_and_ends_in_time() {
        let source = Arc::new(Watched { start: tokio::time::Instant::now(), looks: AtomicUsize::new(0) });
        let clock = StoreClock::new(Arc::clone(&source) as _);
        clock.wait(Duration::from_secs(60)).await;
        assert_eq!(source.start.elapsed(), Duration::from_secs(60));
        assert!(source.looks.load(Ordering::Relaxed) < 5, "{source:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_put_forward_ends_a_wait() {
        let source = Arc::new(Watched { start: tokio::time::Instant::now(), looks: AtomicUsize::new(0) });
        let clock = StoreClock::new(Arc::clone(&source) as _);
        let (mut wait, mut task) =
            (std::pin::pin!(clock.wait(Duration::from_secs(60))), std::pin::pin!(async {}));
        tokio::select! {
            biased;
            () = &mut wait => panic!("it ended at once"),
            () = &mut task => clock.advance(Duration::from_secs(59)),
        }
        wait.await;
        assert_eq!(source.start.elapsed(), Duration::from_secs(1));
    }
}
