//! How successful answers are read: bare or in an envelope, one, the first, a list, or nothing.

use connector_runtime::Class;
use connector_tests::with;
use parcel_connector::actions::{
    Cancel, Core, FindParcel, FindParcelBare, GetParcel, ListWebhooks, Loop, Match, PingVendor, PutAddresses,
    RemoveParcel, Type,
};
use parcel_connector::types::{Address, Async, ParcelType};

use super::vendor::{Vendor, answer};

const SAMPLE: &str = include_str!("../../connectors/parcel/samples/get-parcel.json");

#[tokio::test]
async fn a_bare_answer_is_the_data_with_every_kind_of_value() {
    let body = r#"{
        "id": "p-1", "type": "", "self": "s", "crate": 9007199254740993, "ref": "r", "super": true, "2fa": false,
        "shipping-address": {"zip:code": "1", "country": "XX", "note": null, "neighbour": {"born": ""}},
        "X_Weird": 1.5, "quo\"te`<b>\\": "q", "weight": "10.50", "sent_on": "2020-01-02",
        "created_at": "Tue, 05 Mar 2019 21:40:11 +0000", "tags": ["a"], "labels": {"": "b"},
        "matrix": [[1], []], "attributes": {"k": [1.10, "2.20"]}, "free": {"x": 1.00}, "frees": [null, 1],
        "parent": {"parent": {"id": "root"}}, "children": [{"children": [{"id": "leaf"}]}],
        "leg": {"to": {"name": "a", "next": {"to": {"name": "b"}}}},
        "zoo": {"std": {"core": "c"}, "clone": {"default": "d"}, "async": "await", "crate": {"crate": {}},
                "drop": "drop", "iterator": {"next": 1}, "debug": "debug", "send": [{"sync": true}],
                "action": {"a": ["super", "Self"]}, "try": {"from": "f"}, "partial": "eq", "path": {"std": true}},
        "option": "o", "extra": "e", "unheard-of": [1.0]
    }"#;
    let vendor = Vendor::start(move |_| answer(200, body)).await;
    let reply = vendor.client().call(&GetParcel::new("p-1")).await.unwrap();
    assert_eq!((reply.json.as_str(), reply.meta.as_ref(), reply.request_id), (body, None, None));
    let parcel = reply.data;
    assert_eq!((parcel.r#type, parcel.crate_), (Some(ParcelType::Empty), Some(9_007_199_254_740_993)));
    assert_eq!((parcel.super_, parcel._2fa), (Some(true), Some(false)));
    assert_eq!(parcel.back_tick.as_deref(), Some("q"));
    assert_eq!(parcel.weight.unwrap().to_string(), "10.50");
    let attributes = parcel.attributes.unwrap();
    assert_eq!(attributes["k"].iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.10", "2.20"]);
    assert_eq!(parcel.created_at.unwrap().timestamp().unwrap().to_string(), "2019-03-05T21:40:11Z");
    let parent = parcel.parent.unwrap();
    assert_eq!(parent.parent.as_ref().unwrap().id.as_deref(), Some("root"));
    assert_eq!(parcel.children.unwrap()[0].children.as_ref().unwrap()[0].id.as_deref(), Some("leaf"));
    let leg = parcel.leg.unwrap();
    let next = leg.to.as_ref().unwrap().next.as_ref().unwrap();
    assert_eq!(next.to.as_ref().unwrap().name.as_deref(), Some("b"));
    assert_eq!(parcel.zoo.unwrap().r#async, Some(Async::Await));
    assert_eq!((parcel.additional.as_deref(), parcel.extra["unheard-of"].as_str()), (Some("e"), "[1.0]"));
    assert_eq!(parcel.matrix, Some(vec![vec![1], vec![]]));
    assert_eq!(parcel.free.unwrap().as_str(), r#"{"x": 1.00}"#);
}

#[tokio::test]
async fn a_sample_is_an_answer() {
    let vendor = Vendor::with(200, SAMPLE).await;
    let parcel = vendor.client().call(&GetParcel::new("p-1")).await.unwrap().data;
    assert!(parcel.extra.is_empty());
    let json = serde_json::to_value(&parcel).unwrap();
    assert_eq!(json["zip"], serde_json::Value::Null);
    assert_eq!(json["shipping-address"]["zip:code"], "12345");
    let address: Address = serde_json::from_value(json["shipping-address"].clone()).unwrap();
    assert_eq!(address.zip.as_deref(), Some("12345"));
}

#[tokio::test]
async fn an_envelope_holds_the_data_and_what_is_said_about_it() {
    let vendor = Vendor::start(|_| {
        let headers = vec![("x-parcel-request", "r-1".to_owned())];
        (201, headers, r#"{"meta": {"a": 1}, "data": {"pong": true}, "more": 2}"#.to_owned())
    })
    .await;
    let reply = vendor.client().call(&PingVendor::default()).await.unwrap();
    assert_eq!((reply.data.pong, reply.status, reply.request_id.as_deref()), (Some(true), 201, Some("r-1")));
    assert_eq!(reply.meta.unwrap().as_str(), r#"{"a": 1}"#);

    // Where the envelope names no field for it, everything beside the data is said about the data.
    let vendor = Vendor::with(200, r#"{"items": 5, "links": {}, "total": 1}"#).await;
    let reply = vendor.client().call(&Match::default()).await.unwrap();
    assert_eq!((reply.data, reply.meta.unwrap().as_str()), (5, r#"{"links":{},"total":1}"#));

    let error = Vendor::with(200, r#"{"meta": {}}"#).await.client().call(&PingVendor::default()).await;
    assert_eq!(error.unwrap_err().class(), Class::Decode);
}

#[tokio::test]
async fn scalars_lists_of_lists_and_free_json_are_answers_too() {
    let vendor = Vendor::with(200, r#"{"items": [[{"a": 1.50}], []]}"#).await;
    let lists = vendor.client().call(&Loop::default()).await.unwrap().data;
    assert_eq!((lists[0][0]["a"].to_string().as_str(), lists.len()), ("1.50", 2));
    let vendor = Vendor::with(200, r#"{"items": {"any":  [1.0]}}"#).await;
    assert_eq!(vendor.client().call(&Core::default()).await.unwrap().data.as_str(), r#"{"any":  [1.0]}"#);
    let zoo = vendor.client().call(&Type::new("in")).await.unwrap().data;
    assert_eq!(zoo.extra["any"].as_str(), "[1.0]");
}

#[tokio::test]
async fn the_first_of_a_list_is_the_data_and_none_is_not_found() {
    let vendor = Vendor::with(200, r#"{"data": [{"id": "a"}, {"id": "b"}], "meta": {"n": 2}}"#).await;
    let reply = vendor.client().call(&FindParcel::new("x")).await.unwrap();
    assert_eq!((reply.data.id.as_deref(), reply.json.as_str()), (Some("a"), r#"{"id": "a"}"#));
    assert_eq!(reply.meta.unwrap().as_str(), r#"{"n": 2}"#);
    for body in [r#"{"data": []}"#, ""] {
        let error = Vendor::with(200, body).await.client().call(&FindParcel::new("x")).await.unwrap_err();
        assert_eq!((error.class(), error.is_retryable()), (Class::NotFound, false), "{body}");
    }
    for (status, body) in [(200, "[]"), (204, "")] {
        let vendor = Vendor::with(status, body).await;
        let error = vendor.client().call_untyped("find-parcel-bare", b"{}").await.unwrap_err();
        assert_eq!(error.class(), Class::NotFound);
    }
    let error = Vendor::with(200, "{}").await.client().call(&FindParcelBare::default()).await.unwrap_err();
    assert_eq!(error.class(), Class::Decode);
}

#[tokio::test]
async fn nothing_is_null_whatever_was_answered() {
    for (status, body) in [(204, ""), (200, "{}"), (200, "<html>"), (202, r#"{"data": {"a": 1}}"#)] {
        let vendor = Vendor::with(status, body).await;
        let reply = vendor.client().call(&Cancel::new(1)).await.unwrap();
        assert_eq!((reply.data, reply.json.as_str(), reply.status), ((), "null", status), "{body}");
        vendor.client().call(&RemoveParcel::new("x")).await.unwrap();
        vendor.client().call(&PutAddresses::new(vec![one_address()])).await.unwrap();
        let reply = vendor.client().call_untyped("cancel", br#"{"parcel_id": 1}"#).await.unwrap();
        assert_eq!(reply.json.as_str(), "null");
    }
}

#[tokio::test]
async fn a_list_without_body_is_empty() {
    let vendor = Vendor::with(204, "").await;
    let reply = vendor.client().call(&ListWebhooks::default()).await.unwrap();
    assert_eq!((reply.data, reply.json.as_str()), (Vec::new(), "[]"));
    let reply = vendor.client().call_untyped("list-by-offset", b"{}").await.unwrap();
    assert_eq!(reply.json.as_str(), "[]");
    let error = vendor.client().call(&PingVendor::default()).await.unwrap_err();
    assert_eq!(error.class(), Class::Decode, "one value cannot be missing");
}

fn one_address() -> Address {
    with(Address::default(), |input| input.street = Some("s".to_owned()))
}
