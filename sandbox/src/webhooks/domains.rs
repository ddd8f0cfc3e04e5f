//! The success of each destination's domain, and the domains that are blocked for the lack of it.

use std::collections::BTreeMap;

use super::schedule::{BLOCKED, Scale, WATCHED};

/// How many requests a domain must have got in a window before it is judged.
const ENOUGH: u64 = 100;

/// Below this share of successes, in per cent, a domain is blocked.
const GOOD: u64 = 90;

/// Domains by the API account that sends to them: one account's failures do not block another.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    standing: BTreeMap<(String, String), Standing>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// When the window began, in milliseconds of the store's clock.
    since: u64,
    sent: u64,
    succeeded: u64,
    blocked_until: u64,
}

impl Domains {
    /// Until when nothing is sent to this domain, if it is blocked at `now`.
    pub(crate) fn blocked(&self, client: &str, domain: &str, now: u64) -> Option<u64> {
        let standing = self.standing.get(&(client.to_owned(), domain.to_owned()))?;
        Some(standing.blocked_until).filter(|until| *until > now)
    }

    /// Notes the end of a request; whether the domain is blocked from now on.
    pub(crate) fn note(&mut self, client: &str, domain: &str, success: bool, now: u64, scale: Scale) -> bool {
        // A window that is over counts no more; so nothing is kept of domains that get nothing.
        let window = scale.millis(WATCHED);
        self.standing.retain(|_, it| now < it.since.saturating_add(window) || it.blocked_until > now);
        let fresh = Standing { since: now, ..Standing::default() };
        let standing = self.standing.entry((client.to_owned(), domain.to_owned())).or_insert(fresh);
        standing.sent += 1;
        standing.succeeded += u64::from(success);
        let is_poor = standing.sent >= ENOUGH && standing.succeeded * 100 < standing.sent * GOOD;
        if is_poor {
            let blocked_until = now.saturating_add(scale.millis(BLOCKED));
            *standing = Standing { since: now, blocked_until, ..Standing::default() };
        }
        is_poor
    }

    /// The blocked domains and the milliseconds that are left of it.
    pub(crate) fn all_blocked(&self, now: u64) -> Vec<(String, u64)> {
        let left = |standing: &Standing| standing.blocked_until.checked_sub(now).filter(|left| *left > 0);
        let blocked = self.standing.iter().filter_map(|((_, domain), it)| Some((domain.clone(), left(it)?)));
        blocked.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Domains, Scale};

    fn blocks_after(successes: u64, failures: u64, step: u64) -> bool {
        let (mut domains, scale) = (Domains::default(), Scale::new(1.0).expect("a scale"));
        let ends = (0..successes).map(|_| true).chain((0..failures).map(|_| false));
        let mut blocked = false;
        for (number, success) in ends.enumerate() {
            blocked |= domains.note("app", "a.example", success, number as u64 * step, scale);
        }
        blocked
    }

    #[test]
    fn a_domain_is_blocked_below_ninety_per_cent_of_a_hundred_requests() {
        assert!(!blocks_after(0, 99, 1) && blocks_after(0, 100, 1));
        assert!(!blocks_after(90, 10, 1) && blocks_after(89, 11, 1));
        // Two seconds apart, no window of two minutes sees a hundred of them.
        assert!(!blocks_after(0, 500, 2_000));
    }

    #[test]
    fn a_block_ends_after_three_minutes_and_is_of_one_account() {
        let (mut domains, scale) = (Domains::default(), Scale::new(1.0).expect("a scale"));
        assert!((0..100).any(|_| domains.note("app", "a.example", false, 5, scale)));
        assert_eq!(domains.blocked("app", "a.example", 180_004), Some(180_005));
        assert_eq!(domains.blocked("app", "a.example", 180_005), None);
        assert_eq!(domains.blocked("other", "a.example", 6), None);
        assert_eq!(domains.all_blocked(5), [("a.example".to_owned(), 180_000)]);
    }
}
