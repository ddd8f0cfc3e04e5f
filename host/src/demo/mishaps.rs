//! Chapter nine: the store has a bad moment, and the caller always knows what that means for the next step.

use bigcommerce_sandbox::{Fault, Misbehaviour};
use connector_runtime::Class;
use serde_json::json;

use super::stage::{Stage, data, ensure, number};
use crate::failure::Failure;
use crate::members::Members;

/// The stock-keeping unit of the product whose creation is cut off.
const SKU: &str = "TRAY-OAK";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>, category: u64) -> Result<(), Failure> {
    stage.begin("meet a store that has a bad moment")?;
    // What fails next is to meet the calls of this story, and none of the service.
    stage.all_delivered().await?;
    stage.at_rest().await?;
    for (fault, status, class, told) in [
        (Fault::BadGatewayPage, 502, Class::Server, "an HTML page came from a proxy in between"),
        (Fault::ServiceUnavailable, 503, Class::Unavailable, "the API is being maintained"),
    ] {
        stage.sandbox.inject(fault, 1);
        let error = stage.refused("list-products", &json!({"limit": 1}), class).await?;
        ensure(error.status() == Some(status) && error.is_retryable(), || format!("not as told: {error}"))?;
        stage.told_refusal("list-products", &error, told)?;
    }
    stage.sandbox.misbehave(Misbehaviour { token_revoked: true, ..Misbehaviour::default() });
    let error = stage.refused("get-time", &json!({}), Class::AuthRevoked).await;
    stage.sandbox.misbehave(Misbehaviour::default());
    let error = error?;
    ensure(!error.is_retryable(), || format!("not as told: {error}"))?;
    stage.told_refusal("get-time", &error, "the token is void: connect again")?;
    create_in_part(stage).await?;
    let twin = create_unheard(stage, category).await?;
    delete(stage, twin).await?;
    stage.end()
}

/// What is deleted is gone.
async fn delete(stage: &mut Stage<'_>, product: u64) -> Result<(), Failure> {
    let input = json!({"product_id": product});
    let reply = stage.done("delete-product", &input).await?;
    ensure(reply.status == 204, || format!("the status is {}", reply.status))?;
    let error = stage.refused("get-product", &input, Class::NotFound).await?;
    stage.told("delete-product", &reply, &format!("product {product}; read again, it is {}", error.class()))
}

/// A brand is saved and its URL is not: what is there must not be created again.
async fn create_in_part(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let action = "create-brand";
    stage.sandbox.inject(Fault::UrlNotSaved, 1);
    let new = json!({"name": "Saltmarsh Joinery", "custom_url": {"url": "/saltmarsh/"}});
    let error = stage.refused(action, &new, Class::Partial).await?;
    ensure(error.status() == Some(207) && !error.is_retryable(), || format!("not as told: {error}"))?;
    let told: Vec<String> = error.violations().iter().map(ToString::to_string).collect();
    stage.told_refusal(action, &error, &told.join("; "))
}

/// The answer to a creation breaks off: look before you call again.
async fn create_unheard(stage: &mut Stage<'_>, category: u64) -> Result<u64, Failure> {
    let action = "create-product";
    let new = json!({
        "name": "Oak Serving Tray", "type": "physical", "sku": SKU, "price": 74.5, "weight": 1.4, "categories": [category],
    });
    stage.sandbox.inject(Fault::TruncatedBody, 1);
    let error = stage.refused(action, &new, Class::TransportUnknownOutcome).await?;
    ensure(!error.is_retryable(), || format!("not as told: {error}"))?;
    stage.told_refusal(action, &error, "the answer broke off")?;
    let hint = stage.operation(action).and_then(|operation| operation.check_first);
    let hint = hint.ok_or_else(|| Failure::Broken(format!("{action} does not say what to check first")))?;
    stage
        .voice
        .say(&format!("Nobody knows whether it was done. What the action says to check first: {hint}"))?;
    stage.voice.fact("check_first", hint);
    let reply = stage.done("list-products", &json!({"sku": SKU})).await?;
    let found: Vec<Members> = data(&reply)?;
    let [product] = found.as_slice() else {
        return Err(Failure::Broken(format!("{} products have the sku {SKU}", found.len())));
    };
    let id = number(product, "id")?;
    stage.told(
        "list-products",
        &reply,
        &format!("there, id {id}: it was done, and calling again would be wrong"),
    )?;
    Ok(id)
}
