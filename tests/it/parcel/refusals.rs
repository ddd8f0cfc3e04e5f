//! How refusals are read: errors in both shapes, waits in every unit, and what may be sent again.

use std::time::Duration;

use connector_runtime::{Class, Error, Nullable};
use connector_tests::with;
use parcel_connector::actions::{
    Cancel, Check, CreateParcel, CreateParcels, CreateWebhook, GetParcel, PingVendor, PutAddresses,
    UpdateParcel,
};
use parcel_connector::types::Address;

use super::decimal;
use super::vendor::{Vendor, answer};

fn violations(error: &Error) -> Vec<(&str, &str)> {
    error.violations().iter().map(|violation| (violation.field(), violation.message())).collect()
}

#[tokio::test]
async fn errors_in_a_list_give_all_messages_and_violations() {
    let body = r#"[{"message": "bad name", "details": {"name": "too long", "price": {"min": 1}}},
                   {"message": "bad day", "details": ["born"]}, {"else": 1}, 7]"#;
    let vendor = Vendor::with(422, body).await;
    let error = vendor.client().call(&GetParcel::new("x")).await.unwrap_err();
    assert_eq!((error.class(), error.status()), (Class::Validation, Some(422)));
    assert_eq!(error.api_message(), Some("bad name; bad day"));
    assert_eq!(violations(&error), [("name", "too long"), ("price.min", "1"), ("", "born")]);
    assert!(!error.to_string().contains("bad name"), "{error}");
}

#[tokio::test]
async fn errors_in_an_object_give_message_and_violations() {
    let vendor = Vendor::start(|_| {
        let headers = vec![("x-parcel-request", "r-9".to_owned())];
        (409, headers, r#"{"title": "taken", "errors": {"self:name": "in use"}}"#.to_owned())
    })
    .await;
    let error = vendor.client().call(&PingVendor::default()).await.unwrap_err();
    assert_eq!((error.class(), error.request_id()), (Class::Conflict, Some("r-9")));
    assert_eq!((error.api_message(), violations(&error)), (Some("taken"), vec![("self:name", "in use")]));
    let error = Vendor::with(404, "<html>").await.client().call(&PingVendor::default()).await.unwrap_err();
    assert_eq!((error.class(), error.api_message()), (Class::NotFound, None));
}

async fn limited(status: u16, headers: &'static [(&'static str, &'static str)]) -> Error {
    let vendor = Vendor::start(move |_| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        (status, headers.collect(), String::new())
    })
    .await;
    vendor.client().call(&CreateWebhook::new("s", "https://x")).await.unwrap_err()
}

#[tokio::test]
async fn waits_are_read_in_every_unit_and_the_longest_counts() {
    for (headers, expected) in [
        ([("x-wait-ms", "1500"), ("x-wait", "1")].as_slice(), 1500),
        (&[("x-wait", "2"), ("x-wait-ms", "1500")], 2000),
        (&[("retry-after", "3"), ("x-wait", "2")], 3000),
        (&[("x-free-at", "99999999999")], 120_000),
        (&[("x-free-at-ms", "99999999999999")], 120_000),
        (&[("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")], 120_000),
    ] {
        let error = limited(429, headers).await;
        assert_eq!((error.class(), error.is_retryable()), (Class::RateLimitedWindow, true));
        assert_eq!(error.retry_after(), Some(Duration::from_millis(expected)), "{headers:?}");
    }
    let past: &[_] = &[("x-free-at", "1"), ("x-free-at-ms", "1"), ("retry-after", "soon")];
    for headers in [&[] as &[_], past] {
        let error = limited(429, headers).await;
        assert_eq!(error.class(), Class::RateLimitedOverload);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
    }
}

#[tokio::test]
async fn another_status_stands_in_for_a_limit_where_a_wait_is_given() {
    for status in [503, 509] {
        let error = limited(status, &[("x-wait", "2")]).await;
        assert_eq!(error.class(), Class::RateLimitedWindow, "{status}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
        assert!(error.is_retryable(), "a call too many was not carried out");
        let error = limited(status, &[]).await;
        assert!(matches!(error.class(), Class::Unavailable | Class::Server), "{status}");
        assert_eq!((error.retry_after(), error.is_retryable()), (None, false));
    }
    assert_eq!(limited(502, &[("x-wait", "2")]).await.class(), Class::Server);
}

#[tokio::test]
async fn what_may_be_sent_again_after_a_failure_is_as_the_manifest_says() {
    let vendor = Vendor::start(|_| answer(500, "")).await;
    let client = vendor.client();
    let retryable = |error: Error| {
        assert_eq!(error.class(), Class::Server);
        error.is_retryable()
    };
    let address = with(Address::default(), |input| input.street = Some("s".to_owned()));
    let create = CreateParcel::new("x", decimal("1"));
    assert!(!retryable(client.call(&create).await.unwrap_err()), "a creation");
    assert!(retryable(client.call(&CreateParcels::new("x")).await.unwrap_err()), "a creation called safe");
    let put = PutAddresses::new(vec![address]);
    assert!(!retryable(client.call(&put).await.unwrap_err()), "an update called unsafe");
    assert!(retryable(client.call(&Cancel::new(1)).await.unwrap_err()), "a POST that deletes");
    assert!(retryable(client.call(&Check::new("m")).await.unwrap_err()), "a POST that reads");
    assert!(retryable(client.call(&PingVendor::default()).await.unwrap_err()), "a read");

    let update = UpdateParcel::new(1, 1);
    assert!(retryable(client.call(&update).await.unwrap_err()), "without the parameters that matter");
    let counted = with(update.clone(), |input| input.amount = Some(1));
    assert!(!retryable(client.call(&counted).await.unwrap_err()));
    let emptied = with(update, |input| input.tags = Nullable::Null);
    assert!(!retryable(client.call(&emptied).await.unwrap_err()), "null is given as well");
    let input = br#"{"parcel_id": 1, "stock": 1, "tags": []}"#;
    assert!(!retryable(client.call_untyped("update-parcel", input).await.unwrap_err()));
    let input = br#"{"parcel_id": 1, "stock": 1, "name": null}"#;
    assert!(retryable(client.call_untyped("update-parcel", input).await.unwrap_err()));
}
