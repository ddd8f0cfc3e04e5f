//! Chapter seven: people shop, change and register on the store's own page, and workflows hear of each.

use super::arrivals::BY_WEBHOOK;
use super::connect::STORE;
use super::engine::Activation;
use super::stage::Stage;
use crate::failure::Failure;
use crate::table::{self, Fit};

/// The attributes of an event that are shown of one.
const SHOWN: [&str; 5] = ["id", "type", "subject", "time", "origin"];

/// What happens in the store at a time.
pub(super) struct Happening {
    /// The product that is ordered.
    pub(super) ordered: &'static str,
    /// The product that changes, and its new price.
    pub(super) changed: (&'static str, &'static str),
    /// First name, last name and address of somebody who registers.
    pub(super) registered: [&'static str; 3],
}

/// The triggers of the story: what happens in it starts these. Other triggers of the connector stay off.
pub(super) const TRIGGERS: [&str; 3] = ["order-created", "product-updated", "customer-created"];

const MORNING: Happening = Happening {
    ordered: "111",
    changed: ("112", "19.25"),
    registered: ["Ida", "Brandt", "ida.brandt@example.com"],
};

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("shop there, and watch the workflows hear of it")?;
    let expected = happen(stage, &MORNING).await?;
    let arrived = stage.arrive(&expected, BY_WEBHOOK).await?;
    stage.voice.say(
        "Signed by the store, verified, on disk before the answer, read whole, signed again, delivered as CloudEvents:",
    )?;
    if let Some(order) = arrived.iter().find(|one| one.trigger() == expected[0].0) {
        show(stage, order)?;
    }
    stage.end()
}

/// Does on the page of the store what shoppers and staff do; the activations to come.
pub(super) async fn happen(
    stage: &mut Stage<'_>,
    happening: &Happening,
) -> Result<[(&'static str, u64); TRIGGERS.len()], Failure> {
    let Happening { ordered, changed: (product, price), registered: [first, last, email] } = happening;
    let order = [("product_id", *ordered), ("quantity", "2")];
    let change = [("product_id", *product), ("price", *price)];
    let customer = [("first_name", *first), ("last_name", *last), ("email", *email)];
    let [order_created, product_updated, customer_created] = TRIGGERS;
    Ok([
        (order_created, by_hand(stage, "order", &order, "two are ordered").await?),
        (product_updated, by_hand(stage, "product", &change, "the price is changed").await?),
        (customer_created, by_hand(stage, "customer", &customer, "somebody registers").await?),
    ])
}

/// Fills in one form of the store's page; the id of what came of it.
pub(super) async fn by_hand(
    stage: &mut Stage<'_>,
    kind: &str,
    fields: &[(&str, &str)],
    what: &str,
) -> Result<u64, Failure> {
    let action = format!("/manage/{kind}s");
    let page = stage.browser.open(&format!("{}/", stage.sandbox.origin())).await?;
    let answer = stage.browser.submit(&page, &action, fields).await?;
    let done = stage.browser.follow(&answer).await?;
    let id = done.parameter(kind).and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| Failure::Broken(format!("{action} does not say which {kind} it was")))?;
    stage.voice.call(STORE, Some(answer.status), &format!("{action}: {what}, {kind} {id}"))?;
    Ok(id)
}

/// Shows an event as it came, with a few fields of its resource.
fn show(stage: &mut Stage<'_>, activation: &Activation) -> Result<(), Failure> {
    let attributes = SHOWN.iter().map(|name| vec![(*name).to_owned(), activation.attribute(name)]);
    let fields = activation.full.iter().count();
    let full = format!("all {fields} fields: {}", activation.summary());
    let rows = attributes.chain([vec!["data.full".to_owned(), full]]);
    let table = table::rows(&["of the event", "value"], rows, Fit::Cut, stage.voice.table_width());
    Ok(stage.voice.show(&table)?)
}
