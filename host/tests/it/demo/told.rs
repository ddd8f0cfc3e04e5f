//! What the demo told in one run of each form, read by all tests of it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bigcommerce_connector::CONNECTOR;
use serde_json::Value;

use super::super::Invocation;

/// What it tells people; it takes a few seconds, and is the same for all tests.
pub(super) fn story() -> &'static str {
    static STORY: OnceLock<String> = OnceLock::new();
    STORY.get_or_init(|| told(&["demo"]))
}

/// The steps of a run with `--json`.
pub(super) fn steps() -> &'static [Value] {
    static STEPS: OnceLock<Vec<Value>> = OnceLock::new();
    STEPS.get_or_init(|| {
        let text = told(&["demo", "--json"]);
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    })
}

/// The output of a run that goes well, which leaves nothing behind.
pub(super) fn told(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let text = Invocation::new().args(arguments).env("TMPDIR", folder.path()).run().ok();
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "something is left");
    text
}

/// The step with this title.
pub(super) fn step(title: &str) -> &'static Value {
    steps().iter().find(|step| step["title"] == title).unwrap_or_else(|| panic!("no step {title:?}"))
}

/// The words of a text, however its lines were broken.
pub(super) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in this field of an object.
pub(super) fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object[field].as_str().unwrap_or_else(|| panic!("no text in {field}: {object}"))
}

/// The names for people of all scopes of the connector, as its catalog lists them.
pub(super) fn scopes() -> Vec<String> {
    let catalog: Value = serde_json::from_str(CONNECTOR.catalog).expect("the catalog is JSON");
    texts(&catalog["scopes"], "title").into_iter().map(str::to_owned).collect()
}

/// The texts in this field of every object in a list.
pub(super) fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|item| text(item, field)).collect()
}

/// All objects in a list of every step but the last, which only sums up.
pub(super) fn all(field: &str) -> Vec<&'static Value> {
    let (_, told) = steps().split_last().expect("steps");
    told.iter().flat_map(|step| step[field].as_array().expect("a list")).collect()
}

/// The ids of the actions that the story calls.
pub(super) fn called() -> BTreeSet<&'static str> {
    all("calls").into_iter().map(|call| text(call, "action")).collect()
}
