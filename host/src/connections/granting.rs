//! How a grant becomes a connection, renews one that is known, or ends: rows in, rows out.

use std::collections::{BTreeMap, BTreeSet};

use connector_runtime::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConnectionSettings, HostConnection, Random, Secrets, Unusable, new_row};
use crate::sealing::KeyRing;
use crate::storage::{ConnectionRow, ConnectionState};

/// The member of a connection's settings that holds the notes.
const MEMBER: &str = "grant";

/// What is known of the grant of a connection, beside its secrets.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// The scopes that were granted; none where it is not known, as with pasted credentials.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// When it was granted last.
    pub(crate) granted_ms: i64,
    /// The id of the person who granted it.
    pub(crate) user: Option<String>,
    /// The account's name for people.
    pub(crate) label: Option<String>,
    /// The digest of the code that was exchanged for the grant; `None` with pasted credentials.
    pub(crate) code: Option<String>,
    /// How it ended last.
    pub(crate) ended: Option<Ended>,
    /// What the account told last of deliveries that fail.
    pub(crate) exception: Option<Exception>,
}

/// How a grant ended, and what has told of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Ended {
    /// When, as the vendor says, in seconds since the epoch.
    pub(crate) at: i64,
    /// The id of the callback.
    pub(crate) callback: Option<String>,
    /// The time that the webhook told.
    pub(crate) webhook: Option<i64>,
}

/// That deliveries fail, as the account tells it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Exception {
    /// When it was received, in milliseconds since the epoch.
    pub(crate) at_ms: i64,
    /// What was told.
    pub(crate) told: String,
}

impl Notes {
    /// The notes in settings; empty where there are none.
    pub(crate) fn of(settings: &ConnectionSettings) -> Self {
        let found = settings.rest.get(MEMBER).cloned();
        found.and_then(|notes| serde_json::from_value(notes).ok()).unwrap_or_default()
    }

    /// The notes of a row; empty if its settings are in no form of ours.
    pub(crate) fn of_row(row: &ConnectionRow) -> Self {
        serde_json::from_str(&row.settings).map(|settings| Self::of(&settings)).unwrap_or_default()
    }

    /// Puts the notes into settings.
    pub(crate) fn put(&self, settings: &mut ConnectionSettings) {
        if let Ok(notes) = serde_json::to_value(self) {
            settings.rest.insert(MEMBER.to_owned(), notes);
        }
    }
}

/// Credentials that were granted or pasted.
pub(crate) struct Granted {
    /// The account.
    pub(crate) account: String,
    /// The app, where they are an app's.
    pub(crate) app: Option<String>,
    /// The fields of the connection.
    pub(crate) fields: BTreeMap<String, String>,
    /// The secrets.
    pub(crate) secrets: Secrets,
    /// The scopes, where they are known.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// Who granted it.
    pub(crate) user: Option<String>,
    /// The account's name for people, where it could be read.
    pub(crate) label: Option<String>,
    /// A sandbox or proxy in place of the vendor's servers.
    pub(crate) base_url: Option<String>,
    /// The digest of the code that was exchanged for them; `None` with pasted credentials.
    pub(crate) code: Option<String>,
}

impl Granted {
    /// Whether a row has this grant already, so that a repetition changes nothing.
    pub(crate) fn is_in(&self, row: &ConnectionRow) -> bool {
        self.code.is_some() && row.state == ConnectionState::Connected && Notes::of_row(row).code == self.code
    }
}

/// The row of a grant. One that is known keeps its id, its webhook address and its settings; a new one wants no trigger yet.
///
/// # Errors
/// When secrets cannot be sealed, or the known row is in no form of ours.
pub(crate) fn granted_row(
    known: Option<&ConnectionRow>,
    granted: &Granted,
    ring: &KeyRing,
    random: &Random,
    id: [u8; 8],
) -> Result<ConnectionRow, Unusable> {
    let mut settings: ConnectionSettings = match known {
        Some(row) => serde_json::from_str(&row.settings).map_err(|_| Unusable::Unreadable)?,
        None => ConnectionSettings::default(),
    };
    let before = Notes::of(&settings);
    let notes = Notes {
        scopes: granted.scopes.clone(),
        granted_ms: random.now_ms,
        user: granted.user.clone(),
        label: granted.label.clone().or(before.label),
        code: granted.code.clone(),
        ended: before.ended,
        exception: before.exception,
    };
    notes.put(&mut settings);
    settings.base_url.clone_from(&granted.base_url);
    let connection = HostConnection {
        id: known.map_or_else(|| hex::encode(id), |row| row.id.clone()),
        account: granted.account.clone(),
        app: granted.app.clone(),
        state: ConnectionState::Connected,
        fields: granted.fields.clone(),
        settings,
        secrets: granted.secrets.clone(),
    };
    let row = new_row(&connection, ring, random).map_err(Unusable::Sealed)?;
    Ok(match known {
        Some(known) => {
            ConnectionRow { webhook_key: known.webhook_key.clone(), created_ms: known.created_ms, ..row }
        }
        None => row,
    })
}

/// The one secret of a grant, under the name of its credential.
pub(crate) fn secrets(credential: &str, token: SecretString) -> Secrets {
    Secrets { credentials: vec![(credential.to_owned(), token)], client_secrets: Vec::new() }
}

#[cfg(test)]
mod tests {
    use connector_runtime::ExposeSecret as _;

    use super::super::tests::ring;
    use super::*;

    fn granted(token: &str) -> Granted {
        Granted {
            account: "abc123".to_owned(),
            app: Some("shop".to_owned()),
            fields: BTreeMap::from([("store_hash".to_owned(), "abc123".to_owned())]),
            secrets: secrets("access_token", SecretString::from(token)),
            scopes: Some(BTreeSet::from(["a".to_owned()])),
            user: Some("7".to_owned()),
            label: Some("A shop".to_owned()),
            base_url: None,
            code: None,
        }
    }

    fn random(seed: u8) -> Random {
        Random { webhook_key: [seed; 20], nonce: [seed; 24], now_ms: i64::from(seed) }
    }

    #[test]
    fn a_new_grant_of_a_known_account_replaces_the_token_and_nothing_else() {
        let mut first = granted_row(None, &granted("hush-1"), &ring(), &random(1), [1; 8]).unwrap();
        first.settings = first.settings.replace(r#""triggers":[]"#, r#""triggers":["order-created"]"#);
        let next = Granted { label: None, ..granted("hush-2") };
        let second = granted_row(Some(&first), &next, &ring(), &random(2), [2; 8]).unwrap();
        assert_eq!((&second.id, &second.webhook_key, second.created_ms), (&first.id, &first.webhook_key, 1));
        let opened = HostConnection::open(&second, &ring()).unwrap();
        assert_eq!(opened.settings.triggers, ["order-created"]);
        assert_eq!(opened.secrets.credentials[0].1.expose_secret(), "hush-2");
        let notes = Notes::of(&opened.settings);
        assert_eq!((notes.label.as_deref(), notes.granted_ms), (Some("A shop"), 2));
    }
}
