//! Chapter six: a webhook for the event of every trigger; one is adopted, one paused and resumed.

use connector_runtime::{Class, Webhooks};
use serde_json::json;

use super::stage::{Stage, data, ensure, number};
use crate::failure::Failure;
use crate::members::Members;

/// Where an agency would take its deliveries.
pub(super) const DESTINATION: &str = "https://hooks.example.com/agency";

/// Returns the webhooks.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<Vec<u64>, Failure> {
    stage.begin("subscribe to what happens in the store")?;
    let webhooks = described(stage)?;
    let create = webhooks.create.id;
    let mut hooks = Vec::new();
    for trigger in stage.connector.triggers {
        let new = json!({"scope": trigger.event, "destination": DESTINATION});
        let reply = stage.done(create, &new).await?;
        hooks.push(number(&data(&reply)?, "id")?);
        stage.told(create, &reply, &format!("event {}, for the trigger {}", trigger.event, trigger.id))?;
    }
    adopt(stage, webhooks, &hooks).await?;
    if let Some(first) = hooks.first() {
        for (is_active, told) in [(false, "paused"), (true, "resumed")] {
            let change = json!({"webhook_id": first, "is_active": is_active});
            let reply = stage.done(webhooks.update.id, &change).await?;
            let hook: Members = data(&reply)?;
            ensure(hook.get("is_active") == Some(is_active), || format!("webhook {first} was not {told}"))?;
            stage.told(webhooks.update.id, &reply, &format!("webhook {first} {told}"))?;
        }
    }
    stage.voice.fact("webhooks", &hooks);
    stage.end()?;
    Ok(hooks)
}

/// What the connector says of its webhooks.
pub(super) fn described(stage: &Stage<'_>) -> Result<&'static Webhooks, Failure> {
    stage.connector.webhooks.ok_or_else(|| Failure::Broken("the connector has no webhooks".to_owned()))
}

/// A second webhook of the same kind is refused, and the first one is found.
async fn adopt(stage: &mut Stage<'_>, webhooks: &Webhooks, hooks: &[u64]) -> Result<(), Failure> {
    let (Some(trigger), Some(hook)) = (stage.connector.triggers.first(), hooks.first()) else {
        return Err(Failure::Broken("the connector has no trigger".to_owned()));
    };
    let same = json!({"scope": trigger.event, "destination": DESTINATION});
    let error = stage.refused(webhooks.create.id, &same, Class::Validation).await?;
    ensure(error.status() == Some(422), || format!("not as told: {error}"))?;
    stage.told_refusal(webhooks.create.id, &error, "there is one for this event and address")?;
    let reply = stage.done(webhooks.list.id, &same).await?;
    let found: Vec<Members> = data(&reply)?;
    let ids: Vec<u64> = found.iter().map(|hook| number(hook, "id")).collect::<Result<_, _>>()?;
    ensure(ids == [*hook], || format!("the webhooks {ids:?} were found in place of {hook}"))?;
    stage.told(
        webhooks.list.id,
        &reply,
        &format!("found: webhook {hook} is adopted, no second one is needed"),
    )
}
