//! Orders: list and read.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::order_view::View;
use super::{bare_list, not_found};
use crate::answer::{self, ApiError, V2Error};
use crate::call::Call;
use crate::filter::{Criteria, Filter, IS, Kind};
use crate::paging::{PAGE_PARAMETERS, Page, parameter, sort};
use crate::store::Document;

const SORTS: &[&str] =
    &["id", "customer_id", "date_created", "date_modified", "status_id", "channel_id", "external_id"];

/// v2 puts the operator in front of the name; reading them moves it behind, where v3 has it.
const FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, &["min", "max"]),
    Filter::new("total", Kind::Decimal, &["min", "max"]).on("total_inc_tax"),
    Filter::new("date_created", Kind::Date, &["min", "max"]),
    Filter::new("date_modified", Kind::Date, &["min", "max"]),
    Filter::new("customer_id", Kind::Integer, IS),
    Filter::new("status_id", Kind::Integer, IS),
    Filter::new("channel_id", Kind::Integer, IS),
    Filter::new("email", Kind::Text, IS),
    Filter::new("cart_id", Kind::Text, IS),
    Filter::new("payment_method", Kind::Text, IS),
    Filter::new("external_order_id", Kind::Text, IS),
    Filter::new("is_deleted", Kind::Flag, IS),
];

const OTHERS: [&str; 3] = ["sort", "include", "consignment_structure"];

/// `GET /v2/orders`
pub(super) async fn list(call: Call) -> Result<Response, V2Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let view = View::read(&call)?;
    let (field, descending) = order(parameters)?;
    let mut orders = admitted(&call)?;
    sort(&mut orders, field, descending);
    let shown: Vec<Value> = page.of(&orders).iter().map(|order| view.of(order).into()).collect();
    Ok(bare_list(shown))
}

/// `GET /v2/orders/{order_id}`
pub(super) async fn read(call: Call) -> Result<Response, V2Error> {
    let view = View::read(&call)?;
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.orders.created(*id)));
    let order = id.and_then(|id| store.orders.get(id)).ok_or_else(not_found)?;
    Ok(answer::json(StatusCode::OK, &view.of(order).into()))
}

/// The orders that meet the filters; archived ones only where `is_deleted` asks for them.
pub(super) fn admitted(call: &Call) -> Result<Vec<Document>, ApiError> {
    let others = [&PAGE_PARAMETERS[..], &OTHERS].concat();
    let moved: Vec<(String, String)> = call.parameters()?.iter().map(operator_behind).collect();
    let criteria = Criteria::read(FILTERS, &others, &moved, call.now())?;
    let wants_archived = moved.iter().any(|(name, _)| name == "is_deleted");
    let store = call.store();
    let orders = store.orders.iter().map(|(_, order)| order);
    let met = orders.filter(|order| wants_archived || order["is_deleted"] == false).filter(|order| {
        let mut order = (*order).clone();
        order.insert("email".to_owned(), order["billing_address"]["email"].clone());
        criteria.admit(&order)
    });
    Ok(met.cloned().collect())
}

/// The parameter with its operator behind the name, where the filters have it: `min_id` becomes `id:min`.
pub(super) fn operator_behind((name, value): &(String, String)) -> (String, String) {
    let moved = ["min", "max"].iter().find_map(|operator| {
        let base = name.strip_prefix(operator)?.strip_prefix('_')?;
        Some(format!("{base}:{operator}"))
    });
    (moved.unwrap_or_else(|| name.clone()), value.clone())
}

fn order(parameters: &[(String, String)]) -> Result<(&'static str, bool), ApiError> {
    let text = parameter(parameters, "sort").unwrap_or("id");
    let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
    let field = SORTS.iter().find(|known| **known == name);
    match (field, direction) {
        (Some(field), "asc") => Ok((field, false)),
        (Some(field), "desc") => Ok((field, true)),
        _ => Err(ApiError::invalid("sort", "must be a field that can be sorted by, with :asc or :desc")),
    }
}
