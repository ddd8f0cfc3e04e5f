//! Chapter four: a new product under a new brand, a price in decimals that a workflow hears of, and
//! input that is wrong.

use connector_runtime::{Class, Decimal};
use serde_json::json;
use serde_json::value::RawValue;

use super::arrivals::BY_WEBHOOK;
use super::stage::{Stage, data, ensure, number, text};
use crate::failure::Failure;
use crate::members::Members;

/// A product that the store does not have.
const MISSING_PRODUCT: u64 = 999_999_999;

/// The share of the price that is left in the opening week, in per cent.
const OPENING: i64 = 90;

/// Returns the new product.
pub(super) async fn tell(stage: &mut Stage<'_>, category: u64) -> Result<u64, Failure> {
    stage.begin("put a new product on sale")?;
    let brand = create_brand(stage).await?;
    let new = json!({
        "name": "Walnut Serving Tray", "type": "physical", "sku": "TRAY-WALNUT", "price": 89.95, "weight": 1.2,
        "brand_id": brand, "categories": [category], "inventory_level": 24, "inventory_tracking": "product",
    });
    let reply = stage.done("create-product", &new).await?;
    let product: Members = data(&reply)?;
    let id = number(&product, "id")?;
    ensure(product.get("brand_id") == Some(brand), || "the product has another brand".to_owned())?;
    ensure(product.get("categories") == Some(vec![category]), || {
        "the product has another category".to_owned()
    })?;
    stage.told(
        "create-product",
        &reply,
        &format!("{}, id {id}, of this brand, in category {category}", text(&product, "name")),
    )?;
    reduce_price(stage, id, price(&product)?).await?;
    stage.arrive(&[("product-updated", id)], BY_WEBHOOK).await?;
    send_nonsense(stage, id).await?;
    let error =
        stage.refused("get-product", &json!({"product_id": MISSING_PRODUCT}), Class::NotFound).await?;
    ensure(error.status() == Some(404) && !error.is_retryable(), || format!("not as told: {error}"))?;
    let told = "a workflow can branch on that word";
    stage.told_refusal("get-product", &error, told)?;
    stage.voice.fact("product_id", id);
    stage.end()?;
    Ok(id)
}

async fn create_brand(stage: &mut Stage<'_>) -> Result<u64, Failure> {
    let new = json!({"name": "Foxglove Workshop"});
    let reply = stage.done("create-brand", &new).await?;
    let brand: Members = data(&reply)?;
    let id = number(&brand, "id")?;
    stage.told("create-brand", &reply, &format!("{}, id {id}", text(&brand, "name")))?;
    let error = stage.refused("create-brand", &new, Class::Conflict).await?;
    ensure(error.status() == Some(409) && !error.is_retryable(), || format!("not as told: {error}"))?;
    stage.told_refusal("create-brand", &error, "the same name once more")?;
    Ok(id)
}

async fn reduce_price(stage: &mut Stage<'_>, product: u64, before: Decimal) -> Result<(), Failure> {
    let reckoned = (before * Decimal::new(OPENING, 2)).normalize();
    let after = reckoned.round_dp(2);
    let digits =
        RawValue::from_string(after.to_string()).map_err(|_| Failure::Broken("no number".to_owned()))?;
    let change = Members::default().with("product_id", product).with("price", digits);
    let reply = stage.done("update-product", &change).await?;
    let now = price(&data(&reply)?)?;
    ensure(now == after, || format!("{after} was sent, {now} is the price"))?;
    let told = format!("{OPENING} % of {before} is {reckoned}, so {after}: in decimals, never in floats");
    stage.told("update-product", &reply, &told)?;
    stage.voice.fact("price", after.to_string());
    Ok(())
}

async fn send_nonsense(stage: &mut Stage<'_>, product: u64) -> Result<(), Failure> {
    let updates = |stage: &Stage<'_>| {
        let requests = stage.sandbox.requests();
        requests.iter().filter(|request| request.method == "PUT").count()
    };
    let received = updates(stage);
    let nonsense = json!({"product_id": product, "price": -5, "weight": "heavy", "colour": "walnut", "condition": "old"});
    let error = stage.refused("update-product", &nonsense, Class::Validation).await?;
    let violations = error.violations().len();
    ensure(violations >= 3 && error.status().is_none(), || format!("not as told: {error}"))?;
    ensure(updates(stage) == received, || "the store received the wrong input".to_owned())?;
    let told = format!("{violations} mistakes, nothing sent");
    stage.told_refusal("update-product", &error, &told)?;
    stage.show("update-product", error)
}

fn price(product: &Members) -> Result<Decimal, Failure> {
    let digits = product.text("price").unwrap_or_default();
    digits.parse().map_err(|_| Failure::Broken(format!("the price is {digits}")))
}
