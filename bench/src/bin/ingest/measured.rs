//! What a turn came to.

use std::time::Duration;

use connector_bench::median;

/// A turn of one contender.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// How long each caller waited.
    pub(crate) waits: Vec<Duration>,
    /// How many rows became durable.
    pub(crate) rows: usize,
    /// How many commits it took.
    pub(crate) commits: u64,
    pub(crate) elapsed: Duration,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        self.rows as f64 / self.elapsed.as_secs_f64()
    }

    /// Rows for each commit.
    pub(crate) fn batch(&self) -> f64 {
        self.rows as f64 / (self.commits.max(1)) as f64
    }

    /// So many of a hundred waited at most so long, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let index = (waits.len() * percent / 100).min(waits.len().saturating_sub(1));
        waits.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// Medians over the turns: rows a second, milliseconds of half and of 99 in a hundred, rows for each commit.
pub(crate) fn cells(turns: &[Measured]) -> String {
    let of = |number: fn(&Measured) -> f64| median(turns.iter().map(number).collect());
    let (half, most) = (of(|turn| turn.percentile(50)), of(|turn| turn.percentile(99)));
    format!("{:.0}\t{half:.2}\t{most:.2}\t{:.1}", of(Measured::rate), of(Measured::batch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_told_in_rates_and_percentiles() {
        let waits = (1..=200).map(Duration::from_millis).collect();
        let turn = Measured { waits, rows: 400, commits: 100, elapsed: Duration::from_secs(2) };
        assert_eq!(cells(&[turn]), "200\t101.00\t199.00\t4.0");
    }
}
