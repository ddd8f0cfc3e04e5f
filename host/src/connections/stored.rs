//! The connections of a data folder as commands open them, while a service may run.

use std::ffi::OsString;
use std::sync::Arc;

use super::Lifecycle;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::sealing::KeyRing;
use crate::serve::config::BaseConfig;
use crate::serve::open_storage;
use crate::serve::values::Values;
use crate::serve::{begin_storage, first_ring};
use crate::storage::{ConnectionRow, SqliteOptions, SqliteStorage, Storage as _};

/// What the settings name.
pub(crate) struct Stored {
    /// The settings themselves.
    pub(crate) base: BaseConfig,
    /// The storage.
    pub(crate) storage: Arc<SqliteStorage>,
}

impl Stored {
    /// Opens it; nothing is made.
    ///
    /// # Errors
    /// `Usage` where a setting is wrong or there is no database; `Broken` where the storage cannot be used.
    pub(crate) fn open(
        values: &Values<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let base = BaseConfig::read(values, variable)?;
        let storage = Arc::new(open_storage(&base.data)?);
        Ok(Self { base, storage })
    }

    /// Opens it; folder and database are made if they are missing.
    ///
    /// # Errors
    /// As for [`open`](Self::open), but for a database that is not there.
    pub(crate) fn begin(
        values: &Values<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Failure> {
        let base = BaseConfig::read(values, variable)?;
        let storage = Arc::new(begin_storage(&base.data, SqliteOptions::default())?);
        Ok(Self { base, storage })
    }

    /// The keys that open secrets.
    ///
    /// # Errors
    /// `Broken` where they cannot be used.
    pub(crate) fn ring(&self) -> Result<KeyRing, Failure> {
        self.base.keys.ring().map_err(|error| Failure::Broken(error.to_string()))
    }

    /// The same; the keys are made if nothing is sealed yet.
    ///
    /// # Errors
    /// `Broken` where they cannot be used, or are missing next to what they have sealed.
    pub(crate) async fn first_ring(&self) -> Result<KeyRing, Failure> {
        first_ring(&self.base.keys, &self.storage).await
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
