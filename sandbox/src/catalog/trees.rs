//! Category trees and the categories in them.
//! Source: `reference/catalog/category-trees_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::category_fields::{DEEPEST, TREE_FORM, add, change, check_empty, checked, remove, tree_form};
use crate::answer::{self, ApiError, V3Error, v3_list};
use crate::call::Call;
use crate::fields::{require, take_own_id};
use crate::filter::{Criteria, Filter, IS, IS_OR_LIKE, Kind};
use crate::paging::{PAGE_PARAMETERS, Page, parameter};
use crate::selection::{SELECTION_PARAMETERS, Selection, Shape};
use crate::store::{Document, Store};

const CATEGORY: Shape = Shape { identifier: "category_id", sub_resources: &[] };

/// The most categories of one request; the documentation names no number, trees themselves have 50.
const MOST: usize = 50;

const SET: &[&str] = &["in", "not_in"];

const TREE_FILTERS: &[Filter] = &[
    Filter::new("id", Kind::Integer, &["in"]),
    Filter::new("channel_id", Kind::Integer, &["in"]).on("channels"),
];

const FILTERS: &[Filter] = &[
    Filter::new("category_id", Kind::Integer, SET).on("id"),
    Filter::new("category_uuid", Kind::Text, SET),
    Filter::new("tree_id", Kind::Integer, SET),
    Filter::new("parent_id", Kind::Integer, SET),
    Filter::new("name", Kind::Text, IS_OR_LIKE),
    Filter::new("page_title", Kind::Text, IS_OR_LIKE),
    Filter::new("keyword", Kind::Keyword(&["name", "description", "search_keywords"]), IS),
    Filter::new("is_visible", Kind::Flag, IS),
];

/// `GET /v3/catalog/trees`
pub(super) async fn list_trees(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let criteria = Criteria::read(TREE_FILTERS, &PAGE_PARAMETERS, parameters, call.now())?;
    let store = call.store();
    let trees = store.trees.iter().map(|(_, tree)| tree).filter(|tree| criteria.admit(tree));
    let trees: Vec<Value> = trees.cloned().map(Value::Object).collect();
    let data = page.of(&trees).to_vec();
    let pagination = page.pagination(trees.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `GET /v3/catalog/trees/{tree_id}/categories`: the whole tree, nested; `depth` cuts it off.
pub(super) async fn read_tree(call: Call) -> Result<Response, V3Error> {
    let depth = match parameter(call.parameters()?, "depth") {
        None => DEEPEST,
        Some(text) => text.parse().map_err(|_| ApiError::invalid("depth", "must be a whole number"))?,
    };
    let store = call.store();
    let tree = call.id(0).filter(|id| store.trees.contains(*id));
    let tree = tree.ok_or_else(|| ApiError::not_found("There is no category tree with this id."))?;
    Ok(v3_list(nodes(&store, tree, 0, &[], depth), json!({})))
}

/// `GET /v3/catalog/trees/categories`
pub(super) async fn list(call: Call) -> Result<Response, V3Error> {
    let parameters = call.parameters()?;
    let page = Page::read(parameters)?;
    let selection = Selection::read(&CATEGORY, parameters)?;
    let others = [&SELECTION_PARAMETERS[..], &PAGE_PARAMETERS].concat();
    let criteria = Criteria::read(FILTERS, &others, parameters, call.now())?;
    let store = call.store();
    let met: Vec<&Document> =
        store.categories.iter().map(|(_, category)| category).filter(|it| criteria.admit(it)).collect();
    let data: Vec<Value> =
        page.of(&met).iter().map(|category| selection.of(&tree_form(category)).into()).collect();
    let pagination = page.pagination(met.len(), data.len(), call.query());
    Ok(v3_list(data, json!({"pagination": pagination})))
}

/// `POST /v3/catalog/trees/categories`: 201 where all items were made, 207 where some were.
pub(super) async fn create(call: Call) -> Result<Response, V3Error> {
    let items = call.objects(MOST)?;
    let mut store = call.store();
    let results = items.into_iter().map(|item| {
        require(&item, &["name"])?;
        if !item.contains_key("tree_id") && !item.contains_key("parent_id") {
            return Err(ApiError::invalid("tree_id", "tree_id or parent_id must be there"));
        }
        let written = checked(&store, store.categories.next_id(), &item, TREE_FORM)?;
        let id = add(&mut store, written, call.now_millis());
        Ok(store.categories.get(id).map(tree_form).unwrap_or_default())
    });
    let results: Vec<_> = results.collect();
    Ok(several(results, StatusCode::CREATED, true))
}

/// `PUT /v3/catalog/trees/categories`: the answer has no categories, only how many were written.
pub(super) async fn update(call: Call) -> Result<Response, V3Error> {
    let items = call.objects(MOST)?;
    let mut store = call.store();
    let results = items.into_iter().map(|mut item| {
        require(&item, &["category_id"])?;
        let id = item["category_id"].as_u64().unwrap_or_default();
        take_own_id(&mut item, "category_id", id)?;
        if !store.categories.contains(id) {
            return Err(ApiError::invalid("category_id", format!("there is no category with the id {id}")));
        }
        let written = checked(&store, id, &item, TREE_FORM)?;
        change(&mut store, id, written);
        Ok(Document::new())
    });
    let results: Vec<_> = results.collect();
    Ok(several(results, StatusCode::OK, false))
}

/// `DELETE /v3/catalog/trees/categories`: 202, by a filter that the request must have.
pub(super) async fn delete(call: Call) -> Result<Response, V3Error> {
    let criteria = Criteria::read(FILTERS, &[], call.parameters()?, call.now())?;
    if criteria.is_empty() {
        let title = "Categories are deleted by a filter, and the request has none.";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, title).into());
    }
    let mut store = call.store();
    let met = store.categories.iter().filter(|(_, category)| criteria.admit(category));
    let ids: Vec<u64> = met.map(|(id, _)| id).collect();
    check_empty(&store, &ids)?;
    remove(&mut store, &ids);
    Ok(answer::json(StatusCode::ACCEPTED, &json!({"meta": counted(ids.len(), ids.len())})))
}

/// The answer to a request with several items: `success` where all went well, 207 where some did, and 422
/// where none did.
fn several(results: Vec<Result<Document, ApiError>>, success: StatusCode, shows_data: bool) -> Response {
    let total = results.len();
    let mut data = Vec::new();
    let mut errors = Document::new();
    for (place, result) in results.into_iter().enumerate() {
        match result {
            Ok(category) => data.push(Value::Object(category)),
            Err(error) => {
                errors.insert(place.to_string(), error.told().into());
            }
        }
    }
    let mut body = json!({"meta": counted(total, data.len())});
    let status = match (data.len(), errors.is_empty()) {
        (_, true) => success,
        (0, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, false) => StatusCode::MULTI_STATUS,
    };
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    if shows_data && !data.is_empty() {
        body["data"] = data.into();
    }
    answer::json(status, &body)
}

fn counted(total: usize, success: usize) -> Value {
    json!({"total": total, "success": success, "failed": total - success})
}

/// The categories below `parent`, with what is below them, down to `depth` levels.
fn nodes(store: &Store, tree: u64, parent: u64, path: &[u64], depth: usize) -> Vec<Value> {
    let children = store
        .categories
        .iter()
        .filter(|(_, category)| category["tree_id"] == tree && category["parent_id"] == parent);
    let node = |(id, category): (u64, &Document)| {
        let mut path = path.to_vec();
        path.push(id);
        let below = if depth > 1 { nodes(store, tree, id, &path, depth - 1) } else { Vec::new() };
        json!({
            "id": id,
            "parent_id": parent,
            "depth": path.len() - 1,
            "path": path,
            "name": category["name"],
            "is_visible": category["is_visible"],
            "url": category["custom_url"]["url"],
            "children": below,
        })
    };
    children.map(node).collect()
}
