//! A creation that was carried out in part (207): neither a success nor a failure to call again after.

use bigcommerce_connector::actions::{CreateBrand, CreateProduct, ListProducts};
use bigcommerce_connector::types::{BrandUrlInput, CustomUrlInput, ProductType};
use bigcommerce_sandbox::Fault;
use connector_runtime::{Class, Decimal, Error};
use connector_tests::{Store, with};
use serde_json::Value;

use super::assert_discreet;

/// Asserts that an error says that all but the URL was saved, and that nothing of it may be sent again.
#[track_caller]
fn assert_partial(error: &Error, action: &str, told: &str) {
    assert_discreet(error);
    assert_eq!((error.class(), error.class().as_str()), (Class::Partial, "partial"), "{error}");
    assert_eq!((error.action(), error.status()), (Some(action), Some(207)));
    assert!(!error.is_retryable() && error.retry_after().is_none(), "{error}");
    assert_eq!(error.request_id().map(str::len), Some(32), "{error}");
    let [violation] = error.violations() else { panic!("{:?}", error.violations()) };
    assert_eq!((violation.field(), violation.message()), ("custom_url", told));
}

#[tokio::test]
async fn a_product_saved_without_its_url_is_there_and_not_to_be_created_again() {
    let store = Store::open().await;
    store.sandbox.inject(Fault::UrlNotSaved, 1);
    let [weight, price] = ["1.4", "80"].map(|digits| digits.parse::<Decimal>().expect("digits"));
    let product =
        with(CreateProduct::new("Ash Serving Tray", ProductType::Physical, weight, price), |input| {
            input.sku = Some("TRAY-ASH".to_owned());
            input.custom_url =
                Some(with(CustomUrlInput::default(), |input| input.url = Some("/ash-tray/".to_owned())));
        });
    let error = store.client.call(&product).await.expect_err("a part was not done");
    assert_partial(&error, "create-product", "The product was saved, its URL was not.");
    // What the action says to check first finds it.
    let by_sku = with(ListProducts::default(), |input| input.sku = Some("TRAY-ASH".to_owned()));
    let found = store.client.call(&by_sku).await.expect("a list").data;
    let [saved] = found.as_slice() else { panic!("{} products", found.len()) };
    assert_eq!(saved.name.as_deref(), Some("Ash Serving Tray"));
    let url = saved.custom_url.as_ref().and_then(|url| url.url.as_deref());
    assert_ne!(url, Some("/ash-tray/"));
    let again = store.client.call(&product).await.expect_err("it is there");
    assert_eq!((again.class(), again.status()), (Class::Conflict, Some(409)));
}

#[tokio::test]
async fn a_brand_saved_without_its_url_is_there_and_not_to_be_created_again() {
    let store = Store::open().await;
    store.sandbox.inject(Fault::UrlNotSaved, 1);
    let brand = with(CreateBrand::new("Saltmarsh Joinery"), |input| {
        input.custom_url =
            Some(with(BrandUrlInput::default(), |input| input.url = Some("/saltmarsh/".to_owned())))
    });
    let error = store.client.call(&brand).await.expect_err("a part was not done");
    assert_partial(&error, "create-brand", "The brand was saved, its URL was not.");
    let list: Value = store.body("/catalog/brands?name=Saltmarsh%20Joinery").await.parse().expect("JSON");
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    assert_ne!(list["data"][0]["custom_url"]["url"], "/saltmarsh/");
    let again = store.client.call(&brand).await.expect_err("it is there");
    assert_eq!((again.class(), again.status()), (Class::Conflict, Some(409)));
}
