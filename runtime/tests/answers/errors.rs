//! What is read of the body of a refusal, whatever form it has.

use bytes::Bytes;
use connector_runtime::{
    ActionEntry, Api, Class, Client, Connection, Connector, Envelope, Error, ErrorShape, Json, Operation,
    Request, impl_input,
};

use super::{ACME_DATA, Canned, Mutex, Nothing, READ, READ_LISTED, answer, api, refused};

struct Ask {}

impl_input!(Ask {});

impl connector_runtime::Action for Ask {
    type Output = Json;
    const OPERATION: &'static Operation = &ASK;
}

/// An API of the same connector that words its errors in a way of its own.
static ODD: Api =
    Api { errors: ErrorShape::Object { message: "complaint", fields: "blame" }, ..api(Envelope::None) };
static ASK: Operation = Operation::get("ask", &ODD, "/things");
static TWO_APIS: Connector = Connector { actions: &[ActionEntry::of::<Ask>()], ..ACME_DATA };

fn said(error: &Error) -> Vec<(&str, &str)> {
    error.violations().iter().map(|violation| (violation.field(), violation.message())).collect()
}

#[tokio::test]
async fn every_common_form_is_read_on_every_api() {
    for (body, message) in [
        // Each API's form on the other.
        (
            r#"[{"status":404,"message":"The requested resource was not found."}]"#,
            "The requested resource was not found.",
        ),
        (r#"{"status":422,"title":"No such name","type":"/about","instance":"x"}"#, "No such name"),
        (r#"[{"status":404,"title":"Not there"},{"message":"nor here"}]"#, "Not there; nor here"),
        (r#"{"message":"alone"}"#, "alone"),
        // Common forms.
        (r#"{"error":"the token lacks a scope"}"#, "the token lacks a scope"),
        (r#"{"error":{"code":7,"message":"nested"}}"#, "nested"),
        (r#"{"error":["a","b"]}"#, "a; b"),
        (r#"{"error":"invalid_grant","error_description":"too old"}"#, "invalid_grant: too old"),
        (r#"{"detail":"details"}"#, "details"),
        (r#"{"title":"Bad","detail":"very bad"}"#, "Bad: very bad"),
        (r#"{"detail":[{"loc":["body","price"],"msg":"is no number"}]}"#, "body.price: is no number"),
        (r#"{"errors":["a","b"]}"#, "a; b"),
        (r#"{"errors":[{"message":"a"},{"message":"b"}]}"#, "a; b"),
        (r#"{"errors":"one text"}"#, "one text"),
        (r#"{"errors":{"name":["is short","is taken"]},"meta":{}}"#, "name: is short; name: is taken"),
        (r#"["a",{"error":"b"}]"#, "a; b"),
        (r#""a text""#, "a text"),
        // Text with a byte order mark, and without JSON.
        ("\u{feff}{\"title\":\"marked\"}", "marked"),
        ("\u{feff}Unauthorized", "Unauthorized"),
        ("  Store\u{1b}[31m is\r\n suspended.\n", "Store[31m is suspended."),
    ] {
        for operation in [&READ, &READ_LISTED] {
            let error = refused(operation, 422, &[], body).await;
            assert_eq!((error.class(), error.api_message()), (Class::Validation, Some(message)), "{body}");
            for text in [error.to_string(), format!("{error:?}")] {
                assert!(!text.contains(message), "the API's words are in {text}");
            }
        }
    }
}

#[tokio::test]
async fn findings_are_told_by_field() {
    for (body, expected) in [
        (
            r#"{"title":"x","errors":{"name":["a","b"],"tags":{"0":"c"}}}"#,
            &[("name", "a"), ("name", "b"), ("tags.0", "c")][..],
        ),
        (
            r#"{"errors":[{"field":"sku","message":"a"},{"path":"p","title":"b","detail":"c"},"d"]}"#,
            &[("sku", "a"), ("p", "b: c"), ("", "d")],
        ),
        (
            r##"{"errors":[{"pointer":"#/age","detail":"a"},{"source":{"pointer":"/x"},"title":"b"}]}"##,
            &[("#/age", "a"), ("/x", "b")],
        ),
        (
            r#"{"errors":{"title":"is taken","message":"is long"}}"#,
            &[("title", "is taken"), ("message", "is long")],
        ),
        (r#"{"errors":{"3":{"message":"third"}}}"#, &[("3", "third")]),
        (r#"{"message":"x","details":{"invalid_reason":"host"}}"#, &[("invalid_reason", "host")]),
        (r#"{"invalid-params":[{"name":"age","reason":"is low"}]}"#, &[("age", "is low")]),
        (r#"{"detail":[{"loc":["body",2],"msg":"a"}]}"#, &[("body.2", "a")]),
        (r#"{"error":{"message":"x","errors":{"n":"a"}}}"#, &[("n", "a")]),
        (r#"{"title":"x","errors":{}}"#, &[]),
        (r#"{"title":"x","errors":{"n":null}}"#, &[]),
    ] {
        for operation in [&READ, &READ_LISTED] {
            let error = refused(operation, 400, &[], body).await;
            let mut found = said(&error);
            found.sort_by_key(|(field, _)| expected.iter().position(|(known, _)| known == field));
            assert_eq!(found, expected, "{body}");
        }
    }
}

#[tokio::test]
async fn the_form_of_another_api_of_the_connector_comes_before_common_forms() {
    let said_by = async |operation: &'static Operation, body: &'static str| {
        let connection = Connection::new(&TWO_APIS, &[], &[]).expect("Acme asks for nothing");
        let client = Client::with_transport(connection, Canned(Mutex::new(Some(answer(409, &[], body)))));
        let request = Request::new(operation, &Nothing {}).expect("no constraints");
        let error = client.send(request).await.expect_err("a refusal");
        (error.api_message().map(str::to_owned), said(&error).len())
    };
    let odd = r#"{"message":"usual","complaint":"odd","blame":{"name":"a"}}"#;
    assert_eq!(said_by(&READ, odd).await, (Some("odd".to_owned()), 1));
    let both = r#"{"title":"own","complaint":"odd","blame":{"name":"a"},"errors":{"x":"b"}}"#;
    assert_eq!(said_by(&READ, both).await, (Some("own".to_owned()), 2));
}

#[tokio::test]
async fn pages_documents_and_bytes_are_no_message() {
    let long = "word ".repeat(1_000);
    for (headers, body, message) in [
        (&[][..], "<html><body>Bad gateway</body></html>", None),
        (&[("Content-Type", "text/html")], "Bad gateway", None),
        (&[("Content-Type", "application/xml")], "x", None),
        (&[], "{\"title\": \"cut o", None),
        (&[("Content-Type", "text/plain; charset=utf-8")], "[auth] no such key", Some("[auth] no such key")),
        (&[("Content-Type", "plain/text")], "Unauthorized", Some("Unauthorized")),
        (&[("Content-Type", "application/json")], "Unauthorized", Some("Unauthorized")),
        (&[], "a\0b", None),
        (&[], "\u{202e}", None),
    ] {
        let error = refused(&READ, 502, headers, body).await;
        assert_eq!((error.class(), error.api_message()), (Class::Server, message), "{headers:?} {body}");
    }
    let error = refused(&READ, 502, &[], &long).await;
    let message = error.api_message().expect("a message");
    assert!(message.starts_with("word word") && message.ends_with('…'), "{message}");
    assert_eq!(message.chars().count(), 1_000);

    let mut bytes = http::Response::new(Bytes::from_static(b"Unauthoris\xe9"));
    *bytes.status_mut() = http::StatusCode::UNAUTHORIZED;
    assert_eq!(super::made_of(&READ, Ok(bytes)).await.unwrap_err().api_message(), None);
}
