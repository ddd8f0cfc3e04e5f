//! A running sandbox, as its owner holds it.

use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::StoreClock;
use crate::fault::Fault;
use crate::gateway::{Admission, Beginning};
use crate::misbehaviour::Misbehaviour;
use crate::options::{SandboxOptions, StartError};
use crate::quota::Quota;
use crate::request_log::{ReceivedRequest, RequestLog};
use crate::seed;
use crate::server::{Shared, router};

/// How long a shutdown waits for requests that are being answered.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// A running store. Dropping it stops it without waiting; [`shutdown`](Self::shutdown) waits.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: watch::Sender<()>,
    server: JoinHandle<()>,
}

impl Debug for Sandbox {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("address", &self.address)
            .field("store_hash", &self.shared.store_hash)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Seeds a store and starts to answer on the address of `options`.
    ///
    /// It runs on the tokio runtime it is started on, which needs its I/O and time drivers.
    ///
    /// # Errors
    ///
    /// [`StartError::InvalidOption`] where no store can run with a setting, [`StartError::Listen`] where the
    /// address cannot be listened on.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        options.check()?;
        let (listener, address) = listen(options.listen).await?;
        let (running, receiver) = watch::channel(());
        let shared = Arc::new(shared(options, receiver));
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, running, server })
    }

    /// Scheme, host and port, such as `http://127.0.0.1:49152`; paths follow it directly.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The store's hash.
    pub fn store_hash(&self) -> &str {
        &self.shared.store_hash
    }

    /// The token that `X-Auth-Token` must carry. It opens nothing but this sandbox.
    pub fn access_token(&self) -> &str {
        &self.shared.access_token
    }

    /// The requests received so far, oldest first; the latest [`SandboxOptions::remembered_requests`] of them.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.log.requests()
    }

    /// Lets the next `times` requests that carry the store's token meet `fault`, after the faults that were
    /// injected before and have not happened yet.
    pub fn inject(&self, fault: Fault, times: u32) {
        self.shared.admission().faults.push(fault, times);
    }

    /// Takes back every injected fault that has not happened yet.
    pub fn clear_faults(&self) {
        self.shared.admission().faults.clear();
    }

    /// How the store misbehaves.
    pub fn misbehaviour(&self) -> Misbehaviour {
        self.shared.admission().misbehaviour
    }

    /// Makes the store misbehave in this way from now on, and in no other.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.shared.admission().misbehaviour = misbehaviour;
    }

    /// Stops listening, lets the requests that are being answered finish (for at most five seconds) and
    /// returns when the port is free.
    pub async fn shutdown(self) {
        let Self { running, mut server, .. } = self;
        drop(running);
        if timeout(DRAIN_LIMIT, &mut server).await.is_err() {
            server.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn shared(options: SandboxOptions, running: watch::Receiver<()>) -> Shared {
    let beginning =
        Beginning { seed: options.seed, misbehaviour: options.misbehaviour, faults: options.faults };
    let access_token = options.access_token.unwrap_or_else(|| seed::access_token(options.seed));
    Shared {
        store: Mutex::new(seed::store(options.seed, &options.store_hash)),
        store_hash: options.store_hash,
        access_token,
        quota: Quota { requests: options.quota, window: options.window },
        clock: StoreClock::new(options.clock),
        log: RequestLog::new(options.remembered_requests),
        admission: Mutex::new(Admission::new(&beginning)),
        beginning,
        running,
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let app = router(Arc::clone(&shared)).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async move { shared.stopped().await };
    // By its documentation the server never ends with an error: a failed accept is tried again.
    let _: std::io::Result<()> = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
}
