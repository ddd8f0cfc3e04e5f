//! From trees to the manifest. Reading never fails: the grammar has reported what is missing, and what cannot be read
//! is left out.

mod actions;
mod hooks;

use super::{
    Api, Callbacks, ConnectionField, Connector, Credential, External, Field, Label, Listed, Manifest, OAuth2,
    Paging, PagingStyle, PastEnd, Quota, RateLimit, Scope, Shape, Text, Type, TypeKind, Value, Wait, key,
    text,
};
use crate::tree::{Kind, Node};

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
        manifest.oauth2 = node.get("oauth2").map(oauth2);
        manifest.callbacks = node.get("callbacks").map(callbacks);
        manifest.test = node.get_text("test");
        manifest.label = node
            .get("label")
            .map(|node| Label { action: node.get_text("action"), field: node.get_text("field") });
    }
    manifest.apis = named(root.get("apis"), api);
    manifest.scopes = named(root.get("scopes"), scope);
    if let Some(node) = root.get("rate_limit") {
        manifest.rate_limit = rate_limit(node);
    }
    manifest.paging = named(root.get("paging"), paging);
    manifest.signatures = named(root.get("signatures"), hooks::signature);
    manifest.webhooks = root.get("webhooks").map(hooks::webhooks);
    manifest.triggers = named(root.get("triggers"), hooks::trigger);
    read_resource(root, manifest);
}

/// Adds the types, parameter sets and actions of a file.
pub(crate) fn read_resource<'t>(root: &'t Node<'_>, manifest: &mut Manifest<'t>) {
    manifest.types.extend(named(root.get("types"), ty));
    let sets = named(root.get("parameters"), |name, node| (name, named(Some(node), field)));
    manifest.parameter_sets.extend(sets);
    manifest.actions.extend(named(root.get("actions"), actions::action));
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
    let placements = ["header", "bearer", "basic", "query"];
    let placement = placements.iter().find_map(|placement| Some((*placement, node.get_text(placement)?)));
    Credential { name, title: text(node, "title"), description: text(node, "description"), placement }
}

fn oauth2<'t>(node: &'t Node<'_>) -> OAuth2<'t> {
    let extra = node.get("extra").map(Node::entries).unwrap_or_default();
    OAuth2 {
        install: node.get_text("install"),
        authorize: text(node, "authorize"),
        token: text(node, "token"),
        credential: node.get_text("credential"),
        extra: extra.iter().filter_map(|entry| Some((key(entry), entry.value.text()?))).collect(),
        external: node.get("external").map(|node| External {
            parameter: text(node, "parameter"),
            succeeded: node.get_text("succeeded"),
            failed: node.get_text("failed"),
        }),
    }
}

fn callbacks<'t>(node: &'t Node<'_>) -> Callbacks<'t> {
    let routes = node.get("routes").map(Node::entries).unwrap_or_default();
    Callbacks {
        parameter: text(node, "parameter"),
        issuer: text(node, "issuer"),
        subject: node.get_text("subject"),
        frames: node.get("frames").map(texts).unwrap_or_default(),
        routes: routes.iter().filter_map(|entry| Some((key(entry), entry.value.text()?.value))).collect(),
    }
}

fn api<'t>(id: Text<'t>, node: &'t Node<'_>) -> Api<'t> {
    let errors = node.get("errors");
    Api {
        id,
        server: node.get_text("server"),
        base: node.get_text("base"),
        envelope: node.get("envelope").map(|node| (text(node, "data"), plain(node, "meta"))),
        meta: node.get("envelope").and_then(|node| node.get_text("type")),
        errors_in_list: errors.is_some_and(|node| flag(node, "list")),
        errors: errors.map(|node| (text(node, "message"), text(node, "fields"))).unwrap_or_default(),
        dates: text(node, "dates"),
        decimals: plain(node, "decimals"),
        request_id: plain(node, "request_id"),
    }
}

fn scope<'t>(name: Text<'t>, node: &'t Node<'_>) -> Scope<'t> {
    let (read, requested) = (plain(node, "read"), plain(node, "requested"));
    Scope { name, title: text(node, "title"), modify: text(node, "modify"), read, requested }
}

fn rate_limit<'t>(node: &'t Node<'_>) -> RateLimit<'t> {
    let quota = |node: &'t Node<'_>| {
        Some(Quota {
            quota: text(node, "quota"),
            left: text(node, "left"),
            window: wait(node.get("window")?),
            reset: wait(node.get("reset")?),
        })
    };
    RateLimit {
        status: node.get_text("status"),
        also: node.get("also").map(texts).unwrap_or_default(),
        waits: node.get("waits").map(Node::items).unwrap_or_default().iter().map(wait).collect(),
        quota: node.get("quota").and_then(quota),
        per: node.get_text("per"),
        overload_wait: node.get_text("overload_wait"),
        max_wait: node.get_text("max_wait"),
    }
}

fn wait<'t>(node: &'t Node<'_>) -> Wait<'t> {
    (text(node, "header"), text(node, "unit"))
}

fn paging<'t>(name: Text<'t>, node: &'t Node<'_>) -> Paging<'t> {
    let page = |node: &'t Node<'_>| PagingStyle::Page {
        parameter: node.get_text("parameter"),
        first: node.get_text("first"),
        total: node.get_text("total"),
    };
    let cursor = |node: &'t Node<'_>| PagingStyle::Cursor {
        parameter: node.get_text("parameter"),
        next: node.get_text("next"),
    };
    let past_end = |node: &'t Node<'_>| PastEnd {
        status: node.get_text("status"),
        path: node.get_text("path"),
        is: node.get_text("is"),
    };
    let offset = || Some(PagingStyle::Offset { parameter: node.get_text("offset")? });
    let link = || Some(PagingStyle::Link { next: node.get_text("link")? });
    let limit = node.get("limit");
    Paging {
        name,
        limit: limit.and_then(|node| node.get_text("parameter")),
        default_limit: limit.and_then(|node| node.get_text("default")),
        max_limit: limit.and_then(|node| node.get_text("max")),
        style: node
            .get("page")
            .map(page)
            .or_else(|| node.get("cursor").map(cursor))
            .or_else(offset)
            .or_else(link),
        more: node.get_text("more"),
        items: node.get_text("items"),
        ends: node.get_text("ends"),
        past_end: node.get("past_end").map(Node::items).unwrap_or_default().iter().map(past_end).collect(),
    }
}

fn ty<'t>(name: Text<'t>, node: &'t Node<'_>) -> Type<'t> {
    let kind = match (node.get("record"), node.get("enum")) {
        (Some(record), None) => Some(TypeKind::Record(named(Some(record), field))),
        (None, Some(Node { kind: Kind::Sequence(values), .. }))
            if values.iter().all(|value| listed(value).is_some()) =>
        {
            Some(TypeKind::Enumeration(values.iter().filter_map(listed).collect()))
        }
        _ => None,
    };
    Type { name, description: text(node, "description"), docs: plain(node, "docs"), kind }
}

/// A value of an enumeration: its text, or a mapping that also names it.
fn listed<'t>(node: &'t Node<'_>) -> Option<Listed<'t>> {
    let bare = |wire| Listed { wire, name: None };
    let named = || Some(Listed { wire: node.get_text("wire")?, name: Some(node.get_text("name")?) });
    node.text().map(bare).or_else(named)
}

/// A field or a parameter: the name of its type, or a mapping that says more.
fn field<'t>(name: Text<'t>, node: &'t Node<'_>) -> Field<'t> {
    Field {
        name,
        wire: node.get_text("wire"),
        value: value(node),
        default: node.get_text("default"),
        description: text(node, "description"),
        deprecated: flag(node, "deprecated"),
        required: flag(node, "required"),
        nullable: flag(node, "nullable"),
        repeated: flag(node, "repeated"),
    }
}

fn value<'t>(node: &'t Node<'_>) -> Option<Value<'t>> {
    let inner = |key| node.get(key).and_then(value).map(Box::new);
    let shape = match node.text().or_else(|| node.get_text("type")) {
        Some(name) => Shape::Named(name),
        None => inner("list").map(Shape::List).or_else(|| inner("map").map(Shape::Map))?,
    };
    let (min, max, pattern) = (node.get_text("min"), node.get_text("max"), node.get_text("pattern"));
    Some(Value { shape, min, max, pattern })
}

/// The entries of a mapping, each read with its name.
fn named<'t, T>(node: Option<&'t Node<'_>>, read: impl Fn(Text<'t>, &'t Node<'t>) -> T) -> Vec<T> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| read(key(entry), &entry.value)).collect()
}

fn plain<'t>(node: &'t Node<'_>, key: &str) -> Option<&'t str> {
    node.get_text(key).map(|text| text.value)
}

fn flag(node: &Node<'_>, key: &str) -> bool {
    node.get_text(key).is_some_and(|text| text.value == "true")
}

fn texts<'t>(node: &'t Node<'_>) -> Vec<Text<'t>> {
    node.items().iter().filter_map(Node::text).collect()
}
