//! Runs a program and says what it cost: seconds of CPU and peak memory, of it and of everything it started.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use wait4::Wait4 as _;

/// What a run cost. On a shared machine only CPU time can be compared; elapsed time says how busy the others were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    /// Time of CPU, user and system together.
    pub(crate) cpu: Duration,
    /// The most memory that one process of the run held, in bytes.
    pub(crate) peak: u64,
}

impl Cost {
    pub(crate) fn seconds(self) -> f64 {
        self.cpu.as_secs_f64()
    }

    pub(crate) fn megabytes(self) -> f64 {
        self.peak as f64 / 1e6
    }
}

/// The medians of what `rounds` runs cost.
///
/// # Errors
/// When a run fails.
pub(crate) fn median(
    rounds: usize,
    mut run: impl FnMut(usize) -> anyhow::Result<Cost>,
) -> anyhow::Result<Cost> {
    let costs = (0..rounds).map(&mut run).collect::<anyhow::Result<Vec<Cost>>>()?;
    Ok(Cost {
        cpu: middle(costs.iter().map(|cost| cost.cpu)),
        peak: middle(costs.iter().map(|cost| cost.peak)),
    })
}

/// Runs `command` to its end; what it prints goes to `log`.
///
/// # Errors
/// When it cannot be started or exits with another code than 0; the message ends with the last lines of `log`.
pub(crate) fn measure(command: &mut Command, log: &Path) -> anyhow::Result<Cost> {
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let spelled = spelled(command);
    let child = command.spawn().with_context(|| format!("cannot start {spelled}"))?;
    let used = child.wait4().with_context(|| format!("cannot wait for {spelled}"))?;
    if !used.status.success() {
        bail!("{spelled} failed ({}):\n{}", used.status, last_lines(&std::fs::read_to_string(log)?, 20));
    }
    Ok(Cost { cpu: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss })
}

fn middle<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
    let mut sorted: Vec<T> = values.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_costs_time_and_memory() {
        let log = std::env::temp_dir().join(format!("measure-{}.log", std::process::id()));
        let cost = measure(Command::new("cargo").arg("--version"), &log).unwrap();
        assert!(cost.cpu > Duration::ZERO && cost.megabytes() > 1.0, "{cost:?}");
        assert!(std::fs::read_to_string(&log).unwrap().starts_with("cargo "));
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_run_that_fails_says_what_it_printed() {
        let log = std::env::temp_dir().join(format!("measure-failure-{}.log", std::process::id()));
        let error = measure(Command::new("cargo").arg("no-such-subcommand"), &log).unwrap_err();
        std::fs::remove_file(log).unwrap();
        assert!(error.to_string().contains("no such command"), "{error}");
    }

    #[test]
    fn the_median_of_three_is_the_second_in_size() {
        let costs = [5, 1, 3].map(|size| Cost { cpu: Duration::from_secs(size), peak: 10 - size });
        let median = median(3, |round| Ok(costs[round])).unwrap();
        assert_eq!(median, Cost { cpu: Duration::from_secs(3), peak: 7 });
    }
}
