//! What a generated crate says of its connector: plain `static` data, read by the client loop and by hosts.

use std::time::Duration;

use crate::ActionEntry;
use crate::date::DateFormat;
use crate::hooks::{Trigger, Webhooks};
use crate::operation::Operation;

/// A connector: how to connect, how the API paces its callers, and what can be done.
#[derive(Debug)]
pub struct Connector {
    /// Stable id, the first half of every action's full name.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Version of the connector, not of the API.
    pub version: &'static str,
    /// The vendor's documentation.
    pub docs: &'static str,
    /// What a person enters to connect.
    pub fields: &'static [ConnectionField],
    /// The secrets a connection holds and how requests carry them.
    pub credentials: &'static [Credential],
    /// How a credential is obtained by OAuth 2, if it can be.
    pub oauth2: Option<OAuth2>,
    /// What the vendor calls during the life of an installation.
    pub callbacks: Option<Callbacks>,
    /// The action that shows whether a connection works.
    pub test: Option<&'static Operation>,
    /// Where the name stands that the account has for people.
    pub label: Option<AccountLabel>,
    /// How the API limits its callers.
    pub rate_limit: RateLimit,
    /// How webhooks are managed, if there are any.
    pub webhooks: Option<&'static Webhooks>,
    /// Every trigger, sorted by id.
    pub triggers: &'static [&'static Trigger],
    /// Every action, sorted by id.
    pub actions: &'static [ActionEntry],
    /// Titles, descriptions, schemas and samples of all actions as JSON.
    pub catalog: &'static str,
}

impl Connector {
    /// The action with this id.
    #[must_use]
    pub fn action(&self, id: &str) -> Option<&'static ActionEntry> {
        self.actions.iter().find(|entry| entry.operation.id == id)
    }
}

/// Where the name of an account for people stands.
#[derive(Clone, Copy, Debug)]
pub struct AccountLabel {
    /// The operation that reads it, without input.
    pub operation: &'static Operation,
    /// The field of its data.
    pub field: &'static str,
}

/// How a credential is obtained by the authorization code grant of OAuth 2 (RFC 6749, section 4.1). The token ends when
/// it is revoked, never by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OAuth2 {
    /// The vendor's own link that begins an installation; `{client_id}` stands for the app's.
    pub install: Option<&'static str>,
    /// The authorization endpoint.
    pub authorize: &'static str,
    /// The token endpoint.
    pub token: &'static str,
    /// The credential that the access token becomes.
    pub credential: &'static str,
    /// Further parameters of the grant; `{name}` stands for a connection field.
    pub extra: &'static [(&'static str, &'static str)],
    /// How an installation that began at a link of ours ends.
    pub external: Option<ExternalInstall>,
}

/// How an installation that began at a link of ours ends: the browser is sent to a page of the vendor. `{client_id}` in
/// its address stands for the app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalInstall {
    /// The query parameter that marks its callback.
    pub parameter: &'static str,
    /// The page for one that went well.
    pub succeeded: &'static str,
    /// The page for one that failed.
    pub failed: &'static str,
}

/// What the vendor calls during the life of an installation: addresses with a signed JWT (RFC 7519, HS256 alone)
/// whose audience is the app's client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callbacks {
    /// The query parameter that carries the JWT.
    pub parameter: &'static str,
    /// The `iss` claim.
    pub issuer: &'static str,
    /// The form of the `sub` claim; `{name}` stands for a connection field.
    pub subject: &'static str,
    /// Who may show a page in a frame, as sources of `frame-ancestors` (CSP); nobody where there are none.
    pub frames: &'static [&'static str],
    /// The callbacks by name.
    pub routes: &'static [(&'static str, Caller)],
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person's browser, which shows what is answered.
    Browser,
    /// The vendor's server.
    Server,
}

/// One value that a person enters to connect, such as the name of an account.
#[derive(Debug)]
pub struct ConnectionField {
    /// Name in templates, flags and JSON.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Where a person finds the value.
    pub description: &'static str,
    /// What a bare value looks like: a regular expression over the whole text.
    pub pattern: &'static str,
    /// Other forms a person may paste: regular expressions over the whole text whose first group is the bare value.
    pub accept: &'static [&'static str],
    /// A value for error messages and forms.
    pub example: &'static str,
}

/// A secret of a connection.
#[derive(Debug)]
pub struct Credential {
    /// Name in flags, environment variables and files.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Where a person finds the secret.
    pub description: &'static str,
    /// Where requests carry it.
    pub placement: Placement,
}

/// Where a request carries a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// As the whole value of this header.
    Header(&'static str),
    /// As `Authorization: Bearer …` (RFC 6750, section 2.1).
    Bearer,
    /// As the password of `Authorization: Basic …` (RFC 7617), the user being the connection field of this name.
    Basic {
        /// Name of the connection field.
        user: &'static str,
    },
    /// As the value of this query parameter.
    Query(&'static str),
}

/// One version of a vendor's API.
#[derive(Debug)]
pub struct Api {
    /// Id in the manifest, such as `v3`.
    pub id: &'static str,
    /// Scheme and host, such as `https://api.example.com`.
    pub server: &'static str,
    /// Path in front of every action's path; `{name}` stands for a connection field.
    pub base: &'static str,
    /// Where the data of a successful answer stands.
    pub envelope: Envelope,
    /// What an error answer looks like.
    pub errors: ErrorShape,
    /// How dates are written.
    pub dates: DateFormat,
    /// How a body holds decimals.
    pub decimals: DecimalFormat,
    /// Response header that names a request to the vendor's support.
    pub request_id: Option<&'static str>,
}

/// How the body of a request holds decimals. Both forms keep the digits as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalFormat {
    /// A JSON number: `10.00`.
    Number,
    /// A JSON string: `"10.00"`.
    Text,
}

/// Where the data of a successful answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Envelope {
    /// The answer is the data.
    None,
    /// The answer is an object: the data stands in one field, what is said about it in another.
    Object {
        /// Field of the data.
        data: &'static str,
        /// Field of what is said about the data, such as paging; without one it is all that stands beside the data.
        meta: Option<&'static str>,
    },
}

/// What an error answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// An object with a message for people and a map from field to what is wrong with it.
    Object {
        /// Field of the message.
        message: &'static str,
        /// Field of the map.
        fields: &'static str,
    },
    /// A list of such objects.
    List {
        /// Field of the message.
        message: &'static str,
        /// Field of the map.
        fields: &'static str,
    },
}

/// How an API limits its callers. The answer to a call too many is a status; how long to wait stands in headers.
#[derive(Debug)]
pub struct RateLimit {
    /// Status of the answer to a call too many.
    pub status: u16,
    /// Headers that say how long to wait; the longest counts.
    pub waits: &'static [WaitHeader],
    /// Headers that say how much of the quota is left, on every answer.
    pub quota: Option<QuotaHeaders>,
    /// Other statuses that may stand in for a call too many.
    pub also: &'static [u16],
    /// The connection field whose value shares one quota; without it every connection has its own.
    pub per: Option<&'static str>,
    /// The wait where no header says one: the API is under load.
    pub overload_wait: Duration,
    /// No header is believed beyond this.
    pub max_wait: Duration,
}

/// Headers that say how much of the quota is left, on every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaHeaders {
    /// Calls that a window allows.
    pub quota: &'static str,
    /// Calls that are left in it.
    pub left: &'static str,
    /// Its length.
    pub window: WaitHeader,
    /// Time until it ends.
    pub reset: WaitHeader,
}

/// A header that says how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitHeader {
    /// Name of the header.
    pub name: &'static str,
    /// What its value counts.
    pub unit: WaitUnit,
}

/// What the value of a wait header counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitUnit {
    /// Milliseconds from now.
    Milliseconds,
    /// Seconds from now.
    Seconds,
    /// The moment when waiting ends, in seconds since the Unix epoch.
    EpochSeconds,
    /// The moment when waiting ends, in milliseconds since the Unix epoch.
    EpochMilliseconds,
    /// Seconds from now or an HTTP date, as `Retry-After` allows (RFC 9110, section 10.2.3).
    RetryAfter,
}
