//! A local BigCommerce store with state of its own, for demos and tests.
//!
//! It speaks the management API over real HTTP on a socket of this machine: the v2 and v3 paths, their
//! envelopes and error shapes, `X-Auth-Token`, the store's request quota with its four headers, and, on
//! demand, the ways in which the real thing fails. It is written from BigCommerce's documentation and from
//! what real stores were seen to answer, never from a connector's own description of the API, so that the
//! two check each other.
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
mod catalog;
mod clock;
mod date;
mod fault;
mod gateway;
mod options;
mod quota;
mod request_log;
mod sandbox;
mod seed;
mod server;
mod store;
mod store_information;

pub use clock::{Clock, ManualClock, SystemClock};
pub use fault::Fault;
pub use options::{SandboxOptions, StartError};
pub use request_log::ReceivedRequest;
pub use sandbox::Sandbox;
