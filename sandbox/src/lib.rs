//! A local BigCommerce store with state of its own, for demos and tests.
//!
//! It speaks the management API over real HTTP on a socket of this machine: the v2 and v3 paths, their
//! envelopes and error shapes, `X-Auth-Token`, the store's request quota with its four headers, and, on
//! demand, the ways in which the real thing fails. It is written from BigCommerce's documentation and from
//! what real stores were seen to answer, never from a connector's own description of the API, so that the
//! two check each other.
//!
//! # Resources
//!
//! v3: products, brands, categories (as trees and in the older form), customers, webhooks. v2: orders with
//! their products and shipping addresses, order statuses and counts, the store and its time. A store starts
//! with 200 products, 8 brands, a category tree, 100 customers and 50 orders, all invented and the same for
//! the same seed.
//!
//! # Control
//!
//! Other processes on this machine steer a sandbox over JSON, without a token:
//!
//! | request | what it does |
//! |---|---|
//! | `GET /_sandbox` | the store's hash, its time, and how many resources it has |
//! | `GET /_sandbox/faults` | the faults to come |
//! | `POST /_sandbox/faults` | adds one: `{"fault": "hang", "times": 2}`, for `slow` with `milliseconds` |
//! | `DELETE /_sandbox/faults` | takes all of them back |
//! | `GET /_sandbox/misbehaviour` | how the store misbehaves: the fields of [`Misbehaviour`] |
//! | `PUT /_sandbox/misbehaviour` | changes the fields that are sent, and leaves the others |
//! | `DELETE /_sandbox/misbehaviour` | makes the store behave again |
//! | `GET /_sandbox/clock` | the store's time: `{"epoch_ms": 1800000000000}` |
//! | `POST /_sandbox/clock` | puts it forward: `{"advance_ms": 30000}` |
//! | `GET /_sandbox/requests` | the requests received, oldest first |
//! | `POST /_sandbox/reset` | seeds the store anew, with the faults and misbehaviour it was started with |
//!
//! Faults are named like the variants of [`Fault`], in lower case with underscores. A client from another
//! machine is refused with 403.
//!
//! # Example
//!
//! ```
//! # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
//! use bigcommerce_sandbox::{Fault, Sandbox, SandboxOptions};
//!
//! let sandbox = Sandbox::start(SandboxOptions::default()).await.expect("a free port on loopback");
//! sandbox.inject(Fault::InternalServerError, 1);
//! let product = format!("{}/stores/{}/v3/catalog/products/111", sandbox.origin(), sandbox.store_hash());
//! // The first GET of `product` now answers 500, the second one with the product.
//! # assert!(product.starts_with("http://127.0.0.1:"));
//! sandbox.shutdown().await;
//! # });
//! ```

mod amount;
mod answer;
mod api_path;
mod authentication;
mod call;
mod catalog;
mod clock;
mod control;
mod customers;
mod date;
mod fault;
mod fields;
mod filter;
mod gateway;
mod hooks;
mod misbehaviour;
mod options;
mod orders;
mod paging;
mod quota;
mod rate;
mod rate_headers;
mod request_log;
mod sandbox;
mod seed;
mod selection;
mod server;
mod store;
mod store_information;

pub use clock::{Clock, ManualClock, SystemClock};
pub use control::{CONTROL, ControlPath};
pub use fault::Fault;
pub use misbehaviour::Misbehaviour;
pub use options::{SandboxOptions, StartError};
pub use rate::Rate;
pub use request_log::ReceivedRequest;
pub use sandbox::Sandbox;
