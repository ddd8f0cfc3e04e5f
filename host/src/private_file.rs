//! Files that this user alone can read, each made or replaced as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file, which is on disk when this ends well. After a kill it is as it was before, or as it is now.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => create(&next, bytes)?,
    }
    fs::rename(&next, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes a file that is not there yet.
///
/// # Errors
/// When it is there, or cannot be written.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file would be in the way of the next try.
        drop(fs::remove_file(path));
    }
    written
}

/// Has the disk know which files a folder holds: a new name survives a loss of power only then.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
