//! The program `connector` as a library: everything it does with a connector, an argument list and streams that its
//! caller passes in. It knows no generated code; the program brings the connector.

use std::ffi::OsString;
use std::io::{self, Write};

use connector_runtime::Connector;

mod account_form;
mod acting;
mod action_command;
mod activation;
mod activations;
mod advice;
mod arguments;
mod backfill;
mod backup;
mod call;
mod call_options;
mod callback_token;
mod catalog;
mod civil_time;
mod clock;
mod connections;
mod credentials;
mod delivery;
#[cfg(feature = "demo")]
mod demo;
mod erasure;
mod examples;
mod failure;
#[cfg(test)]
mod fixture;
mod health_check;
mod input;
mod loops;
mod members;
mod metrics;
mod offer;
mod outside;
mod pages;
mod portal;
mod private_file;
mod progress;
mod quota_sharing;
mod quota_store;
mod random;
mod receive;
#[cfg(feature = "demo")]
mod sandbox;
#[cfg(feature = "demo")]
mod sandbox_flags;
mod schema;
mod scopes;
mod sealing;
mod serve;
mod shell;
pub mod storage;
mod suggestion;
mod surroundings;
mod table;
mod token_bucket;
mod token_exchange;
mod triggers;
mod waiting;
mod wrap;

use arguments::{Stop, Task};
use failure::{Failure, Report};

pub use metrics::prometheus_text;
pub use quota_store::{QuotaStore, QuotaStoreError};
pub use serve::answer_at_once;
pub use surroundings::{StandardInput, Style, Surroundings, width};

/// Does what `arguments` ask for, the program's name first, and returns the exit code; `--help` lists the codes.
pub async fn run(
    connector: &'static Connector,
    arguments: &[OsString],
    mut surroundings: Surroundings<'_>,
) -> u8 {
    let (json, outcome) = match arguments::parse(connector, arguments, surroundings.width) {
        Ok(task) => (wants_json(&task), perform(connector, &task, &mut surroundings).await),
        // The command line could not be read, so this looks for the flag itself.
        Err(stop) => {
            let json = arguments.iter().any(|argument| argument == "--json");
            match stop {
                Stop::Clap(error) => return show(&error, json, &mut surroundings),
                Stop::Failed(failure) => (json, Err(failure)),
            }
        }
    };
    let outcome = outcome.and_then(|()| Ok(surroundings.stdout.flush()?));
    match outcome {
        Ok(()) => 0,
        Err(failure) => conclude(&failure, connector, json, &mut surroundings),
    }
}

async fn perform(
    connector: &'static Connector,
    task: &Task,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    match task {
        Task::Call(call) => call::run(connector, call, surroundings).await,
        Task::Catalog(format) => {
            catalog::print(connector, format.json, surroundings.width, surroundings.stdout)
        }
        Task::Serve(flags) => serve::run(connector, flags, surroundings).await,
        Task::Connections(task) => connections::command::run(connector, task, surroundings).await,
        Task::Triggers(task) => triggers::command::run(connector, task, surroundings).await,
        Task::Backfill(task) => backfill::command::run(connector, task, surroundings).await,
        Task::Activations(task) => activations::run(connector, task, surroundings).await,
        Task::Health(flags) => health_check::run(flags, surroundings),
        Task::Backup(flags, to) => backup::run(flags, to, surroundings),
        Task::Completion(script) => Ok(surroundings.stdout.write_all(script.as_bytes())?),
        #[cfg(feature = "demo")]
        Task::Sandbox(flags) => sandbox::run(connector, flags, surroundings).await,
        #[cfg(feature = "demo")]
        Task::Demo(format) => demo::run(connector, format.json, surroundings).await,
    }
}

fn wants_json(task: &Task) -> bool {
    match task {
        Task::Call(call) => call.options.json,
        Task::Catalog(format) => format.json,
        Task::Connections(task) => task.is_json,
        Task::Triggers(task) => task.is_json,
        Task::Backfill(task) => task.is_json,
        Task::Activations(task) => task.is_json,
        Task::Serve(_) | Task::Health(_) | Task::Backup(..) | Task::Completion(_) => false,
        #[cfg(feature = "demo")]
        Task::Sandbox(_) => false,
        #[cfg(feature = "demo")]
        Task::Demo(format) => format.json,
    }
}

/// Help, or what is wrong with the command line.
fn show(error: &clap::Error, json: bool, surroundings: &mut Surroundings<'_>) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(1);
    let styled = error.render();
    let (out, style): (&mut dyn Write, Style) = match error.use_stderr() {
        true => (surroundings.stderr, surroundings.stderr_style),
        false => (surroundings.stdout, surroundings.stdout_style),
    };
    let text = match style {
        _ if json && error.use_stderr() => {
            let message = usage_message(&styled.to_string());
            Report::of(&Failure::usage(message), "", "").to_json()
        }
        Style::Coloured => styled.ansi().to_string(),
        Style::Plain => styled.to_string(),
    };
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()), code)
}

/// What clap says, without the usage that it adds for people.
fn usage_message(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

fn conclude(failure: &Failure, connector: &Connector, json: bool, surroundings: &mut Surroundings<'_>) -> u8 {
    if matches!(failure, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
        // Whoever read the output has seen enough, as in `connector catalog | head -1`, and wants no complaint.
        return 1;
    }
    // What was written before the error belongs before it.
    let flushed = surroundings.stdout.flush();
    let report = Report::of(failure, &surroundings.program, connector.id);
    let text = if json { report.to_json() } else { report.to_text(surroundings.stderr_style) };
    let told = surroundings.stderr.write_all(text.as_bytes()).and_then(|()| surroundings.stderr.flush());
    written(flushed.and(told), report.exit_code)
}

/// The exit code, also where nobody could be told: there is no stream left to say so.
fn written(outcome: io::Result<()>, code: u8) -> u8 {
    match outcome {
        Ok(()) => code,
        Err(_) => code.max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exit code, standard output and standard error.
    #[track_caller]
    fn ran(connector: &'static Connector, arguments: &[&str]) -> (u8, String, String) {
        let arguments: Vec<OsString> = ["connector"].iter().chain(arguments).map(OsString::from).collect();
        let (mut empty, mut stdout, mut stderr) = (io::empty(), Vec::new(), Vec::new());
        let surroundings = Surroundings {
            program: "connector".to_owned(),
            executable: None,
            variable: &|_| None,
            stdin: StandardInput::new(&mut empty),
            stdout: &mut stdout,
            stderr: &mut stderr,
            width: 100,
            stdout_style: Style::Plain,
            stderr_style: Style::Plain,
            is_stderr_terminal: false,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let code = runtime.block_on(run(connector, &arguments, surroundings));
        (code, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[test]
    fn help_is_output_and_a_mistake_is_an_error() {
        let (code, stdout, stderr) = ran(&fixture::CONNECTOR, &["--help"]);
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.contains("Exit codes:"), "{stdout}");

        let (code, stdout, stderr) = ran(&fixture::CONNECTOR, &["cal"]);
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains("'call'"), "{stderr}");
    }

    #[test]
    fn programs_get_their_mistakes_as_json() {
        let (code, _, stderr) =
            ran(&fixture::CONNECTOR, &["call", "get-product", "--json", "--timeout", "x"]);
        assert_eq!(code, 2);
        let error: serde_json::Value = serde_json::from_str(&stderr).unwrap();
        assert_eq!(error["error"]["class"], "usage");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("invalid value 'x' for '--timeout <SECONDS>'"), "{message}");
        assert!(!message.contains("--help"), "{message}");
    }
}
