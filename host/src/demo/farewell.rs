//! The last chapter: the whole morning is summed up, and it is said where to go next.

use std::collections::BTreeMap;
use std::fmt::Display;

use connector_runtime::Class;

use super::arrivals::{BY_SEARCH, api_requests};
use super::ledger::SUCCEEDED;
use super::stage::{Stage, ensure};
use crate::failure::Failure;
use crate::members::Members;
use crate::table::{self, Fit};

/// What the whole came to.
struct Sum {
    made: u32,
    stopped: u32,
    surfaced: u32,
    /// Requests of the API that the store received.
    received: usize,
    /// Of these those that it answered 429.
    limited: usize,
    delivered: u32,
    found: u32,
    repeated: u32,
}

/// Says what was done, checks that each action went well once and that the store saw the same, and what to try next.
pub(super) fn sum_up(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("sum up")?;
    let never = stage.ledger.never_succeeded();
    ensure(never.is_empty(), || format!("no call of these actions went well: {}", never.join(", ")))?;
    let sum = summed(stage)?;
    show_sum(stage, &sum)?;
    say_what_next(stage)?;
    note(stage, &sum);
    Ok(stage.voice.end()?)
}

fn summed(stage: &Stage<'_>) -> Result<Sum, Failure> {
    let ledger = &stage.ledger;
    let requests = stage.sandbox.requests();
    let requests: Vec<_> = api_requests(&requests).collect();
    let (refused, repeated) = stage.engine.refused_and_repeated();
    let sum = Sum {
        made: ledger.made(),
        stopped: ledger.stopped(),
        surfaced: ledger.count(Class::RateLimitedWindow.as_str()),
        received: requests.len(),
        limited: requests.iter().filter(|request| request.status == Some(429)).count(),
        delivered: ledger.by_origin().values().sum(),
        found: ledger.by_origin().get(BY_SEARCH).copied().unwrap_or_default(),
        repeated,
    };
    let sent = u64::from(sum.made - sum.stopped) + ledger.served + ledger.commanded;
    ensure(sum.received as u64 == sent, || {
        format!("{sent} requests were sent, yet the store received {}", sum.received)
    })?;
    ensure(sum.limited == 0, || {
        format!("the store answered 429 {} times, yet its answers say what is left of the quota", sum.limited)
    })?;
    ensure(refused == 0, || format!("the engine refused {refused} deliveries of the service"))?;
    Ok(sum)
}

/// What happened, in figures.
fn show_sum(stage: &mut Stage<'_>, sum: &Sum) -> Result<(), Failure> {
    let ledger = &stage.ledger;
    let actions = ledger.actions().count();
    let others = ledger.served + ledger.commanded;
    let failed: BTreeMap<&str, u32> =
        ledger.outcomes().into_iter().filter(|(outcome, _)| *outcome != SUCCEEDED).collect();
    let rows = [
        ("calls", sum.made, format!("of {actions} actions, each at least once with success")),
        ("of these failed", failed.values().sum(), format!("as they should: {}", counted(&failed))),
        ("stopped before sending", sum.stopped, "wrong input, a quota that was spent".to_owned()),
        (
            "requests at the store",
            u32::try_from(sum.received).unwrap_or(u32::MAX),
            format!(
                "{} of these calls, {others} of the service: nothing was sent unseen",
                sum.made - sum.stopped
            ),
        ),
        ("answered 429", 0, "who knows the quota is never refused".to_owned()),
        ("activations delivered", sum.delivered, counted(ledger.by_trigger())),
        ("of these backfilled", sum.found, "found by their dates".to_owned()),
        ("delivered again", sum.repeated, "each once, over a kill".to_owned()),
        ("forgeries refused", ledger.forged, "401, and nothing started".to_owned()),
    ];
    let rows = rows.map(|(what, count, note)| vec![what.to_owned(), count.to_string(), note]);
    let table = table::rows(&["what happened", "times", "note"], rows, Fit::Wrap, stage.voice.table_width());
    Ok(stage.voice.show(&table)?)
}

/// Words with their counts.
fn counted<K: Display>(counts: &BTreeMap<K, u32>) -> String {
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

fn note(stage: &mut Stage<'_>, sum: &Sum) {
    let ledger = &stage.ledger;
    let by_action =
        ledger.actions().fold(Members::default(), |all, (action, outcomes)| all.with(action, outcomes));
    let voice = &mut stage.voice;
    voice.fact("calls", sum.made);
    voice.fact("outcomes", ledger.outcomes());
    voice.fact("by_action", by_action);
    voice.fact("stopped_before_sending", sum.stopped);
    voice.fact("requests_received", sum.received);
    voice.fact("requests_of_the_service", ledger.served + ledger.commanded);
    voice.fact("rate_limits_caused", sum.limited);
    voice.fact("rate_limits_surfaced", sum.surfaced);
    voice.fact("activations", sum.delivered);
    voice.fact("activations_by_trigger", ledger.by_trigger());
    voice.fact("backfilled", sum.found);
    voice.fact("delivered_again", sum.repeated);
    voice.fact("forgeries_refused", ledger.forged);
}

fn say_what_next(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let (program, connector) = (&stage.program, stage.connector.id);
    let next = [
        (format!("{program} sandbox"), "serves this store, and says how to call it"),
        (format!("{program} catalog"), "lists every action"),
        (format!("{program} call {connector}/create-product --help"), "shows the fields of one"),
        (format!("{program} serve --help"), "says what the service takes"),
        (format!("{program} demo --json"), "tells this story to a program"),
    ];
    stage.voice.say("")?;
    stage.voice.say("Try next:")?;
    for (command, what) in &next {
        stage.voice.command(command, what)?;
    }
    stage.voice.say(
        "Read on: README.md for what there is, docs/quick-start.md to embed it, docs/serve.md to run the service.",
    )?;
    stage.voice.fact("next", next.map(|(command, _)| command));
    Ok(())
}
