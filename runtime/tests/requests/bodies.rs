//! Bodies: their three shapes, what `null` and absence become, and dates in the form of the API.

use std::collections::BTreeMap;

use connector_runtime::{
    Action, ActionEntry, Api, Body, Boxed, Date, DateTime, Decimal, DecimalFormat, Json, Nullable, Operation,
    Parameter, impl_input,
};

use crate::offers::{API, API_OF_NUMBERS, CREATE, Category, CreateOffer, PARAMETERS, Price};
use crate::{body, listed, prepared};

static CREATE_LISTED: Operation =
    Operation::post("create-offers", &API, "/offers").parameters(PARAMETERS).body(Body::ListOfOne);

static SET_PRICES: Operation = Operation::put("set-prices", &API, "/shops/{shop}/prices")
    .parameters(&[Parameter::path("shop"), Parameter::payload("prices").maximum("2")])
    .body(Body::Payload);

/// The same API, with decimals as texts.
static TEXT_API: Api = Api { decimals: DecimalFormat::Text, ..API_OF_NUMBERS };

static SET_TEXT_PRICES: Operation = Operation::put("set-text-prices", &TEXT_API, "/prices")
    .parameters(&[
        Parameter::body("price"),
        Parameter::body("tiers"),
        Parameter::body("by_shop"),
        Parameter::body("note"),
    ])
    .body(Body::Object);

#[derive(Default)]
struct SetTextPrices {
    price: Option<Decimal>,
    tiers: Option<Vec<Price>>,
    by_shop: Option<BTreeMap<String, Decimal>>,
    note: Nullable<Decimal>,
}

impl_input!(SetTextPrices { "price" => price, "tiers" => tiers, "by_shop" => by_shop, "note" => note });

impl Action for SetTextPrices {
    type Output = bool;
    const OPERATION: &'static Operation = &SET_TEXT_PRICES;
}

#[derive(Default)]
struct SetPrices {
    shop: i64,
    prices: Option<Vec<Price>>,
}

impl_input!(SetPrices { "shop" => shop, "prices" => prices });

#[test]
fn a_body_is_an_object_of_what_was_given_by_wire_names_in_the_order_of_the_input() {
    let offer = CreateOffer {
        limit: Nullable::Value(5),
        note: Nullable::Null,
        ratio: Some(4.0),
        config: Some(Json::from(serde_json::json!({"a": [1]}))),
        ..CreateOffer::new("J\u{e4}r \"x\"")
    };
    assert_eq!(
        body(&CREATE, &offer),
        r#"{"name":"Jär \"x\"","note":null,"max_count":5,"config":{"a":[1]},"ratio":4}"#
    );
    let request = prepared(&CREATE, &offer);
    assert_eq!((request.path_and_query().as_str(), request.headers()), ("/offers", &[][..]));
}

#[test]
fn leaving_out_emptying_and_setting_are_three_things() {
    let with = |note, by_shop| body(&CREATE, &CreateOffer { note, by_shop, ..CreateOffer::new("jar") });
    assert_eq!(with(Nullable::Absent, Nullable::Absent), r#"{"name":"jar"}"#);
    assert_eq!(with(Nullable::Null, Nullable::Null), r#"{"name":"jar","note":null,"by_shop":null}"#);
    let empty = Nullable::Value(BTreeMap::new());
    assert_eq!(with("".to_owned().into(), empty), r#"{"name":"jar","note":"","by_shop":{}}"#);
}

#[test]
fn an_option_sets_the_value_or_empties_it() {
    let with = |note: Option<&str>, limit: Option<i64>| {
        let note = note.map(str::to_owned).into();
        body(&CREATE, &CreateOffer { note, limit: limit.into(), ..CreateOffer::new("jar") })
    };
    assert_eq!(with(Some("x"), None), r#"{"name":"jar","note":"x","max_count":null}"#);
    assert_eq!(with(None, Some(5)), r#"{"name":"jar","note":null,"max_count":5}"#);
}

#[test]
fn json_tells_the_three_apart_as_well() {
    let entry = ActionEntry::of::<CreateOffer>();
    for (input, expected) in [
        (r#"{"name":"jar"}"#, r#"{"name":"jar"}"#),
        (r#"{"name":"jar","note":null,"limit":null}"#, r#"{"name":"jar","note":null,"max_count":null}"#),
        (r#"{"name":"jar","note":"x","limit":7}"#, r#"{"name":"jar","note":"x","max_count":7}"#),
        (
            r#"{"name":"jar","prices":[{"amount":"1.50","until":null}],"by_shop":null}"#,
            r#"{"name":"jar","prices":[{"amount":1.50,"until":null}],"by_shop":null}"#,
        ),
    ] {
        let request = entry.prepare(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(String::from_utf8_lossy(request.body().unwrap()), expected);
    }
}

#[test]
fn decimals_are_numbers_or_texts_as_the_api_wants_them_digit_for_digit() {
    let entry = ActionEntry::of::<SetTextPrices>();
    let digits = ["10.00", "0.10", "-0.5", "12345678901234567890.12345678", "7", "1e2"];
    for (given, written) in
        digits.iter().zip(["10.00", "0.10", "-0.5", "12345678901234567890.12345678", "7", "100"])
    {
        for input in [(*given).to_owned(), format!("\"{given}\"")] {
            let input =
                format!(r#"{{"price":{input},"tiers":[{{"amount":1.50}}],"by_shop":{{"a":2}},"note":null}}"#);
            let request = entry.prepare(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
            let body = String::from_utf8_lossy(request.body().unwrap());
            let expected = format!(
                r#"{{"price":"{written}","tiers":[{{"amount":"1.50"}}],"by_shop":{{"a":"2"}},"note":null}}"#
            );
            assert_eq!(body, expected);
        }
    }
    let error = entry.prepare(br#"{"price":"ten"}"#).unwrap_err();
    assert_eq!(listed(&error), ["price: expected a decimal number, found another string"]);
    let numbers = CreateOffer { prices: Some(vec![Price::new("10.00", "EUR")]), ..CreateOffer::new("jar") };
    assert_eq!(body(&CREATE, &numbers), r#"{"name":"jar","prices":[{"amount":10.00,"currency":"EUR"}]}"#);
}

#[test]
fn null_is_refused_where_it_would_say_nothing() {
    let entry = ActionEntry::of::<CreateOffer>();
    let error = entry.prepare(br#"{"name":"jar","starts":null,"config":null,"prices":[null]}"#).unwrap_err();
    assert_eq!(
        listed(&error),
        [
            "starts: expected a date with time, found null",
            "config: expected any JSON, found null",
            "prices[0]: expected an object, found null",
        ]
    );
    let error = entry.prepare(br#"{"name":"jar","prices":[{"amount":null}]}"#).unwrap_err();
    assert_eq!(listed(&error)[0], "prices[0].amount: expected a decimal number, found null");
}

#[test]
fn dates_are_written_as_the_api_writes_them_however_deep_they_stand() {
    let moment = || DateTime::from("2019-03-05T21:40:11.5+02:00");
    let price = Price { since: Some(moment()), until: moment().into(), ..Price::new("1", "EUR") };
    let parent = Category { price: Some(price.clone()), ..Category::default() };
    let offer = CreateOffer {
        starts: Some(moment()),
        day: Some(Date::from("2019-03-05")),
        prices: Some(vec![price.clone()]),
        by_shop: BTreeMap::from([("a".to_owned(), price)]).into(),
        category: Some(Category { parent: Some(Boxed::from(parent)), ..Category::default() }),
        ..CreateOffer::new("jar")
    };
    let written = "Tue, 5 Mar 2019 19:40:11 +0000";
    let price = format!(r#"{{"amount":1,"currency":"EUR","since":"{written}","until":"{written}"}}"#);
    assert_eq!(
        body(&CREATE, &offer),
        format!(
            r#"{{"name":"jar","start_date":"{written}","day":"2019-03-05","prices":[{price}],"by_shop":{{"a":{price}}},"category":{{"parent":{{"price":{price}}}}}}}"#
        )
    );
    // serde keeps what came.
    let kept = serde_json::to_string(&offer.prices.unwrap()[0]).unwrap();
    assert!(kept.contains("2019-03-05T21:40:11.5+02:00"), "{kept}");
}

#[test]
fn a_body_may_be_a_list_of_one_object() {
    let offer = CreateOffer { limit: 5.into(), ..CreateOffer::new("jar") };
    assert_eq!(body(&CREATE_LISTED, &offer), r#"[{"name":"jar","max_count":5}]"#);
}

#[test]
fn a_payload_is_the_whole_body() {
    let prices = Some(vec![Price::new("12.50", "EUR"), Price::new("0.10", "USD")]);
    let input = SetPrices { shop: 7, prices };
    assert_eq!(
        body(&SET_PRICES, &input),
        r#"[{"amount":12.50,"currency":"EUR"},{"amount":0.10,"currency":"USD"}]"#
    );
    assert_eq!(prepared(&SET_PRICES, &input).path_and_query(), "/shops/7/prices");
    assert_eq!(prepared(&SET_PRICES, &SetPrices::default()).body(), None, "no payload, no body");
}

#[test]
fn a_body_without_fields_is_an_empty_object_and_none_where_there_is_none() {
    static PUT_NOTHING: Operation = Operation::put("put", &API, "/x").body(Body::Object);
    static LIST_NOTHING: Operation = Operation::put("put", &API, "/x").body(Body::ListOfOne);
    static GET: Operation = Operation::get("get", &API, "/x");
    assert_eq!(body(&PUT_NOTHING, &SetPrices::default()), "{}");
    assert_eq!(body(&LIST_NOTHING, &SetPrices::default()), "[{}]");
    assert_eq!(prepared(&GET, &SetPrices::default()).body(), None);
}

#[test]
fn a_boxed_record_reads_and_writes_like_the_record() {
    let json = r#"{"name":"a","parent":{"name":"b","parent":{"name":"c"}}}"#;
    let mut read: Category = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    let parent = read.parent.as_mut().unwrap();
    assert_eq!(parent.parent.as_ref().unwrap().name.as_deref(), Some("c"));
    parent.name = None;
    parent.parent = None;
    assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"name":"a","parent":{}}"#);
}
