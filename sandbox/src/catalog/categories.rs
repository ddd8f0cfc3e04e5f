//! Categories in their older form, which knows one tree.
//! Source: `reference/catalog/categories_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::category_fields::{OLD_FORM, add, change, check_empty, checked, old_form, remove};
use crate::answer::{ApiError, V3Error, no_content, v3_list, v3_object};
use crate::call::Call;
use crate::fields::{require, take_own_id};
use crate::filter::{Criteria, Filter, IS, IS_OR_LIKE, Kind, NUMBERS};
use crate::paging::{PAGE_PARAMETERS, Page, parameter, sort};
use crate::selection::{SELECTION_PARAMETERS, Selection, Shape};
use crate::store::Document;

const CATEGORY: Shape = Shape { identifier: "id", sub_resources: &[] };

const SORTS: &[&str] = &["name", "id", "parent_id", "sort_order"];

const FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, NUMBERS),
    Filter::new("name", Kind::Text, IS_OR_LIKE),
    Filter::new("parent_id", Kind::Integer, NUMBERS),
    Filter::new("page_title", Kind::Text, IS_OR_LIKE),
    Filter::new("keyword", Kind::Keyword(&["name", "description", "search_keywords"]), IS),
    Filter::new("is_visible", Kind::Flag, IS),
];

/// `GET /v3/catalog/categories`
pub(super) async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let selection = Selection::read(&CATEGORY, parameters)?;
    let field = parameter(parameters, "sort").unwrap_or("id");
    if !SORTS.contains(&field) {
        return Err(ApiError::invalid("sort", format!("is none of: {}", SORTS.join(", "))).into());
    }
    let mut categories = admitted(&call)?.1;
    sort(&mut categories, field, parameter(parameters, "direction") == Some("desc"));
    let data: Vec<Value> =
        page.of(&categories).iter().map(|category| selection.of(&old_form(category)).into()).collect();
    let pagination = page.pagination(categories.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/catalog/categories/{category_id}`
pub(super) async fn read(call: Call) -> Result<Response, V3Error> {
    let selection = Selection::read(&CATEGORY, call.parameters()?)?;
    let store = call.store();
    let id = call.id(0).filter(|id| !call.is_hidden(store.categories.created(*id)));
    let category = id.and_then(|id| store.categories.get(id)).ok_or_else(not_found)?;
    Ok(v3_object(selection.of(&old_form(category))))
}

/// `POST /v3/catalog/categories`
pub(super) async fn create(call: Call) -> Result<Response, V3Error> {
    let sent = call.object()?;
    require(&sent, &["name", "parent_id"])?;
    let mut store = call.store();
    let written = checked(&store, store.categories.next_id(), &sent, OLD_FORM)?;
    let id = add(&mut store, written, call.now_millis());
    Ok(v3_object(store.categories.get(id).map(old_form).unwrap_or_default()))
}

/// `PUT /v3/catalog/categories/{category_id}`
pub(super) async fn update(call: Call) -> Result<Response, V3Error> {
    let mut sent = call.object()?;
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.categories.contains(*id)).ok_or_else(not_found)?;
    take_own_id(&mut sent, "id", id)?;
    let written = checked(&store, id, &sent, OLD_FORM)?;
    change(&mut store, id, written);
    Ok(v3_object(store.categories.get(id).map(old_form).unwrap_or_default()))
}

/// `DELETE /v3/catalog/categories/{category_id}`
pub(super) async fn delete(call: Call) -> Result<Response, V3Error> {
    let mut store = call.store();
    let id = call.id(0).filter(|id| store.categories.contains(*id)).ok_or_else(not_found)?;
    check_empty(&store, &[id])?;
    remove(&mut store, &[id]);
    Ok(no_content())
}

/// `DELETE /v3/catalog/categories`: the categories that meet the filters, of which there must be one.
pub(super) async fn delete_by_filter(call: Call) -> Result<Response, V3Error> {
    let (has_filter, met) = admitted(&call)?;
    if !has_filter {
        let title = "Categories are deleted by a filter, and the request has none.";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, title).into());
    }
    let ids: Vec<u64> = met.iter().filter_map(|category| category["id"].as_u64()).collect();
    let mut store = call.store();
    check_empty(&store, &ids)?;
    remove(&mut store, &ids);
    Ok(no_content())
}

/// Whether there is a filter, and the categories that meet it.
fn admitted(call: &Call) -> Result<(bool, Vec<Document>), ApiError> {
    let others = [&SELECTION_PARAMETERS[..], &PAGE_PARAMETERS, &["sort", "direction"]].concat();
    let criteria = Criteria::read(FILTERS, &others, call.parameters()?, call.now())?;
    let store = call.store();
    let categories = store.categories.iter().map(|(_, category)| category);
    let met = categories.filter(|category| category["tree_id"] == 1 && criteria.admit(category));
    Ok((!criteria.is_empty(), met.cloned().collect()))
}

fn not_found() -> ApiError {
    ApiError::not_found("There is no category with this id.")
}
