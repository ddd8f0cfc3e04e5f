//! What went wrong, for people, for programs, and as an exit code: pure functions from a failure to text.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style as Painting};
use connector_runtime::{Class, Error, Operation};
#[cfg(feature = "demo")]
use serde_json::value::RawValue;

use crate::advice::{advice, lookup, of_trial};
use crate::members::Members;
use crate::moments::rfc3339;
use crate::printable::printable;
use crate::storage::StorageError;
use crate::surroundings::Style;

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, the environment or a file named there is wrong; nothing was called.
    Usage {
        /// What is wrong and how to mend it.
        message: String,
        /// The subcommand whose `--help` shows what can be given, where one is to blame.
        command: Option<String>,
    },
    /// A call failed, or its input or connection was refused.
    Call {
        /// What the runtime says.
        error: Box<Error>,
        /// What was called, where it came that far.
        operation: Option<&'static Operation>,
        /// What was done before, where it was one page of several.
        stopped: Option<Stopped>,
    },
    /// The connection test failed, and so a connection was not stored.
    NotAdded {
        /// The failure of the test.
        error: Box<Error>,
        /// The test.
        operation: &'static Operation,
    },
    /// Flags hold no values of their fields' kinds; nothing was called.
    Refused {
        /// What was to be called.
        operation: &'static Operation,
        /// Everything that is wrong with the input: field and what.
        violations: Vec<(String, String)>,
    },
    /// A list has more pages than were allowed.
    TooLong {
        /// What is wrong.
        message: String,
        /// How far the walk came.
        stopped: Option<Stopped>,
    },
    /// Something else of this program or machine.
    Broken(String),
    /// The answer could not be written.
    Output(io::Error),
}

/// How far a walk through pages came before it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// Items written.
    pub(crate) items: u64,
    /// The flags with which the same command goes on, if there is a way into the middle of the list.
    pub(crate) resume: Option<String>,
}

impl fmt::Display for Stopped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "items written: {}; ", self.items)?;
        match &self.resume {
            Some(flags) => write!(out, "the same command with {flags} goes on from there"),
            None => out.write_str("the list can only be read from its beginning"),
        }
    }
}

impl Failure {
    /// A mistake in the command line, the environment or a file named there.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), command: None }
    }

    /// The same failure, now that it is known which action was to be called.
    pub(crate) fn within(self, connector: &str, operation: &'static Operation) -> Self {
        match self {
            Self::Usage { message, .. } => {
                Self::Usage { message, command: Some(format!("call {connector}/{}", operation.id)) }
            }
            Self::Call { error, stopped, .. } => Self::Call { error, operation: Some(operation), stopped },
            other => other,
        }
    }

    /// The same failure, now that it is known which subcommand's `--help` shows what can be given.
    #[cfg(feature = "demo")]
    pub(crate) fn of_command(self, command: &str) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage { message, command: Some(command.to_owned()) },
            other => other,
        }
    }

    /// Whether a call has shown that the credentials are gone.
    pub(crate) fn is_revocation(&self) -> bool {
        matches!(self, Self::Call { error, .. } if error.class() == Class::AuthRevoked)
    }

    /// A failure of the runtime around `operation`.
    pub(crate) fn call(error: Error, operation: Option<&'static Operation>) -> Self {
        Self::Call { error: Box::new(error), operation, stopped: None }
    }

    /// The same failure after a part of the work was done.
    pub(crate) fn stopped(self, stopped: Option<Stopped>) -> Self {
        match self {
            Self::Call { error, operation, .. } => Self::Call { error, operation, stopped },
            other => other,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Broken(format!("the storage: {error}"))
    }
}

/// The exit codes and what they stand for, as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  something else went wrong
   2  usage: the command line, or a file or variable it refers to, is wrong
   3  validation: the input or the connection was refused
   4  auth.revoked, auth.scope
   5  not_found, not_found.eventual
   6  conflict, too_large, locked, plan_limit, partial
   7  rate_limited.window, rate_limited.overload
   8  server, unavailable
   9  transport.unsent, transport.unknown_outcome
  10  decode: the answer is not what the API promises";

/// The exit code where the command line, or a file or variable it refers to, is wrong.
const USAGE: u8 = 2;

/// The exit code for a class of error.
fn exit_code(class: Class) -> u8 {
    match class {
        Class::Validation => 3,
        Class::AuthRevoked | Class::AuthScope => 4,
        Class::NotFound | Class::NotFoundEventual => 5,
        Class::Conflict | Class::TooLarge | Class::Locked | Class::PlanLimit | Class::Partial => 6,
        Class::RateLimitedWindow | Class::RateLimitedOverload => 7,
        Class::Server | Class::Unavailable => 8,
        Class::TransportUnsent | Class::TransportUnknownOutcome => 9,
        Class::Decode => 10,
        _ => 1,
    }
}

/// A failure with everything that is told of it.
#[derive(Debug)]
pub(crate) struct Report {
    /// The exit code of the program.
    pub(crate) exit_code: u8,
    pub(crate) class: &'static str,
    pub(crate) message: String,
    pub(crate) status: Option<u16>,
    pub(crate) is_retryable: bool,
    pub(crate) retry_after: Option<Duration>,
    request_id: Option<String>,
    api_message: Option<String>,
    violations: Vec<(String, String)>,
    check_first: Option<&'static str>,
    earlier_attempt: bool,
    cause: Option<String>,
    stopped: Option<Stopped>,
    advice: Option<String>,
}

impl Report {
    /// What there is to tell of `failure`; `program` is how this program was called, for command lines to paste.
    pub(crate) fn of(failure: &Failure, program: &str, connector: &str) -> Self {
        match failure {
            Failure::Usage { message, command } => {
                let command = command.as_ref().map(|command| format!(" {command}")).unwrap_or_default();
                let advice = format!("`{program}{command} --help` shows what can be given");
                Self { exit_code: USAGE, advice: Some(advice), ..Self::plain("usage", message.clone()) }
            }
            Failure::Refused { operation, violations } => {
                let help = format!("`{program} call {connector}/{} --help`", operation.id);
                Self {
                    exit_code: exit_code(Class::Validation),
                    violations: violations.clone(),
                    advice: Some(lookup(&help)),
                    ..Self::plain(
                        Class::Validation.as_str(),
                        format!("{}: the input is not valid", operation.id),
                    )
                }
            }
            Failure::TooLong { message, stopped } => {
                Self { stopped: stopped.clone(), ..Self::plain("failed", message.clone()) }
            }
            Failure::Broken(message) => Self::plain("failed", message.clone()),
            Failure::Output(error) => Self::plain("failed", format!("the output cannot be written: {error}")),
            Failure::Call { error, operation, stopped } => Self {
                stopped: stopped.clone(),
                advice: advice(error, *operation, program, connector),
                ..Self::called(error, message(error))
            },
            Failure::NotAdded { error, operation } => Self {
                advice: Some(of_trial(error, operation)),
                ..Self::called(
                    error,
                    format!("cannot add the connection: {}; nothing was stored", message(error)),
                )
            },
        }
    }

    fn called(error: &Error, message: String) -> Self {
        Self {
            exit_code: exit_code(error.class()),
            status: error.status(),
            is_retryable: error.is_retryable(),
            retry_after: error.retry_after(),
            request_id: error.request_id().map(str::to_owned),
            api_message: error.api_message().map(str::to_owned),
            violations: violations(error),
            check_first: error.check_first(),
            earlier_attempt: error.earlier_attempt_may_have_been_executed(),
            cause: cause(error),
            ..Self::plain(error.class().as_str(), message)
        }
    }

    fn plain(class: &'static str, message: String) -> Self {
        Self {
            exit_code: 1,
            class,
            message,
            status: None,
            is_retryable: false,
            retry_after: None,
            request_id: None,
            api_message: None,
            violations: Vec::new(),
            check_first: None,
            earlier_attempt: false,
            cause: None,
            stopped: None,
            advice: None,
        }
    }

    /// For people: one line with class and message, then what else is known, then what to do.
    pub(crate) fn to_text(&self, style: Style) -> String {
        let red = Painting::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let cyan = Painting::new().fg_color(Some(AnsiColor::Cyan.into()));
        let head = style.paint(red, &format!("error[{}]", self.class));
        let mut text = format!("{head}: {}\n", printable(&self.message));
        let mut line = |label: &str, what: &str| {
            let label = if label.is_empty() { String::new() } else { format!("{}: ", printable(label)) };
            text.push_str(&format!("  {label}{}\n", printable(what)));
        };
        if let Some(cause) = &self.cause {
            line("cause", cause);
        }
        if let Some(message) = &self.api_message {
            line("the API says", message);
        }
        for (field, what) in &self.violations {
            line(field, what);
        }
        if let Some(id) = &self.request_id {
            line("request id", id);
        }
        if let Some(wait) = self.retry_after {
            line("retry after", &seconds(wait));
        }
        if let Some(stopped) = &self.stopped {
            text.push_str(&format!("  {}\n", printable(&stopped.to_string())));
        }
        if let Some(advice) = &self.advice {
            text.push_str(&format!("{}: {}\n", style.paint(cyan, "next"), printable(advice)));
        }
        text
    }

    /// For programs: `{"error": {…}}` on one line; every member is always there.
    pub(crate) fn to_json(&self) -> String {
        let violations: Vec<Members> = self
            .violations
            .iter()
            .map(|(field, message)| Members::default().with("field", field).with("message", message))
            .collect();
        let error = Members::default()
            .with("class", self.class)
            .with("message", &self.message)
            .with("status", self.status)
            .with("retryable", self.is_retryable)
            .with("retry_after_ms", self.retry_after.map(milliseconds))
            .with("request_id", &self.request_id)
            .with("check_first", self.check_first)
            .with("api_message", &self.api_message)
            .with("items_written", self.stopped.as_ref().map(|stopped| stopped.items))
            .with("resume", self.stopped.as_ref().and_then(|stopped| stopped.resume.as_deref()))
            .with("violations", violations)
            .with("earlier_attempt_may_have_been_executed", self.earlier_attempt);
        format!("{}\n", Members::default().with("error", error).to_json())
    }

    /// For programs that read a log of JSON: a line with the members of such a line and `error` as in
    /// [`to_json`](Self::to_json). `now_ms` counts from the Unix epoch.
    pub(crate) fn to_log_line(&self, now_ms: i64) -> String {
        let error: Members =
            serde_json::from_str(&self.to_json()).expect("the report was written as an object");
        let mut line = Members::default()
            .with("timestamp", rfc3339(now_ms))
            .with("level", "ERROR")
            .with("message", &self.message);
        line.append(error);
        format!("{}\n", line.to_json())
    }

    /// The report as a member of a larger JSON object.
    #[cfg(feature = "demo")]
    pub(crate) fn to_raw(&self) -> Box<RawValue> {
        let whole: Members =
            serde_json::from_str(&self.to_json()).expect("the report was written as an object");
        whole.get("error").expect("the report has one member")
    }
}

/// A wait as people read it.
pub(crate) fn seconds(wait: Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}

/// A wait as programs read it, rounded up so that nobody comes back too early.
pub(crate) fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// The runtime's own text without what is told apart from it: class, violations and wait.
fn message(error: &Error) -> String {
    match error.action() {
        Some(action) => format!("{action}: {}", error.detail()),
        None => error.detail().to_owned(),
    }
}

pub(crate) fn violations(error: &Error) -> Vec<(String, String)> {
    let violations = error.violations().iter();
    violations.map(|violation| (violation.field().to_owned(), violation.message().to_owned())).collect()
}

/// The deepest cause of a failed transport. Causes of other classes may quote the answer and stay out.
fn cause(error: &Error) -> Option<String> {
    if !matches!(error.class(), Class::TransportUnsent | Class::TransportUnknownOutcome) {
        return None;
    }
    let mut deepest = error.source()?.source()?;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    Some(deepest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use connector_runtime::Class;

    const CLASSES: [(Class, u8); 16] = [
        (Class::Validation, 3),
        (Class::AuthRevoked, 4),
        (Class::AuthScope, 4),
        (Class::NotFound, 5),
        (Class::Conflict, 6),
        (Class::TooLarge, 6),
        (Class::Locked, 6),
        (Class::PlanLimit, 6),
        (Class::Partial, 6),
        (Class::RateLimitedWindow, 7),
        (Class::RateLimitedOverload, 7),
        (Class::Server, 8),
        (Class::Unavailable, 8),
        (Class::TransportUnsent, 9),
        (Class::TransportUnknownOutcome, 9),
        (Class::Decode, 10),
    ];

    #[test]
    fn every_class_has_its_exit_code_and_the_help_names_it() {
        for (class, code) in CLASSES {
            assert_eq!(exit_code(class), code, "{class}");
            let line = EXIT_CODES.lines().find(|line| line.trim_start().starts_with(&format!("{code}  ")));
            assert!(line.unwrap().contains(class.as_str()), "{class} is not in the help");
        }
        let report = |failure| Report::of(&failure, "connector", "bigcommerce");
        assert_eq!(report(Failure::usage("no token")).exit_code, 2);
        assert_eq!(report(Failure::Broken("no luck".to_owned())).exit_code, 1);
    }

    #[test]
    fn a_mistake_points_to_the_help_of_what_was_called() {
        let advice = |failure: Failure| Report::of(&failure, "connector", "bigcommerce").advice.unwrap();
        assert_eq!(advice(Failure::usage("no such thing")), "`connector --help` shows what can be given");
        let operation = fixture::CONNECTOR.action("get-product").unwrap().operation;
        assert_eq!(
            advice(Failure::usage("no token").within("bigcommerce", operation)),
            "`connector call bigcommerce/get-product --help` shows what can be given"
        );
        let error = || connector_runtime::Connection::new(&fixture::CONNECTOR, &[], &[]).unwrap_err();
        assert_eq!(
            advice(Failure::call(error(), None).within("bigcommerce", operation)),
            "correct it in the flag, variable or file it came from: `connector call bigcommerce/get-product \
             --help` names them under Connection"
        );
        assert_eq!(advice(Failure::call(error(), None)), "correct it where it came from");
    }

    fn refused_input() -> Failure {
        let entry = fixture::CONNECTOR.action("get-product").unwrap();
        Failure::call(
            entry.prepare(br#"{"product_id": 0, "colour": "red"}"#).unwrap_err(),
            Some(entry.operation),
        )
    }

    #[test]
    fn text_has_one_line_per_finding_and_ends_with_what_to_do() {
        let report = Report::of(&refused_input(), "connector", "bigcommerce");
        let text = report.to_text(Style::Plain);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "error[validation]: get-product: the input is not valid");
        assert!(lines.contains(&"  product_id: must be at least 1"), "{text}");
        assert!(lines.iter().any(|line| line.starts_with("  colour: ")), "{text}");
        assert!(lines.last().unwrap().contains("`connector call bigcommerce/get-product --help`"), "{text}");
        assert_eq!(report.exit_code, 3);
    }

    #[test]
    fn json_has_every_member_in_order() {
        let json = Report::of(&refused_input(), "connector", "bigcommerce").to_json();
        let begin = concat!(
            r#"{"error":{"class":"validation","message":"get-product: the input is not valid","status":null,"#,
            r#""retryable":false,"retry_after_ms":null,"request_id":null,"check_first":null,"api_message":null,"#,
            r#""items_written":null,"resume":null,"violations":[{"field":""#,
        );
        assert!(json.starts_with(begin), "{json}");
        assert!(json.contains(r#"{"field":"product_id","message":"must be at least 1"}"#), "{json}");
        let end = r#"],"earlier_attempt_may_have_been_executed":false}}"#;
        assert!(json.ends_with(&format!("{end}\n")), "{json}");
    }

    #[test]
    fn a_walk_that_stopped_says_how_to_go_on() {
        let told = |resume: Option<&str>| {
            let stopped = Stopped { items: 500, resume: resume.map(str::to_owned) };
            Report::of(&refused_input().stopped(Some(stopped)), "connector", "bigcommerce")
        };
        let (page, link) = (told(Some("--limit 250 --page 3")), told(None));
        let line = "  items written: 500; the same command with --limit 250 --page 3 goes on from there\n";
        assert!(page.to_text(Style::Plain).contains(line), "{}", page.to_text(Style::Plain));
        assert!(page.to_json().contains(r#""items_written":500,"resume":"--limit 250 --page 3","#));
        assert!(link.to_text(Style::Plain).contains("from its beginning"), "{}", link.to_text(Style::Plain));
        assert!(link.to_json().contains(r#""items_written":500,"resume":null,"#));
    }

    #[test]
    fn colours_appear_only_where_they_are_wanted() {
        let report = Report::of(&Failure::usage("no token"), "connector", "bigcommerce");
        assert!(report.to_text(Style::Coloured).contains("\u{1b}["));
        assert!(!report.to_text(Style::Plain).contains('\u{1b}'));
    }

    #[test]
    fn waits_are_rounded_up_for_programs() {
        assert_eq!(milliseconds(Duration::from_micros(1_900_001)), 1901);
        assert_eq!(seconds(Duration::from_millis(1900)), "1.9 s");
    }
}
