//! The connections that a running host knows, ready to verify their webhooks: read from storage again and again, and at
//! once where somebody asks for one that is not known.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use connector_runtime::signature::{Tolerance, Verifier};
use connector_runtime::{Connector, SecretString, Webhooks};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::{ConnectionSettings, HostConnection, Unusable};
use crate::clock::Clock;
use crate::sealing::{KeyRing, Unopened};
use crate::storage::{ConnectionRow, ConnectionState, Storage, StorageError};

/// How long lies between two readings that unknown keys bring about: whoever tries keys costs no more than this.
const PAUSE: Duration = Duration::from_millis(250);

/// Reads the keys that open secrets, anew each time.
pub(crate) type ReadRing = Box<dyn Fn() -> Result<KeyRing, String> + Send + Sync>;

/// What a directory stands on.
pub(crate) struct DirectoryParts {
    /// Where the rows are.
    pub(crate) storage: Arc<dyn Storage>,
    /// What opens their secrets.
    pub(crate) read_ring: ReadRing,
    /// The client secrets of each configured app, the newest first.
    pub(crate) apps: HashMap<String, Vec<SecretString>>,
    /// Replaces the tolerance of the signature profiles.
    pub(crate) tolerance: Option<Tolerance>,
    /// The time.
    pub(crate) clock: Clock,
}

/// The connections by the key of their address.
pub(crate) struct Directory {
    parts: DirectoryParts,
    webhooks: Option<&'static Webhooks>,
    known: RwLock<Arc<Known>>,
    /// When the last reading began. Who holds it reads.
    reading: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    by_key: HashMap<String, Arc<Entry>>,
    by_id: HashMap<String, Arc<Entry>>,
    wants_full_resources: bool,
}

/// A connection as far as it can be used.
pub(crate) struct Entry {
    row: ConnectionRow,
    /// What it is, or why it is none.
    pub(crate) state: Result<Live, Unusable>,
}

/// A connection that can receive.
pub(crate) struct Live {
    /// What it is.
    pub(crate) connection: HostConnection,
    /// Checks its deliveries.
    pub(crate) verifier: Verifier,
}

impl Entry {
    /// The connection's name.
    pub(crate) fn id(&self) -> &str {
        &self.row.id
    }

    /// What is stored of it.
    pub(crate) fn row(&self) -> &ConnectionRow {
        &self.row
    }
}

/// How many connections a directory knows, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirectoryCounts {
    /// Those that work.
    pub(crate) ready: usize,
    /// Those whose credentials were refused, which only receive.
    pub(crate) refused: usize,
    /// Those that cannot be used.
    pub(crate) unusable: usize,
}

impl Directory {
    /// A directory that knows no connection yet.
    pub(crate) fn new(connector: &'static Connector, parts: DirectoryParts) -> Self {
        Self { parts, webhooks: connector.webhooks, known: RwLock::default(), reading: Mutex::new(None) }
    }

    /// The connection with this key. One that is not known is looked for in storage, where nobody has looked since the
    /// question was asked.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub(crate) async fn find(&self, key: &str) -> Result<Option<Arc<Entry>>, StorageError> {
        if let Some(entry) = self.known(key) {
            return Ok(Some(entry));
        }
        let asked = self.parts.clock.instant();
        let mut reading = self.reading.lock().await;
        if reading.is_none_or(|began| began <= asked) {
            if let Some(began) = *reading {
                sleep_until(began + PAUSE).await;
            }
            *reading = Some(self.parts.clock.instant());
            self.read().await?;
        }
        drop(reading);
        Ok(self.known(key))
    }

    /// Whether a connection with this key was there at the last reading.
    pub(crate) fn is_known(&self, key: &str) -> bool {
        self.snapshot().by_key.contains_key(key)
    }

    /// The connection with this id, as it was read last.
    pub(crate) fn of_id(&self, id: &str) -> Option<Arc<Entry>> {
        self.snapshot().by_id.get(id).cloned()
    }

    /// Whether any connection wants whole resources with its events.
    pub(crate) fn wants_full_resources(&self) -> bool {
        self.snapshot().wants_full_resources
    }

    /// The settings of a connection, also of one whose secrets cannot be opened.
    pub(crate) fn settings(&self, id: &str) -> Option<ConnectionSettings> {
        let entry = self.of_id(id)?;
        match &entry.state {
            Ok(live) => Some(live.connection.settings.clone()),
            Err(_) => serde_json::from_str(&entry.row.settings).ok(),
        }
    }

    /// Reads all connections anew; those that came to be unusable since, with why.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub(crate) async fn refresh(&self) -> Result<Vec<(String, Unusable)>, StorageError> {
        let mut reading = self.reading.lock().await;
        *reading = Some(self.parts.clock.instant());
        self.read().await
    }

    /// All connections that are known.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.snapshot().by_key.values().cloned().collect()
    }

    /// How many connections are known.
    pub(crate) fn counts(&self) -> DirectoryCounts {
        let known = self.snapshot();
        let usable = || known.by_key.values().filter(|entry| entry.state.is_ok());
        let refused = usable().filter(|entry| entry.row.state == ConnectionState::Refused).count();
        let ready = usable().count() - refused;
        DirectoryCounts { ready, refused, unusable: known.by_key.len() - ready - refused }
    }

    fn known(&self, key: &str) -> Option<Arc<Entry>> {
        self.snapshot().by_key.get(key).cloned()
    }

    fn snapshot(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    async fn read(&self) -> Result<Vec<(String, Unusable)>, StorageError> {
        let rows = self.parts.storage.connections().await?;
        let before = self.snapshot();
        let mut ring = None;
        let mut news = Vec::new();
        let mut known = Known::default();
        for row in rows {
            let former = before.by_id.get(&row.id).filter(|former| former.row == row);
            // A connection whose key was missing may open now.
            let is_settled =
                |entry: &&Arc<Entry>| !matches!(entry.state, Err(Unusable::Sealed(Unopened::UnknownKey)));
            let entry = match former.filter(is_settled) {
                Some(former) => former.clone(),
                None => {
                    let ring = ring.get_or_insert_with(|| (self.parts.read_ring)());
                    let state = match ring {
                        Ok(ring) => self.live(&row, ring),
                        Err(_) => Err(Unusable::Sealed(Unopened::UnknownKey)),
                    };
                    // One that ended cannot be used, and nothing is wrong with that.
                    let is_news = former.is_none() && row.state != ConnectionState::Revoked;
                    if let (Err(why), true) = (&state, is_news) {
                        news.push((row.id.clone(), *why));
                    }
                    Arc::new(Entry { row: row.clone(), state })
                }
            };
            let wants = |live: &Live| live.connection.settings.full_resource == Some(true);
            known.wants_full_resources |= entry.state.as_ref().is_ok_and(wants);
            known.by_id.insert(row.id, Arc::clone(&entry));
            // One that ended receives nothing more; what it has received still goes its way.
            if row.state != ConnectionState::Revoked {
                known.by_key.insert(row.webhook_key, entry);
            }
        }
        *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(known);
        Ok(news)
    }

    fn live(&self, row: &ConnectionRow, ring: &KeyRing) -> Result<Live, Unusable> {
        let connection = HostConnection::open(row, ring)?;
        let secrets = match (&connection.secrets.client_secrets, &connection.app) {
            (own, _) if !own.is_empty() => own.as_slice(),
            (_, Some(app)) => self.parts.apps.get(app).map(Vec::as_slice).ok_or(Unusable::NoApp)?,
            (_, None) => return Err(Unusable::NoSecret),
        };
        let profiles = self.webhooks.map_or(&[] as &[_], |webhooks| webhooks.signatures);
        let verifier = Verifier::new(profiles, secrets).map_err(|_| Unusable::NoSecret)?;
        let verifier = match self.parts.tolerance {
            Some(tolerance) => verifier.with_tolerance(tolerance),
            None => verifier,
        };
        Ok(Live { connection, verifier })
    }
}
