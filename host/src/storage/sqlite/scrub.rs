//! The whole file written anew, so that no byte of what was removed stays on the disk.

use std::path::Path;

use rusqlite::Connection;

use super::group::Work;
use super::room::pragma;
use crate::storage::{StorageError, StorageErrorKind};

const OWE: &str = "UPDATE marks SET scrub_owed = 1 WHERE one = 1 AND scrub_owed = 0";
const IS_OWED: &str = "SELECT scrub_owed FROM marks WHERE one = 1";
const SETTLE: &str = "UPDATE marks SET scrub_owed = 0 WHERE one = 1";

/// Bytes that each page takes in the log beside its own.
const FRAME_HEADER: u64 = 24;

/// Notes that the file has to be written anew. The note stays until that is done, over restarts.
pub(super) fn owe(work: &Work<'_>) -> rusqlite::Result<()> {
    work.execute(OWE, ()).map(drop)
}

/// Whether the file has to be written anew.
pub(super) fn is_owed(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(IS_OWED, (), |row| row.get(0))
}

/// Writes the file anew.
///
/// # Errors
/// `Full` when the disk has no room for a second copy, and then nothing was tried: it would take the room of deliveries.
pub(super) fn write_anew(connection: &Connection) -> Result<(), StorageError> {
    let (pages, unused) = (pragma(connection, "page_count")?, pragma(connection, "freelist_count")?);
    let needed = pages.saturating_sub(unused) * (pragma(connection, "page_size")? + FRAME_HEADER);
    let folder = connection.path().map(Path::new).and_then(Path::parent);
    let free = folder.and_then(|folder| fs4::available_space(folder).ok());
    if free.is_some_and(|free| free < needed) {
        return Err(StorageError::new(StorageErrorKind::Full));
    }
    // The copy may be larger than the memory.
    connection.pragma_update(None, "temp_store", "FILE")?;
    let outcome = connection.execute("VACUUM", ());
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    outcome?;
    // The log still has the pages as they were.
    empty_log(connection)?;
    Ok(connection.execute(SETTLE, ()).map(drop)?)
}

/// Moves all of the log into the database and cuts it. Waits for readers as long as for another process.
///
/// # Errors
/// `Locked` when a reader still needs the log.
pub(super) fn empty_log(connection: &Connection) -> Result<(), StorageError> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    match is_busy {
        true => Err(StorageError::new(StorageErrorKind::Locked)),
        false => Ok(()),
    }
}
