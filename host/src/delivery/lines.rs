//! Writes events to standard output, a line of JSON each, for a program at the other end of a pipe.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::decision::Failed;
use crate::activation::CloudEvent;

/// Writes events, one at a time.
pub(crate) struct LinesSink {
    output: Arc<Mutex<Output>>,
}

struct Output {
    stream: Box<dyn Write + Send>,
    /// Whether the last line broke off in the middle.
    is_torn: bool,
}

impl LinesSink {
    /// A sink that writes there.
    pub(crate) fn new(stream: Box<dyn Write + Send>) -> Self {
        Self { output: Arc::new(Mutex::new(Output { stream, is_torn: false })) }
    }

    /// Writes an event; it has left this process when this ends well.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn send(&self, event: &CloudEvent<'_>) -> Result<(), Failed> {
        let (line, output) = (event.line(), Arc::clone(&self.output));
        // Whoever reads may be slow, and must not hold up others.
        let written = tokio::task::spawn_blocking(move || {
            output.lock().unwrap_or_else(PoisonError::into_inner).write(&line)
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(Failed::passing("output", format!("standard output cannot be written: {}", error.kind())))
            }
            Err(_) => Err(Failed::passing("output", "standard output was closed")),
        }
    }
}

impl Output {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.stream.write_all(b"\n")?;
        }
        self.is_torn = true;
        self.stream.write_all(line)?;
        self.stream.flush()?;
        self.is_torn = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Full;
    use crate::activation::tests::activation;

    /// Takes so many bytes, breaks once, and goes on.
    struct Narrow {
        taken: Arc<Mutex<Vec<u8>>>,
        room: Option<usize>,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.room.unwrap_or(usize::MAX));
            match &mut self.room {
                Some(0) => {
                    self.room = None;
                    return Err(io::Error::from(io::ErrorKind::StorageFull));
                }
                Some(room) => *room -= count,
                None => {}
            }
            self.taken.lock().unwrap().extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_line_that_broke_off_spoils_no_other() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let sink = LinesSink::new(Box::new(Narrow { taken: Arc::clone(&taken), room: Some(20) }));
        let activation = activation("e1");
        let event = CloudEvent::new("acme", &activation, &Full::Unasked);
        assert_eq!(sink.send(&event).await.unwrap_err().kind, "output");
        assert_eq!(sink.send(&event).await, Ok(()));
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(serde_json::from_str::<serde_json::Value>(lines[0]).is_err());
        assert!(serde_json::from_str::<serde_json::Value>(lines[1]).is_ok());
    }
}
