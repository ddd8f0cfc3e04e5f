//! `connector serve`: receives webhooks, keeps what they start and delivers it, until somebody stops it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Client, Connector, Patience, SecretString};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout_at;

use crate::acting::Acting;
use crate::acting::http::{self as actions, Desk};
use crate::acting::under_way::UnderWay;
use crate::clock::Clock;
use crate::connections::{Directory, Lifecycle};
use crate::delivery::lines::Output;
use crate::delivery::pull::{self, Pull};
use crate::delivery::reading::Reader;
use crate::delivery::{Delivery, Sink};
use crate::failure::Failure;
use crate::loops::Loops;
use crate::portal::{self, Portal, PortalParts, Unmanaged};
use crate::receive::{self, Receiver};
use crate::storage::{Retention, SqliteStorage, Storage};
use crate::stream::Streams;
use crate::triggers::kept_hooks::{KeptHooks, Standings};
use crate::triggers::reconcile::{Reconciler, Steward};
use crate::triggers::{Keeper, Retired};

mod announcement;
mod background;
mod ceiling;
mod clients;
mod command;
pub(crate) mod config;
mod exchange;
pub(crate) mod health;
mod host_header;
mod listener;
pub(crate) mod log_form;
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

use background::{after_stop, expire, finish_removals, refresh, tell, watch_clock};
pub(crate) use command::run;
use config::{Config, Limits};
use health::Health;
use listener::Listener;
use opening::directory;
pub(crate) use opening::{begin_storage, first_ring, known_database, open_storage};
use routes::{below, of_known};
use tally::Counts;
use tls::Tls;

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
    async fn start(
        connector: &'static Connector,
        mut config: Config,
        gates: Gates,
        clock: Clock,
        streams: &Streams,
    ) -> Result<Self, Failure> {
        let sqlite = Arc::new(begin_storage(&config.base.data, config.storage)?);
        let storage: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(&sqlite);
        let apps = config.base.apps.clone();
        let directory = directory(connector, &mut config, Arc::clone(&sqlite), clock.clone()).await?;
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
        let counts = Arc::new(Counts::new(clock.clone(), streams.errors.dropped()));
        let (settings, sink) =
            config.delivery.sink(&streams.output).map_err(|error| broken("events cannot be sent", &error))?;
        let loops = Loops { changes: Arc::<SqliteStorage>::clone(&sqlite), remember: config.remember };
        let reader =
            Reader::new(connector, gates.clone()).map_err(|error| broken("no HTTP client", &error))?;
        let lifecycle = Arc::new(Lifecycle::new(
            Arc::clone(&storage),
            Arc::<SqliteStorage>::clone(&sqlite),
            Some(Arc::clone(&directory)),
            clock.clone(),
        ));
        let acting = Acting::new(gates.clone(), loops.clone(), clock.clone(), Client::DEFAULT_TIMEOUT)
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
            clock: clock.clone(),
        });
        let delivery = Arc::new(Delivery {
            connector,
            lifecycle: Arc::clone(&lifecycle),
            storage: Arc::clone(&storage),
            directory: Arc::clone(&directory),
            reader,
            loops: loops.clone(),
            settings,
            clock: clock.clone(),
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
            read_ring: Box::new(move || keys.ring().map_err(|error| error.to_string())),
            apps,
            clients: std::mem::take(&mut config.base.clients),
            gates: gates.clone(),
            hooks,
            clock: clock.clone(),
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
            clock: clock.clone(),
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

    /// Where events are written as lines; `None` if they go elsewhere.
    fn output(&self) -> Option<Arc<Output>> {
        self.sink.as_ref().and_then(Sink::output)
    }

    /// Serves until `stopping` is true; whether every request ended in time.
    async fn run(self, stopping: watch::Receiver<bool>) -> bool {
        let output = self.output();
        let Self { connector, storage, gates, directory, portal, reconciler, steward, counts, clock, .. } =
            self;
        let Self { webhooks, admin, public_url, limits, stop_within, retention, token, .. } = self;
        let Self { delivery, sink, lifecycle, actions, .. } = self;
        let accepted = Arc::clone(&delivery.wake);
        let called = actions.under_way.clone();
        let deadline = tokio::spawn(after_stop(stopping.clone(), stop_within, clock.clone()));
        let health = |token| {
            Arc::new(Health {
                storage: Arc::clone(&storage),
                directory: Arc::clone(&directory),
                counts: Arc::clone(&counts),
                clock: clock.clone(),
                is_stopping: stopping.clone(),
                gates: gates.clone(),
                token,
                output: output.clone(),
            })
        };
        let background = [
            tokio::spawn(reconciler.run()),
            tokio::spawn(refresh(Arc::clone(&directory), clock.clone())),
            tokio::spawn(finish_removals(Arc::clone(&portal), clock.clone())),
            tokio::spawn(watch_clock(Arc::clone(&storage), clock.clone())),
            tokio::spawn(expire(lifecycle, retention, delivery.loops.clone(), clock.clone())),
        ];
        let workers = Arc::new(Pull { delivery: Arc::clone(&delivery), token: token.clone() });
        let workers = pull::router(workers, sink.is_none());
        let delivering = sink.map(|sink| {
            let running = Arc::clone(&delivery).run(sink, stopping.clone(), stop_within);
            tokio::spawn(running)
        });
        let admin = admin.map(|admin| {
            // Metrics can be read as long as there is anything to tell.
            let (keep, until) = watch::channel(false);
            let router = health::admin_router(health(token)).merge(workers);
            let router = router.merge(actions::router(actions, stopping.clone()));
            let router = health::guarded(router, clock.clone());
            (keep, tokio::spawn(admin.serve(router, Arc::new(|_, _| false), until, LAST_LOOK)))
        });
        let public = health::public_router(health(None));
        let receiver = Arc::new(Receiver {
            connector,
            directory: Arc::clone(&directory),
            storage: Arc::clone(&storage),
            clock: clock.clone(),
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

/// A failure of this program or machine.
pub(crate) fn broken(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Broken(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests;
