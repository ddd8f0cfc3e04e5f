//! The gate of one account: callers queue in front of it, in the order in which they came, and answers move them on.
//!
//! Every step is one transition under one lock, which is never held while anything is waited for. A caller that goes
//! away leaves its place; a permit that is dropped ends its request.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::clock::{Clock, Moment};
use super::shared::WindowStore;
use super::waits::Waits;
use super::window::{Asking, Ending, Verdict, Window};
use crate::doubt::Doubts;
use crate::retry::RetryBudget;

#[cfg(feature = "loom")]
use loom::sync::{Mutex, MutexGuard};
#[cfg(not(feature = "loom"))]
use std::sync::{Mutex, MutexGuard};

/// How often a caller looks at a shared window that other processes change.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What a caller that cannot wait for an answer of others is told to wait: answers take about as long.
const AN_ANSWER: Duration = Duration::from_secs(1);

/// The wall clock was set if it differs by more from the clock of this process: two readings are less apart.
const APART: Duration = Duration::from_millis(100);

/// The gate of one account.
pub struct Gate {
    account: String,
    waits: Waits,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn WindowStore>>,
    state: Mutex<State>,
    doubts: Doubts,
}

#[derive(Default)]
struct State {
    /// The window, or the latest copy of a shared one.
    window: Window,
    queue: VecDeque<Place>,
    next_place: u64,
    retry_budget: RetryBudget,
    counts: Counts,
}

struct Place {
    id: u64,
    asking: Asking,
    waker: Option<Waker>,
    is_called: bool,
}

/// What happened at a gate so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that were let through.
    pub admitted: u64,
    /// Callers that had to wait.
    pub waits: u64,
    /// Callers that were told to come back instead of waiting.
    pub turned_away: u64,
    /// Requests that the API refused for their number.
    pub refused: u64,
    /// Headers that could not be believed.
    pub nonsense: u64,
    /// Times that a shared window could not be reached.
    pub store_errors: u64,
    /// Requests that were sent again, by the class of the failure before.
    pub retries: BTreeMap<&'static str, u64>,
}

/// What there is to see at a gate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GateReport {
    /// The account.
    pub account: String,
    /// Requests that a window allows.
    pub quota: Option<u32>,
    /// How long a window lasts.
    pub window: Option<Duration>,
    /// Requests that may still be sent in the window that is open.
    pub left: Option<u32>,
    /// How long it is until that window ends.
    pub window_ends_in: Option<Duration>,
    /// How long nobody may send, after a refusal.
    pub closed_for: Option<Duration>,
    /// Requests under way.
    pub under_way: u32,
    /// Callers that wait.
    pub waiting: usize,
    /// What happened so far.
    pub counts: Counts,
}

/// The wait would take longer than the caller wants to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooLate {
    /// How long it would take, as far as can be told; never zero.
    pub retry_after: Duration,
}

/// Leave to send one request. It must be settled with how the request ended; dropped, the request counts as lost.
pub struct Permit {
    gate: Arc<Gate>,
    lease: Option<u64>,
}

/// What a caller in the queue does next.
enum Step {
    Go(u64),
    TooLate(Duration),
    Wait(Option<Moment>),
}

impl Gate {
    /// A gate of which nothing is known.
    #[must_use]
    pub fn new(
        account: String,
        waits: Waits,
        clock: Arc<dyn Clock>,
        store: Option<Arc<dyn WindowStore>>,
    ) -> Self {
        Self { account, waits, clock, store, state: Mutex::new(State::default()), doubts: Doubts::default() }
    }

    /// Waits for leave to send a request, no longer than until `deadline`; without one as long as it takes. `cap` is the
    /// request's operation and how many of it may be under way at once, where it has such a cap.
    ///
    /// A dropped future gives up its place in the queue.
    ///
    /// # Errors
    /// At once when the wait would end after `deadline`, which may be the present or past.
    pub async fn enter(
        self: &Arc<Self>,
        cap: Option<(&'static str, u16)>,
        deadline: Option<Moment>,
    ) -> Result<Permit, TooLate> {
        let now = self.clock.now();
        let asking = Asking { cap, is_urgent: deadline.is_some_and(|deadline| deadline <= now) };
        let place = self.queue_up(asking);
        let mut has_waited = false;
        loop {
            match self.step(place.id, deadline) {
                Step::Go(lease) => return Ok(Permit { gate: Arc::clone(self), lease: Some(lease) }),
                Step::TooLate(retry_after) => {
                    self.state().counts.turned_away += 1;
                    return Err(TooLate { retry_after });
                }
                Step::Wait(until) => {
                    if !std::mem::replace(&mut has_waited, true) {
                        self.state().counts.waits += 1;
                    }
                    self.called_or(place.id, until).await;
                }
            }
        }
    }

    /// What there is to see.
    #[must_use]
    pub fn report(&self) -> GateReport {
        let now = self.clock.now();
        let state = self.state();
        let left = state.window.left(now);
        GateReport {
            account: self.account.clone(),
            quota: state.window.quota(),
            window: state.window.length(),
            left: left.map(|(left, _)| left),
            window_ends_in: left.map(|(_, ends)| ends.saturating_sub(now)),
            closed_for: state.window.closed_until(now).map(|until| until.saturating_sub(now)),
            under_way: state.window.under_way(),
            waiting: state.queue.len(),
            counts: state.counts.clone(),
        }
    }

    /// Whether nothing would be lost with it but what one request finds out again.
    pub(super) fn is_idle(&self) -> bool {
        let now = self.clock.now();
        let state = self.state();
        let window = &state.window;
        state.queue.is_empty()
            && window.under_way() == 0
            && window.left(now).is_none()
            && window.closed_until(now).is_none()
    }

    /// Does something with what the account's calls may spend on tries after the first.
    pub(crate) fn with_retry_budget<R>(&self, change: impl FnOnce(&mut RetryBudget) -> R) -> R {
        change(&mut self.state().retry_budget)
    }

    /// Counts a request that is sent again after a failure of this class.
    pub(crate) fn note_retry(&self, class: &'static str) {
        *self.state().counts.retries.entry(class).or_default() += 1;
    }

    /// What is known of the credentials of the account's connections.
    pub(crate) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// The clock that the gate goes by.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn queue_up(&self, asking: Asking) -> Turn<'_> {
        let mut state = self.state();
        let id = state.next_place;
        state.next_place += 1;
        state.queue.push_back(Place { id, asking, waker: None, is_called: false });
        Turn { gate: self, id }
    }

    fn step(&self, place: u64, deadline: Option<Moment>) -> Step {
        let now = self.clock.now();
        let mut state = self.state();
        // A caller behind others whose operation is at its cap does not wait for them.
        let others = state.queue.iter().take_while(|other| other.id != place);
        let ahead = others.filter(|other| !state.window.is_at_cap(&other.asking)).count();
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        if ahead > 0 {
            let expected = state.window.estimate(ahead, now);
            return match deadline {
                Some(deadline) if deadline <= now || deadline < expected => {
                    Step::TooLate(expected.saturating_sub(now).max(Duration::from_millis(1)))
                }
                _ => Step::Wait(deadline),
            };
        }
        let Some(position) = state.queue.iter().position(|known| known.id == place) else {
            return Step::Wait(deadline);
        };
        let asking = state.queue[position].asking;
        match self.change(&mut state, |window| window.admit(&asking, &self.waits, now)) {
            Verdict::Go(lease) => {
                state.counts.admitted += 1;
                state.queue.remove(position);
                Self::call_next(state);
                Step::Go(lease)
            }
            Verdict::NotBefore(moment) => match deadline {
                Some(deadline) if deadline < moment => Step::TooLate(moment.saturating_sub(now)),
                // Nobody can make it come sooner.
                _ => Step::Wait(Some(moment)),
            },
            Verdict::AfterAnswer(moment) => match deadline {
                Some(deadline) if deadline <= now => {
                    Step::TooLate(moment.saturating_sub(now).min(AN_ANSWER).max(Duration::from_millis(1)))
                }
                Some(deadline) => Step::Wait(Some(self.look_again(moment.min(deadline), now))),
                None => Step::Wait(Some(self.look_again(moment, now))),
            },
        }
    }

    /// Other processes call nobody here.
    fn look_again(&self, moment: Moment, now: Moment) -> Moment {
        if self.store.is_some() { moment.min(now.saturating_add(LOOK_AGAIN)) } else { moment }
    }

    /// Ends when the caller at `place` is called, or at `until`.
    async fn called_or(&self, place: u64, until: Option<Moment>) {
        let mut timer = until.map(|until| self.clock.sleep(until.saturating_sub(self.clock.now())));
        poll_fn(|context| {
            if let Some(place) = self.state().queue.iter_mut().find(|known| known.id == place) {
                if std::mem::take(&mut place.is_called) {
                    return Poll::Ready(());
                }
                place.waker = Some(context.waker().clone());
            }
            match &mut timer {
                Some(timer) => timer.as_mut().poll(context),
                None => Poll::Pending,
            }
        })
        .await;
    }

    fn settle(&self, lease: u64, ending: Ending) {
        let (jitter, now) = (self.clock.jitter(), self.clock.now());
        let mut state = self.state();
        if let Ending::Answered(seen) | Ending::Refused { seen, .. } = &ending {
            state.counts.nonsense += u64::from(seen.nonsense);
        }
        state.counts.refused += u64::from(matches!(ending, Ending::Refused { .. }));
        self.change(&mut state, |window| window.settle(lease, ending, &self.waits, jitter, now));
        Self::call_next(state);
    }

    /// Changes the window: the shared one where there is one and it can be reached.
    fn change<R>(&self, state: &mut State, mut change: impl FnMut(&mut Window) -> R) -> R {
        let Some(store) = &self.store else { return change(&mut state.window) };
        let mut changed = None;
        let (now, wall) = (self.clock.now(), self.clock.wall());
        // All processes see the same wall clock. Where it was set since this one started, its own moments differ.
        let is_apart = now.abs_diff(wall) > APART;
        let outcome = store.update(&self.account, &mut |window| {
            if is_apart {
                window.translate(wall, now);
            }
            let result = change(window);
            changed = Some((result, window.clone()));
            if is_apart {
                window.translate(now, wall);
            }
        });
        match (outcome, changed) {
            (Ok(()), Some((result, window))) => {
                state.window = window;
                result
            }
            _ => {
                state.counts.store_errors += 1;
                change(&mut state.window)
            }
        }
    }

    /// Calls the first caller who may go as far as caps are concerned, and lets the state go before it runs. When all are
    /// held up by caps, the first of them looks after these: other processes may end what holds them up.
    fn call_next(mut state: MutexGuard<'_, State>) {
        let State { window, queue, .. } = &mut *state;
        let next = queue.iter().position(|place| !window.is_at_cap(&place.asking)).unwrap_or_default();
        let Some(next) = queue.get_mut(next) else { return };
        next.is_called = true;
        let waker = next.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No transition can panic half way; and if one did, a stale count is better than no gate at all.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A place in the queue, given up when the caller goes on or away.
struct Turn<'a> {
    gate: &'a Gate,
    id: u64,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        let before = state.queue.len();
        state.queue.retain(|place| place.id != self.id);
        if state.queue.len() < before {
            Gate::call_next(state);
        }
    }
}

impl Permit {
    /// Ends the request.
    pub fn settle(mut self, ending: Ending) {
        if let Some(lease) = self.lease.take() {
            self.gate.settle(lease, ending);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            self.gate.settle(lease, Ending::Lost);
        }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Gate").field("account", &self.account).finish_non_exhaustive()
    }
}
