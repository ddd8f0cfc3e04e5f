//! Measures and prints; it never fails for being slow. Only the score of the diagnostics has least values. What is compared, and what was measured last, stands in
//! ARCHITECTURE.md.

mod diagnostics;
mod ingest;
mod measure;
mod ours;
mod pacing;
mod report;
mod rivals;
mod synthetic;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cargo_metadata::MetadataCommand;
use clap::{Args, Subcommand, ValueEnum};
use xshell::{Shell, cmd};

use crate::steps::{Steps, say};
use measure::Cost;
use ours::{Connector, Generation};
use report::{check_table, generation_table, megabytes, rivalry_row, seconds};
use rivals::{RIVALS, Rival, Rivalry};
use synthetic::Size;
use table::table;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The compiler of manifests and what it writes: generation, compile time, decoding, other generators beside it
    #[command(after_help = "Examples:
  cargo xtask bench codegen                          everything, a quarter of an hour of CPU and more with rivals
  cargo xtask bench codegen --skip rivals,release    generation, `cargo check` and decoding
  PATH=/opt/rivals/bin:$PATH cargo xtask bench codegen
                                                     with generators that `cargo install --root /opt/rivals` put there

Times are seconds of CPU, user and system, of a program and all it starts; memory is the peak of the largest process.
Nothing is asserted: the numbers are for people, and other work on the machine moves them.")]
    Codegen(Codegen),
    /// Verification of signed webhooks, beside the HMAC by hand and another receiver
    #[command(after_help = "Examples:
  cargo xtask bench verify     some seconds; a delivery of 300 bytes, each contender on one thread, in turn

Work of others on the machine slows the contenders unevenly: run it when the machine is quiet, and more than once.")]
    Verify,
    /// The gate in front of an account's quota, where nobody has to wait
    #[command(after_help = "Examples:
  cargo xtask bench gate       some seconds; to enter and to settle, on one thread")]
    Gate,
    /// Many callers against a limited store: time beside the ideal, requests turned away, calls given up
    #[command(after_help = "Examples:
  cargo xtask bench pacing                          a window of 1 s and answers within 2 ms: some ten minutes
  cargo xtask bench pacing --only plain,foreign     two scenarios of it
  cargo xtask bench pacing --scale real             30 s and 60 ms, all scenarios at once: ten minutes at most
  cargo xtask bench pacing --windows --only lag     with what each window answered and turned away

1,500 requests are made. `time` is a multiple of the first possible moment for the last one, `429s` are requests beyond the
quota, `in a window` the most of them in one, `given up` calls that failed and were made anew, `sent` requests for each one
that was asked for. Nothing is asserted; at the scaled size other work on the machine makes the times longer.")]
    Pacing(pacing::Options),
    /// A whole call, typed and untyped, beside an HTTP client and JSON by hand
    #[command(after_help = "Examples:
  cargo xtask bench calls     some seconds; a page of ten products from a server on this machine

Work of others on the machine slows the contenders unevenly: run it when the machine is quiet, and more than once.")]
    Calls,
    /// Webhooks that are verified and durable, beside HTTP alone and the same rows in SQLite alone
    #[command(after_help = "Examples:
  cargo xtask bench ingest     two minutes; bodies of 300 bytes, files below the build folder, contenders in turn

A connection waits for its answer before it sends anew. One thread on the same machine sends what was signed before, which
takes from what the service could do: HTTP alone is the same sender, listener and routes, and an endpoint that answers 200 at
once. SQLite alone inserts batches of the size that the service was seen to commit, with the same tables, indexes and
settings, on one thread. The disk decides: run it more than once.")]
    Ingest,
    /// The compiler's messages about mistakes in manifests: right lines, right remedies, follow-on errors
    #[command(after_help = "Examples:
  cargo xtask bench diagnostics                 some seconds; the score of each layer
  cargo xtask bench diagnostics --misses        each mistake whose message misses, with the message
  cargo xtask bench diagnostics --seed 7 --json another corpus, for programs

Mistakes are made by rules in the manifests of this repository. A message is right if it is at the line of the mistake and its
help contains the text that the mistake removed or changed, or the words that the rule expects. The command fails below 97 %
right lines, below 92 % right lines with right remedies, or above a median of 0 follow-on errors.")]
    Diagnostics(diagnostics::Options),
}

/// Options of the comparison.
#[derive(Args)]
pub(crate) struct Codegen {
    /// Leave parts out
    #[arg(long, value_delimiter = ',')]
    skip: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Generation of 5,000 actions
    Large,
    /// The release build of a large connector
    Release,
    /// Other generators
    Rivals,
    /// Decoding of a page of records
    Decoding,
}

/// Where a measurement works.
pub(crate) struct Place {
    /// The workspace.
    root: PathBuf,
    /// The build folder of the workspace.
    target: PathBuf,
    /// Where connectors and rivals are written.
    work: PathBuf,
}

impl Place {
    /// What the last program printed.
    fn log(&self) -> PathBuf {
        self.work.join("last.log")
    }
}

/// The API whose generation and compile time are compared.
const COMPARED: Size = Size::plain(1_000);

/// Measures and prints the tables.
///
/// # Errors
/// When our own compiler or its output fails; a rival that fails is a line in the table.
pub(crate) fn run(shell: &Shell, bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Codegen(options) => codegen(shell, options),
        Bench::Verify => verify(shell),
        Bench::Gate => gate(shell),
        Bench::Pacing(options) => pacing::pacing(shell, options),
        Bench::Calls => calls(shell),
        Bench::Ingest => ingest::ingest(shell),
        Bench::Diagnostics(options) => diagnostics::diagnostics(&shell.current_dir(), options),
    }
}

/// Each profile's contenders follow each other, the HMAC by hand first.
fn verify(shell: &Shell) -> anyhow::Result<()> {
    let times = contenders(shell, "verify")?;
    let mut rows = vec![heading(&["verifying 300 bytes", "ns", "speed to the HMAC by hand"])];
    let mut by_hand = 1.0;
    for (name, nanos) in &times {
        if name.ends_with("by hand") {
            by_hand = *nanos;
        }
        rows.push(vec![name.clone(), format!("{nanos:.0}"), format!("{:.0} %", 100.0 * by_hand / nanos)]);
    }
    say(&table(&rows));
    Ok(())
}

fn gate(shell: &Shell) -> anyhow::Result<()> {
    let mut rows = vec![heading(&["the gate's own cost of a call", "ns"])];
    let times = contenders(shell, "gate")?;
    rows.extend(times.iter().map(|(name, nanos)| vec![name.clone(), format!("{nanos:.0}")]));
    say(&table(&rows));
    Ok(())
}

/// Of each kind of call, the one by hand comes first.
fn calls(shell: &Shell) -> anyhow::Result<()> {
    let times = contenders(shell, "calls")?;
    let mut rows = vec![heading(&["a page of ten products", "µs", "to the one by hand"])];
    let mut by_hand = 1.0;
    for (name, micros) in &times {
        if name.ends_with("by hand") {
            by_hand = *micros;
        }
        rows.push(vec![name.clone(), format!("{micros:.1}"), format!("{:.3}", micros / by_hand)]);
    }
    say(&table(&rows));
    Ok(())
}

fn codegen(shell: &Shell, options: &Codegen) -> anyhow::Result<()> {
    let is_wanted = |part| !options.skip.contains(&part);
    let place = place(&shell.current_dir())?;
    let mut steps = Steps::new(shell);
    let mut report = Report::default();

    steps.command("compiler", &[], "cargo build --release --package connector-codegen")?;
    let connector = Connector::write(&place, "ours-1000", COMPARED)?;
    let generation = generation(&mut steps, &mut report, &connector, 5)?;
    if is_wanted(Part::Large) {
        let connector = Connector::write(&place, "ours-5000", Size::plain(5_000))?;
        self::generation(&mut steps, &mut report, &connector, 3)?;
    }
    let mut check = Cost::default();
    steps.run("cargo check", AGAIN, || {
        check = connector.compile(3, &["check"])?;
        report.add(check_table(check, COMPARED));
        Ok(())
    })?;
    if is_wanted(Part::Decoding) {
        steps.run("decoding", "cargo run --release --package connector-bench --bin decoding", || {
            report.add(decoding(shell)?);
            Ok(())
        })?;
    }
    if is_wanted(Part::Release) {
        steps.run("release build", AGAIN, || {
            report.add(release(&place)?);
            Ok(())
        })?;
    }
    if is_wanted(Part::Rivals) {
        let comparison = compare_with_rivals(&place, &mut steps, &generation, check)?;
        report.add(comparison);
    }
    steps.finish("bench codegen");
    say(&format!("\n{}", report.tables.join("\n\n")));
    Ok(())
}

/// The tables so far. Each is also said when it is measured: a run takes long, and whoever stops it has seen something.
#[derive(Default)]
struct Report {
    tables: Vec<String>,
}

impl Report {
    fn add(&mut self, table: String) {
        say(&table);
        self.tables.push(table);
    }
}

fn generation(
    steps: &mut Steps<'_>,
    report: &mut Report,
    connector: &Connector<'_>,
    rounds: usize,
) -> anyhow::Result<Generation> {
    let actions = connector.size().actions;
    let mut measured = None;
    steps.run(&format!("generation of {actions} actions"), AGAIN, || {
        measured = Some(connector.generation(rounds)?);
        Ok(())
    })?;
    let generation = measured.context("the step ran")?;
    report.add(generation_table(&generation, actions));
    Ok(generation)
}

const AGAIN: &str = "cargo xtask bench codegen";

fn place(root: &Path) -> anyhow::Result<Place> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec();
    let target = metadata.context("cargo cannot tell the build folder")?.target_directory.into_std_path_buf();
    let work = target.join("bench");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    Ok(Place { root: root.to_owned(), target, work })
}

fn release(place: &Place) -> anyhow::Result<String> {
    let size = Size::products();
    let connector = Connector::write(place, "ours-products", size)?;
    connector.generate_once()?;
    let check = connector.compile(3, &["check"])?;
    let build = connector.compile(3, &["build", "--release"])?;
    let row = |name: &str, cost: Cost| vec![name.to_owned(), seconds(cost), megabytes(cost)];
    let title = format!("a connector of {} actions and {} records", size.actions, size.records);
    Ok(table(&[
        heading(&[&title, "CPU s", "MB"]),
        row("cargo check", check),
        row("cargo build --release", build),
    ]))
}

/// Measures the rivals one after the other; each that fails or is not there is named below the table.
fn compare_with_rivals(
    place: &Place,
    steps: &mut Steps<'_>,
    generation: &Generation,
    check: Cost,
) -> anyhow::Result<String> {
    let ours = Rivalry { generation: generation.fresh, lines: generation.lines, check: Ok(check) };
    let mut rows = vec![
        heading(&[
            "tool, 1,000 actions",
            "CPU s",
            "to ours",
            "MB",
            "lines/action",
            "check CPU s",
            "to ours",
            "MB",
        ]),
        rivalry_row("ours", &ours, &ours),
    ];
    let mut notes = Vec::new();
    for rival in RIVALS {
        if !rival.is_installed() {
            notes.push(format!(
                "left out: {} is not installed; to have it beside ours: {}",
                rival.name,
                rival.install()
            ));
            continue;
        }
        steps.run(rival.name, AGAIN, || {
            match rival.measure(place, COMPARED, 5, 1) {
                Ok(rivalry) => {
                    rows.push(rivalry_row(rival.name, &rivalry, &ours));
                    say(&table(&rows));
                    notes.extend(rivalry.check.err().map(|error| failure(rival, &error)));
                }
                Err(error) => notes.push(failure(rival, &error)),
            }
            Ok(())
        })?;
    }
    notes.insert(0, table(&rows));
    Ok(notes.join("\n"))
}

fn failure(rival: &Rival, error: &anyhow::Error) -> String {
    format!("{}: {error:#}", rival.name)
}

/// Runs a benchmark, which prints a name, a tab and a number for each contender.
fn contenders(shell: &Shell, bench: &str) -> anyhow::Result<Vec<(String, f64)>> {
    let bin = ["--release", "--package", "connector-bench", "--bin", bench];
    cmd!(shell, "cargo build {bin...}").quiet().run()?;
    let printed = cmd!(shell, "cargo run --quiet {bin...}").quiet().read()?;
    let lines = printed.lines().filter_map(|line| line.split_once('\t'));
    lines
        .map(|(name, number)| Ok((name.to_owned(), number.parse()?)))
        .collect::<anyhow::Result<_>>()
        .context("a benchmark prints a name, a tab and a number")
}

/// Decoding of a page; ours comes first.
fn decoding(shell: &Shell) -> anyhow::Result<String> {
    let times = contenders(shell, "decoding")?;
    let ours = times.first().context("the benchmark printed nothing")?.1;
    let mut rows = vec![heading(&["decoding ten products of 67 fields", "µs", "ours to it"])];
    rows.extend(
        times.iter().map(|(name, micros)| {
            vec![name.clone(), format!("{micros:.1}"), format!("{:.2}", ours / micros)]
        }),
    );
    Ok(table(&rows))
}

fn heading(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}
