//! The demo's book: every call that was made, every activation that arrived, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use connector_runtime::{Class, Error, Reply};

use super::engine::Activation;
use crate::failure::milliseconds;
use crate::members::Members;

/// The word for a call that went well, beside the classes of errors.
pub(super) const SUCCEEDED: &str = "succeeded";

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    by_action: BTreeMap<String, BTreeMap<&'static str, u32>>,
    stopped: u32,
    calls: Vec<Members>,
    activations: Vec<Members>,
    by_trigger: BTreeMap<String, u32>,
    by_origin: BTreeMap<String, u32>,
    /// Triggers and subjects of all activations.
    known: BTreeSet<(String, String)>,
    /// Forged deliveries that the service refused.
    pub(super) forged: u32,
    /// Calls that the service has made itself, in the lives that ended.
    pub(super) served: u64,
    /// Calls of commands that ran beside it.
    pub(super) commanded: u64,
}

impl Ledger {
    /// Begins a new step.
    pub(super) fn begin(&mut self) {
        self.calls.clear();
        self.activations.clear();
    }

    /// The calls of this step, one JSON object each.
    pub(super) fn calls(&self) -> &[Members] {
        &self.calls
    }

    /// The activations of this step, one JSON object each.
    pub(super) fn activations(&self) -> &[Members] {
        &self.activations
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
        self.calls.push(entry(action, word, outcome));
    }

    /// Enters an activation that arrived.
    pub(super) fn arrived(&mut self, activation: &Activation) {
        *self.by_trigger.entry(activation.trigger()).or_default() += 1;
        *self.by_origin.entry(activation.attribute("origin")).or_default() += 1;
        self.known.insert((activation.trigger(), activation.attribute("subject")));
        self.activations.push(activation.facts());
    }

    /// Whether an activation of this trigger and subject has arrived.
    pub(super) fn knows(&self, trigger: &str, subject: &str) -> bool {
        self.known.contains(&(trigger.to_owned(), subject.to_owned()))
    }

    /// The actions that were called, each with how often which outcome came.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&str, &BTreeMap<&'static str, u32>)> {
        self.by_action.iter().map(|(action, outcomes)| (action.as_str(), outcomes))
    }

    /// The actions that were called and never went well.
    pub(super) fn never_succeeded(&self) -> Vec<&str> {
        let failed = self.actions().filter(|(_, outcomes)| !outcomes.contains_key(SUCCEEDED));
        failed.map(|(action, _)| action).collect()
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

    /// How many activations of which trigger arrived.
    pub(super) fn by_trigger(&self) -> &BTreeMap<String, u32> {
        &self.by_trigger
    }

    /// How many activations arrived in which way.
    pub(super) fn by_origin(&self) -> &BTreeMap<String, u32> {
        &self.by_origin
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
