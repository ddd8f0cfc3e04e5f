//! The catalogue (v3).

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::server::Shared;

mod products;
mod selection;

/// The paths below `/v3/catalog`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/stores/{store_hash}/v3/catalog/products/{product_id}", get(products::get_product))
}
