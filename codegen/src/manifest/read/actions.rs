//! Reads actions.

use super::{field, named, plain, texts, value};
use crate::manifest::{Action, Changes, Parameter, Parameters, Repeat, Returns, Text, key, text};
use crate::tree::{Kind, Node};

pub(super) fn action<'t>(id: Text<'t>, node: &'t Node<'_>) -> Action<'t> {
    let methods = ["get", "post", "put", "patch", "delete"];
    let endpoint = methods.iter().find_map(|method| {
        let entry = node.entry(method)?;
        Some((key(entry), entry.value.text()?))
    });
    let list = |key| node.get(key).map(texts).unwrap_or_default();
    let parameters = |key| node.get(key).map(parameters).unwrap_or_default();
    let keyed = |name| node.entry(name).map(|entry| (key(entry), self::parameters(&entry.value)));
    Action {
        id,
        title: text(node, "title"),
        description: text(node, "description"),
        docs: plain(node, "docs"),
        api: node.get_text("api"),
        endpoint,
        effect: plain(node, "effect"),
        path: parameters("path"),
        query: parameters("query"),
        headers: parameters("headers"),
        body: keyed("body"),
        payload: keyed("payload"),
        wrap: node.entry("wrap").map(key),
        required: list("required"),
        returns: node.get("returns").and_then(returns),
        success: list("success"),
        paging: node.get_text("paging"),
        scope: node.get_text("scope"),
        repeat: node.get("repeat").and_then(repeat),
        check_first: plain(node, "check_first"),
        changes: node.entry("changes").map(|entry| changes(key(entry), &entry.value)),
        concurrency: node.get_text("concurrency"),
        deprecated: plain(node, "deprecated"),
        sample: node.get_text("sample"),
    }
}

/// A set by its name, parameters by name, or a list of both.
fn parameters<'t>(node: &'t Node<'_>) -> Parameters<'t> {
    match &node.kind {
        Kind::Scalar { .. } => node.text().map(Parameter::Set).into_iter().collect(),
        Kind::Mapping(_) => {
            named(Some(node), field).into_iter().map(|field| Parameter::One(Box::new(field))).collect()
        }
        // One level: a list inside the list has been reported.
        Kind::Sequence(items) => {
            items.iter().filter(|item| !matches!(item.kind, Kind::Sequence(_))).flat_map(parameters).collect()
        }
    }
}

fn returns<'t>(node: &'t Node<'_>) -> Option<Returns<'t>> {
    if let Some(name) = node.text() {
        return Some(Returns::One(name));
    }
    match node.get_text("first") {
        Some(name) => Some(Returns::First(name)),
        None => node.get("list").and_then(value).map(Returns::List),
    }
}

fn changes<'t>(key: Text<'t>, node: &'t Node<'_>) -> Changes<'t> {
    let part = |name| node.get_text(name);
    Changes { key, resource: part("resource"), input: part("input"), result: part("result") }
}

fn repeat<'t>(node: &'t Node<'_>) -> Option<Repeat<'t>> {
    match node.text() {
        Some(word) if word.value == "never" => Some(Repeat::Never),
        Some(_) => Some(Repeat::Safe),
        None => Some(Repeat::NeverWith(texts(node.get("never-with")?))),
    }
}
