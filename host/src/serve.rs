//! `connector serve`: receives webhooks and keeps what they start, until somebody stops it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use connector_runtime::pacing::Gates;
use connector_runtime::{Connector, SecretString};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::connections::{Directory, DirectoryParts};
use crate::credentials::Sources;
use crate::failure::Failure;
use crate::portal::{self, Portal, PortalParts, Unmanaged};
use crate::quota_sharing::make_folder;
use crate::random;
use crate::receive::{self, Clock, Receiver};
use crate::storage::{Retention, SqliteOptions, SqliteStorage, Storage};
use crate::surroundings::Surroundings;

pub(crate) mod config;
mod health;
mod listener;
mod logs;
pub(crate) mod settings;
mod signals;
mod tally;
mod tls;
pub(crate) mod values;

use config::Config;
use health::Health;
use listener::Listener;
use signals::Signals;
use tally::Counts;
use tls::Tls;
use values::{Flags, Values};

/// How often connections are read anew, so that one that was removed receives no more.
const REFRESH: Duration = Duration::from_secs(1);

/// How often payloads are looked for that were kept long enough.
const RETENTION: Duration = Duration::from_secs(15 * 60);

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
    let read = |path: &Path| std::fs::read_to_string(path).map(SecretString::from);
    let sources = Sources { variable: surroundings.variable, read: &read };
    let config = Config::read(&Values::read(flags, &sources)?, surroundings.variable)?;
    logs::start(config.log).map_err(|error| broken("logging cannot be set up", &error))?;
    let service = Service::start(connector, config).await?;
    service.announce(surroundings)?;
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
    Ok(writeln!(surroundings.stdout, "stopped")?)
}

/// Everything of the service, listening and not yet serving.
struct Service {
    connector: &'static Connector,
    config: Config,
    storage: Arc<dyn Storage>,
    directory: Arc<Directory>,
    portal: Arc<Portal>,
    counts: Arc<Counts>,
    clock: Clock,
    webhooks: Listener,
    admin: Option<Listener>,
    public_url: String,
}

impl Service {
    async fn start(connector: &'static Connector, mut config: Config) -> Result<Self, Failure> {
        let sqlite = Arc::new(open_storage(&config.base.data)?);
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
        let scheme = if tls.is_some() { "https" } else { "http" };
        let bind = async |address, tls, counts| {
            let bound = Listener::bind(address, tls, config.limits, counts).await;
            bound.map_err(|error| broken(&format!("{address} cannot be listened on"), &error))
        };
        let webhooks = bind(config.listen, tls, Arc::clone(&counts.connections)).await?;
        let admin = match &config.admin {
            // Its connections are nobody's webhooks, and are not counted among them.
            Some(admin) => Some(bind(admin.listen, None, Arc::default()).await?),
            None => None,
        };
        let address = webhooks.address().map_err(|error| broken("the address cannot be told", &error))?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
        let clock: Clock = Arc::new(now_ms);
        let keys = config.base.keys.clone();
        let portal = Portal::new(PortalParts {
            connector,
            storage: Arc::clone(&storage),
            installs: sqlite,
            directory: Arc::clone(&directory),
            read_ring: Box::new(move || keys.ring(&random::bytes).map_err(|error| error.to_string())),
            apps,
            clients: std::mem::take(&mut config.base.clients),
            gates: Gates::new(),
            hooks: Arc::new(Unmanaged),
            clock: Arc::clone(&clock),
            admin_token: config.admin.as_ref().and_then(|admin| admin.token.clone()),
            public_url: public_url.clone(),
        });
        let portal = Arc::new(portal.map_err(|error| broken("the pages cannot be set up", &error))?);
        Ok(Self { connector, config, storage, directory, portal, counts, clock, webhooks, admin, public_url })
    }

    /// Says where everything is.
    fn announce(&self, surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
        let address = |listener: &Listener| {
            listener.address().map_err(|error| broken("the address cannot be told", &error))
        };
        let known = self.directory.counts();
        let (listen, public, data) =
            (address(&self.webhooks)?, &self.public_url, self.config.base.data.display());
        let out = &mut *surroundings.stdout;
        writeln!(out, "listening    {listen}")?;
        writeln!(out, "webhooks     {}", receive::webhook_url(public, "…"))?;
        writeln!(out, "pages        {public}/connections")?;
        match &self.admin {
            Some(admin) => writeln!(out, "metrics      http://{}/metrics", address(admin)?)?,
            None => writeln!(out, "metrics      none")?,
        }
        writeln!(out, "data         {data}")?;
        writeln!(out, "connections  {} ready, {} unusable", known.ready, known.unusable)?;
        writeln!(out, "Ctrl-C or SIGTERM stops it")?;
        out.flush()?;
        tracing::info!(%listen, public_url = public, connections = known.ready, "serving");
        Ok(())
    }

    /// Serves until `stopping` is true; whether every request ended in time.
    async fn run(self, stopping: watch::Receiver<bool>) -> bool {
        let Self {
            connector,
            config,
            storage,
            directory,
            portal,
            counts,
            clock,
            webhooks,
            admin,
            public_url,
        } = self;
        let health = |token| {
            Arc::new(Health {
                storage: Arc::clone(&storage),
                directory: Arc::clone(&directory),
                counts: Arc::clone(&counts),
                clock: Arc::clone(&clock),
                is_stopping: stopping.clone(),
                token,
            })
        };
        let background = [
            tokio::spawn(refresh(Arc::clone(&directory))),
            tokio::spawn(expire(Arc::clone(&storage), config.retention, Arc::clone(&clock))),
        ];
        let token = config.admin.and_then(|admin| admin.token);
        let admin = admin.map(|admin| {
            // Metrics can be read as long as there is anything to tell.
            let (keep, until) = watch::channel(false);
            let router = health::admin_router(health(token));
            (keep, tokio::spawn(admin.serve(router, until, Duration::from_secs(1))))
        });
        let public = health::public_router(health(None));
        let receiver = Arc::new(Receiver {
            connector,
            directory: Arc::clone(&directory),
            storage: Arc::clone(&storage),
            clock: Arc::clone(&clock),
            body_timeout: config.limits.body_timeout,
            tally: counts.clone(),
            accepted: Arc::new(Notify::new()),
            public_url: public_url.clone(),
        });
        let pages = portal::router(portal);
        let router = public.merge(below(&public_url, receive::router(receiver).merge(pages)));
        let is_in_time = webhooks.serve(router, stopping.clone(), config.stop_within).await;
        if let Some((keep, admin)) = admin {
            keep.send_replace(true);
            drop(admin.await);
        }
        for task in background {
            task.abort();
            // It ends by being aborted.
            drop(task.await);
        }
        drop((directory, storage));
        is_in_time
    }
}

/// The routes below the path of the public address.
fn below(public_url: &str, router: Router) -> Router {
    let path = public_url.parse::<http::Uri>().map(|url| url.path().trim_end_matches('/').to_owned());
    match path.unwrap_or_default() {
        path if path.is_empty() => router,
        path => Router::new().nest(&path, router),
    }
}

/// The database in a data folder.
pub(crate) fn database(data: &Path) -> PathBuf {
    data.join("connector.sqlite")
}

/// Opens the storage in the data folder, which is made where it is missing.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_storage(data: &Path) -> Result<SqliteStorage, Failure> {
    make_folder(data).map_err(|error| broken(&format!("{} cannot be made", data.display()), &error))?;
    SqliteStorage::open(&database(data), SqliteOptions::default())
        .map_err(|error| Failure::Broken(error.to_string()))
}

/// The connections that storage holds, with what opens them.
fn directory(
    connector: &'static Connector,
    config: &mut Config,
    storage: Arc<dyn Storage>,
) -> Result<Arc<Directory>, Failure> {
    let keys = config.base.keys.clone();
    let read_ring = move || keys.ring(&random::bytes).map_err(|error| error.to_string());
    // Nothing can be opened without keys, and a new file is made now rather than at the first webhook.
    read_ring().map_err(Failure::Broken)?;
    let parts = DirectoryParts {
        storage,
        read_ring: Box::new(read_ring),
        apps: std::mem::take(&mut config.base.apps),
        tolerance: config.tolerance,
    };
    Ok(Arc::new(Directory::new(connector, parts)))
}

async fn refresh(directory: Arc<Directory>) {
    let mut ticks = interval_at(Instant::now() + REFRESH, REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        match directory.refresh().await {
            Ok(unusable) => {
                tell(&unusable);
                is_failing = false;
            }
            // Once, not once a second.
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::error!(%error, "the connections cannot be read; those known before go on");
            }
            Err(_) => {}
        }
    }
}

fn tell(unusable: &[(String, crate::connections::Unusable)]) {
    for (connection, why) in unusable {
        tracing::error!(connection, %why, "a connection cannot be used");
    }
}

async fn expire(storage: Arc<dyn Storage>, retention: Retention, clock: Clock) {
    let mut ticks = interval(RETENTION);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match storage.remove_expired(clock(), &retention).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "payloads or ids were removed after their time"),
            Err(error) => tracing::error!(%error, "expired payloads cannot be removed"),
        }
    }
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
