//! Operations and inputs as data: what a method means unless it is said otherwise, what may be repeated, and how inputs
//! are compared and printed.

use connector_runtime::{Effect, Json, Method, Nullable, Operation, Repeat};

use crate::offers::{API, CREATE, CreateOffer, PARAMETERS, Price};
use crate::prepared;

#[test]
fn a_method_says_what_a_call_does_unless_the_operation_says_otherwise() {
    for (operation, method, effect, repeat) in [
        (Operation::get("a", &API, "/a"), Method::Get, Effect::Read, Repeat::Safe),
        (Operation::post("a", &API, "/a"), Method::Post, Effect::Create, Repeat::Never),
        (Operation::put("a", &API, "/a"), Method::Put, Effect::Update, Repeat::Safe),
        (Operation::patch("a", &API, "/a"), Method::Patch, Effect::Update, Repeat::Safe),
        (Operation::delete("a", &API, "/a"), Method::Delete, Effect::Delete, Repeat::Safe),
        (Operation::put("a", &API, "/a").effect(Effect::Create), Method::Put, Effect::Create, Repeat::Never),
        (Operation::post("a", &API, "/a").effect(Effect::Read), Method::Post, Effect::Read, Repeat::Safe),
        (Operation::post("a", &API, "/a").repeat(Repeat::Safe), Method::Post, Effect::Create, Repeat::Safe),
    ] {
        assert_eq!((operation.method, operation.effect, operation.repeat), (method, effect, repeat));
        assert_eq!(http::Method::from(method).as_str(), format!("{method:?}").to_uppercase());
    }
}

#[test]
fn a_call_may_be_repeated_as_the_operation_and_its_input_allow() {
    static SAFE: Operation = Operation::post("a", &API, "/a").parameters(PARAMETERS).repeat(Repeat::Safe);
    static NEVER: Operation = Operation::get("a", &API, "/a").parameters(PARAMETERS).repeat(Repeat::Never);
    static WITHOUT: Operation =
        Operation::put("a", &API, "/a").parameters(PARAMETERS).repeat(Repeat::SafeWithout(&["note", "ids"]));
    let plain = CreateOffer::new("jar");
    let with_note = CreateOffer { note: "x".to_owned().into(), ..CreateOffer::new("jar") };
    let with_null = CreateOffer { note: Nullable::Null, ..CreateOffer::new("jar") };
    let with_ids = CreateOffer { ids: Some(vec![1]), ..CreateOffer::new("jar") };
    let with_limit = CreateOffer { limit: 3.into(), ..CreateOffer::new("jar") };
    for (operation, input, expected) in [
        (&SAFE, &with_note, true),
        (&NEVER, &plain, false),
        (&CREATE, &plain, false),
        (&WITHOUT, &plain, true),
        (&WITHOUT, &with_limit, true),
        (&WITHOUT, &with_note, false),
        (&WITHOUT, &with_null, false),
        (&WITHOUT, &with_ids, false),
    ] {
        let request = prepared(operation, input);
        assert_eq!(request.is_repeatable(), expected, "{:?} {input:?}", operation.repeat);
    }
}

#[test]
fn inputs_print_what_was_given_and_nothing_else() {
    let price = Price {
        extra: [("vat".to_owned(), Json::from(serde_json::json!({"rate": 7})))].into(),
        ..Price::new("1.50", "EUR")
    };
    assert_eq!(format!("{price:?}"), r#"Price { amount: 1.50, currency: "EUR", vat: {"rate":7} }"#);
    let offer = CreateOffer {
        note: Nullable::Null,
        words: Some(vec!["a".to_owned()]),
        labels: Some([("k".to_owned(), "v".to_owned())].into()),
        dry_run: Some(true),
        ..CreateOffer::new("jar")
    };
    assert_eq!(
        format!("{offer:?}"),
        r#"CreateOffer { name: "jar", note: null, words: ["a"], labels: {"k": "v"}, dry_run: true }"#
    );
    let nested = CreateOffer { prices: Some(vec![price]), ..CreateOffer::new("jar") };
    assert!(format!("{nested:?}").contains("amount: 1.50"), "{nested:?}");
}

#[test]
fn records_are_equal_where_every_field_is() {
    let price = || Price::new("1.50", "EUR");
    assert_eq!(price(), price());
    let extra = [("x".to_owned(), Json::from(serde_json::json!(1)))].into();
    for other in [
        Price::new("1.51", "EUR"),
        Price::new("1.50", "USD"),
        Price { currency: None, ..price() },
        Price { until: Nullable::Null, ..price() },
        Price { extra, ..price() },
    ] {
        assert_ne!(price(), other);
        assert_ne!(CreateOffer { prices: Some(vec![other]), ..CreateOffer::new("jar") }, with(vec![price()]));
    }
    assert_eq!(with(vec![price()]), with(vec![price()]));
    assert_ne!(with(vec![price()]), with(vec![price(), price()]));
    assert_ne!(with(vec![]), CreateOffer::new("jar"), "an empty list is not an absent one");
    let labelled = |key: &str| CreateOffer {
        labels: Some([(key.to_owned(), "v".to_owned())].into()),
        ..CreateOffer::new("jar")
    };
    assert_eq!(labelled("a"), labelled("a"));
    assert_ne!(labelled("a"), labelled("b"));
}

fn with(prices: Vec<Price>) -> CreateOffer {
    CreateOffer { prices: Some(prices), ..CreateOffer::new("jar") }
}
