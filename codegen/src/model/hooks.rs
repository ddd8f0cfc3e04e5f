//! Signatures, webhooks and triggers of the resolved connector.

use std::time::Duration;

use super::Ty;

/// How webhooks are signed.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: String,
    /// Identifier of its static.
    pub(crate) rust: String,
    pub(crate) header: String,
    pub(crate) timestamp_header: Option<String>,
    pub(crate) id_header: Option<String>,
    pub(crate) milliseconds: bool,
    pub(crate) signed: Vec<SignedPart>,
    pub(crate) base64: bool,
    /// The prefix of a secret in base64; none where its UTF-8 bytes are the key.
    pub(crate) base64_key: Option<String>,
    pub(crate) form: SignatureForm,
    pub(crate) repeats: Repeats,
    pub(crate) past: Duration,
    pub(crate) ahead: Duration,
}

/// What recognises a repeated delivery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    Signed,
    BodyId(String),
    SameBody,
    SameKey,
}

/// A piece of what is signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SignedPart {
    Body,
    Timestamp,
    Id,
    Url,
    Literal(String),
}

/// How the signature header is built.
#[derive(Debug)]
pub(crate) enum SignatureForm {
    Single,
    List { prefix: String },
    KeyValue { timestamp: String, signature: String },
}

/// How webhooks are managed, and what an event looks like.
#[derive(Debug)]
pub(crate) struct Webhooks {
    /// Identifiers of the statics of the profiles.
    pub(crate) signatures: Vec<String>,
    /// Identifiers of the actions that list, create, update and delete.
    pub(crate) actions: [String; 4],
    /// Paths of name, account, type, id and time.
    pub(crate) event: [String; 5],
    pub(crate) account_form: String,
    /// Each line's parts: whether it is a header, and which.
    pub(crate) dedupe: Vec<Vec<(bool, String)>>,
    pub(crate) subscription: Option<Subscription>,
    /// Name of the event and whether its webhook stands apart: `uninstalled` and `failing`.
    pub(crate) service: [Option<(String, bool)>; 2],
}

/// What a webhook is.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) destination: String,
    pub(crate) active: Option<String>,
    pub(crate) per_event: Option<usize>,
    pub(crate) port: Option<u16>,
    pub(crate) starts: Duration,
    pub(crate) retries: Duration,
}

/// How events are found that no webhook told of.
#[derive(Debug)]
pub(crate) struct Backfill {
    /// Identifier of the action's input.
    pub(crate) rust: String,
    pub(crate) since: String,
    pub(crate) with: Vec<(String, String)>,
    pub(crate) id: String,
    pub(crate) date: String,
    pub(crate) created: Option<String>,
}

/// What can start a workflow.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) id: String,
    /// Identifier of its module.
    pub(crate) module: String,
    pub(crate) origin: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) docs: Option<String>,
    pub(crate) event: String,
    pub(crate) resource: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) read: Option<Read>,
    pub(crate) backfill: Option<Backfill>,
    /// Whether the event happens once to a resource.
    pub(crate) once: bool,
    /// Path of the sample beside the manifest.
    pub(crate) sample_path: Option<String>,
    /// The text of the sample's file.
    pub(crate) sample: Option<String>,
}

/// The action that reads the whole resource after an event.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) action: String,
    /// Identifier of the action's input.
    pub(crate) rust: String,
    /// The parameter that takes the resource's id.
    pub(crate) parameter: String,
    /// Identifier of that parameter.
    pub(crate) argument: String,
    pub(crate) ty: Ty,
    pub(crate) grace: Duration,
}
