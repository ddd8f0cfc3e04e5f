//! Standard output whose reader may close: what nobody reads stops no work and is no failure.

use std::io::{self, Write};

/// Standard output. Writes succeed after its reader has closed.
pub(crate) struct Console(io::StdoutLock<'static>);

impl Console {
    /// Locks standard output until the value is dropped.
    pub(crate) fn new() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Console {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match self.0.write(text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(text.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
