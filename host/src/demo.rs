//! `connector demo`: an agency's morning with a client's store, from the connection to its end; told step by step and
//! checked, so that it fails when something does not go as it says.
//!
//! The store runs in this process, the service in one of its own, and both are talked to over sockets.

use std::time::Duration;

use connector_runtime::Connector;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::sandbox::stop_signal;
use crate::serve::broken;
use crate::surroundings::Surroundings;
use stage::Stage;
use voice::Voice;

mod arrivals;
mod browser;
mod catalogue;
mod connect;
mod customers;
mod engine;
mod events;
mod farewell;
mod forgeries;
mod ledger;
mod mishaps;
mod orders;
mod outage;
mod products;
mod quota;
mod service;
mod stage;
mod triggers;
mod uninstall;
mod voice;

/// How much later a signal may be heard of than its effects.
const SIGNAL: Duration = Duration::from_millis(200);

/// Runs the demo, until its end or a signal. Neither leaves a process or a folder behind.
///
/// # Errors
/// With the first thing that did not go as told.
pub(crate) async fn run(
    connector: &'static Connector,
    json: bool,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    // From here on a signal ends the story and not the program, which has to clean up.
    let stop = stop_signal().map_err(|error| broken("signals cannot be listened for", &error))?;
    let style = surroundings.stdout_style;
    let mut voice = Voice::new(json, surroundings.width, style, &mut *surroundings.stdout);
    voice.preface(
        "An agency's morning with a client's store, here a local one that answers as BigCommerce does: no account is \
         needed. A line shows an action or a page, the status that came (- for none) and what it means; -> is an event that \
         reached a workflow. Everything is checked.",
    )?;
    let program = (surroundings.program.as_str(), surroundings.executable.as_deref());
    let mut stage = Stage::set(connector, program, voice).await?;
    let mut stop = std::pin::pin!(stop);
    let stopped = || Err(Failure::Broken("stopped by a signal; nothing is left behind".to_owned()));
    let told = tokio::select! {
        told = tell(&mut stage) => Some(told),
        () = &mut stop => None,
    };
    // A terminal signals the service as well, whose end may be noticed first.
    let told = match told {
        Some(Err(_)) if timeout(SIGNAL, stop).await.is_ok() => stopped(),
        Some(told) => told,
        None => stopped(),
    };
    let failed = told.as_ref().err().map_or(Ok(()), |failure| stage.fail(failure));
    let left = stage.leave().await;
    told.and(failed).and(left)
}

/// The chapters in their order; each hands on what later ones need.
async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    connect::tell(stage).await?;
    triggers::tell(stage).await?;
    let category = catalogue::tell(stage).await?;
    let product = products::tell(stage, category).await?;
    orders::tell(stage).await?;
    customers::tell(stage).await?;
    events::tell(stage).await?;
    forgeries::tell(stage).await?;
    mishaps::tell(stage, category).await?;
    quota::tell(stage, product).await?;
    outage::tell(stage).await?;
    uninstall::tell(stage).await?;
    farewell::sum_up(stage)
}
