//! Accepts connections within limits and serves HTTP/1.1 on them, until it is told to stop and the last request has ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::middleware::{Next, from_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::config::Limits;
use super::host_header;
use super::tls::Tls;

/// How long to wait where the system has no more sockets.
const BREATH: Duration = Duration::from_millis(100);

/// What happens to connections, counted.
#[derive(Default)]
pub(super) struct ConnectionCounts {
    /// Open now.
    pub(super) open: AtomicU64,
    /// Requests on them whose head was read and whose answer is not known yet.
    pub(super) requests: AtomicU64,
    /// Accepted ever.
    pub(super) accepted: AtomicU64,
    /// Ended by an error: no HTTP, too slow, or gone.
    pub(super) broken: AtomicU64,
    /// Ended before TLS was agreed on.
    pub(super) handshakes_failed: AtomicU64,
}

/// A request under way, counted until it is dropped: with its answer, or because its sender has gone.
struct UnderWay(Arc<ConnectionCounts>);

impl UnderWay {
    fn count(counts: Arc<ConnectionCounts>) -> Self {
        counts.requests.fetch_add(1, Ordering::Relaxed);
        Self(counts)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket that listens, and how its connections are served.
pub(super) struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    counts: Arc<ConnectionCounts>,
}

/// What every connection is served with.
struct Service {
    router: Router,
    builder: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    counts: Arc<ConnectionCounts>,
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(super) async fn bind(
        address: SocketAddr,
        tls: Option<Arc<Tls>>,
        limits: Limits,
        counts: Arc<ConnectionCounts>,
    ) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, tls, limits, counts })
    }

    /// The address, with the port that the system has chosen where none was asked for.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `router` until `stop` is true, then lets requests end for `stop_within`; whether all did.
    pub(super) async fn serve(
        self,
        router: Router,
        mut stop: watch::Receiver<bool>,
        stop_within: Duration,
    ) -> bool {
        let Self { socket, tls, limits, counts } = self;
        let requests = Arc::clone(&counts);
        let router = router.layer(from_fn(move |request, next: Next| {
            let under_way = UnderWay::count(Arc::clone(&requests));
            async move {
                let answer = next.run(request).await;
                drop(under_way);
                answer
            }
        }));
        let router = host_header::checked(router);
        let service = Arc::new(Service { router, builder: builder(&limits), tls, limits, counts });
        let seats = Arc::new(Semaphore::new(limits.connections));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = async {
                // A seat first: whoever finds none waits in the system's queue and costs us nothing.
                let seat = Arc::clone(&seats).acquire_owned().await;
                (seat, socket.accept().await)
            };
            let (seat, accepted) = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = accepted => accepted,
            };
            match (seat, accepted) {
                (Ok(seat), Ok((stream, _))) => {
                    let (service, watcher) = (Arc::clone(&service), graceful.watcher());
                    drop(tokio::spawn(async move { service.connection(stream, watcher, seat).await }));
                }
                (_, Err(error)) if is_of_one_connection(&error) => {}
                (_, Err(error)) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(BREATH).await;
                }
                // Nobody closes the semaphore.
                (Err(_), _) => break,
            }
        }
        drop(socket);
        timeout(stop_within, graceful.shutdown()).await.is_ok()
    }
}

impl Service {
    async fn connection(&self, stream: TcpStream, watcher: Watcher, seat: OwnedSemaphorePermit) {
        self.counts.accepted.fetch_add(1, Ordering::Relaxed);
        self.counts.open.fetch_add(1, Ordering::Relaxed);
        // An answer is one small packet, which must not wait for more.
        let is_prompt = stream.set_nodelay(true);
        match (&self.tls, is_prompt) {
            (_, Err(_)) => {}
            (None, Ok(())) => self.http(stream, watcher).await,
            (Some(tls), Ok(())) => {
                match timeout(self.limits.header_timeout, tls.acceptor().accept(stream)).await {
                    Ok(Ok(stream)) => self.http(stream, watcher).await,
                    Ok(Err(_)) | Err(_) => _ = self.counts.handshakes_failed.fetch_add(1, Ordering::Relaxed),
                }
            }
        }
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        drop(seat);
    }

    async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, watcher: Watcher) {
        let service = TowerToHyperService::new(self.router.clone());
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            self.counts.broken.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%error, "a connection ended");
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes);
    builder
}

/// Whether the connection that was to be accepted is to blame, and the next may be well.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
