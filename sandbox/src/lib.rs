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
//! their products, shipping addresses, consignments, coupons, fees, taxes, messages and shipments, order statuses and
//! counts, the store and its time. The parts of an order can be read, and `PUT /v2/orders/{order_id}` changes products,
//! shipping addresses, pickups and fees. A store starts with 200 products, 8 brands, a category tree, 100 customers and 50
//! orders, all invented and the same for the same seed.
//!
//! A request writes every field that BigCommerce documents as writable, and it is refused for any other field: with 400
//! in v2 and with 422 in v3. Every link in an answer is served. It leads to the host that the client has addressed. Links
//! out of the API are the exception: pictures, carriers and the storefront below `.example`, the control panel, and the page
//! on status codes. A path that the sandbox does not serve is a 404 that names the sandbox as the cause.
//!
//! # Webhooks
//!
//! What is changed through the API or the control API is told to the webhooks that were made for it: orders (created,
//! updated, archived, new status), products (created, updated, deleted, new stock), categories, customers and their first
//! addresses, the shop's name, the removal of the app, and deliveries that fail. There are no events of brands.
//! Deliveries are signed with the client secret in either form ([`WebhookOptions`]), tried again by BigCommerce's schedule
//! of eleven retries over 48 hours, and given up with the webhook; domains that fail too often are blocked, and webhooks
//! that are told of nothing for 90 days are deactivated. All waits go by the store's clock, and
//! retries and blocks by [`WebhookOptions::time_scale`]. Events of one resource begin their way to one webhook in order; retries, and
//! misbehaviour on demand, break it.
//!
//! # The app
//!
//! [`AppOptions`] say how an app is registered at BigCommerce. A browser installs it by the external install link
//! `/app/{client_id}/install`, by the control panel, or by `/oauth2/authorize` with `context`; the merchant agrees to all
//! of its scopes or to none, and the browser is sent to the Auth callback with a code, which `POST /oauth2/token`
//! exchanges once within ten minutes. The token that is granted takes the place of the one before and opens the
//! endpoints of its scopes; the others answer 403. When the registered scopes change, the merchant is asked again as
//! they open the app. The load, uninstall and remove_user callbacks carry a `signed_payload_jwt`. [`TokenFault`]
//! lets the token endpoint fail.
//!
//! The page at `/` shows the store, its latest requests and deliveries and its control panel, and has forms that place
//! an order, change a product and register a customer.
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
//! | `POST /_sandbox/orders` | places an order as a shopper does: the fields of `POST /v2/orders`, all optional |
//! | `PUT /_sandbox/store` | renames the shop: `{"name": "Hearth"}` |
//! | `GET /_sandbox/app` | how the app is registered, what its token may do, and the calls of its callbacks |
//! | `PUT /_sandbox/app` | registers it anew: the fields of [`AppOptions`] that are sent, but for the client id |
//! | `GET /_sandbox/token_faults` | the faults that token requests are to meet |
//! | `POST /_sandbox/token_faults` | adds one: `{"fault": "html_page", "times": 2}` |
//! | `DELETE /_sandbox/token_faults` | takes all of them back |
//! | `POST /_sandbox/uninstall` | removes the app: its webhooks are told and removed, its token is void, its callback is called |
//! | `POST /_sandbox/remove_user` | takes the access to the app from a user of the store: its callback is called |
//! | `GET /_sandbox/deliveries` | what was sent to webhooks, with every attempt; `?wait=settled` waits until nothing is due, `?wait=done` until no retry is to come either |
//! | `POST /_sandbox/reset` | seeds the store anew, with the faults and misbehaviour it was started with and no deliveries |
//!
//! Faults are named like the variants of [`Fault`] and [`TokenFault`], in lower case with underscores. A client from another
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
mod app;
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
mod pages;
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
mod webhooks;

pub use app::registration::AppOptions;
pub use app::token_fault::TokenFault;
pub use clock::{Clock, ManualClock, SystemClock};
pub use control::{CONTROL, ControlPath};
pub use fault::Fault;
pub use misbehaviour::Misbehaviour;
pub use options::{SandboxOptions, StartError};
pub use rate::Rate;
pub use request_log::ReceivedRequest;
pub use sandbox::Sandbox;
pub use webhooks::delivery::{Delivery, DeliveryAttempt, DeliveryState};
pub use webhooks::options::{Destinations, RetryTimestamps, SignatureProfile, StoreAccount, WebhookOptions};
