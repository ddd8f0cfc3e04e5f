//! How long something took, counted in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Metric, head, line};

/// Upper bounds of the buckets of histograms, in microseconds, with the seconds that Prometheus reads.
const BOUNDS: [(u64, &str); 14] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
];

/// Counts durations by how long they were.
#[derive(Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub(super) fn record(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BOUNDS.iter().position(|(bound, _)| microseconds <= *bound) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// Writes its buckets, its sum and its count.
    pub(super) fn text(&self, text: &mut String, metric: &Metric) {
        head(text, metric);
        let mut below = 0;
        for ((_, bound), bucket) in BOUNDS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            line(text, &format!("{}_bucket", metric.name), &format!("{{le=\"{bound}\"}}"), below);
        }
        // Counted while this is written, so that no bucket says less than the one below it.
        let count = self.count.load(Ordering::Relaxed).max(below);
        line(text, &format!("{}_bucket", metric.name), "{le=\"+Inf\"}", count);
        let sum = Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64();
        line(text, &format!("{}_sum", metric.name), "", sum);
        line(text, &format!("{}_count", metric.name), "", count);
    }
}
