//! Values in paths and queries cannot leave their place: what arrives at the store is one segment, one value.

use bigcommerce_connector::apis::V3;
use connector_runtime::{Class, Operation, Parameter, Request, impl_input};
use connector_tests::Store;

use super::blamed;

static READ_BY_NAME: Operation = Operation::get("read-by-name", &V3, "/catalog/products/{name}/images")
    .parameters(&[Parameter::path("name"), Parameter::query("words").wire("word:in")]);

struct ReadByName {
    name: String,
    words: Option<Vec<String>>,
}

impl_input!(ReadByName { "name" => name, "words" => words });

/// Values that mean something in an address, and how they travel.
const TRICKS: &[(&str, &str)] = &[
    ("../x", "..%2Fx"),
    ("a/b", "a%2Fb"),
    (r"..\..", "..%5C.."),
    ("%2e%2e", "%252e%252e"),
    ("%2E", "%252E"),
    ("...", "..."),
    ("a?b=c#d", "a%3Fb%3Dc%23d"),
    ("a&b;c+d e", "a%26b%3Bc%2Bd%20e"),
    ("{name}", "%7Bname%7D"),
    ("Jär 🫙", "J%C3%A4r%20%F0%9F%AB%99"),
    ("a\r\nX-Evil: 1\0\t\u{7f}", "a%0D%0AX-Evil%3A%201%00%09%7F"),
    ("@evil.example:80", "%40evil.example%3A80"),
    ("-._~", "-._~"),
];

#[tokio::test]
async fn a_value_stays_in_its_segment_of_the_path() {
    let store = Store::open().await;
    for (name, segment) in TRICKS {
        let input = ReadByName { name: (*name).to_owned(), words: None };
        let request = Request::new(&READ_BY_NAME, &input).unwrap();
        assert_eq!(request.path_and_query(), format!("/catalog/products/{segment}/images"));
        let error = store.client.send(request).await.unwrap_err();
        assert_eq!(error.class(), Class::NotFound, "{name:?}");
        let received = store.last_request();
        assert_eq!(received.path, format!("/stores/sandbox1/v3/catalog/products/{segment}/images"));
        assert_eq!(received.query, None, "{name:?}");
    }
    assert_eq!(store.sandbox.requests().len(), TRICKS.len());
}

#[tokio::test]
async fn a_value_stays_in_its_part_of_the_query() {
    let store = Store::open().await;
    for (word, encoded) in TRICKS.iter().chain(&[("..", "..")]) {
        let words = Some(vec![(*word).to_owned(), "last".to_owned()]);
        let request = Request::new(&READ_BY_NAME, &ReadByName { name: "jar".to_owned(), words }).unwrap();
        store.client.send(request).await.unwrap_err();
        let received = store.last_request();
        assert_eq!(received.path, "/stores/sandbox1/v3/catalog/products/jar/images");
        assert_eq!(received.query, Some(format!("word:in={encoded},last")));
    }
}

#[tokio::test]
async fn what_the_store_would_read_as_another_list_is_refused() {
    for (words, field) in [
        (vec!["a,b".to_owned()], "words[0]"),
        (vec!["a".to_owned(), ",".to_owned()], "words[1]"),
        (vec![String::new(), "b".to_owned()], "words[0]"),
        (Vec::new(), "words"),
    ] {
        let input = ReadByName { name: "jar".to_owned(), words: Some(words) };
        assert_eq!(blamed(&Request::new(&READ_BY_NAME, &input).unwrap_err()), [field]);
    }
}

#[tokio::test]
async fn segments_that_address_something_else_are_refused() {
    for name in ["", ".", ".."] {
        let input = ReadByName { name: name.to_owned(), words: None };
        let error = Request::new(&READ_BY_NAME, &input).unwrap_err();
        assert_eq!(blamed(&error), ["name"], "{name:?}");
        assert!(error.to_string().contains("must not be empty or consist of dots"), "{error}");
    }
}
