//! Customers (v3).
//! Source: `reference/customers.v3.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{ApiError, V3Error, no_content, v3_list};
use crate::call::Call;
use crate::date::customer_date;
use crate::fields::{require, writable};
use crate::paging::parameter;
use crate::server::Shared;
use crate::store::{Document, Store};
use crate::webhooks::event::Event;
use customer_fields::{UPDATABLE, WRITABLE, defaults};

mod customer_fields;
mod customer_list;

/// The most customers of one request.
const MOST: usize = 10;

/// The paths of customers.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route(
        "/stores/{store_hash}/v3/customers",
        get(customer_list::list).post(create).put(update).delete(delete),
    )
}

/// `POST /v3/customers`: 1 to 10 customers, all of them or none.
pub(crate) async fn create(call: Call) -> Result<Response, V3Error> {
    let items = match within_limit(&call)? {
        Ok(items) => items,
        Err(too_many) => return Ok(too_many),
    };
    let mut store = call.store();
    let mut draft = store.clone();
    let mut made = Vec::new();
    for sent in items {
        require(&sent, &["first_name", "last_name", "email"])?;
        let written = writable(&sent, WRITABLE)?;
        check_email(&draft, None, &written, "Create customers failed.")?;
        let customer = new_customer(&call, &mut draft, written)?;
        let id = draft.customers.insert(customer.clone(), call.now_millis());
        draft.events.push(Event::about("store/customer/created", "customer", id));
        draft.events.extend(address_events(id, &customer));
        made.push(Value::Object(customer_list::created(&customer, &sent)));
    }
    *store = draft;
    Ok(v3_list(made, json!({})))
}

/// `PUT /v3/customers`: 1 to 10 customers by their ids, all of them or none.
async fn update(call: Call) -> Result<Response, V3Error> {
    let items = match within_limit(&call)? {
        Ok(items) => items,
        Err(too_many) => return Ok(too_many),
    };
    let mut store = call.store();
    let mut draft = store.clone();
    let mut changed = Vec::new();
    for sent in items {
        require(&sent, &["id"])?;
        let id = sent["id"].as_u64().unwrap_or_default();
        let written = writable(&sent, UPDATABLE)?;
        check_email(&draft, Some(id), &written, "Update customers failed.")?;
        let unknown = || ApiError::invalid("id", format!("there is no customer with the id {id}"));
        let customer = draft.customers.get_mut(id).ok_or_else(unknown)?;
        customer.extend(written);
        customer.insert("date_modified".to_owned(), customer_date(call.now()).into());
        changed.push(customer_list::plain(customer).into());
        draft.events.push(Event::about("store/customer/updated", "customer", id));
    }
    *store = draft;
    Ok(v3_list(changed, json!({})))
}

/// `DELETE /v3/customers`: by `id:in`. Without it the answer is 204 all the same, and nothing happens.
async fn delete(call: Call) -> Result<Response, V3Error> {
    let Some(ids) = parameter(call.parameters()?, "id:in") else {
        return Ok(no_content());
    };
    let ids: Result<Vec<u64>, _> = ids.split(',').map(|id| id.trim().parse()).collect();
    let ids = ids.map_err(|_| ApiError::invalid("id:in", "must be whole numbers joined by commas"))?;
    let mut store = call.store();
    for id in ids {
        if store.customers.remove(id).is_some() {
            store.events.push(Event::about("store/customer/deleted", "customer", id));
        }
    }
    Ok(no_content())
}

/// The addresses that came with a new customer, whose events are of the type of the customer.
fn address_events(id: u64, customer: &Document) -> Vec<Event> {
    let addresses = customer["addresses"].as_array().into_iter().flatten();
    let event = |address: u64| {
        let event = Event::about("store/customer/address/created", "customer", address);
        event.with("address", json!({"customer_id": id}))
    };
    addresses.filter_map(|address| address["id"].as_u64()).map(event).collect()
}

/// The customers of the body, or the 413 beyond ten, which has no body.
fn within_limit(call: &Call) -> Result<Result<Vec<Document>, Response>, ApiError> {
    let items = call.objects(usize::MAX)?;
    Ok(if items.len() > MOST {
        Err((StatusCode::PAYLOAD_TOO_LARGE, Body::empty()).into_response())
    } else {
        Ok(items)
    })
}

/// 422 where another customer has the e-mail address.
fn check_email(
    store: &Store,
    id: Option<u64>,
    written: &Document,
    title: &'static str,
) -> Result<(), ApiError> {
    let Some(email) = written.get("email").and_then(Value::as_str) else {
        return Ok(());
    };
    if !email.contains('@') {
        return Err(ApiError::invalid("email", "must be an e-mail address"));
    }
    let is_same = |customer: &Document| {
        customer["email"].as_str().is_some_and(|other| other.eq_ignore_ascii_case(email))
    };
    if store.customers.iter().any(|(other, customer)| Some(other) != id && is_same(customer)) {
        let complaint = format!("email {email} already in use");
        return Err(ApiError::invalid(".customer_create", complaint).titled(title));
    }
    Ok(())
}

fn new_customer(call: &Call, store: &mut Store, mut written: Document) -> Result<Document, ApiError> {
    let id = store.customers.next_id();
    if let Some(addresses) = written.get_mut("addresses").and_then(Value::as_array_mut) {
        for address in addresses.iter_mut().filter_map(Value::as_object_mut) {
            require(address, &["first_name", "last_name", "city", "country_code", "address1"])?;
            address.insert("id".to_owned(), store.parts.take().into());
            address.insert("customer_id".to_owned(), id.into());
        }
    }
    // The password is write-only; what the answer shows of the object is the other field.
    let reset = written.get("authentication").is_some_and(|it| it["force_password_reset"] == true);
    written.insert("authentication".to_owned(), json!({"force_password_reset": reset}));
    let mut customer = defaults(id, call.now());
    customer.extend(written);
    let count = |name: &str| customer[name].as_array().map_or(0, Vec::len).into();
    let (addresses, attributes): (Value, Value) = (count("addresses"), count("attributes"));
    customer.insert("address_count".to_owned(), addresses);
    customer.insert("attribute_count".to_owned(), attributes);
    Ok(customer)
}
