//! Measures contenders in turn, so that one slow second of the machine hits all of them alike.

pub mod derived;
pub mod page;

use std::io::{self, Write};
use std::time::Instant;

/// One of those that do the same work.
pub struct Contender<'a> {
    /// How it is called in the table.
    pub name: &'static str,
    /// Does the work once.
    pub work: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender of this name that does this work.
    pub fn new(name: &'static str, work: impl FnMut() + 'a) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// How long a race is.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// Rounds over all contenders.
    pub rounds: usize,
    /// How often each does its work in a round: long enough for the clock to be exact.
    pub repetitions: u32,
}

impl Race {
    /// The median of each contender, in seconds for one piece of work, in the order of `contenders`.
    pub fn run(self, contenders: &mut [Contender<'_>]) -> Vec<f64> {
        let mut times = vec![Vec::with_capacity(self.rounds); contenders.len()];
        for round in 0..self.rounds {
            // Nobody is always first after somebody else's garbage.
            for turn in 0..contenders.len() {
                let index = (round + turn) % contenders.len();
                let work = &mut contenders[index].work;
                let started = Instant::now();
                for _ in 0..self.repetitions {
                    work();
                }
                times[index].push(started.elapsed().as_secs_f64() / f64::from(self.repetitions));
            }
        }
        times.into_iter().map(median).collect()
    }

    /// Runs and prints a line for each contender: its name, a tab, and the median in units of `unit` seconds.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn print(self, contenders: &mut [Contender<'_>], unit: f64, out: &mut dyn Write) -> io::Result<()> {
        let medians = self.run(contenders);
        for (contender, seconds) in contenders.iter().zip(medians) {
            writeln!(out, "{}\t{:.1}", contender.name, seconds / unit)?;
        }
        Ok(())
    }
}

/// The middle one; 0 of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn everybody_works_equally_often() {
        let (mut first, mut second) = (0, 0);
        let mut contenders =
            [Contender::new("first", || first += 1), Contender::new("second", || second += 1)];
        let mut out = Vec::new();
        Race { rounds: 3, repetitions: 4 }.print(&mut contenders, 1.0, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        assert!(
            lines.starts_with("first\t") && lines.lines().nth(1).unwrap().starts_with("second\t"),
            "{lines}"
        );
        drop(contenders);
        assert_eq!((first, second), (12, 12));
    }
}
