//! What is known of one account's quota, and whether a request may leave now: pure transitions, the clock is an argument.
//!
//! The budget of a window is the least number of requests that any answer said were left, less those under way; and never
//! more than was left when the window opened, less those sent since, so that a number that lags lets nobody through.
//! A window that is not known to be open is opened by one request, the probe: its answer tells what the others may do.

use std::borrow::Cow;
use std::time::Duration;

use super::clock::Moment;
use super::observation::Observation;

/// How long others wait for the answer of a probe before one of them probes too: it may hang, or its sender may be gone.
const PROBE_PATIENCE: Duration = Duration::from_secs(2);

/// How long a request counts as under way where nobody says that it ended.
const LEASE: Duration = Duration::from_secs(60);

/// Under way at once as if nobody had refused any.
const FREE: u32 = 1024;

/// Windows for which somebody who was seen to share the quota is still expected.
const WARY: u8 = 2;

/// Resets are told in whole milliseconds.
const ROUNDING: Duration = Duration::from_millis(1);

/// What is known of one account's quota. The default knows nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    pub(super) quota: Option<u32>,
    pub(super) length: Option<Duration>,
    pub(super) open: Option<Open>,
    /// Nobody may send before.
    pub(super) closed_until: Option<Moment>,
    /// When the latest refusal came that was no echo of the one before.
    pub(super) closed_at: Moment,
    /// Refusals in a row that did not say how long to wait.
    pub(super) bare_refusals: u32,
    /// A refusal told nothing of the quota: one request finds out whether it is over.
    pub(super) is_suspect: bool,
    /// Answers say nothing of a quota.
    pub(super) is_unmetered: bool,
    /// How many may be under way at once, after a refusal that said nothing: halved by each, one more by each answer.
    pub(super) concurrency: Option<u32>,
    pub(super) wary: u8,
    pub(super) leases: Vec<Lease>,
    pub(super) next_lease: u64,
}

/// A window of the quota that is believed to be open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Open {
    /// It ends no sooner.
    pub(super) ends_after: Moment,
    /// It has ended by then.
    pub(super) ends_by: Moment,
    /// The least that an answer said was left.
    pub(super) left: u32,
    /// What was left when it opened.
    pub(super) allowance: u32,
    /// What we sent since, or had under way then.
    pub(super) sent: u32,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lease {
    pub(super) id: u64,
    /// Its operation, where that has a cap of its own.
    pub(super) operation: Option<Cow<'static, str>>,
    pub(super) sent: Moment,
    pub(super) expires: Moment,
    pub(super) is_probe: bool,
}

/// Who asks to send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking {
    /// The operation and how many of it may be under way at once, where it has such a cap.
    pub cap: Option<(&'static str, u16)>,
    /// Whether it cannot wait for somebody else's probe.
    pub is_urgent: bool,
}

/// What becomes of a request that wants to leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It leaves, and settles this lease afterwards.
    Go(u64),
    /// It waits until then and asks again.
    NotBefore(Moment),
    /// It asks again when an answer has come, or then.
    AfterAnswer(Moment),
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// It never left.
    Unsent,
    /// No answer came, and nobody knows more.
    Lost,
    /// It was answered.
    Answered(Observation),
    /// It was refused for its number.
    Refused {
        /// What the headers say of the quota.
        seen: Observation,
        /// The longest wait that the answer asks for.
        wait: Option<Duration>,
    },
}

/// What an answer told of the quota.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Nothing,
    /// What was left of a window that is over.
    Past,
    /// What is left of the one that is open.
    Present,
}

/// How long refused callers wait at least and at most.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// The first wait where no header says one.
    pub overload: Duration,
    /// The longest of all.
    pub max: Duration,
}

impl Window {
    /// Decides about a request, and counts it if it goes.
    pub fn admit(&mut self, asking: &Asking, waits: &Waits, now: Moment) -> Verdict {
        self.forget(waits, now);
        if let Some(until) = self.closed_until {
            return Verdict::NotBefore(until);
        }
        if self.is_at_cap(asking) {
            return Verdict::AfterAnswer(self.first_expiry(now));
        }
        let under_way = self.under_way();
        if self.concurrency.is_some_and(|most| under_way >= most) {
            return Verdict::AfterAnswer(self.first_expiry(now));
        }
        if self.is_unmetered && !self.is_suspect {
            return self.go(asking, false, now);
        }
        let Some(open) = self.open.filter(|open| now < open.ends_by && !self.is_suspect) else {
            return self.probe(asking, now);
        };
        if open.left == 0 || open.allowance <= open.sent {
            return Verdict::NotBefore(open.ends_by);
        }
        // The more is left, the more may be under way while others may be spending it too.
        let share = if self.wary > 0 { 4 } else { 2 };
        let most = if asking.is_urgent { open.left } else { (open.left / share).max(1) };
        if under_way >= most {
            return Verdict::AfterAnswer(open.ends_by);
        }
        self.go(asking, false, now)
    }

    /// Ends a request, and learns from its answer. `jitter` is a random number from 0 to 1.
    pub fn settle(&mut self, lease: u64, ending: Ending, waits: &Waits, jitter: f64, now: Moment) {
        let position = self.leases.iter().position(|known| known.id == lease);
        // One that was given up is answered late: it tells as much, but not when it was sent.
        let lease = position.map(|position| self.leases.swap_remove(position));
        let (sent, is_probe) = lease.map_or((now, false), |lease| (lease.sent, lease.is_probe));
        match ending {
            Ending::Unsent => {
                if let Some(open) = &mut self.open {
                    open.sent = open.sent.saturating_sub(1);
                }
            }
            Ending::Lost => {}
            Ending::Answered(seen) => {
                self.bare_refusals = 0;
                self.is_suspect = false;
                self.concurrency = self.concurrency.map(|most| most + 1).filter(|most| *most < FREE);
                if self.learn(&seen, sent, now) == Told::Nothing && is_probe {
                    self.assume(sent);
                }
            }
            Ending::Refused { seen, wait } => match self.learn(&seen, sent, now) {
                // The window that refused it is over.
                Told::Past => {}
                told => self.close(told, wait, sent, waits, jitter, now),
            },
        }
    }

    /// When a request may leave that has `ahead` others before it, as far as can be told.
    #[must_use]
    pub fn estimate(&self, ahead: u32, now: Moment) -> Moment {
        let closed_until = self.closed_until.unwrap_or_default().max(now);
        let Some(open) = self.open.filter(|open| now < open.ends_by) else { return closed_until };
        let budget = open.left.min(open.allowance.saturating_sub(open.sent));
        let Some(beyond) = ahead.checked_sub(budget) else { return closed_until };
        let windows = self.quota.filter(|quota| *quota > 0).map_or(0, |quota| beyond / quota);
        let length = self.length.unwrap_or_default();
        open.ends_by.saturating_add(length.saturating_mul(windows)).max(closed_until)
    }

    /// Requests that a window allows, as answers say.
    #[must_use]
    pub fn quota(&self) -> Option<u32> {
        self.quota
    }

    /// How long a window lasts, as answers say.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// What is left of the window that is open at `now`, and when it ends.
    #[must_use]
    pub fn left(&self, now: Moment) -> Option<(u32, Moment)> {
        let open = self.open.filter(|open| now < open.ends_by)?;
        Some((open.left.min(open.allowance.saturating_sub(open.sent)), open.ends_by))
    }

    /// Requests under way.
    #[must_use]
    pub fn under_way(&self) -> u32 {
        u32::try_from(self.leases.len()).unwrap_or(u32::MAX)
    }

    /// Until when nobody may send, if a refusal says so.
    #[must_use]
    pub fn closed_until(&self, now: Moment) -> Option<Moment> {
        self.closed_until.filter(|until| now < *until)
    }

    fn go(&mut self, asking: &Asking, is_probe: bool, now: Moment) -> Verdict {
        let id = self.next_lease;
        self.next_lease = id.wrapping_add(1);
        let operation = asking.cap.map(|(operation, _)| Cow::Borrowed(operation));
        self.leases.push(Lease { id, operation, sent: now, expires: now.saturating_add(LEASE), is_probe });
        if let Some(open) = &mut self.open {
            open.sent = open.sent.saturating_add(1);
        }
        Verdict::Go(id)
    }

    fn probe(&mut self, asking: &Asking, now: Moment) -> Verdict {
        let patience = self.length.unwrap_or(PROBE_PATIENCE).min(PROBE_PATIENCE);
        let latest = self.leases.iter().filter(|lease| lease.is_probe).map(|lease| lease.sent).max();
        let look_again = latest.map(|sent| sent.saturating_add(patience)).filter(|end| now < *end);
        match look_again {
            None => self.go(asking, true, now),
            // Whoever cannot wait may try, as long as they are few: a tenth of a window does no harm.
            Some(_) if asking.is_urgent && self.under_way() < (self.quota.unwrap_or(0) / 10).max(4) => {
                self.go(asking, false, now)
            }
            Some(end) => Verdict::AfterAnswer(end),
        }
    }

    /// Whether as many requests of its operation are under way as its cap allows.
    pub(super) fn is_at_cap(&self, asking: &Asking) -> bool {
        let Some((operation, cap)) = asking.cap else { return false };
        let same = |lease: &&Lease| lease.operation.as_deref() == Some(operation);
        self.leases.iter().filter(same).count() >= usize::from(cap)
    }

    fn first_expiry(&self, now: Moment) -> Moment {
        self.leases.iter().map(|lease| lease.expires).min().unwrap_or(now)
    }

    fn learn(&mut self, seen: &Observation, sent: Moment, now: Moment) -> Told {
        self.quota = seen.quota.or(self.quota);
        self.length = seen.window.or(self.length);
        let Some(left) = seen.left else { return Told::Nothing };
        let (ends_after, ends_by) = match (seen.reset, self.length) {
            (Some(reset), _) => {
                (sent.saturating_add(reset).saturating_sub(ROUNDING), now.saturating_add(reset))
            }
            (None, Some(length)) => (sent, now.saturating_add(length)),
            (None, None) => return Told::Nothing,
        };
        self.is_unmetered = false;
        match &mut self.open {
            Some(open) if ends_by < open.ends_after => return Told::Past,
            Some(open) if ends_after <= open.ends_by => {
                open.ends_after = open.ends_after.max(ends_after);
                open.ends_by = open.ends_by.min(ends_by).max(open.ends_after);
                open.left = open.left.min(left);
                // More was spent than all that we sent.
                if open.allowance.saturating_sub(left) > open.sent {
                    self.wary = WARY;
                }
            }
            _ => {
                // The request itself counts, whatever a number that lags says.
                let allowance = self.quota.map_or(left, |quota| left.min(quota.saturating_sub(1)));
                let sent = u32::try_from(self.leases.len()).unwrap_or(u32::MAX);
                self.open = Some(Open { ends_after, ends_by, left, allowance, sent });
                self.wary = self.wary.saturating_sub(1);
            }
        }
        Told::Present
    }

    /// What a window is like whose first answer says nothing: as the ones before, or none at all.
    fn assume(&mut self, sent: Moment) {
        let Some((quota, length)) = self.quota.zip(self.length) else {
            self.is_unmetered = true;
            return;
        };
        let (ends, left) = (sent.saturating_add(length), quota.saturating_sub(1));
        let under_way = self.under_way();
        self.open = Some(Open { ends_after: ends, ends_by: ends, left, allowance: left, sent: under_way });
    }

    fn close(
        &mut self,
        told: Told,
        wait: Option<Duration>,
        sent: Moment,
        waits: &Waits,
        jitter: f64,
        now: Moment,
    ) {
        match &mut self.open {
            Some(open) if told == Told::Present => open.left = 0,
            _ => self.is_suspect = true,
        }
        // Requests that were under way together are refused together, which says no more than once.
        if sent < self.closed_at && self.closed_until.is_some() {
            return;
        }
        self.closed_at = now;
        let wait = match wait {
            Some(wait) => refused_wait(wait, waits, jitter),
            None => {
                self.bare_refusals = self.bare_refusals.saturating_add(1);
                self.is_suspect = true;
                self.concurrency = Some((self.under_way() / 2).max(1));
                overload_wait(self.bare_refusals, waits, jitter)
            }
        };
        self.closed_until = self.closed_until.max(Some(now.saturating_add(wait)));
    }

    /// Forgets what is over, and what a clock that was set back makes impossible.
    fn forget(&mut self, waits: &Waits, now: Moment) {
        let longest = now.saturating_add(waits.max.saturating_mul(2));
        self.closed_until = self.closed_until.filter(|until| now < *until && *until <= longest);
        let longest = self.length.map_or(longest, |length| now.saturating_add(length.saturating_mul(2)));
        self.open = self.open.filter(|open| open.ends_by <= longest);
        self.leases.retain(|lease| now < lease.expires && lease.sent <= now.saturating_add(LEASE));
    }
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
