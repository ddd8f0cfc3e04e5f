//! Chapter eleven: the service is killed, the store goes on, and what was missed is found after the start, each once.

use bigcommerce_sandbox::DeliveryState;

use super::connect::SERVICE;
use super::events::{self, Happening};
use super::stage::{Stage, ensure};
use crate::failure::Failure;
use crate::members::Members;

/// What happens while nobody listens.
const MEANWHILE: Happening = Happening {
    ordered: "113",
    changed: ("114", "31.25"),
    registered: ["Otis", "Lang", "otis.lang@example.com"],
};

/// What counts activations that a search found.
const FOUND: &str = "connector_activations_backfilled_total";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("kill the service, and find what it missed")?;
    stage.all_delivered().await?;
    stage.ledger.served += stage.at_rest().await?.served;
    let process = stage.service.process().unwrap_or_default();
    stage.service.kill().await?;
    stage.voice.say(&format!("Process {process} is killed, with no time to say anything. Meanwhile:"))?;
    let expected = events::happen(stage, &MEANWHILE).await?;
    stage.voice.watch("the store tries to tell of it", stage.sandbox.settled()).await?;
    let deliveries = stage.sandbox.deliveries();
    let waiting = deliveries.iter().filter(|one| one.state == DeliveryState::Waiting).count();
    let is_trigger = |event: &str| stage.connector.triggers.iter().any(|trigger| trigger.event == event);
    let unheard =
        deliveries.iter().filter(|one| one.state == DeliveryState::Waiting && is_trigger(&one.scope));
    let unheard = unheard.count();
    ensure(unheard == expected.len(), || {
        format!("{unheard} webhooks of triggers are left, {waiting} in all")
    })?;
    stage.voice.say(&format!(
        "Its {unheard} webhooks met nobody. The store would try again in a minute, and give up after two days."
    ))?;
    stage.voice.watch("the service starts", stage.service.start()).await??;
    let process = stage.service.process().unwrap_or_default();
    stage.voice.say(&format!("Started again as process {process}, it asks the store what it missed:"))?;
    let further = stage.arrive_by_search(&expected).await?;
    if further > 0 {
        stage.voice.say(
            "What comes once more was changed in a second in which the workflow had looked already: a date in whole \
             seconds hides a second change of that second.",
        )?;
    }
    let all = (expected.len() + further) as u64;
    let what = "the service counts what it found";
    let metrics = stage.until(what, |metrics| metrics.count(FOUND) >= all).await?;
    ensure(metrics.count(FOUND) == all, || format!("{} activations were found", metrics.count(FOUND)))?;
    stage.all_delivered().await?;
    look_again(stage).await?;
    let path = "/connections";
    let page = stage.browser.open(&format!("{}{path}", stage.service.origin())).await?;
    ensure(page.status == 200, || format!("nobody is signed in any more: {}", page.heading()))?;
    stage.voice.call(
        SERVICE,
        Some(page.status),
        &format!("{path}: still signed in, a kill ends no session"),
    )?;
    stage.voice.fact("unheard", unheard);
    stage.voice.fact("process", process);
    stage.end()
}

/// Searches once more, by hand: everything is known, so nothing comes twice.
async fn look_again(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let connection = stage.account()?.id.clone();
    let search = ["backfill", "--connection", &connection, "--json"];
    let searched = stage.command("the search goes on", &search).await?;
    let searched: Option<Members> = serde_json::from_str(&searched).ok();
    let found: Option<Vec<Members>> = searched.and_then(|searched| searched.get("backfill"));
    let found = found.ok_or_else(|| Failure::Broken("the search does not say what it found".to_owned()))?;
    let sum = |name: &str| found.iter().filter_map(|one| one.get::<u64>(name)).sum::<u64>();
    let (new, known) = (sum("new"), sum("known"));
    ensure(new == 0 && known > 0, || format!("of what was known {new} came once more"))?;
    stage.voice.fact("searched_again", Members::default().with("new", new).with("known", known));
    Ok(stage
        .voice
        .say(&format!("`connector backfill` looks once more: new 0, known {known}. Nothing comes twice."))?)
}
