//! The thread that writes: it takes all changes that wait, up to a limit, into one transaction.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use tokio::sync::oneshot;

use super::group::{Call, Change, Growth, Session, Work};
use super::{SqliteOptions, scrub};
use crate::clock::Clock;
use crate::storage::{StorageError, StorageErrorKind};

/// How often the room on the disk is looked at, also when nothing changes.
const TIDY: Duration = Duration::from_secs(1);

/// The way to the thread.
pub(super) struct Writer {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

enum Order {
    Change(Box<dyn Change>),
    /// Write the file anew.
    Scrub(oneshot::Sender<Result<(), StorageError>>),
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(session: Session, options: &SqliteOptions) -> io::Result<Self> {
        let (orders, waiting) = sync_channel(options.queue.max(1));
        let commits = Arc::new(AtomicU64::new(0));
        let (limit, counter) = (options.group.max(1), Arc::clone(&commits));
        let thread = std::thread::Builder::new()
            .name("storage-writer".to_owned())
            .spawn(move || write(session, &waiting, limit, &counter))?;
        Ok(Self { orders: Some(orders), thread: Some(thread), commits })
    }

    /// Makes a change, and ends when it is on disk.
    pub(super) async fn change<T, F>(
        &self,
        growth: Growth,
        weight: usize,
        function: F,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Change(Box::new(Call { weight, growth, function, outcome: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Writes the file anew, without anything that was removed: SQLite overwrites what it removes, but not the copies of it
    /// that stay in gaps when it parts and joins pages. All changes wait for it.
    pub(super) async fn scrub(&self) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Scrub(reply))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Does what waits, and ends the thread.
    pub(super) fn stop(&mut self) {
        self.orders = None;
        // It has nothing to tell; a thread that failed has closed the file as well.
        drop(self.thread.take().map(JoinHandle::join));
    }

    fn order(&self, order: Order) -> Result<(), StorageError> {
        let orders = self.orders.as_ref().ok_or_else(closed)?;
        orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => StorageError::new(StorageErrorKind::QueueFull),
            TrySendError::Disconnected(_) => closed(),
        })
    }
}

fn closed() -> StorageError {
    StorageError::new(StorageErrorKind::Other)
}

fn write(mut session: Session, waiting: &Receiver<Order>, limit: usize, commits: &AtomicU64) {
    let clock = Clock::system();
    let mut tidied = clock.instant();
    loop {
        if clock.since(tidied) >= TIDY {
            session.tidy();
            tidied = clock.instant();
        }
        let order = match waiting.recv_timeout(TIDY.saturating_sub(clock.since(tidied))) {
            Ok(order) => order,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut scrub = None;
        let mut group = Vec::new();
        let mut weight = 0;
        let mut next = Some(order);
        while let Some(order) = next {
            match order {
                Order::Change(change) => {
                    weight += change.weight();
                    group.push(change);
                }
                // What was ordered before it belongs to it.
                Order::Scrub(reply) => {
                    scrub = Some(reply);
                    break;
                }
            }
            next = if weight < limit { waiting.try_recv().ok() } else { None };
        }
        if !group.is_empty() && session.commit(group) {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(reply) = scrub {
            drop(reply.send(session.check_files().and_then(|()| scrub::write_anew(&session.connection))));
        }
    }
    close(session);
}

fn close(session: Session) {
    match session.check_files() {
        // The log is moved at the next start where it cannot be now.
        Ok(()) => drop(scrub::empty_log(&session.connection)),
        // Nothing may be moved into a file that somebody else has put there.
        Err(error) => {
            tracing::error!(%error, "the log is left as it is");
            drop(session.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true));
        }
    }
    drop(session.connection.close());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::storage::SqliteStorage;

    #[tokio::test]
    async fn a_change_whose_file_was_replaced_while_it_was_committed_is_not_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage");
        let storage = SqliteStorage::open(&path, SqliteOptions::default()).unwrap();
        for growth in [Growth::Grows, Growth::Stays] {
            let (from, away) = (path.clone(), folder.path().join("away"));
            let replace = move |_: &mut Work<'_>| {
                std::fs::rename(&from, &away).unwrap();
                Ok(())
            };
            let outcome = storage.writer.change(growth, 1, replace).await;
            assert_eq!(outcome.map_err(|error| error.kind()), Err(StorageErrorKind::Replaced));
            std::fs::rename(folder.path().join("away"), &path).unwrap();
            storage.writer.change(growth, 1, |_| Ok(())).await.unwrap();
        }
    }
}
