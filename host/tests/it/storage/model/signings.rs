//! The rule for deliveries without a signed id, in plain words.

use std::time::Duration;

use connector_host::storage::{Activation, Arrival, Identity, Receipt, Retention, generation_id};

use super::super::{NOW, activation};

/// A delivery that was seen, and which activation of its key it led to.
struct Signing {
    key: u8,
    connection: usize,
    signed: u8,
    generation: i64,
    received_ms: i64,
}

#[derive(Default)]
pub(super) struct Signings(Vec<Signing>);

/// A change that is signed at a moment, without an id.
pub(super) fn change(key: u8, connection: usize, signed: u8, received_ms: i64) -> Arrival {
    let activation = Activation { received_ms, ..activation("", connection, Some(&format!("{key}"))) };
    let identity = Identity::Signed { key: [key; 32], signed_ms: NOW + i64::from(signed) };
    Arrival { activation, identity, former_id: None }
}

impl Signings {
    /// What should become of a change. `was_leased` is `None` for an activation that is not stored.
    pub(super) fn take(
        &mut self,
        (key, connection, signed): (u8, usize, u8),
        received_ms: i64,
        was_leased: impl Fn(&str) -> Option<bool>,
    ) -> Receipt {
        let Activation { connection: name, trigger, .. } =
            change(key, connection, signed, received_ms).activation;
        let id_of = |generation| generation_id(&name, &trigger, &[key; 32], generation);
        let of_key = |one: &&mut Signing| (one.key, one.connection) == (key, connection);
        if let Some(seen) = self.0.iter_mut().filter(of_key).find(|one| one.signed == signed) {
            return Receipt { id: id_of(seen.generation), is_new: false };
        }
        let last = self.0.iter_mut().filter(of_key).max_by_key(|one| one.signed);
        let latest = last.as_ref().map(|last| last.generation);
        let mut generation = latest.unwrap_or(0);
        // What is not stored any more was leased.
        let is_over = |generation| match was_leased(&id_of(generation)) {
            Some(was_leased) => was_leased,
            None => Some(generation) == latest,
        };
        while is_over(generation) {
            generation += 1;
        }
        // A generation of which the latest time does not know is kept in mind there.
        if let Some(last) = last.filter(|last| last.signed > signed && last.generation != generation) {
            (last.generation, last.received_ms) = (generation, received_ms);
        }
        self.0.push(Signing { key, connection, signed, generation, received_ms });
        let id = id_of(generation);
        Receipt { is_new: was_leased(&id).is_none(), id }
    }

    pub(super) fn forget(&mut self, is_over: impl Fn(i64, Duration) -> bool) {
        self.0.retain(|one| !is_over(one.received_ms, Retention::IDS));
    }
}
