//! How long a limited caller must wait, read from the headers of the answer.

use std::time::Duration;

use http::HeaderMap;

use crate::connector::{RateLimit, WaitUnit};

/// The longest wait that the headers ask for, at most the limit's own maximum; `None` where no header asks for one.
///
/// A value that is no whole number, or zero, asks for nothing: a limited caller never goes on at once.
pub(crate) fn wait(limit: &RateLimit, headers: &HeaderMap) -> Option<Duration> {
    let waits = limit.waits.iter().flat_map(|header| {
        let values = headers.get_all(header.name).iter();
        values.filter_map(|value| {
            let count: u64 = value.to_str().ok()?.trim().parse().ok()?;
            match header.unit {
                WaitUnit::Milliseconds => Some(Duration::from_millis(count)),
                WaitUnit::Seconds => Some(Duration::from_secs(count)),
            }
        })
    });
    waits.filter(|wait| !wait.is_zero()).max().map(|wait| wait.min(limit.max_wait))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::WaitHeader;

    const LIMIT: RateLimit = RateLimit {
        status: 429,
        waits: &[
            WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
            WaitHeader { name: "X-Retry-After", unit: WaitUnit::Seconds },
        ],
        overload_wait: Duration::from_secs(1),
        max_wait: Duration::from_secs(120),
    };

    #[track_caller]
    fn check(headers: &[(&str, &str)], expected: Option<u64>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        assert_eq!(wait(&LIMIT, &map), expected.map(Duration::from_millis));
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
}
