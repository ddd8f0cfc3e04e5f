//! `connector connections add`: from flags, environment and files to a stored connection.

use std::io::Write;
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Client, Connection, Connector, HttpTransport, SecretString};

use super::super::command_line::{Addition, Trial};
use super::super::shown::{self, plain};
use super::super::{
    About, ConnectionSettings, HostConnection, OPERATOR, Random, Secrets, account_field, new_row, others_of,
};
use super::Office;
use crate::clock::now_ms;
use crate::credentials::{Found, all_missing, find};
use crate::delivery::guard::Address;
use crate::failure::Failure;
use crate::printable::{print, printable};
use crate::random;
use crate::serve::broken;
use crate::storage::ConnectionState;

/// The longest wait for the answer to the connection test.
const PATIENCE: Duration = Duration::from_secs(10);

impl Office<'_> {
    pub(super) async fn add(&self, new: &Addition, stderr: &mut dyn Write) -> Result<String, Failure> {
        let (app, delivery) = (new.app.as_deref(), &new.delivery);
        if let Some(Err(why)) = delivery.deliver_to.as_deref().map(Address::parse) {
            return Err(Failure::usage(format!("--deliver-to: {why}")));
        }
        let Found { fields, secrets, base_url, missing } =
            find(self.connector, &new.connection, self.sources)?;
        if !missing.0.is_empty() {
            return Err(all_missing(&missing.0));
        }
        if let Some(app) = app.filter(|app| !self.stored.base.apps.contains_key(*app)) {
            let known: Vec<&str> = self.stored.base.apps.keys().map(String::as_str).collect();
            return Err(Failure::usage(format!("there is no app {app} among the settings: {known:?}")));
        }
        let client = app.and_then(|app| self.stored.base.clients.get(app));
        let base_url = base_url.or_else(|| client?.base_url.clone());
        let client_secrets = self.client_secrets(&new.secrets)?;
        if client_secrets.is_empty() && app.is_none() {
            let ways = "give --client-secret-file FILE, or --app ID of an app among the settings";
            return Err(Failure::usage(format!(
                "no client secret, without which no webhook is verified: {ways}"
            )));
        }
        let checked = checked(self.connector, &fields, &secrets, base_url.as_deref())?;
        let account = account_field(self.connector).and_then(|field| checked.field(field));
        let account = account.ok_or_else(|| Failure::Broken("this API has no webhooks".to_owned()))?;
        let all = || self.connector.triggers.iter().map(|trigger| trigger.id.to_owned()).collect();
        let connection = HostConnection {
            id: hex::encode(random::bytes::<8>()?),
            account: account.to_owned(),
            app: app.map(str::to_owned),
            state: ConnectionState::Connected,
            fields: fields
                .iter()
                .map(|(name, _)| ((*name).to_owned(), checked.field(name).unwrap_or_default().to_owned()))
                .collect(),
            settings: ConnectionSettings {
                triggers: if new.triggers.is_empty() { all() } else { new.triggers.to_vec() },
                suppress_own: new.suppress_own.to_vec(),
                base_url,
                deliver_to: delivery.deliver_to.clone(),
                full_resource: delivery.full_resource,
                ..ConnectionSettings::default()
            },
            secrets: Secrets {
                credentials: secrets.into_iter().map(|(name, secret)| (name.to_owned(), secret)).collect(),
                client_secrets,
            },
        };
        let random = Random { webhook_key: random::bytes()?, nonce: random::bytes()?, now_ms: now_ms() };
        let row = new_row(&connection, &self.stored.first_ring().await?, &random)
            .map_err(|why| Failure::Broken(why.to_string()))?;
        if new.trial == Trial::Wanted {
            self.try_credentials(&connection).await?;
        }
        self.put(row.clone()).await?;
        self.stored.lifecycle().note("connected", OPERATOR, About::row(&row), "on the command line").await;
        let others = others_of(&row, self.rows().await?);
        for other in &others {
            let through = other.app.as_ref().map(|app| format!("app {app}, ")).unwrap_or_default();
            let (account, id, state) = (&row.account, &other.id, shown::state(other));
            let warning = format!(
                "warning: the account {account} is known already: see the connection {id} ({through}{state}); each \
                 connection delivers the events of the account: remove one with `connector connections remove ID`"
            );
            print(stderr, &warning)?;
        }
        let told = shown::told(&row, None, &self.public_url);
        if self.is_json {
            let others: Vec<&str> = others.iter().map(|other| other.id.as_str()).collect();
            return Ok(told.with("same_account", others).to_json());
        }
        let lines = told.iter().filter(|(_, value)| *value != "null");
        let lines: Vec<String> =
            lines.map(|(name, value)| format!("{name:<11} {}", printable(&plain(value)))).collect();
        Ok(lines.join("\n"))
    }

    /// Runs the connector's connection test with the credentials of a new connection, if there are any.
    async fn try_credentials(&self, connection: &HostConnection) -> Result<(), Failure> {
        let Some(test) = self.connector.test.filter(|_| !connection.secrets.credentials.is_empty()) else {
            return Ok(());
        };
        let connection = connection.connect(self.connector).map_err(|error| Failure::call(error, None))?;
        let transport = HttpTransport::new(PATIENCE).map_err(|error| broken("no HTTP client", &error))?;
        let client = Client::with_transport(connection, transport).through(&Gates::new());
        let answer = client.call_untyped(test.id, b"{}").await;
        answer.map(drop).map_err(|error| Failure::NotAdded { error: Box::new(error), operation: test })
    }
}

/// The connection as the runtime checks and normalises it. Where it has no credentials, since it only receives, something
/// that passes stands in for them.
fn checked(
    connector: &'static Connector,
    fields: &[(&'static str, String)],
    secrets: &[(&'static str, SecretString)],
    base_url: Option<&str>,
) -> Result<Connection, Failure> {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut all = secrets.to_vec();
    for credential in connector.credentials {
        if !all.iter().any(|(name, _)| *name == credential.name) {
            all.push((credential.name, SecretString::from("none")));
        }
    }
    let connection = Connection::new(connector, &fields, &all).map_err(|error| Failure::call(error, None))?;
    match base_url {
        Some(url) => connection.at_origin(url).map_err(|error| Failure::call(error, None)),
        None => Ok(connection),
    }
}
