//! Store information (v2).
//! Source: `reference/store_information.v2.yml` of <https://github.com/bigcommerce/docs>.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer;
use crate::server::Shared;

/// The number that webhooks call the store by.
pub(crate) const STORE_ID: u64 = 1_002_003;

/// What the shop is called until the merchant renames it.
pub(crate) const NAME: &str = "Hearth & Trail";

/// The paths of the store's information.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/stores/{store_hash}/v2/time", get(get_system_timestamp))
        .route("/stores/{store_hash}/v2/store", get(get_store_information))
}

/// `GET /v2/time`: the store's clock in epoch seconds, which clients use to probe a connection.
async fn get_system_timestamp(State(shared): State<Arc<Shared>>) -> Response {
    answer::json(StatusCode::OK, &json!({"time": shared.clock.now().as_secs()}))
}

/// `GET /v2/store`: who the merchant is, and how the shop writes numbers, money and measures.
async fn get_store_information(State(shared): State<Arc<Shared>>) -> Response {
    let hash = &shared.store_hash;
    let name = shared.store_name();
    let mut body = json!({
        "id": hash,
        "account_uuid": "0f5d6b52-0000-4000-8000-000000000001",
        "domain": "hearth-and-trail.example",
        "secure_url": "https://hearth-and-trail.example",
        "control_panel_base_url": format!("https://store-{hash}.mybigcommerce.com"),
        "status": "live",
        "name": name,
        "first_name": "Mara",
        "last_name": "Keswick",
        "address": "12 Alder Lane, Austin, Texas 78701",
        "country": "United States",
        "country_code": "US",
        "infrastructure_region": "us-central1",
        "phone": "555-0100",
        "admin_email": "mara.keswick@example.com",
        "order_email": "orders@example.com",
        "favicon_url": "",
        "language": "en",
        "plan_name": "Standard",
        "plan_level": "Standard",
        "plan_is_trial": false,
        "industry": "Home & Garden",
        // An object where there is a logo, and an empty array where there is none.
        "logo": [],
        "is_price_entered_with_tax": false,
        "store_id": STORE_ID,
        "default_channel_id": 1,
        "default_site_id": 1_000,
        "active_comparison_modules": [],
        "features": features(),
    });
    if let (Some(body), Value::Object(forms)) = (body.as_object_mut(), forms()) {
        body.extend(forms);
    }
    answer::json(StatusCode::OK, &body)
}

/// How the shop writes dates, money and measures.
fn forms() -> Value {
    json!({
        "timezone": {
            "name": "America/Chicago",
            "raw_offset": -21_600,
            "dst_offset": -18_000,
            "dst_correction": true,
            "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
        },
        "currency": "USD",
        "currency_symbol": "$",
        "currency_symbol_location": "left",
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": 2,
        "weight_units": "KGS",
        "dimension_units": "Centimeters",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".",
        "dimension_thousands_token": ",",
    })
}

fn features() -> Value {
    json!({
        "stencil_enabled": true,
        "sitewidehttps_enabled": true,
        "facebook_catalog_id": "",
        "checkout_type": "optimized",
        "wishlists_enabled": true,
        "graphql_storefront_api_enabled": true,
        "shopper_consent_tracking_enabled": false,
        "multi_storefront_enabled": false,
        "storefront_limits": {"active": 1, "total_including_inactive": 1},
    })
}
