//! Whether the disk has room for new activations: measured, and decided with hysteresis.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use super::reserve::Reserve;
use super::schema::beside;

/// Intake stops when less than this many bytes are left beside the reserve.
const LOW: u64 = 1024 * 1024;

/// Intake resumes when this many bytes are left beside the whole reserve.
const HIGH: u64 = 4 * LOW;

/// The reserve follows the size of the log up to so many times its usual size: the log is longer only while somebody reads
/// for long, as for a backup.
const MOST: u64 = 4;

/// What others may know of it.
#[derive(Default)]
pub(super) struct RoomState {
    held: AtomicU64,
    is_closed: AtomicBool,
}

impl RoomState {
    /// Bytes that the reserve holds.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether intake is stopped.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Space {
    /// What the file system has left for this user.
    free: u64,
    /// What the reserve holds.
    held: u64,
    /// The size of the log, which is written anew from its start after each checkpoint.
    log: u64,
    /// How much the next checkpoint adds to the database file.
    pending: u64,
    /// Pages of the database that hold nothing.
    unused: u64,
}

impl Space {
    /// Whether intake has to be stopped, for a reserve of `size` bytes.
    fn is_closed(&self, was_closed: bool, size: u64) -> bool {
        let margin = if was_closed { HIGH } else { LOW };
        let disk = self.free.saturating_add(self.held).saturating_sub(self.pending);
        // Rows need pages, of the database or of the disk. The log needs the disk.
        disk.saturating_add(self.unused) < size.saturating_add(margin) || disk.saturating_add(self.log) < size
    }

    /// Bytes that the reserve should have, usually `size`: no less than the log had between two checkpoints.
    fn target(&self, size: u64) -> u64 {
        self.log.next_multiple_of(LOW).clamp(size, size.saturating_mul(MOST))
    }

    /// How much the reserve may take from the disk.
    fn spare(&self) -> u64 {
        self.free.saturating_sub(self.pending).saturating_sub(LOW)
    }
}

/// The reserve of a database, and whether intake goes on.
pub(super) struct Room {
    database: PathBuf,
    log: PathBuf,
    reserve: Reserve,
    /// Bytes that the reserve usually has.
    size: u64,
    page_size: u64,
    state: Arc<RoomState>,
}

impl Room {
    /// Allocates the reserve of `size` bytes, as far as there is room.
    pub(super) fn open(database: &Path, size: u64, connection: &Connection) -> rusqlite::Result<Self> {
        let page_size = pragma(connection, "page_size")?;
        let room = Self {
            database: database.to_owned(),
            log: beside(database, "-wal"),
            reserve: Reserve::new(database),
            size,
            page_size,
            state: Arc::default(),
        };
        let space = room.measure(connection)?;
        let outcome = room.reserve.fill(size, space.spare());
        let held = room.reserve.held();
        if held < size {
            let cause =
                outcome.err().map_or_else(|| "the disk has no room".to_owned(), |error| error.to_string());
            tracing::warn!(
                held,
                wanted = size,
                file = %room.reserve.path().display(),
                "cannot allocate the reserve: {cause}; deliveries may stop when the disk is full: free space on the disk of the data folder"
            );
        }
        room.look(connection)?;
        Ok(room)
    }

    pub(super) fn state(&self) -> Arc<RoomState> {
        Arc::clone(&self.state)
    }

    /// Whether intake is stopped.
    pub(super) fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Measures, and decides whether intake goes on.
    pub(super) fn look(&self, connection: &Connection) -> rusqlite::Result<()> {
        let space = self.measure(connection)?;
        self.set(space.is_closed(self.state.is_closed(), space.target(self.size)), space);
        Ok(())
    }

    /// Moves the log into the database when that needs room later, and allocates what is missing of the reserve.
    pub(super) fn tidy(&self, connection: &Connection) -> rusqlite::Result<()> {
        let space = self.measure(connection)?;
        let target = space.target(self.size);
        if space.pending > 0 && (space.held < target || self.state.is_closed()) {
            checkpoint(connection)?;
        }
        let adapted = self.reserve.shrink_to(target);
        let spare = self.measure(connection)?.spare();
        let adapted = adapted.and_then(|()| self.reserve.fill(target, spare));
        if let Err(error) = adapted {
            tracing::debug!(%error, "the reserve cannot be allocated yet");
        }
        self.look(connection)
    }

    /// Intake stops, since a change found no room.
    pub(super) fn close(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.set(true, self.measure(connection)?);
        Ok(())
    }

    /// Gives up a part of the reserve, and moves the log into the database so that the log begins anew. False when nothing
    /// of the reserve is left.
    pub(super) fn give_up(&self, connection: &Connection) -> bool {
        let has_given = self.reserve.give_up();
        // Without room the next step is given up.
        drop(checkpoint(connection));
        has_given
    }

    fn set(&self, is_closed: bool, space: Space) {
        self.state.held.store(space.held, Ordering::Relaxed);
        if self.state.is_closed.swap(is_closed, Ordering::Relaxed) != is_closed {
            let Space { free, held, unused, .. } = space;
            match is_closed {
                true => tracing::warn!(
                    free,
                    held,
                    unused,
                    "the disk is full: new events are answered 503, deliveries go on"
                ),
                false => tracing::info!(free, held, unused, "the disk has room: events are taken again"),
            }
        }
    }

    fn measure(&self, connection: &Connection) -> rusqlite::Result<Space> {
        let folder = self.database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let pages = pragma(connection, "page_count")?.saturating_mul(self.page_size);
        Ok(Space {
            // A file system that does not answer is not taken for a full one.
            free: fs4::available_space(folder.unwrap_or(Path::new("."))).unwrap_or(u64::MAX),
            held: self.reserve.held(),
            log: size(&self.log),
            pending: pages.saturating_sub(size(&self.database)),
            unused: pragma(connection, "freelist_count")?.saturating_mul(self.page_size),
        })
    }
}

/// Moves what can be moved from the log into the database, without waiting for readers.
fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
}

pub(super) fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let value: i64 = connection.prepare_cached(&format!("PRAGMA {name}"))?.query_row((), |row| row.get(0))?;
    Ok(u64::try_from(value).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 8 * LOW;
    const NONE: Space = Space { free: 0, held: 0, log: 0, pending: 0, unused: 0 };

    #[test]
    fn intake_stops_below_the_reserve_and_resumes_only_well_above() {
        let at = |free| Space { free, held: SIZE, ..NONE };
        assert!(!at(LOW).is_closed(false, SIZE));
        assert!(at(LOW - 1).is_closed(false, SIZE));
        assert!(at(HIGH - 1).is_closed(true, SIZE));
        assert!(!at(HIGH).is_closed(true, SIZE));
    }

    #[test]
    fn what_a_checkpoint_will_need_is_not_free() {
        let space = Space { free: 3 * LOW, held: SIZE, pending: 2 * LOW, ..NONE };
        assert!(!space.is_closed(false, SIZE));
        assert!(Space { pending: 2 * LOW + 1, ..space }.is_closed(false, SIZE));
        assert_eq!(Space { free: 9 * LOW, pending: 2 * LOW, ..NONE }.spare(), 6 * LOW);
    }

    #[test]
    fn the_reserve_is_no_smaller_than_the_log_unless_a_reader_keeps_the_log() {
        let with = |log| Space { log, ..NONE }.target(SIZE);
        assert_eq!([0, SIZE, SIZE + 1, 99 * SIZE].map(with), [SIZE, SIZE, SIZE + LOW, MOST * SIZE]);
    }

    #[test]
    fn unused_pages_take_rows_while_the_log_and_the_disk_make_up_the_reserve() {
        let space = Space { free: LOW, held: 2 * LOW, log: 5 * LOW, unused: 9 * LOW, ..NONE };
        assert!(!space.is_closed(true, SIZE));
        assert!(Space { log: 5 * LOW - 1, ..space }.is_closed(true, SIZE));
        assert!(Space { unused: 5 * LOW, ..space }.is_closed(false, SIZE));
    }
}
