//! The connections of a data folder as commands open them, while a service may run.

use std::ffi::OsString;
use std::sync::Arc;

use super::Lifecycle;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::random;
use crate::sealing::KeyRing;
use crate::serve::config::BaseConfig;
use crate::serve::open_storage;
use crate::serve::values::Values;
use crate::storage::{ConnectionRow, SqliteStorage, Storage as _};

/// What the settings name.
pub(crate) struct Stored {
    /// The settings themselves.
    pub(crate) base: BaseConfig,
    /// The storage.
    pub(crate) storage: Arc<SqliteStorage>,
}

impl Stored {
    /// Opens it.
    ///
    /// # Errors
    /// `Usage` where a setting is wrong; `Broken` where the storage cannot be used.
    pub(crate) fn open(
        values: &Values<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let base = BaseConfig::read(values, variable)?;
        let storage = Arc::new(open_storage(&base.data)?);
        Ok(Self { base, storage })
    }

    /// The keys that open secrets.
    ///
    /// # Errors
    /// `Broken` where they cannot be used.
    pub(crate) fn ring(&self) -> Result<KeyRing, Failure> {
        self.base.keys.ring(&random::bytes).map_err(|error| Failure::Broken(error.to_string()))
    }

    /// Who changes connections; a service reads what is stored by itself.
    pub(crate) fn lifecycle(&self) -> Lifecycle {
        let storage = Arc::clone(&self.storage);
        Lifecycle::new(storage.clone(), storage, None, Clock::system())
    }

    /// The connection of this id.
    ///
    /// # Errors
    /// `Usage` where there is none; `Broken` where the storage cannot be read.
    pub(crate) async fn row(&self, id: &str) -> Result<ConnectionRow, Failure> {
        self.storage.connection(id).await?.ok_or_else(|| no_connection(id))
    }
}

/// That there is no such connection, and how to see those that are there.
pub(crate) fn no_connection(id: &str) -> Failure {
    Failure::usage(format!("there is no connection {id}: `connector connections list`"))
}
