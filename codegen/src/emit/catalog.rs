//! `catalog.json`: what a platform needs to show actions and triggers and to draw their forms without Rust.

mod json;
mod schema;

use super::action::method_word;
use crate::model::{Action, ChangedId, Effect, Model, Placement, Repeat, Returns, Scope, Trigger};
pub(crate) use json::Json;
use schema::{Side, definitions, input, schema};

/// The text of the catalog.
pub(super) fn emit(model: &Model) -> String {
    let connector = &model.connector;
    let about = Json::object([
        ("id", Json::text(&connector.id)),
        ("title", Json::text(&connector.title)),
        ("version", Json::text(&connector.version)),
        ("docs", Json::text(&connector.docs)),
    ]);
    let catalog = Json::object([
        ("connector", about),
        ("connection", connection(model)),
        ("scopes", Json::List(model.scopes.iter().map(scope).collect())),
        ("triggers", Json::List(model.triggers.iter().map(trigger).collect())),
        ("actions", Json::List(model.actions.iter().map(action).collect())),
        ("$defs", definitions(model)),
    ]);
    let mut text = serde_json::to_string_pretty(&catalog).expect("texts, numbers and lists are JSON");
    text.push('\n');
    text
}

fn connection(model: &Model) -> Json {
    let fields = model.connection.fields.iter().map(|field| {
        Json::object([
            ("name", Json::text(&field.name)),
            ("title", Json::text(&field.title)),
            ("description", Json::text(&field.description)),
            ("pattern", Json::Text(format!("^(?:{})$", field.pattern))),
            ("example", Json::text(&field.example)),
        ])
    });
    let credentials = model.connection.credentials.iter().map(|credential| {
        let kind = match credential.placement {
            Placement::Header(_) => "header",
            Placement::Bearer => "bearer",
            Placement::Basic(_) => "basic",
            Placement::Query(_) => "query",
        };
        Json::object([
            ("name", Json::text(&credential.name)),
            ("title", Json::text(&credential.title)),
            ("description", Json::text(&credential.description)),
            ("kind", Json::text(kind)),
        ])
    });
    let (fields, credentials) = (fields.collect(), credentials.collect());
    Json::object([("fields", Json::List(fields)), ("credentials", Json::List(credentials))])
        .with_text("test", model.connection.test.as_deref())
}

fn scope(scope: &Scope) -> Json {
    Json::object([
        ("name", Json::text(&scope.name)),
        ("title", Json::text(&scope.title)),
        ("modify", Json::text(&scope.modify)),
    ])
    .with_text("read", scope.read.as_deref())
}

fn trigger(trigger: &Trigger) -> Json {
    let described = Json::object([("id", Json::text(&trigger.id)), ("title", Json::text(&trigger.title))])
        .described(&trigger.description)
        .with_text("docs", trigger.docs.as_deref());
    let event = described
        .with("event", Json::text(&trigger.event))
        .with("resource", Json::text(&trigger.resource))
        .with("scopes", Json::texts(&trigger.scopes));
    let read = trigger.read.as_ref().map(|read| {
        let grace = u64::try_from(read.grace.as_millis()).unwrap_or(u64::MAX);
        Json::object([
            ("action", Json::text(&read.action)),
            ("parameter", Json::text(&read.parameter)),
            ("grace_ms", Json::Number(grace.into())),
        ])
    });
    event.with_some("read", read).with_some("sample", trigger.sample.as_deref().and_then(Json::parse))
}

fn action(action: &Action) -> Json {
    let described = Json::object([("id", Json::text(&action.id)), ("title", Json::text(&action.title))])
        .described(&action.description)
        .with_text("docs", action.docs.as_deref());
    let effect = match action.effect {
        Effect::Read => "read",
        Effect::Create => "create",
        Effect::Update => "update",
        Effect::Delete => "delete",
    };
    let repeat = match &action.repeat {
        Repeat::Safe => Json::text("safe"),
        Repeat::Never => Json::text("never"),
        Repeat::SafeWithout(names) => Json::object([("never-with", Json::texts(names))]),
    };
    let output = match &action.returns {
        Returns::Nothing => Json::object([("type", Json::text("null"))]),
        returns => returns.ty().map_or(Json::Boolean(true), |ty| schema(&ty, Side::Output)),
    };
    let changes = action.changes.as_ref().map(|changes| {
        let (place, name) = match &changes.id {
            ChangedId::Input(name) => ("input", name),
            ChangedId::Result(field) => ("result", field),
        };
        Json::object([("resource", Json::text(&changes.resource)), (place, Json::text(name))])
    });
    let deprecated = action.deprecated.as_ref().map(|_| Json::Boolean(true));
    described
        .with_some("deprecated", deprecated)
        .with_text("deprecation", action.deprecated.as_deref())
        .with("api", Json::text(&action.api.0))
        .with("method", Json::text(method_word(action.method)))
        .with("path", Json::text(&action.path))
        .with("effect", Json::text(effect))
        .with("repeat", repeat)
        .with_text("check_first", action.check_first.as_deref())
        .with(
            "success",
            Json::List(action.success.iter().map(|status| Json::Number((*status).into())).collect()),
        )
        .with_some("changes", changes)
        .with_some("concurrency", action.concurrency.map(|cap| Json::Number(cap.into())))
        .with_text("paging", action.paging.as_ref().map(|(name, _)| name.as_str()))
        .with("scopes", Json::texts(&action.scopes))
        .with("verified", Json::text(action.level.word()))
        .with("input", input(action))
        .with("output", output)
        .with_some("sample", action.sample.as_deref().and_then(Json::parse))
}
