//! `connector demo`: an agency's morning with a client's store, from the connection to what is left behind; told step
//! by step and checked, so that it fails when something does not go as it says.

use connector_runtime::Connector;

use crate::failure::Failure;
use crate::surroundings::Surroundings;
use deliveries::Resources;
use stage::Stage;
use voice::Voice;

mod catalogue;
mod connect;
mod customers;
mod deliveries;
mod farewell;
mod ledger;
mod mishaps;
mod orders;
mod products;
mod quota;
mod stage;
mod voice;
mod webhooks;

/// Runs the demo.
///
/// # Errors
/// With the first thing that did not go as told.
pub(crate) async fn run(
    connector: &'static Connector,
    json: bool,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let style = surroundings.stdout_style;
    let mut voice = Voice::new(json, surroundings.width, style, &mut *surroundings.stdout);
    voice.preface(
        "An agency's morning with a client's store, here a local one that answers as BigCommerce does: no account is \
         needed. A line shows an action, the status that came (- for none) and what it means; every answer is checked.",
    )?;
    let mut stage = Stage::set(connector, &surroundings.program, voice).await?;
    let told = tell(&mut stage).await;
    if let Err(failure) = &told {
        stage.fail(failure)?;
    }
    stage.leave().await;
    told
}

/// The chapters in their order; each hands on what later ones need.
async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let store_id = connect::tell(stage).await?;
    let category = catalogue::tell(stage).await?;
    let product = products::tell(stage, category).await?;
    let order = orders::tell(stage).await?;
    let customer = customers::tell(stage).await?;
    let hooks = webhooks::tell(stage).await?;
    deliveries::tell(stage, &Resources { store_id, product, order, customer }).await?;
    let twin = mishaps::tell(stage, category).await?;
    quota::tell(stage, product).await?;
    farewell::clean_up(stage, &[product, twin], &hooks).await?;
    farewell::sum_up(stage)
}
