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
mod clock;
mod columns;
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
mod moments;
mod offer;
mod outside;
mod pages;
mod portal;
mod printable;
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
mod stream;
mod suggestion;
mod surroundings;
mod table;
mod token_bucket;
mod token_exchange;
mod triggers;
mod waiting;
mod wrap;

use arguments::{Service, Stop, Task};
use failure::{Failure, Report};
use printable::{is_printable, printable_lines};
use stream::Streams;

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
                Stop::Clap(error) => {
                    let tone = match serve::log_form::of_arguments(arguments, surroundings.variable) {
                        true => Tone::Log,
                        false if json => Tone::Json,
                        false => Tone::Text(surroundings.stderr_style),
                    };
                    return show(&error, arguments, tone, &mut surroundings);
                }
                Stop::Failed(failure) => (json, Err(failure)),
            }
        }
    };
    let outcome = outcome.and_then(|code| Ok(surroundings.stdout.flush().map(|()| code)?));
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            let Surroundings { program, stdout, stderr, stderr_style, .. } = surroundings;
            let report = Report::of(&failure, &program, connector.id);
            if matches!(&failure, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
                // Whoever read the output has seen enough, as in `connector catalog | head -1`, and wants no complaint.
                return 0;
            }
            let tone = if json { Tone::Json } else { Tone::Text(stderr_style) };
            conclude(&report, tone, stdout, stderr)
        }
    }
}

/// How an error is written.
#[derive(Clone, Copy, Debug)]
enum Tone {
    /// For people.
    Text(Style),
    /// As a JSON object.
    Json,
    /// As a line of a log whose lines are JSON.
    Log,
}

impl Tone {
    fn write(self, report: &Report) -> String {
        match self {
            Self::Text(style) => report.to_text(style),
            Self::Json => printable_lines(&report.to_json()),
            Self::Log => printable_lines(&report.to_log_line(clock::now_ms())),
        }
    }
}

/// Does a task, and returns the exit code.
async fn perform(
    connector: &'static Connector,
    task: &Task,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, Failure> {
    match task {
        Task::Service(task) => return Ok(run_service(connector, task, surroundings).await),
        Task::Call(call) => call::run(connector, call, surroundings).await?,
        Task::Catalog(format) => {
            catalog::print(connector, format.json, surroundings.width, surroundings.stdout)?;
        }
        Task::Connections(task) => connections::command::run(connector, task, surroundings).await?,
        Task::Triggers(task) => triggers::command::run(connector, task, surroundings).await?,
        Task::Backfill(task) => backfill::command::run(connector, task, surroundings).await?,
        Task::Activations(task) => activations::run(connector, task, surroundings).await?,
        Task::Health(flags) => health_check::run(flags, surroundings)?,
        Task::Backup(flags, to) => backup::run(flags, to, surroundings)?,
        Task::Completion(script) => surroundings.stdout.write_all(script.as_bytes())?,
        #[cfg(feature = "demo")]
        Task::Demo(format) => demo::run(connector, format.json, surroundings).await?,
    }
    Ok(0)
}

/// Runs a task until a signal ends it. No reader of its output or errors keeps it from ending.
async fn run_service(
    connector: &'static Connector,
    task: &Service,
    surroundings: &mut Surroundings<'_>,
) -> u8 {
    let streams = Streams::of_process();
    let mut is_json_log = match task {
        Service::Serve(flags) => serve::log_form::of_flags(flags, surroundings.variable),
        #[cfg(feature = "demo")]
        Service::Sandbox(_) => false,
    };
    let outcome = match (&streams, task) {
        (Err(error), _) => Err(Failure::Broken(format!("cannot open standard output and error: {error}"))),
        (Ok(streams), Service::Serve(flags)) => {
            serve::run(connector, flags, streams, surroundings, &mut is_json_log).await
        }
        #[cfg(feature = "demo")]
        (Ok(streams), Service::Sandbox(flags)) => {
            sandbox::run(connector, flags, &streams.output, surroundings).await
        }
    };
    let mut detached = streams.as_ref().ok().map(|streams| streams.errors.writer());
    let stderr: &mut dyn Write = match &mut detached {
        Some(errors) => errors,
        None => surroundings.stderr,
    };
    match outcome {
        Ok(()) => {
            // What nobody reads is no failure of a service that ended in order.
            drop(stderr.flush());
            0
        }
        Err(failure) => {
            let report = Report::of(&failure, &surroundings.program, connector.id);
            let tone = if is_json_log { Tone::Log } else { Tone::Text(surroundings.stderr_style) };
            conclude(&report, tone, &mut io::sink(), stderr)
        }
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
        Task::Service(_) | Task::Health(_) | Task::Backup(..) | Task::Completion(_) => false,
        #[cfg(feature = "demo")]
        Task::Demo(format) => format.json,
    }
}

/// Help, or what is wrong with the command line.
fn show(error: &clap::Error, arguments: &[OsString], tone: Tone, surroundings: &mut Surroundings<'_>) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(1);
    let styled = error.render();
    let (out, style): (&mut dyn Write, Style) = match error.use_stderr() {
        true => (surroundings.stderr, surroundings.stderr_style),
        false => (surroundings.stdout, surroundings.stdout_style),
    };
    let text = match style {
        _ if !matches!(tone, Tone::Text(_)) && error.use_stderr() => {
            let message = usage_message(&styled.to_string());
            tone.write(&Report::of(&Failure::usage(message), "", ""))
        }
        // An error may repeat arguments, and with them escape sequences that are not those of its colours.
        Style::Coloured if arguments.iter().all(|argument| is_printable(&argument.to_string_lossy())) => {
            styled.ansi().to_string()
        }
        Style::Plain | Style::Coloured => printable_lines(&styled.to_string()),
    };
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()), code)
}

/// What clap says, without the usage that it adds for people.
fn usage_message(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

fn conclude(report: &Report, tone: Tone, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    // What was written before the error belongs before it.
    let flushed = stdout.flush();
    let text = tone.write(report);
    let told = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    written(flushed.and(told), report.exit_code)
}

/// The exit code, also if nobody could be told: there is no stream left to say so. A reader that has closed has seen
/// enough.
fn written(outcome: io::Result<()>, code: u8) -> u8 {
    match outcome {
        Ok(()) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(_) => code.max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exit code, standard output and standard error.
    #[track_caller]
    fn ran(connector: &'static Connector, arguments: &[&str]) -> (u8, String, String) {
        ran_in(Style::Plain, connector, arguments)
    }

    fn ran_in(style: Style, connector: &'static Connector, arguments: &[&str]) -> (u8, String, String) {
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
            stderr_style: style,
            is_stdout_terminal: false,
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
    fn no_argument_steers_a_terminal_with_colours() {
        let (_, _, stderr) = ran_in(Style::Coloured, &fixture::CONNECTOR, &["cal"]);
        assert!(stderr.contains("\u{1b}["), "errors have colours: {stderr}");
        for argument in ["ca\u{1b}[2Jl", "ca\u{9b}2Jl", "ca\u{202e}l"] {
            let (code, _, stderr) = ran_in(Style::Coloured, &fixture::CONNECTOR, &[argument]);
            assert_eq!(code, 2);
            assert!(is_printable(&stderr.replace('\n', "")), "{stderr:?}");
        }
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
