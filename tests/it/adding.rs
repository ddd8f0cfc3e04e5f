//! What it takes to add an action: a few lines of YAML, and nothing else.

use connector_codegen::{Change, ROOT, as_written, compare, generate};
use connector_tests::project;

/// The connector of the tests: no edit of the real manifest makes this action a second one of its name.
const CONNECTOR: &str = "tests/connectors/parcel";

const ACTION: &str = "
  find-parcels-by-town:
    title: Find parcels by town
    description: Lists the parcels that go to this town.
    docs: https://parcel.example/docs/parcels#by-town
    api: v2
    get: /parcels
    query:
      town: {type: string, min: 1, max: 250, required: true, description: Name of the town.}
      kinds: {list: ParcelType, description: Kinds of parcels.}
    returns: {list: Parcel}
    scope: parcels.read
";

#[test]
fn an_action_on_known_types_takes_at_most_fifteen_lines_of_yaml_and_no_rust() {
    assert!(ACTION.trim().lines().count() <= 15);
    let before = project::sources(CONNECTOR);
    let mut after = before.clone();
    let manifest = after.get_mut(ROOT).unwrap();
    // `actions` is the last key of the manifest.
    manifest.push_str(ACTION.trim_start_matches('\n'));
    let (before, after) = (generate(&before).unwrap(), generate(&after).unwrap());

    let report = compare(&as_written(&before), &after);
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    assert_eq!(
        changed,
        [
            ("catalog.json", Change::Stale),
            ("src/actions.rs", Change::Stale),
            ("src/actions/find_parcels_by_town.rs", Change::Missing),
            ("src/connector.rs", Change::Stale),
            ("src/lib.rs", Change::Stale),
        ]
    );
    let module = &after["src/actions/find_parcels_by_town.rs"];
    assert!(module.contains("pub fn new(town: impl Into<String>) -> Self"), "{module}");
    assert!(after["catalog.json"].contains("\"find-parcels-by-town\""));
}
