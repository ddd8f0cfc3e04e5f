//! Constraints on inputs: where a violation stands, in lists, maps and records inside records, and in headers.

use std::collections::BTreeMap;

use connector_runtime::{ActionEntry, Body, Boxed, Date, DateTime, Nullable, Operation, Parameter, Request};

use crate::offers::{API, CREATE, Category, CreateOffer, Price};
use crate::{faults, listed, prepared};

fn named<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn rules_of_records_hold_wherever_the_record_stands_and_name_the_way_to_it() {
    let bad = || Price::new("0.001", "euro");
    let free = || Price { amount: None, ..Price::new("1", "EUR") };
    let parent = Category { price: Some(bad()), ..Category::default() };
    let offer = CreateOffer {
        prices: Some(vec![Price::new("0.01", "EUR"), bad()]),
        by_shop: named([("north", free()), ("south", Price::new("1", "EUR"))]).into(),
        category: Some(Category {
            price: Some(free()),
            parent: Some(Boxed::from(parent)),
            ..Category::default()
        }),
        ..CreateOffer::new("jar")
    };
    assert_eq!(
        faults(&CREATE, &offer),
        [
            "prices[1].amount: must be at least 0.01",
            "prices[1].currency: must match ^[A-Z]{3}$",
            "by_shop.north.amount: is required",
            "category.price.amount: is required",
            "category.parent.price.amount: must be at least 0.01",
            "category.parent.price.currency: must match ^[A-Z]{3}$",
        ]
    );
}

#[test]
fn an_untyped_input_meets_the_same_rules_by_the_same_paths() {
    let input = br#"{"name":"jar","prices":[{"currency":"EUR"},{"amount":1,"currency":"x","colour":1}]}"#;
    let error = ActionEntry::of::<CreateOffer>().prepare(input).unwrap_err();
    let mut faults = listed(&error);
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "prices[0].amount: is required",
            "prices[1].colour: unknown field",
            "prices[1].currency: must match ^[A-Z]{3}$",
        ]
    );
}

#[test]
fn items_of_lists_and_values_of_maps_have_rules_of_their_own() {
    let offer = CreateOffer {
        words: Some(["ok", "x", "No"].map(str::to_owned).to_vec()),
        labels: Some(named([("a", "ok".to_owned()), ("b", "4".to_owned())])),
        ..CreateOffer::new("jar")
    };
    assert_eq!(
        faults(&CREATE, &offer),
        [
            "words[1]: must be at least 2 characters",
            "words[2]: must match ^[a-z]+$",
            "labels.b: must be at least 2 characters",
            "labels.b: must match ^[a-z]+$",
        ]
    );
}

#[test]
fn bounds_count_items_entries_and_characters_and_spare_null() {
    let price = || Price::new("1", "EUR");
    let offer = CreateOffer {
        note: "four".to_owned().into(),
        limit: 0.into(),
        prices: Some(vec![price(), price(), price()]),
        by_shop: named([("a", price()), ("b", price()), ("c", price())]).into(),
        ratio: Some(f64::INFINITY),
        ..CreateOffer::new("a name too long")
    };
    assert_eq!(
        faults(&CREATE, &offer),
        [
            "name: must be at most 8 characters",
            "note: must be at most 3 characters",
            "limit: must be at least 1",
            "prices: must be at most 2 items",
            "by_shop: must be at most 2 entries",
            "ratio: must be a finite number",
        ]
    );
    prepared(
        &CREATE,
        &CreateOffer { note: Nullable::Null, limit: Nullable::Null, ..CreateOffer::new("jar") },
    );
}

#[test]
fn a_date_that_is_none_is_refused_at_any_depth() {
    let price = Price { since: Some(DateTime::from("soon")), ..Price::new("1", "EUR") };
    let offer = CreateOffer {
        starts: Some(DateTime::from("yesterday")),
        day: Some(Date::from("5.3.2019")),
        prices: Some(vec![price]),
        ..CreateOffer::new("jar")
    };
    assert_eq!(
        faults(&CREATE, &offer),
        [
            "starts: must be a date like 2019-03-05T21:40:11Z",
            "day: must be a date like 2019-03-05",
            "prices[0].since: must be a date like 2019-03-05T21:40:11Z",
        ]
    );
}

#[test]
fn a_header_carries_visible_text_and_nothing_that_would_end_it() {
    let with = |trace: &str| CreateOffer { trace: Some(trace.to_owned()), ..CreateOffer::new("jar") };
    for trace in ["abc-1", "", "two words", "a\tb"] {
        let request = prepared(&CREATE, &with(trace));
        assert_eq!(request.headers(), [("X-Trace", trace.to_owned())]);
        assert_eq!(request.body(), Some(&br#"{"name":"jar"}"#[..]), "it stands in no body");
    }
    for trace in ["a\r\nX-Evil: 1", "a\nb", "a\0", "a\u{7f}"] {
        let error = Request::new(&CREATE, &with(trace)).unwrap_err();
        assert_eq!(listed(&error), ["trace: cannot stand in a header"], "{trace:?}");
        assert!(!format!("{error} {error:?}").contains("Evil"), "{error:?}");
    }
}

#[test]
fn a_repeated_query_gives_its_name_once_for_each_item() {
    let offer = CreateOffer { ids: Some(vec![3, 1, 3]), dry_run: Some(true), ..CreateOffer::new("jar") };
    assert_eq!(prepared(&CREATE, &offer).path_and_query(), "/offers?dry-run=true&id=3&id=1&id=3");
    let none = CreateOffer { ids: Some(Vec::new()), ..CreateOffer::new("jar") };
    assert_eq!(faults(&CREATE, &none), ["ids: must have items: leave it out to send nothing"]);
}

static CHANGES: &[Parameter] = &[
    Parameter::query("dry_run"),
    Parameter::body("limit"),
    Parameter::body("words").minimum("1"),
    Parameter::body("labels").maximum("1"),
];

static UPDATE: Operation =
    Operation::put("update-offer", &API, "/offers").parameters(CHANGES).body(Body::Object);

#[test]
fn an_update_of_nothing_is_refused_and_one_to_null_is_none() {
    static LIST: Operation =
        Operation::put("update-offers", &API, "/offers").parameters(CHANGES).body(Body::ListOfOne);
    static CALL: Operation =
        Operation::post("touch-offer", &API, "/offers").parameters(CHANGES).body(Body::Object);
    let nothing = CreateOffer { dry_run: Some(true), ..CreateOffer::new("jar") };
    for operation in [&UPDATE, &LIST] {
        assert_eq!(faults(operation, &nothing), ["give at least one field to change"]);
    }
    let null = CreateOffer { limit: Nullable::Null, ..nothing.clone() };
    assert_eq!(prepared(&UPDATE, &null).body(), Some(&br#"{"limit":null}"#[..]));
    assert_eq!(prepared(&CALL, &nothing).body(), Some(&b"{}"[..]), "it is no update");
    // A field that is refused was an attempt to change something.
    let bad = CreateOffer { words: Some(Vec::new()), ..nothing };
    assert_eq!(faults(&UPDATE, &bad), ["words: must be at least 1 item"]);
}

#[test]
fn a_bound_of_one_is_told_in_the_singular() {
    let many = named([("a", "x".to_owned()), ("b", "y".to_owned())]);
    let offer = CreateOffer { words: Some(Vec::new()), labels: Some(many), ..CreateOffer::new("jar") };
    assert_eq!(
        faults(&UPDATE, &offer),
        ["words: must be at least 1 item", "labels: must be at most 1 entry"]
    );
}
