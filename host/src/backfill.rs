//! Finds events that no webhook told of, in lists of what was made or changed since a moment, and stores them as
//! activations, each once, whoever tells of it first.

use connector_runtime::{ComposedEvent, DateTime, Trigger, Webhooks};
use serde_json::{Map, Value};

use crate::connections::HostConnection;
use crate::storage::{Activation, Missed, Origin, Watermark, activation_id, once_id};
use crate::triggers::calls::{items, plain};
use crate::triggers::{Keeper, LAG, Subject, Unkept, millis};

pub(crate) mod command;
pub(crate) mod command_line;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// From where on it looked, in milliseconds since the epoch.
    pub(crate) since_ms: i64,
    /// Resources that were looked at.
    pub(crate) looked_at: usize,
    /// Activations that are new.
    pub(crate) new: usize,
    /// Resources whose events were known.
    pub(crate) known: usize,
    /// Resources without a readable id or time.
    pub(crate) unreadable: usize,
}

/// The event of a resource that a search has found.
#[derive(Debug, PartialEq)]
enum Event {
    /// It may have been missed.
    Missed(Box<Missed>),
    /// The resource was made and not changed, which is no event of the trigger.
    None,
    /// The resource has no readable id, or lacks the time that tells its changes apart.
    Unreadable,
}

/// Looks for missed events of a trigger from a moment on, else from its watermark on. Only when all that was found is on
/// disk does the watermark move; a search that breaks off is done anew from the same moment, and finds what it stored.
///
/// # Errors
/// When a call or the storage fails, and, after the search, when it looked at resources that cannot be read: their events are
/// still missing, so that the watermark stays.
pub(crate) async fn search(
    keeper: &Keeper,
    subject: Subject<'_>,
    trigger: &'static Trigger,
    since_ms: Option<i64>,
    now_ms: i64,
) -> Result<Found, Unkept> {
    let (Some(webhooks), Some(backfill)) = (keeper.connector.webhooks, trigger.backfill) else {
        return Err(Unkept::NoSubscription);
    };
    let client = keeper.client(subject)?;
    let id = &subject.row.id;
    let marks = keeper.storage.watermarks(id).await?;
    let mark = marks.iter().find(|mark| mark.trigger == trigger.id).map(|mark| mark.since_ms.min(now_ms));
    let since_ms = since_ms.or(mark).unwrap_or(now_ms);
    let mut found = Found { since_ms, ..Found::default() };
    let mut input = Map::new();
    input.insert(backfill.since.to_owned(), moment(since_ms)?.into());
    input.extend(backfill.with.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    let input = Value::Object(input).to_string();
    let mut pages = client.pages_untyped(backfill.operation.id, input.as_bytes())?;
    while let Some(page) = pages.next().await {
        let items = items(&page?)?;
        found.looked_at += items.len();
        let mut missed = Vec::new();
        for item in &items {
            match event(webhooks, subject.connection, trigger, item, now_ms) {
                Event::Missed(event) => missed.push(*event),
                Event::None => {}
                Event::Unreadable => found.unreadable += 1,
            }
        }
        let accepted = keeper.storage.accept_missed(missed).await?;
        found.new += accepted.new;
        found.known += accepted.repeated;
    }
    if found.unreadable > 0 {
        return Err(Unkept::Unreadable { unreadable: found.unreadable, looked_at: found.looked_at });
    }
    // A search from later on says nothing of what lies between.
    if mark.is_none_or(|mark| since_ms <= mark) {
        let since_ms = now_ms.saturating_sub(millis(LAG));
        let mark = Watermark { trigger: trigger.id.to_owned(), since_ms, has_gap: false };
        keeper.storage.raise_watermark(id, mark).await?;
    }
    Ok(found)
}

fn moment(at_ms: i64) -> Result<String, Unkept> {
    let moment = DateTime::at_second(at_ms.div_euclid(1_000));
    Ok(moment
        .map_err(|_| Unkept::PublicUrl("the moment to look from is beyond all dates".to_owned()))?
        .to_text())
}

/// The event of an item, as an activation.
fn event(
    webhooks: &Webhooks,
    connection: &HostConnection,
    trigger: &Trigger,
    item: &Value,
    now_ms: i64,
) -> Event {
    let Some(backfill) = trigger.backfill else { return Event::None };
    let Some((id, resource_id)) = at(item, backfill.id).and_then(|id| Some((id, plain(id)?))) else {
        return Event::Unreadable;
    };
    let second =
        |path: &str| DateTime::from(at(item, path)?.as_str()?).timestamp().ok().map(|at| at.as_second());
    let date = second(backfill.date);
    // Without a time two changes of a resource would be one event.
    if date.is_none() && !trigger.happens_once {
        return Event::Unreadable;
    }
    if date.is_some() && backfill.created.is_some_and(|path| second(path) == date) {
        return Event::None;
    }
    let event = ComposedEvent {
        name: trigger.event,
        account: &connection.account,
        resource: trigger.resource,
        id: id.clone(),
        time: date.unwrap_or(now_ms.div_euclid(1_000)),
    };
    // The same whenever it is found. The id of a change is none of a webhook.
    let id = match trigger.happens_once {
        true => once_id(&connection.id, trigger.id, &resource_id),
        false => {
            let key = format!("found {} {resource_id} {}", trigger.resource, date.unwrap_or_default());
            activation_id(&connection.id, trigger.id, &key)
        }
    };
    let activation = Activation {
        id,
        connection: connection.id.clone(),
        account: connection.account.clone(),
        trigger: trigger.id.to_owned(),
        resource_type: Some(trigger.resource.to_owned()),
        resource_id: Some(resource_id),
        event_time: date,
        received_ms: now_ms,
        origin: Origin::Backfill,
        envelope: webhooks.event.compose(&event).into(),
    };
    Event::Missed(Box::new(Missed { activation, happens_once: trigger.happens_once }))
}

/// The value at a dotted path.
fn at<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(item, |value, name| value.get(name))
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;
    use serde_json::json;

    use super::*;
    use crate::connections::tests::connection;

    fn event_of(trigger: &str, item: &Value) -> Event {
        let trigger = CONNECTOR.triggers.iter().find(|one| one.id == trigger).unwrap();
        event(CONNECTOR.webhooks.unwrap(), &connection("c1", "abc123"), trigger, item, 1_764_000_000_000)
    }

    fn found(trigger: &str, item: &Value) -> Missed {
        match event_of(trigger, item) {
            Event::Missed(missed) => *missed,
            other => panic!("{item}: {other:?}"),
        }
    }

    #[test]
    fn an_item_becomes_an_event_in_the_form_of_a_webhook() {
        let item = json!({"id": 250, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000"});
        let missed = found("order-created", &item);
        assert!(missed.happens_once);
        let activation = missed.activation;
        assert_eq!((activation.origin, activation.event_time), (Origin::Backfill, Some(1_551_822_011)));
        assert_eq!(activation.id, once_id("c1", "order-created", "250"), "that of its webhook");
        let envelope: Value = serde_json::from_slice(&activation.envelope).unwrap();
        let expected = json!({
            "scope": "store/order/created", "producer": "stores/abc123", "created_at": 1_551_822_011,
            "data": {"type": "order", "id": 250},
        });
        assert_eq!(envelope, expected);
    }

    #[test]
    fn what_was_made_and_not_changed_is_no_change() {
        let made = json!({"id": 7, "date_created": "2019-03-05T21:40:11Z", "date_modified": "2019-03-05T21:40:11+00:00"});
        assert_eq!(event_of("product-updated", &made), Event::None);
        let changed =
            json!({"id": 7, "date_created": "2019-03-05T21:40:11Z", "date_modified": "2019-03-05T21:40:12Z"});
        let one = found("product-updated", &changed);
        assert!(!one.happens_once);
        assert_eq!(one, found("product-updated", &changed), "the same whenever it is found");
        let later =
            json!({"id": 7, "date_created": "2019-03-05T21:40:11Z", "date_modified": "2019-03-05T21:40:13Z"});
        assert_ne!(one.activation.id, found("product-updated", &later).activation.id);
    }

    #[test]
    fn an_item_without_readable_id_or_time_is_no_item_without_event() {
        for (trigger, item) in [
            ("product-updated", json!({"name": "no id"})),
            ("order-created", json!({"id": null, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000"})),
            ("order-created", json!({"id": {"value": 7}})),
            ("order-created", json!("text")),
            ("product-updated", json!({"id": 7})),
            ("product-updated", json!({"id": 7, "date_modified": "yesterday"})),
        ] {
            assert_eq!(event_of(trigger, &item), Event::Unreadable, "{trigger} {item}");
        }
        // What happens once needs no time.
        assert_eq!(found("order-created", &json!({"id": 7})).activation.event_time, None);
    }
}
