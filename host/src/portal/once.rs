//! Exchanges each code once, however often its callback arrives: one request holds the code in the database and exchanges it, the
//! others wait for the stored outcome. A holder that dies loses the code when its lease ends.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::accounts::Broken;
use super::arriving::{Arrival, Problem};
use super::begin::at_server;
use super::installing::person;
use super::session::{Flow, SignedIn, digest};
use super::{OPERATOR, Portal};
use crate::connections::{Notes, account_field};
use crate::random;
use crate::storage::{Claimed, CodeClaim, CodeRow};
use crate::token_exchange::{Grant, NoGrant, Request};

/// A holder that has not renewed its lease for so long is taken for dead.
const LEASE_MS: i64 = 6_000;

/// Between two renewals of a lease.
const RENEWAL: Duration = Duration::from_secs(2);

/// Between two looks at a code that another request holds.
const LOOK: Duration = Duration::from_millis(50);

/// The longest that a request waits for another: the exchange and the account's name take at most 25 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a session sees its connection again: longer than a session lasts.
const LONG_MS: i64 = 24 * 60 * 60 * 1000;

/// How long a refusal, and whatever is shown without a session, is shown again: longer than a code is valid.
const SHORT_MS: i64 = 60 * 60 * 1000;

/// The outcome of a code, as it is stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Settled {
    /// It became this connection.
    Connected {
        /// The connection's id.
        connection: String,
    },
    /// It waits to be adopted.
    Waits,
    /// The vendor refused it for good.
    Refused(NoGrant),
}

/// The right to the outcome of a code.
#[derive(Clone, Copy)]
pub(super) struct Grounds<'a> {
    /// The digest of the visitor under which the code is stored.
    pub(super) claimant: &'a str,
    /// What the session has begun; the code finishes it.
    pub(super) flow: Option<(&'a Flow, &'a SignedIn)>,
}

/// Why an exchange has no outcome to store.
enum Unsettled {
    /// Nobody knows whether the code was used: another request may try it again.
    Open(Problem),
    /// The session has changed since it was read.
    Changed,
}

impl From<Broken> for Unsettled {
    fn from(error: Broken) -> Self {
        Self::Open(error.into())
    }
}

impl Portal {
    /// The outcome of the code of a callback: stored, waited for, or exchanged by this request. `None` if the session has changed
    /// since it was read.
    pub(super) async fn once(
        &self,
        arrival: &Arrival,
        grounds: Grounds<'_>,
    ) -> Result<Option<Settled>, Problem> {
        let code = arrival.digest();
        let began = self.instant();
        while self.parts.clock.since(began) < PATIENCE {
            match self.installs().code(&code).await.map_err(Broken::from)? {
                Some(row) if row.claimant != grounds.claimant => return Err(Problem::elsewhere()),
                Some(CodeRow { outcome: Some(text), .. }) => return read(&text).map(Some),
                Some(row) if is_leased(&row, self.now_ms()) => sleep(LOOK).await,
                row => {
                    // Who finds a limit reached stores nothing.
                    if row.is_none() && !self.exchanges.has_one(self.instant()) {
                        return Err(too_often());
                    }
                    let holder = hex::encode(random::bytes::<12>().map_err(Broken::from)?);
                    if self.claim(&arrival.account, &code, grounds.claimant, &holder).await? == Claimed::Held
                    {
                        return self.settle(arrival, &code, grounds, &holder).await;
                    }
                }
            }
        }
        Err(in_progress())
    }

    /// The outcome that is stored for another code, when it is there; `None` if the code is unknown.
    pub(super) async fn settled(&self, code: &str) -> Result<Option<Settled>, Problem> {
        let began = self.instant();
        while self.parts.clock.since(began) < PATIENCE {
            match self.installs().code(code).await.map_err(Broken::from)? {
                None => return Ok(None),
                Some(CodeRow { outcome: Some(text), .. }) => return read(&text).map(Some),
                Some(row) if is_leased(&row, self.now_ms()) => sleep(LOOK).await,
                Some(_) => return Ok(None),
            }
        }
        Err(in_progress())
    }

    /// Runs `act` for the first of the callbacks that carry the same signed token.
    pub(super) async fn once_for(
        &self,
        token: &str,
        account: &str,
        act: impl Future<Output = ()>,
    ) -> Result<(), Broken> {
        let code = digest(&format!("token {token}"));
        if self.installs().code(&code).await?.is_some_and(|row| row.outcome.is_some()) {
            return Ok(());
        }
        let holder = hex::encode(random::bytes::<12>()?);
        if self.claim(account, &code, &code, &holder).await? == Claimed::Held {
            act.await;
            let until_ms = self.now_ms().saturating_add(LONG_MS);
            self.installs().settle_code(&code, Some(&holder), "null", until_ms).await?;
        }
        Ok(())
    }

    async fn claim(
        &self,
        account: &str,
        code: &str,
        claimant: &str,
        holder: &str,
    ) -> Result<Claimed, Broken> {
        let now_ms = self.now_ms();
        let claim = CodeClaim {
            digest: code.to_owned(),
            claimant: claimant.to_owned(),
            account: account.to_owned(),
            holder: holder.to_owned(),
            now_ms,
            leased_until_ms: now_ms.saturating_add(LEASE_MS),
            expires_ms: now_ms.saturating_add(SHORT_MS),
        };
        Ok(self.installs().claim_code(claim).await?)
    }

    /// Exchanges a code that this request holds, and stores the outcome.
    async fn settle(
        &self,
        arrival: &Arrival,
        code: &str,
        grounds: Grounds<'_>,
        holder: &str,
    ) -> Result<Option<Settled>, Problem> {
        let mut exchange = pin!(self.exchanged(arrival, code, grounds));
        let exchanged = loop {
            tokio::select! {
                exchanged = &mut exchange => break exchanged,
                () = sleep(RENEWAL) => {
                    let until_ms = self.now_ms().saturating_add(LEASE_MS);
                    if let Err(error) = self.installs().renew_code(code, holder, until_ms).await {
                        tracing::warn!(%error, "the lease of a code could not be renewed");
                    }
                }
            }
        };
        let settled = match exchanged {
            Ok(settled) => settled,
            Err(unsettled) => {
                if let Err(error) = self.installs().release_code(code, holder).await {
                    tracing::warn!(%error, "a code is released when its lease ends");
                }
                return match unsettled {
                    Unsettled::Open(problem) => Err(problem),
                    Unsettled::Changed => Ok(None),
                };
            }
        };
        let text = serde_json::to_string(&settled).map_err(|error| Broken::new("an outcome", error))?;
        // A connection is there, whoever holds the code now. A refusal counts only for the holder.
        let is_own = arrival.own().as_deref() == Some(grounds.claimant);
        let (holder, kept_ms) = match &settled {
            Settled::Refused(_) => (Some(holder), SHORT_MS),
            _ if is_own => (None, LONG_MS),
            _ => (None, SHORT_MS),
        };
        let until_ms = self.now_ms().saturating_add(kept_ms);
        if let Err(error) = self.installs().settle_code(code, holder, &text, until_ms).await {
            tracing::error!(%error, "the outcome of a code could not be stored");
        }
        Ok(Some(settled))
    }

    async fn exchanged(
        &self,
        arrival: &Arrival,
        code: &str,
        grounds: Grounds<'_>,
    ) -> Result<Settled, Unsettled> {
        if let Some((flow, who)) = grounds.flow {
            let bound = self.sessions.bind_flow(&who.session, flow, code).await;
            if !bound.map_err(|error| Broken::new("a session", error))? {
                return Err(Unsettled::Changed);
            }
        }
        // A request that was cut off may have come so far.
        if let Some(settled) = self.granted_by(arrival, code).await? {
            return Ok(settled);
        }
        if !self.exchanges.take(self.instant()) {
            return Err(Unsettled::Open(too_often()));
        }
        let field = account_field(self.parts.connector).unwrap_or_default();
        let fields = BTreeMap::from([(field.to_owned(), arrival.account.clone())]);
        let grant = match self.traded(arrival, &fields).await? {
            Ok(grant) => grant,
            Err(why) if why.is_final() => {
                let granted = self.granted_by(arrival, code).await?;
                return Ok(granted.unwrap_or(Settled::Refused(why)));
            }
            Err(why) => {
                let problem = Problem::new(StatusCode::BAD_GATEWAY, why.word(), why.to_string());
                return Err(Unsettled::Open(problem));
            }
        };
        let is_own = arrival.own().as_deref() == Some(grounds.claimant);
        let (account, app) = (&arrival.account, &arrival.app);
        let actor = if is_own { OPERATOR.to_owned() } else { person(grant.user.as_deref()) };
        let granted = self.granted(app, fields, account, grant, code);
        if is_own || self.row_of(account, Some(app)).await?.is_some() {
            let row = self.connect(granted, &actor).await?;
            return Ok(Settled::Connected { connection: row.id });
        }
        self.keep_waiting(&granted, app).await?;
        // Another request may have connected the account meanwhile, and has not seen this installation.
        if self.row_of(account, Some(app)).await?.is_some() {
            let row = self.connect(granted, &actor).await?;
            return Ok(Settled::Connected { connection: row.id });
        }
        Ok(Settled::Waits)
    }

    /// What a code has granted already, as a connection and an installation that waits remember.
    async fn granted_by(&self, arrival: &Arrival, code: &str) -> Result<Option<Settled>, Broken> {
        let (account, app) = (&arrival.account, &arrival.app);
        if let Some(row) = self.row_of(account, Some(app)).await?
            && Notes::of_row(&row).code.as_deref() == Some(code)
        {
            return Ok(Some(Settled::Connected { connection: row.id }));
        }
        let waits = self.waiting(account, app).await?.map(|install| self.opened(&install)).transpose()?;
        Ok(waits.filter(|waits| waits.code.as_deref() == Some(code)).map(|_| Settled::Waits))
    }

    async fn traded(
        &self,
        arrival: &Arrival,
        fields: &BTreeMap<String, String>,
    ) -> Result<Result<Grant, NoGrant>, Broken> {
        let Arrival { app, client, grant, code, scope, .. } = arrival;
        let secret = self.parts.apps.get(app).and_then(|secrets| secrets.first());
        let secret = secret.ok_or_else(|| Broken::new("the app", "it has no client secret"))?;
        let request = Request {
            grant,
            endpoint: &at_server(grant.token, client.base_url.as_deref()),
            client_id: &client.client_id,
            client_secret: secret,
            code,
            scope,
            redirect_uri: &self.redirect_uri(app),
            fields,
        };
        Ok(self.exchange.trade(&request).await)
    }
}

/// Whether somebody exchanges the code. A lease that ends much later than a new one was made by a clock that was set back since.
fn is_leased(row: &CodeRow, now_ms: i64) -> bool {
    (now_ms.saturating_add(1)..=now_ms.saturating_add(2 * LEASE_MS)).contains(&row.leased_until_ms)
}

fn read(text: &str) -> Result<Settled, Problem> {
    serde_json::from_str(text).map_err(|error| Broken::new("an outcome", error).into())
}

fn too_often() -> Problem {
    let text = "Too many installations end at once. Nothing was connected. Begin again in a minute.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often", text)
}

fn in_progress() -> Problem {
    let text = "Another request is still connecting this account. Load this page again in a minute.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "in_progress", text)
}
