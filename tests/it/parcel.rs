//! A fictional connector that uses every feature of the manifest language, called against a server that records what
//! arrives: the language is tested by what it does, not by what is generated for it.

mod answers;
mod catalog;
mod connection;
mod events;
mod pages;
mod refusals;
mod rules;
mod vendor;
mod wire;

use connector_runtime::{Client, Connection, Decimal, HttpTransport, SecretString};
use parcel_connector::connection;

/// The secrets of the connection: a header, a bearer token, a password, a query parameter.
const SECRETS: [&str; 4] = ["key-1", "token-2", "pass:word-3", "sig & nature/4"];

/// A connection to the vendor.
fn connect() -> Connection {
    connection(["acme", "ada", "full", "my shop"], SECRETS.map(SecretString::from)).unwrap()
}

/// A client that calls another server in place of the vendor's.
fn client(origin: &str) -> Client {
    let transport = HttpTransport::new(Client::DEFAULT_TIMEOUT).unwrap();
    Client::with_transport(connect().at_origin(origin).unwrap(), transport)
}

fn decimal(digits: &str) -> Decimal {
    Decimal::from_str_exact(digits).unwrap()
}
