//! Whether a call that failed is made again, and after which wait: pure decisions over class, patience, budget and chance.

use std::time::Duration;

use crate::error::{Class, Error};
use crate::pacing::Moment;

/// How often a call is made again after failures other than a spent quota.
pub(crate) const MOST_RETRIES: u32 = 4;

/// How long a call is tried again after such failures, where the caller's patience does not end before.
pub(crate) const LONGEST_RETRYING: Duration = Duration::from_secs(120);

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long a call may take for others' sake: for the quota to be renewed, or for a failure to pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// No wait, nothing sent twice: the caller gets a retryable error with the wait, and decides. For workflow engines.
    #[default]
    Surface,
    /// As long as the wait ends within this time from the start of the call; else the same error at once.
    Within(Duration),
    /// However long it takes. For bulk jobs.
    Unlimited,
}

impl Patience {
    /// When the patience of a call that begins at `start` ends; never for some.
    pub(crate) fn deadline(self, start: Moment) -> Option<Moment> {
        match self {
            Self::Surface => Some(start),
            Self::Within(length) => Some(start.saturating_add(length)),
            Self::Unlimited => None,
        }
    }
}

/// What a call has been through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    /// Times that it was made again for failures other than a spent quota.
    pub(crate) retries: u32,
    /// When the first of these came.
    pub(crate) since: Option<Moment>,
    /// Whether one of the attempts may have been carried out.
    pub(crate) open: bool,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    /// The caller gets the error.
    Stop,
    /// The call queues for the quota again: it was not carried out, and the gate knows how long to wait.
    QueueAgain,
    /// The call is made again after this wait.
    After(Duration),
}

/// Decides. `jitter` is a random number from 0 to 1; the budget is asked last and pays only for what is done.
pub(crate) fn decide(
    error: &Error,
    attempts: Attempts,
    deadline: Option<Moment>,
    budget: &mut RetryBudget,
    jitter: f64,
    now: Moment,
) -> Decision {
    let in_time = |wait: Duration| deadline.is_none_or(|deadline| now.saturating_add(wait) <= deadline);
    let patient = deadline.is_none_or(|deadline| now < deadline);
    if !error.is_retryable() || !patient {
        return Decision::Stop;
    }
    if error.is_rate_limited() {
        let wait = error.retry_after().unwrap_or_default();
        return if in_time(wait) { Decision::QueueAgain } else { Decision::Stop };
    }
    let wait = backoff(attempts.retries, jitter).max(error.retry_after().unwrap_or_default());
    let since = attempts.since.unwrap_or(now);
    let is_over = now.saturating_add(wait).saturating_sub(since) > LONGEST_RETRYING;
    if attempts.retries >= MOST_RETRIES || is_over || !in_time(wait) || !budget.spend() {
        return Decision::Stop;
    }
    Decision::After(wait)
}

/// The wait before the next try: by chance anything up to a bound that doubles with each, never none. Full jitter keeps
/// callers apart that failed together.
pub(crate) fn backoff(retries: u32, jitter: f64) -> Duration {
    let bound = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(retries.min(16))).min(LONGEST_WAIT);
    bound.mul_f64(jitter.clamp(0.0, 1.0)).max(Duration::from_millis(1))
}

/// What an account's calls may spend on tries after the first: a tenth of a try for each call, and a small reserve. An
/// API that is down gets little more than its usual traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryBudget {
    tenths: u32,
}

impl RetryBudget {
    const RESERVE: u32 = 50;
    const MOST: u32 = 200;

    /// A call begins.
    pub(crate) fn earn(&mut self) {
        self.tenths = self.tenths.saturating_add(1).min(Self::MOST);
    }

    /// Whether one more try can be afforded; it is then paid for.
    fn spend(&mut self) -> bool {
        let rest = self.tenths.checked_sub(10);
        self.tenths = rest.unwrap_or(self.tenths);
        rest.is_some()
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tenths: Self::RESERVE }
    }
}

/// Whether a failed deletion was carried out by an earlier attempt whose outcome is unknown.
pub(crate) fn was_deleted_before(class: Class, attempts: Attempts) -> bool {
    class == Class::NotFound && attempts.open
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::connector::{Api, DecimalFormat, Envelope, ErrorShape};
    use crate::date::DateFormat;
    use crate::error::Parts;
    use crate::operation::Operation;

    static API: Api = Api {
        id: "v1",
        server: "https://api.acme.example",
        base: "",
        envelope: Envelope::None,
        errors: ErrorShape::Object { message: "title", fields: "errors" },
        dates: DateFormat::Rfc3339,
        decimals: DecimalFormat::Number,
        request_id: None,
    };
    static TOUCH: Operation = Operation::post("touch", &API, "/things");

    fn failure(class: Class, retryable: bool, retry_after: Option<Duration>) -> Error {
        Error::new(class, &TOUCH, Parts { retryable, retry_after, ..Parts::default() })
    }

    const NOW: Moment = Duration::from_secs(1_800_000_000);

    fn decided(error: &Error, retries: u32, deadline: Option<Moment>) -> Decision {
        let attempts = Attempts { retries, since: (retries > 0).then_some(NOW), open: false };
        decide(error, attempts, deadline, &mut RetryBudget::default(), 1.0, NOW)
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits = [0, 1, 2, 3, 4, 5, 6, 60].map(|retries| backoff(retries, 1.0).as_millis());
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff(0, 0.0), Duration::from_millis(1), "never at once");
    }

    #[test]
    fn a_refusal_queues_again_where_its_wait_is_in_time() {
        let refused = failure(Class::RateLimitedWindow, true, Some(Duration::from_secs(9)));
        assert_eq!(decided(&refused, 99, None), Decision::QueueAgain, "as often as it takes");
        assert_eq!(decided(&refused, 0, Some(NOW + Duration::from_secs(9))), Decision::QueueAgain);
        assert_eq!(decided(&refused, 0, Some(NOW + Duration::from_secs(8))), Decision::Stop);
        assert_eq!(decided(&refused, 0, Some(NOW)), Decision::Stop);
    }

    #[test]
    fn tries_are_few_and_end_with_the_time_for_them() {
        let down = failure(Class::Unavailable, true, None);
        assert_eq!(decided(&down, 0, None), Decision::After(Duration::from_millis(500)));
        assert_eq!(decided(&down, MOST_RETRIES, None), Decision::Stop);
        let for_long = failure(Class::Unavailable, true, Some(LONGEST_RETRYING + Duration::from_secs(1)));
        assert_eq!(decided(&for_long, 0, None), Decision::Stop);
    }

    #[test]
    fn the_budget_pays_for_a_tenth_of_the_calls() {
        let mut budget = RetryBudget { tenths: 0 };
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!(budget.tenths, RetryBudget::MOST, "quiet times do not pay for a storm");
    }

    fn any_class() -> impl Strategy<Value = Class> {
        proptest::sample::select(Class::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn what_is_not_retryable_is_never_made_again(
            class in any_class(), retries in 0_u32..9, jitter in 0.0..1.0, patience in 0_u64..200,
        ) {
            let error = failure(class, false, None);
            let deadline = Some(NOW + Duration::from_secs(patience));
            let attempts = Attempts { retries, ..Attempts::default() };
            let decision = decide(&error, attempts, deadline, &mut RetryBudget::default(), jitter, NOW);
            prop_assert_eq!(decision, Decision::Stop);
        }

        #[test]
        fn no_wait_is_none_none_passes_the_deadline_and_none_is_shorter_than_asked_for(
            class in any_class(), retries in 0_u32..9, jitter in 0.0..1.0, asked in 0_u64..200, patience in 0_u64..200,
        ) {
            let asked = Duration::from_secs(asked);
            let error = failure(class, true, Some(asked));
            let deadline = NOW + Duration::from_secs(patience);
            let attempts = Attempts { retries, ..Attempts::default() };
            let decision = decide(&error, attempts, Some(deadline), &mut RetryBudget::default(), jitter, NOW);
            if let Decision::After(wait) = decision {
                prop_assert!(!wait.is_zero() && NOW + wait <= deadline && wait >= asked);
                prop_assert!(wait <= LONGEST_WAIT.max(asked));
            }
            if patience == 0 {
                prop_assert_eq!(decision, Decision::Stop);
            }
        }
    }
}
