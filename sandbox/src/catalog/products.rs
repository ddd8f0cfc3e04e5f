//! Products.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;

use crate::answer::{ApiError, V3Error, v3_object};
use crate::catalog::selection::{Selection, Shape};
use crate::server::Shared;

const PRODUCT: Shape = Shape {
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

/// `GET /v3/catalog/products/{product_id}`
pub(crate) async fn get_product(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, V3Error> {
    let id = path.ok().and_then(|Path((_, product_id))| resource_id(&product_id));
    let Query(parameters) = query
        .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The query of the request cannot be read."))?;
    let selection = Selection::read(&PRODUCT, &parameters)?;
    let product = id.and_then(|id| shared.store.products.get(&id)).ok_or_else(product_not_found)?;
    Ok(v3_object(selection.of(product)))
}

fn product_not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "There is no product with this id.")
}

/// The id in a path segment: decimal digits alone. Anything else names no resource.
fn resource_id(segment: &str) -> Option<u64> {
    segment.bytes().all(|byte| byte.is_ascii_digit()).then(|| segment.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::resource_id;

    #[test]
    fn an_id_is_digits_alone() {
        assert_eq!(resource_id("111"), Some(111));
        for other in ["", "+111", "-1", "1.0", "abc", "111x", "99999999999999999999999"] {
            assert_eq!(resource_id(other), None, "{other:?}");
        }
    }
}
