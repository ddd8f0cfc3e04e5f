//! What becomes of a grant and of its end, whoever brought them about: connections made, renewed, adopted and revoked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::accounts::Broken;
use super::{About, Portal};
use crate::connections::{
    ConnectionSettings, Granted, HostConnection, INSTALL, Notes, Random, Secrets, granted_row, secrets,
};
use crate::random;
use crate::sealing::{KeyRing, Place};
use crate::storage::{ConnectionRow, PendingInstall};
use crate::token_exchange::Grant;

/// How long an installation waits for somebody to adopt it.
const WAITS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often a row is looked for that other processes make and remove.
const TRIES: u32 = 16;

/// What is kept of an installation that waits, beside its secrets.
#[derive(Deserialize, Serialize)]
struct Waiting {
    fields: BTreeMap<String, String>,
    scopes: BTreeSet<String>,
    user: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

impl Portal {
    /// What an exchange granted to an account through an app.
    pub(super) fn granted(
        &self,
        app: &str,
        fields: BTreeMap<String, String>,
        account: &str,
        grant: Grant,
        code: &str,
    ) -> Granted {
        let credential = self.parts.connector.oauth2.map_or("", |oauth2| oauth2.credential);
        Granted {
            account: account.to_owned(),
            app: Some(app.to_owned()),
            fields,
            secrets: secrets(credential, grant.token),
            scopes: Some(grant.scopes),
            user: grant.user,
            label: None,
            base_url: self.base_url(app).map(str::to_owned),
            code: Some(code.to_owned()),
        }
    }

    /// Makes a connection of a grant, or renews the one that is known: its id, webhook address and settings stay. A repetition
    /// changes nothing.
    pub(super) async fn connect(&self, granted: Granted, actor: &str) -> Result<ConnectionRow, Broken> {
        let random = Random { webhook_key: random::bytes()?, nonce: random::bytes()?, now_ms: self.now_ms() };
        let (ring, id) = (self.ring()?, random::bytes()?);
        let changing = self.parts.lifecycle.changing().await;
        let mut stored = None;
        for _ in 0..TRIES {
            stored = self.stored(&granted, &ring, &random, id).await?;
            if stored.is_some() {
                break;
            }
        }
        let (row, event) = stored.ok_or_else(|| Broken::new("a connection", "it never stands still"))?;
        if let Some(app) = &granted.app {
            self.installs().remove_install(&granted.account, app).await?;
        }
        drop(changing);
        let Some(event) = event else { return Ok(row) };
        let scopes = granted.scopes.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        self.note(event, actor, About { account: Some(&row.account), connection: Some(&row.id) }, &scopes)
            .await;
        let labelled = self.labelled(&row).await?;
        self.parts.hooks.changed(&row.id);
        Ok(labelled)
    }

    /// Stores a grant in the row of its account or in a new one: the row, and the word for the audit log if it was changed. `None`
    /// if another process has made or removed the row meanwhile.
    async fn stored(
        &self,
        granted: &Granted,
        ring: &KeyRing,
        random: &Random,
        id: [u8; 8],
    ) -> Result<Option<(ConnectionRow, Option<&'static str>)>, Broken> {
        let lifecycle = &self.parts.lifecycle;
        let Some(known) = self.row_of(&granted.account, granted.app.as_deref()).await? else {
            let row = granted_row(None, granted, ring, random, id)?;
            return Ok(lifecycle.add(row.clone()).await?.then_some((row, Some("connected"))));
        };
        let next = |row: &ConnectionRow| match granted.is_in(row) {
            true => Ok::<_, Broken>(None),
            false => Ok(Some(granted_row(Some(row), granted, ring, random, id)?)),
        };
        Ok(lifecycle.change(&known.id, next).await?.map(|changed| match changed.after {
            Some(row) => (row, Some("reconnected")),
            None => (changed.before, None),
        }))
    }

    /// The row with the account's name for people, read anew where it can be.
    async fn labelled(&self, row: &ConnectionRow) -> Result<ConnectionRow, Broken> {
        let connection = HostConnection::open(row, &self.ring()?)?;
        let Some(label) = self.label(&connection).await else { return Ok(row.clone()) };
        // Others may have changed it while the vendor was asked.
        let next = |row: &ConnectionRow| {
            let mut settings: ConnectionSettings =
                serde_json::from_str(&row.settings).map_err(|error| Broken::new("settings", error))?;
            Notes { label: Some(label.clone()), ..Notes::of(&settings) }.put(&mut settings);
            let text = serde_json::to_string(&settings).map_err(|error| Broken::new("settings", error))?;
            Ok::<_, Broken>(Some(ConnectionRow { settings: text, ..row.clone() }))
        };
        let changed = self.parts.lifecycle.change(&row.id, next).await?;
        Ok(changed.and_then(|changed| changed.after).unwrap_or_else(|| row.clone()))
    }

    /// Keeps a grant until somebody signed in adopts it.
    pub(super) async fn keep_waiting(&self, granted: &Granted, app: &str) -> Result<(), Broken> {
        let Granted { account, fields, secrets, scopes, user, code, .. } = granted;
        let waiting = Waiting {
            fields: fields.clone(),
            scopes: scopes.clone().unwrap_or_default(),
            user: user.clone(),
            code: code.clone(),
        };
        let place = Place { account, kind: INSTALL };
        let sealed = secrets.seal_for(place, &self.ring()?, random::bytes()?);
        let install = PendingInstall {
            account: account.clone(),
            app: app.to_owned(),
            grant: serde_json::to_string(&waiting).map_err(|error| Broken::new("a grant", error))?,
            sealed: sealed.map_err(|error| Broken::new("secrets", error))?,
            created_ms: self.now_ms(),
        };
        let keep_from = install.created_ms.saturating_sub(WAITS_MS);
        self.installs().put_install(install, keep_from).await?;
        let actor = person(waiting.user.as_deref());
        self.note("install_waits", &actor, About { account: Some(account), connection: None }, app).await;
        Ok(())
    }

    /// The installation of an account through an app that waits.
    pub(super) async fn waiting(&self, account: &str, app: &str) -> Result<Option<PendingInstall>, Broken> {
        let all = self.installs().installs().await?;
        Ok(all.into_iter().find(|one| one.account == account && one.app == app))
    }

    /// What an installation that waits has granted.
    pub(super) fn opened(&self, install: &PendingInstall) -> Result<Granted, Broken> {
        let waiting: Waiting =
            serde_json::from_str(&install.grant).map_err(|error| Broken::new("an installation", error))?;
        let place = Place { account: &install.account, kind: INSTALL };
        Ok(Granted {
            account: install.account.clone(),
            app: Some(install.app.clone()),
            fields: waiting.fields,
            secrets: Secrets::open(place, &install.sealed, &self.ring()?)?,
            scopes: Some(waiting.scopes),
            user: waiting.user,
            label: None,
            base_url: self.base_url(&install.app).map(str::to_owned),
            code: waiting.code,
        })
    }
}

/// A person of an account, for the audit log: by id, which tells nothing to others.
pub(super) fn person(id: Option<&str>) -> String {
    id.map_or_else(|| "somebody".to_owned(), |id| format!("person {id}"))
}
