//! The manifest as it stands in its files: plain data with places, knowing nothing of Rust. Reading never fails:
//! the grammar has reported what is missing, and what cannot be read is left out.

use crate::source::Spanned;
use crate::tree::{Entry, Kind, Node};

type Text<'t> = Spanned<&'t str>;

/// All files of a connector together.
#[derive(Debug, Default)]
pub(crate) struct Manifest<'t> {
    pub(crate) format: Option<Text<'t>>,
    pub(crate) connector: Connector<'t>,
    pub(crate) fields: Vec<ConnectionField<'t>>,
    pub(crate) credentials: Vec<Credential<'t>>,
    pub(crate) apis: Vec<Api<'t>>,
    pub(crate) scopes: Vec<Scope<'t>>,
    pub(crate) rate_limit: RateLimit<'t>,
    pub(crate) types: Vec<Type<'t>>,
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
    pub(crate) header: &'t str,
}

#[derive(Debug)]
pub(crate) struct Api<'t> {
    pub(crate) id: Text<'t>,
    pub(crate) server: Option<Text<'t>>,
    pub(crate) base: Option<Text<'t>>,
    pub(crate) envelope: Option<(&'t str, &'t str)>,
    pub(crate) errors: (&'t str, &'t str),
    pub(crate) dates: &'t str,
    pub(crate) request_id: Option<&'t str>,
}

#[derive(Debug)]
pub(crate) struct Scope<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) modify: &'t str,
    pub(crate) read: Option<&'t str>,
}

#[derive(Debug, Default)]
pub(crate) struct RateLimit<'t> {
    pub(crate) status: Option<Text<'t>>,
    pub(crate) waits: Vec<(&'t str, &'t str)>,
    pub(crate) overload_wait: Option<Text<'t>>,
    pub(crate) max_wait: Option<Text<'t>>,
}

#[derive(Debug)]
pub(crate) struct Type<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) description: &'t str,
    pub(crate) docs: Option<&'t str>,
    /// `None` where it cannot be read, which the grammar has reported; the name is known all the same.
    pub(crate) kind: Option<TypeKind<'t>>,
}

#[derive(Debug)]
pub(crate) enum TypeKind<'t> {
    Record(Vec<Field<'t>>),
    Enumeration(Vec<Text<'t>>),
}

/// A field of a record or a parameter of an action.
#[derive(Debug)]
pub(crate) struct Field<'t> {
    pub(crate) name: Text<'t>,
    pub(crate) wire: Option<Text<'t>>,
    pub(crate) value: Option<Value<'t>>,
    pub(crate) description: &'t str,
    pub(crate) deprecated: bool,
    pub(crate) required: bool,
    pub(crate) min: Option<Text<'t>>,
    pub(crate) max: Option<Text<'t>>,
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Value<'t> {
    Named(Text<'t>),
    List(Box<Value<'t>>),
    Map(Box<Value<'t>>),
}

#[derive(Debug)]
pub(crate) struct Action<'t> {
    pub(crate) id: Text<'t>,
    pub(crate) title: &'t str,
    pub(crate) description: &'t str,
    pub(crate) docs: &'t str,
    pub(crate) api: Option<Text<'t>>,
    /// The key of the method and the path template.
    pub(crate) endpoint: Option<(&'t str, Text<'t>)>,
    pub(crate) effect: Option<&'t str>,
    pub(crate) path: Vec<Field<'t>>,
    pub(crate) query: Vec<Field<'t>>,
    pub(crate) returns: Option<Text<'t>>,
    pub(crate) scope: Option<Text<'t>>,
}

/// Adds what `connector.yaml` says.
pub(crate) fn read_root<'t>(root: &'t Node<'_>, manifest: &mut Manifest<'t>) {
    manifest.format = root.get_text("format");
    if let Some(node) = root.get("connector") {
        let (title, version, docs) = (text(node, "title"), text(node, "version"), text(node, "docs"));
        manifest.connector = Connector { id: node.get_text("id"), title, version, docs };
    }
    if let Some(node) = root.get("connection") {
        manifest.fields = named(node.get("fields"), connection_field);
        manifest.credentials = named(node.get("credentials"), credential);
    }
    manifest.apis = named(root.get("apis"), api);
    manifest.scopes = named(root.get("scopes"), scope);
    if let Some(node) = root.get("rate_limit") {
        manifest.rate_limit = rate_limit(node);
    }
    read_resource(root, manifest);
}

/// Adds the types and actions of a resource file.
pub(crate) fn read_resource<'t>(root: &'t Node<'_>, manifest: &mut Manifest<'t>) {
    let types = root.get("types").map(Node::entries).unwrap_or_default();
    manifest.types.extend(types.iter().map(|entry| ty(key(entry), &entry.value)));
    manifest.actions.extend(named(root.get("actions"), action));
}

fn connection_field<'t>(name: Text<'t>, node: &'t Node<'_>) -> ConnectionField<'t> {
    ConnectionField {
        name,
        title: text(node, "title"),
        description: text(node, "description"),
        pattern: node.get_text("pattern"),
        accept: node.get("accept").map(texts).unwrap_or_default(),
        example: node.get_text("example"),
    }
}

fn credential<'t>(name: Text<'t>, node: &'t Node<'_>) -> Credential<'t> {
    let (title, description, header) = (text(node, "title"), text(node, "description"), text(node, "header"));
    Credential { name, title, description, header }
}

fn api<'t>(id: Text<'t>, node: &'t Node<'_>) -> Api<'t> {
    let pair = |node: &'t Node<'_>, first, second| (text(node, first), text(node, second));
    Api {
        id,
        server: node.get_text("server"),
        base: node.get_text("base"),
        envelope: node.get("envelope").map(|node| pair(node, "data", "meta")),
        errors: node.get("errors").map(|node| pair(node, "message", "fields")).unwrap_or_default(),
        dates: text(node, "dates"),
        request_id: node.get_text("request_id").map(|text| text.value),
    }
}

fn scope<'t>(name: Text<'t>, node: &'t Node<'_>) -> Scope<'t> {
    let read = node.get_text("read").map(|text| text.value);
    Scope { name, title: text(node, "title"), modify: text(node, "modify"), read }
}

fn rate_limit<'t>(node: &'t Node<'_>) -> RateLimit<'t> {
    let waits = node.get("waits").map(Node::items).unwrap_or_default();
    RateLimit {
        status: node.get_text("status"),
        waits: waits.iter().map(|wait| (text(wait, "header"), text(wait, "unit"))).collect(),
        overload_wait: node.get_text("overload_wait"),
        max_wait: node.get_text("max_wait"),
    }
}

fn ty<'t>(name: Text<'t>, node: &'t Node<'_>) -> Type<'t> {
    let kind = match (node.get("record"), node.get("enum")) {
        (Some(record), None) => Some(TypeKind::Record(named(Some(record), field))),
        (None, Some(Node { kind: Kind::Sequence(values), .. }))
            if values.iter().all(|value| value.text().is_some()) =>
        {
            Some(TypeKind::Enumeration(values.iter().filter_map(Node::text).collect()))
        }
        _ => None,
    };
    let docs = node.get_text("docs").map(|text| text.value);
    Type { name, description: text(node, "description"), docs, kind }
}

fn field<'t>(name: Text<'t>, node: &'t Node<'_>) -> Field<'t> {
    let flag = |key| node.get_text(key).is_some_and(|text| text.value == "true");
    Field {
        name,
        wire: node.get_text("wire"),
        value: value(node),
        description: text(node, "description"),
        deprecated: flag("deprecated"),
        required: flag("required"),
        min: node.get_text("min"),
        max: node.get_text("max"),
    }
}

fn value<'t>(node: &'t Node<'_>) -> Option<Value<'t>> {
    if let Some(name) = node.text().or_else(|| node.get_text("type")) {
        return Some(Value::Named(name));
    }
    let inner = |key| node.get(key).and_then(value).map(Box::new);
    inner("list").map(Value::List).or_else(|| inner("map").map(Value::Map))
}

fn action<'t>(id: Text<'t>, node: &'t Node<'_>) -> Action<'t> {
    let methods = ["get", "post", "put", "patch", "delete"];
    let endpoint = methods.iter().find_map(|method| Some((*method, node.get_text(method)?)));
    Action {
        id,
        title: text(node, "title"),
        description: text(node, "description"),
        docs: text(node, "docs"),
        api: node.get_text("api"),
        endpoint,
        effect: node.get_text("effect").map(|text| text.value),
        path: named(node.get("path"), field),
        query: named(node.get("query"), field),
        returns: node.get_text("returns"),
        scope: node.get_text("scope"),
    }
}

/// The entries of a mapping, each read with its name.
fn named<'t, T>(node: Option<&'t Node<'_>>, read: impl Fn(Text<'t>, &'t Node<'t>) -> T) -> Vec<T> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| read(key(entry), &entry.value)).collect()
}

fn key<'t>(entry: &'t Entry<'_>) -> Text<'t> {
    Spanned { value: entry.key.value.as_ref(), span: entry.key.span }
}

fn text<'t>(node: &'t Node<'_>, key: &str) -> &'t str {
    node.get_text(key).map_or("", |text| text.value)
}

fn texts<'t>(node: &'t Node<'_>) -> Vec<Text<'t>> {
    node.items().iter().filter_map(Node::text).collect()
}
