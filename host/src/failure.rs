//! What went wrong, for people, for programs, and as an exit code: pure functions from a failure to text.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style as Painting};
use connector_runtime::{Error, Operation};
#[cfg(feature = "demo")]
use serde_json::value::RawValue;

use crate::members::Members;
use crate::surroundings::{Style, printable};

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, the environment or a file named there is wrong; nothing was called.
    Usage(String),
    /// A call failed, or its input or connection was refused.
    Call {
        /// What the runtime says.
        error: Box<Error>,
        /// What was called, where it came that far.
        operation: Option<&'static Operation>,
    },
    /// Something else of this program or machine.
    Broken(String),
    /// The answer could not be written.
    Output(io::Error),
}

impl Failure {
    /// A failure of the runtime around `operation`.
    pub(crate) fn call(error: Error, operation: Option<&'static Operation>) -> Self {
        Self::Call { error: Box::new(error), operation }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
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
   5  not_found
   6  conflict, too_large, locked, plan_limit, partial
   7  rate_limited.window, rate_limited.overload
   8  server, unavailable
   9  transport.unsent, transport.unknown_outcome
  10  decode: the answer is not what the API promises";

/// The exit code for a class of error; a class with a dot belongs to the family before it.
pub(crate) fn exit_code(class: &str) -> u8 {
    match class.split('.').next().unwrap_or_default() {
        "usage" => 2,
        "validation" => 3,
        "auth" => 4,
        "not_found" => 5,
        "conflict" | "too_large" | "locked" | "plan_limit" | "partial" => 6,
        "rate_limited" => 7,
        "server" | "unavailable" => 8,
        "transport" => 9,
        "decode" => 10,
        _ => 1,
    }
}

/// A failure with everything that is told of it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) class: &'static str,
    pub(crate) message: String,
    pub(crate) status: Option<u16>,
    pub(crate) is_retryable: bool,
    pub(crate) retry_after: Option<Duration>,
    request_id: Option<String>,
    api_message: Option<String>,
    violations: Vec<(String, String)>,
    cause: Option<String>,
    advice: Option<String>,
}

impl Report {
    /// What there is to tell of `failure`; `program` is how this program was called, for command lines to paste.
    pub(crate) fn of(failure: &Failure, program: &str, connector: &str) -> Self {
        match failure {
            Failure::Usage(message) => {
                let advice =
                    format!("`{program} --help` and `{program} call ACTION --help` show what can be given");
                Self { advice: Some(advice), ..Self::plain("usage", message.clone()) }
            }
            Failure::Broken(message) => Self::plain("failed", message.clone()),
            Failure::Output(error) => Self::plain("failed", format!("the output cannot be written: {error}")),
            Failure::Call { error, operation } => Self {
                status: error.status(),
                is_retryable: error.is_retryable(),
                retry_after: error.retry_after(),
                request_id: error.request_id().map(str::to_owned),
                api_message: error.api_message().map(str::to_owned),
                violations: violations(error),
                cause: cause(error),
                advice: advice(error, *operation, program, connector),
                ..Self::plain(error.class().as_str(), message(error))
            },
        }
    }

    fn plain(class: &'static str, message: String) -> Self {
        Self {
            class,
            message,
            status: None,
            is_retryable: false,
            retry_after: None,
            request_id: None,
            api_message: None,
            violations: Vec::new(),
            cause: None,
            advice: None,
        }
    }

    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> u8 {
        exit_code(self.class)
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
        if let Some(advice) = &self.advice {
            text.push_str(&format!("{}: {advice}\n", style.paint(cyan, "next")));
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
            .with("api_message", &self.api_message)
            .with("violations", violations);
        format!("{}\n", Members::default().with("error", error).to_json())
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
    let text = error.to_string();
    let text = text.replacen(&format!("{}: ", error.class()), "", 1);
    let wait = error.retry_after().map(|wait| format!(" (retry after {} ms)", wait.as_millis()));
    let text = wait.and_then(|wait| text.strip_suffix(&wait)).unwrap_or(&text);
    let listed: Vec<String> = error.violations().iter().map(ToString::to_string).collect();
    let listed = format!(": {}", listed.join("; "));
    text.strip_suffix(&listed).unwrap_or(text).to_owned()
}

fn violations(error: &Error) -> Vec<(String, String)> {
    let violations = error.violations().iter();
    violations.map(|violation| (violation.field().to_owned(), violation.message().to_owned())).collect()
}

/// The deepest cause of a failed transport. Causes of other classes may quote the answer and stay out.
fn cause(error: &Error) -> Option<String> {
    if !error.class().as_str().starts_with("transport.") {
        return None;
    }
    let mut deepest = error.source()?.source()?;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    Some(deepest.to_string())
}

fn advice(error: &Error, operation: Option<&Operation>, program: &str, connector: &str) -> Option<String> {
    let action = operation.map_or("ACTION".to_owned(), |operation| format!("{connector}/{}", operation.id));
    let again = match error.is_retryable() {
        true => "the same call may be made again",
        false => "look whether it was carried out before you call again",
    };
    let advice = match error.class().as_str() {
        "validation" => format!("`{program} call {action} --help` lists every field and what it takes"),
        "auth.revoked" => {
            "the token is not (or no longer) valid for this store: check both, or connect the store again"
                .to_owned()
        }
        "auth.scope" => match operation.map(|operation| operation.scopes) {
            Some(scopes) if !scopes.is_empty() => {
                format!("the token needs one of these scopes: {}", scopes.join(", "))
            }
            _ => "the token does not allow this".to_owned(),
        },
        class if class.starts_with("not_found") => {
            "check the id: calling again will not help unless the resource is still being made".to_owned()
        }
        "conflict" => "something with this name or state is there already: read it first".to_owned(),
        "too_large" => "send fewer items in one call".to_owned(),
        "locked" => "somebody else is changing it: call again later".to_owned(),
        "plan_limit" => "the plan of the account allows no more".to_owned(),
        "partial" => "a part was done: read back what is there before you call again".to_owned(),
        "rate_limited.window" => {
            "wait that long, then make the same call: the quota is shared by everything that calls this store"
                .to_owned()
        }
        "rate_limited.overload" => "the API is under load: wait, and longer after each refusal".to_owned(),
        "server" | "unavailable" => format!("the fault is the API's: {again}"),
        "transport.unsent" => {
            "nothing was sent: check the network and the address, then make the same call".to_owned()
        }
        "transport.unknown_outcome" => format!("nobody knows whether the call arrived: {again}"),
        "decode" => {
            "the answer cannot be read: check the address, and that nothing stands in between".to_owned()
        }
        _ => return None,
    };
    Some(advice)
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
            assert_eq!(exit_code(class.as_str()), code, "{class}");
            let line = EXIT_CODES.lines().find(|line| line.trim_start().starts_with(&format!("{code}  ")));
            assert!(line.unwrap().contains(class.as_str()), "{class} is not in the help");
        }
        assert_eq!(exit_code("not_found.eventual"), 5);
        assert_eq!(exit_code("usage"), 2);
        assert_eq!(exit_code("something new"), 1);
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
        assert_eq!(report.exit_code(), 3);
    }

    #[test]
    fn json_has_every_member_in_order() {
        let json = Report::of(&refused_input(), "connector", "bigcommerce").to_json();
        let begin = concat!(
            r#"{"error":{"class":"validation","message":"get-product: the input is not valid","status":null,"#,
            r#""retryable":false,"retry_after_ms":null,"request_id":null,"api_message":null,"violations":[{"field":""#,
        );
        assert!(json.starts_with(begin), "{json}");
        assert!(json.contains(r#"{"field":"product_id","message":"must be at least 1"}"#), "{json}");
        assert!(json.ends_with("]}}\n"), "{json}");
    }

    #[test]
    fn colours_appear_only_where_they_are_wanted() {
        let report = Report::of(&Failure::Usage("no token".to_owned()), "connector", "bigcommerce");
        assert!(report.to_text(Style::Coloured).contains("\u{1b}["));
        assert!(!report.to_text(Style::Plain).contains('\u{1b}'));
    }

    #[test]
    fn waits_are_rounded_up_for_programs() {
        assert_eq!(milliseconds(Duration::from_micros(1_900_001)), 1901);
        assert_eq!(seconds(Duration::from_millis(1900)), "1.9 s");
    }
}
