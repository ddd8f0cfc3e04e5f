//! What the command line reads and writes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use connector_codegen::{Files, LOCK, ROOT};

use crate::text;

/// `connector.yaml`, `verified.lock` if it exists, `types/*.yaml` and `samples/*.json`. Anything else in those two folders is an error: it would be
/// left out in silence.
pub(crate) fn read_sources(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut sources = BTreeMap::from([(ROOT.to_owned(), text::source(&folder.join(ROOT))?)]);
    let lock = folder.join(LOCK);
    if lock.exists() {
        sources.insert(LOCK.to_owned(), text::source(&lock)?);
    }
    for (name, extensions) in [("types", ["yaml", "yml"].as_slice()), ("samples", &["json"])] {
        let inner = folder.join(name);
        if !inner.exists() {
            continue;
        }
        for entry in fs::read_dir(&inner).map_err(|error| at(&inner, error))? {
            let path = entry?.path();
            let known =
                path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known));
            if !(path.is_file() && known) {
                let what =
                    format!("only files that end in .{} are read here: move or remove it", extensions[0]);
                return Err(at(&path, io::Error::new(io::ErrorKind::InvalidInput, what)));
            }
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            sources.insert(format!("{name}/{file}"), text::source(&path)?);
        }
    }
    Ok(sources)
}

/// What the compiler owns of a crate: everything below `src`, and the catalog.
pub(crate) fn read_crate(crate_folder: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    let catalog = crate_folder.join("catalog.json");
    if catalog.is_file() {
        files.insert("catalog.json".to_owned(), text::generated(&catalog)?);
    }
    let mut open = vec![crate_folder.join("src")];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(|error| at(&folder, error))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let relative = path.strip_prefix(crate_folder).unwrap_or(&path);
            let name =
                relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>();
            files.insert(name.join("/"), text::generated(&path)?);
        }
    }
    Ok(files)
}

/// Leaves a file alone that already says this, so that nothing is rebuilt in vain.
pub(crate) fn write_if_changed(path: &Path, new: &str) -> io::Result<()> {
    if text::generated(path).is_ok_and(|old| old == new) { Ok(()) } else { write(path, new) }
}

/// Writes a file, and the folders above it where they are missing.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let written = match (fs::write(path, text), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
            fs::write(path, text)
        }
        (written, _) => written,
    };
    written.map_err(|error| at(path, error))
}

pub(crate) fn remove_empty_folders(top: &Path, removed: &Path) {
    for folder in removed.ancestors().skip(1).take_while(|folder| *folder != top) {
        // Fails where the folder still holds something, which is the point.
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

pub(crate) fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
