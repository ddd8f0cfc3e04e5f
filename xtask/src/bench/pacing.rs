//! Many callers against a limited store: the options of the benchmark, and its table.

use clap::{Args, ValueEnum};
use xshell::{Shell, cmd};

use super::heading;
use super::table::table;
use crate::steps::say;

/// Options of the runs against a limited store.
#[derive(Args)]
pub(crate) struct Options {
    /// How long windows and answers take
    #[arg(long, value_enum, default_value_t = Scale::Scaled)]
    scale: Scale,

    /// Scenarios to run: plain, inside, foreign, lag, sliding, rejections, all-three, bare, missing, nonsense, mixed,
    /// sharing, apart, killed
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,

    /// Say what each window answered and turned away
    #[arg(long)]
    windows: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scale {
    /// Windows of 1 second, answers within 2 ms
    Scaled,
    /// Windows of 30 seconds, answers within 60 ms
    Real,
}

/// Runs the scenarios and prints a table; progress goes to the standard error while they run.
///
/// # Errors
/// When the benchmark cannot be built, or stops.
pub(crate) fn pacing(shell: &Shell, options: &Options) -> anyhow::Result<()> {
    let bin = ["--release", "--package", "connector-bench", "--bin", "pacing"];
    cmd!(shell, "cargo build {bin...}").quiet().run()?;
    let scale = match options.scale {
        Scale::Scaled => "scaled",
        Scale::Real => "real",
    };
    let (windows, names) = (options.windows.then_some("--windows"), &options.only);
    let printed =
        cmd!(shell, "cargo run --quiet {bin...} -- {scale} {windows...} {names...}").quiet().read()?;
    let columns = ["scenario", "workers", "client", "time", "429s", "in a window", "given up", "sent"];
    let mut rows = vec![heading(&columns)];
    rows.extend(printed.lines().map(|line| line.split('\t').map(str::to_owned).collect()));
    say(&format!("\n{}", table(&rows)));
    Ok(())
}
