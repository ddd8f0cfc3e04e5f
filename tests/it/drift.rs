//! What is checked in is what the manifests say: generated code, the schema of manifests, and a snapshot for readers.

use connector_codegen::{
    Change, Files, ROOT, SCHEMA, Sources, compare, generate, manifest_schema, project_schema,
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
        let report = compare(&project::generated(connector), &compile(&project::sources(connector)));
        assert!(report.is_fresh(), "{report}\nto mend it, run: cargo codegen {connector}");
    }
}

#[test]
fn a_path_changed_in_the_manifest_is_drift_in_that_action_and_the_catalog_alone() {
    let mut sources = project::sources(".");
    let text = sources.get_mut(ROOT).unwrap();
    *text = text.replace("get: /catalog/products/{product_id}", "get: /catalog/goods/{product_id}");
    let report = compare(&project::generated("."), &compile(&sources));
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    assert_eq!(changed, [("catalog.json", Change::Stale), ("src/actions/get_product.rs", Change::Stale)]);
    assert!(report.to_string().contains("+            \"/catalog/goods/{product_id}\","), "{report}");
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

#[test]
fn the_schema_beside_each_manifest_is_checked_in() {
    for connector in CONNECTORS {
        let path = project::folder(connector).join(SCHEMA);
        let schema = project_schema(&project::sources(connector));
        assert!(project::read(&path) == schema, "to write the schema, run: cargo codegen {connector}");
    }
}

#[test]
fn the_module_of_an_action_reads_like_this() {
    let files = compile(&project::sources("."));
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("get_product", files["src/actions/get_product.rs"]);
        insta::assert_snapshot!("product_condition", files["src/types/product_condition.rs"]);
        insta::assert_snapshot!("custom_url", files["src/types/custom_url.rs"]);
    });
}
