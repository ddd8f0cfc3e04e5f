//! The threads that read, each with a connection of its own: in WAL mode they hold nobody up.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::storage::{StorageError, StorageErrorKind};

/// How many questions may wait.
const QUEUE: usize = 1024;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the threads.
pub(super) struct Readers {
    questions: Option<SyncSender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> io::Result<Self> {
        let (questions, waiting) = sync_channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |connection| {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name("storage-reader".to_owned());
            thread.spawn(move || answer(&connection, &waiting))
        };
        let threads = connections.into_iter().map(start).collect::<io::Result<_>>()?;
        Ok(Self { questions: Some(questions), threads })
    }

    /// Reads something.
    pub(super) async fn read<T, F>(&self, function: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let closed = || StorageError::new(StorageErrorKind::Other);
        let (reply, answer) = oneshot::channel();
        let question = move |connection: &Connection| drop(reply.send(function(connection)));
        let questions = self.questions.as_ref().ok_or_else(closed)?;
        questions.try_send(Box::new(question)).map_err(|error| match error {
            TrySendError::Full(_) => StorageError::new(StorageErrorKind::QueueFull),
            TrySendError::Disconnected(_) => closed(),
        })?;
        Ok(answer.await.map_err(|_| closed())??)
    }

    /// Answers what waits, and ends the threads.
    pub(super) fn stop(&mut self) {
        self.questions = None;
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn answer(connection: &Connection, waiting: &Mutex<Receiver<Question>>) {
    // The lock is held while one waits; the others wait for the lock.
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(question) = next() {
        question(connection);
    }
}
