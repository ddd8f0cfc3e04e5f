//! Trades the code of an installation for a token at the vendor's token endpoint (RFC 6749, section 4.1.3), and believes
//! the answer only where it is of the account that was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use connector_runtime::{ExposeSecret as _, OAuth2, SecretString, text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account_form::filled;
use crate::outside;
use crate::scopes;

/// How long the endpoint may take: a person waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest answer that is read; they have a few hundred bytes.
const LONGEST: usize = 64 * 1024;

/// Asks token endpoints.
pub(crate) struct TokenExchange {
    client: reqwest::Client,
    /// For plain HTTP, which stays on this machine.
    direct: reqwest::Client,
}

/// What is traded.
pub(crate) struct Request<'a> {
    /// The grant as the connector describes it.
    pub(crate) grant: &'a OAuth2,
    /// The token endpoint.
    pub(crate) endpoint: &'a str,
    /// The app.
    pub(crate) client_id: &'a str,
    /// Its secret.
    pub(crate) client_secret: &'a SecretString,
    /// The code, as it came.
    pub(crate) code: &'a SecretString,
    /// The scopes, as they came.
    pub(crate) scope: &'a str,
    /// The address of the callback, as the vendor knows it.
    pub(crate) redirect_uri: &'a str,
    /// The account in the fields of a connection.
    pub(crate) fields: &'a BTreeMap<String, String>,
}

/// What was granted.
pub(crate) struct Grant {
    /// The token.
    pub(crate) token: SecretString,
    /// The scopes.
    pub(crate) scopes: BTreeSet<String>,
    /// The id of the person who granted it, where the vendor says so.
    pub(crate) user: Option<String>,
}

/// Why there is no token. It holds nothing of what was sent or answered but a status.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoGrant {
    /// The endpoint cannot be reached.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// It refused the code with this status: expired, used before, or of another app.
    Refused(u16),
    /// It failed with this status.
    Failed(u16),
    /// It answered with something else than a token: a page for people, say.
    NoAnswer,
    /// The answer is longer than any that is sound.
    TooLong,
    /// It answered for another account.
    OtherAccount,
}

impl NoGrant {
    /// Whether the code is lost. Otherwise nobody knows whether the vendor has used it, and it may be tried again.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Failed(_) => false,
            Self::Refused(status) => status != 408 && status != 429,
            Self::NoAnswer | Self::TooLong | Self::OtherAccount => true,
        }
    }

    /// A stable word for logs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::NoAnswer => "no_answer",
            Self::TooLong => "too_long",
            Self::OtherAccount => "other_account",
        }
    }
}

impl fmt::Display for NoGrant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => out.write_str("The sign-in server could not be reached. Try again in a minute."),
            Self::TimedOut => out.write_str("The sign-in server took too long to answer. Try again in a minute."),
            Self::Refused(status) => write!(
                out,
                "The sign-in server refused the code (status {status}): it was used before, is too old, or the app's \
                 client id or secret is wrong. Begin again."
            ),
            Self::Failed(status) => {
                write!(out, "The sign-in server failed (status {status}). Try again in a minute.")
            }
            Self::NoAnswer => out.write_str(
                "The sign-in server answered with something that is no token, such as a page for people. Begin again; \
                 if it happens twice, check the app's settings.",
            ),
            Self::TooLong => out.write_str("The sign-in server's answer was too long to be sound. Begin again."),
            Self::OtherAccount => {
                out.write_str("The sign-in server answered for another account. Nothing was connected. Begin again.")
            }
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    user: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl TokenExchange {
    /// Ready to ask. No redirect is followed and nothing is sent twice.
    ///
    /// # Errors
    /// When the system's TLS roots cannot be read.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        Self::with_patience(PATIENCE)
    }

    fn with_patience(patience: Duration) -> Result<Self, reqwest::Error> {
        let settings = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .timeout(patience)
                .gzip(true)
                .user_agent(concat!("connector/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self { client: settings().build()?, direct: settings().no_proxy().build()? })
    }

    /// Trades a code.
    ///
    /// # Errors
    /// See [`NoGrant`].
    pub(crate) async fn trade(&self, request: &Request<'_>) -> Result<Grant, NoGrant> {
        let client = if request.endpoint.starts_with("http:") { &self.direct } else { &self.client };
        let sent = client
            .post(request.endpoint)
            .header("Accept", "application/json")
            .json(&body(request))
            .send()
            .await;
        let mut answer = sent.map_err(|error| lost(&error))?;
        let status = answer.status();
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| lost(&error))? {
            if text.len() + chunk.len() > LONGEST {
                return Err(NoGrant::TooLong);
            }
            text.extend_from_slice(&chunk);
        }
        match status.as_u16() {
            200 => granted(&text, request),
            status @ 400..=499 => Err(NoGrant::Refused(status)),
            status @ 500..=599 => Err(NoGrant::Failed(status)),
            _ => Err(NoGrant::NoAnswer),
        }
    }
}

/// The body, as the vendor documents it.
fn body(request: &Request<'_>) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: &str| drop(body.insert(name.to_owned(), value.into()));
    for (name, template) in request.grant.extra {
        set(name, &filled(template, request.fields));
    }
    set("client_id", request.client_id);
    set("client_secret", request.client_secret.expose_secret());
    set("code", request.code.expose_secret());
    set("scope", request.scope);
    set("grant_type", "authorization_code");
    set("redirect_uri", request.redirect_uri);
    Value::Object(body)
}

/// What an answer grants to the account that was asked for.
fn granted(text: &[u8], request: &Request<'_>) -> Result<Grant, NoGrant> {
    let text = text::read(text).map_err(|_| NoGrant::NoAnswer)?;
    let answer: Answer = serde_json::from_str(text).map_err(|_| NoGrant::NoAnswer)?;
    let token = outside::secret(&answer.access_token).map_err(|_| NoGrant::NoAnswer)?;
    for (name, template) in request.grant.extra.iter().filter(|(_, template)| template.contains('{')) {
        let wanted = filled(template, request.fields);
        if answer.rest.get(*name).and_then(Value::as_str) != Some(wanted.as_str()) {
            return Err(NoGrant::OtherAccount);
        }
    }
    let user = answer.user.as_ref().and_then(|user| user.get("id"));
    Ok(Grant {
        token: SecretString::from(token),
        scopes: scopes::parse(&answer.scope),
        user: user.and_then(Value::as_i64).map(|id| id.to_string()),
    })
}

fn lost(error: &reqwest::Error) -> NoGrant {
    if error.is_timeout() { NoGrant::TimedOut } else { NoGrant::Unreachable }
}

#[cfg(test)]
mod tests;
