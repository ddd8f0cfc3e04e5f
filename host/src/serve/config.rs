//! The configuration of the service: every setting in its type, checked, so that nothing is found wrong later.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use connector_runtime::SecretString;
use connector_runtime::signature::Tolerance;

mod admin;

use super::log_form;
use super::values::{Values, duration};
use crate::delivery::settings::DeliverySettings;
use crate::failure::Failure;
use crate::quota_sharing::state_folder;
use crate::sealing::KeySource;
use crate::storage::{Retention, SqliteOptions};
use crate::surroundings::STANDARD_INPUT;
use crate::triggers::reconcile::Habits;

mod limits;

pub(crate) use limits::Limits;
pub(super) use limits::limits;

/// A page of the database has 4 KiB.
const PAGES_OF_A_MEBIBYTE: usize = 256;

/// What the operator allows for clocks that differ.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// The configuration of the service.
pub(crate) struct Config {
    /// Where webhooks are received.
    pub(crate) listen: SocketAddr,
    /// What others call this host by, without a slash at its end; none: the address it listens on.
    pub(crate) public_url: Option<String>,
    /// Certificate and key.
    pub(crate) tls: Option<TlsFiles>,
    /// What it shares with the commands about connections.
    pub(crate) base: BaseConfig,
    /// Replaces the tolerance of the profiles.
    pub(crate) tolerance: Option<Tolerance>,
    /// Limits of connections.
    pub(crate) limits: Limits,
    /// How long requests may take to end.
    pub(crate) stop_within: Duration,
    /// How the database is used.
    pub(crate) storage: SqliteOptions,
    /// How long payloads are kept.
    pub(crate) retention: Retention,
    /// How long own changes are remembered.
    pub(crate) remember: Duration,
    /// When webhooks are looked at.
    pub(crate) triggers: Habits,
    /// Where operators and workers are served; none: nowhere.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// What people sign in to the pages with, and what operators and workers show. It does not depend on `admin_listen`.
    pub(crate) admin_token: Option<SecretString>,
    /// How activations reach workflows.
    pub(crate) delivery: DeliverySettings,
    /// How log lines are written.
    pub(crate) log: Log,
}

/// What every command about the data of the host needs.
pub(crate) struct BaseConfig {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The client secrets of each app, the newest first.
    pub(crate) apps: HashMap<String, Vec<SecretString>>,
    /// What the pages and callbacks need of each app that has a client id.
    pub(crate) clients: BTreeMap<String, AppClient>,
    /// Where the keys that seal secrets are.
    pub(crate) keys: KeySource,
}

/// An app that accounts can be connected through.
#[derive(Clone, Debug)]
pub(crate) struct AppClient {
    /// Its client id.
    pub(crate) client_id: String,
    /// Whether to begin at the authorization endpoint.
    pub(crate) authorize: bool,
    /// A sandbox or proxy in place of the vendor's servers, without a slash at its end.
    pub(crate) base_url: Option<String>,
}

/// The files of TLS.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// The certificate chain.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    /// For programs.
    pub(crate) is_json: bool,
    /// The least important that is written.
    pub(crate) level: tracing::Level,
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// `Usage` with what is wrong and where.
    pub(crate) fn read(
        values: &Values<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let listen = values.address("listen")?;
        let public_url = public_url(values)?;
        let tls = tls(values)?;
        let behind_proxy = values.yes("behind_proxy")?;
        if tls.is_none() && !behind_proxy && !listen.ip().is_loopback() {
            let what = format!(
                "{listen} can be reached by other machines, and webhooks must not travel in the clear: give \
                 --tls-certificate and --tls-key, or --behind-proxy where a proxy in front does TLS"
            );
            return Err(values.wrong("listen", &what));
        }
        if public_url.is_none() && (behind_proxy || listen.ip().is_unspecified()) {
            let what = "give --public-url: what others call this host by cannot be told from the address";
            return Err(values.wrong("public_url", what));
        }
        let admin_token = admin::token(values)?;
        Ok(Self {
            listen,
            public_url,
            tls,
            base: BaseConfig::read(values, variable)?,
            tolerance: values.parsed(
                "signatures.tolerance",
                "profile, strict or a length of time",
                tolerance,
            )?,
            limits: limits(values)?,
            stop_within: values.duration("stop_within")?,
            storage: storage(values)?,
            retention: Retention {
                delivered: values.duration("retention.delivered")?,
                dead: values.duration("retention.dead")?,
            },
            remember: values.duration("loops.remember")?,
            triggers: Habits {
                every: values.parsed(
                    "triggers.reconcile",
                    "a length of time such as 15m, or never",
                    often,
                )?,
                after_outage: values.duration("triggers.after_outage")?,
            },
            admin_listen: admin::listen(values, admin_token.is_some())?,
            admin_token,
            delivery: DeliverySettings::read(values)?,
            log: Log {
                is_json: values.parsed(log_form::KEY, "text or json", |text| match text {
                    "text" => Some(false),
                    log_form::JSON => Some(true),
                    _ => None,
                })?,
                level: values.parsed("log.level", "error, warn, info or debug", |text| match text {
                    "error" => Some(tracing::Level::ERROR),
                    "warn" => Some(tracing::Level::WARN),
                    "info" => Some(tracing::Level::INFO),
                    "debug" => Some(tracing::Level::DEBUG),
                    _ => None,
                })?,
            },
        })
    }
}

impl BaseConfig {
    /// Reads what every command about the data of the host needs.
    ///
    /// # Errors
    /// `Usage` with what is wrong and where.
    pub(crate) fn read(
        values: &Values<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let data = data_of(values, variable)?;
        let keys = match (values.secrets_variable("sealing.keys")?, values.path("sealing.keys_file")) {
            (Some(keys), _) => KeySource::Given(keys),
            (None, Some(path)) if path == Path::new(STANDARD_INPUT) => {
                KeySource::Given(values.text_in(&path, "file with the sealing keys")?)
            }
            (None, Some(path)) => KeySource::Named(path),
            (None, None) => KeySource::Own(data.clone()),
        };
        let (mut apps, mut clients) = (HashMap::new(), BTreeMap::new());
        for id in values.apps() {
            let secret = |name: &str, what: &str| values.secret(&format!("apps.{id}.{name}"), what);
            let current = secret("client_secret", "file with the client secret")?.ok_or_else(|| {
                let variable = super::settings::variable(&format!("apps.{id}.client_secret"));
                let what = format!(
                    "the app {id} has no client secret: set apps.{id}.client_secret_file or {variable}"
                );
                Failure::usage(what)
            })?;
            let previous = secret("previous_client_secret", "file with the previous client secret")?;
            if let Some(client) = client(values, id)? {
                clients.insert(id.to_owned(), client);
            }
            apps.insert(id.to_owned(), [current].into_iter().chain(previous).collect());
        }
        Ok(Self { data, apps, clients, keys })
    }
}

/// What is said of an app besides its secrets; none where it has no client id, and only verifies webhooks.
fn client(values: &Values<'_>, id: &str) -> Result<Option<AppClient>, Failure> {
    let key = |name: &str| format!("apps.{id}.{name}");
    let Some(client_id) = values.text(&key("client_id")) else {
        let unused = ["authorize", "base_url"].map(key).into_iter().find(|key| values.text(key).is_some());
        let what =
            format!("nothing uses this, because the app {id} has no client id: set {}", key("client_id"));
        return unused.map_or(Ok(None), |unused| Err(values.wrong(&unused, &what)));
    };
    let is_sound = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let wanted = "a client id, as the vendor shows it";
    let client_id = is_sound(&client_id)
        .then_some(client_id)
        .ok_or_else(|| values.wrong(&key("client_id"), &format!("this is not {wanted}")))?;
    let authorize = match values.text(&key("authorize")) {
        Some(_) => values.yes(&key("authorize"))?,
        None => false,
    };
    let base_url = match values.text(&key("base_url")) {
        Some(_) => Some(values.parsed(
            &key("base_url"),
            "https://HOST, or http://HOST:PORT of this machine, without a path",
            origin,
        )?),
        None => None,
    };
    Ok(Some(AppClient { client_id, authorize, base_url }))
}

/// Scheme, host and port, where nothing secret would travel in the clear.
fn origin(text: &str) -> Option<String> {
    let url: http::Uri = text.trim_end_matches('/').parse().ok()?;
    let host = url.host()?;
    let is_local = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let is_sound = match url.scheme_str() {
        Some("https") => true,
        Some("http") => is_local,
        _ => false,
    };
    let is_bare = url.path() == "/" && url.query().is_none() && !text.contains(['#', '@']);
    (is_sound && is_bare).then(|| text.trim_end_matches('/').to_owned())
}

/// The data folder.
///
/// # Errors
/// `Usage` where nobody has named one and the environment has no place for it.
pub(crate) fn data_of(
    values: &Values<'_>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Failure> {
    values.path("data").or_else(|| data_folder(variable)).ok_or_else(|| {
        Failure::usage("the environment names no home folder: give --data FOLDER or set CONNECTOR_DATA")
    })
}

/// The address that others know the host by: the public one, or else the one that it listens on.
///
/// # Errors
/// See [`public_url`].
pub(crate) fn known_url(values: &Values<'_>) -> Result<String, Failure> {
    match public_url(values)? {
        Some(url) => Ok(url),
        None => Ok(format!("http://{}", values.address("listen")?)),
    }
}

/// The public address, checked to be one.
///
/// # Errors
/// `Usage` where it is none.
pub(crate) fn public_url(values: &Values<'_>) -> Result<Option<String>, Failure> {
    let wanted = "a web address such as https://hooks.example.com, without query";
    let read = |text: &str| {
        let url: http::Uri = text.parse().ok()?;
        let is_web = matches!(url.scheme_str(), Some("https" | "http")) && url.authority().is_some();
        let is_plain = url.query().is_none() && !text.contains(['#', '@']);
        (is_web && is_plain).then(|| text.trim_end_matches('/').to_owned())
    };
    match values.text("public_url") {
        Some(_) => values.parsed("public_url", wanted, read).map(Some),
        None => Ok(None),
    }
}

fn tls(values: &Values<'_>) -> Result<Option<TlsFiles>, Failure> {
    match (values.path("tls.certificate"), values.path("tls.key")) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(values.wrong("tls.certificate", "TLS needs the key as well: give --tls-key")),
        (None, Some(_)) => {
            Err(values.wrong("tls.key", "TLS needs the certificate as well: give --tls-certificate"))
        }
    }
}

fn storage(values: &Values<'_>) -> Result<SqliteOptions, Failure> {
    let max_pages = match values.text("limits.database_mib") {
        Some(_) => {
            let mebibytes = values.number("limits.database_mib", 1..1_048_577)?;
            u32::try_from(mebibytes * PAGES_OF_A_MEBIBYTE).ok()
        }
        None => None,
    };
    let queue = values.number("limits.queue", 1..1_000_001)?;
    Ok(SqliteOptions { queue, max_pages, reserve: Some(SqliteOptions::RESERVE), ..SqliteOptions::default() })
}

/// Not more often than each second: whoever is asked has other things to do.
fn often(text: &str) -> Option<Option<Duration>> {
    match text {
        "never" => Some(None),
        _ => duration(text).filter(|length| *length >= Duration::from_secs(1)).map(Some),
    }
}

fn tolerance(text: &str) -> Option<Option<Tolerance>> {
    let max_age = match text {
        "profile" => return Some(None),
        "strict" => AHEAD,
        _ => duration(text)?,
    };
    Some(Some(Tolerance { max_age, max_ahead: AHEAD }))
}

/// Where data is kept that nobody has named a folder for.
fn data_folder(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let systemd = variable("STATE_DIRECTORY").map(PathBuf::from).filter(|path| path.is_absolute());
    systemd.or_else(|| state_folder(std::env::consts::OS, variable))
}
