//! A stream of this process that a thread of its own writes, so that a reader who stalls holds up nothing else.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::printable::printable_lines;

/// Writes that may wait for the thread. A log line beyond this number is dropped.
const QUEUE: usize = 1024;

/// The pause before the next attempt to write to a stream that another process has made non-blocking.
const PAUSE: Duration = Duration::from_millis(20);

/// How long [`Writer::flush`] waits for the reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// Standard output and error of this process, for a service.
pub(crate) struct Streams {
    /// Standard output.
    pub(crate) output: Stream,
    /// Standard error.
    pub(crate) errors: Stream,
}

impl Streams {
    /// Opens them.
    ///
    /// # Errors
    /// If the system gives no second descriptor or no thread.
    pub(crate) fn of_process() -> io::Result<Self> {
        let output = Stream::new(descriptor(io::stdout())?, |_| {})?;
        let errors = Stream::new(descriptor(io::stderr())?, |dropped| {
            tracing::error!(dropped, "log lines since the start were dropped: standard error was not read");
        })?;
        Ok(Self { output, errors })
    }
}

/// Gets the outcome of a write.
type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

struct Job {
    bytes: Vec<u8>,
    done: Option<Done>,
}

/// A stream with its thread. The thread ends with the process, or after the last handle of the stream is dropped; nobody
/// waits for it.
#[derive(Clone)]
pub(crate) struct Stream {
    jobs: mpsc::Sender<Job>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// When the write under way made its last progress; `None` while nothing is written.
    progress: Mutex<Option<Instant>>,
    dropped: Arc<AtomicU64>,
}

impl Stream {
    /// A stream. `resumed` gets the number of dropped writes since the start when a write succeeds after a drop.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn new(stream: impl Write + Send + 'static, resumed: fn(u64)) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let state = Arc::<State>::default();
        let of_thread = Arc::clone(&state);
        std::thread::Builder::new()
            .name("stream".to_owned())
            .spawn(move || work(queue, stream, &of_thread, resumed))?;
        Ok(Self { jobs, state })
    }

    /// Writes soon, and returns at once. Counts the write as dropped if the queue is full or the write fails.
    ///
    /// # Errors
    /// `WouldBlock` if the queue is full.
    pub(crate) fn offer(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.send(Job { bytes, done: None }).inspect_err(|_| {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Writes, and waits until the stream has taken all bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(crate) async fn write(&self, bytes: Vec<u8>) -> io::Result<()> {
        let (done, outcome) = tokio::sync::oneshot::channel();
        // Nobody may wait for the outcome any more.
        let done: Done = Box::new(move |written| drop(done.send(written)));
        self.jobs.send(Job { bytes, done: Some(done) }).await.map_err(|_| gone())?;
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Waits at most so long until everything is written that was offered before.
    ///
    /// # Errors
    /// `TimedOut` if the reader takes longer; the error of a write that failed since the last call.
    pub(crate) fn flush(&self, within: Duration) -> io::Result<()> {
        let (done, outcome) = std::sync::mpsc::channel();
        let done: Done = Box::new(move |written| drop(done.send(written)));
        self.send(Job { bytes: Vec::new(), done: Some(done) })?;
        outcome.recv_timeout(within).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// How long the write under way has made no progress; zero if there is none.
    pub(crate) fn stalled_for(&self) -> Duration {
        let progress = *self.state.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.map_or(Duration::ZERO, |since| Clock::system().since(since))
    }

    /// The number of writes that were dropped or failed.
    pub(crate) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.state.dropped)
    }

    /// Writes a text for people. A reader that does not read for a second gets the text when it reads again.
    ///
    /// # Errors
    /// If the text cannot be written.
    pub(crate) fn tell(&self, text: &str) -> io::Result<()> {
        self.offer(printable_lines(text).into_bytes())?;
        match self.flush(PATIENCE) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(()),
            flushed => flushed,
        }
    }

    /// The stream for a command that writes short texts and must not wait for their reader.
    pub(crate) fn writer(&self) -> Writer {
        Writer(self.clone())
    }

    fn send(&self, job: Job) -> io::Result<()> {
        self.jobs.try_send(job).map_err(|fault| match fault {
            mpsc::error::TrySendError::Full(_) => io::ErrorKind::WouldBlock.into(),
            mpsc::error::TrySendError::Closed(_) => gone(),
        })
    }
}

/// See [`Stream::writer`]. [`flush`](Write::flush) waits for one second at most and returns `TimedOut` then; the bytes stay
/// in the queue.
pub(crate) struct Writer(Stream);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.offer(bytes.to_vec())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush(PATIENCE)
    }
}

/// The thread panicked, which no write brings about.
fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// A descriptor of its own: the handles of the standard library share a lock, and whoever flushes one of them would wait for
/// a write that is stalled.
#[cfg(unix)]
fn descriptor(stream: impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn descriptor(stream: impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}

fn work(mut queue: mpsc::Receiver<Job>, mut stream: impl Write, state: &State, resumed: fn(u64)) {
    let (mut is_torn, mut unread, mut reported) = (false, None, 0);
    while let Some(Job { bytes, done }) = queue.blocking_recv() {
        if bytes.is_empty() {
            if let Some(done) = done {
                done(unread.take().map_or(Ok(()), |kind: io::ErrorKind| Err(kind.into())));
            }
            continue;
        }
        let outcome = write(&mut stream, &bytes, &mut is_torn, state);
        match (outcome, done) {
            (outcome, Some(done)) => done(outcome),
            (Err(error), None) => {
                unread = Some(error.kind());
                state.dropped.fetch_add(1, Ordering::Relaxed);
            }
            (Ok(()), None) => {
                let dropped = state.dropped.load(Ordering::Relaxed);
                if dropped > reported {
                    reported = dropped;
                    resumed(dropped);
                }
            }
        }
    }
}

/// Writes all bytes. A line that broke off in the middle is ended first, so that it spoils no other line.
fn write(stream: &mut impl Write, bytes: &[u8], is_torn: &mut bool, state: &State) -> io::Result<()> {
    let progress = |at| *state.progress.lock().unwrap_or_else(PoisonError::into_inner) = at;
    let mut all = |mut bytes: &[u8], is_torn: &mut bool| {
        while !bytes.is_empty() {
            match stream.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    *is_torn = true;
                    bytes = bytes.get(count..).unwrap_or_default();
                    progress(Some(Clock::system().instant()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
        stream.flush()
    };
    progress(Some(Clock::system().instant()));
    let ending: &[u8] = if *is_torn { b"\n" } else { b"" };
    let outcome = all(ending, is_torn).and_then(|()| all(bytes, is_torn));
    *is_torn &= outcome.is_err();
    progress(None);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

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
        let stream = Stream::new(Narrow { taken: Arc::clone(&taken), room: Some(3) }, |_| {}).unwrap();
        let broken = stream.write(b"first\n".to_vec()).await.unwrap_err();
        assert_eq!(broken.kind(), io::ErrorKind::StorageFull);
        stream.write(b"second\n".to_vec()).await.unwrap();
        stream.write(b"third\n".to_vec()).await.unwrap();
        assert_eq!(*taken.lock().unwrap(), b"fir\nsecond\nthird\n");
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_counted_and_told_when_writing_goes_on() {
        static TOLD: AtomicU64 = AtomicU64::new(0);
        let (mut reader, writer) = io::pipe().unwrap();
        let stream = Stream::new(writer, |dropped| TOLD.store(dropped, Ordering::SeqCst)).unwrap();
        let large = vec![b'x'; 1_000_000];
        stream.offer(large.clone()).unwrap();
        while stream.stalled_for().is_zero() {
            std::thread::yield_now();
        }
        let refused = (0..2 * QUEUE).filter(|_| stream.offer(b"line\n".to_vec()).is_err()).count();
        assert_eq!(refused, QUEUE);
        let refused = u64::try_from(refused).unwrap();
        assert_eq!(stream.dropped().load(Ordering::Relaxed), refused);
        assert_eq!(stream.flush(Duration::from_millis(1)).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(TOLD.load(Ordering::SeqCst), 0);
        let mut taken = vec![0; large.len() + QUEUE * 5];
        reader.read_exact(&mut taken).unwrap();
        stream.flush(Duration::from_secs(30)).unwrap();
        assert_eq!(TOLD.load(Ordering::SeqCst), refused);
        assert_eq!(stream.stalled_for(), Duration::ZERO);
    }

    #[test]
    fn a_reader_that_has_closed_is_an_error_of_the_next_flush_and_holds_up_nothing() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let stream = Stream::new(writer, |_| {}).unwrap();
        let mut writer = stream.writer();
        writer.write_all(b"lost\n").unwrap();
        assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(stream.dropped().load(Ordering::Relaxed), 1);
        assert!(writer.flush().is_ok(), "it is told once");
    }

    #[test]
    fn a_reader_that_stalls_is_seen_and_waited_for_no_longer_than_asked() {
        let (reader, writer) = io::pipe().unwrap();
        let stream = Stream::new(writer, |_| {}).unwrap();
        stream.offer(vec![b'x'; 1_000_000]).unwrap();
        let waited = Duration::from_millis(50);
        assert_eq!(stream.flush(waited).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(stream.stalled_for() > Duration::ZERO);
        drop(reader);
        // The flush that nobody waited for any more got the error.
        stream.flush(Duration::from_secs(30)).unwrap();
        assert_eq!(stream.dropped().load(Ordering::Relaxed), 1);
        assert_eq!(stream.stalled_for(), Duration::ZERO);
    }
}
