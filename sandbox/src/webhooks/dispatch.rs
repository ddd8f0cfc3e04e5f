//! The task that makes the deliveries: one for each sandbox, ended with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::announcement::{Lot, apply};
use super::delivery::DeliveryAttempt;
use super::hook::is_live;
use super::ledger::Start;
use super::options::RetryTimestamps;
use super::sender::Sender;
use super::signing::{self, Content};
use crate::server::Shared;

/// Makes every attempt when it is due, until the sandbox stops; what is being sent then is broken off.
pub(crate) async fn run(shared: Arc<Shared>) {
    let sender = Arc::new(Sender::new(shared.webhooks.timeout));
    let mut attempts: JoinSet<(u64, DeliveryAttempt)> = JoinSet::new();
    loop {
        for start in begin(&shared) {
            attempts.spawn(attempt(Arc::clone(&shared), Arc::clone(&sender), start));
        }
        let next_due = shared.webhooks.ledger().next_due();
        tokio::select! {
            () = shared.stopped() => return,
            () = shared.webhooks.wake.notified() => {}
            () = until(&shared, next_due) => {}
            Some(ended) = attempts.join_next() => {
                if let Ok((id, attempt)) = ended {
                    finish(&shared, id, attempt);
                }
            }
        }
    }
}

/// Waits until this time of the store's clock, or for ever.
async fn until(shared: &Shared, due_ms: Option<u64>) {
    match due_ms {
        Some(due) => shared.clock.wait(Duration::from_millis(due.saturating_sub(shared.now_ms()))).await,
        None => std::future::pending().await,
    }
}

fn begin(shared: &Shared) -> Vec<Start> {
    let now_ms = shared.now_ms();
    let mut store = shared.store();
    let mut ledger = shared.webhooks.ledger();
    let (starts, consequences) = ledger.begin(now_ms, |hook| is_live(&store, hook));
    apply(shared, &mut store, &mut ledger, consequences, now_ms);
    drop(ledger);
    // Deliveries may have ended without an attempt.
    shared.webhooks.changed.send_replace(());
    starts
}

fn finish(shared: &Shared, id: u64, attempt: DeliveryAttempt) {
    let now_ms = shared.now_ms();
    let mut store = shared.store();
    let mut ledger = shared.webhooks.ledger();
    let consequence = ledger.finish(id, attempt, now_ms);
    apply(shared, &mut store, &mut ledger, consequence.into_iter().collect(), now_ms);
    drop(ledger);
    shared.webhooks.changed.send_replace(());
}

async fn attempt(shared: Arc<Shared>, sender: Arc<Sender>, start: Start) -> (u64, DeliveryAttempt) {
    let at_ms = shared.now_ms();
    let is_forged = Lot::of(&shared).forges(start.id, start.earlier);
    let signature = signature(&shared, &start, at_ms, is_forged);
    let ending = sender.send(&start.target, &signature, start.body).await;
    let attempt = DeliveryAttempt { at_ms, status: ending.ok(), failure: ending.err(), is_forged };
    (start.id, attempt)
}

/// The headers that sign an attempt; a forged one is signed with a secret that nobody has.
fn signature(shared: &Shared, start: &Start, at_ms: u64, is_forged: bool) -> Vec<(&'static str, String)> {
    let timestamp_ms = match shared.webhooks.retry_timestamps {
        RetryTimestamps::Renewed => at_ms,
        RetryTimestamps::Kept => start.first_ms,
    };
    let secret = shared.accounts.secret_of(&start.target.client_id);
    let forged = format!("not {secret}");
    let key = if is_forged { &forged } else { secret };
    let content = Content { id: &start.message_id, timestamp_ms, body: &start.body };
    signing::headers(shared.webhooks.profile, key, content)
}
