//! What tests across crates share: a store with a client connected to it, sockets that answer as they are
//! told, a transport that only records, the schemas of inputs, and the material of others.

mod choices;
mod input_schemas;
mod pattern_texts;
pub mod project;
mod recording_transport;
mod results;
mod scripted_server;
mod served;
mod shared;
mod store;

pub use choices::Choices;
pub use input_schemas::{InputSchemas, validator, with_definitions};
pub use pattern_texts::fitting_texts;
pub use recording_transport::RecordingTransport;
pub use results::{Shown, write_results};
pub use scripted_server::{ClosedPort, ScriptedServer};
pub use served::{roomy_store, sandbox_serves};
pub use shared::shared;
pub use store::{ACCESS_TOKEN, Store, client};
