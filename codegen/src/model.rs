//! The resolved connector: every reference followed, every name decided, nothing left open. Emitters read this alone.

use std::time::Duration;

/// Everything that is emitted.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) connector: Connector,
    pub(crate) connection: Connection,
    pub(crate) apis: Vec<Api>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) rate_limit: RateLimit,
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

/// What a connection consists of.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) fields: Vec<ConnectionField>,
    pub(crate) credentials: Vec<Credential>,
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
    pub(crate) header: String,
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
    pub(crate) envelope: Option<(String, String)>,
    /// The fields of message and field map.
    pub(crate) errors: (String, String),
    pub(crate) dates: DateFormat,
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
    /// Header and what it counts.
    pub(crate) waits: Vec<(String, WaitUnit)>,
    pub(crate) overload_wait: Duration,
    pub(crate) max_wait: Duration,
}

/// What the value of a wait header counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitUnit {
    Milliseconds,
    Seconds,
}

/// A named type.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    /// Identifier of its module.
    pub(crate) module: String,
    /// Where it is defined: `types/orders.yaml, types.Order`.
    pub(crate) origin: String,
    pub(crate) description: String,
    pub(crate) docs: Option<String>,
    pub(crate) kind: TypeKind,
}

/// What a named type is.
#[derive(Debug)]
pub(crate) enum TypeKind {
    Record(Vec<Field>),
    Enumeration(Vec<Variant>),
}

/// A field of a record.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) ty: Ty,
    pub(crate) description: String,
    pub(crate) deprecated: bool,
}

/// A known value of an enumeration.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) wire: String,
    pub(crate) rust: String,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    String,
    Integer,
    Number,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Json,
    Record(String),
    Enumeration(String),
    List(Box<Ty>),
    Map(Box<Ty>),
}

impl Ty {
    /// The named type in it, however deep.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Record(name) | Self::Enumeration(name) => Some(name),
            Self::List(inner) | Self::Map(inner) => inner.named(),
            _ => None,
        }
    }
}

/// An action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) id: String,
    /// Identifier of its input type.
    pub(crate) rust: String,
    /// Identifier of its module.
    pub(crate) module: String,
    /// Where it is defined: `connector.yaml, actions.get-order`.
    pub(crate) origin: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) docs: String,
    /// Id and static of the API version.
    pub(crate) api: (String, String),
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) effect: Effect,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Ty,
    /// Ids of the scopes of which one suffices.
    pub(crate) scopes: Vec<String>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What an action does to the vendor's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Create,
    Update,
    Delete,
}

/// An input of an action.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) ty: Ty,
    pub(crate) place: Place,
    pub(crate) required: bool,
    /// Bounds of a number, of a text's length or of a list's length, as digits.
    pub(crate) min: Option<String>,
    pub(crate) max: Option<String>,
    pub(crate) description: String,
}

/// Where a request carries a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
}
