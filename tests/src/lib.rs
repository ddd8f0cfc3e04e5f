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

/// A value with some changes. Inputs and records of a generated crate grow: a literal of one does not compile here.
///
/// ```
/// use bigcommerce_connector::types::CustomUrl;
///
/// let url = connector_tests::with(CustomUrl::default(), |url| url.url = Some("/mug/".to_owned()));
/// assert_eq!(url.url.as_deref(), Some("/mug/"));
/// ```
///
/// ```compile_fail,E0639
/// use bigcommerce_connector::types::CustomUrl;
///
/// let url = CustomUrl { url: Some("/mug/".to_owned()), ..CustomUrl::default() };
/// ```
///
/// ```compile_fail,E0639
/// use bigcommerce_connector::actions::ListOrders;
///
/// let input = ListOrders { limit: Some(3), ..ListOrders::default() };
/// ```
///
/// A match on an enumeration has an arm for the values of later versions:
///
/// ```compile_fail,E0004
/// use bigcommerce_connector::types::ProductType;
///
/// fn is_sent(kind: &ProductType) -> bool {
///     match kind {
///         ProductType::Physical => true,
///         ProductType::Digital | ProductType::Unlisted(_) => false,
///     }
/// }
/// ```
#[must_use]
pub fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}
