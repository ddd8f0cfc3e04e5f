//! What follows from an attempt: done, another one and when, or a dead letter. A pure function of attempt, clock and chance.

use std::time::Duration;

/// The first wait, at most; it doubles with each attempt.
const FIRST: Duration = Duration::from_secs(5);

/// The longest wait of our own.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The longest wait that a receiver may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// So many attempts are made in any case, however old an activation is: one that waited for another, or is replayed, gets its
/// chances too.
const LEAST_ATTEMPTS: u32 = 12;

/// When an activation is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// After so many attempts.
    pub(crate) attempts: u32,
    /// So long after it was received.
    pub(crate) age: Duration,
}

/// Why an attempt did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// A word for metrics.
    pub(crate) kind: &'static str,
    /// What happened, for those who look into it; nothing of what was sent or answered.
    pub(crate) text: String,
    /// How long the receiver asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether another attempt would be in vain.
    pub(crate) is_final: bool,
}

impl Failed {
    /// A failure that may pass.
    pub(crate) fn passing(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), retry_after: None, is_final: false }
    }

    /// A failure that stays.
    pub(crate) fn lasting(kind: &'static str, text: impl Into<String>) -> Self {
        Self { is_final: true, ..Self::passing(kind, text) }
    }
}

/// Where an attempt stands among others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// Which one it is, from 1.
    pub(crate) number: u32,
    /// When the activation was received.
    pub(crate) received_ms: i64,
    /// Now.
    pub(crate) now_ms: i64,
    /// Chance, from 0 to 1.
    pub(crate) jitter: f64,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Another attempt, from this moment on.
    RetryAt(i64),
    /// It is a dead letter.
    Bury,
}

/// What follows from a failure.
pub(crate) fn decide(failed: &Failed, attempt: &Attempt, limits: Limits) -> Decision {
    let is_old = age(attempt) >= limits.age && attempt.number >= LEAST_ATTEMPTS.min(limits.attempts);
    if failed.is_final || is_old || attempt.number >= limits.attempts {
        return Decision::Bury;
    }
    let asked = failed.retry_after.unwrap_or_default().min(LONGEST_ASKED);
    Decision::RetryAt(later(attempt.now_ms, own_wait(attempt.number, attempt.jitter).max(asked)))
}

/// How long ago the activation was received.
pub(crate) fn age(attempt: &Attempt) -> Duration {
    Duration::from_millis(u64::try_from(attempt.now_ms.saturating_sub(attempt.received_ms)).unwrap_or(0))
}

/// A moment so much later.
pub(crate) fn later(now_ms: i64, wait: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// Full jitter: anything up to a bound that doubles.
fn own_wait(number: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1).min(16)));
    doubled.min(LONGEST).mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { attempts: 200, age: Duration::from_secs(48 * 3600) };

    fn at(number: u32, age_s: i64, jitter: f64) -> Attempt {
        Attempt { number, received_ms: 1_000, now_ms: 1_000 + age_s * 1000, jitter }
    }

    /// The wait in seconds; none where it is given up.
    fn wait(failed: &Failed, attempt: &Attempt) -> Option<f64> {
        match decide(failed, attempt, LIMITS) {
            #[expect(clippy::cast_precision_loss, reason = "a few days of milliseconds")]
            Decision::RetryAt(moment) => Some((moment - attempt.now_ms) as f64 / 1000.0),
            Decision::Bury => None,
        }
    }

    #[test]
    fn waits_double_from_five_seconds_to_an_hour_and_chance_takes_any_part_of_them() {
        let failed = Failed::passing("server_error", "");
        for (number, longest) in [(1, 5.0), (2, 10.0), (3, 20.0), (10, 2560.0), (11, 3600.0), (199, 3600.0)] {
            assert_eq!(wait(&failed, &at(number, 60, 1.0)), Some(longest), "attempt {number}");
            assert_eq!(wait(&failed, &at(number, 60, 0.5)), Some(longest / 2.0), "attempt {number}");
            assert_eq!(wait(&failed, &at(number, 60, 0.0)), Some(0.0), "attempt {number}");
        }
    }

    #[test]
    fn what_a_receiver_asks_for_is_a_minimum() {
        let asks = |seconds| Failed {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Failed::passing("unavailable", "")
        };
        assert_eq!(wait(&asks(120), &at(1, 0, 1.0)), Some(120.0));
        assert_eq!(wait(&asks(1), &at(3, 0, 1.0)), Some(20.0));
        assert_eq!(wait(&asks(u64::MAX), &at(1, 0, 1.0)), Some(86_400.0), "within a day");
    }

    #[test]
    fn it_ends_by_age_by_attempts_or_at_once() {
        let failed = Failed::passing("timeout", "");
        let two_days = 48 * 3600;
        assert!(wait(&failed, &at(50, two_days - 1, 0.5)).is_some());
        assert_eq!(wait(&failed, &at(50, two_days, 0.5)), None);
        assert!(wait(&failed, &at(1, two_days * 9, 0.5)).is_some(), "replayed, it gets its chances");
        assert_eq!(wait(&failed, &at(12, two_days * 9, 0.5)), None);
        assert!(wait(&failed, &at(199, 60, 0.5)).is_some());
        assert_eq!(wait(&failed, &at(200, 60, 0.5)), None);
        assert_eq!(wait(&Failed::lasting("gone", ""), &at(1, 0, 0.5)), None);
    }

    proptest! {
        #[test]
        fn no_wait_is_negative_or_beyond_what_was_asked_and_every_series_ends(
            number in any::<u32>(), received_ms in any::<i64>(), now_ms in any::<i64>(),
            jitter in any::<f64>(), asked in proptest::option::of(any::<u64>()),
        ) {
            let failed = Failed {
                retry_after: asked.map(Duration::from_secs), ..Failed::passing("timeout", "")
            };
            let attempt = Attempt { number, received_ms, now_ms, jitter };
            match decide(&failed, &attempt, LIMITS) {
                Decision::RetryAt(moment) => {
                    prop_assert!(moment >= now_ms && number < LIMITS.attempts);
                    let longest = failed.retry_after.unwrap_or_default().max(LONGEST).min(LONGEST_ASKED);
                    prop_assert!(moment.saturating_sub(now_ms) <= i64::try_from(longest.as_millis()).unwrap());
                }
                Decision::Bury => prop_assert!(number >= LEAST_ATTEMPTS),
            }
        }
    }
}
