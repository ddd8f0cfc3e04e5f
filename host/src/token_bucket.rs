//! Limits to how often something may be tried.

use std::sync::{Mutex, PoisonError};

/// How often something may happen: so many at once, and so many more each second.
pub(crate) struct Bucket {
    burst: f64,
    per_second: f64,
    /// What is left, and when that was so.
    state: Mutex<(f64, i64)>,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second, state: Mutex::new((burst, i64::MIN)) }
    }

    /// Takes one; false where there is none.
    pub(crate) fn take(&self, now_ms: i64) -> bool {
        self.with(now_ms, |left| {
            let has_one = *left >= 1.0;
            *left -= if has_one { 1.0 } else { 0.0 };
            has_one
        })
    }

    /// Whether there is one.
    pub(crate) fn has_one(&self, now_ms: i64) -> bool {
        self.with(now_ms, |left| *left >= 1.0)
    }

    fn with<T>(&self, now_ms: i64, act: impl FnOnce(&mut f64) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, then) = *state;
        let since = now_ms.saturating_sub(then).max(0) as f64 / 1000.0;
        let mut left = (left + since * self.per_second).min(self.burst);
        let outcome = act(&mut left);
        *state = (left, now_ms.max(then));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_empty_after_its_burst_and_fills_with_time() {
        let bucket = Bucket::new(2.0, 0.5);
        assert_eq!([0, 0, 0].map(|now| bucket.take(now)), [true, true, false]);
        assert_eq!([1_999, 2_000, 2_001].map(|now| bucket.take(now)), [false, true, false]);
        assert_eq!([1_000_000; 3].map(|now| bucket.take(now)), [true, true, false], "no more than the burst");
        assert!(!bucket.has_one(0), "a clock that goes back gives nothing");
    }
}
