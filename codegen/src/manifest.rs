//! The manifest as it stands in its files: plain data with places, knowing nothing of Rust.

mod read;
mod types;

use crate::source::{Span, Spanned};
use crate::tree::Node;

pub(crate) use read::{read_resource, read_root};
pub(crate) use types::{Field, Listed, Shape, Type, TypeKind, Value};

pub(crate) type Text<'t> = Spanned<&'t str>;

/// All files of a connector together.
#[derive(Debug, Default)]
pub(crate) struct Manifest<'t> {
    pub(crate) format: Option<Text<'t>>,
    pub(crate) connector: Connector<'t>,
    pub(crate) fields: Vec<ConnectionField<'t>>,
    pub(crate) credentials: Vec<Credential<'t>>,
    pub(crate) oauth2: Option<OAuth2<'t>>,
    pub(crate) callbacks: Option<Callbacks<'t>>,
    pub(crate) test: Option<Text<'t>>,
    pub(crate) label: Option<Label<'t>>,
    pub(crate) apis: Vec<Api<'t>>,
    pub(crate) scopes: Vec<Scope<'t>>,
    pub(crate) rate_limit: RateLimit<'t>,
    pub(crate) paging: Vec<Paging<'t>>,
    pub(crate) signatures: Vec<Signature<'t>>,
    pub(crate) webhooks: Option<Webhooks<'t>>,
    pub(crate) triggers: Vec<Trigger<'t>>,
    pub(crate) types: Vec<Type<'t>>,
    pub(crate) parameter_sets: Vec<(Text<'t>, Vec<Field<'t>>)>,
    pub(crate) actions: Vec<Action<'t>>,
}

#[derive(Debug, Default)]
pub(crate) struct Connector<'t> {
    pub(crate) id: Option<Text<'t>>,
    pub(crate) title: &'t str,
    pub(crate) version: &'t str,
    pub(crate) docs: &'t str,
}

#[derive(Debug)]
pub(crate) struct ConnectionField<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) description: &'t str,
    pub(crate) pattern: Option<Text<'t>>,
    pub(crate) accept: Vec<Text<'t>>,
    pub(crate) example: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct Credential<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) description: &'t str,
    /// The key of the placement and its value.
    pub(crate) placement: Option<(&'t str, Text<'t>)>,
}

#[derive(Debug)]
pub(crate) struct Label<'t> {
    pub(crate) action: Option<Text<'t>>,
    pub(crate) field: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct External<'t> {
    pub(crate) parameter: &'t str,
    pub(crate) succeeded: Option<Text<'t>>,
    pub(crate) failed: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct OAuth2<'t> {
    pub(crate) install: Option<Text<'t>>,
    pub(crate) authorize: &'t str,
    pub(crate) token: &'t str,
    pub(crate) credential: Option<Text<'t>>,
    pub(crate) extra: Vec<(Text<'t>, Text<'t>)>,
    pub(crate) external: Option<External<'t>>,
}

#[derive(Debug)]
pub(crate) struct Callbacks<'t> {
    pub(crate) parameter: &'t str,
    pub(crate) issuer: &'t str,
    pub(crate) subject: Option<Text<'t>>,
    pub(crate) frames: Vec<Text<'t>>,
    /// Name, and whether a browser or the vendor's server calls.
    pub(crate) routes: Vec<(Text<'t>, &'t str)>,
}

#[derive(Debug)]
pub(crate) struct Api<'t> {
    pub(crate) id: Text<'t>,
    pub(crate) server: Option<Text<'t>>,
    pub(crate) base: Option<Text<'t>>,
    /// The fields of data and meta.
    pub(crate) envelope: Option<(&'t str, Option<&'t str>)>,
    /// The record of meta.
    pub(crate) meta: Option<Text<'t>>,
    pub(crate) errors_in_list: bool,
    /// The fields of message and field map.
    pub(crate) errors: (&'t str, &'t str),
    pub(crate) dates: &'t str,
    pub(crate) decimals: Option<&'t str>,
    pub(crate) request_id: Option<&'t str>,
}

#[derive(Debug)]
pub(crate) struct Scope<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) modify: &'t str,
    pub(crate) read: Option<&'t str>,
    pub(crate) requested: Option<&'t str>,
}

/// A header and what it counts.
pub(crate) type Wait<'t> = (&'t str, &'t str);

#[derive(Debug, Default)]
pub(crate) struct RateLimit<'t> {
    pub(crate) status: Option<Text<'t>>,
    pub(crate) also: Vec<Text<'t>>,
    pub(crate) waits: Vec<Wait<'t>>,
    pub(crate) quota: Option<Quota<'t>>,
    pub(crate) per: Option<Text<'t>>,
    pub(crate) overload_wait: Option<Text<'t>>,
    pub(crate) max_wait: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct Quota<'t> {
    pub(crate) quota: &'t str,
    pub(crate) left: &'t str,
    pub(crate) window: Wait<'t>,
    pub(crate) reset: Wait<'t>,
}

#[derive(Debug)]
pub(crate) struct Paging<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) limit: Option<Text<'t>>,
    pub(crate) default_limit: Option<Text<'t>>,
    pub(crate) max_limit: Option<Text<'t>>,
    pub(crate) style: Option<PagingStyle<'t>>,
    pub(crate) more: Option<Text<'t>>,
    pub(crate) items: Option<Text<'t>>,
    pub(crate) ends: Option<Text<'t>>,
    pub(crate) past_end: Vec<PastEnd<'t>>,
}

/// The answer to a request behind the last page.
#[derive(Debug)]
pub(crate) struct PastEnd<'t> {
    pub(crate) status: Option<Text<'t>>,
    pub(crate) path: Option<Text<'t>>,
    pub(crate) is: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) enum PagingStyle<'t> {
    Page { parameter: Option<Text<'t>>, first: Option<Text<'t>>, total: Option<Text<'t>> },
    Offset { parameter: Text<'t> },
    Cursor { parameter: Option<Text<'t>>, next: Option<Text<'t>> },
    Link { next: Text<'t> },
}

#[derive(Debug)]
pub(crate) struct Signature<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) signed: Option<Text<'t>>,
    pub(crate) header: &'t str,
    pub(crate) encoding: &'t str,
    pub(crate) form: Option<Text<'t>>,
    pub(crate) prefix: Option<Text<'t>>,
    pub(crate) part: Option<Text<'t>>,
    pub(crate) timestamp: Option<Timestamp<'t>>,
    /// The header of the id.
    pub(crate) id: Option<Text<'t>>,
    /// The path of the id in the body.
    pub(crate) body_id: Option<Text<'t>>,
    /// `body` or `dedupe`.
    pub(crate) repeats: Option<Text<'t>>,
    /// The prefix of a secret in base64.
    pub(crate) base64_key: Option<&'t str>,
    pub(crate) past: Option<Text<'t>>,
    pub(crate) ahead: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct Timestamp<'t> {
    pub(crate) header: Option<Text<'t>>,
    pub(crate) part: Option<Text<'t>>,
    pub(crate) unit: &'t str,
}

#[derive(Debug)]
pub(crate) struct Webhooks<'t> {
    pub(crate) signatures: Vec<Text<'t>>,
    /// The actions that list, create, update and delete.
    pub(crate) actions: [Option<Text<'t>>; 4],
    pub(crate) event: Event<'t>,
    /// Each line's parts: `header` or `body`, and which.
    pub(crate) dedupe: Vec<(Span, Vec<(&'t str, Text<'t>)>)>,
    pub(crate) subscription: Option<Subscription<'t>>,
    /// The events `uninstalled` and `failing`.
    pub(crate) service: [Option<ServiceEvent<'t>>; 2],
}

#[derive(Debug)]
pub(crate) struct Subscription<'t> {
    pub(crate) id: Option<Text<'t>>,
    pub(crate) event: Option<Text<'t>>,
    pub(crate) destination: Option<Text<'t>>,
    pub(crate) active: Option<Text<'t>>,
    pub(crate) per_event: Option<Text<'t>>,
    pub(crate) port: Option<Text<'t>>,
    pub(crate) starts: Option<&'t str>,
    pub(crate) retries: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct ServiceEvent<'t> {
    pub(crate) event: &'t str,
    pub(crate) apart: bool,
}

#[derive(Debug)]
pub(crate) struct Backfill<'t> {
    pub(crate) action: Option<Text<'t>>,
    pub(crate) since: Option<Text<'t>>,
    pub(crate) with: Vec<(Text<'t>, &'t str)>,
    pub(crate) id: Option<Text<'t>>,
    pub(crate) date: Option<Text<'t>>,
    pub(crate) created: Option<Text<'t>>,
}

#[derive(Debug, Default)]
pub(crate) struct Event<'t> {
    pub(crate) name: Option<Text<'t>>,
    pub(crate) account: Option<Text<'t>>,
    pub(crate) account_form: Option<Text<'t>>,
    pub(crate) ty: Option<Text<'t>>,
    pub(crate) id: Option<Text<'t>>,
    pub(crate) time: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct Trigger<'t> {
    pub(crate) id: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) description: &'t str,
    pub(crate) docs: Option<&'t str>,
    pub(crate) event: &'t str,
    pub(crate) resource: &'t str,
    pub(crate) scope: Option<Text<'t>>,
    pub(crate) read: Option<Read<'t>>,
    pub(crate) reason: Option<Text<'t>>,
    pub(crate) backfill: Option<Backfill<'t>>,
    pub(crate) once: bool,
    pub(crate) sample: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) enum Read<'t> {
    None(Text<'t>),
    Action { action: Option<Text<'t>>, grace: Option<Text<'t>> },
}

/// What stands under `path`, `query`, `headers`, `body` or `payload`: parameters and names of sets, in order.
pub(crate) type Parameters<'t> = Vec<Parameter<'t>>;

#[derive(Debug)]
pub(crate) enum Parameter<'t> {
    Set(Text<'t>),
    One(Box<Field<'t>>),
}

#[derive(Debug)]
pub(crate) struct Action<'t> {
    pub(crate) id: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) description: &'t str,
    pub(crate) docs: Option<&'t str>,
    pub(crate) api: Option<Text<'t>>,
    /// The key of the method and the path template.
    pub(crate) endpoint: Option<(Text<'t>, Text<'t>)>,
    pub(crate) effect: Option<&'t str>,
    pub(crate) path: Parameters<'t>,
    pub(crate) query: Parameters<'t>,
    pub(crate) headers: Parameters<'t>,
    /// The key, for messages.
    pub(crate) body: Option<(Text<'t>, Parameters<'t>)>,
    pub(crate) payload: Option<(Text<'t>, Parameters<'t>)>,
    pub(crate) wrap: Option<Text<'t>>,
    pub(crate) required: Vec<Text<'t>>,
    pub(crate) returns: Option<Returns<'t>>,
    pub(crate) success: Vec<Text<'t>>,
    pub(crate) paging: Option<Text<'t>>,
    pub(crate) scope: Option<Text<'t>>,
    pub(crate) repeat: Option<Repeat<'t>>,
    pub(crate) check_first: Option<&'t str>,
    pub(crate) changes: Option<Changes<'t>>,
    pub(crate) concurrency: Option<Text<'t>>,
    pub(crate) deprecated: Option<&'t str>,
    pub(crate) sample: Option<Text<'t>>,
}

/// The resource that an action changes.
#[derive(Debug)]
pub(crate) struct Changes<'t> {
    /// The key, for messages.
    pub(crate) key: Text<'t>,
    pub(crate) resource: Option<Text<'t>>,
    pub(crate) input: Option<Text<'t>>,
    pub(crate) result: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) enum Returns<'t> {
    One(Text<'t>),
    First(Text<'t>),
    List(Value<'t>),
}

#[derive(Debug)]
pub(crate) enum Repeat<'t> {
    Safe,
    Never,
    NeverWith(Vec<Text<'t>>),
}

/// The key of an entry.
pub(crate) fn key<'t>(entry: &'t crate::tree::Entry<'_>) -> Text<'t> {
    Spanned { value: entry.key.value.as_ref(), span: entry.key.span }
}

/// The text under a key, or nothing.
fn text<'t>(node: &'t Node<'_>, key: &str) -> &'t str {
    node.get_text(key).map_or("", |text| text.value)
}
