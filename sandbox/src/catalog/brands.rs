//! Brands.
//! Source: `reference/catalog/brands_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::is_same_text;
use super::web_address::{custom_url, slug};
use crate::answer::{self, ApiError, V3Error, no_content, v3_list, v3_object};
use crate::call::Call;
use crate::fields::{Field, Kind, LONG, SHORT_TEXT, require, take_own_id, writable};
use crate::filter::{Criteria, Filter, IS, IS_OR_LIKE, Kind as FilterKind, NUMBERS};
use crate::paging::{PAGE_PARAMETERS, Page, parameter, sort};
use crate::selection::{SELECTION_PARAMETERS, Selection, Shape};
use crate::store::{Document, Store, fields};

const BRAND: Shape = Shape { identifier: "id", sub_resources: &[] };

const FILTERS: &[Filter] = &[
    Filter::new("id", FilterKind::Integer, NUMBERS),
    Filter::new("name", FilterKind::Text, IS_OR_LIKE),
    Filter::new("page_title", FilterKind::Text, IS),
];

const WRITABLE: &[Field] = &[
    Field::new("name", Kind::Text(1, 255)),
    Field::new("page_title", SHORT_TEXT),
    Field::new("meta_keywords", Kind::Texts),
    Field::new("meta_description", Kind::Text(0, LONG)),
    Field::new("search_keywords", Kind::Text(0, LONG)),
    Field::new("image_url", SHORT_TEXT),
    Field::new("custom_url", Kind::Object(URL)),
];

const URL: &[Field] = &[Field::new("url", Kind::Text(1, 1_024)), Field::new("is_customized", Kind::Flag)];

/// `GET /v3/catalog/brands`
pub(super) async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let selection = Selection::read(&BRAND, parameters)?;
    let others = [&SELECTION_PARAMETERS[..], &PAGE_PARAMETERS, &["sort", "direction"]].concat();
    let criteria = Criteria::read(FILTERS, &others, parameters, call.now())?;
    let store = call.store();
    let brands = store.brands.iter().map(|(_, brand)| brand).filter(|brand| criteria.admit(brand));
    let mut brands: Vec<Document> = brands.cloned().collect();
    let descending = parameter(parameters, "direction") == Some("desc");
    match parameter(parameters, "sort") {
        None => sort(&mut brands, "id", descending),
        Some("name") => sort(&mut brands, "name", descending),
        Some(_) => return Err(ApiError::invalid("sort", "is none of: name").into()),
    }
    let data: Vec<Value> = page.of(&brands).iter().map(|brand| selection.of(brand).into()).collect();
    let pagination = page.pagination(brands.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/catalog/brands/{brand_id}`
pub(super) async fn read(call: Call) -> Result<Response, V3Error> {
    let selection = Selection::read(&BRAND, call.parameters()?)?;
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.brands.created(*id)));
    let brand = id.and_then(|id| store.brands.get(id)).ok_or_else(not_found)?;
    Ok(v3_object(selection.of(brand)))
}

/// `POST /v3/catalog/brands`
pub(super) async fn create(call: Call) -> Result<Response, V3Error> {
    let sent = call.object()?;
    require(&sent, &["name"])?;
    let mut store = call.store();
    let written = checked(&call, &store, store.brands.next_id(), &sent)?;
    let name = written["name"].as_str().unwrap_or_default().to_owned();
    let id = add(&mut store, &name, call.now_millis());
    Ok(write(&call, &mut store, id, written)?)
}

/// `PUT /v3/catalog/brands/{brand_id}`
pub(super) async fn update(call: Call) -> Result<Response, V3Error> {
    let mut sent = call.object()?;
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.brands.contains(*id)).ok_or_else(not_found)?;
    take_own_id(&mut sent, "id", id)?;
    let written = checked(&call, &store, id, &sent)?;
    Ok(write(&call, &mut store, id, written)?)
}

/// `DELETE /v3/catalog/brands/{brand_id}`
pub(super) async fn delete(call: Call) -> Result<Response, V3Error> {
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.brands.contains(*id)).ok_or_else(not_found)?;
    remove(&mut store, id);
    Ok(no_content())
}

/// `DELETE /v3/catalog/brands`: the brands with the `name` of the request, which it must have.
pub(super) async fn delete_by_filter(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    if parameter(parameters, "name").is_none_or(str::is_empty) {
        return Err(ApiError::invalid("name", "error.path.missing").into());
    }
    let criteria = Criteria::read(FILTERS, &[], parameters, call.now())?;
    let mut store = call.store();
    let met = store.brands.iter().filter(|(_, brand)| criteria.admit(brand)).map(|(id, _)| id);
    for id in met.collect::<Vec<_>>() {
        remove(&mut store, id);
    }
    Ok(no_content())
}

/// Adds a brand of which the name alone is known; its id.
pub(super) fn add(store: &mut Store, name: &str, now: u128) -> u64 {
    let brand = fields(json!({
        "id": store.brands.next_id(),
        "name": name,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "search_keywords": "",
        "image_url": "",
        "custom_url": {"url": address(name), "is_customized": false},
    }));
    store.brands.insert(brand, now)
}

/// The address of a brand that nobody has customized.
fn address(name: &str) -> String {
    format!("/brands/{}.html", slug(name))
}

/// The writable part of `sent`, which is in conflict with no other brand.
fn checked(call: &Call, store: &Store, id: u64, sent: &Document) -> Result<Document, ApiError> {
    let mut written = writable(sent, &[WRITABLE])?;
    let name = written.get("name").and_then(Value::as_str).map(str::to_owned);
    let is_taken = |name: &str| {
        store.brands.iter().any(|(other, brand)| other != id && is_same_text(brand.get("name"), name))
    };
    if name.as_deref().is_some_and(is_taken) {
        return Err(ApiError::conflict("name", "The brand name is a duplicate"));
    }
    let sent = written.remove("custom_url").filter(|_| !call.url_fails);
    let made = json!({"url": address(name.as_deref().unwrap_or_default()), "is_customized": false});
    let current = store.brands.get(id).map_or(&made, |brand| &brand["custom_url"]);
    if let Some(url) = custom_url(sent.as_ref(), Some(current), String::new) {
        written.insert("custom_url".to_owned(), url);
    }
    Ok(written)
}

fn write(call: &Call, store: &mut Store, id: u64, written: Document) -> Result<Response, ApiError> {
    let brand = store.brands.get_mut(id).ok_or_else(not_found)?;
    brand.extend(written);
    if call.url_fails {
        let errors = json!({"custom_url": "The brand was saved, its URL was not."});
        let body = json!({"data": brand, "errors": errors, "meta": {}});
        return Ok(answer::json(StatusCode::MULTI_STATUS, &body));
    }
    Ok(v3_object(brand.clone()))
}

/// Removes the brand, from its products as well.
fn remove(store: &mut Store, id: u64) {
    store.brands.remove(id);
    let bearers = store.products.iter().filter(|(_, product)| product["brand_id"] == id).map(|(id, _)| id);
    for product in bearers.collect::<Vec<_>>() {
        if let Some(product) = store.products.get_mut(product) {
            product.insert("brand_id".to_owned(), Value::from(0));
        }
    }
}

fn not_found() -> ApiError {
    ApiError::not_found("There is no brand with this id.")
}
