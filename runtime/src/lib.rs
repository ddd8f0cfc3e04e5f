//! What generated connectors stand on: requests as plain values, records that decode whatever an API answers,
//! one client loop, errors with stable classes, and verification of signed webhooks. It knows no vendor: all that
//! is particular to an API comes in as the `static` data of a generated crate.

mod action;
mod answer;
mod client;
mod connection;
mod connector;
mod date;
mod decode;
mod encode;
mod enumeration;
mod error;
mod json;
mod percent;
mod rate_limit;
mod record;
mod request;
mod rules;
pub mod signature;
mod transport;
mod value;

pub use action::{Action, ActionEntry};
pub use answer::Reply;
pub use client::Client;
pub use connection::Connection;
pub use connector::{
    Api, ConnectionField, Connector, Credential, Effect, Envelope, ErrorShape, Method, Operation, Placement,
    RateLimit, WaitHeader, WaitUnit,
};
pub use date::{Date, DateFormat, DateTime, InvalidDate};
pub use enumeration::Enumeration;
pub use error::{Class, Error, Violation};
pub use json::Json;
pub use record::{Extra, Record, Visit};
pub use request::Request;
pub use rules::{Parameter, Place};
pub use transport::{BoxFuture, HttpTransport, Sent, Transport, TransportError};
pub use value::{Fields, Items, Read, Scalar, Value, View};

/// Money and every other number whose digits matter, re-exported so that generated code needs one crate.
pub use rust_decimal::Decimal;
/// Tokens and keys: no `Debug`, no `Display`, wiped when dropped.
pub use secrecy::SecretString;

#[doc(hidden)]
pub use decode::deserialize;
#[doc(hidden)]
pub use encode::serialize;
#[doc(hidden)]
pub use serde;
