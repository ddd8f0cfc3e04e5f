//! Constraints on inputs: every violation is told, all at once, and nothing is sent.

use std::collections::BTreeMap;

use connector_runtime::{Boxed, Class, Date, DateTime, Error, Nullable};
use connector_tests::with;
use parcel_connector::CONNECTOR;
use parcel_connector::actions::{Check, CreateParcels, GetParcel, PutAddresses, PutLabels};
use parcel_connector::types::{Address, Leg, Stop};
use serde_json::json;

use super::decimal;
use super::vendor::Vendor;

fn blamed(error: &Error) -> Vec<&str> {
    assert_eq!((error.class(), error.status()), (Class::Validation, None), "{error}");
    let mut fields: Vec<&str> = error.violations().iter().map(|violation| violation.field()).collect();
    fields.sort_unstable();
    fields
}

/// The fields that an input given as JSON is refused for.
fn refused(id: &str, input: serde_json::Value) -> Vec<String> {
    let outcome = CONNECTOR.action(id).unwrap().prepare(input.to_string().as_bytes());
    let error = outcome.err().unwrap_or_else(|| panic!("{input} is accepted"));
    blamed(&error).into_iter().map(str::to_owned).collect()
}

fn accepted(id: &str, input: serde_json::Value) {
    CONNECTOR.action(id).unwrap().prepare(input.to_string().as_bytes()).unwrap();
}

#[tokio::test]
async fn every_constraint_is_told_in_one_error_and_nothing_is_sent() {
    let vendor = Vendor::with(200, "{}").await;
    let bad = with(Address::default(), |input| {
        input.street = Some(String::new());
        input.zip = Some("1234".to_owned());
        input.since = Some(DateTime::from("yesterday"));
        input.born = Some(Date::from("2019-02-30"));
        input.note = Nullable::Value("too long".to_owned());
        input.lines = Some(vec!["four".to_owned(), "a".to_owned(), "b".to_owned()]);
        input.share = Some(decimal("1.01"));
        input.neighbour = Some(Boxed::from(Address::default()));
        input.flags = Some(BTreeMap::from([("k".to_owned(), vec![1, 0])]));
    });
    let input = with(Check::new("m"), |input| {
        input.whole = Some(8);
        input.real = Some(-0.75);
        input.exact = Some(decimal("10.011"));
        input.text = Some("ü".to_owned());
        input.code = Some("aB".to_owned());
        input.few = Some(vec![]);
        input.parts = Some(vec!["x".to_owned(), "y".to_owned(), "xxxx".to_owned()]);
        input.grid = Some(vec![vec![0, -1], vec![0, 0, 0]]);
        input.sizes =
            Some(BTreeMap::from([("a".to_owned(), 3.5), ("b".to_owned(), 1.0), ("c".to_owned(), 1.0)]));
        input.words = Some(BTreeMap::from([("w".to_owned(), vec![String::new()])]));
        input.day = Some(Date::from("today"));
        input.moment = Some(DateTime::from("2019-13-01T00:00:00Z"));
        input.addresses = Some(vec![Address::default()]);
        input.address = Some(Boxed::from(bad));
        input.leg = Some(Boxed::from(with(Leg::default(), |input| {
            input.kilometres = Some(-1);
            input.to = Some(Boxed::from(Stop::default()));
        })));
    });
    let error = vendor.client().call(&input).await.unwrap_err();
    assert_eq!(
        blamed(&error),
        [
            "address.born",
            "address.flags.k[1]",
            "address.lines",
            "address.lines[0]",
            "address.neighbour.street",
            "address.note",
            "address.share",
            "address.since",
            "address.street",
            "address.zip:code",
            "addresses[0].street",
            "code",
            "day",
            "exact",
            "few",
            "grid[0][1]",
            "grid[1]",
            "leg.kilometres",
            "leg.to.name",
            "moment",
            "parts[1]",
            "parts[2]",
            "real",
            "sizes",
            "sizes.a",
            "text",
            "whole",
            "words.w[0]"
        ]
    );
    let error = vendor.client().call(&GetParcel::new("..")).await.unwrap_err();
    assert_eq!(blamed(&error), ["parcel_id"]);
    let error = vendor.client().call(&PutAddresses::new(Vec::new())).await.unwrap_err();
    assert_eq!(blamed(&error), ["addresses"]);
    let labels = ["a", "b", "c"].map(|key| (key.to_owned(), "12345".to_owned()));
    let error = vendor.client().call(&PutLabels::new(1, BTreeMap::from(labels))).await.unwrap_err();
    assert_eq!(blamed(&error), ["labels", "labels.a", "labels.b", "labels.c"]);
    let nameless = with(Leg::default(), |input| input.to = Some(Boxed::from(Stop::default())));
    let input = with(CreateParcels::new("x"), |input| input.legs = Some(vec![nameless]));
    let error = vendor.client().call(&input).await.unwrap_err();
    assert_eq!(blamed(&error), ["legs[0].to.name"]);
    assert!(vendor.received().is_empty());
}

#[test]
fn every_bound_itself_is_allowed() {
    for (least, most) in [(json!(-2), json!(7)), (json!(-2.0), json!(7.0))] {
        accepted("check", json!({"must": "", "whole": least}));
        accepted("check", json!({"must": "", "whole": most}));
    }
    accepted("check", json!({"must": "", "real": -0.5, "exact": "-1.25", "text": "üü", "few": [1]}));
    accepted("check", json!({"must": "", "real": 1.5, "exact": 10.01, "text": "🎁🎁🎁🎁", "few": [1, 2]}));
    accepted(
        "check",
        json!({"must": "", "code": "--AB--", "parts": [], "sizes": {"a": 3}, "grid": [[0, 0]]}),
    );
}

#[test]
fn an_input_as_json_is_refused_for_everything_that_does_not_fit() {
    let input = json!({
        "whole": "1", "real": true, "exact": "ten", "text": 1, "code": null, "few": {}, "parts": [1, "x"],
        "grid": [["0"]], "sizes": [], "words": {"w": ["a", null]}, "day": 1, "kind": "XX",
        "address": {"street": "s", "country": "de", "planet": "earth", "neighbour": null},
        "flag": "true", "empty": "null", "unheard-of": 1,
    });
    let expected = [
        "address.country",
        "address.neighbour",
        "address.planet",
        "code",
        "day",
        "empty",
        "exact",
        "few",
        "flag",
        "grid[0][0]",
        "kind",
        "must",
        "parts[0]",
        "real",
        "sizes",
        "text",
        "unheard-of",
        "whole",
        "words.w[1]",
    ];
    assert_eq!(refused("check", input), expected);
    assert_eq!(
        refused("update-parcel", json!({"parcel_id": 0, "amount": null})),
        ["amount", "parcel_id", "stock"]
    );
    assert_eq!(refused("update-parcel", json!({"parcel_id": null, "stock": null})), ["parcel_id"]);
    assert_eq!(refused("search", json!({})), ["day", "place", "strict"]);
    assert_eq!(refused("search", json!({"place": "", "day": "x", "strict": true})), ["day", "place"]);
    let header = json!({"place": "type", "day": "2020-01-01", "strict": true, "trace": "a\nb"});
    assert_eq!(refused("search", header), ["trace"]);
    assert_eq!(refused("search", json!([])), [""]);
}
