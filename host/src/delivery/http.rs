//! Sends events to receivers over HTTP: signed, to addresses that the guard lets through, without following anybody elsewhere.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Response};
use tokio::time::timeout;

use super::decision::Failed;
use super::guard::{Address, GuardedResolver, Networks, Protection, Refused};
use super::signing::Signature;
use crate::activation::{CloudEvent, STRUCTURED};

/// The most bytes of an answer that are read, so that its connection can serve again; nobody looks at them.
const ANSWER: usize = 64 * 1024;

/// How long that may take.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a connection is kept that serves nothing: shorter than most receivers keep theirs.
const IDLE: Duration = Duration::from_secs(15);

/// How an event is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One object in the body.
    Structured,
    /// Attributes in headers, data in the body.
    Binary,
}

/// Sends events.
pub(crate) struct HttpSink {
    /// Where events of connections go that name no address.
    default: Option<Address>,
    form: Form,
    signature: Signature,
    allowed: Networks,
    protected: Client,
    plain: Client,
}

/// What a sink is made of.
pub(crate) struct HttpSinkParts {
    /// See [`HttpSink`].
    pub(crate) default: Option<Address>,
    /// How events are laid out.
    pub(crate) form: Form,
    /// Signs them.
    pub(crate) signature: Signature,
    /// Networks beside the public internet.
    pub(crate) allowed: Networks,
    /// How long an exchange may take.
    pub(crate) timeout: Duration,
}

impl HttpSink {
    /// A sink.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn new(parts: HttpSinkParts) -> reqwest::Result<Self> {
        let HttpSinkParts { default, form, signature, allowed, timeout } = parts;
        let client = |protection| {
            let resolver = GuardedResolver { protection, allowed: Arc::clone(&allowed) };
            Client::builder()
                // A proxy would resolve and connect where no guard sees it, and so would a redirect.
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .dns_resolver(Arc::new(resolver))
                .https_only(protection == Protection::Tls)
                .pool_idle_timeout(IDLE)
                .connect_timeout(timeout.min(CONNECT))
                .timeout(timeout)
                .gzip(false)
                .build()
        };
        let (protected, plain) = (client(Protection::Tls)?, client(Protection::None)?);
        Ok(Self { default, form, signature, allowed, protected, plain })
    }

    /// Sends an event to an address of its connection's own, or else to the default.
    ///
    /// # Errors
    /// When no receiver has taken it.
    pub(crate) async fn send(
        &self,
        id: &str,
        event: &CloudEvent<'_>,
        own: Option<&str>,
        now_ms: i64,
    ) -> Result<(), Failed> {
        let own = own.map(Address::parse).transpose().map_err(|why| refused(why, true))?;
        let address = own.as_ref().or(self.default.as_ref()).ok_or_else(|| {
            let text = "nobody has said where to: set delivery.url, or the connection's own address";
            Failed::passing("no_address", text)
        })?;
        address.vet(&self.allowed).map_err(|why| refused(why, true))?;
        let (mut headers, body) = match self.form {
            Form::Structured => (vec![(CONTENT_TYPE.as_str(), STRUCTURED.to_owned())], event.structured()),
            Form::Binary => event.binary(),
        };
        headers.extend(
            self.signature
                .headers(id, now_ms, &body)
                .ok_or_else(|| Failed::passing("unsigned", "it cannot be signed: check the clock"))?,
        );
        let client = match address.protection {
            Protection::Tls => &self.protected,
            Protection::None => &self.plain,
        };
        let mut request = client.post(address.url.clone()).header(USER_AGENT, user_agent()).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| unanswered(&error))?;
        let outcome = judge(answer.status(), answer.headers(), now_ms);
        drop(timeout(ANSWER_TIME, drain(answer)).await);
        outcome
    }
}

fn user_agent() -> &'static str {
    concat!("connector/", env!("CARGO_PKG_VERSION"))
}

/// Reads the rest of an answer within bounds. What breaks off changes nothing: the status is known.
async fn drain(mut answer: Response) {
    let mut length = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        length += chunk.len();
        if length > ANSWER {
            return;
        }
    }
}

/// What an answer says.
///
/// # Errors
/// When it is no success.
fn judge(status: StatusCode, headers: &http::HeaderMap, now_ms: i64) -> Result<(), Failed> {
    let kind = match status {
        status if status.is_success() => return Ok(()),
        StatusCode::GONE => {
            return Err(Failed::lasting("gone", "the receiver answered 410: it wants no more of it"));
        }
        StatusCode::TOO_MANY_REQUESTS => "rate_limited",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_redirection() => "redirect",
        status if status.is_client_error() => "client_error",
        status if status.is_server_error() => "server_error",
        _ => "no_success",
    };
    let asked = matches!(kind, "rate_limited" | "unavailable")
        .then(|| headers.get(RETRY_AFTER)?.to_str().ok().and_then(|text| retry_after(text, now_ms)))
        .flatten();
    let text = format!("the receiver answered {}", status.as_u16());
    Err(Failed { retry_after: asked, ..Failed::passing(kind, text) })
}

/// The wait that a header asks for: seconds, or until a date.
fn retry_after(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Duration::from_millis(u64::try_from(until.saturating_sub(now_ms)).unwrap_or(0)))
}

/// An exchange that ended without an answer.
fn unanswered(error: &reqwest::Error) -> Failed {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(why) = error.downcast_ref() {
            // What a name leads to can be changed.
            return refused(*why, false);
        }
        cause = error.source();
    }
    match (error.is_timeout(), error.is_connect()) {
        (true, _) => Failed::passing("timeout", "the receiver took too long"),
        (_, true) => Failed::passing("connect", "no connection to the receiver came about"),
        _ => Failed::passing("broken", "the connection to the receiver broke"),
    }
}

fn refused(why: Refused, is_final: bool) -> Failed {
    let text = format!("the address is not used: {why}");
    Failed { is_final, ..Failed::passing("forbidden_address", text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_764_000_000_000;

    fn judged(status: u16, retry_after: Option<&str>) -> Result<(), Failed> {
        let mut headers = http::HeaderMap::new();
        headers.extend(retry_after.map(|text| (RETRY_AFTER, text.parse().unwrap())));
        judge(StatusCode::from_u16(status).unwrap(), &headers, NOW)
    }

    #[test]
    fn only_a_success_is_a_delivery_and_only_gone_is_final() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judged(status, None), Ok(()));
        }
        for (status, kind) in [
            (301, "redirect"),
            (307, "redirect"),
            (400, "client_error"),
            (401, "client_error"),
            (404, "client_error"),
            (410, "gone"),
            (429, "rate_limited"),
            (500, "server_error"),
            (503, "unavailable"),
            (999, "no_success"),
        ] {
            let failed = judged(status, None).unwrap_err();
            assert_eq!((failed.kind, failed.is_final), (kind, status == 410));
            assert!(failed.text.contains(&status.to_string()), "{}", failed.text);
        }
    }

    #[test]
    fn who_is_busy_may_say_for_how_long() {
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Mon, 24 Nov 2025 16:01:00 GMT", Some(60)),
            ("Mon, 24 Nov 2025 15:00:00 GMT", Some(0)),
            ("-5", None),
            ("99999999999999999999", None),
            ("soon", None),
            ("", None),
        ] {
            for status in [429, 503] {
                let wait = judged(status, Some(text)).unwrap_err().retry_after;
                assert_eq!(wait, seconds.map(Duration::from_secs), "{text}");
            }
            assert_eq!(judged(500, Some(text)).unwrap_err().retry_after, None);
        }
    }
}
