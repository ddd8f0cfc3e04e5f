//! A socket that closes if its client reads nothing for too long, and that notes when the client sends and has read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::seats::{Reason, Seat};
use crate::clock::Clock;

/// A socket with a deadline for the progress of writing.
pub(super) struct Socket<S> {
    inner: S,
    seat: Arc<Seat>,
    /// How long writing may go on without progress.
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
    /// Whether the deadline runs.
    is_stuck: bool,
}

impl<S> Socket<S> {
    /// A socket of a seat whose client may read nothing for `patience`.
    pub(super) fn new(inner: S, seat: Arc<Seat>, patience: Duration) -> Self {
        Self { inner, seat, patience, deadline: Box::pin(sleep(patience)), is_stuck: false }
    }

    /// Passes the outcome of writing on; an error if there was no progress for too long.
    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.is_stuck = false;
            return written;
        }
        if !self.is_stuck {
            self.is_stuck = true;
            self.deadline.as_mut().reset(Clock::system().instant() + self.patience);
        }
        match self.deadline.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.seat.close(Reason::SlowRead);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.seat.reads();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.seat.is_flushed();
        }
        self.watched(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watched(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::{Instant, advance};

    use super::*;
    use crate::serve::config::Limits;
    use crate::serve::seats::Seats;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn socket() -> (Socket<DuplexStream>, DuplexStream, Arc<Seat>) {
        let seat = Seats::new(Limits::of_tests()).admit([127, 0, 0, 1].into());
        let (ours, theirs) = duplex(8);
        (Socket::new(ours, Arc::clone(&seat), PATIENCE), theirs, seat)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_has_a_deadline() {
        let (mut socket, _theirs, seat) = socket();
        let began = Instant::now();
        let error = socket.write_all(&[0; 20]).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
        assert_eq!(seat.reason(), Some(Reason::SlowRead));
    }

    #[tokio::test(start_paused = true)]
    async fn progress_starts_the_deadline_anew() {
        let (mut socket, mut theirs, seat) = socket();
        let writing = tokio::spawn(async move { socket.write_all(&[0; 80]).await.map(|()| socket) });
        for _ in 0..10 {
            advance(PATIENCE - Duration::from_millis(1)).await;
            theirs.read_exact(&mut [0; 8]).await.unwrap();
        }
        assert!(writing.await.unwrap().is_ok());
        assert_eq!(seat.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_may_send_has_no_deadline_for_reading() {
        let (mut socket, _theirs, seat) = socket();
        let reading = tokio::time::timeout(PATIENCE * 10, socket.read_u8()).await;
        assert!(reading.is_err());
        assert_eq!(seat.reason(), None);
    }
}
