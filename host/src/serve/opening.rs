//! What the service keeps on disk, opened: the database, and the connections in it with their keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_runtime::Connector;

use super::config::Config;
use crate::clock::Clock;
use crate::connections::{Directory, DirectoryParts};
use crate::failure::Failure;
use crate::quota_sharing::make_folder;
use crate::random;
use crate::sealing::{KeyRing, KeySource, KeySourceError, OWN_FILE};
use crate::storage::{InstallStorage as _, SqliteOptions, SqliteStorage, Storage as _};

/// The database in a data folder.
pub(crate) fn database(data: &Path) -> PathBuf {
    data.join("connector.sqlite")
}

/// The database in a data folder of which somebody says that there is one.
///
/// # Errors
/// `Usage` if there is none.
pub(crate) fn known_database(data: &Path) -> Result<PathBuf, Failure> {
    let database = database(data);
    match database.exists() {
        true => Ok(database),
        false => Err(Failure::usage(format!("there is no database in {}: see --data", data.display()))),
    }
}

/// Opens the storage of a data folder for a command that makes neither.
///
/// # Errors
/// `Usage` if there is no database; `Broken` when it cannot be opened.
pub(crate) fn open_storage(data: &Path) -> Result<SqliteStorage, Failure> {
    let database = known_database(data)?;
    check_files(data)?;
    open(&database, SqliteOptions::default())
}

/// Opens the storage in the data folder; both are made if they are missing.
///
/// # Errors
/// When a file of an earlier start is missing, or the storage cannot be opened.
pub(crate) fn begin_storage(data: &Path, options: SqliteOptions) -> Result<SqliteStorage, Failure> {
    check_files(data)?;
    make_folder(data).map_err(|error| {
        let folder = data.display();
        Failure::Broken(format!("the data folder {folder} cannot be made: {error}; give another with --data"))
    })?;
    open(&database(data), options)
}

fn open(database: &Path, options: SqliteOptions) -> Result<SqliteStorage, Failure> {
    SqliteStorage::open(database, options).map_err(|error| Failure::Broken(error.to_string()))
}

/// Refuses to begin anew next to what belongs to a database that is gone. The first start makes the database before the keys.
fn check_files(data: &Path) -> Result<(), Failure> {
    let has_bytes = |path: &Path| path.metadata().is_ok_and(|file| file.len() > 0);
    let database = database(data);
    if has_bytes(&database) {
        return Ok(());
    }
    let mut log = database.clone().into_os_string();
    log.push("-wal");
    let witness = [data.join(OWN_FILE), PathBuf::from(log)].into_iter().find(|path| has_bytes(path));
    match witness {
        Some(witness) => Err(Failure::Broken(format!(
            "cannot open {database}: the file is missing or empty, and {witness} of an earlier start is there: restore \
             {database} from a backup, or remove {witness} to begin anew without its connections and events",
            database = database.display(),
            witness = witness.display(),
        ))),
        None => Ok(()),
    }
}

/// The keys of a storage. They are made if nothing is sealed yet.
///
/// # Errors
/// When they cannot be read or made, or are missing next to what they have sealed.
pub(crate) async fn first_ring(keys: &KeySource, storage: &SqliteStorage) -> Result<KeyRing, Failure> {
    let broken = |error: KeySourceError| Failure::Broken(error.to_string());
    if keys.is_missing() {
        let connections = storage.connections().await?;
        let is_sealed =
            connections.iter().any(|row| !row.sealed.is_empty()) || !storage.installs().await?.is_empty();
        // Another process may have made the keys and sealed something meanwhile; then they are there.
        if !is_sealed {
            keys.make(&random::bytes).map_err(broken)?;
        }
    }
    keys.ring().map_err(broken)
}

/// The connections that storage holds, with what opens them.
///
/// # Errors
/// When the keys cannot be read.
pub(super) async fn directory(
    connector: &'static Connector,
    config: &mut Config,
    storage: Arc<SqliteStorage>,
    clock: Clock,
) -> Result<Arc<Directory>, Failure> {
    let keys = config.base.keys.clone();
    // Nothing can be opened without keys, and a new file is made now rather than at the first webhook.
    first_ring(&keys, &storage).await?;
    let parts = DirectoryParts {
        storage,
        read_ring: Box::new(move || keys.ring().map_err(|error| error.to_string())),
        apps: std::mem::take(&mut config.base.apps),
        tolerance: config.tolerance,
        clock,
    };
    Ok(Arc::new(Directory::new(connector, parts)))
}
