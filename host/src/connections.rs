//! The connections of the host: what a stored row says, with its secrets opened, and how a new one becomes a row.

use std::collections::BTreeMap;
use std::fmt;

use connector_runtime::{Connection, Connector, Error, ExposeSecret as _, SecretString, Trigger};
use serde::{Deserialize, Serialize};

use crate::sealing::{KeyRing, Nonce, Place, Unopened};
use crate::storage::{ConnectionRow, ConnectionState};

pub(crate) mod command;
pub(crate) mod command_line;
mod directory;
mod granting;
mod lifecycle;
mod notices;
mod removal;
mod shown;
pub(crate) mod stored;

pub(crate) use directory::{Directory, DirectoryCounts, DirectoryParts, Entry, Live, ReadRing};
pub(crate) use granting::{Ended, Exception, Granted, Notes, granted_row, secrets};
pub(crate) use lifecycle::{About, Changed, Heard, Lifecycle, OPERATOR, Uninstalled, VENDOR, Whose};
pub(crate) use removal::{DISCONNECTED, Removed};

/// The kind of row that secrets of connections are sealed for.
const KIND: &str = "connection";

/// The kind of row that secrets of installations are sealed for which nobody has adopted yet.
pub(crate) const INSTALL: &str = "install";

/// A connection with its secrets. It prints without them.
pub(crate) struct HostConnection {
    /// [`ConnectionRow::id`].
    pub(crate) id: String,
    /// [`ConnectionRow::account`].
    pub(crate) account: String,
    /// [`ConnectionRow::app`].
    pub(crate) app: Option<String>,
    /// [`ConnectionRow::state`].
    pub(crate) state: ConnectionState,
    /// What a person entered.
    pub(crate) fields: BTreeMap<String, String>,
    /// What is no secret and can be changed.
    pub(crate) settings: ConnectionSettings,
    /// Its secrets.
    pub(crate) secrets: Secrets,
}

/// What a connection does, as JSON in the row. Members that others add survive.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ConnectionSettings {
    /// Ids of the triggers that are wanted.
    pub(crate) triggers: Vec<String>,
    /// The address of a sandbox or proxy in place of the vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// Where its events are delivered, in place of the host's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deliver_to: Option<String>,
    /// Whether whole resources are delivered, in place of the host's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) full_resource: Option<bool>,
    /// Ids of the triggers of which activations that tell of an own change are not delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) suppress_own: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

impl ConnectionSettings {
    /// Whether activations of a trigger that tell of an own change are not delivered.
    pub(crate) fn suppresses(&self, trigger: &str) -> bool {
        self.suppress_own.iter().any(|id| id == trigger)
    }
}

/// The secrets of a connection.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Credentials by their names in the connector; none where the connection only receives.
    pub(crate) credentials: Vec<(String, SecretString)>,
    /// With which the account signs its webhooks, the newest first; none where those of its app serve.
    pub(crate) client_secrets: Vec<SecretString>,
}

/// The form in which secrets are sealed: read into texts of our own, written from borrowed ones.
#[derive(Deserialize, Serialize)]
struct SecretsText<T> {
    credentials: BTreeMap<String, T>,
    client_secrets: Vec<T>,
}

/// Why a row is no connection that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The secrets cannot be opened.
    Sealed(Unopened),
    /// The row is in no form that this version knows.
    Unreadable,
    /// It names an app that is not configured, or one without secret.
    NoApp,
    /// It has no secret with which a webhook could be verified, or none of use.
    NoSecret,
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(unopened) => unopened.fmt(out),
            Self::Unreadable => out.write_str("the row is in no form that this version knows"),
            Self::NoApp => out.write_str("its app is not configured, or has no client secret"),
            Self::NoSecret => out.write_str("it has no client secret with which a webhook can be verified"),
        }
    }
}

impl HostConnection {
    /// Opens a row.
    ///
    /// # Errors
    /// When its secrets cannot be opened, or it is not in our form.
    pub(crate) fn open(row: &ConnectionRow, ring: &KeyRing) -> Result<Self, Unusable> {
        Ok(Self {
            id: row.id.clone(),
            account: row.account.clone(),
            app: row.app.clone(),
            state: row.state,
            fields: serde_json::from_str(&row.fields).map_err(|_| Unusable::Unreadable)?,
            settings: serde_json::from_str(&row.settings).map_err(|_| Unusable::Unreadable)?,
            // Nothing is left of one that ended.
            secrets: match (row.state, row.sealed.is_empty()) {
                (ConnectionState::Revoked, true) => Secrets::default(),
                _ => Secrets::open(Place { account: &row.account, kind: KIND }, &row.sealed, ring)?,
            },
        })
    }

    /// Whether the connection wants activations of a trigger.
    pub(crate) fn wants(&self, trigger: &Trigger) -> bool {
        self.settings.triggers.iter().any(|id| id == trigger.id)
    }

    /// See [`ended`].
    pub(crate) fn ended(&self) -> Option<&'static str> {
        let secrets = &self.secrets;
        advice(self.state, !(secrets.credentials.is_empty() && secrets.client_secrets.is_empty()))
    }

    /// The connection for calls of actions.
    ///
    /// # Errors
    /// Class `auth.revoked` where the connection is revoked; class `validation`, also where it has no credentials and can
    /// only receive.
    pub(crate) fn connect(&self, connector: &'static Connector) -> Result<Connection, Error> {
        if let Some(advice) = self.ended() {
            return Err(Error::revoked(advice));
        }
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let credentials: Vec<(&str, SecretString)> =
            self.secrets.credentials.iter().map(|(name, secret)| (name.as_str(), secret.clone())).collect();
        let connection = Connection::new(connector, &fields, &credentials)?;
        match &self.settings.base_url {
            Some(url) => connection.at_origin(url),
            None => Ok(connection),
        }
    }
}

/// Why a connection cannot call, and what to do; none where it can.
pub(crate) fn ended(row: &ConnectionRow) -> Option<&'static str> {
    advice(row.state, !row.sealed.is_empty())
}

fn advice(state: ConnectionState, has_secrets: bool) -> Option<&'static str> {
    match state {
        ConnectionState::Connected => None,
        ConnectionState::Refused => Some(
            "the API does not know its token any more: connect the account again; webhooks that still arrive are kept",
        ),
        ConnectionState::Revoked if has_secrets => {
            Some("it is being disconnected: its webhooks are deleted, and then it is forgotten")
        }
        ConnectionState::Revoked => Some("the app was uninstalled there: connect the account again"),
    }
}

impl fmt::Debug for HostConnection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HostConnection")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("app", &self.app)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// Opens secrets that were sealed for a place.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub(crate) fn open(place: Place<'_>, sealed: &[u8], ring: &KeyRing) -> Result<Self, Unusable> {
        let text = ring.open(place, sealed).map_err(Unusable::Sealed)?;
        Self::parse(&text).ok_or(Unusable::Unreadable)
    }

    fn parse(text: &SecretString) -> Option<Self> {
        let text: SecretsText<String> = serde_json::from_str(text.expose_secret()).ok()?;
        let credentials = text.credentials.into_iter();
        Some(Self {
            credentials: credentials.map(|(name, secret)| (name, SecretString::from(secret))).collect(),
            client_secrets: text.client_secrets.into_iter().map(SecretString::from).collect(),
        })
    }

    /// The secrets as they are stored for an account.
    ///
    /// # Errors
    /// See [`KeyRing::seal`].
    pub(crate) fn seal(&self, account: &str, ring: &KeyRing, nonce: Nonce) -> Result<Vec<u8>, Unopened> {
        self.seal_for(Place { account, kind: KIND }, ring, nonce)
    }

    /// The secrets as they are stored in another kind of row.
    ///
    /// # Errors
    /// See [`KeyRing::seal`].
    pub(crate) fn seal_for(
        &self,
        place: Place<'_>,
        ring: &KeyRing,
        nonce: Nonce,
    ) -> Result<Vec<u8>, Unopened> {
        let credentials = self.credentials.iter();
        let text = SecretsText {
            credentials: credentials.map(|(name, secret)| (name.clone(), secret.expose_secret())).collect(),
            client_secrets: self.client_secrets.iter().map(|secret| secret.expose_secret()).collect(),
        };
        let text = serde_json::to_string(&text).map_err(|_| Unopened::Malformed)?;
        ring.seal(place, &SecretString::from(text), nonce)
    }
}

/// The connection field that names the account: the variable in the form in which events name it.
pub(crate) fn account_field(connector: &Connector) -> Option<&'static str> {
    let webhooks = connector.webhooks?;
    let (_, rest) = webhooks.event.account_form.split_once('{')?;
    let (name, _) = rest.split_once('}')?;
    connector.fields.iter().map(|field| field.name).find(|field| *field == name)
}

/// The other connections of the account of `row`.
pub(crate) fn others_of(row: &ConnectionRow, mut all: Vec<ConnectionRow>) -> Vec<ConnectionRow> {
    all.retain(|other| other.account == row.account && other.id != row.id);
    all
}

/// A row for a new connection. `random` is used up: 8 bytes become its id, 20 the key of its address.
///
/// # Errors
/// See [`KeyRing::seal`].
pub(crate) fn new_row(
    new: &HostConnection,
    ring: &KeyRing,
    random: &Random,
) -> Result<ConnectionRow, Unopened> {
    let json = |text: serde_json::Result<String>| text.map_err(|_| Unopened::Malformed);
    Ok(ConnectionRow {
        id: new.id.clone(),
        webhook_key: hex::encode(random.webhook_key),
        account: new.account.clone(),
        app: new.app.clone(),
        fields: json(serde_json::to_string(&new.fields))?,
        sealed: new.secrets.seal(&new.account, ring, random.nonce)?,
        settings: json(serde_json::to_string(&new.settings))?,
        state: ConnectionState::Connected,
        created_ms: random.now_ms,
        updated_ms: random.now_ms,
    })
}

/// What a new row takes from outside.
pub(crate) struct Random {
    /// 160 bits: nobody finds an address by trying.
    pub(crate) webhook_key: [u8; 20],
    /// For the seal.
    pub(crate) nonce: Nonce,
    /// The time.
    pub(crate) now_ms: i64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use bigcommerce_connector::CONNECTOR;

    pub(crate) fn ring() -> KeyRing {
        KeyRing::parse(&SecretString::from("ab".repeat(32))).unwrap()
    }

    pub(crate) fn connection(id: &str, account: &str) -> HostConnection {
        HostConnection {
            id: id.to_owned(),
            account: account.to_owned(),
            app: None,
            state: ConnectionState::Connected,
            fields: BTreeMap::from([("store_hash".to_owned(), account.to_owned())]),
            settings: ConnectionSettings {
                triggers: vec!["order-created".to_owned()],
                ..ConnectionSettings::default()
            },
            secrets: Secrets {
                credentials: vec![("access_token".to_owned(), SecretString::from("hush-token"))],
                client_secrets: vec![SecretString::from("hush-\"new\""), SecretString::from("hush-old")],
            },
        }
    }

    pub(crate) fn row(connection: &HostConnection, key: u8) -> ConnectionRow {
        let random = Random { webhook_key: [key; 20], nonce: [key; 24], now_ms: 5 };
        new_row(connection, &ring(), &random).unwrap()
    }

    #[test]
    fn a_row_opens_to_what_was_stored_and_shows_no_secret() {
        let row = row(&connection("c1", "abc123"), 7);
        let opened = HostConnection::open(&row, &ring()).unwrap();
        assert_eq!(opened.secrets.credentials[0].1.expose_secret(), "hush-token");
        let secrets: Vec<&str> =
            opened.secrets.client_secrets.iter().map(|one| one.expose_secret()).collect();
        assert_eq!(secrets, ["hush-\"new\"", "hush-old"]);
        assert_eq!(opened.connect(&CONNECTOR).unwrap().field("store_hash"), Some("abc123"));

        let wanted: Vec<&str> =
            CONNECTOR.triggers.iter().filter(|trigger| opened.wants(trigger)).map(|one| one.id).collect();
        assert_eq!(wanted, ["order-created"]);
        let stored = [row.sealed.as_slice(), row.fields.as_bytes(), row.settings.as_bytes()].concat();
        assert!(!String::from_utf8_lossy(&stored).contains("hush"));
        assert!(!format!("{opened:?} {row:?}").contains("hush"));
    }

    #[test]
    fn the_secrets_of_one_account_do_not_open_for_another() {
        let row = row(&connection("c1", "abc123"), 7);
        let moved = ConnectionRow { account: "xyz789".to_owned(), ..row.clone() };
        assert_eq!(HostConnection::open(&moved, &ring()).unwrap_err(), Unusable::Sealed(Unopened::Forged));
        let broken = ConnectionRow { settings: "[]".to_owned(), ..row };
        assert_eq!(HostConnection::open(&broken, &ring()).unwrap_err(), Unusable::Unreadable);
    }

    #[test]
    fn settings_that_others_add_survive() {
        let text = r#"{"triggers":["order-created"],"retries":{"most":3}}"#;
        let settings: ConnectionSettings = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&settings).unwrap(), text);
    }

    #[test]
    fn the_account_is_the_field_that_events_name() {
        assert_eq!(account_field(&CONNECTOR), Some("store_hash"));
    }
}
