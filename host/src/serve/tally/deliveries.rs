//! Counts of deliveries, by what became of each attempt.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Counts, Histogram, Metric, head, line, metric, single};
use crate::delivery::{DeliveryTally, Ending};

pub(super) const DELIVERIES: Metric = metric(
    "connector_deliveries_total",
    "counter",
    "outcome, reason",
    "Attempts to deliver: delivered, failed, dead, postponed until the resource can be read, a call has its answer or standard output is read, suppressed as an own change, or lost to another",
);
pub(super) const ATTEMPTS: Metric = metric(
    "connector_delivery_attempts_total",
    "counter",
    "",
    "Attempts to deliver, whatever became of them",
);
pub(super) const SECONDS: Metric = metric(
    "connector_delivery_duration_seconds",
    "histogram",
    "",
    "How long attempts to deliver took, the reading of the resource included",
);

/// The counts.
#[derive(Default)]
pub(super) struct Deliveries {
    endings: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    durations: Histogram,
}

impl DeliveryTally for Counts {
    fn attempted(&self, ending: Ending, took: Duration) {
        let mut endings = self.deliveries.endings.lock().unwrap_or_else(PoisonError::into_inner);
        *endings.entry(ending.words()).or_default() += 1;
        drop(endings);
        self.deliveries.durations.record(took);
    }
}

impl Deliveries {
    pub(super) fn text(&self, text: &mut String) {
        // Those without reasons are there from the start, so that their rates are.
        let mut all = BTreeMap::from([(("delivered", ""), 0), (("lost", ""), 0), (("suppressed", ""), 0)]);
        all.extend(self.endings.lock().unwrap_or_else(PoisonError::into_inner).iter());
        head(text, &DELIVERIES);
        for ((outcome, reason), count) in &all {
            let reason = if reason.is_empty() { String::new() } else { format!(",reason=\"{reason}\"") };
            line(text, DELIVERIES.name, &format!("{{outcome=\"{outcome}\"{reason}}}"), count);
        }
        single(text, &ATTEMPTS, all.values().sum());
        self.durations.text(text, &SECONDS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_what_became_of_them() {
        let counts = Counts::default();
        for ending in
            [Ending::Delivered, Ending::Failed("timeout"), Ending::Failed("timeout"), Ending::Dead("gone")]
        {
            counts.attempted(ending, Duration::from_millis(3));
        }
        let mut text = String::new();
        counts.deliveries.text(&mut text);
        for wanted in [
            "connector_deliveries_total{outcome=\"delivered\"} 1",
            "connector_deliveries_total{outcome=\"failed\",reason=\"timeout\"} 2",
            "connector_deliveries_total{outcome=\"dead\",reason=\"gone\"} 1",
            "connector_deliveries_total{outcome=\"lost\"} 0",
            "connector_deliveries_total{outcome=\"suppressed\"} 0",
            "connector_delivery_attempts_total 4",
            "connector_delivery_duration_seconds_count 4",
        ] {
            assert!(text.lines().any(|line| line == wanted), "{wanted} is missing in\n{text}");
        }
    }
}
