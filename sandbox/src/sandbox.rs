//! A running sandbox, as its owner holds it.

use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::installation::App;
use crate::app::registration::AppOptions;
use crate::app::token_fault::TokenFault;
use crate::authentication::Accounts;
use crate::clock::StoreClock;
use crate::fault::Fault;
use crate::gateway::{Admission, Beginning};
use crate::misbehaviour::Misbehaviour;
use crate::options::{SandboxOptions, StartError};
use crate::quota::Quota;
use crate::request_log::{ReceivedRequest, RequestLog};
use crate::seed;
use crate::server::{Shared, router};
use crate::webhooks::delivery::Delivery;
use crate::webhooks::schedule::Scale;
use crate::webhooks::sender::Sender;
use crate::webhooks::{self, Rest, Webhooks, dispatch};

/// How long a shutdown waits for requests that are being answered.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// A running store. Dropping it stops it without waiting; [`shutdown`](Self::shutdown) waits.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: watch::Sender<()>,
    server: JoinHandle<()>,
    dispatcher: JoinHandle<()>,
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
        let scale = options.check()?;
        let (listener, address) = listen(options.listen).await?;
        let (running, receiver) = watch::channel(());
        let shared = Arc::new(shared(options, scale, receiver));
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        let dispatcher = tokio::spawn(dispatch::run(Arc::clone(&shared)));
        Ok(Self { address, shared, running, server, dispatcher })
    }

    /// Scheme, host and port, such as `http://127.0.0.1:49152`; paths follow it directly.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The store's hash.
    pub fn store_hash(&self) -> &str {
        &self.shared.store_hash
    }

    /// The token that `X-Auth-Token` must carry as long as the app is installed as it was from the start: one that is
    /// granted later takes its place. It opens nothing but this sandbox.
    pub fn access_token(&self) -> &str {
        &self.shared.accounts.first_token
    }

    /// The client id of the app.
    pub fn client_id(&self) -> &str {
        &self.shared.accounts.client_id
    }

    /// How the app is registered.
    pub fn app(&self) -> AppOptions {
        self.shared.app().registration.clone()
    }

    /// Registers the app anew: its name, callbacks and scopes. Where it asks for other scopes than before, the merchant
    /// is asked again when they open it.
    ///
    /// # Errors
    ///
    /// [`StartError::InvalidOption`] where no app can be registered like that; a client id stays for ever.
    pub fn register(&self, app: AppOptions) -> Result<(), StartError> {
        app.check().map_err(|(option, advice)| StartError::option(option, advice))?;
        if app.client_id != *self.shared.accounts.client_id {
            return Err(StartError::option("app.client_id", "leave it as it was"));
        }
        self.shared.app().registration = app;
        Ok(())
    }

    /// Lets the next `times` token requests meet `fault`, after the faults that were injected before.
    pub fn inject_token_fault(&self, fault: TokenFault, times: u32) {
        self.shared.app().faults.push(fault, times);
    }

    /// What the app's webhooks are signed with. It proves nothing outside this sandbox.
    pub fn client_secret(&self) -> &str {
        &self.shared.accounts.client_secret
    }

    /// The deliveries of webhooks, oldest first: all that wait, and the latest
    /// [`WebhookOptions::remembered_deliveries`](crate::WebhookOptions::remembered_deliveries) of the others.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.webhooks.ledger().deliveries()
    }

    /// Waits until nothing is being sent to a webhook and nothing is due; retries may be to come.
    pub async fn settled(&self) {
        webhooks::rest(&self.shared, Rest::Settled).await;
    }

    /// Waits until every delivery arrived or was given up, which takes as long as the retries do.
    pub async fn delivered(&self) {
        webhooks::rest(&self.shared, Rest::Done).await;
    }

    /// Puts the store's clock forward.
    pub fn advance(&self, step: Duration) {
        self.shared.clock.advance(step);
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

    /// Stops listening, breaks off what is being sent to webhooks, lets the requests that are being answered finish (for at most five seconds) and
    /// returns when the port is free.
    pub async fn shutdown(self) {
        let Self { running, mut server, mut dispatcher, .. } = self;
        drop(running);
        if timeout(DRAIN_LIMIT, &mut dispatcher).await.is_err() {
            dispatcher.abort();
        }
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

fn shared(options: SandboxOptions, scale: Scale, running: watch::Receiver<()>) -> Shared {
    let accounts = accounts(&options);
    let webhooks = Webhooks::new(&options.webhooks, scale);
    let beginning = Beginning {
        seed: options.seed,
        misbehaviour: options.misbehaviour,
        faults: options.faults,
        token_faults: options.token_faults,
        app: options.app,
    };
    Shared {
        store: Mutex::new(seed::store(options.seed, &options.store_hash)),
        store_hash: options.store_hash,
        app: Mutex::new(App::new(&beginning, &accounts.first_token)),
        callbacks: Sender::new(options.webhooks.timeout),
        accounts,
        webhooks,
        quota: Quota { requests: options.quota, window: options.window },
        clock: StoreClock::new(options.clock),
        log: RequestLog::new(options.remembered_requests),
        admission: Mutex::new(Admission::new(&beginning)),
        beginning,
        running,
    }
}

fn accounts(options: &SandboxOptions) -> Accounts {
    let SandboxOptions { access_token, seed, webhooks, app, .. } = options;
    Accounts {
        client_id: app.client_id.as_str().into(),
        client_secret: webhooks.client_secret.clone().unwrap_or_else(|| seed::client_secret(*seed)),
        first_token: access_token.clone().unwrap_or_else(|| seed::access_token(*seed)),
        of_store: webhooks.store_account.clone(),
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let app = router(Arc::clone(&shared)).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async move { shared.stopped().await };
    // By its documentation the server never ends with an error: a failed accept is tried again.
    let _: std::io::Result<()> = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
}
