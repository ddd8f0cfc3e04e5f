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
use crate::fields::{require, take_own_id, writable};
use crate::paging::parameter;
use crate::server::Shared;
use crate::store::{Document, Sequence, Store, fields};
use crate::webhooks::event::Event;
use countries::country;
use customer_fields::{UPDATABLE, WRITABLE, address_defaults, defaults};

mod countries;
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
        let written = writable(&sent, &[WRITABLE])?;
        check_email(&draft, None, &written, "Create customers failed.")?;
        let customer = new_customer(&call, &mut draft, written)?;
        let id = draft.customers.insert(customer.clone(), call.now_millis());
        draft.events.push(Event::about("store/customer/created", "customer", id));
        draft.events.extend(address_events(id, &customer));
        made.push(Value::Object(customer_list::whole(&customer)));
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
    for mut sent in items {
        require(&sent, &["id"])?;
        let id = sent["id"].as_u64().unwrap_or_default();
        take_own_id(&mut sent, "id", id)?;
        let written = writable(&sent, &[UPDATABLE])?;
        check_email(&draft, Some(id), &written, "Update customers failed.")?;
        let unknown = || ApiError::invalid("id", format!("there is no customer with the id {id}"));
        let customer = draft.customers.get_mut(id).ok_or_else(unknown)?;
        write(customer, written)?;
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
        for address in addresses {
            *address = new_address(address, id, &mut store.parts)?.into();
        }
    }
    if let Some(attributes) = written.get_mut("attributes").and_then(Value::as_array_mut) {
        for attribute in attributes.iter_mut().filter_map(Value::as_object_mut) {
            require(attribute, &["attribute_id", "attribute_value"])?;
            let date = customer_date(call.now());
            attribute.extend(fields(json!({
                "id": store.parts.take(), "customer_id": id, "date_created": date, "date_modified": date,
            })));
        }
    }
    let mut customer = defaults(id, call.now());
    write(&mut customer, written)?;
    let count = |name: &str| customer[name].as_array().map_or(0, Vec::len).into();
    let (addresses, attributes): (Value, Value) = (count("addresses"), count("attributes"));
    customer.insert("address_count".to_owned(), addresses);
    customer.insert("attribute_count".to_owned(), attributes);
    Ok(customer)
}

/// The address as it is kept, with the name of its country.
fn new_address(sent: &Value, customer: u64, parts: &mut Sequence) -> Result<Document, ApiError> {
    let sent = fields(sent.clone());
    require(&sent, &["first_name", "last_name", "city", "country_code", "address1"])?;
    check_form_fields(&sent)?;
    let code = sent["country_code"].as_str().unwrap_or_default();
    let unknown = || ApiError::invalid("country_code", "is not the code of a country");
    let country = country(code).ok_or_else(unknown)?;
    let mut address = address_defaults(parts.take(), customer);
    address.extend(sent);
    address.insert("country".to_owned(), country.into());
    Ok(address)
}

/// Writes the customer's own fields and those parts that may be changed.
fn write(customer: &mut Document, mut written: Document) -> Result<(), ApiError> {
    if written.get("channel_ids").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Err(ApiError::invalid("channel_ids", "must have at least one item, or be null"));
    }
    check_form_fields(&written)?;
    // The password is write-only: no answer shows it.
    if let Some(authentication) = written.remove("authentication")
        && let Some(reset) = authentication.get("force_password_reset")
    {
        customer.insert("authentication".to_owned(), json!({"force_password_reset": reset}));
    }
    written.remove("trigger_account_created_notification");
    for field in written.get_mut("form_fields").and_then(Value::as_array_mut).into_iter().flatten() {
        field["customer_id"] = customer["id"].clone();
    }
    customer.extend(written);
    Ok(())
}

fn check_form_fields(sent: &Document) -> Result<(), ApiError> {
    let all = sent.get("form_fields").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_object).try_for_each(|field| require(field, &["name", "value"]))
}
