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
mod trial;
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

/// Asserts that each action or endpoint was called with success.
///
/// # Panics
/// With the ids of those that were not, and the file whose calls to complete.
#[track_caller]
fn assert_covered(silent: &[&str], file: &str) {
    let ids = silent.join(", ");
    assert!(silent.is_empty(), "no call of {ids} succeeds at the sandbox: add a call to `calls` in {file}");
}

#[test]
fn what_no_call_covers_is_named_by_its_id() {
    let failure = std::panic::catch_unwind(|| assert_covered(&["get-time", "list-orders"], "calls.rs"));
    let text = failure.expect_err("it fails");
    let text = text.downcast_ref::<String>().expect("a text");
    assert_eq!(
        text,
        "no call of get-time, list-orders succeeds at the sandbox: add a call to `calls` in calls.rs"
    );
    assert_covered(&[], "calls.rs");
}

#[test]
fn without_the_files_the_first_line_says_that_no_comparison_was_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let tests = [
        "conformance::description::every_input_is_described_as_in_the_files",
        "conformance::answers::every_answer_of_the_sandbox_is_valid_by_the_files",
        "conformance::triggers::every_sample_of_an_event_is_verified_and_read_under_each_profile",
    ];
    for test in tests {
        let program = std::env::current_exe().expect("this program");
        let run = std::process::Command::new(program)
            .args(["--exact", test, "--nocapture"])
            .env("CONNECTOR_SHARED", folder.path())
            .output()
            .expect("it starts");
        let (out, said) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success() && out.contains("1 passed"), "{test}: {out}{said}");
        let first = said.lines().next().unwrap_or_default();
        assert!(first.starts_with("no comparison was made: cannot find "), "{test}: {said}");
        assert!(first.contains("CONNECTOR_SHARED"), "{test}: {said}");
    }
}
