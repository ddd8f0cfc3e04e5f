//! Counts of actions that workflows called, by what became of each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Counts, Metric, head, line, metric};
use crate::acting::http::ActionTally;

pub(super) const ACTIONS: Metric = metric(
    "connector_actions_total",
    "counter",
    "outcome",
    "Actions that workflows called: ok, or the class of the error",
);

/// The counts.
#[derive(Default)]
pub(super) struct Actions(Mutex<BTreeMap<&'static str, u64>>);

impl ActionTally for Counts {
    fn acted(&self, outcome: &'static str) {
        let mut actions = self.actions.0.lock().unwrap_or_else(PoisonError::into_inner);
        *actions.entry(outcome).or_default() += 1;
    }
}

impl Actions {
    pub(super) fn text(&self, text: &mut String) {
        // What is wanted is there from the start, so that its rate is.
        let mut all = BTreeMap::from([("ok", 0)]);
        all.extend(self.0.lock().unwrap_or_else(PoisonError::into_inner).iter());
        head(text, &ACTIONS);
        for (outcome, count) in &all {
            line(text, ACTIONS.name, &format!("{{outcome=\"{outcome}\"}}"), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_counted_by_what_became_of_them() {
        let counts = Counts::default();
        counts.acted("validation");
        counts.acted("validation");
        let mut text = String::new();
        counts.actions.text(&mut text);
        for wanted in
            ["connector_actions_total{outcome=\"ok\"} 0", "connector_actions_total{outcome=\"validation\"} 2"]
        {
            assert!(text.lines().any(|line| line == wanted), "{wanted} is missing in\n{text}");
        }
    }
}
