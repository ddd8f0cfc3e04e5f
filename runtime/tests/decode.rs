//! Decoding and encoding of records at their public border, with records as a generator would write them.

#[path = "decode/documents.rs"]
mod documents;
#[path = "decode/inputs.rs"]
mod inputs;
#[path = "decode/meaning.rs"]
mod meaning;
#[path = "decode/numbers.rs"]
mod numbers;
#[path = "decode/odd.rs"]
mod odd;
#[path = "decode/records.rs"]
mod records;

use bytes::Bytes;
use connector_runtime::{
    Action, Api, BoxFuture, Client, Connection, Connector, DateFormat, DecimalFormat, Envelope, Error,
    ErrorShape, Operation, RateLimit, Reply, Returns, Transport, TransportError, impl_input,
};
use std::time::Duration;

use records::Item;

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "",
    envelope: Envelope::None,
    errors: ErrorShape::Object { message: "title", fields: "errors" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

static ACME: Connector = Connector {
    id: "acme",
    title: "Acme",
    version: "1.2.3",
    docs: "https://acme.example/docs",
    fields: &[],
    credentials: &[],
    oauth2: None,
    callbacks: None,
    test: None,
    label: None,
    rate_limit: RateLimit {
        status: 429,
        waits: &[],
        quota: None,
        also: &[],
        per: None,
        overload_wait: Duration::from_secs(1),
        max_wait: Duration::from_secs(9),
    },
    webhooks: None,
    triggers: &[],
    actions: &[],
    catalog: "{}",
};

/// Answers every request alike.
struct Canned(String);

impl Transport for Canned {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async { Ok(http::Response::new(Bytes::from(self.0.clone()))) })
    }
}

struct GetItem {}
impl_input!(GetItem {});

impl Action for GetItem {
    type Output = Item;
    const OPERATION: &'static Operation = &Operation::get("get-item", &API, "/item");
}

struct ListItems {}
impl_input!(ListItems {});

impl Action for ListItems {
    type Output = Vec<Item>;
    const OPERATION: &'static Operation =
        &Operation::get("list-items", &API, "/items").returns(Returns::List);
}

struct ListNumbers {}
impl_input!(ListNumbers {});

impl Action for ListNumbers {
    type Output = Vec<i64>;
    const OPERATION: &'static Operation =
        &Operation::get("list-numbers", &API, "/numbers").returns(Returns::List);
}

/// A client whose every call is answered with this body.
fn client(json: &str) -> Client {
    let connection = Connection::new(&ACME, &[], &[]).expect("Acme asks for nothing");
    Client::with_transport(connection, Canned(json.to_owned()))
}

/// What a typed call makes of this body.
fn called<A: Action + Sync>(action: &A, json: &str) -> Result<Reply<A::Output>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(client(json).call(action))
}

/// The item that this JSON is, whole.
#[track_caller]
fn item(json: &str) -> Item {
    let reply = called(&GetItem {}, json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(reply.unreadable, [], "{json}");
    let read: Item = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(read, reply.data, "{json}: the same through serde");
    read
}

/// Why the one unreadable value of this item is unreadable; the item survives serde with the value.
#[track_caller]
fn fault(json: &str) -> String {
    let reply = called(&GetItem {}, json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(reply.unreadable.len(), 1, "{json}: {:?}", reply.unreadable);
    assert_eq!(reply.json.as_str(), json);
    meaning::assert_same(json, &written(&reply.data));
    let read: Item = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(read, reply.data, "{json}: the same through serde");
    reply.unreadable[0].to_string()
}

/// Why this JSON is no item at all.
#[track_caller]
fn refusal(json: &str) -> String {
    let error = called(&GetItem {}, json).expect_err(json);
    assert_eq!((error.class().as_str(), error.status()), ("decode", Some(200)), "{json}");
    serde_json::from_str::<Item>(json).expect_err(json).to_string()
}

fn written(item: &Item) -> String {
    serde_json::to_string(item).expect("an item is JSON")
}
