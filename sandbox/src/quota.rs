//! The store's request quota: the arithmetic of its window, fixed or sliding, and the headers that report it.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::misbehaviour::Misbehaviour;

const TIME_WINDOW_MS: HeaderName = HeaderName::from_static("x-rate-limit-time-window-ms");
const TIME_RESET_MS: HeaderName = HeaderName::from_static("x-rate-limit-time-reset-ms");
const REQUESTS_QUOTA: HeaderName = HeaderName::from_static("x-rate-limit-requests-quota");
const REQUESTS_LEFT: HeaderName = HeaderName::from_static("x-rate-limit-requests-left");
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

const HEADERS: [HeaderName; 5] = [TIME_WINDOW_MS, TIME_RESET_MS, REQUESTS_QUOTA, REQUESTS_LEFT, RETRY_AFTER];

/// How many requests a store answers in how long a time, over all versions, paths and tokens together.
/// Source: `docs/api-docs/getting-started/api-rate-limits.mdx` of <https://github.com/bigcommerce/docs>.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    /// Requests in one window.
    pub(crate) requests: u32,
    /// The length of a window.
    pub(crate) window: Duration,
}

/// What has been used: the state behind the quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meter {
    /// When the window began, once there is one. It begins with the first request after the one before it
    /// has ended. A sliding window has no beginning.
    started: Option<Duration>,
    /// How many windows have begun.
    windows: u64,
    /// When the first request under a sliding window was made.
    first: Option<Duration>,
    used: u32,
    /// Requests that were turned away and are paid from the next window.
    owed: u32,
    /// When the requests of a sliding window were made, oldest first.
    times: VecDeque<Duration>,
}

/// Where a store stands in its window, after a request was counted or turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// False where the quota was used up before this request.
    pub(crate) admitted: bool,
    /// The number of the window, the first being 1; of a sliding one the stretch of its length.
    pub(crate) number: u64,
    requests: u32,
    left: u32,
    window: Duration,
    reset: Duration,
    tells_seconds: bool,
}

impl Meter {
    /// Counts a request made at `now`. A request that is turned away costs nothing, unless `habits` say so.
    pub(crate) fn admit(&mut self, quota: &Quota, habits: &Misbehaviour, now: Duration) -> Standing {
        let (admitted, used, reset, number) = if habits.sliding_window {
            self.admit_sliding(quota, habits, now)
        } else {
            self.admit_fixed(quota, habits, now)
        };
        Standing {
            admitted,
            number,
            requests: quota.requests,
            left: quota.requests.saturating_sub(used.saturating_sub(habits.left_lags_by)),
            window: quota.window,
            reset,
            tells_seconds: !habits.retry_after_missing,
        }
    }

    fn admit_fixed(
        &mut self,
        quota: &Quota,
        habits: &Misbehaviour,
        now: Duration,
    ) -> (bool, u32, Duration, u64) {
        let current = self.started.filter(|started| now < started.saturating_add(quota.window));
        if current.is_none() {
            self.started = Some(now);
            self.windows += 1;
            self.used = habits.foreign_requests_in(self.windows).saturating_add(self.owed);
            self.owed = 0;
        }
        let admitted = self.used < quota.requests;
        if admitted {
            self.used += 1;
        } else if habits.rejections_count {
            self.owed = self.owed.saturating_add(1);
        }
        let ends = current.unwrap_or(now).saturating_add(quota.window);
        (admitted, self.used, ends.saturating_sub(now), self.windows)
    }

    fn admit_sliding(
        &mut self,
        quota: &Quota,
        habits: &Misbehaviour,
        now: Duration,
    ) -> (bool, u32, Duration, u64) {
        while self.times.front().is_some_and(|first| first.saturating_add(quota.window) <= now) {
            self.times.pop_front();
        }
        let since = now.saturating_sub(*self.first.get_or_insert(now));
        let passed = since.as_nanos().checked_div(quota.window.as_nanos()).unwrap_or_default();
        let stretch = u64::try_from(passed).unwrap_or(u64::MAX).saturating_add(1);
        let foreign = habits.foreign_requests_in(stretch);
        let used = |times: &VecDeque<Duration>| {
            u32::try_from(times.len()).unwrap_or(u32::MAX).saturating_add(foreign)
        };
        let admitted = used(&self.times) < quota.requests;
        if admitted || habits.rejections_count {
            self.times.push_back(now);
        }
        // More than a quota of times says nothing that the latest of them do not say.
        while self.times.len() > quota.requests as usize {
            self.times.pop_front();
        }
        let oldest = self.times.front().copied().unwrap_or(now);
        let reset = oldest.saturating_add(quota.window).saturating_sub(now);
        (admitted, used(&self.times), reset, stretch)
    }
}

impl Standing {
    /// How many requests were left before this one.
    pub(crate) fn left_before(&self) -> u32 {
        self.left + u32::from(self.admitted)
    }

    /// The same standing, of a request that something else than the quota turned away.
    pub(crate) fn turned_away(self) -> Self {
        Self { admitted: false, ..self }
    }

    /// Writes the four headers of every answer and, where the request was turned away, the fifth, unless it is to miss.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        headers.insert(TIME_WINDOW_MS, whole_number(self.window.as_millis()));
        // Rounded up, so that who waits as told does not come back too early.
        headers.insert(TIME_RESET_MS, whole_number(self.reset.as_nanos().div_ceil(1_000_000)));
        headers.insert(REQUESTS_QUOTA, whole_number(self.requests.into()));
        headers.insert(REQUESTS_LEFT, whole_number(self.left.into()));
        if !self.admitted && self.tells_seconds {
            headers.insert(RETRY_AFTER, whole_number(self.reset.as_nanos().div_ceil(1_000_000_000)));
        }
    }
}

/// Takes the headers away.
pub(crate) fn remove_headers(headers: &mut HeaderMap) {
    for name in HEADERS {
        headers.remove(name);
    }
}

/// Puts what `wrong` gives for a header in the place of what it says.
pub(crate) fn replace_headers(headers: &mut HeaderMap, mut wrong: impl FnMut() -> HeaderValue) {
    for name in HEADERS {
        if let Some(value) = headers.get_mut(name) {
            *value = wrong();
        }
    }
}

fn whole_number(number: u128) -> HeaderValue {
    HeaderValue::from_str(&number.to_string()).expect("digits are a header value")
}

#[cfg(test)]
mod tests {
    use super::{Duration, HeaderMap, Meter, Misbehaviour, Quota, Standing};

    const QUOTA: Quota = Quota { requests: 2, window: Duration::from_secs(30) };
    const START: Duration = Duration::from_secs(1_000);

    /// The standings after requests at these milliseconds from `START`.
    fn standings(quota: Quota, requests: &[u64]) -> Vec<Standing> {
        standings_with(quota, Misbehaviour::default(), requests)
    }

    fn standings_with(quota: Quota, habits: Misbehaviour, requests: &[u64]) -> Vec<Standing> {
        let mut meter = Meter::default();
        let admit = |millis: &u64| meter.admit(&quota, &habits, START + Duration::from_millis(*millis));
        requests.iter().map(admit).collect()
    }

    fn admissions(habits: Misbehaviour, requests: &[u64]) -> Vec<(bool, u32)> {
        let standings = standings_with(QUOTA, habits, requests);
        standings.iter().map(|standing| (standing.admitted, standing.left)).collect()
    }

    fn header(standing: &Standing, name: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        standing.write_to(&mut headers);
        headers.get(name).map(|value| value.to_str().expect("digits").to_owned())
    }

    #[test]
    fn counts_down_and_turns_away_when_nothing_is_left() {
        let standings = standings(QUOTA, &[0, 10, 20, 30]);
        let seen: Vec<_> = standings.iter().map(|standing| (standing.admitted, standing.left)).collect();
        assert_eq!(seen, [(true, 1), (true, 0), (false, 0), (false, 0)]);
    }

    #[test]
    fn turned_away_requests_cost_nothing_and_do_not_move_the_window() {
        let standings = standings(QUOTA, &[0, 1, 2, 29_999, 30_000]);
        assert_eq!(standings[3].reset, Duration::from_millis(1));
        assert!(!standings[3].admitted);
        assert!(standings[4].admitted, "the window ends exactly at its length");
        assert_eq!(standings[4].left, 1);
    }

    #[test]
    fn a_window_starts_with_its_first_request_not_with_the_end_of_the_last() {
        let standings = standings(QUOTA, &[0, 45_000, 74_999]);
        assert_eq!(standings[1].reset, QUOTA.window);
        assert_eq!(standings[2].reset, Duration::from_millis(1));
        assert_eq!(standings[2].left, 0);
    }

    #[test]
    fn an_earlier_time_does_not_reopen_a_window() {
        let mut meter = Meter::default();
        let habits = Misbehaviour::default();
        meter.admit(&QUOTA, &habits, START);
        assert_eq!(meter.admit(&QUOTA, &habits, START - Duration::from_secs(5)).left, 0);
    }

    #[test]
    fn a_foreign_client_leaves_less() {
        let habits = Misbehaviour { foreign_requests: 1, ..Misbehaviour::default() };
        assert_eq!(admissions(habits, &[0, 1, 30_000]), [(true, 0), (false, 0), (true, 0)]);
        let greedy = Misbehaviour { foreign_requests: 9, ..Misbehaviour::default() };
        assert_eq!(admissions(greedy, &[0]), [(false, 0)]);
    }

    #[test]
    fn a_foreign_client_can_come_in_every_second_window() {
        let habits = Misbehaviour { foreign_requests: 1, foreign_every: 2, ..Misbehaviour::default() };
        let left = |habits| -> Vec<u32> {
            admissions(habits, &[0, 30_000, 60_000, 90_000]).iter().map(|seen| seen.1).collect()
        };
        assert_eq!(left(habits), [1, 0, 1, 0]);
        assert_eq!(left(Misbehaviour { sliding_window: true, ..habits }), [1, 0, 1, 0]);
    }

    #[test]
    fn what_is_left_can_lag() {
        let habits = Misbehaviour { left_lags_by: 1, ..Misbehaviour::default() };
        assert_eq!(admissions(habits, &[0, 1, 2]), [(true, 2), (true, 1), (false, 1)]);
    }

    #[test]
    fn a_sliding_window_frees_one_request_at_a_time() {
        let habits = Misbehaviour { sliding_window: true, ..Misbehaviour::default() };
        let times = [0, 20_000, 29_999, 30_000, 30_001, 50_000];
        let admitted: Vec<bool> = admissions(habits, &times).iter().map(|seen| seen.0).collect();
        assert_eq!(admitted, [true, true, false, true, false, true]);
        let refused = standings_with(QUOTA, habits, &[0, 20_000, 29_000])[2];
        assert_eq!(refused.reset, Duration::from_millis(1_000));
    }

    #[test]
    fn rejections_can_cost() {
        let sliding =
            Misbehaviour { sliding_window: true, rejections_count: true, ..Misbehaviour::default() };
        let admitted = |habits, times: &[u64]| -> Vec<bool> {
            admissions(habits, times).iter().map(|seen| seen.0).collect()
        };
        assert_eq!(admitted(sliding, &[0, 1, 29_000, 29_001, 30_001]), [true, true, false, false, false]);
        let fixed = Misbehaviour { rejections_count: true, ..Misbehaviour::default() };
        assert_eq!(admitted(fixed, &[0, 1, 2, 30_000, 30_001]), [true, true, false, true, false]);
    }

    #[test]
    fn reports_milliseconds_and_rounds_the_seconds_up() {
        let standings = standings(QUOTA, &[0, 0, 1_500]);
        assert_eq!(header(&standings[2], "x-rate-limit-time-window-ms").as_deref(), Some("30000"));
        assert_eq!(header(&standings[2], "x-rate-limit-time-reset-ms").as_deref(), Some("28500"));
        assert_eq!(header(&standings[2], "x-rate-limit-requests-quota").as_deref(), Some("2"));
        assert_eq!(header(&standings[2], "x-rate-limit-requests-left").as_deref(), Some("0"));
        assert_eq!(header(&standings[2], "x-retry-after").as_deref(), Some("29"));
        assert_eq!(header(&standings[1], "x-retry-after"), None);
    }

    #[test]
    fn survives_a_window_longer_than_time_itself() {
        let quota = Quota { requests: 1, window: Duration::MAX };
        let standings = standings(quota, &[0, 1]);
        assert!(!standings[1].admitted);
    }
}
