//! What the command line reads and writes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use connector_codegen::{LOCK, ROOT};

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

/// Leaves a file alone that already says this, so that nothing is rebuilt in vain. A link or a device stays, and the
/// text goes through it.
pub(crate) fn write_if_changed(path: &Path, new: &str) -> io::Result<()> {
    if text::generated(path).is_ok_and(|old| old == new) {
        return Ok(());
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => fs::write(path, new).map_err(|error| at(path, error)),
        _ => write(path, new),
    }
}

/// Begin and end of the name of a file that is not written yet.
pub(crate) const UNFINISHED: (&str, &str) = (".codegen-", ".tmp");

/// Writes a file as a whole or not at all, and the folders above it where they are missing. A file that is replaced
/// keeps its permissions, without executable bits; a symbolic link is replaced by the file.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    replace(path, text).map_err(|error| at(path, error))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let old = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    let mut file =
        permissions::of_new_files(tempfile::Builder::new().prefix(UNFINISHED.0).suffix(UNFINISHED.1))
            .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Some(old) = old {
        file.as_file().set_permissions(permissions::not_executable(old.permissions()))?;
    }
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
mod permissions {
    //! Permissions of written files.

    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::Builder;

    /// Those of any new file: the user's mask decides.
    pub(super) fn of_new_files<'b, 'p, 's>(builder: &'b mut Builder<'p, 's>) -> &'b mut Builder<'p, 's> {
        builder.permissions(Permissions::from_mode(0o666))
    }

    pub(super) fn not_executable(old: Permissions) -> Permissions {
        Permissions::from_mode(old.mode() & !0o111)
    }

    pub(crate) fn is_executable(permissions: &Permissions) -> bool {
        permissions.mode() & 0o111 != 0
    }
}

#[cfg(not(unix))]
mod permissions {
    //! Permissions of written files, where there are no executable bits.

    use std::fs::Permissions;

    use tempfile::Builder;

    pub(super) fn of_new_files<'b, 'p, 's>(builder: &'b mut Builder<'p, 's>) -> &'b mut Builder<'p, 's> {
        builder
    }

    pub(super) fn not_executable(old: Permissions) -> Permissions {
        old
    }

    pub(crate) fn is_executable(_permissions: &Permissions) -> bool {
        false
    }
}

pub(crate) use permissions::is_executable;

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
