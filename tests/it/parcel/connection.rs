//! What the manifest says of the connection, the limits and the scopes, as a host finds it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_runtime::{Caller, Class, QuotaHeaders, WaitHeader, WaitUnit};
use parcel_connector::actions::{Connector, PingVendor, Self_};
use parcel_connector::{CONNECTOR, apis};

use super::vendor::Vendor;
use super::{SECRETS, connect};

#[tokio::test]
async fn every_kind_of_credential_travels_with_every_request() {
    let vendor = Vendor::with(200, r#"{"data":{"pong":true}}"#).await;
    vendor.client().call(&PingVendor::default()).await.unwrap();

    let request = vendor.last();
    let authorizations: Vec<&str> =
        request.headers.get_all("authorization").iter().map(|value| value.to_str().unwrap()).collect();
    let basic = format!("Basic {}", STANDARD.encode("ada:pass:word-3"));
    assert_eq!(authorizations, ["Bearer token-2", &basic]);
    assert_eq!(request.header("x-parcel-key"), Some("key-1"));
    assert_eq!(request.target, "/accounts/acme/v2/my%20shop/ping?sig:key=sig%20%26%20nature%2F4");
}

#[tokio::test]
async fn a_secret_in_the_address_is_in_no_error() {
    let connection = connect().at_origin("http://127.0.0.1:1").unwrap();
    let transport =
        connector_runtime::HttpTransport::new(connector_runtime::Client::DEFAULT_TIMEOUT).unwrap();
    let client = connector_runtime::Client::with_transport(connection, transport);
    let error = client.call(&PingVendor::default()).await.unwrap_err();
    assert_eq!(error.class(), Class::TransportUnsent);
    let mut text = format!("{error} {error:?} {client:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    for secret in SECRETS.into_iter().chain(["nature"]) {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn each_version_has_its_own_address_and_envelope() {
    let vendor = Vendor::with(200, r#""Tue, 05 Mar 2019 21:40:11 +0000""#).await;
    let reply = vendor.client().call(&Self_::default()).await.unwrap();
    assert_eq!(reply.data.timestamp().unwrap().to_string(), "2019-03-05T21:40:11Z");
    assert_eq!(vendor.last().own_target(), "/accounts/acme/v1/self");

    let vendor = Vendor::with(200, "1.10").await;
    let reply = vendor.client().call(&Connector::default()).await.unwrap();
    assert_eq!(reply.data.to_string(), "1.10");
    assert_eq!(
        [apis::V1.server, apis::V2.server, apis::V2_1.server].map(|server| server.len()),
        [26, 26, 27]
    );
}

#[test]
fn the_connection_is_described_as_in_the_manifest() {
    let connection = parcel_connector::connection(
        ["https://acme.parcel.example/inbox", "ada", "trial", "me"],
        ["a", "b", "c", "d"].map(Into::into),
    );
    assert_eq!(connection.unwrap().field("account"), Some("acme"));
    let grant = CONNECTOR.oauth2.unwrap();
    assert_eq!(grant.install, Some("https://parcel.example/install/{client_id}"));
    assert_eq!(grant.extra, [("account", "{account}"), ("audience", "parcels")]);
    assert_eq!((grant.credential, grant.token), ("token", "https://login.parcel.example/token"));
    let callbacks = CONNECTOR.callbacks.unwrap();
    assert_eq!(callbacks.subject, "accounts/{account}");
    assert_eq!(
        callbacks.routes,
        [("load", Caller::Browser), ("uninstall", Caller::Server), ("type", Caller::Browser)]
    );
    assert_eq!(CONNECTOR.test.unwrap().id, "ping-vendor");
    assert!(
        CONNECTOR.fields[0].description.starts_with("The `<name>` in <https://parcel.example/{account}>")
    );
}

#[test]
fn the_limits_are_described_as_in_the_manifest() {
    let limit = &CONNECTOR.rate_limit;
    assert_eq!((limit.status, limit.also, limit.per), (429, [503, 509].as_slice(), Some("account")));
    assert_eq!(limit.overload_wait, Duration::from_millis(1500));
    let quota = QuotaHeaders {
        quota: "X-Quota",
        left: "X-Left",
        window: WaitHeader { name: "X-Window", unit: WaitUnit::Seconds },
        reset: WaitHeader { name: "X-Free-At-Ms", unit: WaitUnit::EpochMilliseconds },
    };
    assert_eq!(limit.quota, Some(quota));
    let get = CONNECTOR.action("get-parcel").unwrap().operation;
    assert_eq!(get.scopes, ["parcels_read", "parcels_all"]);
    let put = CONNECTOR.action("put-addresses").unwrap().operation;
    assert_eq!((put.concurrency, put.check_first), (Some(1), Some("Read the addresses: `list` them.")));
}
