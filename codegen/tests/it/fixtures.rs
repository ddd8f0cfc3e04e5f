//! Manifests in folders: `connector.yaml`, `types/*.yaml` and `samples/*.json`, and beside them what is expected of them.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use connector_codegen::{Diagnostic, Files, LOCK, ROOT, Sources, decode, generate, render};

/// A manifest in a folder of its own.
pub(crate) struct Fixture {
    /// Name of the folder.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) sources: Sources,
    /// Faults of files that are not UTF-8.
    pub(crate) undecoded: Vec<Diagnostic>,
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
    let fixture = |folder: PathBuf| {
        let (sources, undecoded) = decode(&files(&folder));
        Fixture { name: name(&folder), sources, undecoded, folder }
    };
    let mut fixtures: Vec<_> = folders.map(fixture).collect();
    fixtures.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(!fixtures.is_empty(), "{} holds no fixture", top.display());
    fixtures
}

/// What the compiler reads of a folder.
pub(crate) fn sources(folder: &Path) -> Sources {
    let (sources, undecoded) = decode(&files(folder));
    assert!(undecoded.is_empty(), "{}", render(&undecoded, &sources, false));
    sources
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in [ROOT, LOCK] {
        if let Ok(bytes) = fs::read(folder.join(path)) {
            files.insert(path.to_owned(), bytes);
        }
    }
    for inner in ["types", "samples"] {
        for path in entries(&folder.join(inner)) {
            let bytes = fs::read(&path).expect("a source can be read");
            files.insert(format!("{inner}/{}", name(&path)), bytes);
        }
    }
    files
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
