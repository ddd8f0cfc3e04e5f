//! The first possible moment for the last of many requests.

use std::time::Duration;

use bigcommerce_sandbox::Misbehaviour;

use crate::scenario::QUOTA;

/// What of the first window is gone before the first request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gone {
    pub(crate) requests: u32,
    /// Since the window began; `None` where it begins with the first request.
    pub(crate) time: Option<Duration>,
}

/// How long `requests` take if each leaves as soon as the store lets it through and one of the `workers` is free, each of
/// which waits for its answer: windows follow each other without a gap, and the last one takes as many round trips as its
/// requests need.
pub(crate) fn ideal(
    length: Duration,
    latency: Duration,
    habits: &Misbehaviour,
    gone: Gone,
    requests: u32,
    workers: u32,
) -> Duration {
    let mut rest = requests;
    let mut window = 1;
    loop {
        let used = if window == 1 { gone.requests } else { 0 } + foreign(habits, window);
        let capacity = QUOTA.saturating_sub(used);
        if rest <= capacity || window == u32::MAX {
            break;
        }
        rest -= capacity;
        window += 1;
    }
    let round_trips = latency * rest.div_ceil(workers.max(1));
    match (window, gone.time) {
        (1, _) | (_, None) => round_trips + length * (window - 1),
        (_, Some(time)) => round_trips + length * (window - 1) - time.min(length),
    }
}

/// What others take of a window, as the sandbox describes it.
fn foreign(habits: &Misbehaviour, window: u32) -> u32 {
    if window.is_multiple_of(habits.foreign_every.max(1)) { habits.foreign_requests } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(30);

    fn seconds(habits: Misbehaviour, gone: Gone, requests: u32) -> f64 {
        ideal(LENGTH, Duration::ZERO, &habits, gone, requests, 8).as_secs_f64()
    }

    #[test]
    fn the_last_request_leaves_with_its_window() {
        let quiet = Misbehaviour::default();
        assert_eq!(seconds(quiet, Gone::default(), 150), 0.0);
        assert_eq!(seconds(quiet, Gone::default(), 151), 30.0);
        assert_eq!(seconds(quiet, Gone::default(), 1_500), 270.0);
    }

    #[test]
    fn the_last_window_takes_as_many_round_trips_as_its_requests_need() {
        let latency = Duration::from_millis(10);
        let millis = |requests, workers| {
            ideal(LENGTH, latency, &Misbehaviour::default(), Gone::default(), requests, workers).as_millis()
        };
        assert_eq!((millis(1, 8), millis(8, 8), millis(9, 8), millis(150, 8)), (10, 10, 20, 190));
        assert_eq!((millis(158, 8), millis(1_500, 64)), (30_010, 270_030));
    }

    #[test]
    fn a_foreign_client_makes_it_later() {
        let half = Misbehaviour { foreign_requests: 75, foreign_every: 2, ..Misbehaviour::default() };
        assert_eq!(seconds(half, Gone::default(), 225), 30.0);
        assert_eq!(seconds(half, Gone::default(), 1_500), 360.0);
    }

    #[test]
    fn a_start_inside_a_window_has_the_rest_of_it() {
        let gone = Gone { requests: 75, time: Some(Duration::from_secs(15)) };
        assert_eq!(seconds(Misbehaviour::default(), gone, 75), 0.0);
        assert_eq!(seconds(Misbehaviour::default(), gone, 76), 15.0);
        assert_eq!(seconds(Misbehaviour::default(), gone, 1_500), 285.0);
    }
}
