//! The deliveries of a store: which wait, which are being sent, and what came of the others. It decides; sending
//! and the clock are with others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;

use super::delivery::{Delivery, DeliveryAttempt, DeliveryState};
use super::domains::Domains;
use super::event::DELIVERY_EXCEPTION;
use super::schedule::{NOTICES, Scale};

/// How many deliveries are sent at a time.
const AT_ONCE: usize = 32;

/// Where a delivery goes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The webhook.
    pub(crate) hook: u64,
    /// The API account it belongs to.
    pub(crate) client_id: String,
    /// The whole address.
    pub(crate) destination: String,
    /// The address as it may be shown.
    pub(crate) shown: String,
    /// Its host.
    pub(crate) domain: String,
    /// The webhook's own headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether it is sent although the webhook is gone: the news that it is.
    pub(crate) outlives_hook: bool,
}

/// A delivery to be made.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) target: Arc<Target>,
    pub(crate) scope: &'static str,
    pub(crate) message_id: String,
    pub(crate) body: Bytes,
    /// The resource that the event is about.
    pub(crate) resource: String,
    pub(crate) due_ms: u64,
    pub(crate) duplicate_of: Option<u64>,
}

/// An attempt that is to be made now.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) id: u64,
    /// How many attempts came before it.
    pub(crate) earlier: usize,
    pub(crate) target: Arc<Target>,
    pub(crate) message_id: String,
    pub(crate) body: Bytes,
    /// When the first attempt was signed.
    pub(crate) first_ms: u64,
}

/// What a failed attempt leads to beside a retry: events with these codes, and the end of the webhook.
#[derive(Clone, Debug)]
pub(crate) struct Consequence {
    pub(crate) target: Arc<Target>,
    pub(crate) exceptions: Vec<u32>,
    pub(crate) ends_hook: bool,
}

/// Deliveries of one webhook about one resource, which begin in the order of the events.
type Lane = (u64, String);

#[derive(Debug)]
struct Row {
    delivery: Delivery,
    target: Arc<Target>,
    body: Bytes,
    lane: Lane,
    first_ms: Option<u64>,
    /// Those that wait until an attempt of this one has ended.
    followers: Vec<u64>,
}

/// All deliveries.
#[derive(Debug)]
pub(crate) struct Ledger {
    scale: Scale,
    /// How many finished deliveries are remembered.
    remembered: usize,
    /// How many unfinished ones there can be.
    room: usize,
    next: u64,
    rows: BTreeMap<u64, Row>,
    /// By the time at which they are due, then by number.
    waiting: BTreeSet<(u64, u64)>,
    /// The lanes in which something is being sent, with those that are due behind it.
    busy: BTreeMap<Lane, VecDeque<u64>>,
    in_flight: usize,
    finished: VecDeque<u64>,
    /// Deliveries that wait for the next one of their webhook.
    held: BTreeMap<u64, u64>,
    domains: Domains,
    /// When a notice of a failure was last given, by destination.
    noticed: BTreeMap<String, u64>,
    lost: u64,
}

impl Ledger {
    /// A ledger without deliveries.
    pub(crate) fn new(scale: Scale, remembered: usize, room: usize) -> Self {
        Self {
            scale,
            remembered,
            room,
            next: 1,
            rows: BTreeMap::new(),
            waiting: BTreeSet::new(),
            busy: BTreeMap::new(),
            in_flight: 0,
            finished: VecDeque::new(),
            held: BTreeMap::new(),
            domains: Domains::default(),
            noticed: BTreeMap::new(),
            lost: 0,
        }
    }

    /// Forgets every delivery; the numbers go on, and what is being sent ends without a trace.
    pub(crate) fn clear(&mut self) {
        let fresh = Self::new(self.scale, self.remembered, self.room);
        *self = Self { next: self.next, in_flight: self.in_flight, ..fresh };
    }

    /// The number that the next delivery gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.next
    }

    /// Takes a delivery up; its number, or `None` where too many wait.
    pub(crate) fn add(&mut self, planned: Planned) -> Option<u64> {
        if self.rows.len() - self.finished.len() >= self.room {
            self.lost += 1;
            return None;
        }
        let id = self.next;
        self.next += 1;
        let Planned { target, scope, message_id, body, resource, due_ms, duplicate_of } = planned;
        let delivery = Delivery {
            id,
            hook: target.hook,
            scope: scope.to_owned(),
            destination: target.shown.clone(),
            message_id,
            duplicate_of,
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
            next_attempt_ms: Some(due_ms),
        };
        let lane = (target.hook, resource);
        let row = Row { delivery, target, body, lane, first_ms: None, followers: Vec::new() };
        self.rows.insert(id, row);
        self.waiting.insert((due_ms, id));
        Some(id)
    }

    /// Keeps this delivery back until the next one of its webhook was sent, or until `at_latest_ms`.
    pub(crate) fn hold(&mut self, id: u64, at_latest_ms: u64) {
        if let Some(row) = self.rows.get(&id) {
            let hook = row.target.hook;
            self.reschedule(id, at_latest_ms);
            self.held.insert(hook, id);
        }
    }

    /// Lets the delivery of this webhook that is held back go behind this one; whether there was one.
    pub(crate) fn overtake(&mut self, hook: u64, id: u64) -> bool {
        let Some(held) = self.held.remove(&hook).filter(|held| self.is_untried(*held)) else {
            return false;
        };
        if let Some(row) = self.rows.get_mut(&id) {
            row.followers.push(held);
        }
        true
    }

    fn is_untried(&self, id: u64) -> bool {
        let row = self.rows.get(&id);
        row.is_some_and(|row| row.delivery.state == DeliveryState::Waiting && row.first_ms.is_none())
    }

    fn reschedule(&mut self, id: u64, due_ms: u64) {
        if let Some(row) = self.rows.get_mut(&id) {
            if let Some(before) = row.delivery.next_attempt_ms.replace(due_ms) {
                self.waiting.remove(&(before, id));
            }
            row.delivery.state = DeliveryState::Waiting;
            self.waiting.insert((due_ms, id));
        }
    }

    /// The attempts to be made at `now`, as many as can be made at a time, and what follows from those that
    /// cannot be made. `is_live` says whether a webhook is there and active.
    pub(crate) fn begin(
        &mut self,
        now: u64,
        is_live: impl Fn(u64) -> bool,
    ) -> (Vec<Start>, Vec<Consequence>) {
        let (mut starts, mut consequences) = (Vec::new(), Vec::new());
        while self.in_flight < AT_ONCE
            && let Some((due, id)) = self.waiting.first().copied().filter(|(due, _)| *due <= now)
        {
            self.waiting.remove(&(due, id));
            let Some(row) = self.rows.get_mut(&id) else { continue };
            let (target, lane) = (Arc::clone(&row.target), row.lane.clone());
            if !target.outlives_hook && !is_live(target.hook) {
                self.end(id, DeliveryState::Dropped, now);
                continue;
            }
            if let Some(behind) = self.busy.get_mut(&lane) {
                behind.push_back(id);
                continue;
            }
            if self.domains.blocked(&target.client_id, &target.domain, now).is_some() {
                let failure = Some("the domain is blocked");
                let skipped = DeliveryAttempt { at_ms: now, status: None, failure, is_forged: false };
                consequences.extend(self.failed(id, skipped, now));
                continue;
            }
            self.busy.insert(lane, VecDeque::new());
            self.in_flight += 1;
            row.delivery.state = DeliveryState::Sending;
            row.delivery.next_attempt_ms = None;
            starts.push(Start {
                id,
                earlier: row.delivery.attempts.len(),
                target,
                message_id: row.delivery.message_id.clone(),
                body: row.body.clone(),
                first_ms: *row.first_ms.get_or_insert(now),
            });
        }
        (starts, consequences)
    }

    /// Notes the end of an attempt, and what follows from it.
    pub(crate) fn finish(&mut self, id: u64, attempt: DeliveryAttempt, now: u64) -> Option<Consequence> {
        self.in_flight = self.in_flight.saturating_sub(1);
        let row = self.rows.get_mut(&id)?;
        let (target, lane) = (Arc::clone(&row.target), row.lane.clone());
        for next in self.busy.remove(&lane).into_iter().flatten() {
            self.reschedule(next, now);
        }
        let is_success = attempt.is_success();
        let is_blocked = self.domains.note(&target.client_id, &target.domain, is_success, now, self.scale);
        let mut consequence = match is_success {
            true => {
                if let Some(row) = self.rows.get_mut(&id) {
                    row.delivery.attempts.push(attempt);
                }
                self.end(id, DeliveryState::Delivered, now);
                None
            }
            false => self.failed(id, attempt, now),
        };
        if is_blocked {
            let quiet = Consequence { target, exceptions: Vec::new(), ends_hook: false };
            consequence.get_or_insert(quiet).exceptions.push(90_003);
        }
        self.release_followers(id, now);
        consequence
    }

    /// The retry after a failure, or the end of the delivery and of its webhook.
    fn failed(&mut self, id: u64, attempt: DeliveryAttempt, now: u64) -> Option<Consequence> {
        let row = self.rows.get_mut(&id)?;
        row.delivery.attempts.push(attempt);
        let target = Arc::clone(&row.target);
        let is_exception = row.delivery.scope == DELIVERY_EXCEPTION;
        let retry = self.scale.retry(row.delivery.attempts.len());
        let code = match retry {
            Some(wait) => {
                self.reschedule(id, now.saturating_add(wait));
                self.is_noticed(&target.destination, now).then_some(90_001)
            }
            None => {
                self.end(id, DeliveryState::GivenUp, now);
                Some(90_002)
            }
        };
        let exceptions = code.into_iter().filter(|_| !is_exception).collect();
        Some(Consequence { target, exceptions, ends_hook: retry.is_none() })
    }

    /// Whether a notice about this destination is due; if so, it is given now.
    fn is_noticed(&mut self, destination: &str, now: u64) -> bool {
        let spacing = self.scale.millis(NOTICES);
        self.noticed.retain(|_, last| now < last.saturating_add(spacing));
        if self.noticed.contains_key(destination) {
            return false;
        }
        self.noticed.insert(destination.to_owned(), now);
        true
    }

    fn end(&mut self, id: u64, state: DeliveryState, now: u64) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.delivery.state = state;
            row.delivery.next_attempt_ms = None;
            row.body = Bytes::new();
        }
        self.release_followers(id, now);
        self.finished.push_back(id);
        while self.finished.len() > self.remembered {
            let forgotten = self.finished.pop_front();
            forgotten.and_then(|id| self.rows.remove(&id));
        }
    }

    fn release_followers(&mut self, id: u64, now: u64) {
        let followers = self.rows.get_mut(&id).map(|row| std::mem::take(&mut row.followers));
        for follower in followers.into_iter().flatten() {
            if self.is_untried(follower) {
                self.reschedule(follower, now);
            }
        }
    }

    /// When to look for attempts again; `None` while as many as can be are being made, or none waits.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let due = self.waiting.first().map(|(due, _)| *due);
        due.filter(|_| self.in_flight < AT_ONCE)
    }

    /// Whether nothing is being sent and nothing is due.
    pub(crate) fn is_settled(&self, now: u64) -> bool {
        self.in_flight == 0 && self.waiting.first().is_none_or(|(due, _)| *due > now)
    }

    /// Whether nothing is being sent and no attempt will ever come.
    pub(crate) fn is_done(&self) -> bool {
        self.in_flight == 0 && self.waiting.is_empty()
    }

    /// Every delivery that is remembered, oldest first.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.rows.values().map(|row| row.delivery.clone()).collect()
    }

    /// The latest `count` deliveries, the last one first.
    pub(crate) fn latest(&self, count: usize) -> Vec<Delivery> {
        self.rows.values().rev().take(count).map(|row| row.delivery.clone()).collect()
    }

    /// How many deliveries were lost because too many waited.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// The domains that get nothing at `now`, and for how many milliseconds.
    pub(crate) fn blocked_domains(&self, now: u64) -> Vec<(String, u64)> {
        self.domains.all_blocked(now)
    }
}
