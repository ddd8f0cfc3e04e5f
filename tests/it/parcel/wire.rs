//! What exactly goes over the wire for an input, called with types and as JSON.

use std::collections::BTreeMap;

use connector_runtime::{Boxed, Date, DateTime, Json, Nullable};
use connector_tests::with;
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
    with(Address::default(), |input| {
        input.street = Some("Lane 1".to_owned());
        input.zip = Some("12345".to_owned());
        input.country = Some(Country::In);
        input.since = Some(moment());
        input.note = Nullable::Null;
        input.share = Some(decimal("0.50"));
        input.neighbour =
            Some(Boxed::from(with(Address::default(), |input| input.street = Some("Lane 2".to_owned()))));
        input.flags = Some(BTreeMap::from([("a b".to_owned(), vec![1])]));
    })
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
    let input = with(Search::new(ParcelType::IdAsc, Date::from("2020-02-29"), true), |input| {
        input.ids = Some(vec![3, 1]);
        input.tags = Some(vec!["a,b".to_owned(), "c d&e".to_owned(), "ü".to_owned()]);
        input.kind = Some(ParcelType::QuoTe);
        input.kinds = Some(vec![ParcelType::AB, ParcelType::Self_]);
        input.since = Some(moment());
        input.until = Some(Date::from("2019-07-06"));
        input.weight = Some(decimal("10.50"));
        input.ratio = Some(0.25);
        input.is_open = Some(false);
        input.name = Some("x=1&y#?/".to_owned());
        input.days = Some(vec![Date::from("2019-07-06"), Date::from("2019-07-07")]);
        input.moments = Some(vec![moment()]);
        input.trace = Some("t-1".to_owned());
        input.at = Some(moment());
        input.level = Some(Country::De);
    });
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
    let hostile = with(GetParcel::new("x"), |input| {
        input.r#type = Some(ParcelType::Empty);
        input.self_ = Some(String::new());
        input.crate_ = Some(i64::MIN);
        input.r#ref = Some(true);
    });
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
    let input = with(CreateParcel::new("bo\"x", decimal("12345678901234567.8900")), |input| {
        input.sent_at = Some(moment());
        input.born = Some(Date::from("2000-01-02"));
        input.address = Some(Boxed::from(address()));
        input.note = Nullable::Null;
        input.free = Some(Json::from(json!({"b": [1, null]})));
    });
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
    let to = with(Stop::default(), |input| input.name = Some("Lyon".to_owned()));
    let input = with(CreateParcels::new("me"), |input| {
        input.sent_at = Some(moment());
        input.legs = Some(vec![with(Leg::default(), |input| {
            input.to = Some(Boxed::from(to));
            input.kilometres = Some(7);
        })]);
    });
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

    let input = with(PutAddresses::new(vec![address()]), |input| input.trace = Some("t".to_owned()));
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

    let emptied = with(UpdateParcel::new(1, 0), |input| {
        input.name = Nullable::Null;
        input.price = Nullable::Null;
        input.sent_on = Nullable::Null;
        input.sent_at = Nullable::Null;
        input.tags = Nullable::Null;
        input.labels = Nullable::Null;
        input.address = Nullable::Null;
        input.kind = Nullable::Null;
        input.stock = Nullable::Null;
    });
    vendor.client().call(&emptied).await.unwrap();
    let nulls = json!({"name": null, "price": null, "sent_on": null, "sent_at": null, "tags": null,
        "labels": null, "address": null, "kind": null, "stock": null});
    assert_eq!(vendor.last().json(), nulls);
    let mut input = nulls.clone();
    input["parcel_id"] = json!(1);
    assert_eq!(untyped("update-parcel", input).await.json(), nulls);

    let set = with(UpdateParcel::new(1, 2), |input| {
        input.name = "n".to_owned().into();
        input.price = decimal("0.00").into();
        input.sent_on = Date::from("2020-01-01").into();
        input.tags = Vec::new().into();
        input.labels = BTreeMap::new().into();
        input.address =
            Boxed::from(with(Address::default(), |input| input.street = Some("s".to_owned()))).into();
        input.kind = ParcelType::Empty.into();
    });
    vendor.client().call(&set).await.unwrap();
    assert_eq!(
        vendor.last().body,
        concat!(
            r#"{"name":"n","price":0.00,"sent_on":"2020-01-01","tags":[],"labels":{},"#,
            r#""address":{"street":"s"},"kind":"","stock":2}"#
        )
    );
}

#[test]
fn an_enumeration_is_written_and_parsed_by_the_names_of_the_wire() {
    for (country, name) in [
        (Country::De, "DE"),
        (Country::In, "in"),
        // The manifest names it, because `+fr` and `FR` would be one name in Rust.
        (Country::Overseas, "+fr"),
        (Country::Unlisted("XX".to_owned()), "XX"),
    ] {
        assert_eq!(country.to_string(), name);
        let Ok(parsed) = name.parse::<Country>();
        assert_eq!(parsed, country);
    }
}

#[tokio::test]
async fn an_option_of_an_update_sets_or_empties_a_field() {
    let vendor = Vendor::with(200, r#"{"data":{}}"#).await;
    let update = with(UpdateParcel::new(1, 2), |input| {
        input.name = Some("n".to_owned()).into();
        input.price = None.into();
    });
    vendor.client().call(&update).await.unwrap();
    assert_eq!(vendor.last().json(), json!({"name": "n", "price": null, "stock": 2}));
}
