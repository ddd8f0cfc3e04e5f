//! Products: list, read, delete.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::amount::Amount;
use crate::answer::{ApiError, V3Error, no_content, v3_list, v3_object};
use crate::call::Call;
use crate::filter::{Criteria, Filter, IS, Kind, NUMBERS};
use crate::paging::{PAGE_PARAMETERS, Page, parameter, sort};
use crate::selection::{SELECTION_PARAMETERS, Selection, Shape};
use crate::store::{Document, Store};
use crate::webhooks::event::Event;

pub(super) const PRODUCT: Shape = Shape {
    identifier: "id",
    sub_resources: &[
        "bulk_pricing_rules",
        "channels",
        "custom_fields",
        "images",
        "modifiers",
        "options",
        "parent_relations",
        "primary_image",
        "reviews",
        "variants",
        "videos",
    ],
};

/// The most products that one filter may delete.
const MOST_DELETED: usize = 250;

/// The size of a page with options or modifiers.
const PAGE_WITH_OPTIONS: u64 = 10;

const SORTS: &[&str] = &[
    "id",
    "name",
    "sku",
    "price",
    "date_modified",
    "date_last_imported",
    "inventory_level",
    "is_visible",
    "total_sold",
    "calculated_price",
];

const FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, NUMBERS),
    Filter::new("channel_id", Kind::Integer, &["in"]).on("channels"),
    Filter::new("name", Kind::Text, IS),
    Filter::new("mpn", Kind::Text, IS),
    Filter::new("upc", Kind::Text, IS),
    Filter::new("sku", Kind::Text, &["", "in"]),
    Filter::new("price", Kind::Decimal, IS),
    Filter::new("weight", Kind::Decimal, IS),
    Filter::new("condition", Kind::OneOf(&["new", "used", "refurbished"]), IS),
    Filter::new("brand_id", Kind::Integer, IS),
    Filter::new("categories", Kind::IntegerSet, &["", "in"]),
    Filter::new("date_modified", Kind::Date, &["", "min", "max"]),
    Filter::new("date_last_imported", Kind::Date, &["", "not", "min", "max"]),
    Filter::new("is_visible", Kind::Flag, IS),
    Filter::new("is_featured", Kind::Flag, IS),
    Filter::new("is_free_shipping", Kind::Flag, IS),
    Filter::new("inventory_level", Kind::Integer, NUMBERS),
    Filter::new("inventory_low", Kind::Holds(is_low), IS),
    Filter::new("out_of_stock", Kind::Holds(is_out_of_stock), IS),
    Filter::new("total_sold", Kind::Integer, IS),
    Filter::new("type", Kind::OneOf(&["digital", "physical"]), IS),
    Filter::new("keyword", Kind::Keyword(&["name", "sku", "description", "search_keywords"]), IS),
    Filter::new("availability", Kind::OneOf(&["available", "disabled", "preorder"]), IS),
];

/// `GET /v3/catalog/products`
pub(super) async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let selection = Selection::read(&PRODUCT, parameters)?;
    let page = Page::read(parameters)?;
    let has_options = selection.includes("options") || selection.includes("modifiers");
    let page = if has_options { page.at_most(PAGE_WITH_OPTIONS) } else { page };
    let (field, descending) = order(parameters)?;
    let mut products = admitted(&call, &criteria(&call)?);
    sort(&mut products, field, descending);
    let data: Vec<Value> = page.of(&products).iter().map(|product| selection.of(product).into()).collect();
    let mut pagination = page.pagination(products.len(), data.len(), call.query());
    pagination.insert("too_many".to_owned(), Value::Bool(false));
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/catalog/products/{product_id}`
pub(super) async fn read(call: Call) -> Result<Response, V3Error> {
    let selection = Selection::read(&PRODUCT, call.parameters()?)?;
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.products.created(*id)));
    let product = id.and_then(|id| store.products.get(id)).ok_or_else(not_found)?;
    Ok(v3_object(selection.of(product)))
}

/// `DELETE /v3/catalog/products/{product_id}`; an id that no product has is a 404.
pub(super) async fn delete(call: Call) -> Result<Response, V3Error> {
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.products.contains(*id)).ok_or_else(not_found)?;
    remove(&mut store, id);
    Ok(no_content())
}

/// `DELETE /v3/catalog/products`: the products that meet the filters, of which there must be one.
pub(super) async fn delete_by_filter(call: Call) -> Result<Response, V3Error> {
    let criteria = criteria(&call)?;
    if criteria.is_empty() {
        let title = "Products are deleted by a filter, and the request has none.";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, title).into());
    }
    let ids: Vec<u64> =
        admitted(&call, &criteria).iter().filter_map(|product| product["id"].as_u64()).collect();
    if ids.len() > MOST_DELETED {
        let title =
            format!("The filter meets {} products, {MOST_DELETED} can be deleted at once.", ids.len());
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, title).into());
    }
    let mut store = call.store();
    for id in ids {
        remove(&mut store, id);
    }
    Ok(no_content())
}

fn remove(store: &mut Store, id: u64) {
    if store.products.remove(id).is_some() {
        store.events.push(Event::about("store/product/deleted", "product", id));
    }
}

pub(super) fn not_found() -> ApiError {
    ApiError::not_found("There is no product with this id.")
}

fn criteria(call: &Call) -> Result<Criteria, ApiError> {
    let others = [&SELECTION_PARAMETERS[..], &PAGE_PARAMETERS, &["sort", "direction", "keyword_context"]];
    Criteria::read(FILTERS, &others.concat(), call.parameters()?, call.now())
}

fn admitted(call: &Call, criteria: &Criteria) -> Vec<Document> {
    let store = call.store();
    let products = store.products.iter().map(|(_, product)| product);
    products.filter(|product| criteria.admit(product)).cloned().collect()
}

/// The field to sort by, the id where the request names none, and whether from its end.
fn order(parameters: &[(String, String)]) -> Result<(&'static str, bool), ApiError> {
    let descending = match parameter(parameters, "direction") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(ApiError::invalid("direction", "is none of: asc, desc")),
    };
    let Some(name) = parameter(parameters, "sort") else {
        return Ok(("id", descending));
    };
    let field = SORTS.iter().find(|known| **known == name);
    let field =
        field.ok_or_else(|| ApiError::invalid("sort", format!("is none of: {}", SORTS.join(", "))))?;
    Ok((field, descending))
}

fn is_out_of_stock(product: &Document) -> bool {
    product["inventory_tracking"] != "none" && product["inventory_level"] == 0
}

fn is_low(product: &Document) -> bool {
    let level = |name: &str| Amount::of(&product[name]).unwrap_or_default();
    product["inventory_tracking"] != "none" && level("inventory_level") <= level("inventory_warning_level")
}
