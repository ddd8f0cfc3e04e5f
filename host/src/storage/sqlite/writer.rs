//! The thread that writes: it takes all changes that wait, up to a limit, into one transaction.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::SqliteOptions;
use super::group::{Call, Change, Growth, Session, Work};
use crate::storage::{StorageError, StorageErrorKind};

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
    while let Ok(order) = waiting.recv() {
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
            drop(reply.send(write_anew(&session.connection)));
        }
    }
    // The log is moved at the next start where it cannot be now.
    drop(empty_log(&session.connection));
    drop(session.connection.close());
}

fn write_anew(connection: &Connection) -> Result<(), StorageError> {
    connection.execute("VACUUM", ())?;
    // The log still has the pages as they were.
    empty_log(connection)
}

/// Waits for readers as long as for another process.
fn empty_log(connection: &Connection) -> Result<(), StorageError> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    match is_busy {
        true => Err(StorageError::new(StorageErrorKind::Locked)),
        false => Ok(()),
    }
}
