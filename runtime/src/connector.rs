//! What a generated crate says of its connector: plain `static` data, read by the client loop and by hosts.

use std::time::Duration;

use crate::ActionEntry;
use crate::date::DateFormat;
use crate::rules::Parameter;

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
    /// How the API limits its callers.
    pub rate_limit: RateLimit,
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
    /// Response header that names a request to the vendor's support.
    pub request_id: Option<&'static str>,
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
        /// Field of what is said about the data, such as paging.
        meta: &'static str,
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
}

/// How an API limits its callers. The answer to a call too many is a status; how long to wait stands in headers.
#[derive(Debug)]
pub struct RateLimit {
    /// Status of the answer to a call too many.
    pub status: u16,
    /// Headers that say how long to wait; the longest counts.
    pub waits: &'static [WaitHeader],
    /// The wait where no header says one: the API is under load.
    pub overload_wait: Duration,
    /// No header is believed beyond this.
    pub max_wait: Duration,
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
}

/// An operation of the API, as an action calls it.
#[derive(Debug)]
pub struct Operation {
    /// Id of the action, such as `get-order`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The API version it belongs to.
    pub api: &'static Api,
    /// HTTP method.
    pub method: Method,
    /// Path below the API's base; `{name}` stands for a path parameter.
    pub path: &'static str,
    /// What the call does to the vendor's data.
    pub effect: Effect,
    /// Where its inputs go and what they must meet.
    pub parameters: &'static [Parameter],
    /// Ids of the OAuth scopes of which one suffices.
    pub scopes: &'static [&'static str],
}

/// An HTTP method (RFC 9110, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Replaces or updates.
    Put,
    /// Updates in part.
    Patch,
    /// Deletes.
    Delete,
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// What a call does to the vendor's data; it decides what may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Makes something new: doing it twice makes two.
    Create,
    /// Sets what is there: doing it twice is doing it once.
    Update,
    /// Removes what is there: doing it twice is doing it once.
    Delete,
}

impl Effect {
    /// Whether a call may be repeated when nobody knows if the first one was carried out.
    #[must_use]
    pub fn is_repeatable(self) -> bool {
        self != Self::Create
    }
}
