//! Reads signatures, webhooks and triggers.

use super::{key, plain, texts};
use crate::manifest::{
    Backfill, Event, Read, ServiceEvent, Signature, Subscription, Text, Timestamp, Trigger, Webhooks, text,
};
use crate::tree::Node;

pub(super) fn signature<'t>(name: Text<'t>, node: &'t Node<'_>) -> Signature<'t> {
    let signature = node.get("signature");
    let tolerance = node.get("tolerance");
    let part = |key| signature.and_then(|node| node.get_text(key));
    let timestamp = |node: &'t Node<'_>| Timestamp {
        header: node.get_text("header"),
        part: node.get_text("part"),
        unit: text(node, "unit"),
    };
    Signature {
        name,
        signed: node.get_text("signed"),
        header: part("header").map_or("", |text| text.value),
        encoding: part("encoding").map_or("", |text| text.value),
        form: part("form"),
        prefix: part("prefix"),
        part: part("part"),
        timestamp: node.get("timestamp").map(timestamp),
        id: node.get("id").and_then(Node::text),
        body_id: node.get("id").and_then(|id| id.get_text("body")),
        repeats: node.get_text("repeats"),
        base64_key: node.get("key").and_then(|key| plain(key, "base64")),
        past: tolerance.and_then(|node| node.get_text("past")),
        ahead: tolerance.and_then(|node| node.get_text("ahead")),
    }
}

pub(super) fn webhooks<'t>(node: &'t Node<'_>) -> Webhooks<'t> {
    let event = |node: &'t Node<'_>| Event {
        name: node.get_text("name"),
        account: node.get_text("account"),
        account_form: node.get_text("account_form"),
        ty: node.get_text("type"),
        id: node.get_text("id"),
        time: node.get_text("time"),
    };
    let part = |node: &'t Node<'_>| match node.get_text("header") {
        Some(header) => Some(("header", header)),
        None => Some(("body", node.get_text("body")?)),
    };
    let lines = node.get("dedupe").map(Node::items).unwrap_or_default();
    Webhooks {
        signatures: node.get("signatures").map(texts).unwrap_or_default(),
        actions: ["list", "create", "update", "delete"].map(|key| node.get_text(key)),
        event: node.get("event").map(event).unwrap_or_default(),
        dedupe: lines
            .iter()
            .map(|line| (line.span, line.items().iter().filter_map(part).collect()))
            .collect(),
        subscription: node.get("subscription").map(subscription),
        service: ["uninstalled", "failing"].map(|key| {
            let node = node.get("service")?.get(key)?;
            Some(ServiceEvent { event: text(node, "event"), apart: plain(node, "apart") == Some("true") })
        }),
    }
}

fn subscription<'t>(node: &'t Node<'_>) -> Subscription<'t> {
    Subscription {
        id: node.get_text("id"),
        event: node.get_text("event"),
        destination: node.get_text("destination"),
        active: node.get_text("active"),
        per_event: node.get_text("per_event"),
        port: node.get_text("port"),
        starts: plain(node, "starts"),
        retries: node.get_text("retries"),
    }
}

fn backfill<'t>(node: &'t Node<'_>) -> Backfill<'t> {
    let with = node.get("with").map(Node::entries).unwrap_or_default();
    Backfill {
        action: node.get_text("action"),
        since: node.get_text("since"),
        with: with.iter().filter_map(|entry| Some((key(entry), entry.value.text()?.value))).collect(),
        id: node.get_text("id"),
        date: node.get_text("date"),
        created: node.get_text("created"),
    }
}

pub(super) fn trigger<'t>(id: Text<'t>, node: &'t Node<'_>) -> Trigger<'t> {
    let read = |node: &'t Node<'_>| match node.text() {
        // Another word has been reported.
        Some(word) => (word.value == "none").then_some(Read::None(word)),
        None => Some(Read::Action { action: node.get_text("action"), grace: node.get_text("grace") }),
    };
    Trigger {
        id,
        title: text(node, "title"),
        description: text(node, "description"),
        docs: plain(node, "docs"),
        event: text(node, "event"),
        resource: text(node, "resource"),
        scope: node.get_text("scope"),
        read: node.get("read").and_then(read),
        reason: node.get_text("reason"),
        backfill: node.get("backfill").map(backfill),
        once: plain(node, "once") == Some("true"),
        sample: node.get_text("sample"),
    }
}
