//! How long a limited caller must wait, read from the headers of the answer.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use crate::connector::{RateLimit, WaitHeader, WaitUnit};

/// The longest wait that the headers ask for, at most the limit's own maximum; `None` where no header asks for one.
///
/// A value that says nothing understandable, or zero, asks for nothing: a limited caller never goes on at once.
pub(crate) fn wait(limit: &RateLimit, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    longest(limit, limit.waits.iter(), headers, now)
}

fn longest<'a>(
    limit: &RateLimit,
    asked: impl Iterator<Item = &'a WaitHeader>,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<Duration> {
    let waits = asked.flat_map(|header| {
        let values = headers.get_all(header.name).iter();
        values.filter_map(|value| read(header.unit, value.to_str().ok()?.trim(), now))
    });
    waits.filter(|wait| !wait.is_zero()).max().map(|wait| wait.min(limit.max_wait))
}

/// Whether an answer refuses a request for its number, and the wait it then asks for.
pub(crate) fn refusal(
    limit: &RateLimit,
    status: u16,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<Option<Duration>> {
    let is_refusal =
        status == limit.status || (limit.also.contains(&status) && asks_to_wait(limit, headers, now));
    is_refusal.then(|| wait(limit, headers, now))
}

/// Whether a header asks to wait that other answers do not have: the end of the window stands on every one.
pub(crate) fn asks_to_wait(limit: &RateLimit, headers: &HeaderMap, now: Timestamp) -> bool {
    own_wait(limit, headers, now).is_some()
}

/// The longest wait that such headers ask for, at most the limit's own maximum.
pub(crate) fn own_wait(limit: &RateLimit, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let on_every_answer = limit.quota.map(|quota| quota.reset.name);
    longest(limit, limit.waits.iter().filter(|header| Some(header.name) != on_every_answer), headers, now)
}

/// The wait that the text of a header asks for.
pub(crate) fn read(unit: WaitUnit, text: &str, now: Timestamp) -> Option<Duration> {
    let count = || text.parse::<u64>().ok();
    let until = |moment: Timestamp| Duration::try_from(moment.duration_since(now)).unwrap_or_default();
    match unit {
        WaitUnit::Milliseconds => count().map(Duration::from_millis),
        WaitUnit::Seconds => count().map(Duration::from_secs),
        WaitUnit::EpochSeconds => Timestamp::from_second(i64::try_from(count()?).ok()?).ok().map(until),
        WaitUnit::EpochMilliseconds => {
            Timestamp::from_millisecond(i64::try_from(count()?).ok()?).ok().map(until)
        }
        WaitUnit::RetryAfter => count()
            .map(Duration::from_secs)
            .or_else(|| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit {
        status: 429,
        waits: &[
            WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
            WaitHeader { name: "X-Retry-After", unit: WaitUnit::Seconds },
            WaitHeader { name: "X-Reset-At", unit: WaitUnit::EpochSeconds },
            WaitHeader { name: "X-Reset-At-Ms", unit: WaitUnit::EpochMilliseconds },
            WaitHeader { name: "Retry-After", unit: WaitUnit::RetryAfter },
        ],
        quota: None,
        also: &[],
        per: None,
        overload_wait: Duration::from_secs(1),
        max_wait: Duration::from_secs(120),
    };

    #[track_caller]
    fn check(headers: &[(&str, &str)], expected: Option<u64>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        assert_eq!(
            wait(&LIMIT, &map, Timestamp::from_second(1_000_000).unwrap()),
            expected.map(Duration::from_millis)
        );
    }

    #[test]
    fn honours_the_longest_wait_in_its_unit() {
        check(&[("x-reset-ms", "490")], Some(490));
        check(&[("x-reset-ms", "1500"), ("x-retry-after", "2")], Some(2000));
        check(&[("x-reset-ms", "2500"), ("x-retry-after", "2")], Some(2500));
        check(&[("x-reset-ms", "10"), ("x-reset-ms", "20")], Some(20));
    }

    #[test]
    fn believes_no_nonsense_and_caps_what_it_believes() {
        check(&[], None);
        check(&[("x-reset-ms", "0")], None);
        check(&[("x-reset-ms", "soon"), ("x-retry-after", "-3")], None);
        check(&[("x-reset-ms", "18446744073709551615")], Some(120_000));
        check(&[("x-retry-after", "99999999999999999999999")], None);
    }

    #[test]
    fn reads_moments_as_waits_from_now() {
        check(&[("x-reset-at", "1000002")], Some(2000));
        check(&[("x-reset-at", "999999")], None);
        check(&[("x-reset-at-ms", "1000000250")], Some(250));
        check(&[("retry-after", "3")], Some(3000));
        check(&[("retry-after", "Mon, 12 Jan 1970 13:46:45 GMT")], Some(5000));
        check(&[("x-reset-at", "18446744073709551615")], None);
    }
}
