//! What the headers of an answer say of the quota, and what of it can be believed.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use crate::connector::{QuotaHeaders, WaitHeader};
use crate::rate_limit;

/// No window of any API is longer; a header that says so is nonsense.
const LONGEST_WINDOW: Duration = Duration::from_secs(48 * 60 * 60);

/// What one answer says of the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Requests that a window allows.
    pub quota: Option<u32>,
    /// Requests that are left in it.
    pub left: Option<u32>,
    /// The length of the window.
    pub window: Option<Duration>,
    /// The time until it ends.
    pub reset: Option<Duration>,
    /// Headers that were there and could not be believed.
    pub nonsense: u32,
}

impl Observation {
    /// Reads the headers of an answer that came at `now`. What is not there stays unknown.
    #[must_use]
    pub fn read(names: &QuotaHeaders, headers: &HeaderMap, now: Timestamp) -> Self {
        let mut nonsense = 0;
        let mut believed = |value: Option<Reading>| match value {
            None => None,
            Some(Reading::Believable(value)) => Some(value),
            Some(Reading::Nonsense) => {
                nonsense += 1;
                None
            }
        };
        let quota = believed(count(headers, names.quota).map(|count| count.filter(|count| *count > 0)));
        let left = believed(count(headers, names.left));
        let window = believed(length(headers, &names.window, now).map(|length| length.filter(|ms| *ms > 0)));
        let reset = believed(length(headers, &names.reset, now));
        let mut seen = Self {
            quota: quota.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            left: left.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            window: window.map(Duration::from_millis),
            reset: reset.map(Duration::from_millis),
            nonsense,
        };
        seen.drop_contradictions();
        seen
    }

    /// More left than there is, or an end beyond the window's length: one of the two is wrong, and the one that would
    /// let too many requests go is not believed.
    fn drop_contradictions(&mut self) {
        if self.left.zip(self.quota).is_some_and(|(left, quota)| left > quota) {
            self.left = None;
            self.nonsense += 1;
        }
        // A little more may be rounding.
        if self.reset.zip(self.window).is_some_and(|(reset, window)| reset > window * 2) {
            self.reset = None;
            self.nonsense += 1;
        }
    }
}

/// The value of a header that was there.
enum Reading {
    Believable(u64),
    Nonsense,
}

impl Reading {
    fn filter(self, is_believable: impl FnOnce(&u64) -> bool) -> Self {
        match self {
            Self::Believable(value) if is_believable(&value) => self,
            _ => Self::Nonsense,
        }
    }
}

fn count(headers: &HeaderMap, name: &str) -> Option<Reading> {
    let value = headers.get(name)?;
    let count = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    Some(count.map_or(Reading::Nonsense, Reading::Believable))
}

/// Milliseconds.
fn length(headers: &HeaderMap, header: &WaitHeader, now: Timestamp) -> Option<Reading> {
    let value = headers.get(header.name)?;
    let length = value.to_str().ok().and_then(|text| rate_limit::read(header.unit, text.trim(), now));
    let length = length.filter(|length| *length <= LONGEST_WINDOW);
    let millis = length.and_then(|length| u64::try_from(length.as_millis()).ok());
    Some(millis.map_or(Reading::Nonsense, Reading::Believable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::WaitUnit;

    const NAMES: QuotaHeaders = QuotaHeaders {
        quota: "X-Quota",
        left: "X-Left",
        window: WaitHeader { name: "X-Window-Ms", unit: WaitUnit::Milliseconds },
        reset: WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
    };

    fn read(headers: &[(&str, &str)]) -> Observation {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        Observation::read(&NAMES, &map, Timestamp::UNIX_EPOCH)
    }

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn reads_all_four_in_any_case() {
        let seen =
            read(&[("x-QUOTA", "150"), ("x-left", "35"), ("X-Window-MS", "30000"), ("x-reset-ms", "490")]);
        let expected = Observation {
            quota: Some(150),
            left: Some(35),
            window: Some(MS(30_000)),
            reset: Some(MS(490)),
            nonsense: 0,
        };
        assert_eq!(seen, expected);
        assert_eq!(read(&[]), Observation::default());
    }

    #[test]
    fn nonsense_is_counted_and_not_believed() {
        let seen =
            read(&[("x-quota", "0"), ("x-left", "-1"), ("x-window-ms", "soon"), ("x-reset-ms", "1e3")]);
        assert_eq!(seen, Observation { nonsense: 4, ..Observation::default() });
        let year = read(&[("x-reset-ms", "31536000000")]);
        assert_eq!((year.reset, year.nonsense), (None, 1));
    }

    #[test]
    fn a_contradiction_is_settled_on_the_careful_side() {
        let seen = read(&[("x-quota", "150"), ("x-left", "151")]);
        assert_eq!((seen.left, seen.nonsense), (None, 1));
        let seen = read(&[("x-window-ms", "30000"), ("x-reset-ms", "30000000")]);
        assert_eq!((seen.reset, seen.nonsense), (None, 1));
    }
}
