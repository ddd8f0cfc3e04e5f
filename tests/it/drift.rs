//! What is checked in is what the manifests say: generated code and the schema of manifests.

use connector_codegen::{Change, Files, ROOT, Sources, compare, generate, manifest_schema};
use connector_tests::project;

/// The folders of all connectors in this repository.
const CONNECTORS: [&str; 2] = [".", "tests/connectors/parcel"];

fn compile(sources: &Sources) -> Files {
    generate(sources)
        .unwrap_or_else(|faults| panic!("{}", connector_codegen::render(&faults, sources, false)))
}

#[test]
fn generated_code_is_what_the_manifests_say() {
    for connector in CONNECTORS {
        let report = compare(&project::generated(connector), &compile(&project::sources(connector)));
        assert!(report.is_fresh(), "{report}\nto mend it, run: cargo codegen {connector}");
    }
}

#[test]
fn a_path_changed_in_the_manifest_is_drift_in_that_action_and_the_catalog_alone() {
    // The manifest of the tests: no edit of the real one changes it.
    let parcel = CONNECTORS[1];
    let mut sources = project::sources(parcel);
    let text = sources.get_mut(ROOT).unwrap();
    *text = text.replace("    get: /ping\n", "    get: /pong\n");
    let report = compare(&project::generated(parcel), &compile(&sources));
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    assert_eq!(changed, [("catalog.json", Change::Stale), ("src/actions/ping_vendor.rs", Change::Stale)]);
    assert!(report.to_string().contains("\"/pong\""), "{report}");
}

#[test]
fn the_schema_of_manifests_is_checked_in() {
    let path = project::folder("codegen/connector.schema.json");
    assert_eq!(
        project::read(&path).replace("\r\n", "\n"),
        manifest_schema(),
        "run: cargo codegen schema --write codegen/connector.schema.json"
    );
}
