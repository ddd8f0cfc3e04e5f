//! Writes events to standard output, a line of JSON each, for a program at the other end of a pipe.
//!
//! An event whose line cannot be written stays undelivered, and no attempt is counted: the output is a part of this service,
//! not of the receiver. While the output is closed or stalls, no further event is leased.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::activation::CloudEvent;
use crate::stream::Stream;

/// How long a write may make no progress before the output counts as stalled, and how long an event waits for the events
/// before it. It is shorter than a lease.
const STALL: Duration = Duration::from_secs(5);

/// The wait before an event is written again after an error that may pass, such as a full disk.
const PAUSE: Duration = Duration::from_secs(5);

/// Writes events, one at a time.
pub(crate) struct LinesSink {
    output: Arc<Output>,
}

/// The output and its condition.
pub(crate) struct Output {
    stream: Stream,
    /// Whose event is written.
    turn: Mutex<()>,
    /// The error of the latest write; `None` if it succeeded.
    fault: watch::Sender<Option<io::ErrorKind>>,
}

/// Why an event was not written, and how long it has to wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unwritten {
    /// The cause, for people.
    pub(crate) text: String,
    /// Before the next attempt.
    pub(crate) wait: Duration,
}

impl LinesSink {
    /// A sink that writes to this stream.
    pub(crate) fn new(stream: Stream) -> Self {
        let output = Output { stream, turn: Mutex::new(()), fault: watch::Sender::new(None) };
        Self { output: Arc::new(output) }
    }

    /// The output and its condition.
    pub(crate) fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// Writes an event; it has left this process when this ends well.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) async fn send(&self, event: &CloudEvent<'_>) -> Result<(), Unwritten> {
        let Output { stream, turn, fault } = &*self.output;
        let Ok(_turn) = timeout(STALL, turn.lock()).await else {
            return Err(Unwritten { text: NOT_READ.to_owned(), wait: Duration::ZERO });
        };
        if let Some(trouble) = self.output.trouble().filter(|_| self.output.is_closed()) {
            return Err(Unwritten { text: trouble, wait: Duration::ZERO });
        }
        let error = stream.write(event.line()).await.err().map(|error| error.kind());
        fault.send_replace(error);
        match error {
            None => Ok(()),
            Some(kind) => {
                let wait = if kind == io::ErrorKind::BrokenPipe { Duration::ZERO } else { PAUSE };
                Err(Unwritten { text: unwritable(kind), wait })
            }
        }
    }
}

const NOT_READ: &str = "standard output is not read";

fn unwritable(kind: io::ErrorKind) -> String {
    format!("cannot write to standard output: {kind}")
}

impl Output {
    /// Why the output takes no events; `None` if it takes them.
    pub(crate) fn trouble(&self) -> Option<String> {
        match *self.fault.borrow() {
            Some(kind) => Some(unwritable(kind)),
            None => self.is_stalled().then(|| NOT_READ.to_owned()),
        }
    }

    /// Whether an event that is leased now would wait for the reader.
    pub(crate) fn is_held_up(&self) -> bool {
        self.is_stalled() || self.is_closed()
    }

    /// Waits until the reader has closed. Nothing can be delivered after that.
    pub(crate) async fn closed(&self) {
        let mut fault = self.fault.subscribe();
        // The sender lives as long as this output.
        let _ = fault.wait_for(|fault| *fault == Some(io::ErrorKind::BrokenPipe)).await;
    }

    fn is_stalled(&self) -> bool {
        self.stream.stalled_for() >= STALL
    }

    fn is_closed(&self) -> bool {
        *self.fault.borrow() == Some(io::ErrorKind::BrokenPipe)
    }
}
