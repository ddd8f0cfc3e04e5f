//! The store's request quota: the arithmetic of a fixed window and the headers that report it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

const TIME_WINDOW_MS: HeaderName = HeaderName::from_static("x-rate-limit-time-window-ms");
const TIME_RESET_MS: HeaderName = HeaderName::from_static("x-rate-limit-time-reset-ms");
const REQUESTS_QUOTA: HeaderName = HeaderName::from_static("x-rate-limit-requests-quota");
const REQUESTS_LEFT: HeaderName = HeaderName::from_static("x-rate-limit-requests-left");
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// How many requests a store answers in how long a time, over all versions, paths and tokens together.
/// Source: `docs/api-docs/getting-started/api-rate-limits.mdx` of <https://github.com/bigcommerce/docs>.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    /// Requests in one window.
    pub(crate) requests: u32,
    /// The length of a window.
    pub(crate) window: Duration,
}

/// A window that has begun. It begins with the first request after the one before it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    started: Duration,
    used: u32,
}

/// Where a store stands in its window, after a request was counted or turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// False where the quota was used up before this request.
    pub(crate) admitted: bool,
    requests: u32,
    left: u32,
    window: Duration,
    reset: Duration,
}

impl Quota {
    /// Counts a request made at `now`. A request that is turned away costs nothing.
    pub(crate) fn admit(&self, window: Option<Window>, now: Duration) -> (Window, Standing) {
        let current = window.filter(|window| now < window.started.saturating_add(self.window));
        let mut current = current.unwrap_or(Window { started: now, used: 0 });
        let admitted = current.used < self.requests;
        current.used += u32::from(admitted);
        let standing = Standing {
            admitted,
            requests: self.requests,
            left: self.requests - current.used,
            window: self.window,
            reset: current.started.saturating_add(self.window).saturating_sub(now),
        };
        (current, standing)
    }
}

impl Standing {
    /// Writes the four headers of every answer and, where the request was turned away, the fifth.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        headers.insert(TIME_WINDOW_MS, whole_number(self.window.as_millis()));
        // Rounded up, so that who waits as told does not come back too early.
        headers.insert(TIME_RESET_MS, whole_number(self.reset.as_nanos().div_ceil(1_000_000)));
        headers.insert(REQUESTS_QUOTA, whole_number(self.requests.into()));
        headers.insert(REQUESTS_LEFT, whole_number(self.left.into()));
        if !self.admitted {
            headers.insert(RETRY_AFTER, whole_number(self.reset.as_nanos().div_ceil(1_000_000_000)));
        }
    }
}

fn whole_number(number: u128) -> HeaderValue {
    HeaderValue::from_str(&number.to_string()).expect("digits are a header value")
}

#[cfg(test)]
mod tests {
    use super::{Duration, HeaderMap, Quota, Standing, Window};

    const QUOTA: Quota = Quota { requests: 2, window: Duration::from_secs(30) };
    const START: Duration = Duration::from_secs(1_000);

    /// The standings after requests at these milliseconds from `START`.
    fn standings(quota: Quota, requests: &[u64]) -> Vec<Standing> {
        let mut window: Option<Window> = None;
        let mut admit = |millis: &u64| {
            let (next, standing) = quota.admit(window, START + Duration::from_millis(*millis));
            window = Some(next);
            standing
        };
        requests.iter().map(&mut admit).collect()
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
        let (window, _) = QUOTA.admit(None, START);
        let (_, standing) = QUOTA.admit(Some(window), START - Duration::from_secs(5));
        assert_eq!(standing.left, 0);
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
