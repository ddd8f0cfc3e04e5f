//! What both forms of categories have in common: fields, conflicts, and the way from one form to the other.

use serde_json::{Value, json};

use super::is_same_text;
use super::web_address::{custom_url, free_path};
use crate::answer::ApiError;
use crate::fields::{Field, Kind, LONG, SHORT_TEXT, writable};
use crate::store::{Document, Store, fields};
use crate::webhooks::event::Event;

/// How many levels a tree of categories has at most.
pub(super) const DEEPEST: usize = 8;

/// The longest name of a category.
const NAME: Kind = Kind::Text(1, 50);

const SORTS: &[&str] = &[
    "use_store_settings",
    "featured",
    "newest",
    "best_selling",
    "alpha_asc",
    "alpha_desc",
    "avg_customer_review",
    "price_asc",
    "price_desc",
];

/// The fields that both forms have and a request may write.
const WRITABLE: &[Field] = &[
    Field::new("parent_id", Kind::Integer(0, i64::MAX)),
    Field::new("name", NAME),
    Field::new("description", Kind::Text(0, LONG)),
    Field::new("views", Kind::Integer(0, i64::MAX)),
    Field::new("sort_order", Kind::Integer(-2_147_483_648, 2_147_483_647)),
    Field::new("page_title", SHORT_TEXT),
    Field::new("meta_keywords", Kind::Texts),
    Field::new("meta_description", Kind::Text(0, LONG)),
    Field::new("layout_file", Kind::Text(0, 500)),
    Field::new("image_url", SHORT_TEXT),
    Field::new("is_visible", Kind::Flag),
    Field::new("search_keywords", Kind::Text(0, LONG)),
    Field::new("default_product_sort", Kind::OneOf(SORTS)),
];

/// The fields of the older form alone.
pub(super) const OLD_FORM: &[Field] = &[Field::new(
    "custom_url",
    Kind::Object(&[Field::new("url", Kind::Text(1, 255)), Field::new("is_customized", Kind::Flag)]),
)];

/// The fields of the form of trees alone.
pub(super) const TREE_FORM: &[Field] = &[
    Field::new("tree_id", Kind::Integer(1, i64::MAX)),
    Field::new(
        "url",
        Kind::Object(&[Field::new("path", Kind::Text(1, 255)), Field::new("is_customized", Kind::Flag)]),
    ),
];

/// The category in the form of `/catalog/categories`.
pub(super) fn old_form(category: &Document) -> Document {
    let mut shown = category.clone();
    shown.remove("tree_id");
    shown.remove("category_uuid");
    shown
}

/// The category in the form of `/catalog/trees/categories`.
pub(super) fn tree_form(category: &Document) -> Document {
    let mut shown = category.clone();
    let id = shown.remove("id").unwrap_or_default();
    shown.insert("category_id".to_owned(), id);
    let url = shown.remove("custom_url").unwrap_or_default();
    shown.insert("url".to_owned(), json!({"path": url["url"], "is_customized": url["is_customized"]}));
    shown
}

/// What `sent` has of the category with this id, new or not, in the old form; complete with a URL. `form` has the fields
/// of the form that the request uses.
pub(super) fn checked(
    store: &Store,
    id: u64,
    sent: &Document,
    form: &'static [Field],
) -> Result<Document, ApiError> {
    let mut written = writable(sent, &[WRITABLE, form])?;
    if let Some(url) = written.remove("url") {
        let fields = url.as_object().into_iter().flatten();
        let renamed = fields.map(|(name, value)| (if name == "path" { "url" } else { name }, value));
        let custom_url: Document = renamed.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        written.insert("custom_url".to_owned(), custom_url.into());
    }
    let tree = written.get("tree_id").and_then(Value::as_u64);
    if tree.is_some_and(|tree| !store.trees.contains(tree)) {
        return Err(ApiError::invalid("tree_id", "there is no category tree with this id"));
    }
    let current = store.categories.get(id);
    let field = |name: &str| written.get(name).or_else(|| current.and_then(|category| category.get(name)));
    let parent = field("parent_id").and_then(Value::as_u64).unwrap_or(0);
    if parent != 0 && !store.categories.contains(parent) {
        return Err(ApiError::invalid("parent_id", format!("there is no category with the id {parent}")));
    }
    if ancestors(store, parent).count() >= DEEPEST {
        return Err(ApiError::invalid("parent_id", format!("a tree has at most {DEEPEST} levels")));
    }
    if ancestors(store, parent).any(|ancestor| ancestor == id) {
        return Err(ApiError::invalid("parent_id", "a category cannot be below itself"));
    }
    let name = field("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let others = || store.categories.iter().filter(|(other, _)| *other != id).map(|(_, category)| category);
    if others().any(|other| other["parent_id"] == parent && is_same_text(other.get("name"), &name)) {
        return Err(ApiError::conflict("name", "A category of this name is there already"));
    }
    let is_taken = |path: &str| others().any(|other| is_same_text(other["custom_url"].get("url"), path));
    let sent = written.remove("custom_url");
    if sent.as_ref().and_then(|url| url["url"].as_str()).is_some_and(is_taken) {
        return Err(ApiError::conflict("custom_url", "The category URL is a duplicate"));
    }
    let current = current.and_then(|category| category.get("custom_url"));
    if let Some(url) = custom_url(sent.as_ref(), current, || free_path(&name, is_taken)) {
        written.insert("custom_url".to_owned(), url);
    }
    Ok(written)
}

/// Adds a category with what [`checked`] let through; its id.
pub(super) fn add(store: &mut Store, written: Document, now: u128) -> u64 {
    let id = store.categories.next_id();
    let parent = written.get("parent_id").and_then(Value::as_u64).unwrap_or(0);
    let tree = store.categories.get(parent).map_or(json!(1), |parent| parent["tree_id"].clone());
    let mut category = defaults(id, tree);
    category.extend(written);
    store.events.push(Event::about("store/category/created", "category", id));
    store.categories.insert(category, now)
}

/// Writes what [`checked`] let through to a category that is there.
pub(super) fn change(store: &mut Store, id: u64, written: Document) {
    let Some(category) = store.categories.get_mut(id) else { return };
    let before = category.clone();
    category.extend(written);
    if *category != before {
        store.events.push(Event::about("store/category/updated", "category", id));
    }
}

/// A category of which nothing is known but its id and its tree.
pub(crate) fn defaults(id: u64, tree_id: Value) -> Document {
    fields(json!({
        "id": id,
        "category_uuid": format!("5a9d0b0c-0000-4000-8000-{id:012x}"),
        "tree_id": tree_id,
        "parent_id": 0,
        "name": "",
        "description": "",
        "views": 0,
        "sort_order": 0,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "layout_file": "category.html",
        "image_url": "",
        "is_visible": true,
        "search_keywords": "",
        "default_product_sort": "use_store_settings",
        "custom_url": {"url": "", "is_customized": false},
    }))
}

/// 422 where a product is in one of these categories. Source: `DELETE /catalog/categories`.
pub(super) fn check_empty(store: &Store, ids: &[u64]) -> Result<(), ApiError> {
    let is_listed = |category: &Value| category.as_u64().is_some_and(|id| ids.contains(&id));
    let is_used = store.products.iter().any(|(_, product)| {
        product["categories"].as_array().is_some_and(|categories| categories.iter().any(is_listed))
    });
    if is_used { Err(ApiError::invalid("id", "a product is in the category")) } else { Ok(()) }
}

/// Removes these categories and everything below them.
pub(super) fn remove(store: &mut Store, ids: &[u64]) {
    for id in ids {
        let children = store.categories.iter().filter(|(_, category)| category["parent_id"] == *id);
        let children: Vec<u64> = children.map(|(child, _)| child).collect();
        if store.categories.remove(*id).is_some() {
            store.events.push(Event::about("store/category/deleted", "category", *id));
        }
        remove(store, &children);
    }
}

/// The category `id`, its parent, and so on up to the root, which is not among them.
fn ancestors(store: &Store, id: u64) -> impl Iterator<Item = u64> {
    let parent = |id: &u64| store.categories.get(*id)?["parent_id"].as_u64().filter(|parent| *parent != 0);
    std::iter::successors(Some(id).filter(|id| *id != 0), parent)
}
