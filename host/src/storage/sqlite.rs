//! The storage of one machine: a SQLite file in WAL mode whose commits wait for the disk. One thread writes and commits
//! what waits in groups, a few threads read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{
    ActivationFilter, ActivationSummary, Arrival, ConnectionRow, LeaseRequest, LeaseToken, Leased, Receipt,
    Retention, Storage, StorageCounts, StorageError, StorageFuture, StoredActivation,
};

mod accepting;
mod backup;
mod codes;
mod connecting;
mod files;
mod finishing;
mod group;
mod hook_storage;
mod installing;
mod leasing;
mod missing;
mod own_changes;
#[cfg(test)]
mod plans;
mod reader;
mod reading;
mod removing;
mod reserve;
mod room;
mod row;
mod schema;
mod scrub;
mod signings;
mod stepping;
mod writer;

pub use backup::back_up;
pub use schema::StorageOpenError;

use files::Files;
use group::{Growth, Session};
use reader::Readers;
use reserve::Reserve;
use room::{Room, RoomState};
use writer::Writer;

/// A storage in a SQLite file. See [`Storage`].
///
/// The file must lie on a disk of this machine. Other processes may open it at the same time, as the command line does.
/// Dropping it does what still waits, moves all into the file itself and closes it.
pub struct SqliteStorage {
    path: PathBuf,
    // Readers end first, so that none of them keeps the log from being emptied.
    readers: Readers,
    writer: Writer,
    /// `None` where nobody asked for a reserve.
    room: Option<Arc<RoomState>>,
    // Closed last: see `files`.
    files: Arc<Mutex<Files>>,
}

/// How a file is used.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// How long to wait while another process writes.
    pub busy_timeout: Duration,
    /// How many changes may wait; more are refused at once.
    pub queue: usize,
    /// At most so many are committed together; a large payload counts for several.
    pub group: usize,
    /// Threads that read.
    pub readers: usize,
    /// How large the file may become, in pages of 4 KiB; as large as SQLite allows where nothing is said.
    pub max_pages: Option<u32>,
    /// Bytes of the disk to keep for leases, acknowledgements and removals. New rows are refused while less is free. `None`
    /// keeps nothing, for processes beside the one that delivers.
    pub reserve: Option<u64>,
}

impl SqliteOptions {
    /// The reserve of a service in bytes: twice the log between two checkpoints.
    pub const RESERVE: u64 = 8 * 1024 * 1024;
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(2),
            queue: 4096,
            group: 512,
            readers: 2,
            max_pages: None,
            reserve: None,
        }
    }
}

impl SqliteStorage {
    /// Opens `path`, or makes a new file there that only this user can read, and brings it to this program's version.
    ///
    /// # Errors
    /// When the file cannot be read or written, holds something else, or was made by a newer version.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, StorageOpenError> {
        let reserve = Reserve::new(path);
        loop {
            match Self::try_open(path, options) {
                // What SQLite needs to open a file has to come from the reserve then.
                Err(error) if error.is_full() && reserve.give_up() => {}
                outcome => return outcome,
            }
        }
    }

    fn try_open(path: &Path, options: SqliteOptions) -> Result<Self, StorageOpenError> {
        let broken = |error| StorageOpenError::io(path, error);
        let wrong = |error| StorageOpenError::sqlite(path, error);
        let connection = schema::open(path, &options)?;
        let connections = (0..options.readers.max(1)).map(|_| schema::open_reader(path, &options));
        let connections = connections.collect::<Result<_, _>>()?;
        // SQLite makes the files beside it when it reads.
        room::pragma(&connection, "page_count").map_err(wrong)?;
        let files = Arc::new(Mutex::new(Files::hold(path).map_err(broken)?));
        let room = options.reserve.map(|size| Room::open(path, size, &connection));
        let room = room.transpose().map_err(wrong)?;
        let state = room.as_ref().map(Room::state);
        let session = Session::new(connection, options.max_pages, room, Arc::clone(&files)).map_err(wrong)?;
        let writer = Writer::start(session, &options).map_err(broken)?;
        let readers = Readers::start(connections).map_err(broken)?;
        Ok(Self { path: path.to_owned(), readers, writer, room: state, files })
    }

    /// Copies all that was committed before into a new file, while others go on. See [`back_up`].
    ///
    /// # Errors
    /// As for [`back_up`].
    pub fn back_up(&self, to: &Path) -> Result<(), StorageError> {
        back_up(&self.path, to)
    }

    /// How often changes were committed since the file was opened, each time a group of them.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

impl Drop for SqliteStorage {
    fn drop(&mut self) {
        self.readers.stop();
        self.writer.stop();
    }
}

impl fmt::Debug for SqliteStorage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SqliteStorage").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Storage for SqliteStorage {
    fn accept(&self, arrivals: Vec<Arrival>) -> StorageFuture<'_, Vec<Receipt>> {
        let weight = arrivals.iter().map(|arrival| accepting::weight(&arrival.activation)).sum();
        Box::pin(self.writer.change(Growth::Grows, weight, move |work| accepting::accept(work, &arrivals)))
    }

    fn lease(&self, request: LeaseRequest) -> StorageFuture<'_, Vec<Leased>> {
        let weight = request.limit as usize;
        Box::pin(self.writer.change(Growth::Stays, weight, move |work| leasing::lease(work, &request)))
    }

    fn end_leases(&self, now_ms: i64) -> StorageFuture<'_, u64> {
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| leasing::end_all(work, now_ms)))
    }

    fn mend_clock(&self, now_ms: i64) -> StorageFuture<'_, i64> {
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| stepping::mend(work, now_ms)))
    }

    fn acknowledge(&self, id: &str, lease: LeaseToken, now_ms: i64) -> StorageFuture<'_, bool> {
        let id = id.to_owned();
        Box::pin(
            self.writer
                .change(Growth::Stays, 1, move |work| finishing::acknowledge(work, &id, lease, now_ms)),
        )
    }

    fn retry_later(
        &self,
        id: &str,
        lease: LeaseToken,
        not_before_ms: i64,
        failure: &str,
        now_ms: i64,
    ) -> StorageFuture<'_, bool> {
        let (id, failure) = (id.to_owned(), failure.to_owned());
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| {
            finishing::retry_later(work, &id, lease, not_before_ms, &failure, now_ms)
        }))
    }

    fn postpone(
        &self,
        id: &str,
        lease: LeaseToken,
        not_before_ms: i64,
        why: &str,
        now_ms: i64,
    ) -> StorageFuture<'_, bool> {
        let (id, why) = (id.to_owned(), why.to_owned());
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| {
            finishing::postpone(work, &id, lease, not_before_ms, &why, now_ms)
        }))
    }

    fn bury(&self, id: &str, lease: LeaseToken, failure: &str, now_ms: i64) -> StorageFuture<'_, bool> {
        let (id, failure) = (id.to_owned(), failure.to_owned());
        Box::pin(
            self.writer
                .change(Growth::Stays, 1, move |work| finishing::bury(work, &id, lease, &failure, now_ms)),
        )
    }

    fn list(&self, filter: &ActivationFilter) -> StorageFuture<'_, Vec<ActivationSummary>> {
        let filter = filter.clone();
        Box::pin(self.readers.read(move |connection| reading::list(connection, &filter)))
    }

    fn find(&self, id: &str) -> StorageFuture<'_, Option<StoredActivation>> {
        let id = id.to_owned();
        Box::pin(self.readers.read(move |connection| reading::find(connection, &id)))
    }

    fn replay(&self, id: &str, now_ms: i64) -> StorageFuture<'_, bool> {
        let id = id.to_owned();
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| finishing::replay(work, &id, now_ms)))
    }

    fn next_due(&self, now_ms: i64) -> StorageFuture<'_, Option<i64>> {
        Box::pin(self.readers.read(move |connection| reading::next_due(connection, now_ms)))
    }

    fn counts(&self) -> StorageFuture<'_, StorageCounts> {
        let files = Arc::clone(&self.files);
        Box::pin(async move {
            // Whoever asks wants to know whether the storage can be used.
            let counts = self.readers.read(move |connection| {
                let counts = group::check(&files).map(|()| reading::counts(connection));
                Ok(counts)
            });
            let counts = counts.await???;
            Ok(StorageCounts {
                commits: self.writer.commits(),
                reserve_bytes: self.room.as_ref().map(|room| room.held()),
                is_full: self.room.as_ref().is_some_and(|room| room.is_closed()),
                ..counts
            })
        })
    }

    fn remove_expired(&self, now_ms: i64, retention: &Retention) -> StorageFuture<'_, u64> {
        let retention = *retention;
        Box::pin(async move {
            let sweep = move |work: &mut group::Work<'_>| Ok(stepping::sweep(work, now_ms)?);
            let until_ms = self.writer.change(Growth::Stays, 1, sweep).await?;
            let limits = removing::Limits::new(now_ms, until_ms, &retention);
            let mut removed = 0;
            loop {
                let change = move |work: &mut group::Work<'_>| removing::remove_expired(work, limits);
                let changed = self.writer.change(Growth::Stays, removing::SLICE as usize, change).await?;
                if changed == 0 {
                    break;
                }
                removed += changed;
            }
            if self.readers.read(scrub::is_owed).await? {
                // Without room, or while somebody reads, the next call does it.
                match self.writer.scrub().await {
                    Err(error) if !error.is_temporary() => return Err(error),
                    _ => {}
                }
            }
            Ok(removed)
        })
    }

    fn erase_account(&self, account: &str) -> StorageFuture<'_, u64> {
        let account = account.to_owned();
        Box::pin(async move { self.erase(account).await })
    }

    fn put_connection(&self, row: ConnectionRow) -> StorageFuture<'_, ()> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| connecting::put(work, &row)))
    }

    fn add_connection(&self, row: ConnectionRow) -> StorageFuture<'_, bool> {
        Box::pin(self.writer.change(Growth::Grows, 1, move |work| connecting::add(work, &row)))
    }

    fn connections(&self) -> StorageFuture<'_, Vec<ConnectionRow>> {
        Box::pin(self.readers.read(connecting::all))
    }

    fn connection(&self, id: &str) -> StorageFuture<'_, Option<ConnectionRow>> {
        let id = id.to_owned();
        Box::pin(self.readers.read(move |connection| connecting::one(connection, &id)))
    }

    fn replace_connection(&self, before: ConnectionRow, after: ConnectionRow) -> StorageFuture<'_, bool> {
        let change = move |work: &mut group::Work<'_>| connecting::replace(work, &before, &after);
        Box::pin(self.writer.change(Growth::Grows, 1, change))
    }

    fn remove_connection_as(&self, row: ConnectionRow) -> StorageFuture<'_, bool> {
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| connecting::remove_as(work, &row)))
    }

    fn erase_finished(&self, account: &str) -> StorageFuture<'_, u64> {
        let account = account.to_owned();
        Box::pin(self.erase_slices(account))
    }

    fn remove_connection(&self, id: &str) -> StorageFuture<'_, bool> {
        let id = id.to_owned();
        Box::pin(self.writer.change(Growth::Stays, 1, move |work| connecting::remove(work, &id)))
    }
}

impl SqliteStorage {
    async fn erase_slices(&self, account: String) -> Result<u64, StorageError> {
        let mut erased = 0;
        loop {
            let name = account.clone();
            let change = move |work: &mut group::Work<'_>| removing::remove_finished(work, &name);
            match self.writer.change(Growth::Stays, removing::SLICE as usize, change).await? {
                0 => break,
                removed => erased += removed,
            }
        }
        if erased > 0 {
            self.forget_signings(&account).await?;
            self.writer.scrub().await?;
        }
        Ok(erased)
    }

    async fn forget_signings(&self, account: &str) -> Result<(), StorageError> {
        let name = account.to_owned();
        let found = move |connection: &rusqlite::Connection| removing::signing_connections(connection, &name);
        for connection in self.readers.read(found).await? {
            loop {
                let (connection, name) = (connection.clone(), account.to_owned());
                let change =
                    move |work: &mut group::Work<'_>| removing::forget_signings(work, &connection, &name);
                if self.writer.change(Growth::Stays, removing::SLICE as usize, change).await? == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Removes the connections first: from then on nothing of the account is accepted, and what is found is all there is.
    async fn erase(&self, account: String) -> Result<u64, StorageError> {
        let name = account.clone();
        let change = move |work: &mut group::Work<'_>| connecting::remove_account(work, &name);
        self.writer.change(Growth::Stays, 1, change).await?;
        let (mut erased, mut after) = (0, 0);
        loop {
            let name = account.clone();
            let positions =
                self.readers.read(move |connection| removing::of_account(connection, &name, after)).await?;
            let Some(last) = positions.last() else { break };
            after = *last;
            let change = move |work: &mut group::Work<'_>| removing::remove(work, &positions);
            erased += self.writer.change(Growth::Stays, removing::SLICE as usize, change).await?;
        }
        self.forget_signings(&account).await?;
        self.writer.scrub().await?;
        Ok(erased)
    }
}
