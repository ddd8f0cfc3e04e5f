//! How long BigCommerce waits in the life of a webhook, and how a sandbox makes that shorter.
//! Source: `docs/integrations/webhooks/https-webhook-overview.mdx` of <https://github.com/bigcommerce/docs>.

use std::time::Duration;

/// The waits between the attempts of one delivery, in seconds: about 48 hours in all.
pub(crate) const RETRIES: [u64; 11] = [60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 50_400, 86_400];

/// The stretch of time over which the successes of a domain are counted.
pub(crate) const WATCHED: Duration = Duration::from_secs(120);

/// How long a domain is blocked.
pub(crate) const BLOCKED: Duration = Duration::from_secs(180);

/// The shortest time between two notices of a delivery that will be tried again, for one destination.
pub(crate) const NOTICES: Duration = Duration::from_secs(600);

/// After these milliseconds without an event, 90 days, a webhook is deactivated.
pub(crate) const IDLE_MS: u64 = 90 * 86_400_000;

/// How much of its true length each wait takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale(f64);

impl Scale {
    /// The scale of this factor; `None` where it is not more than 0, or above a million.
    pub(crate) fn new(factor: f64) -> Option<Self> {
        (factor > 0.0 && factor <= 1_000_000.0).then_some(Self(factor))
    }

    /// `length` on this scale, in whole milliseconds and at least one.
    pub(crate) fn millis(self, length: Duration) -> u64 {
        // A float beyond the range becomes the nearest whole number that there is.
        ((length.as_secs_f64() * self.0 * 1_000.0).round() as u64).max(1)
    }

    /// The wait after so many attempts that failed; `None` where the last one was made.
    pub(crate) fn retry(self, failed: usize) -> Option<u64> {
        let place = failed.checked_sub(1)?;
        RETRIES.get(place).map(|seconds| self.millis(Duration::from_secs(*seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_retries_take_two_days_or_a_share_of_them() {
        let sum = |scale: Scale| (1..=11).filter_map(|failed| scale.retry(failed)).sum::<u64>();
        let of = |factor| Scale::new(factor).expect("a scale");
        assert_eq!((sum(of(1.0)), sum(of(0.001))), (173_040_000, 173_040));
        assert_eq!(of(0.5).retry(1), Some(30_000));
        assert_eq!((of(1.0).retry(0), of(1.0).retry(12)), (None, None));
        assert_eq!(of(1e-9).retry(1), Some(1));
    }

    #[test]
    fn a_scale_is_more_than_nothing() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(Scale::new(factor), None, "{factor}");
        }
    }
}
