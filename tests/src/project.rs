//! The connectors of this repository, as they lie on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use connector_codegen::{Files, LOCK, ROOT, Sources};

/// The folder of a connector, by its path from the root of the repository; `.` is the first one.
#[must_use]
pub fn folder(connector: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(connector)
}

/// What a connector is compiled from.
#[must_use]
pub fn sources(connector: &str) -> Sources {
    let folder = folder(connector);
    let mut sources = BTreeMap::from([(ROOT.to_owned(), read(&folder.join(ROOT)))]);
    if folder.join(LOCK).exists() {
        sources.insert(LOCK.to_owned(), read(&folder.join(LOCK)));
    }
    for inner in ["types", "samples"] {
        for path in files_below(&folder.join(inner)) {
            sources.insert(relative(&path, &folder), read(&path));
        }
    }
    sources
}

/// What is checked in of its generated crate.
#[must_use]
pub fn generated(connector: &str) -> Files {
    let folder = folder(connector).join("generated");
    let mut files = BTreeMap::from([("catalog.json".to_owned(), read(&folder.join("catalog.json")))]);
    for path in files_below(&folder.join("src")) {
        files.insert(relative(&path, &folder), read(&path));
    }
    files
}

/// The text of a file.
///
/// # Panics
/// When it cannot be read: no test can go on without it.
#[must_use]
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn relative(path: &Path, folder: &Path) -> String {
    let parts = path.strip_prefix(folder).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
