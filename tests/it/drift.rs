//! What is checked in is what the manifests say: generated code and the schema of manifests.

use connector_codegen::{
    Change, Files, ROOT, SCHEMA, Sources, as_written, compare, generate, manifest_schema, project_schema,
};
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
        let report =
            compare(&as_written(&project::generated(connector)), &compile(&project::sources(connector)));
        assert!(report.is_fresh(), "{report}\nto mend it, run: cargo codegen {connector}");
    }
}

#[test]
fn a_path_changed_in_the_manifest_is_drift_in_that_action_the_catalog_and_the_front_page_alone() {
    // The manifest of the tests: no edit of the real one changes it.
    let parcel = CONNECTORS[1];
    let mut sources = project::sources(parcel);
    let text = sources.get_mut(ROOT).unwrap();
    *text = text.replace("    get: /ping\n", "    get: /pong\n");
    let report = compare(&as_written(&project::generated(parcel)), &compile(&sources));
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    // The front page lists actions by the beginning of their paths.
    assert_eq!(
        changed,
        [
            ("catalog.json", Change::Stale),
            ("src/actions/ping_vendor.rs", Change::Stale),
            ("src/lib.rs", Change::Stale)
        ]
    );
    assert!(report.to_string().contains("\"/pong\""), "{report}");
}

#[test]
fn every_record_input_and_enumeration_may_grow_without_breaking_a_user() {
    for connector in CONNECTORS {
        let files = project::generated(connector);
        let is_one = |path: &str| path.starts_with("src/types/") || path.starts_with("src/actions/");
        for (path, text) in files.iter().filter(|(path, _)| is_one(path)) {
            let lines: Vec<&str> = text.lines().collect();
            let is_type = |line: &str| line.starts_with("pub struct ") || line.starts_with("pub enum ");
            let types = lines.windows(2).filter(|pair| is_type(pair[1]));
            let mut closed = types.clone().filter(|pair| pair[0] != "#[non_exhaustive]");
            assert_eq!(closed.next(), None, "{connector}/{path}");
            assert_eq!(types.count(), 1, "{connector}/{path}");
        }
    }
}

#[test]
fn the_front_page_names_every_action_and_trigger_and_every_action_has_an_example() {
    for connector in CONNECTORS {
        let files = project::generated(connector);
        let catalog: serde_json::Value = serde_json::from_str(&files["catalog.json"]).unwrap();
        let ids = |key: &str| -> Vec<String> {
            let entries = catalog[key].as_array().unwrap().iter();
            entries.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
        };
        let page = &files["src/lib.rs"];
        for kind in ["actions", "triggers"] {
            for id in ids(kind) {
                let entry = format!("//! - [`{id}`]({kind}::");
                assert_eq!(page.matches(&entry).count(), 1, "{connector}: {id}");
            }
        }
        for title in ["Connect", "Call", "Read all pages", "Answer a webhook", "Actions", "Triggers"] {
            assert!(page.contains(&format!("//! # {title}\n")), "{connector}: {title}");
        }
        for id in ids("actions") {
            let source = format!("actions.{id}\n");
            let module = files.values().find(|text| text.contains(&source)).unwrap();
            assert!(module.contains("/// # Examples\n///\n/// ```no_run\n"), "{connector}: {id}");
        }
    }
}

#[test]
fn the_schema_of_manifests_is_checked_in() {
    let path = project::folder("codegen/connector.schema.json");
    assert_eq!(
        project::read(&path),
        manifest_schema(),
        "run: cargo codegen schema --write codegen/connector.schema.json"
    );
}

#[test]
fn the_schema_beside_each_manifest_is_checked_in() {
    for connector in CONNECTORS {
        let path = project::folder(connector).join(SCHEMA);
        let schema = project_schema(&project::sources(connector));
        assert!(project::read(&path) == schema, "to write the schema, run: cargo codegen {connector}");
    }
}
