//! Chapter five: an order that waits is shipped, over the older version of the API.

use serde_json::json;

use super::engine::money;
use super::stage::{Stage, data, ensure, number, text};
use crate::failure::Failure;
use crate::members::Members;

/// Ids of BigCommerce's order statuses.
const AWAITING_FULFILLMENT: u64 = 11;
const SHIPPED: u64 = 2;
const DECLINED: u64 = 6;

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("ship an order, over v2 of the API")?;
    let query = json!({"status_id": AWAITING_FULFILLMENT, "sort": "date_created:desc", "limit": 3});
    let reply = stage.done("list-orders", &query).await?;
    let waiting: Vec<Members> = data(&reply)?;
    let latest = waiting.first().ok_or_else(|| Failure::Broken("no order waits".to_owned()))?;
    let id = number(latest, "id")?;
    let ids: Vec<String> = waiting.iter().map(|order| text(order, "id")).collect();
    stage.told("list-orders", &reply, &format!("the latest that wait to be sent: {}", ids.join(", ")))?;

    let reply = stage.done("list-orders", &json!({"status_id": DECLINED})).await?;
    ensure(reply.status == 204 && reply.json.as_str() == "[]", || {
        format!("status {} and {} came for an empty list", reply.status, reply.json.as_str())
    })?;
    stage.told("list-orders", &reply, "none was declined: v2 sends no body, the connector answers []")?;

    let reply = stage.done("get-order", &json!({"order_id": id})).await?;
    let order: Members = data(&reply)?;
    ensure(order.get("id") == Some(id), || "the store answered with another order".to_owned())?;
    let before = text(&order, "status");
    let told = format!(
        "order {id}: {} items, {} {}, {before}",
        text(&order, "items_total"),
        money(&text(&order, "total_inc_tax")),
        text(&order, "currency_code"),
    );
    stage.told("get-order", &reply, &told)?;

    let change =
        json!({"order_id": id, "status_id": SHIPPED, "staff_notes": "Handed to the carrier at 9:40."});
    let reply = stage.done("update-order", &change).await?;
    let order: Members = data(&reply)?;
    ensure(order.get("status_id") == Some(SHIPPED), || "the order was not shipped".to_owned())?;
    stage.told("update-order", &reply, &format!("{before}, now {}", text(&order, "status")))?;
    stage.voice.fact("order_id", id);
    stage.voice.fact("status", text(&order, "status"));
    stage.end()
}
