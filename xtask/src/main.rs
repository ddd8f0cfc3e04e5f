//! The project's chores as one command line: `cargo xtask ci|test|setup|bless|adding|licences|bench`. No product logic lives here.

mod adding;
mod bench;
mod bless;
mod ci;
mod licences;
mod policy;
mod setup;
mod steps;
mod test;
mod verified;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use xshell::Shell;

/// The project's chores: checks, tests, and what both need.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Run every check and test that a change must pass, and stop at the first that fails
    #[command(after_help = "Examples:
  cargo xtask ci        before a push: the very command the build server runs

The working tree must be committed: the last step refuses files that git does not know or that changed.")]
    Ci,
    /// Run all tests of the workspace, documentation examples included
    #[command(after_help = "Examples:
  cargo xtask test                            everything
  cargo test -p connector-tests tidy          the house rules alone
  cargo test -p connector-codegen             one crate")]
    Test,
    /// Check that the tools the checks and tests need are there, and install what can be installed
    #[command(after_help = "Examples:
  cargo xtask setup     on a fresh machine; `ci` begins with it too, and `test` with all of it but the browser

On Debian it installs the packages git, gcc, chromium and chromium-driver with apt-get, each only where it is missing.")]
    Setup,
    /// Accept what the code now produces: regenerate, rewrite snapshots and verified.lock, show what changed
    #[command(after_help = "Examples:
  cargo xtask bless     after a wanted change of an emitter; then read `git diff` before you commit")]
    Bless,
    /// Prove that an edit of the manifest is the whole change: apply the edits of tests/adding to a copy, and run everything there
    #[command(after_help = "Examples:
  cargo xtask adding    after a change of the demo, of tests or of documents; on demand, about seven minutes

It fails if a file other than the edited YAML, its samples and what commands write had to change, and prints its path.")]
    Adding,
    /// Check licences, banned crates and sources of all dependencies against deny.toml
    #[command(after_help = "Examples:
  cargo xtask licences            after adding or updating a dependency
  cargo tree --invert ring        who brings a refused crate in")]
    Licences,
    /// Measure what the compiler of manifests and its output cost, beside other generators
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    match run(Chore::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<()> {
    let shell = Shell::new().context("cannot open a shell in the current folder")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace root");
    shell.change_dir(root);
    match chore {
        Chore::Ci => ci::run(&shell),
        Chore::Test => test::run(&shell),
        Chore::Setup => setup::run(&shell),
        Chore::Bless => bless::run(&shell),
        Chore::Adding => adding::run(&shell),
        Chore::Licences => licences::run(&shell),
        Chore::Bench(bench) => bench::run(&shell, &bench),
    }
}

/// Prints the failure and its causes, one per line; a backtrace into xtask would help nobody.
#[expect(clippy::print_stderr, reason = "a chore reports to the terminal")]
fn complain(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    eprintln!("error: {}", causes.join("\n  because: "));
}
