//! What exactly goes over the wire for an input, called with types and as JSON.

use std::collections::BTreeMap;

use connector_runtime::{Boxed, Date, DateTime, Json, Nullable};
use parcel_connector::actions::{
    CreateParcel, CreateParcels, GetParcel, PutAddresses, PutLabels, RemoveParcel, Search, UpdateParcel,
};
use parcel_connector::types::{Address, Country, Leg, ParcelType, Stop};
use serde_json::json;

use super::decimal;
use super::vendor::{Received, Vendor};

/// In the summer of Paris, so that a conversion to UTC shows.
const MOMENT: &str = "2019-07-05T23:40:11+02:00";

fn moment() -> DateTime {
    DateTime::from(MOMENT)
}

fn address() -> Address {
    Address {
        street: Some("Lane 1".to_owned()),
        zip: Some("12345".to_owned()),
        country: Some(Country::In),
        since: Some(moment()),
        note: Nullable::Null,
        share: Some(decimal("0.50")),
        neighbour: Some(Boxed::from(Address { street: Some("Lane 2".to_owned()), ..Address::default() })),
        flags: Some(BTreeMap::from([("a b".to_owned(), vec![1])])),
        ..Address::default()
    }
}

/// The request that arrives for an input given as JSON; the answer does not matter.
async fn untyped(id: &str, input: serde_json::Value) -> Received {
    let vendor = Vendor::with(200, r#"{"data":[{}]}"#).await;
    vendor.client().call_untyped(id, input.to_string().as_bytes()).await.unwrap();
    vendor.last()
}

#[tokio::test]
async fn paths_and_queries_and_headers_carry_every_scalar_under_the_vendors_names() {
    let vendor = Vendor::with(200, r#"{"data":[]}"#).await;
    let input = Search {
        ids: Some(vec![3, 1]),
        tags: Some(vec!["a,b".to_owned(), "c d&e".to_owned(), "ü".to_owned()]),
        kind: Some(ParcelType::QuoTe),
        kinds: Some(vec![ParcelType::AB, ParcelType::Self_]),
        since: Some(moment()),
        until: Some(Date::from("2019-07-06")),
        weight: Some(decimal("10.50")),
        ratio: Some(0.25),
        is_open: Some(false),
        name: Some("x=1&y#?/".to_owned()),
        days: Some(vec![Date::from("2019-07-06"), Date::from("2019-07-07")]),
        moments: Some(vec![moment()]),
        trace: Some("t-1".to_owned()),
        at: Some(moment()),
        level: Some(Country::De),
        ..Search::new(ParcelType::IdAsc, Date::from("2020-02-29"), true)
    };
    vendor.client().call(&input).await.unwrap();

    let request = vendor.last();
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.own_target(),
        "/accounts/acme/v2/my%20shop/parcels/id%3Aasc/near/2020-02-29?id:in=3,1&tags=a%2Cb&tags=c%20d%26e\
         &tags=%C3%BC&kind=quo%22te&kind%5B%5D=a%20b&kind%5B%5D=self&date:min=2019-07-05T21%3A40%3A11Z\
         &until=2019-07-06&weight=10.50&ratio=0.25&is_open=false&name:like%20%26%20more=x%3D1%26y%23%3F%2F\
         &days=2019-07-06,2019-07-07&moments=2019-07-05T21%3A40%3A11Z"
    );
    assert_eq!(request.header("x-trace"), Some("t-1"));
    assert_eq!(request.header("x-at"), Some("2019-07-05T21:40:11Z"));
    assert_eq!((request.header("x-strict"), request.header("x-level")), (Some("true"), Some("DE")));
    assert_eq!((request.body.as_str(), request.header("content-type")), ("", None));

    let same = json!({
        "place": "id:asc", "day": "2020-02-29", "strict": true, "ids": [3, 1], "tags": ["a,b", "c d&e", "ü"],
        "kind": "quo\"te", "kinds": ["a b", "self"], "since": MOMENT, "until": "2019-07-06", "weight": "10.50",
        "ratio": 0.25, "is_open": false, "name": "x=1&y#?/", "days": ["2019-07-06", "2019-07-07"],
        "moments": [MOMENT], "trace": "t-1", "at": MOMENT, "level": "DE",
    });
    let other = untyped("search", same).await;
    assert_eq!(other.target, request.target);
    assert_eq!(other.header("x-at"), request.header("x-at"));
}

#[tokio::test]
async fn what_is_left_out_is_not_sent_and_defaults_stay_the_vendors() {
    let request = untyped("search", json!({"place": "type", "day": "2020-02-29", "strict": false})).await;
    assert_eq!(request.own_target(), "/accounts/acme/v2/my%20shop/parcels/type/near/2020-02-29");
    assert_eq!((request.header("x-trace"), request.header("x-strict")), (None, Some("false")));

    let vendor = Vendor::with(200, "{}").await;
    vendor.client().call(&GetParcel::new("a/b ..%2f?#ü")).await.unwrap();
    assert_eq!(vendor.last().own_target(), "/accounts/acme/v1/parcels/a%2Fb%20..%252f%3F%23%C3%BC");
    let hostile = GetParcel {
        r#type: Some(ParcelType::Empty),
        self_: Some(String::new()),
        crate_: Some(i64::MIN),
        r#ref: Some(true),
        ..GetParcel::new("x")
    };
    vendor.client().call(&hostile).await.unwrap();
    assert_eq!(
        vendor.last().own_target(),
        "/accounts/acme/v1/parcels/x?type=&self=&crate=-9223372036854775808&ref=true"
    );
    vendor.client().call(&RemoveParcel::new("y")).await.unwrap();
    assert_eq!(vendor.last().own_target(), "/accounts/acme/v1/parcels/y");
    assert_eq!(vendor.last().method, "DELETE");
}

#[tokio::test]
async fn bodies_hold_dates_as_the_version_writes_them_and_decimals_digit_for_digit() {
    let vendor = Vendor::with(200, r#"{"data":[{}]}"#).await;
    let input = CreateParcel {
        sent_at: Some(moment()),
        born: Some(Date::from("2000-01-02")),
        address: Some(Boxed::from(address())),
        note: Nullable::Null,
        free: Some(Json::from(json!({"b": [1, null]}))),
        ..CreateParcel::new("bo\"x", decimal("12345678901234567.8900"))
    };
    vendor.client().call(&input).await.unwrap();
    let request = vendor.last();
    assert_eq!(
        request.body,
        concat!(
            r#"{"name":"bo\"x","sent_at":"Fri, 5 Jul 2019 21:40:11 +0000","born":"2000-01-02","#,
            r#""price":"12345678901234567.8900","address":{"street":"Lane 1","zip:code":"12345","country":"in","#,
            r#""since":"Fri, 5 Jul 2019 21:40:11 +0000","note":null,"share":"0.50","#,
            r#""neighbour":{"street":"Lane 2"},"flags":{"a b":[1]}},"note":null,"free":{"b":[1,null]}}"#
        )
    );
    assert_eq!((request.method.as_str(), request.header("content-type")), ("POST", Some("application/json")));

    let input = br#"{"name": "x", "price": 0.10, "free": {"digits": 1.0000, "text":  "a"}}"#;
    vendor.client().call_untyped("create-parcel", input).await.unwrap();
    assert_eq!(
        vendor.last().body,
        r#"{"name":"x","price":"0.10","free":{"digits": 1.0000, "text":  "a"}}"#,
        "free JSON arrives as it was given"
    );
}

#[tokio::test]
async fn a_wrapped_body_is_the_only_item_of_a_list() {
    let vendor = Vendor::with(200, r#"{"data":[{"id":"p-1"}]}"#).await;
    let to = Stop { name: Some("Lyon".to_owned()), ..Stop::default() };
    let input = CreateParcels {
        sent_at: Some(moment()),
        legs: Some(vec![Leg { to: Some(Boxed::from(to)), kilometres: Some(7), ..Leg::default() }]),
        ..CreateParcels::new("me")
    };
    let reply = vendor.client().call(&input).await.unwrap();
    assert_eq!(
        vendor.last().body,
        r#"[{"self:name":"me","sent_at":"2019-07-05T21:40:11Z","legs":[{"to":{"name":"Lyon"},"kilometres":7}]}]"#
    );
    assert_eq!(reply.data.id.as_deref(), Some("p-1"));
    vendor.client().call_untyped("create-parcels", br#"{"self":"me"}"#).await.unwrap();
    assert_eq!(vendor.last().json(), json!([{"self:name": "me"}]));
}

#[tokio::test]
async fn a_payload_is_the_whole_body() {
    let vendor = Vendor::with(200, r#"{"data":["a"]}"#).await;
    let labels = BTreeMap::from([("k \"1".to_owned(), "v".to_owned())]);
    let reply = vendor.client().call(&PutLabels::new(5, labels)).await.unwrap();
    assert_eq!(vendor.last().body, r#"{"k \"1":"v"}"#);
    assert_eq!((vendor.last().method.as_str(), reply.data), ("PATCH", vec!["a".to_owned()]));

    let input = PutAddresses { trace: Some("t".to_owned()), ..PutAddresses::new(vec![address()]) };
    vendor.client().call(&input).await.unwrap();
    let request = vendor.last();
    assert_eq!(request.json()[0]["since"], "Fri, 5 Jul 2019 21:40:11 +0000");
    assert_eq!(request.header("x-trace"), Some("t"));
}

#[tokio::test]
async fn leaving_out_emptying_and_setting_are_three_things() {
    let vendor = Vendor::with(200, r#"{"data":{}}"#).await;
    vendor.client().call(&UpdateParcel::new(1, 0)).await.unwrap();
    assert_eq!(vendor.last().body, r#"{"stock":0}"#);

    let emptied = UpdateParcel {
        name: Nullable::Null,
        price: Nullable::Null,
        sent_on: Nullable::Null,
        sent_at: Nullable::Null,
        tags: Nullable::Null,
        labels: Nullable::Null,
        address: Nullable::Null,
        kind: Nullable::Null,
        stock: Nullable::Null,
        ..UpdateParcel::new(1, 0)
    };
    vendor.client().call(&emptied).await.unwrap();
    let nulls = json!({"name": null, "price": null, "sent_on": null, "sent_at": null, "tags": null,
        "labels": null, "address": null, "kind": null, "stock": null});
    assert_eq!(vendor.last().json(), nulls);
    let mut input = nulls.clone();
    input["parcel_id"] = json!(1);
    assert_eq!(untyped("update-parcel", input).await.json(), nulls);

    let set = UpdateParcel {
        name: "n".to_owned().into(),
        price: decimal("0.00").into(),
        sent_on: Date::from("2020-01-01").into(),
        tags: Vec::new().into(),
        labels: BTreeMap::new().into(),
        address: Boxed::from(Address { street: Some("s".to_owned()), ..Address::default() }).into(),
        kind: ParcelType::Empty.into(),
        ..UpdateParcel::new(1, 2)
    };
    vendor.client().call(&set).await.unwrap();
    assert_eq!(
        vendor.last().body,
        concat!(
            r#"{"name":"n","price":0.00,"sent_on":"2020-01-01","tags":[],"labels":{},"#,
            r#""address":{"street":"s"},"kind":"","stock":2}"#
        )
    );
}
