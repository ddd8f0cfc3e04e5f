//! The summary of the catalogue.
//! Source: `reference/catalog/products_catalog.v3.yml` of <https://github.com/bigcommerce/docs>.

use axum::response::Response;
use serde_json::{Value, json};

use crate::amount::Amount;
use crate::answer::{V3Error, v3_object};
use crate::call::Call;
use crate::store::fields;

/// `GET /v3/catalog/summary`
pub(super) async fn read(call: Call) -> Result<Response, V3Error> {
    let store = call.store();
    let variants: Vec<&Value> =
        store.products.iter().filter_map(|(_, product)| product["variants"].as_array()).flatten().collect();
    let stock = |variant: &Value| variant["inventory_level"].as_u64().unwrap_or(0);
    let prices = || variants.iter().filter_map(|variant| Amount::of(&variant["calculated_price"]));
    let sum = prices().fold(Amount::ZERO, Amount::plus);
    let value = variants
        .iter()
        .map(|variant| Amount::of(&variant["calculated_price"]).unwrap_or_default().times(stock(variant)));
    let mut dates: Vec<&str> =
        store.products.iter().filter_map(|(_, product)| product["date_created"].as_str()).collect();
    dates.sort_unstable();
    let used = |id: u64| {
        let lists = store.products.iter().filter_map(|(_, product)| product["categories"].as_array());
        lists.filter(|list| list.contains(&id.into())).count()
    };
    let primary = store
        .categories
        .iter()
        .map(|(id, category)| (used(id), id, &category["name"]))
        .max_by_key(|(count, id, _)| (*count, std::cmp::Reverse(*id)));
    Ok(v3_object(fields(json!({
        "inventory_count": variants.iter().map(|variant| stock(variant)).sum::<u64>(),
        "variant_count": variants.len(),
        "inventory_value": value.fold(Amount::ZERO, Amount::plus).number(),
        "highest_variant_price": prices().max().unwrap_or_default().number(),
        "lowest_variant_price": prices().min().unwrap_or_default().number().to_string(),
        "average_variant_price": sum.divided_by(variants.len()).number(),
        "oldest_variant_date": dates.first(),
        "newest_variant_date": dates.last(),
        "primary_category_id": primary.map(|(_, id, _)| id),
        "primary_category_name": primary.map(|(_, _, name)| name),
    }))))
}
