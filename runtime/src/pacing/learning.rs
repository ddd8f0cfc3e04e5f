//! What answers and refusals teach a window: transitions of its numbers, apart from who may go.

use std::time::Duration;

use super::clock::Moment;
use super::observation::Observation;
use super::waits::{ROUNDING, Waits, overload_wait, refused_wait};
use super::window::{Open, Window, count};

/// Under way at once as if nobody had refused any.
const FREE: u32 = 1024;

/// Answers after which one more may be under way at once, after a refusal that said nothing.
const CALM: u32 = 100;

/// Windows for which somebody who was seen to share the quota is still expected.
const WARY: u8 = 2;

/// What an answer told of the quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// Nothing that could be believed.
    Nothing,
    /// What was left of a window that is over.
    Past,
    /// What is left of the one that is open.
    Present,
}

impl Window {
    /// A request of which no answer tells is spent all the same; later answers count it.
    pub(super) fn count_untold(&mut self, sent: Moment) {
        let Some(open) = &mut self.open else { return };
        open.doubtful = 0;
        if open.told < sent {
            open.left = open.left.saturating_sub(1);
        }
    }

    pub(super) fn grow_calm(&mut self) {
        let Some(most) = self.concurrency else { return };
        self.calm += 1;
        if self.calm >= CALM {
            self.calm = 0;
            self.concurrency = Some(most + 1).filter(|most| *most < FREE);
        }
    }

    pub(super) fn learn(&mut self, seen: &Observation, sent: Moment, now: Moment) -> Told {
        self.quota = seen.quota.or(self.quota);
        self.length = seen.window.or(self.length);
        let Some(left) = seen.left else { return Told::Nothing };
        let (ends_after, ends_by) = match (seen.reset, self.length) {
            (Some(reset), _) => {
                let [earliest, latest] = [sent, now].map(|moment| moment.saturating_add(reset));
                // The next request travels as this one did, so a round trip makes up for what was rounded down.
                (earliest.saturating_sub(ROUNDING), latest.max(earliest.saturating_add(ROUNDING)))
            }
            (None, Some(length)) => (sent, now.saturating_add(length)),
            (None, None) => return Told::Nothing,
        };
        let resets = u32::from(seen.reset.is_some());
        self.is_unmetered = false;
        match &mut self.open {
            Some(open) if ends_by < open.ends_after => {
                // Of a window before this one, unless it was sent into this one: then its numbers make no sense.
                return if sent < open.opened { Told::Past } else { Told::Nothing };
            }
            Some(open) if ends_after <= open.ends_by => {
                open.ends_after = open.ends_after.max(ends_after);
                open.ends_by = open.ends_by.min(ends_by).max(open.ends_after);
                open.resets = open.resets.saturating_add(resets);
                open.left = open.left.min(left);
                open.told = open.told.max(sent);
                // More was spent than all that we sent.
                if open.allowance.saturating_sub(left) > open.sent {
                    self.wary = WARY;
                }
            }
            _ => {
                // The request itself counts, whatever a number that lags says.
                let allowance = self.quota.map_or(left, |quota| left.min(quota.saturating_sub(1)));
                // Those that were sent long before it had arrived before it.
                let opened = sent;
                let others = self.sent_after(opened.saturating_sub(self.patience()));
                let is_any_lost = others.clone().any(|lease| lease.is_lost);
                let (told, sent) = (opened, count(others));
                // Nobody will tell of those that are lost.
                let doubtful = if is_any_lost { 0 } else { sent };
                self.open =
                    Some(Open { ends_after, ends_by, resets, left, allowance, sent, doubtful, opened, told });
                self.wary = self.wary.saturating_sub(1);
            }
        }
        Told::Present
    }

    /// What a window is like whose first answer says nothing: as the ones before, or none at all.
    pub(super) fn assume(&mut self, sent: Moment, now: Moment) {
        let Some((quota, length)) = self.quota.zip(self.length) else {
            self.is_unmetered = true;
            return;
        };
        let left = quota.saturating_sub(1);
        self.open = Some(Open {
            ends_after: sent.saturating_add(length),
            ends_by: now.saturating_add(length),
            resets: 0,
            left,
            allowance: left,
            sent: count(self.sent_after(sent.saturating_sub(self.patience()))),
            doubtful: 0,
            opened: sent,
            told: sent,
        });
    }

    pub(super) fn close(
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
            let until = wait.map(|wait| now.saturating_add(refused_wait(wait, waits, 0.0)));
            self.closed_until = self.closed_until.max(until);
            return;
        }
        self.closed_at = now;
        let wait = match wait {
            Some(wait) => refused_wait(wait, waits, jitter),
            None => {
                self.bare_refusals = self.bare_refusals.saturating_add(1);
                self.is_suspect = true;
                let most = self.concurrency.unwrap_or(FREE).min(self.under_way());
                (self.concurrency, self.calm) = (Some((most / 2).max(1)), 0);
                overload_wait(self.bare_refusals, waits, jitter)
            }
        };
        self.closed_until = self.closed_until.max(Some(now.saturating_add(wait)));
    }
}
