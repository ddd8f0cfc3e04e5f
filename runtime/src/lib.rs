//! What generated connectors stand on: requests as plain values, records that decode whatever an API answers,
//! one client loop, errors with stable classes, and verification of signed webhooks. It knows no vendor: all that
//! is particular to an API comes in as the `static` data of a generated crate.
//!
//! # Calling
//!
//! A generated crate brings the statics, records and actions below; they are written out here to show what they are.
//! The client sends over HTTP unless it is given another [`Transport`], such as one with an answer of its own:
//!
//! ```
//! use std::time::Duration;
//!
//! use connector_runtime::{
//!     Action, ActionEntry, Api, BoxFuture, Client, Connection, Connector, Credential, DateFormat, DecimalFormat, Decimal, Envelope,
//!     ErrorShape, Extra, Operation, Parameter, Placement, RateLimit, SecretString, Transport, TransportError,
//!     impl_input, impl_record,
//! };
//!
//! static V1: Api = Api {
//!     id: "v1",
//!     server: "https://api.acme.example",
//!     base: "",
//!     envelope: Envelope::Object { data: "data", meta: Some("meta") },
//!     errors: ErrorShape::Object { message: "title", fields: "errors" },
//!     dates: DateFormat::Rfc3339,
//!     decimals: DecimalFormat::Number,
//!     request_id: Some("X-Request-Id"),
//! };
//!
//! /// A record of an answer.
//! #[derive(Clone, Default)]
//! struct Jar {
//!     name: Option<String>,
//!     price: Option<Decimal>,
//!     extra: Extra,
//! }
//! impl_record!(Jar { "name" => name, "price" => price });
//!
//! /// An action: its input, its output and the operation it calls.
//! struct GetJar {
//!     jar_id: i64,
//! }
//! impl_input!(GetJar { "jar_id" => jar_id });
//!
//! impl Action for GetJar {
//!     type Output = Jar;
//!     const OPERATION: &'static Operation =
//!         &Operation::get("get-jar", &V1, "/jars/{jar_id}").parameters(&[Parameter::path("jar_id").minimum("1")]);
//! }
//!
//! static ACME: Connector = Connector {
//!     id: "acme",
//!     title: "Acme",
//!     version: "1.0.0",
//!     docs: "https://acme.example/docs",
//!     fields: &[],
//!     credentials: &[Credential {
//!         name: "token",
//!         title: "token",
//!         description: "On the page of tokens.",
//!         placement: Placement::Bearer,
//!     }],
//!     oauth2: None,
//!     callbacks: None,
//!     test: None,
//!     label: None,
//!     rate_limit: RateLimit {
//!         status: 429,
//!         waits: &[],
//!         quota: None,
//!         also: &[],
//!         per: None,
//!         overload_wait: Duration::from_secs(1),
//!         max_wait: Duration::from_secs(120),
//!     },
//!     webhooks: None,
//!     triggers: &[],
//!     actions: &[ActionEntry::of::<GetJar>()],
//!     catalog: "{}",
//! };
//!
//! /// Answers every request alike.
//! struct Canned(&'static str);
//!
//! impl Transport for Canned {
//!     fn send(
//!         &self,
//!         request: http::Request<bytes::Bytes>,
//!     ) -> BoxFuture<'_, Result<http::Response<bytes::Bytes>, TransportError>> {
//!         assert_eq!(request.uri(), "https://api.acme.example/jars/7");
//!         Box::pin(async { Ok(http::Response::new(bytes::Bytes::from_static(self.0.as_bytes()))) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = Connection::new(&ACME, &[], &[("token", SecretString::from("a token"))])?;
//! let client = Client::with_transport(connection, Canned(r#"{"data": {"name": "Jar", "price": 12.50, "lid": true}}"#));
//!
//! // Typed: the input is checked, the output is a record, and nothing that the API sent is lost.
//! let jar = client.call(&GetJar { jar_id: 7 }).await?.data;
//! assert_eq!((jar.name.as_deref(), jar.price), (Some("Jar"), Some(Decimal::new(1250, 2))));
//! assert_eq!(jar.extra["lid"].as_str(), "true");
//!
//! // Untyped: by id and JSON, as a workflow engine calls; the data comes byte for byte.
//! let reply = client.call_untyped("get-jar", br#"{"jar_id": 7}"#).await?;
//! assert_eq!(reply.json.as_str(), r#"{"name": "Jar", "price": 12.50, "lid": true}"#);
//!
//! // An entry prepares the request alone, for those who check an input before they call.
//! let entry = ACME.action("get-jar").ok_or("an action of Acme")?;
//! let error = entry.prepare(br#"{"jar_id": 0, "size": 3}"#).unwrap_err();
//! let wrong: Vec<&str> = error.violations().iter().map(|violation| violation.field()).collect();
//! assert_eq!((error.class().as_str(), wrong), ("validation", vec!["size", "jar_id"]));
//! # Ok(())
//! # }
//! ```
//!
//! # Receiving
//!
//! A webhook is checked over its raw bytes before anything parses it. The profile comes from the generated crate, as
//! [`Webhooks::signatures`]; the clock is an argument:
//!
//! ```
//! use std::time::Duration;
//!
//! use connector_runtime::SecretString;
//! use connector_runtime::signature::{
//!     Algorithm, Encoding, KeyForm, Repeats, SignatureForm, SignatureProfile, SignedPart, Signer, TimestampUnit,
//!     Tolerance, Verifier,
//! };
//! use http::{HeaderMap, HeaderName};
//!
//! static ACME: SignatureProfile = SignatureProfile {
//!     name: "acme",
//!     signature_header: "X-Acme-Signature",
//!     timestamp_header: Some("X-Acme-Timestamp"),
//!     id_header: None,
//!     timestamp_unit: TimestampUnit::Seconds,
//!     signed_content: &[SignedPart::Timestamp, SignedPart::Literal("."), SignedPart::Body],
//!     algorithm: Algorithm::HmacSha256,
//!     encoding: Encoding::LowerHex,
//!     key_form: KeyForm::Utf8,
//!     signature_form: SignatureForm::Single,
//!     tolerance: Tolerance { max_age: Duration::from_secs(300), max_ahead: Duration::from_secs(60) },
//!     repeats: Repeats::Signed,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = SecretString::from("the app's secret");
//! let (url, body, now_ms) = ("https://hooks.example/acme", br#"{"event":"jar/created"}"#, 1_764_000_000_000);
//!
//! // What the sender does.
//! let mut headers = HeaderMap::new();
//! for (name, value) in Signer::new(&ACME, &secret)?.sign("", url, now_ms, body)? {
//!     headers.insert(name.parse::<HeaderName>()?, value.parse()?);
//! }
//!
//! // What the receiver does.
//! let verifier = Verifier::new(&[&ACME], &[secret])?;
//! let delivery = verifier.verify(&headers, url, body, now_ms + 2_000)?;
//! assert_eq!(delivery.body(), body);
//! assert!(verifier.verify(&headers, url, b"{}", now_ms + 2_000).is_err(), "another body");
//! assert!(verifier.verify(&headers, url, body, now_ms + 301_000).is_err(), "too late");
//! # Ok(())
//! # }
//! ```

mod action;
mod answer;
mod body;
mod changes;
mod client;
mod comparison;
mod connection;
mod connector;
mod date;
mod decode;
mod doubt;
mod encode;
mod enumeration;
mod error;
mod error_body;
mod events;
mod fields;
mod hooks;
mod json;
mod operation;
pub mod pacing;
mod pages;
mod paging;
mod percent;
mod rate_limit;
mod record;
mod request;
mod retry;
mod rules;
mod salvage;
pub mod signature;
mod success;
pub mod text;
mod transport;
mod value;

pub use action::{Action, ActionEntry, ActionVisitor};
pub use answer::Reply;
pub use changes::{ChangedId, Changes};
pub use client::Client;
pub use connection::Connection;
pub use connector::{
    AccountLabel, Api, Callbacks, Caller, ConnectionField, Connector, Credential, DecimalFormat, Envelope,
    ErrorShape, ExternalInstall, OAuth2, Placement, QuotaHeaders, RateLimit, WaitHeader, WaitUnit,
};
pub use date::{Date, DateFormat, DateTime, InvalidDate};
pub use enumeration::Enumeration;
pub use error::{Class, Error, Violation};
pub use hooks::{
    Backfill, ComposedEvent, DedupePart, Event, EventShape, NoEvent, ReadAfterEvent, ServiceEvent,
    Subscription, Trigger, Webhooks,
};
pub use json::Json;
pub use operation::{Body, Effect, Method, Operation, Repeat, Returns, VerificationLevel};
pub use pages::{Pages, TypedPages};
pub use paging::{
    MOST_EMPTY_PAGES, NextPage, Outlook, Paging, PagingStyle, PastEnd, page_position, total_items,
};
pub use record::{Extra, Record, Visit};
pub use request::Request;
pub use retry::Patience;
pub use rules::{Parameter, Place, Rules};
pub use transport::{BoxFuture, HttpTransport, Sent, Transport, TransportError, Unreadable};
pub use value::{Boxed, Fields, Items, Nullable, Read, Scalar, Token, Value, View};

/// The headers of a delivery, re-exported so that a receiver needs no other crate.
pub use http::HeaderMap;
/// Money and every other number whose digits matter, re-exported so that generated code needs one crate.
pub use rust_decimal::Decimal;
/// Tokens and keys: no `Debug` of what they hold, no `Display`, wiped when dropped; the trait reads them.
pub use secrecy::{ExposeSecret, SecretString};

#[doc(hidden)]
pub use comparison::{debug_record, records_equal};
#[doc(hidden)]
pub use decode::deserialize;
#[doc(hidden)]
pub use encode::serialize;
#[doc(hidden)]
pub use serde;
