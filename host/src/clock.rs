//! The time of the service. Moments on disk come from the wall clock, which can be set forward and back. Durations in memory
//! come from the monotonic clock, which cannot.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the time comes from.
trait Time: Send + Sync {
    /// The wall clock, in milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
    /// The monotonic clock.
    fn instant(&self) -> Instant;
}

/// The clock that all parts of the service share. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Time>);

impl Clock {
    /// The clock of this machine.
    pub(crate) fn system() -> Self {
        Self(Arc::new(System))
    }

    /// The wall clock, in milliseconds since the Unix epoch: for moments that are stored, signed or shown.
    pub(crate) fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    /// The monotonic clock: for durations that end with this process.
    pub(crate) fn instant(&self) -> Instant {
        self.0.instant()
    }

    /// How long ago `began` was, by the monotonic clock.
    pub(crate) fn since(&self, began: Instant) -> Duration {
        self.instant().saturating_duration_since(began)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// By how much the clocks of two callers may differ, in milliseconds: one has read its clock and waited since.
const SKEW_MS: i64 = 60_000;

/// Whether a stored moment lies so far ahead that the wall clock was set back since it was stored.
pub(crate) fn is_ahead(stored_ms: i64, now_ms: i64) -> bool {
    stored_ms > now_ms.saturating_add(SKEW_MS)
}

/// Whether something that began at a stored moment goes on, and lasts for `length_ms`. A beginning that lies ahead was stored by
/// a clock that was set back since: how long ago it was is unknown, and it has ended.
pub(crate) fn lasts(began_ms: i64, length_ms: i64, now_ms: i64) -> bool {
    now_ms < began_ms.saturating_add(length_ms) && !is_ahead(began_ms, now_ms)
}

/// The wall clock of this machine, for commands that end at once.
pub(crate) fn now_ms() -> i64 {
    System.now_ms()
}

/// The clock of the machine.
struct System;

impl Time for System {
    fn now_ms(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

#[cfg(test)]
pub(crate) mod stepped {
    //! A clock for tests, whose wall clock moves only when a test sets it.

    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::{Arc, Clock, Duration, Instant, Time};

    /// The handle of a test on the clock that it has given away.
    #[derive(Clone, Default)]
    pub(crate) struct Steps {
        wall_ms: Arc<AtomicI64>,
        passed_ms: Arc<AtomicU64>,
    }

    impl Steps {
        /// A wall clock that stands at `now_ms`.
        pub(crate) fn at(now_ms: i64) -> Self {
            let steps = Self::default();
            steps.set(now_ms);
            steps
        }

        /// A wall clock that a test sets through `wall_ms`.
        pub(crate) fn reading(wall_ms: Arc<AtomicI64>) -> Self {
            Self { wall_ms, ..Self::default() }
        }

        /// The clock to give away.
        pub(crate) fn clock(&self) -> Clock {
            Clock(Arc::new(self.clone()))
        }

        /// Sets the wall clock; no time passes.
        pub(crate) fn set(&self, now_ms: i64) {
            self.wall_ms.store(now_ms, Ordering::SeqCst);
        }

        /// Sets the wall clock forward, or back by a negative number of milliseconds; no time passes.
        pub(crate) fn step(&self, by_ms: i64) {
            self.wall_ms.fetch_add(by_ms, Ordering::SeqCst);
        }

        /// Lets time pass on both clocks.
        pub(crate) fn pass(&self, length: Duration) {
            let length_ms = u64::try_from(length.as_millis()).unwrap();
            self.passed_ms.fetch_add(length_ms, Ordering::SeqCst);
            self.step(i64::try_from(length_ms).unwrap());
        }
    }

    impl Time for Steps {
        fn now_ms(&self) -> i64 {
            self.wall_ms.load(Ordering::SeqCst)
        }

        fn instant(&self) -> Instant {
            Instant::now() + Duration::from_millis(self.passed_ms.load(Ordering::SeqCst))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn what_began_ahead_of_the_clock_has_ended() {
        let lasts = |now_ms| lasts(10 * DAY_MS, 3_600_000, now_ms);
        let nows =
            [10 * DAY_MS - 60_001, 10 * DAY_MS - 60_000, 10 * DAY_MS + 3_599_999, 10 * DAY_MS + 3_600_000];
        assert_eq!(nows.map(lasts), [false, true, true, false]);
        assert!(!is_ahead(i64::MAX, i64::MAX) && is_ahead(i64::MAX, i64::MIN));
    }

    #[test]
    fn a_step_of_the_wall_clock_is_no_time_that_passes() {
        let steps = stepped::Steps::at(DAY_MS);
        let (clock, began) = (steps.clock(), Instant::now());
        steps.step(DAY_MS);
        assert_eq!(clock.now_ms(), 2 * DAY_MS);
        assert!(clock.since(began) < Duration::from_secs(3_600));
        steps.step(-2 * DAY_MS);
        assert_eq!(clock.now_ms(), 0);
        steps.pass(Duration::from_secs(3_600));
        assert_eq!(clock.now_ms(), 3_600_000);
        assert!(clock.since(began) >= Duration::from_secs(3_600));
    }
}
