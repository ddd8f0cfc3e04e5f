//! Answers with odd values: each is converted without loss or kept as it came, and costs no other field.

use connector_runtime::Class;
use proptest::prelude::*;

use crate::meaning::assert_same;
use crate::records::{Colour, Item};
use crate::{GetItem, ListItems, ListNumbers, called, client, fault, item, refusal, written};

#[test]
fn an_enumeration_is_displayed_and_parsed_by_its_wire_name_known_or_not() {
    for (name, colour) in [
        ("red", Colour::Red),
        ("blue", Colour::Blue),
        ("mauve", Colour::Unlisted("mauve".to_owned())),
        ("Red", Colour::Unlisted("Red".to_owned())),
        ("", Colour::Unlisted(String::new())),
    ] {
        assert_eq!(colour.to_string(), name);
        let Ok(parsed) = name.parse::<Colour>();
        assert_eq!(parsed, colour);
    }
    assert_eq!(format!("[{:>6}|{:<6}|{:.2}]", Colour::Red, Colour::Blue, Colour::Blue), "[   red|blue  |bl]");
}

#[test]
fn scalars_of_another_kind_are_converted_where_nothing_is_lost() {
    for (json, id) in [
        ("\"10\"", 10),
        ("10.0", 10),
        ("\"10.0\"", 10),
        ("1e16", 10_000_000_000_000_000),
        ("-1e17", -100_000_000_000_000_000),
        ("\"-7\"", -7),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("\"9223372036854775807\"", i64::MAX),
    ] {
        assert_eq!(item(&format!(r#"{{"id":{json}}}"#)).id, Some(id), "{json}");
    }
    for (json, ratio) in
        [("\"4\"", 4.0), ("\"0.5\"", 0.5), ("\"1e3\"", 1000.0), ("18446744073709551616", 2_f64.powi(64))]
    {
        assert_eq!(item(&format!(r#"{{"ratio":{json}}}"#)).ratio, Some(ratio), "{json}");
    }
    for (json, is_new) in [
        ("1", true),
        ("0", false),
        ("\"1\"", true),
        ("\"0\"", false),
        ("\"true\"", true),
        ("\"false\"", false),
    ] {
        assert_eq!(item(&format!(r#"{{"is_new":{json}}}"#)).is_new, Some(is_new), "{json}");
    }
    for (json, name) in [
        ("7", "7"),
        ("-0", "-0"),
        ("3.50", "3.50"),
        ("1E+2", "1E+2"),
        ("12345678901234567890123", "12345678901234567890123"),
    ] {
        assert_eq!(item(&format!(r#"{{"name":{json}}}"#)).name.as_deref(), Some(name), "{json}");
    }
    assert_eq!(item(r#"{"colour":3}"#).colour, Some(Colour::Unlisted("3".to_owned())));
    assert_eq!(item(r#"{"price":"12.50"}"#).price.unwrap().to_string(), "12.50");
}

#[test]
fn an_empty_list_is_an_empty_object_and_the_other_way_round() {
    let read = item(r#"{"parent":[],"labels":[ ],"images":{},"grid":{ },"shelves":{"top":{}},"id":1}"#);
    assert_eq!(read.parent.as_deref(), Some(&Item::default()));
    assert_eq!((read.labels.unwrap().len(), read.images.unwrap().len(), read.grid.unwrap().len()), (0, 0, 0));
    assert_eq!((read.shelves.unwrap()["top"].len(), read.id), (0, Some(1)));
}

#[test]
fn an_object_numbered_from_0_on_is_a_list() {
    assert_eq!(item(r#"{"grid":{"0":[1],"1":{"0":"2","1":3}}}"#).grid, Some(vec![vec![1], vec![2, 3]]));
    for json in [
        r#"{"1":[1]}"#,
        r#"{"0":[1],"2":[2]}"#,
        r#"{"1":[],"0":[]}"#,
        r#"{"00":[]}"#,
        r#"{"0":[],"0":[]}"#,
        r#"{"a":[]}"#,
    ] {
        let fault = fault(&format!(r#"{{"grid":{json},"id":1}}"#));
        assert_eq!(fault, "grid: expected a list, found an object", "{json}");
    }
}

#[test]
fn what_cannot_be_converted_is_kept_as_it_came() {
    for (field, json, found) in [
        ("id", "\"abc\"", "an integer, found a string"),
        ("id", "\"\"", "an integer, found an empty string"),
        ("id", "\"007\"", "an integer, found a string"),
        ("id", "\" 7\"", "an integer, found a string"),
        ("id", "3.5", "an integer, found a number"),
        ("id", "3.00000000000000000000000001", "an integer, found a number"),
        ("id", "true", "an integer, found a boolean"),
        ("id", "[ 1 ]", "an integer, found a list"),
        ("id", r#"{"value": 1.0}"#, "an integer, found an object"),
        ("ratio", "9007199254740993", "a number, found an integer beyond 53 bits"),
        ("ratio", "1e999", "a number, found a number beyond 64 bits"),
        ("ratio", "\"NaN\"", "a number, found a string"),
        ("is_new", "2", "a boolean, found an integer"),
        ("is_new", "1.0", "a boolean, found a number"),
        ("is_new", "\"yes\"", "a boolean, found a string"),
        ("is_new", "\"\"", "a boolean, found an empty string"),
        ("name", "false", "a string, found a boolean"),
        ("name", "[]", "a string, found a list"),
        ("name", "\"\\ud800\"", "a string, found a string"),
        ("colour", "false", "a string, found a boolean"),
        ("price", "\"12,50\"", "a decimal number, found another string"),
        ("day", "20190305", "a date, found an integer"),
        ("changed", "1551822011", "a date with time, found an integer"),
        ("parent", "\"x\"", "an object, found a string"),
        ("parent", "[{}]", "an object, found a list"),
        ("parent", "7", "an object, found an integer"),
        ("labels", "[1]", "an object, found a list"),
        ("images", "\"\"", "a list, found an empty string"),
    ] {
        let fault = fault(&format!(r#"{{"{field}":{json}}}"#));
        assert_eq!(fault, format!("{field}: expected {found}"), "{json}");
        let reply = called(&GetItem {}, &format!(r#"{{"{field}":{json}}}"#)).unwrap();
        assert_eq!(reply.data.extra[field].as_str(), json, "byte for byte");
        assert!(!written(&reply.data).contains("null"), "{json}");
    }
}

#[test]
fn a_list_with_an_unreadable_item_is_kept_whole_as_it_came() {
    for (field, json, place) in [
        ("images", r#"[{"price":1}, 7]"#, "images[1]"),
        ("images", "[null]", "images[0]"),
        ("grid", r#"[[1],[2,"x"]]"#, "grid[1][1]"),
        ("gaps", r#"[1,"x",null]"#, "gaps[1]"),
        ("steps", "[1,[2]]", "steps[1]"),
        ("steps", r#"[1,""]"#, "steps[1]"),
        ("labels", r#"{"low":1,"high":1.5}"#, "labels.high"),
        ("shelves", r#"{"top":[{}, true]}"#, "shelves.top[1]"),
    ] {
        let body = format!(r#"{{"id":1,"{field}":{json},"name":"n"}}"#);
        assert!(fault(&body).starts_with(&format!("{place}: expected ")), "{json}");
        let read = called(&GetItem {}, &body).unwrap().data;
        assert_eq!((read.extra[field].as_str(), read.id, read.name.as_deref()), (json, Some(1), Some("n")));
    }
}

#[test]
fn a_page_keeps_every_record_whatever_one_of_them_holds() {
    let body = r#"[{"id":1},{"id":"two","name":"b","images":[{"price":true,"alt":1}]},[],7,{"id":"3"}]"#;
    let reply = called(&ListItems {}, body).unwrap();
    let places: Vec<String> = reply.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(
        places,
        [
            "[1].id: expected an integer, found a string",
            "[1].images[0].price: expected a decimal number, found a boolean",
            "[3]: expected an object, found an integer",
        ]
    );
    let ids: Vec<Option<i64>> = reply.data.iter().map(|item| item.id).collect();
    assert_eq!(ids, [Some(1), None, None, None, Some(3)], "every item at its place");
    let odd = &reply.data[1];
    assert_eq!((odd.name.as_deref(), odd.extra["id"].as_str()), (Some("b"), "\"two\""));
    assert_eq!(odd.images.as_ref().unwrap()[0].extra["price"].as_str(), "true");
    assert_eq!((&reply.data[2], &reply.data[3]), (&Item::default(), &Item::default()));
    assert_eq!(reply.json.as_str(), body);
    assert!(!format!("{:?}", reply.unreadable).contains("two"), "no value in a message");
}

#[tokio::test]
async fn a_stream_of_items_has_no_item_that_is_none() {
    use futures_util::TryStreamExt as _;
    let items = |json: &str| client(json).pages(&ListItems {}).unwrap().items().try_collect::<Vec<Item>>();
    assert_eq!(items(r#"[{"id":"x"},{"id":2}]"#).await.unwrap().len(), 2);
    let error = items(r#"[{"id":1},null]"#).await.unwrap_err();
    assert_eq!((error.class(), error.status()), (Class::Decode, Some(200)));
    assert_eq!(error.violations()[0].field(), "[1]");
}

#[test]
fn data_of_another_kind_is_no_answer() {
    for json in ["[]", "null", "7", "\"x\"", "[{}]", "true"] {
        assert!(refusal(json).starts_with("expected an object, found "), "{json}");
    }
    for json in ["{}", "null", r#"{"0":{}}"#, "7", "\"[]\""] {
        let error = called(&ListItems {}, json).expect_err(json);
        assert_eq!((error.class(), error.status(), error.is_retryable()), (Class::Decode, Some(200), false));
    }
    // A number has no blank, and a list without it would be another list.
    let error = called(&ListNumbers {}, r#"[1,"two"]"#).unwrap_err();
    assert_eq!((error.class(), error.violations()[0].field()), (Class::Decode, "[1]"));
    assert_eq!(called(&ListNumbers {}, r#"[1,"2",3.0]"#).unwrap().data, [1, 2, 3]);
}

#[test]
fn json_that_is_at_hand_is_read_as_a_typed_call_reads_it() {
    let json = r#"{"id":"x","name":7}"#;
    let reply = called(&GetItem {}, json).unwrap();
    assert_eq!(reply.json.typed::<Item>(), Ok((reply.data, reply.unreadable)));
    let misfits = reply.json.typed::<Vec<Item>>().unwrap_err();
    assert_eq!(misfits[0].to_string(), "expected a list, found an object");
}

#[test]
fn of_a_doubled_field_the_last_counts_readable_or_not() {
    let read = item(r#"{"id":"x","id":2,"labels":{"a":true,"a":1},"images":[{"price":[]}],"images":[]}"#);
    assert_eq!((read.id, read.labels.unwrap()["a"], read.images.unwrap().len()), (Some(2), 1, 0));
    assert!(read.extra.is_empty());
    let twice = r#"{"id":2,"id":"x"}"#;
    let reply = called(&GetItem {}, twice).unwrap();
    assert_eq!((reply.data.id, reply.data.extra["id"].as_str(), reply.unreadable.len()), (None, "\"x\"", 1));
}

#[test]
fn a_value_set_in_place_of_an_unreadable_one_is_written_once() {
    let mut read = called(&GetItem {}, r#"{"id":"x","name":"n"}"#).unwrap().data;
    assert_same(r#"{"id":"x","name":"n"}"#, &written(&read));
    read.id = Some(5);
    assert_eq!(written(&read), r#"{"id":5,"name":"n"}"#);
}

#[test]
fn a_large_answer_of_odd_values_is_read_in_one_more_pass() {
    let many = |item: &dyn Fn(usize) -> String| (0..200_000).map(item).collect::<Vec<_>>().join(",");
    // Each part is odd, and is named twice.
    let labels = many(&|index| format!(r#""{}":true"#, index / 2));
    let reply = called(&GetItem {}, &format!(r#"{{"labels":{{{labels}}},"id":1}}"#)).unwrap();
    assert_eq!((reply.data.id, reply.unreadable.len()), (Some(1), 100_000));
    let items = many(&|index| format!(r#"{{"id":"x{index}"}}"#));
    let reply = called(&ListItems {}, &format!("[{items}]")).unwrap();
    assert_eq!((reply.data.len(), reply.unreadable.len()), (200_000, 200_000));
}

const FIELDS: [&str; 16] = [
    "id", "name", "price", "ratio", "is_new", "day", "changed", "colour", "config", "images", "steps",
    "grid", "gaps", "labels", "shelves", "parent",
];

/// A sound value of each field.
const SOUND: [&str; 16] = [
    "1",
    "\"n\"",
    "1.50",
    "0.5",
    "true",
    "\"2019-03-05\"",
    "\"2019-03-05T21:40:11Z\"",
    "\"red\"",
    "[1.0]",
    r#"[{"price":1}]"#,
    "[2]",
    "[[1]]",
    "[null]",
    r#"{"a":1}"#,
    r#"{"s":[]}"#,
    r#"{"id":2}"#,
];

fn object(values: &[&str]) -> String {
    let fields = FIELDS.iter().zip(values).map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn any_json() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})",
        "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,30}",
        "-?[0-9](\\.[0-9]{1,4})?[eE][+-]?[0-9]{1,4}",
    ];
    let scalar = prop_oneof![
        Just("null".to_owned()),
        "true|false",
        number.clone(),
        number.prop_map(|digits| format!("\"{digits}\"")),
        proptest::sample::select(vec![
            "",
            "0",
            "1",
            "true",
            "false",
            "abc",
            "\\ud800",
            "\\u0031",
            "2019-03-05",
            "red"
        ])
        .prop_map(|text| format!("\"{text}\"")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let names = proptest::sample::select(vec!["0", "1", "a", "id", "price", "images", "parent", "é"]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map(names, inner, 0..4).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| format!("\"{name}\": {value}"));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_value_at_any_field_is_read_or_kept_and_costs_no_other_field(json in any_json(), place in 0_usize..16) {
        let mut values = SOUND;
        values[place] = &json;
        let body = object(&values);
        let reply = called(&GetItem {}, &body).unwrap();
        let name = FIELDS[place];
        for violation in &reply.unreadable {
            prop_assert!(violation.field().starts_with(name), "{violation}");
        }
        // Nothing is lost: neither of the odd value nor of the others.
        assert_same(&body, &written(&reply.data));
        if reply.data.extra.contains_key(name) {
            prop_assert_eq!(reply.data.extra[name].as_str(), json.as_str());
            prop_assert!(!reply.unreadable.is_empty());
            prop_assert!(reply.data.is_missing(name));
        }
        // Every other field is the sound one.
        values[place] = "null";
        let (mut others, mut sound) = (reply.data, item(&object(&values)));
        others.extra.remove(name);
        others.forget(name);
        sound.forget(name);
        prop_assert_eq!(others, sound);
    }
}

impl Item {
    fn is_missing(&self, name: &str) -> bool {
        let mut without = self.clone();
        without.forget(name);
        without == *self
    }

    fn forget(&mut self, name: &str) {
        use connector_runtime::Record as _;
        let _ = self.place(name).map(connector_runtime::Value::read_null);
    }
}
