//! The compiler's command line: the only part that touches the disk.

mod cache;
mod console;
mod crate_folder;
mod disk;
mod sample_command;
mod schema;
mod text;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connector_codegen::{Change, Diagnostic, Files, NoCache, Report, compare, compile, decode, render};

use cache::DiskCache;
use console::Console;
use disk::{at, read_sources, remove_empty_folders};
use sample_command::SampleArguments;

/// Compiles connector manifests into checked-in crates.
#[derive(Parser)]
#[command(name = "cargo codegen", version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folders that hold a `connector.yaml`; the crate is the folder `generated` in each.
    #[arg(default_value = ".", global = false)]
    folders: Vec<PathBuf>,
    /// Write nothing: report what is not as the manifest says, and exit with 3 if anything is not.
    #[arg(long)]
    check: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the JSON Schema of all manifests, or with `--write` keeps a file up to date.
    Schema {
        /// Write the schema to this file if it differs.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
        /// Add the names that the manifest in this folder defines, also if it has faults.
        #[arg(long, value_name = "FOLDER")]
        names_of: Option<PathBuf>,
    },
    /// Writes a draft of the sample of an action or trigger, from the types or from an answer.
    Sample(SampleArguments),
}

const AFTER_HELP: &str = "\
Examples:
  cargo codegen                    write what changed, remove what nothing generates
  cargo codegen --check            report each file that is Stale, Missing, Orphan or Foreign
  cargo codegen path/to/connector  for a connector in another folder
  cargo codegen sample get-order   write the sample that the manifest names for `get-order`
  cargo codegen sample get-order --from answer.json --force
  cargo codegen schema --write codegen/connector.schema.json
                                   the schema of all manifests, for editors
  cargo codegen schema --names-of path/to/connector --write path/to/connector/connector.schema.json
                                   the schema of a manifest that has faults; without faults, each run writes it

Exit codes: 0 done, 1 the manifest has faults, 2 wrong usage, 3 files are not as the manifest says, 4 a file could not
be read or written.";

/// How a run ended, the worst last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Done,
    NotFresh,
    Faults,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Faults) => ExitCode::from(1),
        Ok(Outcome::NotFresh) => ExitCode::from(3),
        Err(error) => {
            _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(4)
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<Outcome> {
    match &arguments.command {
        Some(Command::Schema { write, names_of }) => {
            schema::run(write.as_deref(), names_of.as_deref())?;
            return Ok(Outcome::Done);
        }
        Some(Command::Sample(arguments)) => return sample_command::run(arguments),
        None => {}
    }
    let mut outcome = Outcome::Done;
    for folder in &arguments.folders {
        outcome = outcome.max(run_folder(folder, arguments.check)?);
    }
    Ok(outcome)
}

fn run_folder(folder: &Path, check: bool) -> io::Result<Outcome> {
    let (sources, undecoded) = decode(&read_sources(folder)?);
    let say = |found: &[Diagnostic]| {
        let text = render(found, &sources, io::stderr().is_terminal());
        io::stderr().write_all(text.as_bytes())
    };
    if !undecoded.is_empty() {
        say(&undecoded)?;
        return Ok(Outcome::Faults);
    }
    // A check compares what is formatted afresh: it must not trust what an earlier run remembered.
    let mut cache = if check { None } else { DiskCache::open(folder) };
    let compiled = match &mut cache {
        Some(cache) => compile(&sources, cache),
        None => compile(&sources, &mut NoCache),
    };
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(faults) => {
            say(&faults)?;
            return Ok(Outcome::Faults);
        }
    };
    if let Some(cache) = cache {
        cache.save();
    }
    say(&compiled.advice)?;
    let crate_folder = folder.join("generated");
    let report = compare(&crate_folder::read(&crate_folder, &compiled.crate_name)?, &compiled.files);
    let schema = schema::Beside::read(folder, &sources)?;
    if check {
        let outcome = schema.say_check()?;
        return Ok(outcome.max(say_check(folder, &report)?));
    }
    schema.write()?;
    write(&crate_folder, &report, &compiled.files)
}

/// The remedy for files that the compiler must not touch.
const FOREIGN: &str =
    "move or remove each Foreign file: the compiler owns `src`, and nothing else may change the build";

fn say_check(folder: &Path, report: &Report) -> io::Result<Outcome> {
    let mut out = Console::new();
    write!(out, "{report}")?;
    if report.is_fresh() {
        return Ok(Outcome::Done);
    }
    let foreign = report.count(Change::Foreign);
    if report.count(Change::Fresh) + foreign < report.files.len() {
        let target = if folder == Path::new(".") { String::new() } else { format!(" {}", folder.display()) };
        writeln!(
            out,
            "generated code is not what the manifest says; to mend it, run: cargo codegen{target}"
        )?;
    }
    if foreign > 0 {
        writeln!(out, "{FOREIGN}")?;
    }
    Ok(Outcome::NotFresh)
}

fn write(crate_folder: &Path, report: &Report, generated: &Files) -> io::Result<Outcome> {
    let mut out = Console::new();
    for file in &report.files {
        let path = crate_folder.join(&file.path);
        match file.change {
            Change::Fresh => {}
            Change::Stale | Change::Missing => match generated.get(&file.path) {
                Some(text) => {
                    disk::write(&path, text)?;
                    writeln!(out, "wrote   {}", path.display())?;
                }
                // A link in place of a folder, whose files follow.
                None => remove(&path, crate_folder, &mut out)?,
            },
            Change::Orphan => remove(&path, crate_folder, &mut out)?,
            Change::Foreign => {
                let note = if file.note.is_empty() { "nothing generates it" } else { &file.note };
                writeln!(out, "foreign {}: {note}", path.display())?;
            }
        }
    }
    let written = report.count(Change::Stale) + report.count(Change::Missing);
    let (removed, foreign) = (report.count(Change::Orphan), report.count(Change::Foreign));
    if foreign > 0 {
        writeln!(out, "{FOREIGN}")?;
    }
    writeln!(out, "{written} written, {removed} removed, {} already fresh", report.count(Change::Fresh))?;
    Ok(if foreign > 0 { Outcome::NotFresh } else { Outcome::Done })
}

fn remove(path: &Path, crate_folder: &Path, out: &mut impl io::Write) -> io::Result<()> {
    fs::remove_file(path).map_err(|error| at(path, error))?;
    remove_empty_folders(crate_folder, path);
    writeln!(out, "removed {}", path.display())
}
