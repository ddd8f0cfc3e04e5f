//! An authorization callback on its arrival: who brings it, to which beginning it belongs, and what a repetition of it shows.

use std::sync::Arc;

use connector_runtime::OAuth2;
use http::StatusCode;

use super::accounts::Broken;
use super::once::{Grounds, Settled};
use super::session::{Flow, SignedIn, digest};
use super::{OPERATOR, Portal};
use crate::account_form;
use crate::serve::config::AppClient;
use crate::storage::ConnectionRow;

/// How often a callback is looked at anew because another changed its session meanwhile.
const TRIES: u32 = 4;

/// What became of an installation.
pub(super) enum Outcome {
    /// It is a connection.
    Connected(Box<ConnectionRow>),
    /// Somebody must adopt it.
    Waits,
}

/// Why an installation came to nothing.
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// A stable word for logs.
    pub(super) word: &'static str,
    /// What the person is told.
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, word: &'static str, text: impl Into<String>) -> Self {
        Self { status, word, text: text.into() }
    }

    fn bad(word: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, word, text)
    }

    /// Another visitor has brought the code. The text holds nothing of the outcome.
    pub(super) fn elsewhere() -> Self {
        let text = "This link was used in another session, and works in that session only. Begin again to connect an account.";
        Self::new(StatusCode::CONFLICT, "used_elsewhere", text)
    }

    /// The outcome of the code does not exist any more.
    fn gone() -> Self {
        let text = "This link has connected an account before, and the account is not connected any more. Begin again.";
        Self::new(StatusCode::GONE, "gone", text)
    }

    fn other_account(flow: &Flow) -> Self {
        let text = format!(
            "You wanted to connect {}, and the vendor answered for another account. Nothing was connected. Begin again and \
             choose the same account there.",
            flow.account
        );
        Self::new(StatusCode::CONFLICT, "other_account", text)
    }

    fn other_state() -> Self {
        let text = "The answer does not belong to what you began here. Nothing was connected. Begin again.";
        Self::new(StatusCode::FORBIDDEN, "other_state", text)
    }

    fn unknown_state() -> Self {
        let text = "What you began here is over: it took too long, or another browser began it. Nothing was connected. \
                    Begin again.";
        Self::new(StatusCode::FORBIDDEN, "unknown_state", text)
    }
}

impl From<Broken> for Problem {
    fn from(error: Broken) -> Self {
        tracing::error!(%error, "an installation could not be stored");
        let text = "Something here failed. Nothing was connected. Try again in a minute.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "broken", text)
    }
}

/// A callback with all that an installation needs.
pub(super) struct Arrival {
    pub(super) app: String,
    pub(super) client: AppClient,
    pub(super) grant: OAuth2,
    pub(super) code: connector_runtime::SecretString,
    pub(super) scope: String,
    pub(super) account: String,
    /// The [`digest`] of the returned state; `None` if no state came.
    state: Option<String>,
    who: Option<SignedIn>,
}

/// The beginning that a callback belongs to.
enum Beginning {
    /// A connection that the session has begun.
    Here(Flow),
    /// The same, and another code has finished it: the digest of the other code.
    Finished(String),
    /// The vendor began it.
    Elsewhere,
}

impl Arrival {
    /// The digest by which the code is stored. It contains the app: two vendors may give out the same code.
    pub(super) fn digest(&self) -> String {
        use connector_runtime::ExposeSecret as _;
        digest(&format!("code {} {}", self.app, self.code.expose_secret()))
    }

    /// The digest of a visitor with the session, the account and the state that came with the code.
    fn claimant(&self, session: Option<&str>) -> String {
        let state = self.state.as_deref().unwrap_or_default();
        digest(&format!("claim {} {} {state} {}", self.app, self.account, session.unwrap_or_default()))
    }

    /// The digest of the visitor if the session has begun the installation.
    pub(super) fn own(&self) -> Option<String> {
        self.who.as_ref().map(|who| self.claimant(Some(&who.session)))
    }

    /// The digest of every visitor of an installation that the vendor began. Its visitors have no session.
    pub(super) fn open(&self) -> String {
        self.claimant(None)
    }

    /// The flows of the session through the app.
    fn flows(&self) -> impl DoubleEndedIterator<Item = &Flow> {
        self.who.iter().flat_map(|who| &who.flows).filter(|flow| flow.app == self.app)
    }

    /// Finds the beginning among the flows of the session.
    fn beginning(&self, code: &str) -> Result<Beginning, Problem> {
        let is_it = |flow: &&Flow| flow.account == self.account && flow.state == self.state;
        let is_free = |flow: &&Flow| flow.code.as_deref().is_none_or(|known| known == code);
        if let Some(flow) = self.flows().rev().filter(is_it).find(is_free) {
            return Ok(Beginning::Here(flow.clone()));
        }
        if let Some(other) = self.flows().rev().find(is_it).and_then(|flow| flow.code.clone()) {
            return Ok(Beginning::Finished(other));
        }
        let open: Vec<&Flow> = self.flows().filter(|flow| flow.code.is_none()).collect();
        match open.last() {
            Some(last) if open.iter().all(|flow| flow.account != self.account) => {
                Err(Problem::other_account(last))
            }
            Some(_) if open.iter().any(|flow| flow.state.is_some()) => Err(Problem::other_state()),
            _ if self.state.is_some() => Err(Problem::unknown_state()),
            _ => Ok(Beginning::Elsewhere),
        }
    }
}

/// What a callback came to, and whether the session that brought it has begun it.
pub(super) type Ended = (bool, Result<Outcome, Problem>);

impl Portal {
    /// Takes a callback to its outcome. A repetition waits for the outcome of the first and gets the same.
    pub(super) async fn arrived(
        self: Arc<Self>,
        app: String,
        client: AppClient,
        grant: OAuth2,
        pairs: Vec<(String, String)>,
        who: Option<SignedIn>,
    ) -> Ended {
        let is_open = |flow: &Flow| flow.app == app && flow.code.is_none();
        let has_begun = who.iter().flat_map(|who| &who.flows).any(is_open);
        if pairs.iter().any(|(name, _)| name == "error") {
            let text = "The installation was not approved. Nothing was connected.";
            return (has_begun, Err(Problem::bad("denied", text)));
        }
        let Some(mut arrival) = self.arrival(app, client, grant, &pairs, who) else {
            let text = "The vendor sent an incomplete answer. Nothing was connected. Begin again.";
            return (has_begun, Err(Problem::bad("incomplete", text)));
        };
        for _ in 0..TRIES {
            match self.finished(&arrival).await {
                Ok(Some(ended)) => return ended,
                Ok(None) => {}
                Err(problem) => return (has_begun, Err(problem)),
            }
            // Another request of the session has changed it.
            match self.reread(arrival.who.take()).await {
                Ok(who) => arrival.who = who,
                Err(error) => return (has_begun, Err(error.into())),
            }
        }
        (has_begun, Err(Problem::unknown_state()))
    }

    async fn reread(&self, who: Option<SignedIn>) -> Result<Option<SignedIn>, Broken> {
        let Some(who) = who else { return Ok(None) };
        let again = self.sessions.again(&who, self.now_ms()).await;
        again.map_err(|error| Broken::new("a session", error))
    }

    fn arrival(
        &self,
        app: String,
        client: AppClient,
        grant: OAuth2,
        pairs: &[(String, String)],
        who: Option<SignedIn>,
    ) -> Option<Arrival> {
        let code = one(pairs, "code").filter(|code| !code.is_empty())?;
        // A state that comes twice is a state, and none that was given out.
        let has_state = pairs.iter().any(|(name, _)| name == "state");
        Some(Arrival {
            app,
            client,
            code: code.into(),
            scope: one(pairs, "scope")?.to_owned(),
            account: self.account_in(&grant, pairs)?,
            grant,
            state: has_state.then(|| digest(one(pairs, "state").unwrap_or_default())),
            who,
        })
    }

    /// The outcome of a callback; `None` if the session has changed since it was read.
    async fn finished(&self, arrival: &Arrival) -> Result<Option<Ended>, Problem> {
        let code = arrival.digest();
        let (own, open) = (arrival.own(), arrival.open());
        let known = self.installs().code(&code).await.map_err(Broken::from)?;
        match &known {
            // The session may have begun another connection since.
            Some(row) if Some(&row.claimant) == own.as_ref() => {
                let settled = self.once(arrival, Grounds { claimant: &row.claimant, flow: None }).await;
                return self.ended(arrival, true, settled).await;
            }
            Some(row) if row.claimant != open => return Err(Problem::elsewhere()),
            _ => {}
        }
        let (flow, is_ours) = match arrival.beginning(&code)? {
            Beginning::Here(flow) => (Some(flow), true),
            Beginning::Elsewhere => (None, false),
            Beginning::Finished(other) => match (self.settled(&other).await?, &arrival.state) {
                // A state stands for one code.
                (Some(settled @ (Settled::Connected { .. } | Settled::Waits)), Some(_)) => {
                    return self.ended(arrival, true, Ok(Some(settled))).await;
                }
                (_, Some(_)) => return Err(Problem::unknown_state()),
                // The person has approved again, which may have ended the token of the first code.
                (_, None) => (None, true),
            },
        };
        let claimant = match (&known, own) {
            (None, Some(own)) if is_ours => own,
            _ => open,
        };
        let grounds = Grounds { claimant: &claimant, flow: flow.as_ref().zip(arrival.who.as_ref()) };
        let settled = self.once(arrival, grounds).await;
        self.ended(arrival, is_ours, settled).await
    }

    /// What a stored outcome is now.
    async fn ended(
        &self,
        arrival: &Arrival,
        is_ours: bool,
        settled: Result<Option<Settled>, Problem>,
    ) -> Result<Option<Ended>, Problem> {
        let outcome = match settled {
            Ok(None) => return Ok(None),
            Ok(Some(settled)) => self.outcome(arrival, is_ours, settled).await,
            Err(problem) => Err(problem),
        };
        Ok(Some((is_ours, outcome)))
    }

    async fn outcome(&self, arrival: &Arrival, is_ours: bool, settled: Settled) -> Result<Outcome, Problem> {
        let (account, app) = (&arrival.account, &arrival.app);
        let row = match settled {
            Settled::Connected { connection } => self.row(&connection).await?,
            Settled::Waits => self.row_of(account, Some(app)).await?,
            Settled::Refused(why) => {
                return Err(Problem::new(StatusCode::BAD_GATEWAY, why.word(), why.to_string()));
            }
        };
        if let Some(row) = row {
            return Ok(Outcome::Connected(Box::new(row)));
        }
        match self.waiting(account, app).await? {
            // A request without the cookie of the session, as a prefetch may be, has brought the code before.
            Some(install) if is_ours => {
                let row = self.connect(self.opened(&install)?, OPERATOR).await?;
                Ok(Outcome::Connected(Box::new(row)))
            }
            Some(_) => Ok(Outcome::Waits),
            None => Err(Problem::gone()),
        }
    }

    /// The account that a callback names, in the parameter that the grant gives to the token endpoint as well.
    fn account_in(&self, grant: &OAuth2, pairs: &[(String, String)]) -> Option<String> {
        grant.extra.iter().filter(|(_, template)| template.contains('{')).find_map(|(name, template)| {
            account_form::account(self.parts.connector, template, one(pairs, name)?)
        })
    }
}

/// The one parameter of a name. One that comes twice is none: two readers might read two things.
pub(super) fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    found.next().filter(|_| found.next().is_none())
}
