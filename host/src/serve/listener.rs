//! Accepts connections within limits and serves HTTP/1.1 on them, until it is told to stop and the last request has ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::config::Limits;
use super::exchange::{Exchanges, IsWebhook};
use super::host_header;
use super::seats::{ByReason, Seat};
use super::socket::Socket;
use super::tls::Tls;

/// How long to wait where the system has no more sockets.
const BREATH: Duration = Duration::from_millis(100);

/// How many connections may wait in the system's queue; many come at once after an outage.
const BACKLOG: u32 = 4096;

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
    /// Closed to make room, or because the client did not read.
    pub(super) closed: ByReason,
    /// Requests answered 503 for want of a place.
    pub(super) refused: ByReason,
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
    exchanges: Arc<Exchanges>,
    builder: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub(super) fn bind(
        address: SocketAddr,
        tls: Option<Arc<Tls>>,
        limits: Limits,
        counts: Arc<ConnectionCounts>,
    ) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // As `TcpListener::bind` does: another program's port stays its own on Windows.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self { socket: socket.listen(BACKLOG)?, tls, limits, counts })
    }

    /// The address, with the port that the system has chosen where none was asked for.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `router` until `stop` is true, then lets requests end for `stop_within`; whether all did. Requests that
    /// `is_webhook` knows take the reserved places.
    pub(super) async fn serve(
        self,
        router: Router,
        is_webhook: IsWebhook,
        mut stop: watch::Receiver<bool>,
        stop_within: Duration,
    ) -> bool {
        let Self { socket, tls, limits, counts } = self;
        // A connection that was given up is open for a moment longer.
        let open = Arc::new(Semaphore::new(limits.open()));
        let router = host_header::checked(router);
        let builder = builder(&limits);
        let exchanges = Exchanges::new(router, limits, is_webhook, counts);
        let service = Arc::new(Service { exchanges, builder, tls });
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = async { (Arc::clone(&open).acquire_owned().await, socket.accept().await) };
            let (permit, accepted) = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = accepted => accepted,
            };
            match (permit, accepted) {
                (Ok(permit), Ok((stream, peer))) => {
                    let (service, watcher) = (Arc::clone(&service), graceful.watcher());
                    let seat = service.exchanges.seats.admit(peer.ip());
                    drop(tokio::spawn(async move {
                        service.connection(stream, watcher, seat).await;
                        drop(permit);
                    }));
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
    async fn connection(&self, stream: TcpStream, watcher: Watcher, seat: Arc<Seat>) {
        let counts = &self.exchanges.counts;
        counts.accepted.fetch_add(1, Ordering::Relaxed);
        counts.open.fetch_add(1, Ordering::Relaxed);
        // An answer is one small packet, which must not wait for more.
        if stream.set_nodelay(true).is_ok() {
            let ended = tokio::select! {
                () = seat.closed() => Ended::InOrder,
                ended = self.stream(stream, watcher, &seat) => ended,
            };
            match (seat.reason(), ended) {
                (Some(reason), _) => {
                    counts.closed.count(reason);
                    tracing::debug!(reason = reason.word(), "a connection was closed");
                }
                (None, Ended::Broken) => _ = counts.broken.fetch_add(1, Ordering::Relaxed),
                (None, Ended::WithoutTls) => _ = counts.handshakes_failed.fetch_add(1, Ordering::Relaxed),
                (None, Ended::InOrder) => {}
            }
        }
        seat.leave();
        counts.open.fetch_sub(1, Ordering::Relaxed);
    }

    async fn stream(&self, stream: TcpStream, watcher: Watcher, seat: &Arc<Seat>) -> Ended {
        let limits = self.exchanges.seats.limits();
        let socket = Socket::new(stream, Arc::clone(seat), limits.write_timeout);
        let Some(tls) = &self.tls else { return self.http(socket, watcher, seat).await };
        match timeout(limits.header_timeout, tls.acceptor().accept(socket)).await {
            Ok(Ok(stream)) => self.http(stream, watcher, seat).await,
            Ok(Err(_)) | Err(_) => Ended::WithoutTls,
        }
    }

    async fn http<S>(&self, stream: S, watcher: Watcher, seat: &Arc<Seat>) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (exchanges, seat) = (Arc::clone(&self.exchanges), Arc::clone(seat));
        let service = service_fn(move |request| Arc::clone(&exchanges).answer(Arc::clone(&seat), request));
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        match watcher.watch(connection).await {
            Ok(()) => Ended::InOrder,
            Err(error) => {
                tracing::debug!(%error, "a connection ended");
                Ended::Broken
            }
        }
    }
}

/// How a connection ended that was not closed for a [reason](super::seats::Reason).
#[derive(Clone, Copy)]
enum Ended {
    InOrder,
    /// By an error: no HTTP, too slow, or gone.
    Broken,
    /// Before TLS was agreed on.
    WithoutTls,
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

#[cfg(test)]
mod tests;
