//! What is known of one account's quota, and whether a request may leave now: pure transitions, the clock is an argument.
//!
//! The budget of a window is the least number of requests that any answer said were left, less those under way; and never
//! more than was left when the window opened, less those sent since, so that a number that lags lets nobody through.
//! A window that is not known to be open is opened by one request, the probe: its answer tells what the others may do.

use std::borrow::Cow;
use std::time::Duration;

use super::clock::Moment;
use super::learning::Told;
use super::observation::Observation;
use super::waits::{ROUNDING, Waits};

/// How much sooner than its answers prove a window is taken to be over: what a window of a second cannot spare, and less
/// than what the times that requests travel differ by in a large network.
const LEAD: Duration = Duration::from_millis(4);

/// Answers that tell the end of a window, after which the fastest request shows how fast the next can be.
const MANY: u32 = 16;

/// A request that is under way for longer has reached the API, or never will: it hangs, or its sender is gone. Others
/// wait no longer for the answer of a probe before one of them probes too. No longer than a window.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a request counts as under way where nobody says that it ended.
const LEASE: Duration = Duration::from_secs(60);

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
    /// How many may be under way at once, after a refusal that said nothing: halved by each, one more by every hundred
    /// answers.
    pub(super) concurrency: Option<u32>,
    /// Answers since that number changed.
    pub(super) calm: u32,
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
    /// Answers that told when it ends.
    pub(super) resets: u32,
    /// The least that an answer said was left.
    pub(super) left: u32,
    /// What was left when it opened.
    pub(super) allowance: u32,
    /// What we sent since, or had under way then.
    pub(super) sent: u32,
    /// How many of these were under way then: `allowance` may count them already.
    pub(super) doubtful: u32,
    /// When the request was sent that showed it.
    pub(super) opened: Moment,
    /// When the latest request was sent whose answer told what is left.
    pub(super) told: Moment,
}

impl Open {
    /// When a request may leave that is to arrive after the end.
    ///
    /// A reset counts from a moment between sending and receiving. The next request travels as long as the fastest before
    /// it, or longer: one that leaves a reset after that one was sent arrives in time, however long its answer travelled.
    /// A millisecond makes up for what was rounded. Few have not shown yet how fast requests can be; and where even the
    /// fastest travelled long, the next may be faster still, so that little is ventured.
    pub(super) fn over(&self) -> Moment {
        let over = self.ends_after.saturating_add(2 * ROUNDING).max(self.ends_by.saturating_sub(LEAD));
        if self.resets < MANY { self.ends_by } else { self.ends_by.min(over) }
    }
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
    /// Its caller is gone, but it may still reach the API.
    pub(super) is_lost: bool,
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
        let Some(open) = self.open.filter(|open| now < open.over() && !self.is_suspect) else {
            return self.probe(asking, now);
        };
        // When nothing is under way, those that were when it opened are counted in what is left.
        let counted = if under_way == 0 { open.doubtful } else { 0 };
        if open.left == 0 || open.allowance.saturating_add(counted) <= open.sent {
            return if under_way > 0 && open.left > 0 && open.doubtful > 0 {
                Verdict::AfterAnswer(open.over())
            } else {
                Verdict::NotBefore(open.over())
            };
        }
        // The more is left, the more may be under way while others may be spending it too.
        let share = if self.wary > 0 { 4 } else { 2 };
        let most = if asking.is_urgent { open.left } else { (open.left / share).max(1) };
        match self.arrival_below(most, self.patience(), now) {
            Some(arrives) => Verdict::AfterAnswer(open.over().min(arrives)),
            None => self.go(asking, false, now),
        }
    }

    /// Ends a request, and learns from its answer. `jitter` is a random number from 0 to 1.
    pub fn settle(&mut self, lease: u64, ending: Ending, waits: &Waits, jitter: f64, now: Moment) {
        let position = self.leases.iter().position(|known| known.id == lease);
        let lease = position.map(|position| self.leases.swap_remove(position));
        // One whose lease has ended tells as much, but not when it was sent.
        let long_ago = now.saturating_sub(LEASE);
        let (sent, is_probe) = lease.as_ref().map_or((long_ago, false), |lease| (lease.sent, lease.is_probe));
        match ending {
            Ending::Unsent => {
                let patience = self.patience();
                let counts = |open: &&mut Open| open.opened < sent.saturating_add(patience);
                if let Some(open) = self.open.as_mut().filter(counts) {
                    open.sent = open.sent.saturating_sub(1);
                }
            }
            Ending::Lost => {
                self.count_untold(sent);
                let lost = |lease| Lease { operation: None, is_probe: false, is_lost: true, ..lease };
                self.leases.extend(lease.map(lost));
            }
            Ending::Answered(seen) => {
                self.bare_refusals = 0;
                self.is_suspect = false;
                self.grow_calm();
                match self.learn(&seen, sent, now) {
                    Told::Nothing if is_probe => self.assume(sent, now),
                    Told::Nothing => self.count_untold(sent),
                    Told::Past | Told::Present => {}
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
        let Some(open) = self.open.filter(|open| now < open.over()) else { return closed_until };
        let budget = open.left.min(open.allowance.saturating_sub(open.sent));
        let Some(beyond) = ahead.checked_sub(budget) else { return closed_until };
        let windows = self.quota.filter(|quota| *quota > 0).map_or(0, |quota| beyond / quota);
        let length = self.length.unwrap_or_default();
        open.over().saturating_add(length.saturating_mul(windows)).max(closed_until)
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
        let open = self.open.filter(|open| now < open.over())?;
        Some((open.left.min(open.allowance.saturating_sub(open.sent)), open.over()))
    }

    /// The same window by another clock, which shows `to` when the clock of its moments shows `from`.
    pub fn translate(&mut self, from: Moment, to: Moment) {
        let open = self
            .open
            .iter_mut()
            .flat_map(|open| [&mut open.ends_after, &mut open.ends_by, &mut open.opened, &mut open.told]);
        let leases = self.leases.iter_mut().flat_map(|lease| [&mut lease.sent, &mut lease.expires]);
        let closed = self.closed_until.iter_mut().chain([&mut self.closed_at]);
        // A moment of zero is none.
        for moment in open.chain(leases).chain(closed).filter(|moment| !moment.is_zero()) {
            *moment = moment.saturating_add(to).saturating_sub(from);
        }
    }

    /// Requests under way.
    #[must_use]
    pub fn under_way(&self) -> u32 {
        count(self.leases.iter().filter(|lease| !lease.is_lost))
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
        self.leases.push(Lease {
            id,
            operation,
            sent: now,
            expires: now.saturating_add(LEASE),
            is_probe,
            is_lost: false,
        });
        if let Some(open) = &mut self.open {
            open.sent = open.sent.saturating_add(1);
        }
        Verdict::Go(id)
    }

    /// How long a request may take to reach the API.
    pub(super) fn patience(&self) -> Duration {
        self.length.unwrap_or(PATIENCE).min(PATIENCE)
    }

    /// Requests that may be under way and were sent after `moment`.
    pub(super) fn sent_after(&self, moment: Moment) -> impl Iterator<Item = &Lease> + Clone {
        self.leases.iter().filter(move |lease| moment < lease.sent)
    }

    /// When one of those that may be under way becomes older than `age`, where `most` of them or more are younger.
    fn arrival_below(&self, most: u32, age: Duration, now: Moment) -> Option<Moment> {
        let travelling = self.sent_after(now.saturating_sub(age));
        let is_full = count(travelling.clone()) >= most;
        travelling.map(|lease| lease.sent).min().filter(|_| is_full).map(|sent| sent.saturating_add(age))
    }

    fn probe(&mut self, asking: &Asking, now: Moment) -> Verdict {
        let patience = self.patience();
        let latest = self.leases.iter().filter(|lease| lease.is_probe).map(|lease| lease.sent).max();
        let most = self.quota.unwrap_or(u32::MAX);
        // Those of a whole window, and those on their way when it began, may have used it up, though nobody saw an answer.
        let age = self.length.unwrap_or_default().saturating_add(patience);
        let arrives = self.arrival_below(most, age, now);
        let look_again = latest.map(|sent| sent.min(now).saturating_add(patience)).filter(|end| now < *end);
        match look_again.max(arrives) {
            None => self.go(asking, true, now),
            // Whoever cannot wait may try, as long as they are few: a tenth of a window does no harm.
            Some(_) if asking.is_urgent && self.under_way() < self.quota.map_or(4, |quota| quota / 10) => {
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

    /// Forgets what is over, and what a clock that was set back makes impossible.
    fn forget(&mut self, waits: &Waits, now: Moment) {
        let longest = now.saturating_add(waits.max.saturating_mul(2));
        self.closed_until = self.closed_until.filter(|until| now < *until && *until <= longest);
        let longest = self.length.map_or(longest, |length| now.saturating_add(length.saturating_mul(2)));
        self.open = self.open.filter(|open| open.ends_by <= longest);
        self.leases.retain(|lease| now < lease.expires && lease.sent <= now.saturating_add(PATIENCE));
    }
}

pub(super) fn count<'a>(leases: impl Iterator<Item = &'a Lease>) -> u32 {
    u32::try_from(leases.count()).unwrap_or(u32::MAX)
}
