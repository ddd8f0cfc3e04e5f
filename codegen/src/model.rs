//! The resolved connector: every reference followed, every name decided, nothing left open. Emitters read this alone.

mod actions;
mod examples;
mod hooks;

use std::time::Duration;

pub(crate) use actions::{
    Action, Body, ChangedId, Changes, Effect, Field, Level, Method, Place, Repeat, Returns, Rules, Ty, Type,
    TypeKind, Variant, default_effect, default_repeat,
};
pub(crate) use examples::{Example, Literal, MAX_ARGUMENTS};
pub(crate) use hooks::{
    Backfill, Read, Repeats, Signature, SignatureForm, SignedPart, Subscription, Trigger, Webhooks,
};

/// Everything that is emitted.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) connector: Connector,
    pub(crate) connection: Connection,
    pub(crate) apis: Vec<Api>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) rate_limit: RateLimit,
    pub(crate) paging: Vec<Paging>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) webhooks: Option<Webhooks>,
    /// Sorted by id.
    pub(crate) triggers: Vec<Trigger>,
    /// Sorted by Rust name.
    pub(crate) types: Vec<Type>,
    /// Sorted by id.
    pub(crate) actions: Vec<Action>,
}

/// What the connector is.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) docs: String,
}

impl Connector {
    /// The name of the generated crate in Rust.
    pub(crate) fn crate_name(&self) -> String {
        format!("{}_connector", self.id.replace('-', "_"))
    }
}

/// What a connection consists of.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) fields: Vec<ConnectionField>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) oauth2: Option<OAuth2>,
    pub(crate) callbacks: Option<Callbacks>,
    /// Id of the action that shows whether a connection works.
    pub(crate) test: Option<String>,
    /// Id of the action that reads the account's name for people, and the field of its data.
    pub(crate) label: Option<(String, String)>,
}

/// A value that a person enters to connect.
#[derive(Debug)]
pub(crate) struct ConnectionField {
    pub(crate) name: String,
    pub(crate) rust: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) pattern: String,
    pub(crate) accept: Vec<String>,
    pub(crate) example: String,
}

/// A secret of a connection.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) name: String,
    pub(crate) rust: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) placement: Placement,
}

/// Where a request carries a credential.
#[derive(Debug)]
pub(crate) enum Placement {
    Header(String),
    Bearer,
    /// The connection field that is the user.
    Basic(String),
    Query(String),
}

/// How a credential is obtained by OAuth 2.
#[derive(Debug)]
pub(crate) struct OAuth2 {
    pub(crate) install: Option<String>,
    pub(crate) authorize: String,
    pub(crate) token: String,
    pub(crate) credential: String,
    /// Name and template.
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) external: Option<External>,
}

/// How an installation that began at a link of ours ends.
#[derive(Debug)]
pub(crate) struct External {
    pub(crate) parameter: String,
    pub(crate) succeeded: String,
    pub(crate) failed: String,
}

/// What the vendor calls during the life of an installation.
#[derive(Debug)]
pub(crate) struct Callbacks {
    pub(crate) parameter: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// Who may show a page in a frame.
    pub(crate) frames: Vec<String>,
    /// Name, and whether a browser calls.
    pub(crate) routes: Vec<(String, bool)>,
}

/// One version of the API.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) id: String,
    /// Identifier of its static, such as `V3`.
    pub(crate) rust: String,
    pub(crate) server: String,
    pub(crate) base: String,
    /// The fields of data and meta.
    pub(crate) envelope: Option<(String, Option<String>)>,
    /// The record of meta.
    pub(crate) meta: Option<String>,
    /// Whether an error answer is a list.
    pub(crate) errors_in_list: bool,
    /// The fields of message and field map.
    pub(crate) errors: (String, String),
    pub(crate) dates: DateFormat,
    /// Whether a body holds decimals as strings of their digits.
    pub(crate) has_text_decimals: bool,
    pub(crate) request_id: Option<String>,
}

/// An OAuth scope.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) title: String,
    /// Id that allows reading and writing.
    pub(crate) modify: String,
    /// Id that allows reading alone.
    pub(crate) read: Option<String>,
}

/// How an API version writes points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateFormat {
    Rfc3339,
    Rfc2822,
}

/// How the API limits its callers.
#[derive(Debug)]
pub(crate) struct RateLimit {
    pub(crate) status: u16,
    pub(crate) also: Vec<u16>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) quota: Option<Quota>,
    /// The connection field whose value shares one quota.
    pub(crate) per: Option<String>,
    pub(crate) overload_wait: Duration,
    pub(crate) max_wait: Duration,
}

/// A header and what it counts.
pub(crate) type Wait = (String, WaitUnit);

/// Headers that say how much is left.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) quota: String,
    pub(crate) left: String,
    pub(crate) window: Wait,
    pub(crate) reset: Wait,
}

/// What the value of a wait header counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitUnit {
    Milliseconds,
    Seconds,
    EpochSeconds,
    EpochMilliseconds,
    RetryAfter,
}

/// How lists come in pages.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) name: String,
    /// Identifier of its static.
    pub(crate) rust: String,
    pub(crate) limit: String,
    pub(crate) default_limit: u32,
    pub(crate) max_limit: u32,
    pub(crate) style: PagingStyle,
    pub(crate) more: Option<String>,
    pub(crate) items: Option<String>,
    pub(crate) ends_short: bool,
    pub(crate) past_end: Vec<PastEnd>,
}

/// The answer to a request behind the last page: status, and path and value of its code.
pub(crate) type PastEnd = (u16, Option<(String, String)>);

/// How the next page is asked for.
#[derive(Debug)]
pub(crate) enum PagingStyle {
    Page { parameter: String, first: u32, total: Option<String> },
    Offset { parameter: String },
    Cursor { parameter: String, next: String },
    Link { next: String },
}

impl Paging {
    /// The parameters it needs.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        let mut names = vec![self.limit.as_str()];
        match &self.style {
            PagingStyle::Page { parameter, .. }
            | PagingStyle::Offset { parameter }
            | PagingStyle::Cursor { parameter, .. } => names.push(parameter),
            PagingStyle::Link { .. } => {}
        }
        names
    }
}
