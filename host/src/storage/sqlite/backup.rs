//! A copy of the storage while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::schema;
use crate::storage::{StorageError, StorageErrorKind};

/// How long to wait for a moment in which the log can be read.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Copies all that was committed before from a storage file into a new one, complete and on disk when this returns well.
/// The storage may be in use, also by another process; whoever writes there is not held up.
///
/// To restore it, end the host, remove the storage file with those beside it that are named like it and end in `-wal` and
/// `-shm`, and put the copy in its place. What was acknowledged since the copy is delivered again.
///
/// # Errors
/// When `database` is no storage, `to` exists already, or the disk does not take it.
pub fn back_up(database: &Path, to: &Path) -> Result<(), StorageError> {
    if to.exists() {
        return Err(failed(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", to.display()))));
    }
    let source = schema::open_source(database, BUSY_TIMEOUT)?;
    let source = source.ok_or_else(|| StorageError::new(StorageErrorKind::Corrupt))?;
    let part = part_of(to);
    let name = part.to_str().ok_or_else(|| {
        failed(io::Error::new(io::ErrorKind::InvalidFilename, "the name of a copy must be Unicode"))
    })?;
    // What an earlier try left there.
    drop(fs::remove_file(&part));
    let copy = || {
        // SQLite fills an empty file, and leaves it the mode it has.
        schema::create(&part).map_err(failed)?;
        source.execute("VACUUM INTO ?1", [name])?;
        // SQLite leaves it to us to wait for the disk here.
        File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&part, to).map_err(failed)?;
        sync_folder(to).map_err(failed)
    };
    let outcome = copy();
    if outcome.is_err() {
        drop(fs::remove_file(&part));
    }
    outcome
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// So that the name is on disk as well.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(error: io::Error) -> StorageError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull => StorageErrorKind::Full,
        _ => StorageErrorKind::Other,
    };
    StorageError::with_source(kind, error)
}
