//! Store information (v2).
//! Source: `reference/store_information.v2.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::answer;
use crate::server::Shared;

/// The paths of the store's information.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/stores/{store_hash}/v2/time", get(get_system_timestamp))
}

/// `GET /v2/time`: the store's clock in epoch seconds, which clients use to probe a connection.
async fn get_system_timestamp(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &json!({"time": shared.clock.now().as_secs()}))
}
