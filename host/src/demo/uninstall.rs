//! Chapter twelve: the app is uninstalled in the store's control panel, and everything comes to its end.

use connector_runtime::Class;
use serde_json::json;

use super::arrivals::BY_WEBHOOK;
use super::connect::{CONNECTION, SERVICE, STORE};
use super::events::by_hand;
use super::stage::{Stage, ensure};
use crate::failure::Failure;
use crate::members::Members;
use crate::serve::broken;

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("uninstall the app")?;
    stage.engine.keep_waiting(true);
    let order = by_hand(stage, "order", &[("product_id", "115"), ("quantity", "1")], "a last order").await?;
    stage.arrive(&[("order-created", order)], BY_WEBHOOK).await?;
    stage.voice.say("The workflow engine is busy, and has not acknowledged it yet.")?;
    remove(stage).await?;
    stage.engine.keep_waiting(false);
    stage.all_delivered().await?;
    stage.voice.say(
        "The engine acknowledges the order now: what was taken before the end is delivered all the same.",
    )?;
    erase(stage).await?;
    stage.end()
}

/// Removes the app in the control panel, and shows what that means.
async fn remove(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let store = stage.sandbox.origin();
    let panel = stage.browser.open(&format!("{store}/")).await?;
    let action = format!("/manage/app/{}/uninstall", stage.sandbox.client_id());
    let removed = stage.browser.submit(&panel, &action, &[]).await?;
    stage.voice.call(STORE, Some(removed.status), "/manage/app/…/uninstall: the app is gone")?;
    let path = format!("/connections/{}", stage.account()?.id);
    let what = "the service hears of it";
    let page = stage.until_page(what, &path, |page| page.described("State") == "revoked").await?;
    let told = "This account is not connected any more.";
    ensure(page.says(told), || format!("{path} does not say what happened"))?;
    stage.voice.call(SERVICE, Some(page.status), &format!("{CONNECTION}: revoked. {told}"))?;

    let error = stage.refused("get-time", &json!({}), Class::AuthRevoked).await?;
    ensure(error.status() == Some(401), || format!("not as told: {error}"))?;
    stage.told_refusal("get-time", &error, "the token opens nothing now")?;
    stage.show("get-time", error)?;
    let left = hooks_left(stage).await?;
    ensure(left == 0, || format!("webhooks are left: {left}"))?;
    stage.voice.fact("state", "revoked");
    stage.voice.fact("webhooks_left", left);
    Ok(stage
        .voice
        .say("The store has no webhook of it any more, and the service has forgotten the token.")?)
}

/// How many webhooks the store still has, which a token that is void cannot ask.
async fn hooks_left(stage: &Stage<'_>) -> Result<u64, Failure> {
    let unread = |error: reqwest::Error| broken("the store", &error);
    let answer =
        stage.http.get(format!("{}/_sandbox", stage.sandbox.origin())).send().await.map_err(unread)?;
    let told: Members = answer.json().await.map_err(unread)?;
    let resources: Option<Members> = told.get("resources");
    let hooks = resources.and_then(|resources| resources.get("hooks"));
    hooks.ok_or_else(|| Failure::Broken("the store does not say how many webhooks it has".to_owned()))
}

/// Erases at once what the service would erase by itself a little later.
async fn erase(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.ledger.served += stage.at_rest().await?.served;
    let connection = stage.account()?.id.clone();
    let erased = ["connections", "remove", &connection, "--erase", "--json"];
    let erased = stage.voice.watch("all of it is erased", stage.service.run(&erased)).await??;
    let erased: Option<Members> = serde_json::from_str(&erased).ok();
    let count: Option<u64> = erased.and_then(|erased| erased.get("activations_erased"));
    let count = count.ok_or_else(|| Failure::Broken("it does not say what was erased".to_owned()))?;
    let listed = stage.service.run(&["activations", "list", "--json"]).await?;
    let listed: Option<Members> = serde_json::from_str(&listed).ok();
    let listed: Option<Vec<Members>> = listed.and_then(|listed| listed.get("activations"));
    ensure(listed.is_some_and(|listed| listed.is_empty()), || "activations are left".to_owned())?;
    stage.voice.say(&format!(
        "What the store has sent is erased within a quarter of an hour; `connector connections remove --erase` does it now: \
         activations erased {count}, left 0."
    ))?;
    stage.voice.fact("erased", count);
    Ok(())
}
