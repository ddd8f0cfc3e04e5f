//! The statuses of orders, and how many orders have each.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::not_found;
use super::order_list::admitted;
use crate::answer::{self, V2Error};
use crate::call::Call;

/// A status that an order can have.
struct Status {
    id: u64,
    name: &'static str,
    description: &'static str,
    /// Its place in the merchant's list.
    order: u64,
}

/// Source: `docs/store-operations/orders/index.mdx` of <https://github.com/bigcommerce/docs>.
const STATUSES: &[Status] = &[
    status(0, "Incomplete", "The shopper reached the payment page and did not pay.", 0),
    status(1, "Pending", "The checkout was started and not finished.", 1),
    status(2, "Shipped", "Everything is on its way; its receipt is not confirmed.", 8),
    status(3, "Partially Shipped", "A part of the order is on its way.", 6),
    status(4, "Refunded", "The whole payment was given back.", 11),
    status(5, "Cancelled", "The order was called off.", 9),
    status(6, "Declined", "The merchant did not accept the order.", 10),
    status(7, "Awaiting Payment", "The checkout is finished, the payment is not confirmed.", 2),
    status(8, "Awaiting Pickup", "The order is packed and waits for the customer.", 5),
    status(9, "Awaiting Shipment", "The order is packed and waits for the carrier.", 4),
    status(10, "Completed", "The customer has everything.", 7),
    status(11, "Awaiting Fulfillment", "The order is paid for and not packed.", 3),
    status(12, "Manual Verification Required", "A person must look at the order first.", 13),
    status(13, "Disputed", "The customer has disputed the payment.", 12),
    status(14, "Partially Refunded", "A part of the payment was given back.", 14),
];

const fn status(id: u64, name: &'static str, description: &'static str, order: u64) -> Status {
    Status { id, name, description, order }
}

/// The name of the status with this id; empty where there is none.
pub(crate) fn status_name(id: u64) -> &'static str {
    STATUSES.iter().find(|status| status.id == id).map_or("", |status| status.name)
}

/// `GET /v2/order_statuses`
pub(super) async fn list(_: Call) -> Result<Response, V2Error> {
    let all: Vec<Value> = STATUSES.iter().map(Status::document).collect();
    Ok(answer::json(StatusCode::OK, &all.into()))
}

/// `GET /v2/order_statuses/{status_id}`
pub(super) async fn read(call: Call) -> Result<Response, V2Error> {
    let status = call.id(0).and_then(|id| STATUSES.iter().find(|status| status.id == id));
    Ok(answer::json(StatusCode::OK, &status.ok_or_else(not_found)?.document()))
}

/// `GET /v2/orders/count`: the orders that meet the filters of the list, by status.
pub(super) async fn count(call: Call) -> Result<Response, V2Error> {
    let orders = admitted(&call)?;
    let mut statuses: Vec<&Status> = STATUSES.iter().collect();
    statuses.sort_by_key(|status| status.order);
    let counted = statuses.into_iter().map(|status| {
        let count = orders.iter().filter(|order| order["status_id"] == status.id).count();
        json!({
            "id": status.id, "name": status.name, "system_label": status.name, "custom_label": status.name,
            "system_description": status.description, "count": count, "sort_order": status.order,
        })
    });
    let body = json!({"statuses": counted.collect::<Vec<_>>(), "count": orders.len()});
    Ok(answer::json(StatusCode::OK, &body))
}

impl Status {
    fn document(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "system_label": self.name, "custom_label": self.name,
            "system_description": self.description, "order": self.order,
        })
    }
}
