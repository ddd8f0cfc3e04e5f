//! From what happened to the deliveries that tell of it, and the ways in which they go astray on demand.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;

use super::Webhooks;
use super::event::{DELIVERY_EXCEPTION, Event};
use super::hook::{deactivate, told_of};
use super::ledger::{Consequence, Ledger, Planned, Target};
use crate::misbehaviour::Misbehaviour;
use crate::rate::Rate;
use crate::seed::random::Random;
use crate::server::Shared;
use crate::store::Store;

/// How long a delivery that is to be overtaken waits for the one that does, in milliseconds.
const HELD_MS: u64 = 60_000;

/// The kinds of misbehaviour of deliveries; each draws numbers of its own, so that none changes another.
#[derive(Clone, Copy, Debug)]
enum Chance {
    Late = 1,
    Duplicate,
    Overtaken,
    Repeated,
    Forged,
    MessageId,
}

/// What of all deliveries follows from chance: the seed of the store, and the rates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lot {
    seed: u64,
    habits: Misbehaviour,
}

impl Lot {
    /// What the store holds ready now.
    pub(crate) fn of(shared: &Shared) -> Self {
        Self { seed: shared.beginning.seed, habits: shared.admission().misbehaviour }
    }

    fn stream(self, chance: Chance, number: u64) -> Random {
        let seed = self.seed.rotate_left(16) ^ (chance as u64).rotate_left(56);
        Random::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn meets(self, chance: Chance, rate: Rate, number: u64) -> bool {
        rate.includes(self.stream(chance, number).next())
    }

    /// Whether this attempt, of which there were so many `earlier` ones, is signed wrongly.
    pub(crate) fn forges(self, delivery: u64, earlier: usize) -> bool {
        let number = delivery.rotate_left(8) ^ earlier as u64;
        self.meets(Chance::Forged, self.habits.webhook_forged_rate, number)
    }

    /// An id for a message. The time is in it, too: a store that is started again with the same seed has new messages.
    fn message_id(self, delivery: u64, now_ms: u64) -> String {
        let mut random = self.stream(Chance::MessageId, delivery ^ now_ms.rotate_left(20));
        format!("msg_{:016x}{:016x}", random.next(), random.next())
    }
}

/// Turns what happened into deliveries; whether there was anybody to tell.
pub(crate) fn announce(shared: &Shared, store: &mut Store) -> bool {
    let now_ms = shared.now_ms();
    let lot = Lot::of(shared);
    shared.webhooks.retire_idle(store, now_ms);
    let mut ledger = shared.webhooks.ledger();
    let mut is_told = false;
    for event in std::mem::take(&mut store.events) {
        for target in audience(&shared.webhooks, store, event.scope, now_ms) {
            deliver(&mut ledger, lot, &shared.store_hash, &event, &target, now_ms);
            is_told = true;
        }
    }
    is_told
}

/// The webhooks that are told of `scope`, which are not idle with that.
fn audience(webhooks: &Webhooks, store: &mut Store, scope: &str, now_ms: u64) -> Vec<Arc<Target>> {
    let delay = webhooks.new_hook_delay.as_millis();
    let is_ready = |created: u128| u128::from(now_ms) >= created.saturating_add(delay);
    let targets = told_of(store, scope, |id| store.hooks.created(id).is_none_or(is_ready));
    for target in &targets {
        store.hook_activity.insert(target.hook, now_ms);
    }
    targets
}

/// Plans the delivery of one event to one webhook, and what misbehaviour adds to it.
fn deliver(
    ledger: &mut Ledger,
    lot: Lot,
    store_hash: &str,
    event: &Event,
    target: &Arc<Target>,
    now_ms: u64,
) {
    let number = ledger.next_id();
    let habits = lot.habits;
    let late = lot.meets(Chance::Late, habits.webhook_late_rate, number);
    let due_ms = now_ms.saturating_add(if late { habits.webhook_late_ms.into() } else { 0 });
    let created_at = now_ms / 1_000;
    let first = planned(event, target, lot.message_id(number, now_ms), store_hash, created_at, due_ms);
    let Some(id) = ledger.add(first.clone()) else { return };
    let overtakes = ledger.overtake(target.hook, id);
    if !overtakes && lot.meets(Chance::Overtaken, habits.webhook_reorder_rate, number) {
        ledger.hold(id, due_ms.saturating_add(HELD_MS));
    }
    if lot.meets(Chance::Duplicate, habits.webhook_duplicate_rate, number) {
        ledger.add(Planned { duplicate_of: Some(id), ..first });
    }
    if lot.meets(Chance::Repeated, habits.webhook_repeat_rate, number) {
        let message_id = lot.message_id(ledger.next_id(), now_ms);
        ledger.add(planned(event, target, message_id, store_hash, created_at + 1, due_ms));
    }
}

fn planned(
    event: &Event,
    target: &Arc<Target>,
    message_id: String,
    store_hash: &str,
    created_at: u64,
    due_ms: u64,
) -> Planned {
    Planned {
        target: Arc::clone(target),
        scope: event.scope,
        message_id,
        body: Bytes::from(event.envelope(store_hash, created_at).to_string()),
        resource: event.resource(),
        due_ms,
        duplicate_of: None,
    }
}

/// Carries out what follows from failed attempts: webhooks end, and those who asked are told of the failures.
pub(crate) fn apply(
    shared: &Shared,
    store: &mut Store,
    ledger: &mut Ledger,
    consequences: Vec<Consequence>,
    now_ms: u64,
) {
    let lot = Lot::of(shared);
    for Consequence { target, exceptions, ends_hook } in consequences {
        if ends_hook {
            deactivate(store, target.hook, now_ms);
        }
        for code in exceptions {
            let event = Event::about(DELIVERY_EXCEPTION, "webhook", target.hook)
                .with("error_code", json!(code))
                .with("message", json!(message(code)));
            let told = audience(&shared.webhooks, store, DELIVERY_EXCEPTION, now_ms);
            for other in told.iter().filter(|other| other.client_id == target.client_id) {
                deliver(ledger, lot, &shared.store_hash, &event, other, now_ms);
            }
        }
    }
}

fn message(code: u32) -> &'static str {
    match code {
        90_001 => "The delivery failed and will be tried again.",
        90_002 => "The delivery failed for the last time, and the webhook was deactivated.",
        _ => "The domain of the destination is blocked for a while.",
    }
}
