//! The list of customers: filters, parts on demand, pages and cursors.

use axum::response::Response;
use serde_json::{Value, json};

use crate::answer::{ApiError, V3Error, v3_list};
use crate::call::Call;
use crate::filter::{Criteria, Filter, Kind};
use crate::paging::{CURSOR_PARAMETERS, PAGE_PARAMETERS, Page, parameter, sort};
use crate::store::{Document, fields};

/// What `include` calls the parts, and the fields that hold them.
const PARTS: &[(&str, &str)] = &[
    ("addresses", "addresses"),
    ("storecredit", "store_credit_amounts"),
    ("attributes", "attributes"),
    ("formfields", "form_fields"),
    ("shopper_profile_id", "shopper_profile_id"),
    ("segment_ids", "segment_ids"),
];

const SORTED_FIELDS: &[&str] = &["date_created", "last_name", "date_modified"];

const IN: &[&str] = &["in"];

const DATES: &[&str] = &["", "min", "max"];

const FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, IN),
    Filter::new("company", Kind::Text, IN),
    Filter::new("customer_group_id", Kind::Integer, IN),
    Filter::new("email", Kind::Text, IN),
    Filter::new("name", Kind::Text, &["in", "like"]).on("name"),
    Filter::new("phone", Kind::Text, IN),
    Filter::new("registration_ip_address", Kind::Text, IN),
    Filter::new("date_created", Kind::Date, DATES),
    Filter::new("date_modified", Kind::Date, DATES),
];

/// `GET /v3/customers`
pub(super) async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let included = included(parameters)?;
    let order = order(parameters)?;
    let others = [&PAGE_PARAMETERS[..], &CURSOR_PARAMETERS, &["include", "sort"]].concat();
    let criteria = Criteria::read(FILTERS, &others, parameters, call.now())?;
    let mut customers: Vec<Document> =
        call.store().customers.iter().map(|(_, it)| named(it)).filter(|it| criteria.admit(it)).collect();
    sort(&mut customers, order.0, order.1);
    let before = parameter(parameters, "before").map(|text| read_cursor("before", text)).transpose()?;
    let after = parameter(parameters, "after").map(|text| read_cursor("after", text)).transpose()?;
    let by_cursor = before.is_some() || after.is_some();
    let shown = match (after, before) {
        (Some(id), _) => behind(&customers, id, page.limit()),
        (None, Some(id)) => in_front_of(&customers, id, page.limit()),
        (None, None) => page.of(&customers),
    };
    let data = shown.iter().map(|customer| selected(customer, &included).into()).collect();
    let mut meta = Document::new();
    if !by_cursor {
        let mut pagination = page.pagination(customers.len(), shown.len(), call.query());
        // Real stores were seen to answer a single page without links.
        if customers.len() <= page.limit() {
            pagination.remove("links");
        }
        meta.insert("pagination".to_owned(), pagination.into());
    }
    if by_cursor || page.number() == 1 {
        meta.insert("cursor_pagination".to_owned(), cursors(&customers, shown, page, call.query()).into());
    }
    Ok(v3_list(data, meta.into()))
}

/// The customer without the parts that an answer shows on demand.
pub(super) fn plain(customer: &Document) -> Document {
    selected(customer, &[])
}

/// The customer as the answer to its creation shows it: with every documented part.
pub(super) fn whole(customer: &Document) -> Document {
    let fields: Vec<&str> = PARTS.iter().map(|(_, field)| *field).collect();
    selected(customer, &fields)
}

fn selected(customer: &Document, included: &[&str]) -> Document {
    let is_part = |name: &str| PARTS.iter().any(|(_, field)| *field == name);
    let shown = customer
        .iter()
        .filter(|(name, _)| *name != "name" && (!is_part(name) || included.contains(&name.as_str())));
    let mut shown: Document = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
    // Source: `form_fields` of addresses in `reference/customers.v3.yml`, "controlled by `formfields` parameter".
    if !included.contains(&"form_fields") {
        let addresses = shown.get_mut("addresses").and_then(Value::as_array_mut).into_iter().flatten();
        for address in addresses.filter_map(Value::as_object_mut) {
            address.remove("form_fields");
        }
    }
    shown
}

/// The customer with its whole name, which can be filtered by.
fn named(customer: &Document) -> Document {
    let text = |name: &str| customer[name].as_str().unwrap_or_default();
    let name = format!("{} {}", text("first_name"), text("last_name"));
    let mut named = customer.clone();
    named.insert("name".to_owned(), name.into());
    named
}

/// The fields that `include` asks for.
fn included(parameters: &[(String, String)]) -> Result<Vec<&'static str>, ApiError> {
    let sent = parameters.iter().filter(|(name, _)| name == "include");
    let names = sent.flat_map(|(_, value)| value.split(',')).filter(|name| !name.is_empty());
    let field = |name: &str| {
        let known = PARTS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
        known.ok_or_else(|| ApiError::invalid("include", format!("{name} is no part of a customer")))
    };
    names.map(field).collect()
}

fn order(parameters: &[(String, String)]) -> Result<(&'static str, bool), ApiError> {
    let Some(text) = parameter(parameters, "sort") else {
        return Ok(("id", false));
    };
    let (field, direction) = text.split_once(':').unwrap_or((text, "asc"));
    let field = SORTED_FIELDS.iter().find(|known| **known == field);
    match (field, direction) {
        (Some(field), "asc") => Ok((field, false)),
        (Some(field), "desc") => Ok((field, true)),
        _ => Err(ApiError::invalid(
            "sort",
            "is none of: date_created, last_name, date_modified, with :asc or :desc",
        )),
    }
}

fn cursors(all: &[Document], shown: &[Document], page: Page, query: &str) -> Document {
    let id = |customer: &Document| customer["id"].as_u64().unwrap_or_default();
    let mut meta = fields(json!({"count": shown.len(), "per_page": page.limit(), "links": {}}));
    if let (Some(first), Some(last)) = (shown.first().map(id), shown.last().map(id)) {
        let link = |name: &str, id: u64| page.cursor_link(name, &cursor(id), query);
        meta.insert("start_cursor".to_owned(), cursor(first).into());
        meta.insert("end_cursor".to_owned(), cursor(last).into());
        if all.first().map(id) != Some(first) {
            meta["links"]["previous"] = link("before", first);
        }
        if all.last().map(id) != Some(last) {
            meta["links"]["next"] = link("after", last);
        }
    }
    meta
}

/// The place of a customer, opaque to clients.
fn cursor(id: u64) -> String {
    format!("c{:x}", id.wrapping_mul(0x9e37_79b1))
}

fn read_cursor(name: &str, text: &str) -> Result<u64, ApiError> {
    let number = text.strip_prefix('c').and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let id = number.filter(|number| number % 0x9e37_79b1 == 0).map(|number| number / 0x9e37_79b1);
    id.ok_or_else(|| ApiError::invalid(name, "is no cursor of this list"))
}

fn behind(all: &[Document], id: u64, limit: usize) -> &[Document] {
    let first = all.iter().position(|customer| customer["id"] == id).map_or(all.len(), |place| place + 1);
    &all[first..all.len().min(first + limit)]
}

fn in_front_of(all: &[Document], id: u64, limit: usize) -> &[Document] {
    let end = all.iter().position(|customer| customer["id"] == id).unwrap_or(0);
    &all[end.saturating_sub(limit)..end]
}
