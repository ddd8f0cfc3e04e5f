//! The demo's book: every call that was made, and what became of it.

use std::collections::BTreeMap;

use connector_runtime::{Class, Error, Reply};

use crate::failure::milliseconds;
use crate::members::Members;

/// The word for a call that went well, beside the classes of errors.
pub(super) const SUCCEEDED: &str = "succeeded";

/// The calls so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    by_action: BTreeMap<String, BTreeMap<&'static str, u32>>,
    stopped: u32,
    step: Vec<Members>,
}

impl Ledger {
    /// Begins a new step.
    pub(super) fn begin(&mut self) {
        self.step.clear();
    }

    /// The calls of this step, one JSON object each.
    pub(super) fn step(&self) -> &[Members] {
        &self.step
    }

    /// Enters a call.
    pub(super) fn note(&mut self, action: &str, outcome: Result<&Reply<()>, &Error>) {
        let word = outcome.map_or_else(|error| error.class().as_str(), |_| SUCCEEDED);
        *self.by_action.entry(action.to_owned()).or_default().entry(word).or_default() += 1;
        // What is refused in these ways and without a status was refused on this side.
        let is_own = |class| matches!(class, Class::Validation | Class::RateLimitedWindow);
        if outcome.is_err_and(|error| is_own(error.class()) && error.status().is_none()) {
            self.stopped += 1;
        }
        self.step.push(entry(action, word, outcome));
    }

    /// The actions that were called, each with how often which outcome came.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&str, &BTreeMap<&'static str, u32>)> {
        self.by_action.iter().map(|(action, outcomes)| (action.as_str(), outcomes))
    }

    /// Whether an action was called and went well at least once.
    pub(super) fn has_succeeded(&self, action: &str) -> bool {
        self.by_action.get(action).is_some_and(|outcomes| outcomes.contains_key(SUCCEEDED))
    }

    /// How often which outcome came, over all actions.
    pub(super) fn outcomes(&self) -> BTreeMap<&'static str, u32> {
        let mut all = BTreeMap::new();
        for (outcome, count) in self.by_action.values().flatten() {
            *all.entry(*outcome).or_default() += count;
        }
        all
    }

    /// How often this outcome came, over all actions.
    pub(super) fn count(&self, outcome: &str) -> u32 {
        self.outcomes().get(outcome).copied().unwrap_or_default()
    }

    /// How many calls were made.
    pub(super) fn made(&self) -> u32 {
        self.by_action.values().flat_map(BTreeMap::values).sum()
    }

    /// How many of them were stopped before anything was sent.
    pub(super) fn stopped(&self) -> u32 {
        self.stopped
    }
}

fn entry(action: &str, word: &str, outcome: Result<&Reply<()>, &Error>) -> Members {
    let members = Members::default().with("action", action).with("outcome", word);
    match outcome {
        Ok(reply) => members.with("status", reply.status),
        Err(error) => members
            .with("status", error.status())
            .with("retryable", error.is_retryable())
            .with("retry_after_ms", error.retry_after().map(milliseconds)),
    }
}
