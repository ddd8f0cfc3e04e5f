//! Chapter two: the triggers of the story are switched on, the service makes their webhooks, and leaves another one alone.

use connector_runtime::{Class, Webhooks};
use serde_json::json;

use super::browser::Page;
use super::connect::{CONNECTION, SERVICE};
use super::events::TRIGGERS;
use super::stage::{Stage, data, ensure, number, text};
use crate::failure::Failure;
use crate::members::Members;
use crate::table::{self, Fit};

/// What the page says of a trigger whose webhook is in order.
const ACTIVE: &str = "its webhook is active";

/// Where another program of the agency takes webhooks, of an event that does not happen here.
const ELSEWHERE: &str = "https://hooks.example.com/agency";
const OTHER_EVENT: &str = "store/category/created";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("switch the triggers on")?;
    switch_on(stage).await?;
    list(stage).await?;
    leave_alone(stage).await?;
    stage.end()
}

/// Ticks the triggers of the story on the page of the connection.
async fn switch_on(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let path = format!("/connections/{}", stage.account()?.id);
    let page = stage.browser.open(&format!("{}{path}", stage.service.origin())).await?;
    let saved =
        stage.browser.submit(&page, &format!("{path}/triggers"), &TRIGGERS.map(|id| ("trigger", id))).await?;
    stage.voice.call(
        SERVICE,
        Some(saved.status),
        &format!("{CONNECTION}/triggers: ticked were {}", TRIGGERS.join(", ")),
    )?;
    let active = |page: &Page| {
        let lines = page.texts("label").into_iter();
        let titles = lines.filter_map(|line| line.strip_suffix(ACTIVE).map(str::to_owned));
        titles.map(|title| title.trim_end_matches([':', ' ']).to_owned()).collect::<Vec<_>>()
    };
    let what = "the service makes the webhooks";
    let page = stage.until_page(what, &path, |page| active(page).len() == TRIGGERS.len()).await?;
    let told = format!("{CONNECTION}: {}; of each it says: {ACTIVE}", active(&page).join(", "));
    stage.voice.fact("switched_on", TRIGGERS);
    Ok(stage.voice.call(SERVICE, Some(page.status), &told)?)
}

/// Shows the webhooks as the store lists them. Where they lead is nobody's business.
async fn list(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let webhooks = described(stage)?;
    let reply = stage.done(webhooks.list.id, &json!({})).await?;
    let hooks: Vec<Members> = data(&reply)?;
    let account = stage.account()?;
    let are_ours = hooks.iter().all(|hook| text(hook, "destination").starts_with(&account.webhooks));
    ensure(are_ours, || "a webhook leads elsewhere".to_owned())?;
    let scopes: Vec<String> = hooks.iter().map(|hook| text(hook, "scope")).collect();
    for id in TRIGGERS {
        let event = stage.trigger(id)?.event;
        ensure(scopes.iter().any(|one| one == event), || format!("there is no webhook of {event}"))?;
    }
    let others = hooks.len() - TRIGGERS.len();
    let told = format!("for triggers: {}, about the connection itself: {others}", TRIGGERS.len());
    stage.told(webhooks.list.id, &reply, &told)?;
    let rows = hooks.iter().map(|hook| {
        let state = if hook.get("is_active") == Some(true) { "active" } else { "off" };
        let event = text(hook, "scope");
        let trigger = stage.connector.triggers.iter().find(|trigger| trigger.event == event);
        let purpose = trigger.map_or("for the service", |trigger| trigger.id);
        vec![text(hook, "id"), event.clone(), state.to_owned(), purpose.to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    ensure(rows.iter().all(|row| row[2] == "active"), || "a webhook is off".to_owned())?;
    let facts = rows.iter().map(|row| {
        Members::default()
            .with("id", &row[0])
            .with("event", &row[1])
            .with("state", &row[2])
            .with("for", &row[3])
    });
    stage.voice.fact("webhooks", facts.collect::<Vec<_>>());
    let header = ["webhook", "event", "state", "for"];
    Ok(stage.voice.show(&table::rows(&header, rows, Fit::Cut, stage.voice.table_width()))?)
}

/// A webhook of the same app that leads elsewhere: made, paused and deleted by actions. The service does not touch it.
async fn leave_alone(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let webhooks = described(stage)?;
    let new = json!({"scope": OTHER_EVENT, "destination": ELSEWHERE});
    let reply = stage.done(webhooks.create.id, &new).await?;
    let id = number(&data(&reply)?, "id")?;
    stage.told(webhooks.create.id, &reply, &format!("{OTHER_EVENT}, for another program of the agency"))?;
    let error = stage.refused(webhooks.create.id, &new, Class::Validation).await?;
    ensure(error.status() == Some(422), || format!("not as told: {error}"))?;
    stage.told_refusal(webhooks.create.id, &error, "there is one for this event and address")?;

    let connection = stage.account()?.id.clone();
    let public_url = stage.service.origin();
    let planned = ["triggers", "plan", "--json", "--connection", &connection, "--public-url", &public_url];
    let planned = stage.command("webhooks are compared", &planned).await?;
    let planned: Option<Members> = serde_json::from_str(&planned).ok();
    let steps: Option<Vec<Members>> = planned.and_then(|planned| planned.get("triggers"));
    ensure(steps.is_some_and(|steps| steps.is_empty()), || "the service would change webhooks".to_owned())?;
    stage.voice.say("`connector triggers plan` finds nothing to do: what leads elsewhere is left alone.")?;

    let change = json!({"webhook_id": id, "is_active": false});
    let reply = stage.done(webhooks.update.id, &change).await?;
    let hook: Members = data(&reply)?;
    ensure(hook.get("is_active") == Some(false), || format!("webhook {id} was not paused"))?;
    stage.told(webhooks.update.id, &reply, &format!("webhook {id} paused"))?;
    let reply = stage.done(webhooks.delete.id, &json!({"webhook_id": id})).await?;
    ensure(number(&data(&reply)?, "id")? == id, || "another webhook was deleted".to_owned())?;
    stage.told(webhooks.delete.id, &reply, &format!("webhook {id} deleted"))
}

/// What the connector says of its webhooks.
fn described(stage: &Stage<'_>) -> Result<&'static Webhooks, Failure> {
    stage.connector.webhooks.ok_or_else(|| Failure::Broken("the connector has no webhooks".to_owned()))
}
