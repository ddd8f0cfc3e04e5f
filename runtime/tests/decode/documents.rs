//! Objects, lists, maps and free JSON: absent, null, unknown, doubled, nested, deep and broken.

use std::collections::BTreeMap;

use connector_runtime::{Json, Record as _};

use crate::records::{Colour, Item};
use crate::{GetItem, called, fault, item, refusal, written};

#[test]
fn absent_and_null_fields_are_both_nothing() {
    let nulls = r#"{"id":null,"name":null,"price":null,"ratio":null,"is_new":null,"day":null,"changed":null,
        "colour":null,"config":null,"images":null,"steps":null,"grid":null,"labels":null,"parent":null}"#;
    assert_eq!(item(nulls), item("{}"));
    assert_eq!(item("{}"), Item::blank());
    assert_eq!(written(&item(nulls)), "{}");
}

#[test]
fn unknown_fields_are_kept_as_they_came() {
    let json = r#"{"id":1,"b":{"x":1.0,"y":[ null ]},"a":1.50,"é\n":"\u00e9","":true}"#;
    let read = item(json);
    let extra: Vec<(&str, &str)> =
        read.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        extra,
        [("", "true"), ("a", "1.50"), ("b", r#"{"x":1.0,"y":[ null ]}"#), ("é\n", r#""\u00e9""#)]
    );
    assert_eq!(item(&written(&read)), read);
}

#[test]
fn values_that_an_enumeration_does_not_list_are_kept() {
    assert_eq!(item(r#"{"colour":"blue"}"#).colour, Some(Colour::Blue));
    let mauve = item(r#"{"colour":"mauve"}"#);
    assert_eq!(mauve.colour, Some(Colour::Unlisted("mauve".to_owned())));
    assert_eq!(written(&mauve), r#"{"colour":"mauve"}"#);
    assert!(fault(r#"{"colour":true}"#).contains("colour: expected a string, found a boolean"));
}

#[test]
fn free_json_keeps_every_digit_and_space() {
    let free =
        r#"{ "n": 1.10000000000000000000000000000001, "big": 123456789012345678901234567890, "e": 1E+2 }"#;
    let read = item(&format!(r#"{{"config":{free}}}"#));
    assert_eq!(read.config.as_ref().map(Json::as_str), Some(free));
    assert_eq!(written(&read), format!(r#"{{"config":{free}}}"#));
    for free in ["[]", "0.10", r#""""#, "false"] {
        assert_eq!(item(&format!(r#"{{"config":{free}}}"#)).config.unwrap().as_str(), free);
    }
}

#[test]
fn lists_of_lists_and_lists_with_gaps() {
    let read = item(r#"{"grid":[[1,2],[],[3]],"gaps":[1,null,3],"steps":[0.10,"0.20"]}"#);
    assert_eq!(read.grid, Some(vec![vec![1, 2], vec![], vec![3]]));
    assert_eq!(read.gaps, Some(vec![Some(1), None, Some(3)]));
    assert_eq!(written(&read), r#"{"steps":[0.10,0.20],"grid":[[1,2],[],[3]],"gaps":[1,null,3]}"#);
}

#[test]
fn an_empty_list_is_not_an_absent_one() {
    assert_eq!(item(r#"{"images":[]}"#).images, Some(vec![]));
    assert_eq!(written(&item(r#"{"images":[],"labels":{}}"#)), r#"{"images":[],"labels":{}}"#);
}

#[test]
fn maps_keep_their_keys() {
    let read = item(r#"{"labels":{"b":2,"a":1,"":0},"shelves":{"top":[{"price":1}],"low":[]}}"#);
    let labels = [("", 0), ("a", 1), ("b", 2)].map(|(key, value)| (key.to_owned(), value));
    assert_eq!(read.labels, Some(BTreeMap::from(labels)));
    assert_eq!(read.shelves.as_ref().unwrap()["top"].len(), 1);
    assert_eq!(item(&written(&read)), read);
}

#[test]
fn records_may_hold_themselves() {
    let read = item(r#"{"id":1,"parent":{"id":2,"parent":{"id":3,"x":true}}}"#);
    let grandparent = read.parent.as_ref().unwrap().parent.as_ref().unwrap();
    assert_eq!((grandparent.id, grandparent.extra["x"].as_str()), (Some(3), "true"));
    assert_eq!(item(&written(&read)), read);
}

#[test]
fn a_fault_names_the_way_to_its_place() {
    for (json, place) in [
        (
            r#"{"images":[{},{},{"price":true}]}"#,
            "images[2].price: expected a decimal number, found a boolean",
        ),
        (r#"{"images":[{},7]}"#, "images[1]: expected an object, found an integer"),
        (r#"{"images":[null]}"#, "images[0]: expected an object, found null"),
        (r#"{"images":{"a":1}}"#, "images: expected a list, found an object"),
        (r#"{"grid":[[1],[2,"x"]]}"#, "grid[1][1]: expected an integer, found a string"),
        (r#"{"grid":[[1],2]}"#, "grid[1]: expected a list, found an integer"),
        (r#"{"steps":[1,[2]]}"#, "steps[1]: expected a decimal number, found a list"),
        (r#"{"labels":{"low":1.5}}"#, "labels.low: expected an integer, found a number"),
        (r#"{"labels":[1]}"#, "labels: expected an object, found a list"),
        (
            r#"{"shelves":{"top":[{"price":[]}]}}"#,
            "shelves.top[0].price: expected a decimal number, found a list",
        ),
        (
            r#"{"parent":{"parent":{"is_new":2}}}"#,
            "parent.parent.is_new: expected a boolean, found an integer",
        ),
        (r#"{"parent":[1]}"#, "parent: expected an object, found a list"),
        (r#"{"day":20190305}"#, "day: expected a date, found an integer"),
        (r#"{"changed":1551822011}"#, "changed: expected a date with time, found an integer"),
    ] {
        assert!(fault(json).starts_with(place), "{json}: {}", fault(json));
    }
    assert!(refusal("[]").starts_with("expected an object, found a list"));
    assert!(refusal("null").starts_with("expected an object, found null"));
}

#[test]
fn a_key_of_a_map_cannot_begin_a_line() {
    let fault = fault(r#"{"labels":{"a\nb\u2029c\u0000":true}}"#);
    assert!(fault.starts_with(r"labels.a\nb\u{2029}c\u{0}: expected an integer"), "{fault}");
}

#[test]
fn of_a_doubled_field_the_last_counts_whole() {
    let read = item(
        r#"{"id":1,"id":2,"x":1,"x":2,"images":[{},{}],"images":[{}],"labels":{"a":1},"labels":{"b":2}}"#,
    );
    assert_eq!((read.id, read.extra["x"].as_str()), (Some(2), "2"));
    assert_eq!(read.images.map(|images| images.len()), Some(1));
    assert_eq!(read.labels.unwrap().into_keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(item(r#"{"id":1,"id":null}"#).id, None);
    let parent = item(r#"{"parent":{"id":1},"parent":{"name":"n"}}"#).parent.unwrap();
    assert_eq!((parent.id, parent.name.as_deref()), (None, Some("n")));
}

#[test]
fn depth_is_kept_as_text_where_it_cannot_be_walked() {
    let wrapped = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(100_000), close.repeat(100_000))
    };
    let nested = wrapped(r#"{"parent":"#, "7", "}");
    let reply = called(&GetItem {}, &nested).unwrap();
    assert_eq!(reply.unreadable.len(), 1);
    assert_eq!(reply.unreadable[0].message(), "expected an object, found too many levels");
    assert_eq!(written(&reply.data), nested, "nothing is cut off");
    let deep = wrapped("[", "", "]");
    assert_eq!(item(&format!(r#"{{"config":{deep}}}"#)).config.unwrap().as_str(), deep);
    assert_eq!(item(&format!(r#"{{"unknown":{deep}}}"#)).extra["unknown"].as_str(), deep);
    assert!(item(&format!(r#"{{"config":{deep}}}"#)).config.unwrap().parse::<serde_json::Value>().is_err());
    assert!(fault(&format!(r#"{{"id":{deep}}}"#)).contains("id: expected an integer, found a list"));
}

#[test]
fn what_is_no_json_is_an_error_with_a_position() {
    for json in
        ["", "{", r#"{"id":}"#, r#"{"id":1,}"#, r#"{"id":1} x"#, r#"{"id":NaN}"#, r#"{"name":"\u12"}"#]
    {
        assert!(refusal(json).contains(" at line 1 column "), "{json}: {}", refusal(json));
    }
}

#[test]
fn what_is_no_utf8_is_an_error_in_every_place() {
    for json in [
        &b"{\"name\":\"\xff\"}"[..],
        b"{\"unknown\":\"\xff\"}",
        b"{\"config\":\"\xff\"}",
        b"{\"price\":\"\xff\"}",
        b"{\"\xff\":1}",
        b"{\"id\":1}\xff",
    ] {
        assert!(serde_json::from_slice::<Item>(json).is_err(), "{}", String::from_utf8_lossy(json));
    }
    assert_eq!(item(r#"{"name":"J\u00e4r \ud83e\uded9"}"#).name.as_deref(), Some("Jär 🫙"));
}

#[test]
fn records_are_read_from_readers_and_trees_too() {
    let json =
        r#"{"id":1,"name":"J\u00e4r","price":2.5,"config":{"a":[1]},"images":[{"price":1,"x":1}],"k\n":1}"#;
    assert_eq!(serde_json::from_reader::<_, Item>(json.as_bytes()).unwrap(), item(json));
    let tree: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_value(item(json)).unwrap(), tree);
    assert_eq!(serde_json::from_value::<Item>(tree.clone()).unwrap(), item(json));
    let odd = serde_json::json!({"images": [{"price": true}], "id": "x"});
    assert_eq!(serde_json::to_value(serde_json::from_value::<Item>(odd.clone()).unwrap()).unwrap(), odd);
}
