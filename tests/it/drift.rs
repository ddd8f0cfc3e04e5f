//! What is checked in is what the manifest says: generated code, the schema of manifests, and a snapshot for readers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use connector_codegen::{Change, Files, ROOT, Sources, compare, generate, manifest_schema};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources() -> Sources {
    let mut sources = BTreeMap::from([(ROOT.to_owned(), read(&root().join(ROOT)))]);
    for entry in fs::read_dir(root().join("types")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        sources.insert(format!("types/{name}"), read(&path));
    }
    sources
}

fn on_disk() -> Files {
    let generated = root().join("generated");
    let mut files = BTreeMap::from([("catalog.json".to_owned(), read(&generated.join("catalog.json")))]);
    let mut open = vec![generated.join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files
                    .insert(path.strip_prefix(&generated).unwrap().to_str().unwrap().to_owned(), read(&path));
            }
        }
    }
    files
}

fn compile(sources: &Sources) -> Files {
    generate(sources)
        .unwrap_or_else(|faults| panic!("{}", connector_codegen::render(&faults, sources, false)))
}

#[test]
fn generated_code_is_what_the_manifest_says() {
    let report = compare(&on_disk(), &compile(&sources()));
    assert!(report.is_fresh(), "{report}\nto mend it, run: cargo codegen");
}

#[test]
fn a_path_changed_in_the_manifest_is_drift_in_that_action_alone() {
    let mut sources = sources();
    let text = sources.get_mut(ROOT).unwrap();
    *text = text.replace("/catalog/products/{product_id}", "/catalog/goods/{product_id}");
    let report = compare(&on_disk(), &compile(&sources));
    let changed = report.files.iter().filter(|file| file.change != Change::Fresh);
    let changed: Vec<_> = changed.map(|file| (file.path.as_str(), file.change)).collect();
    assert!(changed.contains(&("src/actions/get_product.rs", Change::Stale)), "{report}");
    assert!(report.to_string().contains("+    path: \"/catalog/goods/{product_id}\","), "{report}");
}

#[test]
fn the_schema_of_manifests_is_checked_in() {
    let path = root().join("codegen/connector.schema.json");
    assert_eq!(
        read(&path).replace("\r\n", "\n"),
        manifest_schema(),
        "run: cargo codegen schema --write {}",
        path.display()
    );
}

#[test]
fn the_module_of_an_action_reads_like_this() {
    let files = compile(&sources());
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("get_product", files["src/actions/get_product.rs"]);
        insta::assert_snapshot!("product_condition", files["src/types/product_condition.rs"]);
        insta::assert_snapshot!("custom_url", files["src/types/custom_url.rs"]);
    });
}
