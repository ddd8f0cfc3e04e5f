//! The connector against BigCommerce's own OpenAPI files, where they are present: what the catalog says, what is sent,
//! what the examples and samples show and what the sandbox answers, by an independent validator. Where we differ on purpose,
//! `tests/conformance/deviations.toml` says why.

mod answers;
mod description;
mod deviations;
mod endpoints;
mod examples;
mod inputs;
mod judge;
mod requests;
mod shape;
mod transport;
mod triggers;
mod writes;

use std::path::PathBuf;

use bigcommerce_connector::CONNECTOR;
use connector_runtime::Operation;
use serde_json::Value;

/// The operations of all actions.
fn operations() -> impl Iterator<Item = &'static Operation> {
    CONNECTOR.actions.iter().map(|entry| entry.operation)
}

/// A file of this folder's data.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance").join(name)
}

/// The connector's own description of itself.
fn catalog() -> Value {
    CONNECTOR.catalog.parse().expect("the catalog is JSON")
}

/// What the catalog says of an action.
fn described<'a>(catalog: &'a Value, id: &str) -> &'a Value {
    let actions = catalog["actions"].as_array().expect("a list of actions");
    actions.iter().find(|action| action["id"] == id).unwrap_or_else(|| panic!("the catalog lacks {id}"))
}

/// Says something that is shown with `--nocapture`, and where the test fails.
#[expect(
    clippy::print_stdout,
    reason = "the numbers and the validator's own words belong to a test's output"
)]
fn tell(line: &str) {
    println!("{line}");
}
