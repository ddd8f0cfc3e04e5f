//! The last two chapters: what was made is deleted as far as it can be, and the whole morning is summed up.

use std::collections::BTreeMap;

use connector_runtime::Class;
use serde_json::json;

use super::ledger::SUCCEEDED;
use super::stage::{Stage, data, ensure, number};
use super::webhooks::described;
use crate::failure::Failure;
use crate::members::Members;
use crate::table;

/// Deletes the products and webhooks of this morning.
pub(super) async fn clean_up(stage: &mut Stage<'_>, products: &[u64], hooks: &[u64]) -> Result<(), Failure> {
    stage.begin("clean up")?;
    for product in products {
        let input = json!({"product_id": product});
        let reply = stage.done("delete-product", &input).await?;
        ensure(reply.status == 204, || format!("the status is {}", reply.status))?;
        let error = stage.refused("get-product", &input, Class::NotFound).await?;
        let told = format!("product {product}; read again, it is {}", error.class());
        stage.told("delete-product", &reply, &told)?;
    }
    let webhooks = described(stage)?;
    for hook in hooks {
        let reply = stage.done(webhooks.delete.id, &json!({"webhook_id": hook})).await?;
        ensure(number(&data(&reply)?, "id")? == *hook, || "another webhook was deleted".to_owned())?;
        if Some(hook) == hooks.last() {
            stage.told(webhooks.delete.id, &reply, &format!("webhooks {hooks:?}, one call each"))?;
        }
    }
    let reply = stage.done(webhooks.list.id, &json!({})).await?;
    ensure(reply.json.as_str() == "[]", || format!("webhooks are left: {}", reply.json.as_str()))?;
    stage.told(webhooks.list.id, &reply, "none is left")?;
    stage
        .voice
        .say("No action deletes a brand or a customer: these go with the local store when the demo ends.")?;
    stage.end()
}

/// Says what was done, checks that it was everything and that the store saw the same, and what to try next.
pub(super) fn sum_up(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("sum up")?;
    every_action_was_called(stage)?;
    let (made, stopped) = (stage.ledger.made(), stage.ledger.stopped());
    let received = stage.sandbox.requests();
    ensure(received.len() == (made - stopped) as usize, || {
        format!("{} calls were sent, yet the store received {}", made - stopped, received.len())
    })?;
    let surfaced = stage.ledger.count(Class::RateLimitedWindow.as_str());
    let limited = received.iter().filter(|request| request.status == Some(429)).count();
    ensure(limited == 0, || {
        format!("the store answered 429 {limited} times, yet its answers say what is left of the quota")
    })?;
    let mut outcomes: Vec<_> = stage.ledger.outcomes().into_iter().collect();
    outcomes.sort_by_key(|(outcome, _)| *outcome != SUCCEEDED);
    let rows = outcomes.into_iter().map(|(outcome, count)| {
        vec![outcome.to_owned(), count.to_string(), actions_with(outcome, stage.ledger.actions())]
    });
    let header = ["outcome", "calls", "of the actions"];
    let table = table::rows(&header, rows, table::Fit::Wrap, stage.voice.table_width());
    stage.voice.show(&table)?;
    let actions = stage.connector.actions.len();
    stage.voice.say(&format!(
        "All {actions} actions in {made} calls. Every failure was wanted. Stopped before sending: {stopped}; received \
         by the store: {}, so nothing was repeated unseen.",
        received.len(),
    ))?;
    say_what_next(stage)?;
    let by_action =
        stage.ledger.actions().fold(Members::default(), |all, (action, outcomes)| all.with(action, outcomes));
    stage.voice.fact("calls", made);
    stage.voice.fact("outcomes", stage.ledger.outcomes());
    stage.voice.fact("by_action", by_action);
    stage.voice.fact("stopped_before_sending", stopped);
    stage.voice.fact("requests_received", received.len());
    stage.voice.fact("rate_limits_surfaced", surfaced);
    Ok(stage.voice.end()?)
}

/// An action that the story leaves out would be shown to nobody.
fn every_action_was_called(stage: &Stage<'_>) -> Result<(), Failure> {
    let ids = stage.connector.actions.iter().map(|entry| entry.operation.id);
    let missing: Vec<&str> = ids.filter(|id| !stage.ledger.has_succeeded(id)).collect();
    ensure(missing.is_empty(), || format!("the story leaves out {}: add it to a chapter", missing.join(", ")))
}

/// The actions with this outcome, and how often where it was more than once.
fn actions_with<'a>(
    outcome: &str,
    actions: impl Iterator<Item = (&'a str, &'a BTreeMap<&'static str, u32>)>,
) -> String {
    let named = actions.filter_map(|(action, outcomes)| match outcomes.get(outcome)? {
        1 => Some(action.to_owned()),
        count => Some(format!("{action} {count}x")),
    });
    named.collect::<Vec<_>>().join(", ")
}

fn say_what_next(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let (program, connector) = (&stage.program, stage.connector.id);
    let next = [
        (format!("{program} sandbox"), "serves this store; it prints a call to paste into another terminal"),
        (format!("{program} catalog"), "lists every action"),
        (format!("{program} call {connector}/create-product --help"), "shows the fields of one"),
        (format!("{program} demo --json"), "tells this story to a program"),
    ];
    stage.voice.say("")?;
    stage.voice.say("Try next:")?;
    for (command, what) in &next {
        stage.voice.show(&format!("  {command}  # {what}"))?;
    }
    stage.voice.fact("next", next.map(|(command, _)| command));
    Ok(())
}
