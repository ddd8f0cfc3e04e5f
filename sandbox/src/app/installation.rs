//! The app in this store: codes, the one token, and the scopes that were consented to. Pure: no clock and no socket.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use super::people::{OWNER, User};
use super::registration::AppOptions;
use super::token_fault::TokenFault;
use super::{ACCOUNT_UUID, scopes};
use crate::fault::FaultQueue;
use crate::gateway::Beginning;
use crate::seed::random::Random;

/// How long a code can be exchanged. BigCommerce names no length; this is the most that RFC 6749 (4.1.2) recommends.
const CODE_LIFE: Duration = Duration::from_secs(600);

/// How many calls of callbacks are remembered.
const REMEMBERED_CALLS: usize = 100;

/// The store that a grant names on demand in the place of this one.
const OTHER_STORE: &str = "stores/someotherstore9";

/// The registered app and its state in the store.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) registration: AppOptions,
    /// `None` where the store does not have the app.
    pub(crate) installation: Option<Installation>,
    codes: BTreeMap<String, Code>,
    /// The faults that token requests are to meet.
    pub(crate) faults: FaultQueue<TokenFault>,
    calls: VecDeque<CallbackCall>,
    seed: u64,
    /// How many codes, tokens and payload ids there have been.
    issued: u64,
}

/// The one token of the app in this store.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) access_token: String,
    /// What the token may do.
    pub(crate) granted: BTreeSet<String>,
    /// What the app asked for when the merchant agreed.
    consented: BTreeSet<String>,
}

/// What a merchant agreed to.
#[derive(Clone, Debug)]
struct Code {
    scope: String,
    context: String,
    redirect_uri: String,
    user: &'static User,
    /// What the app asked for then.
    consented: BTreeSet<String>,
    expires: Duration,
    is_used: bool,
}

/// A call of a callback from server to server.
#[derive(Clone, Debug)]
pub(crate) struct CallbackCall {
    pub(crate) callback: &'static str,
    pub(crate) at_ms: u64,
    pub(crate) ending: Result<u16, &'static str>,
}

/// The fields of a token request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) code: String,
    pub(crate) scope: String,
    pub(crate) context: String,
    pub(crate) grant_type: String,
    pub(crate) redirect_uri: String,
}

/// Why a token request is refused, in the words of RFC 6749: BigCommerce documents none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl Refusal {
    fn of_grant(description: &'static str) -> Self {
        Self { error: "invalid_grant", description }
    }
}

fn set(ids: &[String]) -> BTreeSet<String> {
    ids.iter().cloned().chain(scopes::EXTRAS.map(str::to_owned)).collect()
}

impl App {
    /// The app as the sandbox starts with it.
    pub(crate) fn new(beginning: &Beginning, first_token: &str) -> Self {
        let registration = beginning.app.clone();
        let installation = registration.is_installed.then(|| Installation {
            access_token: first_token.to_owned(),
            granted: set(&registration.scopes),
            consented: set(&registration.scopes),
        });
        let mut faults = FaultQueue::default();
        for (fault, times) in &beginning.token_faults {
            faults.push(*fault, *times);
        }
        Self {
            registration,
            installation,
            codes: BTreeMap::new(),
            faults,
            calls: VecDeque::new(),
            seed: beginning.seed,
            issued: 0,
        }
    }

    /// The app as it was in the beginning. What is issued from now on is still new, since clients remember.
    pub(crate) fn reset(&mut self, beginning: &Beginning, first_token: &str) {
        let issued = self.issued;
        *self = Self { issued, ..Self::new(beginning, first_token) };
    }

    /// Numbers that were not there before. The time is in them, too, so that a sandbox that is started again with
    /// the same seed does not repeat what clients have seen.
    fn fresh(&mut self, now: Duration) -> Random {
        self.issued += 1;
        let time = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        Random::new(self.seed ^ self.issued.wrapping_mul(0xd134_2543_de82_ef95) ^ time.rotate_left(20))
    }

    /// A new id in the form of a UUID of version 4.
    pub(crate) fn uuid(&mut self, now: Duration) -> String {
        let mut random = self.fresh(now);
        let (high, low) = (random.next(), random.next());
        let variant = 0x8 | ((low >> 60) & 0x3);
        format!(
            "{:08x}-{:04x}-4{:03x}-{variant:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff,
        )
    }

    /// Whether the app asks for other scopes than the merchant has agreed to.
    pub(crate) fn needs_consent(&self) -> bool {
        let wanted = set(&self.registration.scopes);
        self.installation.as_ref().is_some_and(|installation| installation.consented != wanted)
    }

    /// A code for what `user` has agreed to.
    pub(crate) fn issue(
        &mut self,
        scope: &str,
        context: &str,
        redirect_uri: &str,
        user: &'static User,
        now: Duration,
    ) -> String {
        let mut random = self.fresh(now);
        let code = format!("{:016x}{:016x}", random.next(), random.next());
        // Kept for a while longer, so that a late client is told what is wrong.
        self.codes.retain(|_, code| now < code.expires.saturating_add(CODE_LIFE));
        let made = Code {
            scope: scope.to_owned(),
            context: context.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            user,
            consented: set(&self.registration.scopes),
            expires: now.saturating_add(CODE_LIFE),
            is_used: false,
        };
        self.codes.insert(code.clone(), made);
        code
    }

    /// Exchanges a code for a token, which takes the place of the one before; the documented answer.
    pub(crate) fn exchange(
        &mut self,
        sent: &Exchange,
        client_secret: &str,
        fault: Option<TokenFault>,
        now: Duration,
    ) -> Result<Value, Refusal> {
        if sent.client_id != self.registration.client_id || sent.client_secret != client_secret {
            return Err(Refusal {
                error: "invalid_client",
                description: "The client id or secret is wrong.",
            });
        }
        if sent.grant_type != "authorization_code" {
            let description = "The grant_type must be authorization_code.";
            return Err(Refusal { error: "unsupported_grant_type", description });
        }
        let code = self.redeem(sent, now)?;
        let asked: Vec<String> = code.scope.split_whitespace().map(str::to_owned).collect();
        let kept = match fault {
            Some(TokenFault::FewerScopes) => asked.len().saturating_sub(1),
            _ => asked.len(),
        };
        let granted = asked.get(..kept).unwrap_or_default();
        let mut random = self.fresh(now);
        let access_token = format!("granted{:016x}{:016x}", random.next(), random.next());
        let context = match fault {
            Some(TokenFault::OtherStore) => OTHER_STORE,
            _ => &code.context,
        };
        if context == code.context {
            self.installation = Some(Installation {
                access_token: access_token.clone(),
                granted: set(granted),
                consented: code.consented,
            });
        }
        let scope: Vec<&str> = scopes::EXTRAS.into_iter().chain(granted.iter().map(String::as_str)).collect();
        Ok(json!({
            "access_token": access_token,
            "scope": scope.join(" "),
            "user": code.user.document(),
            "owner": OWNER.document(),
            "context": context,
            "account_uuid": ACCOUNT_UUID,
        }))
    }

    /// What the code was made for, which it can be used for once.
    fn redeem(&mut self, sent: &Exchange, now: Duration) -> Result<Code, Refusal> {
        let code = self.codes.get_mut(&sent.code).ok_or(Refusal::of_grant("The code is not known."))?;
        let complaint = match () {
            () if code.is_used => Some("The code was used before."),
            () if now >= code.expires => Some("The code has expired."),
            () if sent.redirect_uri != code.redirect_uri => {
                Some("The redirect_uri is not the registered Auth callback URL.")
            }
            () if sent.scope != code.scope => Some("The scope is not that of the callback."),
            () if sent.context != code.context => Some("The context is not that of the callback."),
            () => None,
        };
        if let Some(complaint) = complaint {
            return Err(Refusal::of_grant(complaint));
        }
        code.is_used = true;
        Ok(code.clone())
    }

    /// Takes the app out of the store: its token is void, and codes lead nowhere. Whether it was there.
    pub(crate) fn remove(&mut self) -> bool {
        self.codes.clear();
        self.installation.take().is_some()
    }

    /// Notes a call of a callback.
    pub(crate) fn note(&mut self, call: CallbackCall) {
        self.calls.push_back(call);
        while self.calls.len() > REMEMBERED_CALLS {
            self.calls.pop_front();
        }
    }

    /// The registration and the state as the control API shows them: neither token nor secret.
    pub(crate) fn document(&self) -> Value {
        let call = |call: &CallbackCall| {
            json!({
                "callback": call.callback, "at_ms": call.at_ms, "status": call.ending.ok(),
                "failure": call.ending.err(),
            })
        };
        let mut document = self.registration.document();
        document.insert("is_installed".to_owned(), self.installation.is_some().into());
        let granted = self.installation.as_ref().map(|installation| json!(installation.granted));
        document.insert("granted".to_owned(), granted.unwrap_or_default());
        document.insert("needs_consent".to_owned(), self.needs_consent().into());
        document.insert("callbacks".to_owned(), self.calls.iter().map(call).collect());
        Value::Object(document)
    }
}
