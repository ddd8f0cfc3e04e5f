//! The time and chance that pacing and retries go by, as values, so that tests can move the one and fix the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::transport::BoxFuture;

/// A moment, as the time since 1970-01-01T00:00:00Z.
pub type Moment = Duration;

/// Where the time comes from, and what waits for it.
pub trait Clock: Send + Sync {
    /// The present, which never goes back.
    fn now(&self) -> Moment;

    /// The wall clock as it stands, for moments that others have written or will read. It may be set forward and back.
    fn wall(&self) -> Moment {
        self.now()
    }

    /// Ends after `length`.
    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()>;

    /// A random number from 0 up to 1, for waits that must not all end together.
    fn jitter(&self) -> f64;
}

/// The time of this machine: set once by the wall clock and carried on by the monotonic one, so that an adjusted wall
/// clock neither prolongs a wait nor ends it. Waits are tokio's, paused time included.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    wall: Duration,
    start: Instant,
}

impl SystemClock {
    /// A clock set to the machine's current time.
    #[must_use]
    pub fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall, start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        self.wall.saturating_add(self.start.elapsed())
    }

    fn wall(&self) -> Moment {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(length))
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}
