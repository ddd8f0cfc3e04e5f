//! `connector serve`: receives webhooks, keeps what they start and delivers it, until somebody stops it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connector_runtime::pacing::Gates;
use connector_runtime::{Client, Connector, Patience, SecretString};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, timeout_at};

use crate::acting::Acting;
use crate::acting::http::{self as actions, Desk};
use crate::acting::under_way::UnderWay;
use crate::connections::{Directory, Lifecycle};
use crate::credentials::Sources;
use crate::delivery::pull::{self, Pull};
use crate::delivery::reading::Reader;
use crate::delivery::settings::Mode;
use crate::delivery::{Delivery, Sink};
use crate::failure::Failure;
use crate::loops::Loops;
use crate::portal::{self, Portal, PortalParts, Unmanaged};
use crate::quota_sharing;
use crate::random;
use crate::receive::{self, Clock, Receiver};
use crate::storage::{Retention, SqliteStorage, Storage};
use crate::surroundings::Surroundings;
use crate::triggers::kept_hooks::{KeptHooks, Standings};
use crate::triggers::reconcile::{Reconciler, Steward};
use crate::triggers::{Keeper, Retired};

mod announcement;
mod background;
mod ceiling;
mod clients;
pub(crate) mod config;
mod exchange;
pub(crate) mod health;
mod host_header;
mod listener;
mod logs;
mod open_files;
mod opening;
mod routes;
mod seats;
pub(crate) mod settings;
mod signals;
mod socket;
mod tally;
mod tls;
pub(crate) mod values;

pub use ceiling::answer_at_once;

use background::{expire, finish_removals, refresh, tell};
use config::{Config, Limits};
use health::Health;
use listener::Listener;
pub(crate) use opening::{database, open_storage};
use opening::{directory, open_storage_with};
use routes::{below, of_known};
use signals::Signals;
use tally::Counts;
use tls::Tls;
use values::{Flags, Values};

/// How long a call about webhooks, or a page of a search, may wait for the quota or for a failure to pass.
const PATIENCE: Patience = Patience::Within(Duration::from_secs(5 * 60));

/// The same while a person waits for a page.
const PATIENCE_OF_PEOPLE: Patience = Patience::Within(Duration::from_secs(20));

/// How long answers at `admin.listen` may take once everything else has ended.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The flags of the command.
pub(crate) fn flags() -> Vec<clap::Arg> {
    values::flags(|_| true)
}

/// Serves until a signal stops it. A second signal does not wait for requests to end.
///
/// # Errors
/// `Usage` where the configuration is wrong; `Broken` where the service cannot start, or did not end in order.
pub(crate) async fn run(
    connector: &'static Connector,
    flags: &Flags,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    // Before anything is announced, so that a signal after the announcement always ends the service in order.
    let mut signals = Signals::listen().map_err(|error| broken("signals cannot be listened for", &error))?;
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let config = Config::read(&Values::read(flags, &sources)?, surroundings.variable)?;
    logs::start(config.log).map_err(|error| broken("logging cannot be set up", &error))?;
    // Where events go to standard output, nothing else may.
    let is_output_taken = matches!(config.delivery.mode, Mode::Lines);
    // An own file for the quota is a convenience, as for calls from the command line.
    let gates = quota_sharing::open(None, &sources)?.gates;
    open_files::allow(&config)?;
    let service = Service::start(connector, config, gates).await?;
    let out: &mut dyn Write =
        if is_output_taken { &mut *surroundings.stderr } else { &mut *surroundings.stdout };
    service.announce(out)?;
    let (stop, stopping) = watch::channel(false);
    let mut running = tokio::spawn(service.run(stopping));
    tokio::select! {
        () = signals.stop() => tracing::info!("stopping: requests under way may end"),
        // It ends by itself only where it broke.
        ended = &mut running => return Err(Failure::Broken(format!("the service ended by itself: {ended:?}"))),
    }
    stop.send_replace(true);
    let ended = tokio::select! {
        () = signals.stop() => return Err(Failure::Broken("stopped at once by a second signal".to_owned())),
        ended = running => ended,
    };
    match ended {
        Ok(true) => tracing::info!("stopped"),
        Ok(false) => tracing::warn!("stopped; some requests took too long and were cut off"),
        Err(error) => return Err(broken("the service did not end in order", &error)),
    }
    let out: &mut dyn Write =
        if is_output_taken { &mut *surroundings.stderr } else { &mut *surroundings.stdout };
    Ok(writeln!(out, "stopped")?)
}

/// Everything of the service, listening and not yet serving.
struct Service {
    connector: &'static Connector,
    data: PathBuf,
    limits: Limits,
    stop_within: Duration,
    retention: Retention,
    /// What metrics and workers' calls want.
    token: Option<SecretString>,
    storage: Arc<dyn Storage>,
    gates: Gates,
    directory: Arc<Directory>,
    lifecycle: Arc<Lifecycle>,
    portal: Arc<Portal>,
    actions: Arc<Desk>,
    reconciler: Reconciler,
    steward: Steward,
    counts: Arc<Counts>,
    clock: Clock,
    webhooks: Listener,
    admin: Option<Listener>,
    public_url: String,
    delivery: Arc<Delivery>,
    /// What the loop sends by; none where workers fetch.
    sink: Option<Sink>,
}

impl Service {
    async fn start(connector: &'static Connector, mut config: Config, gates: Gates) -> Result<Self, Failure> {
        let sqlite = Arc::new(open_storage_with(&config.base.data, config.storage)?);
        let storage: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(&sqlite);
        let apps = config.base.apps.clone();
        let directory = directory(connector, &mut config, Arc::clone(&storage))?;
        tell(&directory.refresh().await.map_err(|error| broken("the connections cannot be read", &error))?);
        let tls = match &config.tls {
            Some(files) => {
                let tls = Tls::load(files.clone()).map_err(|error| Failure::usage(error.to_string()))?;
                let tls = Arc::new(tls);
                let again = Arc::clone(&tls);
                signals::on_hangup(move || match again.reload() {
                    Ok(()) => tracing::info!("the certificate was read anew"),
                    Err(error) => tracing::error!(%error, "the certificate stays the one before"),
                })
                .map_err(|error| broken("signals cannot be listened for", &error))?;
                Some(tls)
            }
            None => None,
        };
        let counts = Arc::new(Counts::default());
        let clock: Clock = Arc::new(now_ms);
        let (settings, sink) =
            config.delivery.sink().map_err(|error| broken("events cannot be sent", &error))?;
        let loops = Loops { changes: Arc::<SqliteStorage>::clone(&sqlite), remember: config.remember };
        let reader =
            Reader::new(connector, gates.clone()).map_err(|error| broken("no HTTP client", &error))?;
        let lifecycle = Arc::new(Lifecycle::new(
            Arc::clone(&storage),
            Arc::<SqliteStorage>::clone(&sqlite),
            Some(Arc::clone(&directory)),
            Arc::clone(&clock),
        ));
        let acting = Acting::new(gates.clone(), loops.clone(), Arc::clone(&clock), Client::DEFAULT_TIMEOUT)
            .map_err(|error| broken("no HTTP client", &error))?;
        let actions = Arc::new(Desk {
            connector,
            acting: Arc::new(acting),
            directory: Arc::clone(&directory),
            lifecycle: Arc::clone(&lifecycle),
            token: config.admin_token.clone(),
            body_timeout: config.limits.body_timeout,
            tally: counts.clone(),
            under_way: UnderWay::default(),
        });
        let delivery = Arc::new(Delivery {
            connector,
            lifecycle: Arc::clone(&lifecycle),
            storage: Arc::clone(&storage),
            directory: Arc::clone(&directory),
            reader,
            loops: loops.clone(),
            settings,
            clock: Arc::clone(&clock),
            jitter: Box::new(fastrand::f64),
            wake: Arc::new(Notify::new()),
            tally: counts.clone(),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let bind = |address, flag, tls, counts| {
            let bound = Listener::bind(address, tls, config.limits.clone(), counts);
            bound.map_err(|error| {
                Failure::Broken(format!("{address} cannot be listened on: {error}; give another with {flag}"))
            })
        };
        let webhooks = bind(config.listen, "--listen", tls, Arc::clone(&counts.connections))?;
        let admin = match config.admin_listen {
            // Its connections are nobody's webhooks, and are not counted among them.
            Some(address) => Some(bind(address, "--admin-listen", None, Arc::default())?),
            None => None,
        };
        let address = webhooks.address().map_err(|error| broken("the address cannot be told", &error))?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
        let (wish, wishes) = mpsc::unbounded_channel();
        let keeper = Keeper {
            connector,
            storage: Arc::<SqliteStorage>::clone(&sqlite),
            connections: Arc::clone(&storage),
            gates: gates.clone(),
            patience: PATIENCE,
            public_url: public_url.clone(),
            retired: Retired::default(),
        };
        let standings = Arc::new(Standings::default());
        let hooks: Arc<dyn portal::Hooks> = match config.triggers.every {
            Some(_) => Arc::new(KeptHooks {
                keeper: Keeper { patience: PATIENCE_OF_PEOPLE, ..keeper.clone() },
                standings: Arc::clone(&standings),
                wishes: wish.clone(),
            }),
            None => Arc::new(Unmanaged),
        };
        let keys = config.base.keys.clone();
        let portal = Portal::new(PortalParts {
            connector,
            lifecycle: Arc::clone(&lifecycle),
            read_ring: Box::new(move || keys.ring(&random::bytes).map_err(|error| error.to_string())),
            apps,
            clients: std::mem::take(&mut config.base.clients),
            gates: gates.clone(),
            hooks,
            clock: Arc::clone(&clock),
            sessions: config.base.data.join("sessions.json"),
            admin_token: config.admin_token.clone(),
            public_url: public_url.clone(),
        });
        let portal = Arc::new(portal.map_err(|error| broken("the pages cannot be set up", &error))?);
        let steward = Steward {
            lifecycle: Arc::clone(&lifecycle),
            wishes: wish,
            counts: Arc::clone(&counts.reconciles),
        };
        let reconciler = Reconciler {
            keeper: Arc::new(keeper),
            directory: Arc::clone(&directory),
            clock: Arc::clone(&clock),
            habits: config.triggers,
            accepted: Arc::clone(&delivery.wake),
            counts: Arc::clone(&counts.reconciles),
            standings,
            lifecycle: Arc::clone(&lifecycle),
            wishes,
        };
        Ok(Self {
            connector,
            data: config.base.data,
            limits: config.limits,
            stop_within: config.stop_within,
            retention: config.retention,
            token: config.admin_token,
            storage,
            gates,
            directory,
            lifecycle,
            portal,
            actions,
            reconciler,
            steward,
            counts,
            clock,
            webhooks,
            admin,
            public_url,
            delivery,
            sink,
        })
    }

    /// Serves until `stopping` is true; whether every request ended in time.
    async fn run(self, stopping: watch::Receiver<bool>) -> bool {
        let Self { connector, storage, gates, directory, portal, reconciler, steward, counts, clock, .. } =
            self;
        let Self { webhooks, admin, public_url, limits, stop_within, retention, token, .. } = self;
        let Self { delivery, sink, lifecycle, actions, .. } = self;
        let accepted = Arc::clone(&delivery.wake);
        let called = actions.under_way.clone();
        let deadline = tokio::spawn(after_stop(stopping.clone(), stop_within));
        let health = |token| {
            Arc::new(Health {
                storage: Arc::clone(&storage),
                directory: Arc::clone(&directory),
                counts: Arc::clone(&counts),
                clock: Arc::clone(&clock),
                is_stopping: stopping.clone(),
                gates: gates.clone(),
                token,
            })
        };
        let background = [
            tokio::spawn(reconciler.run()),
            tokio::spawn(refresh(Arc::clone(&directory))),
            tokio::spawn(finish_removals(Arc::clone(&portal), Arc::clone(&clock))),
            tokio::spawn(expire(lifecycle, retention, delivery.loops.clone(), Arc::clone(&clock))),
        ];
        let workers = sink
            .is_none()
            .then(|| pull::router(Arc::new(Pull { delivery: Arc::clone(&delivery), token: token.clone() })));
        let delivering = sink.map(|sink| {
            let running = Arc::clone(&delivery).run(sink, stopping.clone(), stop_within);
            tokio::spawn(running)
        });
        let admin = admin.map(|admin| {
            // Metrics can be read as long as there is anything to tell.
            let (keep, until) = watch::channel(false);
            let router = health::admin_router(health(token)).merge(workers.unwrap_or_default());
            let router = router.merge(actions::router(actions, stopping.clone()));
            let router = health::guarded(router, Arc::clone(&clock));
            (keep, tokio::spawn(admin.serve(router, Arc::new(|_, _| false), until, LAST_LOOK)))
        });
        let public = health::public_router(health(None));
        let receiver = Arc::new(Receiver {
            connector,
            directory: Arc::clone(&directory),
            storage: Arc::clone(&storage),
            clock: Arc::clone(&clock),
            body_timeout: limits.body_timeout,
            tally: counts.clone(),
            service: Some(Arc::new(steward)),
            accepted,
            public_url: public_url.clone(),
        });
        let pages = portal::router(portal);
        let router = public.merge(below(&public_url, receive::router(receiver).merge(pages)));
        let known = of_known(&public_url, directory.clone());
        let mut is_in_time = webhooks.serve(router, known, stopping.clone(), stop_within).await;
        if let Some(delivering) = delivering {
            is_in_time &= delivering.await.unwrap_or(false);
        }
        // Those who wait for an answer and those who have hung up.
        if let Ok(deadline) = deadline.await {
            is_in_time &= timeout_at(deadline, called.ended()).await.is_ok();
        }
        if let Some((keep, admin)) = admin {
            keep.send_replace(true);
            drop(admin.await);
        }
        for task in background {
            task.abort();
            // It ends by being aborted.
            drop(task.await);
        }
        drop((directory, delivery, storage));
        is_in_time
    }
}

/// When everything must have ended: so long after the stop.
async fn after_stop(mut stopping: watch::Receiver<bool>, stop_within: Duration) -> Instant {
    // Where nobody can say it any more, it is said.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    Instant::now() + stop_within
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// A failure of this program or machine.
pub(crate) fn broken(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Broken(format!("{what}: {error}"))
}
