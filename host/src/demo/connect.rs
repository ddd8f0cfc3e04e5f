//! Chapter one: is the connection good, and whose store is it?

use serde_json::json;

use super::stage::{QUOTA, Stage, WINDOW, data, ensure, number, text};
use crate::failure::{Failure, milliseconds, seconds};
use crate::members::Members;

/// Returns the number that deliveries name the store by.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<u64, Failure> {
    stage.begin("connect to the client's store")?;
    let (hash, origin) = (stage.sandbox.store_hash().to_owned(), stage.sandbox.origin());
    stage
        .voice
        .say(&format!("Store {hash} at {origin}; its quota is {QUOTA} requests per {}.", seconds(WINDOW)))?;
    let test =
        stage.connector.test.ok_or_else(|| Failure::Broken("the connector has no test".to_owned()))?.id;
    let reply = stage.done(test, &json!({})).await?;
    let time = number(&data(&reply)?, "time")?;
    ensure(time > 0, || "the store's clock stands still".to_owned())?;
    stage.told(test, &reply, "the connection works: this is the cheapest call that shows it")?;
    let reply = stage.done("get-store-information", &json!({})).await?;
    let store: Members = data(&reply)?;
    ensure(text(&store, "id") == hash, || format!("this is store {}", text(&store, "id")))?;
    let told = ["name", "industry", "country", "currency", "plan_name"].map(|field| text(&store, field));
    ensure(told.iter().all(|part| !part.is_empty()), || {
        format!("the store does not introduce itself: {told:?}")
    })?;
    let [name, industry, country, currency, plan] = told;
    let told = format!("{name}: {industry}, {country}, {currency}, plan {plan}");
    stage.told("get-store-information", &reply, &told)?;
    stage.voice.fact("origin", origin);
    stage.voice.fact("store_hash", hash);
    stage.voice.fact("store", name);
    stage.voice.fact("quota", QUOTA);
    stage.voice.fact("window_ms", milliseconds(WINDOW));
    stage.end()?;
    number(&store, "store_id")
}
