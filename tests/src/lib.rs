//! What tests across crates share: a store with a client connected to it, and sockets that answer as they are told.

pub mod project;
mod scripted_server;
mod store;

pub use scripted_server::{ClosedPort, ScriptedServer};
pub use store::{ACCESS_TOKEN, Store, client};
