//! How long a refused caller waits: never not at all, never beyond the greatest wait.

use std::time::Duration;

/// Resets are told in whole milliseconds.
pub(super) const ROUNDING: Duration = Duration::from_millis(1);

/// How long refused callers wait at least and at most.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// The first wait where no header says one.
    pub overload: Duration,
    /// The longest of all.
    pub max: Duration,
}

/// The wait that a refusal asks for, a little later each time a different bit, within the greatest; never none.
pub(crate) fn refused_wait(wait: Duration, waits: &Waits, jitter: f64) -> Duration {
    let later = wait.mul_f64(0.01 * jitter.clamp(0.0, 1.0)) + ROUNDING;
    wait.saturating_add(later).min(waits.max.max(ROUNDING))
}

/// The wait after so many refusals in a row that do not say one: doubled each time, within the greatest; half of it by
/// chance; never none.
pub(crate) fn overload_wait(refusals: u32, waits: &Waits, jitter: f64) -> Duration {
    let doubled = 2_u32.saturating_pow(refusals.saturating_sub(1).min(30));
    let whole = waits.overload.saturating_mul(doubled).min(waits.max);
    whole.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0)).max(ROUNDING)
}
