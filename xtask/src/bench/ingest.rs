//! Activations that become durable: the table of the benchmark.

use xshell::{Shell, cmd};

use super::table::table;
use super::{heading, place};
use crate::steps::say;

/// For each number of callers SQLite alone comes last, and the others are told in parts of it.
///
/// # Errors
/// When the benchmark cannot be built, or stops.
pub(super) fn ingest(shell: &Shell) -> anyhow::Result<()> {
    let bin = ["--release", "--package", "connector-bench", "--bin", "ingest"];
    cmd!(shell, "cargo build {bin...}").quiet().run()?;
    // It starts the service as a process of its own.
    let service = ["--release", "--package", "connector-host", "--bin", "connector"];
    cmd!(shell, "cargo build {service...}").quiet().run()?;
    let folder = place(&shell.current_dir())?.work;
    let printed = cmd!(shell, "cargo run --quiet {bin...} -- {folder}").quiet().read()?;
    let columns = [
        "connections",
        "contender",
        "accepts/s",
        "p50 ms",
        "p99 ms",
        "rows a commit",
        "speed to the last",
        "p99 to it",
    ];
    let mut rows = vec![heading(&columns)];
    rows.extend(with_ratios(&printed));
    say(&format!("\n{}", table(&rows)));
    Ok(())
}

/// The cells of each line, with its rate and its p99 in parts of those of the last line of as many callers.
fn with_ratios(printed: &str) -> Vec<Vec<String>> {
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split('\t').collect()).collect();
    let number = |line: &[&str], index: usize| {
        line.get(index).and_then(|cell| cell.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    let row = |line: &Vec<&str>| {
        let last = lines.iter().rev().find(|other| other.first() == line.first()).unwrap_or(line);
        let mut cells: Vec<String> = line.iter().map(|cell| (*cell).to_owned()).collect();
        cells.push(format!("{:.0} %", 100.0 * number(line, 2) / number(last, 2)));
        cells.push(format!("{:.2}", number(line, 4) / number(last, 4)));
        cells
    };
    lines.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_in_parts_of_the_last_of_as_many_callers() {
        let rows = with_ratios("1\ta\t50\t1.0\t6.0\t1\n1\tb\t100\t1.0\t3.0\t1\n64\ta\t10\t1\t1\t9\n");
        let ratios: Vec<_> = rows.iter().map(|row| (row[6].as_str(), row[7].as_str())).collect();
        assert_eq!(ratios, [("50 %", "2.00"), ("100 %", "1.00"), ("100 %", "1.00")]);
    }
}
