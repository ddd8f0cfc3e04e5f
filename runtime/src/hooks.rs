//! Triggers and the webhooks behind them: what a generated crate says of them, and how an event is read from a
//! verified delivery.

use std::time::Duration;

use serde_json::Value as Any;
use sha2::{Digest, Sha256};

use crate::json::look_up;
use crate::operation::Operation;
use crate::signature::{Repeats, SignatureProfile, Verified};
use crate::text;
use crate::value::exact;

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
    /// How its events are found that no webhook told of, where that can be.
    pub backfill: Option<Backfill>,
    /// Whether the event happens to a resource once and never again: then the resource's id tells its events apart.
    pub happens_once: bool,
}

/// How events are found that no webhook told of: in a list of what was made or changed since a moment.
#[derive(Clone, Copy, Debug)]
pub struct Backfill {
    /// The operation that lists resources, in pages.
    pub operation: &'static Operation,
    /// Its input that leaves out what is older than a moment.
    pub since: &'static str,
    /// Further inputs and their values, such as an order that no change disturbs.
    pub with: &'static [(&'static str, &'static str)],
    /// The path of an item's id.
    pub id: &'static str,
    /// The path of the date that `since` is compared with.
    pub date: &'static str,
    /// The path of the date it was made: where both are the same, it was made and not changed.
    pub created: Option<&'static str>,
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
    /// The profiles of which a delivery must satisfy at least one whole.
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
    /// What makes two deliveries one event if the scheme signs no id: the first line whose parts are all there counts.
    pub dedupe: &'static [&'static [DedupePart]],
    /// What a webhook is, where a host is to keep them in order.
    pub subscription: Option<Subscription>,
    /// The event that tells that the connection has ended on the vendor's side.
    pub uninstalled: Option<ServiceEvent>,
    /// The event that tells that deliveries fail, or that a webhook was switched off.
    pub failing: Option<ServiceEvent>,
}

/// What a webhook is: its fields, which are those of the inputs that make and change one too, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The field of its id.
    pub id: &'static str,
    /// The field of the event's name.
    pub event: &'static str,
    /// The field of the address that is told.
    pub destination: &'static str,
    /// The field that says whether it delivers, and switches it on.
    pub active: Option<&'static str>,
    /// How many webhooks one event may have.
    pub per_event: Option<usize>,
    /// The one port that an address may have, which takes HTTPS.
    pub port: Option<u16>,
    /// How long a new webhook may take until it tells of anything.
    pub starts: Duration,
    /// How long deliveries are tried before a webhook is switched off, or the event given up.
    pub retries: Duration,
}

/// An event about the connection itself, which is for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// Its name.
    pub event: &'static str,
    /// Whether its webhook needs an address that no other has.
    pub is_apart: bool,
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
    /// The value of a header, which the verified profile signs as its id. A delivery under another profile lacks this part.
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
    /// The signed time, in milliseconds since the Unix epoch, if the delivery has no signed id. Then several events may
    /// have the same key: a delivery with a known key and another time may be a retry or a new event. `None` if the key
    /// alone decides.
    pub signed_ms: Option<i64>,
    /// The key that earlier versions of this crate gave to the delivery: whoever stored one recognises it.
    pub former_key: String,
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

/// What tells an event from others.
struct Key {
    text: String,
    /// See [`Event::signed_ms`].
    signed_ms: Option<i64>,
}

impl Webhooks {
    /// Reads the event of a verified delivery: from its body, and from the headers that the verified profile has signed.
    ///
    /// # Errors
    /// When the body is no event.
    pub fn event(&self, delivery: &Verified<'_>) -> Result<Event, NoEvent> {
        // The signature is of the bytes as they came; the event is read from the text in them.
        let body = text::read(delivery.body()).map_err(|_| NoEvent::NotAnObject)?;
        let body: Any = serde_json::from_str(body).map_err(|_| NoEvent::NotAnObject)?;
        if !body.is_object() {
            return Err(NoEvent::NotAnObject);
        }
        let text = |path: &str| look_up(&body, path).and_then(Any::as_str);
        let name = text(self.event.name).ok_or(NoEvent::NoName)?;
        let account = text(self.event.account).and_then(|text| bare(text, self.event.account_form));
        let id = look_up(&body, self.event.id).map(plain);
        let key = self.key(delivery, &body);
        Ok(Event {
            name: name.to_owned(),
            account: account.ok_or(NoEvent::NoAccount)?.to_owned(),
            resource: text(self.event.resource).map(str::to_owned),
            id,
            time: look_up(&body, self.event.time).and_then(|time| exact::integer(&plain(time))),
            former_key: self.former_key(delivery, &body),
            signed_ms: key.signed_ms,
            dedupe_key: key.text,
        })
    }

    /// A signed id decides alone. Without one, the parts of the body do, and a signed time beside them.
    fn key(&self, delivery: &Verified<'_>, body: &Any) -> Key {
        let parts =
            || self.parts(body, |_| None).unwrap_or_else(|| hex::encode(Sha256::digest(delivery.body())));
        let body_id = match delivery.repeats() {
            Repeats::SameBody => {
                return Key { text: hex::encode(Sha256::digest(delivery.body())), signed_ms: None };
            }
            Repeats::BodyId(path) => {
                look_up(body, path).filter(|id| id.is_string() || id.is_number()).map(plain)
            }
            Repeats::Signed | Repeats::SameKey => None,
        };
        match delivery.id().map(str::to_owned).or(body_id) {
            Some(id) => Key { text: id, signed_ms: None },
            None => Key { text: parts(), signed_ms: delivery.timestamp_ms() },
        }
    }

    /// The first line of parts that are all there.
    fn parts(&self, body: &Any, header: impl Fn(&str) -> Option<String>) -> Option<String> {
        let part = |part: &DedupePart| match part {
            DedupePart::Header(name) => header(name),
            DedupePart::Body(path) => look_up(body, path).map(plain),
        };
        let whole = |line: &&[DedupePart]| line.iter().map(part).collect::<Option<Vec<String>>>();
        Some(self.dedupe.iter().find_map(whole)?.join(" "))
    }

    /// The first line of parts, headers included, whether they were signed or not; without one, a digest of the body and
    /// the signed time.
    fn former_key(&self, delivery: &Verified<'_>, body: &Any) -> String {
        let header = |name: &str| delivery.signed_header(name).map(str::to_owned);
        if let Some(parts) = self.parts(body, header) {
            return parts;
        }
        let mut digest = Sha256::new();
        digest.update(delivery.timestamp_ms().unwrap_or_default().to_be_bytes());
        digest.update(delivery.body());
        hex::encode(digest.finalize())
    }
}

impl EventShape {
    /// The body of an event that no webhook told of, in the form of one that did.
    #[must_use]
    pub fn compose(&self, event: &ComposedEvent<'_>) -> Vec<u8> {
        let account = match (self.account_form.split_once('{'), self.account_form.split_once('}')) {
            (Some((before, _)), Some((_, after))) => format!("{before}{}{after}", event.account),
            _ => event.account.to_owned(),
        };
        let mut body = serde_json::Map::new();
        place(&mut body, self.name, event.name.into());
        place(&mut body, self.account, account.into());
        place(&mut body, self.resource, event.resource.into());
        place(&mut body, self.id, event.id.clone());
        place(&mut body, self.time, event.time.into());
        Any::Object(body).to_string().into_bytes()
    }
}

/// The parts of an event that no webhook told of.
#[derive(Clone, Debug)]
pub struct ComposedEvent<'a> {
    /// Its name.
    pub name: &'a str,
    /// The account, bare.
    pub account: &'a str,
    /// The type of the resource.
    pub resource: &'a str,
    /// Its id, as the API wrote it.
    pub id: Any,
    /// When it happened, in seconds since the Unix epoch.
    pub time: i64,
}

/// Puts a value at a dotted path; what stands in its way and is no object gives way.
fn place(object: &mut serde_json::Map<String, Any>, path: &str, value: Any) {
    match path.split_once('.') {
        None => _ = object.insert(path.to_owned(), value),
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Any::Object(serde_json::Map::new()));
            if !inner.is_object() {
                *inner = Any::Object(serde_json::Map::new());
            }
            if let Any::Object(inner) = inner {
                place(inner, rest, value);
            }
        }
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
