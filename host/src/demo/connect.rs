//! Chapter one: a person connects the store in a browser, and the token that was granted there works.

use connector_runtime::ExposeSecret as _;
use serde_json::json;

use super::browser::Page;
use super::service::APP;
use super::stage::{QUOTA, Stage, WINDOW, data, ensure, number, text};
use crate::failure::{Failure, milliseconds, seconds};
use crate::members::Members;

/// The path of the page of a connection, without its id.
pub(super) const CONNECTION: &str = "/connections/…";

/// What the two servers are called in front of what a page of theirs says.
pub(super) const SERVICE: &str = "page of the service";
pub(super) const STORE: &str = "page of the store";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("connect the store, in a browser")?;
    stage.serve().await?;
    let (store, service) = (stage.sandbox.origin(), stage.service.origin());
    let process = stage.service.process().unwrap_or_default();
    stage
        .voice
        .say(&format!("The store is at {store}; its quota is {QUOTA} requests per {}.", seconds(WINDOW)))?;
    stage
        .voice
        .say(&format!("`connector serve` is process {process}; its pages are at {service}/connections."))?;
    stage.voice.fact("origin", store);
    stage.voice.fact("service", service);
    stage.voice.fact("process", process);
    sign_in(stage).await?;
    let page = install(stage).await?;
    let connection = shown(stage, &page)?;
    stage.connect().await?;
    ensure(stage.account()?.id == connection, || "the service keeps another connection".to_owned())?;
    call(stage).await?;
    stage.voice.fact("quota", QUOTA);
    stage.voice.fact("window_ms", milliseconds(WINDOW));
    stage.end()
}

/// Signs in with the admin token of the service.
async fn sign_in(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let origin = stage.service.origin();
    let asked = stage.browser.open(&format!("{origin}/connections")).await?;
    let form = stage.browser.follow(&asked).await?;
    let token = stage.admin_token.expose_secret();
    let answer = stage.browser.submit(&form, form.path(), &[("admin_token", token)]).await?;
    ensure(answer.next()?.ends_with("/connections"), || format!("nobody can sign in: {}", answer.heading()))?;
    Ok(stage.voice.call(
        SERVICE,
        Some(answer.status),
        &format!("{}: signed in with the admin token", form.path()),
    )?)
}

/// From the address of a control panel, over the store's consent, to the page of the connection.
async fn install(stage: &mut Stage<'_>) -> Result<Page, Failure> {
    let path = format!("/connect/{APP}");
    let form = stage.browser.open(&format!("{}{path}", stage.service.origin())).await?;
    let hash = stage.sandbox.store_hash().to_owned();
    let typed = format!("https://store-{hash}.mybigcommerce.com/manage/dashboard");
    let away = stage.browser.submit(&form, &path, &[("store_hash", &typed)]).await?;
    ensure(away.next()?.starts_with(&stage.sandbox.origin()), || "it does not lead to the store".to_owned())?;
    stage.voice.call(
        SERVICE,
        Some(away.status),
        &format!("{path}: the store, typed as the address of its control panel"),
    )?;

    let screen = stage.browser.follow(&away).await?;
    let asked = screen.texts("li");
    let told =
        format!("{}: \"{}\", which asks for {} scopes", place(stage, &screen), screen.heading(), asked.len());
    stage.voice.call(STORE, Some(screen.status), &told)?;
    ensure(screen.says(&hash) && !asked.is_empty(), || {
        "the screen does not say who asks for what".to_owned()
    })?;
    let back = stage.browser.submit(&screen, screen.path(), &[("decision", "approve")]).await?;
    stage.voice.call(STORE, Some(back.status), "approved: the browser goes back with a code")?;

    let callback = stage.browser.follow(&back).await?;
    let told = format!("{}: the code became a token, sealed on disk", callback.path());
    let page = stage.voice.watch("the connection is made", stage.browser.follow(&callback)).await??;
    stage.voice.call(SERVICE, Some(callback.status), &told)?;
    Ok(page)
}

/// What the page of the connection shows; the connection's id.
fn shown(stage: &mut Stage<'_>, page: &Page) -> Result<String, Failure> {
    let (store, state) = (page.heading(), page.described("State"));
    ensure(state == "connected", || format!("{} says that it is {state:?}", page.path()))?;
    let cells = page.rows();
    let scopes = cells.iter().filter(|cells| cells.last().is_some_and(|last| last == "granted"));
    let granted: Vec<String> = scopes.filter_map(|cells| cells.first().cloned()).collect();
    ensure(!granted.is_empty() && !page.says("missing"), || format!("only {granted:?} were granted"))?;
    let id = page.path().rsplit('/').next().unwrap_or_default().to_owned();
    let told = format!("{store}, {state}; granted: {}", granted.join(", "));
    stage.voice.call(SERVICE, Some(page.status), &format!("{CONNECTION}: {told}"))?;
    stage.voice.fact("store", store);
    stage.voice.fact("granted", granted);
    stage.voice.fact("connection", &id);
    stage.voice.fact("state", state);
    Ok(id)
}

/// Two calls of actions with the granted token.
async fn call(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let test =
        stage.connector.test.ok_or_else(|| Failure::Broken("the connector has no test".to_owned()))?.id;
    let reply = stage.done(test, &json!({})).await?;
    let time = number(&data(&reply)?, "time")?;
    ensure(time > 0, || "the store's clock stands still".to_owned())?;
    stage.told(test, &reply, "the token works: this is the cheapest call that shows it")?;
    let reply = stage.done("get-store-information", &json!({})).await?;
    let store: Members = data(&reply)?;
    let hash = stage.sandbox.store_hash().to_owned();
    ensure(text(&store, "id") == hash, || format!("this is store {}", text(&store, "id")))?;
    let told = ["name", "industry", "country", "currency", "plan_name"].map(|field| text(&store, field));
    ensure(told.iter().all(|part| !part.is_empty()), || {
        format!("the store does not introduce itself: {told:?}")
    })?;
    let [name, industry, country, currency, plan] = told;
    let told = format!("{name}: {industry}, {country}, {currency}, plan {plan}");
    stage.told("get-store-information", &reply, &told)?;
    stage.voice.fact("store_hash", hash);
    Ok(())
}

/// The path of a page of the store, with the app's client id cut short.
fn place(stage: &Stage<'_>, page: &Page) -> String {
    page.path().replace(stage.sandbox.client_id(), "…")
}
