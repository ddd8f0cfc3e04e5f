//! The calls that a plan needs, as the connector describes them: reads the webhooks of an account, and takes a step.

use connector_runtime::{Class, Client, Error, Operation, Reply, Subscription, Webhooks};
use serde_json::{Map, Value, json};

use super::Unkept;
use super::own_address::OwnAddress;
use super::plan::{Hook, Step};

/// All webhooks that the connection's own API account has made. Destinations below the own address are spelled like it.
///
/// # Errors
/// What the API or the network says.
pub(super) async fn existing(
    client: &Client,
    webhooks: &Webhooks,
    subscription: &Subscription,
    own: &OwnAddress,
) -> Result<Vec<Hook>, Unkept> {
    let mut pages = client.pages_untyped(webhooks.list.id, b"{}")?;
    let (mut hooks, mut looked_at) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let items = items(&page?)?;
        looked_at += items.len();
        let readable = items.iter().filter_map(|item| hook(item, subscription));
        hooks.extend(readable.map(|hook| Hook { destination: own.spelled(hook.destination), ..hook }));
    }
    let unreadable = looked_at - hooks.len();
    if unreadable > 0 {
        tracing::warn!(unreadable, "webhooks without a readable id, event or address are left alone");
    }
    Ok(hooks)
}

/// The items of a page.
///
/// # Errors
/// When the answer is no list; nothing may be concluded from it.
pub(crate) fn items(page: &Reply<()>) -> Result<Vec<Value>, Unkept> {
    page.json.parse().map_err(|_| Unkept::NoList)
}

/// The webhook of an answer; none where it lacks what makes it one.
fn hook(item: &Value, subscription: &Subscription) -> Option<Hook> {
    let text = |field: &str| item.get(field)?.as_str().map(str::to_owned);
    Some(Hook {
        id: plain(item.get(subscription.id)?)?,
        event: text(subscription.event)?,
        destination: text(subscription.destination)?,
        is_active: subscription.active.is_none_or(|field| item.get(field) != Some(&Value::Bool(false))),
    })
}

/// An id as text, whether it is a number or a text.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Takes a step; the webhook as it is then, or none where it is gone.
///
/// # Errors
/// What the API or the network says. One that was to be deleted and is not there is no error.
pub(super) async fn take(
    client: &Client,
    webhooks: &Webhooks,
    subscription: &Subscription,
    step: &Step,
) -> Result<Option<Hook>, Error> {
    match step {
        Step::Adopt(hook) => Ok(Some(hook.clone())),
        Step::Delete(hook) | Step::Retire(hook) => {
            let input = of(webhooks.delete, &hook.id, None);
            match client.call_untyped(webhooks.delete.id, input.to_string().as_bytes()).await {
                Ok(_) => Ok(None),
                Err(error) if error.class() == Class::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
        Step::Activate(hook) => {
            let input = of(webhooks.update, &hook.id, subscription.active);
            client.call_untyped(webhooks.update.id, input.to_string().as_bytes()).await?;
            Ok(Some(Hook { is_active: true, ..hook.clone() }))
        }
        Step::Create { event, destination } => {
            let input = json!({subscription.event: event, subscription.destination: destination});
            let reply = client.call_untyped(webhooks.create.id, input.to_string().as_bytes()).await?;
            let made: Value = reply.json.parse().unwrap_or_default();
            let id = made.get(subscription.id).and_then(plain).unwrap_or_default();
            let (event, destination) = (event.clone(), destination.clone());
            Ok(Some(Hook { id, event, destination, is_active: true }))
        }
    }
}

/// The input that names a webhook by the operation's required parameter, and switches it on by a field.
fn of(operation: &Operation, id: &str, active: Option<&str>) -> Value {
    let mut input = Map::new();
    if let Some(parameter) = operation.parameters.iter().find(|parameter| parameter.required) {
        let id = id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from);
        input.insert(parameter.name.to_owned(), id);
    }
    if let Some(field) = active {
        input.insert(field.to_owned(), Value::Bool(true));
    }
    Value::Object(input)
}
