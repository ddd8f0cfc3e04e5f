//! What may know what: arrows between crates, no vendor in the general parts, no manifest in the emitters.

use cargo_metadata::MetadataCommand;

use super::{Fault, all_obey, each_line, is_rust, lines, none, root};

/// The crates that may depend on all others: nothing that ships stands on them.
const FREE: &[&str] = &["connector-bench", "connector-tests"];

/// Which of our crates each of our crates depends on: exactly these. ARCHITECTURE.md draws and explains the arrows.
const ARROWS: &[(&str, &[Arrow])] = &[
    ("connector-codegen", &[]),
    ("connector-runtime", &[]),
    ("bigcommerce-connector", CONNECTOR),
    ("bigcommerce-sandbox", &[]),
    (
        "connector-host",
        &[
            Arrow::Always("bigcommerce-connector"),
            Arrow::Always("connector-runtime"),
            Arrow::Optional("bigcommerce-sandbox"),
        ],
    ),
    // It scores the messages of the compiler.
    ("xtask", &[Arrow::Always("connector-codegen")]),
];

/// What a generated crate depends on.
const CONNECTOR: &[Arrow] = &[Arrow::Always("connector-runtime")];

/// Words that belong in manifests and in what stands on them, never in the general parts.
const VENDOR_WORDS: &[&str] = &["bigcommerce", "x-auth-token", "x-bc-"];

#[test]
fn crates_depend_on_each_other_as_designed() {
    none(&arrows(&crates()));
}

#[test]
fn the_general_parts_know_no_vendor() {
    all_obey(is_general, vendor_words);
}

#[test]
fn emitters_do_not_read_the_manifest() {
    all_obey(is_emitter, manifest_imports);
}

/// One of our crates with its dependencies among ours, of every kind.
struct Crate {
    name: String,
    dependencies: Vec<Arrow<String>>,
    /// Where its Cargo.toml lies, and what it says.
    manifest: (String, String),
}

#[derive(Clone, Debug, PartialEq)]
enum Arrow<S = &'static str> {
    Always(S),
    /// Only behind a feature.
    Optional(S),
}

impl<S: AsRef<str>> Arrow<S> {
    fn target(&self) -> &str {
        let (Self::Always(target) | Self::Optional(target)) = self;
        target.as_ref()
    }
}

fn crates() -> Vec<Crate> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec();
    let packages = metadata.expect("cargo tells the members").packages;
    let ours = packages.iter().map(|package| {
        let dependencies = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        let arrow = |dependency: &cargo_metadata::Dependency| match dependency.optional {
            true => Arrow::Optional(dependency.name.clone()),
            false => Arrow::Always(dependency.name.clone()),
        };
        let path =
            package.manifest_path.strip_prefix(root()).expect("members lie below the root").to_string();
        let text = std::fs::read_to_string(&package.manifest_path).expect("cargo has just read it");
        Crate {
            name: package.name.to_string(),
            dependencies: dependencies.map(arrow).collect(),
            manifest: (path, text),
        }
    });
    ours.collect()
}

fn arrows(crates: &[Crate]) -> Vec<Fault> {
    crates.iter().filter(|ours| !FREE.contains(&ours.name.as_str())).flat_map(arrows_of).collect()
}

fn arrows_of(ours: &Crate) -> Vec<Fault> {
    let (path, text) = &ours.manifest;
    let designed = ARROWS.iter().find(|(name, _)| *name == ours.name).map(|(_, designed)| *designed);
    let Some(designed) = designed.or_else(|| is_test_connector(path).then_some(CONNECTOR)) else {
        return vec![Fault::new(path, 1, "a new crate: draw its arrows in ARCHITECTURE.md and in this test")];
    };
    let position =
        |target: &str| text.lines().position(|line| line.starts_with(target)).map_or(1, |line| line + 1);
    let unwanted = ours.dependencies.iter().filter_map(|found| {
        let wanted = designed.iter().find(|wanted| wanted.target() == found.target());
        let remedy = match (wanted, found) {
            (Some(Arrow::Always(_)), Arrow::Always(_)) | (Some(Arrow::Optional(_)), Arrow::Optional(_)) => {
                return None;
            }
            (Some(Arrow::Always(_)), Arrow::Optional(target)) => {
                format!("make {target} an ordinary dependency")
            }
            (Some(Arrow::Optional(_)), Arrow::Always(target)) => {
                format!("make {target} optional, behind a feature")
            }
            (None, found) => format!("{} may not know {}: remove it", ours.name, found.target()),
        };
        Some(Fault::new(path, position(found.target()), remedy))
    });
    let lost = designed.iter().filter_map(|wanted| {
        let found = ours.dependencies.iter().any(|found| found.target() == wanted.target());
        let remedy =
            format!("no longer needs {}: remove the arrow here and in ARCHITECTURE.md", wanted.target());
        (!found).then(|| Fault::new(path, 1, remedy))
    });
    unwanted.chain(lost).collect()
}

/// Whether a manifest belongs to the generated crate of a connector that only the tests have.
fn is_test_connector(path: &str) -> bool {
    path.starts_with("tests/connectors/") && path.ends_with("/generated/Cargo.toml")
}

/// Whether a source must not know any vendor: all but what is generated, runs, imitates, tests or measures a connector.
fn is_general(path: &str) -> bool {
    let knows = ["generated/", "host/", "sandbox/", "tests/", "bench/"];
    is_rust(path) && !knows.iter().any(|folder| path.starts_with(folder))
}

fn vendor_words(path: &str, text: &str) -> Vec<Fault> {
    let remedy =
        "a vendor is named in a general part: say it in the manifest, or name the thing for what it is";
    each_line(path, text, remedy, |line| {
        let line = line.to_lowercase();
        VENDOR_WORDS.iter().any(|word| line.contains(word))
    })
}

fn is_emitter(path: &str) -> bool {
    is_rust(path) && (path == "codegen/src/emit.rs" || path.starts_with("codegen/src/emit/"))
}

fn manifest_imports(path: &str, text: &str) -> Vec<Fault> {
    let remedy =
        "an emitter reads the resolved model alone: take the decision before emission and put it there";
    each_line(path, text, remedy, |line| {
        let code = line.split("//").next().unwrap_or_default();
        let words = || code.split(|char: char| !(char.is_alphanumeric() || char == '_'));
        let imported = code.trim_start().starts_with("use ") && words().any(|word| word == "manifest");
        imported || code.contains("crate::manifest") || code.contains("super::manifest")
    })
}

fn sample(name: &str, dependencies: &[Arrow<&str>]) -> Vec<Fault> {
    sample_at("x/Cargo.toml", name, dependencies)
}

fn sample_at(path: &str, name: &str, dependencies: &[Arrow<&str>]) -> Vec<Fault> {
    let dependencies = dependencies.iter().map(|arrow| match arrow {
        Arrow::Always(target) => Arrow::Always((*target).to_owned()),
        Arrow::Optional(target) => Arrow::Optional((*target).to_owned()),
    });
    let manifest = (path.to_owned(), "[dependencies]\nconnector-host.workspace = true\n".to_owned());
    arrows(&[Crate { name: name.to_owned(), dependencies: dependencies.collect(), manifest }])
}

#[test]
fn arrows_refuse_what_the_design_does_not_draw() {
    let faults = sample("connector-runtime", &[Arrow::Always("connector-host")]);
    assert_eq!(
        faults,
        [Fault::new("x/Cargo.toml", 2, "connector-runtime may not know connector-host: remove it")]
    );
}

#[test]
fn arrows_refuse_a_sandbox_in_every_build_of_the_host() {
    let always = ["bigcommerce-connector", "connector-runtime", "bigcommerce-sandbox"].map(Arrow::Always);
    let faults = sample("connector-host", &always);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].remedy, "make bigcommerce-sandbox optional, behind a feature");
}

#[test]
fn arrows_refuse_a_lost_dependency_and_a_new_crate() {
    assert_eq!(sample("bigcommerce-connector", &[]).len(), 1);
    assert_eq!(sample("connector-novelty", &[]).len(), 1);
}

#[test]
fn arrows_let_a_connector_of_the_tests_know_the_runtime_alone() {
    let path = "tests/connectors/some/generated/Cargo.toml";
    assert!(sample_at(path, "some-connector", CONNECTOR).is_empty());
    assert_eq!(sample_at(path, "some-connector", &[CONNECTOR[0].clone(), Arrow::Always("x")]).len(), 1);
    assert_eq!(sample_at("tests/connectors/Cargo.toml", "some-connector", CONNECTOR).len(), 1);
}

#[test]
fn arrows_leave_tests_and_benchmarks_free() {
    for free in FREE {
        let arrows = [Arrow::Always("connector-host"), Arrow::Always("connector-codegen")];
        assert!(sample(free, &arrows).is_empty(), "{free}");
    }
}

#[test]
fn vendor_words_are_found_in_any_case_and_in_comments() {
    let text = "//! Fine.\n// As BigCommerce does.\nlet header = \"X-Auth-Token\";\nconst QUOTA: &str = \"x-bc-quota\";\n";
    assert_eq!(lines(vendor_words, "runtime/src/client.rs", text), [2, 3, 4]);
}

#[test]
fn manifest_imports_are_found_in_every_spelling() {
    let text =
        "use crate::manifest::Action;\nuse crate::{ir, manifest};\nlet a: super::manifest::Action = b;\n";
    assert_eq!(lines(manifest_imports, "codegen/src/emit/action.rs", text), [1, 2, 3]);
    assert!(
        manifest_imports("codegen/src/emit/action.rs", "// the manifest's order\nuse crate::ir;\n")
            .is_empty()
    );
}
