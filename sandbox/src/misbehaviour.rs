//! Lasting misbehaviour of the store: settings that can be changed while it runs.

use serde_json::{Map, Value, json};

use crate::rate::Rate;

/// How the store departs from a quiet and prompt one, until it is told otherwise. The default is not at all.
///
/// Everything here follows from the settings, the seed, the clock and the order of the requests alone, so
/// that a run can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misbehaviour {
    /// Requests of each window that another client of the same store has used before anybody else.
    pub foreign_requests: u32,
    /// In which windows that client comes: in every n-th, the n-th being the first. With 0 or 1 it comes in
    /// every window. In a sliding window, which has no number, stretches of its length since the first
    /// request take its place.
    pub foreign_every: u32,
    /// By how many requests `X-Rate-Limit-Requests-Left` lags: it shows what was left so many requests ago.
    pub left_lags_by: u32,
    /// Whether the quota holds for every stretch of time as long as the window, instead of one window after
    /// the other.
    pub sliding_window: bool,
    /// Whether requests beyond the quota cost something, too: in a sliding window like any other, else from
    /// the window that follows.
    pub rejections_count: bool,
    /// Whether requests beyond the quota are answered 500 instead of 429.
    pub throttles_with_500: bool,
    /// Whether requests beyond the quota are answered without `X-Retry-After`, as in the example that the documentation
    /// of the limits shows.
    pub retry_after_missing: bool,
    /// How long every answer takes at least, in milliseconds of the store's clock.
    pub slow_ms: u32,
    /// For how many milliseconds of the store's clock a read by id does not find a new resource (404).
    pub fresh_is_missing_ms: u32,
    /// Whether the access token is no longer valid: 401 on everything.
    pub token_revoked: bool,
    /// How many requests meet a passing fault ([`Fault::PASSING`](crate::Fault::PASSING)). Which request meets
    /// which fault follows from the store's seed and the request's number, so that it can be repeated.
    pub fault_rate: Rate,
    /// How many answers lack the headers of the quota, those of used-up quotas included.
    pub headers_missing_rate: Rate,
    /// How many answers have headers of the quota that cannot be understood.
    pub headers_nonsense_rate: Rate,
    /// How many deliveries of webhooks are sent twice, with the same id and body.
    pub webhook_duplicate_rate: Rate,
    /// How many deliveries go out late.
    pub webhook_late_rate: Rate,
    /// How late, in milliseconds of the store's clock.
    pub webhook_late_ms: u32,
    /// How many deliveries go out behind the next one of their webhook, or a minute later where none comes.
    pub webhook_reorder_rate: Rate,
    /// How many attempts to deliver are signed with another secret.
    pub webhook_forged_rate: Rate,
    /// How many events happen again a second later: a delivery of its own, with an id of its own and the
    /// same `hash`.
    pub webhook_repeat_rate: Rate,
}

impl Misbehaviour {
    /// What a foreign client has used of the window with this number, the first being 1.
    pub(crate) fn foreign_requests_in(self, window: u64) -> u32 {
        match window.is_multiple_of(u64::from(self.foreign_every.max(1))) {
            true => self.foreign_requests,
            false => 0,
        }
    }

    /// The settings as the control API shows them.
    pub(crate) fn document(self) -> Value {
        json!({
            "foreign_requests": self.foreign_requests,
            "foreign_every": self.foreign_every,
            "left_lags_by": self.left_lags_by,
            "sliding_window": self.sliding_window,
            "rejections_count": self.rejections_count,
            "throttles_with_500": self.throttles_with_500,
            "retry_after_missing": self.retry_after_missing,
            "slow_ms": self.slow_ms,
            "fresh_is_missing_ms": self.fresh_is_missing_ms,
            "token_revoked": self.token_revoked,
            "fault_rate": self.fault_rate.as_f64(),
            "headers_missing_rate": self.headers_missing_rate.as_f64(),
            "headers_nonsense_rate": self.headers_nonsense_rate.as_f64(),
            "webhook_duplicate_rate": self.webhook_duplicate_rate.as_f64(),
            "webhook_late_rate": self.webhook_late_rate.as_f64(),
            "webhook_late_ms": self.webhook_late_ms,
            "webhook_reorder_rate": self.webhook_reorder_rate.as_f64(),
            "webhook_forged_rate": self.webhook_forged_rate.as_f64(),
            "webhook_repeat_rate": self.webhook_repeat_rate.as_f64(),
        })
    }

    /// These settings with the ones in `sent` in their places; what is wrong otherwise.
    pub(crate) fn with(mut self, sent: &Map<String, Value>) -> Result<Self, String> {
        for (name, value) in sent {
            let number = || {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                number.ok_or_else(|| format!("{name} must be a whole number from 0 on"))
            };
            let flag = || value.as_bool().ok_or_else(|| format!("{name} must be true or false"));
            let rate = || {
                let rate = value.as_f64().and_then(Rate::new);
                rate.ok_or_else(|| format!("{name} must be a number from 0 to 1"))
            };
            match name.as_str() {
                "foreign_requests" => self.foreign_requests = number()?,
                "foreign_every" => self.foreign_every = number()?,
                "left_lags_by" => self.left_lags_by = number()?,
                "slow_ms" => self.slow_ms = number()?,
                "fresh_is_missing_ms" => self.fresh_is_missing_ms = number()?,
                "sliding_window" => self.sliding_window = flag()?,
                "rejections_count" => self.rejections_count = flag()?,
                "throttles_with_500" => self.throttles_with_500 = flag()?,
                "retry_after_missing" => self.retry_after_missing = flag()?,
                "token_revoked" => self.token_revoked = flag()?,
                "fault_rate" => self.fault_rate = rate()?,
                "headers_missing_rate" => self.headers_missing_rate = rate()?,
                "headers_nonsense_rate" => self.headers_nonsense_rate = rate()?,
                "webhook_duplicate_rate" => self.webhook_duplicate_rate = rate()?,
                "webhook_late_rate" => self.webhook_late_rate = rate()?,
                "webhook_late_ms" => self.webhook_late_ms = number()?,
                "webhook_reorder_rate" => self.webhook_reorder_rate = rate()?,
                "webhook_forged_rate" => self.webhook_forged_rate = rate()?,
                "webhook_repeat_rate" => self.webhook_repeat_rate = rate()?,
                _ => return Err(format!("{name} is not a setting")),
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, Misbehaviour, Rate, Value};

    #[test]
    fn reads_back_what_it_shows() {
        let set = Misbehaviour {
            foreign_every: 2,
            left_lags_by: 3,
            sliding_window: true,
            retry_after_missing: true,
            fault_rate: Rate::new(0.1).expect("a rate"),
            headers_missing_rate: Rate::new(0.2).expect("a rate"),
            headers_nonsense_rate: Rate::new(0.3).expect("a rate"),
            webhook_duplicate_rate: Rate::new(0.4).expect("a rate"),
            webhook_late_rate: Rate::new(0.5).expect("a rate"),
            webhook_late_ms: 60_000,
            webhook_reorder_rate: Rate::new(0.6).expect("a rate"),
            webhook_forged_rate: Rate::new(0.7).expect("a rate"),
            webhook_repeat_rate: Rate::new(0.8).expect("a rate"),
            ..Misbehaviour::default()
        };
        let shown = set.document();
        assert_eq!(Misbehaviour::default().with(shown.as_object().expect("an object")), Ok(set));
        let wrong = Map::from_iter([("slow_ms".to_owned(), Value::from("long"))]);
        assert!(set.with(&wrong).is_err());
        let too_often = Map::from_iter([("fault_rate".to_owned(), Value::from(1.5))]);
        assert!(set.with(&too_often).is_err());
        let unknown = Map::from_iter([("speed".to_owned(), Value::from(1))]);
        assert!(set.with(&unknown).is_err());
    }
}
