//! Limits to how often something may be tried.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often something may happen: so many at once, and so many more each second.
pub(crate) struct Bucket {
    burst: f64,
    per_second: f64,
    /// What is left, and when that was so.
    state: Mutex<(f64, Option<Instant>)>,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second, state: Mutex::new((burst, None)) }
    }

    /// Takes one; false where there is none.
    pub(crate) fn take(&self, now: Instant) -> bool {
        self.with(now, |left| {
            let has_one = *left >= 1.0;
            *left -= if has_one { 1.0 } else { 0.0 };
            has_one
        })
    }

    /// Whether there is one.
    pub(crate) fn has_one(&self, now: Instant) -> bool {
        self.with(now, |left| *left >= 1.0)
    }

    fn with<T>(&self, now: Instant, act: impl FnOnce(&mut f64) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, then) = *state;
        let since = then.map_or(Duration::ZERO, |then| now.saturating_duration_since(then));
        let mut left = (left + since.as_secs_f64() * self.per_second).min(self.burst);
        let outcome = act(&mut left);
        *state = (left, Some(now).max(then));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_empty_after_its_burst_and_fills_with_time() {
        let bucket = Bucket::new(2.0, 0.5);
        let start = Instant::now();
        let take = |after_ms| bucket.take(start + Duration::from_millis(after_ms));
        assert_eq!([0, 0, 0].map(take), [true, true, false]);
        assert_eq!([1_999, 2_000, 2_001].map(take), [false, true, false]);
        assert_eq!([1_000_000; 3].map(take), [true, true, false], "no more than the burst");
        assert!(!bucket.has_one(start), "an earlier moment gives nothing");
    }
}
