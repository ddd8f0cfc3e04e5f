//! `connector connections`: shows and changes the accounts that the service receives webhooks of.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Connector, Patience, SecretString};
use tokio::sync::mpsc;

use super::command_line::{ConnectionsTask, SecretFiles, Verb};
use super::shown::{self, plain};
use super::stored::{Stored, no_connection};
use super::{About, ConnectionSettings, HostConnection, INSTALL, OPERATOR, Removed, Secrets, ended};
use crate::clock::now_ms;
use crate::credentials::{Sources, secret_in};
use crate::failure::Failure;
use crate::members::Members;
use crate::printable::print;
use crate::random;
use crate::sealing::{KeyRing, KeySource, Place};
use crate::serve::broken;
use crate::serve::config::known_url;
use crate::serve::values::Values;
use crate::storage::{ConnectionRow, InstallStorage as _, PendingInstall, SqliteStorage, Storage as _};
use crate::surroundings::Surroundings;
use crate::table::{self, Fit};
use crate::triggers::kept_hooks::KeptHooks;
use crate::triggers::{Keeper, Retired};

mod adding;

/// How long the deletion of webhooks may wait for the quota, or for a failure to pass.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a command works with.
struct Office<'a> {
    connector: &'static Connector,
    sources: &'a Sources<'a>,
    stored: Stored,
    public_url: String,
    is_json: bool,
}

/// Does it.
///
/// # Errors
/// `Usage` where a value is missing or wrong; `Broken` where the storage or the keys cannot be used.
pub(crate) async fn run(
    connector: &'static Connector,
    task: &ConnectionsTask,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let values = Values::read(&task.flags, &sources)?;
    let (public_url, is_json) = (known_url(&values)?, task.is_json);
    let stored = match &task.verb {
        Verb::Add(_) => Stored::begin(&values, surroundings.variable)?,
        _ => Stored::open(&values, surroundings.variable)?,
    };
    let office = Office { connector, sources: &sources, stored, public_url, is_json };
    let text = match &task.verb {
        Verb::Add(new) => office.add(new, surroundings.stderr).await?,
        Verb::Edit { id, suppress_own, deliver_own } => office.edit(id, suppress_own, deliver_own).await?,
        Verb::List => office.list(surroundings.width).await?,
        Verb::Remove { id, erase } => office.remove(id, *erase, surroundings.stderr).await?,
        Verb::Rotate { id, secrets } => office.rotate(id, secrets).await?,
        Verb::Reseal { new_key } => office.reseal(*new_key).await?,
        Verb::Audit { limit } => office.audit(*limit, surroundings.width).await?,
    };
    Ok(print(surroundings.stdout, &text)?)
}

impl Office<'_> {
    async fn edit(&self, id: &str, suppress: &[String], deliver: &[String]) -> Result<String, Failure> {
        let mut kept = Vec::new();
        let next = |row: &ConnectionRow| {
            let mut settings: ConnectionSettings = serde_json::from_str(&row.settings)
                .map_err(|error| broken("the settings of the connection", &error))?;
            let own = &mut settings.suppress_own;
            own.retain(|trigger| !deliver.contains(trigger) && !suppress.contains(trigger));
            own.extend(suppress.iter().filter(|trigger| !deliver.contains(trigger)).cloned());
            kept.clone_from(own);
            let text = serde_json::to_string(&settings).map_err(|error| broken("the settings", &error))?;
            Ok::<_, Failure>(Some(ConnectionRow { settings: text, updated_ms: now_ms(), ..row.clone() }))
        };
        self.change(id, next).await?;
        let about = About { connection: Some(id), ..About::default() };
        let detail = format!("on the command line; without own changes: {}", kept.join(" "));
        self.stored.lifecycle().note("triggers_changed", OPERATOR, about, &detail).await;
        Ok(match (self.is_json, kept.as_slice()) {
            (true, kept) => Members::default().with("edited", id).with("suppress_own", kept).to_json(),
            (false, []) => format!("{id} gets every event of its triggers"),
            (false, kept) => {
                format!("{id} gets no event about changes of its own from {}", kept.join(", "))
            }
        })
    }

    async fn list(&self, width: u16) -> Result<String, Failure> {
        let rows = self.rows().await?;
        let ring = self.stored.base.keys.ring().map_err(|why| why.to_string());
        // One whose key is gone receives nothing, whatever its row says.
        let unusable = |row: &ConnectionRow| match &ring {
            Ok(ring) => HostConnection::open(row, ring).err().map(|why| why.to_string()),
            Err(why) => Some(why.clone()),
        };
        let advice = |row: &ConnectionRow| ended(row).map(str::to_owned).or_else(|| unusable(row));
        let told = |row| shown::told(row, advice(row).as_deref(), &self.public_url);
        let told: Vec<Members> = rows.iter().map(told).collect();
        if self.is_json {
            return Ok(Members::default().with("connections", told).to_json());
        }
        if told.is_empty() {
            return Ok("no connections: `connector connections add --help` shows how to make one".to_owned());
        }
        // Without the addresses, which nobody could copy out of a cell that is wrapped: they are in the JSON.
        let header = ["id", "account", "app", "triggers", "state"];
        let cells =
            told.iter().map(|row| row.iter().take(header.len()).map(|(_, value)| plain(value)).collect());
        let table = table::rows(&header, cells, Fit::Wrap, width);
        let advice = rows.iter().filter_map(|row| Some(format!("{}: {}", row.id, advice(row)?)));
        Ok(std::iter::once(table).chain(advice).collect::<Vec<_>>().join("\n"))
    }

    async fn remove(&self, id: &str, erase: bool, stderr: &mut dyn Write) -> Result<String, Failure> {
        let (hooks, ring) = (self.hooks(), self.stored.ring().ok());
        let lifecycle = self.stored.lifecycle();
        let removed = lifecycle.remove(id, ring.as_ref(), &hooks).await?;
        let Removed { row, left } = removed.ok_or_else(|| no_connection(id))?;
        let mut notes: Vec<String> = left.into_iter().collect();
        let mut erased = None;
        if erase {
            // Others of the account end with it, and leave no webhooks either.
            for other in self.rows().await?.into_iter().filter(|other| other.account == row.account) {
                let also = lifecycle.remove(&other.id, ring.as_ref(), &hooks).await?;
                notes.push(format!("{} of the same account is removed as well", other.id));
                notes.extend(also.and_then(|also| also.left));
            }
            erased = Some(self.stored.storage.erase_account(&row.account).await?);
        }
        for note in notes {
            print(stderr, &format!("note: {note}"))?;
        }
        Ok(match (self.is_json, erased) {
            (true, erased) => {
                Members::default().with("removed", id).with("activations_erased", erased).to_json()
            }
            (false, None) => format!("{id} removed"),
            (false, Some(count)) => {
                format!("account {} erased: its connections, and activations: {count}", row.account)
            }
        })
    }

    async fn rotate(&self, id: &str, files: &SecretFiles) -> Result<String, Failure> {
        let (ring, given) = (self.stored.ring()?, self.client_secrets(files)?);
        let mut is_first = false;
        let next = |row: &ConnectionRow| {
            // One that was uninstalled has no secrets, and gets none.
            if row.sealed.is_empty() {
                return Err(Failure::usage(format!("{id} has ended: {}", ended(row).unwrap_or_default())));
            }
            let secrets = open(row, &ring)?.secrets;
            let former = secrets.client_secrets.into_iter().take(1);
            let client_secrets: Vec<_> = given.iter().cloned().chain(former).collect();
            is_first = client_secrets.len() == 1;
            resealed(row, &Secrets { client_secrets, ..secrets }, &ring).map(Some)
        };
        self.change(id, next).await?;
        Ok(match self.is_json {
            true => Members::default().with("rotated", id).to_json(),
            false if is_first => format!("{id} has a client secret of its own now"),
            false => format!("{id} takes webhooks signed with the new secret and with the one before"),
        })
    }

    async fn reseal(&self, new_key: bool) -> Result<String, Failure> {
        if new_key {
            self.stored.first_ring().await?;
            self.stored
                .base
                .keys
                .add_key(&random::bytes)
                .map_err(|error| Failure::Broken(error.to_string()))?;
        }
        let ring = self.stored.ring()?;
        let mut count = 0;
        for row in self.rows().await? {
            let next = |row: &ConnectionRow| {
                // Of one that was revoked there is nothing left to seal.
                if row.sealed.is_empty() || ring.is_sealed_by_newest(&row.sealed) {
                    return Ok(None);
                }
                resealed(row, &open(row, &ring)?.secrets, &ring).map(Some)
            };
            // One that was removed meanwhile needs no other seal.
            let changed = self.stored.lifecycle().change(&row.id, next).await?;
            count += u32::from(changed.is_some_and(|changed| changed.after.is_some()));
        }
        count += self.reseal_installs(&ring).await?;
        Ok(match self.is_json {
            true => Members::default().with("resealed", count).to_json(),
            false => {
                format!("sealed anew: {count}; the newest key opens all connections now{}", self.advice())
            }
        })
    }

    /// Those that wait to be adopted.
    async fn reseal_installs(&self, ring: &KeyRing) -> Result<u32, Failure> {
        let mut count = 0;
        for install in self.stored.storage.installs().await? {
            if ring.is_sealed_by_newest(&install.sealed) {
                continue;
            }
            let broken = |why: &dyn std::fmt::Display| Failure::Broken(format!("{}: {why}", install.account));
            let place = Place { account: &install.account, kind: INSTALL };
            let secrets = Secrets::open(place, &install.sealed, ring).map_err(|why| broken(&why))?;
            let sealed = secrets.seal_for(place, ring, random::bytes()?).map_err(|why| broken(&why))?;
            let install = PendingInstall { sealed, ..install };
            self.stored.storage.put_install(install, i64::MIN).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn audit(&self, limit: u32, width: u16) -> Result<String, Failure> {
        let entries = self.stored.storage.audit(None, limit).await?;
        Ok(shown::audit(&entries, self.is_json, width))
    }

    fn advice(&self) -> &'static str {
        match self.stored.base.keys {
            KeySource::Own(_) => ", and older lines of sealing.keys serve backups alone",
            _ => "",
        }
    }

    fn client_secrets(&self, files: &SecretFiles) -> Result<Vec<SecretString>, Failure> {
        let files = [&files.current, &files.previous].into_iter().flatten();
        files.map(|path| secret_in(self.sources, path, "file with the client secret")).collect()
    }

    async fn rows(&self) -> Result<Vec<ConnectionRow>, Failure> {
        Ok(self.stored.storage.connections().await?)
    }

    /// What deletes webhooks at the vendor.
    fn hooks(&self) -> KeptHooks {
        let keeper = Keeper {
            connector: self.connector,
            storage: Arc::<SqliteStorage>::clone(&self.stored.storage),
            connections: Arc::<SqliteStorage>::clone(&self.stored.storage),
            gates: Gates::new(),
            patience: Patience::Within(PATIENCE),
            public_url: self.public_url.clone(),
            retired: Retired::default(),
        };
        // No service looks at anything that is changed here; it reads what is stored.
        KeptHooks { keeper, standings: Arc::default(), wishes: mpsc::unbounded_channel().0 }
    }

    async fn change(
        &self,
        id: &str,
        next: impl FnMut(&ConnectionRow) -> Result<Option<ConnectionRow>, Failure>,
    ) -> Result<(), Failure> {
        let changed = self.stored.lifecycle().change(id, next).await?;
        changed.map(drop).ok_or_else(|| no_connection(id))
    }

    async fn put(&self, row: ConnectionRow) -> Result<(), Failure> {
        Ok(self.stored.storage.put_connection(row).await?)
    }
}

fn open(row: &ConnectionRow, ring: &KeyRing) -> Result<HostConnection, Failure> {
    HostConnection::open(row, ring).map_err(|why| Failure::Broken(format!("{}: {why}", row.id)))
}

fn resealed(row: &ConnectionRow, secrets: &Secrets, ring: &KeyRing) -> Result<ConnectionRow, Failure> {
    let sealed = secrets.seal(&row.account, ring, random::bytes()?);
    let sealed = sealed.map_err(|why| Failure::Broken(format!("{}: {why}", row.id)))?;
    Ok(ConnectionRow { sealed, updated_ms: now_ms(), ..row.clone() })
}
