//! Manifests in folders: `connector.yaml`, `types/*.yaml` and `samples/*.json`, and beside them what is expected of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use connector_codegen::{Files, ROOT, Sources, generate, render};

/// A manifest in a folder of its own.
pub(crate) struct Fixture {
    /// Name of the folder.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) sources: Sources,
}

impl Fixture {
    /// What the compiler writes for it.
    pub(crate) fn files(&self) -> Files {
        generate(&self.sources)
            .unwrap_or_else(|faults| panic!("{}\n{}", self.name, render(&faults, &self.sources, false)))
    }

    /// Compares `text` with the snapshot in the fixture's folder.
    pub(crate) fn assert_snapshot(&self, text: &str) {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(&self.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expected", text));
    }
}

/// The fixtures in a folder of `tests/data`, sorted by name.
pub(crate) fn fixtures(kind: &str) -> Vec<Fixture> {
    let top = package().join("tests/data").join(kind);
    let folders = entries(&top).into_iter().filter(|path| path.is_dir());
    let fixture = |folder: PathBuf| Fixture { name: name(&folder), sources: sources(&folder), folder };
    let mut fixtures: Vec<_> = folders.map(fixture).collect();
    fixtures.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(!fixtures.is_empty(), "{} holds no fixture", top.display());
    fixtures
}

/// What the compiler reads of a folder.
pub(crate) fn sources(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    if let Ok(text) = fs::read_to_string(folder.join(ROOT)) {
        sources.insert(ROOT.to_owned(), text);
    }
    for inner in ["types", "samples"] {
        for path in entries(&folder.join(inner)) {
            let text = fs::read_to_string(&path).expect("a source is text");
            sources.insert(format!("{inner}/{}", name(&path)), text);
        }
    }
    sources
}

/// Runs `check` for every fixture, so that one run shows everything that fails.
pub(crate) fn each(fixtures: &[Fixture], check: impl Fn(&Fixture)) {
    let fails = |fixture: &&Fixture| catch_unwind(AssertUnwindSafe(|| check(fixture))).is_err();
    let failed: Vec<&str> = fixtures.iter().filter(fails).map(|fixture| fixture.name.as_str()).collect();
    assert!(failed.is_empty(), "failed, see above: {}", failed.join(", "));
}

/// The folder of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the repository, which holds the connector's own manifest.
pub(crate) fn repository() -> &'static Path {
    package().parent().expect("the package lies in the repository")
}

/// What lies in a folder, sorted; nothing where there is none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).expect("names of fixtures are text").to_owned()
}
