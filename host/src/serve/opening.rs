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
use crate::storage::{SqliteOptions, SqliteStorage, Storage};

/// The database in a data folder.
pub(crate) fn database(data: &Path) -> PathBuf {
    data.join("connector.sqlite")
}

/// Opens the storage in the data folder, which is made where it is missing.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_storage(data: &Path) -> Result<SqliteStorage, Failure> {
    open_storage_with(data, SqliteOptions::default())
}

/// The same, used in this way.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open_storage_with(data: &Path, options: SqliteOptions) -> Result<SqliteStorage, Failure> {
    make_folder(data).map_err(|error| {
        let folder = data.display();
        Failure::Broken(format!("the data folder {folder} cannot be made: {error}; give another with --data"))
    })?;
    SqliteStorage::open(&database(data), options).map_err(|error| Failure::Broken(error.to_string()))
}

/// The connections that storage holds, with what opens them.
///
/// # Errors
/// When the keys cannot be read.
pub(super) fn directory(
    connector: &'static Connector,
    config: &mut Config,
    storage: Arc<dyn Storage>,
    clock: Clock,
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
        clock,
    };
    Ok(Arc::new(Directory::new(connector, parts)))
}
