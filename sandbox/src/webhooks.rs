//! Webhooks as they are sent: which webhook is told of what happened, and how the deliveries fare.
//! Source: `docs/integrations/webhooks/overview.mdx` and `https-webhook-overview.mdx` of
//! <https://github.com/bigcommerce/docs>.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{Notify, watch};

use crate::server::Shared;
use crate::store::Store;
use ledger::Ledger;
use options::{Destinations, RetryTimestamps, SignatureProfile, WebhookOptions};
use schedule::Scale;

pub(crate) mod announcement;
pub(crate) mod delivery;
pub(crate) mod dispatch;
mod domains;
pub(crate) mod event;
pub(crate) mod hook;
pub(crate) mod ledger;
pub(crate) mod options;
pub(crate) mod schedule;
pub(crate) mod sender;
mod signing;

/// The settings of webhooks and the deliveries on their way.
pub(crate) struct Webhooks {
    profile: SignatureProfile,
    retry_timestamps: RetryTimestamps,
    new_hook_delay: Duration,
    /// Where webhooks can lead.
    pub(crate) destinations: Destinations,
    timeout: Duration,
    ledger: Mutex<Ledger>,
    /// Wakes the dispatcher.
    wake: Notify,
    /// Tells those who wait for deliveries that something changed.
    changed: watch::Sender<()>,
}

impl Webhooks {
    /// Webhooks with these settings, on this scale of time, and without deliveries.
    pub(crate) fn new(options: &WebhookOptions, scale: Scale) -> Self {
        Self {
            profile: options.profile,
            retry_timestamps: options.retry_timestamps,
            new_hook_delay: options.new_hook_delay,
            destinations: options.destinations,
            timeout: options.timeout,
            ledger: Mutex::new(Ledger::new(scale, options.remembered_deliveries, options.waiting_deliveries)),
            wake: Notify::new(),
            changed: watch::Sender::new(()),
        }
    }

    /// The deliveries, for as long as the guard lives. Where the store is needed too, it is locked first.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the dispatcher and those who wait look again.
    pub(crate) fn stir(&self) {
        self.wake.notify_one();
        self.changed.send_replace(());
    }

    /// Forgets every delivery.
    pub(crate) fn clear(&self) {
        self.ledger().clear();
        self.stir();
    }

    /// Deactivates the webhooks that have been told of nothing for 90 days.
    pub(crate) fn retire_idle(&self, store: &mut Store, now_ms: u64) {
        // Not on the scale of the retries: a store that is sped up would lose webhooks between two tests.
        let is_idle = |last: &u64| now_ms >= last.saturating_add(schedule::IDLE_MS);
        let idle = store.hook_activity.iter().filter(|(_, last)| is_idle(last));
        let idle: Vec<u64> = idle.map(|(hook, _)| *hook).collect();
        for id in idle {
            hook::deactivate(store, id, now_ms);
        }
    }
}

/// How long somebody wants to wait for deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Until nothing is being sent and nothing is due.
    Settled,
    /// Until no attempt will come any more either.
    Done,
}

/// Waits until the deliveries have come to this rest, or the sandbox stops.
pub(crate) async fn rest(shared: &Shared, rest: Rest) {
    let mut changed = shared.webhooks.changed.subscribe();
    loop {
        let is_over = match rest {
            Rest::Settled => shared.webhooks.ledger().is_settled(shared.now_ms()),
            Rest::Done => shared.webhooks.ledger().is_done(),
        };
        if is_over {
            return;
        }
        tokio::select! {
            // The sender lives as long as the store.
            _ = changed.changed() => {}
            () = shared.stopped() => return,
        }
    }
}

/// The innermost layer: what a request did to the store becomes deliveries before it is answered.
pub(crate) async fn tell(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_eventful = {
        let mut store = shared.store();
        !store.events.is_empty() && announcement::announce(&shared, &mut store)
    };
    if is_eventful {
        shared.webhooks.stir();
    }
    response
}
