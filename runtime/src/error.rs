//! The one error of the runtime: opaque, with a stable class, predicates, and nothing secret or personal in its text.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::operation::{Effect, Operation};

/// What went wrong, as a stable word that workflows may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// `auth.revoked`: the API no longer knows the credentials (401, also for the connection test).
    AuthRevoked,
    /// `auth.scope`: the credentials do not allow this (403, or 401 while the connection test goes well).
    AuthScope,
    /// `not_found`: the resource does not exist (404, 410).
    NotFound,
    /// `not_found.eventual`: the resource of an event is not there yet, or not any more.
    NotFoundEventual,
    /// `validation`: the input is wrong; before sending or by the API's own answer (400, 422 and kin).
    Validation,
    /// `conflict`: something else stands in the way, such as a name that is taken (409).
    Conflict,
    /// `too_large`: more items than the API takes at once (413).
    TooLarge,
    /// `locked`: the resource is being changed by somebody else (423).
    Locked,
    /// `rate_limited.window`: the quota of this window is spent; headers say for how long.
    RateLimitedWindow,
    /// `rate_limited.overload`: the API is under load and does not say for how long.
    RateLimitedOverload,
    /// `server`: the API failed (other 5xx).
    Server,
    /// `unavailable`: the API or the account is down for now (503), or cannot say whether it knows the credentials.
    Unavailable,
    /// `plan_limit`: the account's plan allows no more (507).
    PlanLimit,
    /// `partial`: a part was done and a part was not (207).
    Partial,
    /// `transport.unsent`: the request of the last attempt never left.
    TransportUnsent,
    /// `transport.unknown_outcome`: the request may have arrived; nobody knows what became of it.
    TransportUnknownOutcome,
    /// `decode`: the answer is not what the API's description promises, has a content coding that cannot be decoded, or
    /// is larger than the limits. A write may have been executed.
    Decode,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 17] = [
        Self::AuthRevoked,
        Self::AuthScope,
        Self::NotFound,
        Self::NotFoundEventual,
        Self::Validation,
        Self::Conflict,
        Self::TooLarge,
        Self::Locked,
        Self::RateLimitedWindow,
        Self::RateLimitedOverload,
        Self::Server,
        Self::Unavailable,
        Self::PlanLimit,
        Self::Partial,
        Self::TransportUnsent,
        Self::TransportUnknownOutcome,
        Self::Decode,
    ];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthRevoked => "auth.revoked",
            Self::AuthScope => "auth.scope",
            Self::NotFound => "not_found",
            Self::NotFoundEventual => "not_found.eventual",
            Self::Validation => "validation",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Locked => "locked",
            Self::RateLimitedWindow => "rate_limited.window",
            Self::RateLimitedOverload => "rate_limited.overload",
            Self::Server => "server",
            Self::Unavailable => "unavailable",
            Self::PlanLimit => "plan_limit",
            Self::Partial => "partial",
            Self::TransportUnsent => "transport.unsent",
            Self::TransportUnknownOutcome => "transport.unknown_outcome",
            Self::Decode => "decode",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    field: String,
    message: String,
}

impl Violation {
    pub(crate) fn new(field: String, message: String) -> Self {
        Self { field, message }
    }

    /// Where it is: a field's name, or a path such as `items[2].name`; empty for the whole.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn prefix(&mut self, step: &dyn fmt::Display) {
        let dot = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("{step}{dot}{}", self.field);
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = OneLine(out);
        match self.field.as_str() {
            "" => line.write_str(&self.message),
            field => write!(line, "{field}: {}", self.message),
        }
    }
}

/// Escapes what would begin a new line: the names of fields are a caller's or an API's own, and errors go to logs.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '\u{2028}' | '\u{2029}' => write!(self.0, "{}", char.escape_unicode()),
            char if char.is_control() => write!(self.0, "{}", char.escape_default()),
            char => self.0.write_char(char),
        })
    }
}

/// An action that failed. Its text names the action, the class and the status, never a secret or the API's own words;
/// those stand in [`Error::api_message`] and [`Error::violations`].
pub struct Error(Box<Parts>);

#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) class: Option<Class>,
    pub(crate) action: Option<&'static str>,
    pub(crate) detail: String,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) retryable: bool,
    pub(crate) check_first: Option<&'static str>,
    /// Whether this attempt may have been carried out.
    pub(crate) open: bool,
    /// Whether an attempt of the same call before this one may have been carried out.
    pub(crate) earlier_open: bool,
    pub(crate) api_message: Option<String>,
    pub(crate) violations: Vec<Violation>,
    /// Whether it is the declared answer to a request behind the last page.
    pub(crate) is_past_end: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(class: Class, operation: &'static Operation, mut parts: Parts) -> Self {
        if class == Class::Decode && operation.effect != Effect::Read {
            // The API may have carried out a write whose answer cannot be read.
            parts.detail.push_str("; the request may have been executed");
            parts.check_first = operation.check_first;
        }
        Self(Box::new(Parts { class: Some(class), action: Some(operation.id), ..parts }))
    }

    pub(crate) fn invalid_input(operation: &'static Operation, violations: Vec<Violation>) -> Self {
        let detail = "the input is not valid".to_owned();
        Self::new(Class::Validation, operation, Parts { detail, violations, ..Parts::default() })
    }

    pub(crate) fn invalid_connection(field: &str, what: &str) -> Self {
        let violations = vec![Violation::new(field.to_owned(), what.to_owned())];
        let detail = "the connection is not valid".to_owned();
        Self(Box::new(Parts { class: Some(Class::Validation), detail, violations, ..Parts::default() }))
    }

    /// The quota is spent, and the caller does not want to wait so long: nothing was sent.
    pub(crate) fn quota_spent(operation: &'static Operation, retry_after: Duration) -> Self {
        let detail = "the quota is spent: nothing was sent".to_owned();
        let parts = Parts { detail, retryable: true, retry_after: Some(retry_after), ..Parts::default() };
        Self::new(Class::RateLimitedWindow, operation, parts)
    }

    /// A list whose end cannot be known, or that has none.
    pub(crate) fn paging(operation: &'static Operation, detail: String) -> Self {
        Self::new(Class::Decode, operation, Parts { detail, ..Parts::default() })
    }

    /// The same failure of a read after an event: what is missing may still come, after `retry_after` where that is some.
    pub(crate) fn eventual(self, retry_after: Option<Duration>) -> Self {
        let Self(mut parts) = self;
        parts.class = Some(Class::NotFoundEventual);
        parts.retryable = retry_after.is_some();
        parts.retry_after = retry_after;
        Self(parts)
    }

    /// The same refusal where a test has shown that the API knows the credentials: it is this call that they do not allow.
    pub(crate) fn of_known_credentials(self) -> Self {
        let Self(mut parts) = self;
        parts.class = Some(Class::AuthScope);
        parts.detail.push_str(" to this, and knows the credentials");
        Self(parts)
    }

    /// The same refusal where it could not be found out whether the API knows the credentials. It was not carried out.
    pub(crate) fn of_doubtful_credentials(self, retry_after: Option<Duration>) -> Self {
        let Self(mut parts) = self;
        parts.class = Some(Class::Unavailable);
        parts.detail.push_str(", and could not be asked whether it still knows the credentials");
        (parts.retryable, parts.retry_after) = (true, retry_after);
        Self(parts)
    }

    /// The same failure after an attempt of the same call that may have been carried out.
    pub(crate) fn after_open_attempt(self, operation: &'static Operation) -> Self {
        let Self(mut parts) = self;
        parts.earlier_open = true;
        parts.detail.push_str("; an earlier attempt of this call may have been carried out");
        parts.check_first = parts.check_first.or(operation.check_first);
        Self(parts)
    }

    /// Whether this attempt may have been carried out.
    pub(crate) fn is_open(&self) -> bool {
        self.0.open
    }

    /// The credentials are known to be gone, so that nothing is sent: `detail` says what to do about it.
    #[must_use]
    pub fn revoked(detail: &str) -> Self {
        let detail = detail.to_owned();
        Self(Box::new(Parts { class: Some(Class::AuthRevoked), detail, ..Parts::default() }))
    }

    pub(crate) fn unknown_action(id: &str) -> Self {
        let violations =
            vec![Violation::new("action".to_owned(), format!("`{id}` is no action of this connector"))];
        let detail = "there is no such action".to_owned();
        Self(Box::new(Parts { class: Some(Class::Validation), detail, violations, ..Parts::default() }))
    }

    pub(crate) fn is_past_end(&self) -> bool {
        self.0.is_past_end
    }

    /// The stable class.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class.unwrap_or(Class::Decode)
    }

    /// What happened, in a few words of our own: the text of the error without action, class, violations and wait.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The id of the action that failed; `None` where it did not come that far.
    #[must_use]
    pub fn action(&self) -> Option<&'static str> {
        self.0.action
    }

    /// Whether the same call may be made again as it is, now or after [`Error::retry_after`]:
    /// `rate_limited.*`, `locked`, `transport.unsent` always; `server` (except 501 and 505), `unavailable` and
    /// `transport.unknown_outcome` unless the call creates something; `not_found.eventual` while the resource may come.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What to look up before the call is made again by hand. It is some if this call may have been carried out and must
    /// not be repeated, and if a refusal (409, 422, 507) may come of an earlier identical call that was carried out. A write
    /// of class `decode` has it as well, if the manifest has a text for the action.
    #[must_use]
    pub fn check_first(&self) -> Option<&'static str> {
        self.0.check_first
    }

    /// Whether an earlier attempt of this call may have been carried out: the client repeated the call after an attempt
    /// whose outcome is unknown, and this error is that of the last attempt.
    #[must_use]
    pub fn earlier_attempt_may_have_been_executed(&self) -> bool {
        self.0.earlier_open
    }

    /// Whether the API asked the caller to slow down.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.class(), Class::RateLimitedWindow | Class::RateLimitedOverload)
    }

    /// How long to wait before the call may be made again; never zero.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The HTTP status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The API's own id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The API's own message. It may repeat what the caller sent: show it to the caller, keep it out of logs.
    #[must_use]
    pub fn api_message(&self) -> Option<&str> {
        self.0.api_message.as_deref()
    }

    /// What is wrong with which field.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(action) = self.0.action {
            write!(out, "{action}: ")?;
        }
        write!(out, "{}: {}", self.class(), self.0.detail)?;
        for (index, violation) in self.0.violations.iter().enumerate() {
            // What an API says of a field may repeat what was sent; only our own findings are printed.
            if self.0.status.is_none() {
                write!(out, "{}{violation}", if index == 0 { ": " } else { "; " })?;
            }
        }
        if let Some(wait) = self.0.retry_after {
            write!(out, " (retry after {} ms)", wait.as_millis())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Error")
            .field("class", &self.class())
            .field("action", &self.0.action)
            .field("status", &self.0.status)
            .field("retryable", &self.0.retryable)
            .field("retry_after", &self.0.retry_after)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
