//! The rows behind the pages: connections found, opened, and tried at the vendor.

use std::fmt::Display;
use std::time::Duration;

use connector_runtime::{Class, Client};
use serde_json::Value;
use tokio::time::timeout;

use super::Portal;
use crate::connections::{HostConnection, Unusable};
use crate::sealing::KeyRing;
use crate::storage::{ConnectionRow, StorageError};

/// How long the vendor may take where a person waits for a page.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something of ours failed. A stranger is told no more than that.
#[derive(Debug)]
pub(super) struct Broken(String);

impl Broken {
    pub(super) fn new(what: &str, error: impl Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

impl Display for Broken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<StorageError> for Broken {
    fn from(error: StorageError) -> Self {
        Self::new("the storage", error)
    }
}

impl From<Unusable> for Broken {
    fn from(error: Unusable) -> Self {
        Self::new("a connection", error)
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::new("randomness", error)
    }
}

impl Portal {
    /// All connections.
    pub(super) async fn rows(&self) -> Result<Vec<ConnectionRow>, Broken> {
        Ok(self.storage().connections().await?)
    }

    /// The connection of this id.
    pub(super) async fn row(&self, id: &str) -> Result<Option<ConnectionRow>, Broken> {
        Ok(self.storage().connection(id).await?)
    }

    /// The connection to an account through an app, or with credentials of its own.
    pub(super) async fn row_of(
        &self,
        account: &str,
        app: Option<&str>,
    ) -> Result<Option<ConnectionRow>, Broken> {
        let is_it = |row: &ConnectionRow| row.account == account && row.app.as_deref() == app;
        Ok(self.rows().await?.into_iter().find(is_it))
    }

    /// The keys that open secrets.
    pub(super) fn ring(&self) -> Result<KeyRing, Broken> {
        (self.parts.read_ring)().map_err(|error| Broken::new("the keys", error))
    }

    /// A client for an account, at the gate that all share.
    ///
    /// # Errors
    /// The class of the failure.
    pub(super) fn client(&self, connection: &HostConnection) -> Result<Client, Class> {
        let connection = connection.connect(self.parts.connector).map_err(|error| error.class())?;
        // Only the system's TLS roots can be missing.
        let client = Client::new(connection).map_err(|_| Class::TransportUnsent)?;
        Ok(client.through(&self.parts.gates))
    }

    /// Runs the connector's test with a connection's credentials.
    ///
    /// # Errors
    /// The class of the failure.
    pub(super) async fn test(&self, connection: &HostConnection) -> Result<(), Class> {
        let Some(test) = self.parts.connector.test else { return Ok(()) };
        self.ask(connection, test.id).await.map(drop)
    }

    /// The account's name for people, where it can be read.
    pub(super) async fn label(&self, connection: &HostConnection) -> Option<String> {
        let label = self.parts.connector.label?;
        let answer = self.ask(connection, label.operation.id).await.ok()?;
        let name = answer.get(label.field)?.as_str()?.trim();
        // It is shown, so a name without end is cut.
        (!name.is_empty()).then(|| name.chars().take(200).collect())
    }

    async fn ask(&self, connection: &HostConnection, action: &str) -> Result<Value, Class> {
        let client = self.client(connection)?;
        let answer = timeout(PATIENCE, client.call_untyped(action, b"{}")).await;
        let reply = answer.map_err(|_| Class::TransportUnknownOutcome)?.map_err(|error| error.class())?;
        Ok(serde_json::from_str(reply.json.as_str()).unwrap_or_default())
    }
}
