//! Triggers and the webhooks behind them: what a generated crate says of them, and how an event is read from a
//! verified delivery.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value as Any;
use sha2::{Digest, Sha256};

use crate::json::look_up;
use crate::operation::Operation;
use crate::signature::{SignatureProfile, Verified};

/// What can start a workflow.
#[derive(Debug)]
pub struct Trigger {
    /// Stable id, such as `order-created`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The name of the event.
    pub event: &'static str,
    /// The type of the resource in the event.
    pub resource: &'static str,
    /// Ids of the OAuth scopes of which one suffices.
    pub scopes: &'static [&'static str],
    /// How the whole resource is read after the event; `None` where there is nothing to read.
    pub read: Option<ReadAfterEvent>,
}

/// How a resource is read after an event about it.
#[derive(Clone, Copy, Debug)]
pub struct ReadAfterEvent {
    /// The operation that reads it.
    pub operation: &'static Operation,
    /// The parameter that takes its id.
    pub parameter: &'static str,
    /// How long it may still be missing.
    pub grace: Duration,
}

/// How webhooks are managed, and what an event looks like.
#[derive(Debug)]
pub struct Webhooks {
    /// The profiles of which a delivery must satisfy one whole.
    pub signatures: &'static [&'static SignatureProfile],
    /// Lists webhooks.
    pub list: &'static Operation,
    /// Creates one.
    pub create: &'static Operation,
    /// Switches one on again.
    pub update: &'static Operation,
    /// Deletes one.
    pub delete: &'static Operation,
    /// Where the parts of an event stand.
    pub event: EventShape,
    /// What makes two deliveries one event: the first line whose parts are all there counts.
    pub dedupe: &'static [&'static [DedupePart]],
}

/// Where the parts of an event stand in the body of a delivery, as dotted paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventShape {
    /// The event's name.
    pub name: &'static str,
    /// The account it comes from.
    pub account: &'static str,
    /// The form of that text, with one `{variable}` for the account itself.
    pub account_form: &'static str,
    /// The type of the resource.
    pub resource: &'static str,
    /// Its id.
    pub id: &'static str,
    /// The time of the event, in seconds since the Unix epoch.
    pub time: &'static str,
}

/// A part of a delivery that tells events apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupePart {
    /// The value of a header.
    Header(&'static str),
    /// The value at a dotted path of the body.
    Body(&'static str),
}

/// An event, read from a delivery that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The account it comes from, bare.
    pub account: String,
    /// The type of the resource, if the event says it.
    pub resource: Option<String>,
    /// The id of the resource, if it has one, whether it came as a number or as a text.
    pub id: Option<String>,
    /// The time of the event in seconds since the Unix epoch, if it says one.
    pub time: Option<i64>,
    /// The same for every delivery of one event.
    pub dedupe_key: String,
}

/// A verified delivery that is no event: its signature is good, its body is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoEvent {
    /// The body is no JSON object.
    NotAnObject,
    /// There is no name.
    NoName,
    /// There is no account in the form that the API documents.
    NoAccount,
}

impl std::fmt::Display for NoEvent {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::NotAnObject => "the body is no JSON object",
            Self::NoName => "the event has no name",
            Self::NoAccount => "the event names no account in the documented form",
        })
    }
}

impl std::error::Error for NoEvent {}

impl Webhooks {
    /// Reads the event of a verified delivery.
    ///
    /// # Errors
    /// When the body is no event.
    pub fn event(&self, delivery: &Verified<'_>, headers: &HeaderMap) -> Result<Event, NoEvent> {
        let body: Any = serde_json::from_slice(delivery.body()).map_err(|_| NoEvent::NotAnObject)?;
        if !body.is_object() {
            return Err(NoEvent::NotAnObject);
        }
        let text = |path: &str| look_up(&body, path).and_then(Any::as_str);
        let name = text(self.event.name).ok_or(NoEvent::NoName)?;
        let account = text(self.event.account).and_then(|text| bare(text, self.event.account_form));
        let id = look_up(&body, self.event.id).map(plain);
        Ok(Event {
            name: name.to_owned(),
            account: account.ok_or(NoEvent::NoAccount)?.to_owned(),
            resource: text(self.event.resource).map(str::to_owned),
            id,
            time: look_up(&body, self.event.time).and_then(Any::as_i64),
            dedupe_key: self.dedupe_key(delivery, headers, &body),
        })
    }

    /// The first line of parts that are all there; without one, a digest of the body and the signed time.
    fn dedupe_key(&self, delivery: &Verified<'_>, headers: &HeaderMap, body: &Any) -> String {
        let part = |part: &DedupePart| match part {
            DedupePart::Header(name) => headers.get(*name)?.to_str().ok().map(str::to_owned),
            DedupePart::Body(path) => look_up(body, path).map(plain),
        };
        let whole = |line: &&[DedupePart]| line.iter().map(part).collect::<Option<Vec<String>>>();
        if let Some(parts) = self.dedupe.iter().find_map(whole) {
            return parts.join(" ");
        }
        let mut digest = Sha256::new();
        digest.update(delivery.timestamp_ms().unwrap_or_default().to_be_bytes());
        digest.update(delivery.body());
        hex::encode(digest.finalize())
    }
}

fn plain(value: &Any) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The account in a text of the documented form: `stores/{store}` and `stores/abc` give `abc`.
fn bare<'t>(text: &'t str, form: &str) -> Option<&'t str> {
    let (before, rest) = form.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    let account = text.strip_prefix(before)?.strip_suffix(after)?;
    (!account.is_empty()).then_some(account)
}
