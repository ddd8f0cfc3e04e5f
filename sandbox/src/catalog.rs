//! The catalogue (v3).

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::Value;

use crate::server::Shared;

pub(crate) use category_fields::defaults as category_defaults;
pub(crate) use product_write::update as change_product;

mod brands;
mod categories;
mod category_fields;
mod product_defaults;
mod product_fields;
mod product_write;
mod products;
mod summary;
mod trees;
mod web_address;

/// The paths below `/v3/catalog`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let base = "/stores/{store_hash}/v3/catalog";
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(
            &at("/products"),
            get(products::list)
                .post(product_write::create)
                .put(product_write::update_batch)
                .delete(products::delete_by_filter),
        )
        .route(
            &at("/products/{product_id}"),
            get(products::read).put(product_write::update).delete(products::delete),
        )
        .route(&at("/summary"), get(summary::read))
        .route(&at("/brands"), get(brands::list).post(brands::create).delete(brands::delete_by_filter))
        .route(&at("/brands/{brand_id}"), get(brands::read).put(brands::update).delete(brands::delete))
        .route(
            &at("/categories"),
            get(categories::list).post(categories::create).delete(categories::delete_by_filter),
        )
        .route(
            &at("/categories/{category_id}"),
            get(categories::read).put(categories::update).delete(categories::delete),
        )
        .route(&at("/trees"), get(trees::list_trees))
        .route(
            &at("/trees/categories"),
            get(trees::list).post(trees::create).put(trees::update).delete(trees::delete),
        )
        .route(&at("/trees/{tree_id}/categories"), get(trees::read_tree))
}

/// Whether two values of a field that must be unique are the same to BigCommerce: case does not matter.
fn is_same_text(value: Option<&Value>, text: &str) -> bool {
    value.and_then(Value::as_str).is_some_and(|value| value.to_lowercase() == text.to_lowercase())
}
