//! What is wrong with an input is told before anything is sent, all of it in one error.

use bigcommerce_connector::actions::GetProduct;
use bigcommerce_connector::types::ProductInclude;
use connector_runtime::{Class, Error};
use connector_tests::{Store, with};

use super::{assert_discreet, blamed};

/// The error for this input, after asserting that the store has not heard of it.
async fn refusal(input: &[u8]) -> Error {
    let store = Store::open().await;
    let error = store.client.call_untyped("get-product", input).await.expect_err("the input is wrong");
    assert!(store.sandbox.requests().is_empty(), "sent: {}", String::from_utf8_lossy(input));
    assert_discreet(&error);
    error
}

/// Asserts that the input is refused for one field with a message that holds `what`.
async fn blames(input: &str, field: &str, what: &str) {
    let error = refusal(input.as_bytes()).await;
    assert_eq!(blamed(&error), [field], "{input}");
    assert!(error.violations()[0].message().contains(what), "{input}: {error}");
    assert!(error.to_string().contains(what), "{input}: {error}");
}

#[tokio::test]
async fn refuses_a_field_that_does_not_exist() {
    blames(r#"{"product_id":111,"produkt":1}"#, "produkt", "unknown field").await;
}

#[tokio::test]
async fn requires_the_id() {
    blames("{}", "product_id", "is required").await;
    blames(r#"{"include":["images"]}"#, "product_id", "is required").await;
    blames(r#"{"product_id":null}"#, "product_id", "expected an integer, found null").await;
}

#[tokio::test]
async fn refuses_values_of_the_wrong_type() {
    for (value, found) in [
        (r#""111""#, "a string"),
        ("true", "a boolean"),
        ("1.5", "a number"),
        ("99999999999999999999", "a number beyond 64 bits"),
        ("[111]", "a list"),
        (r#"{"id":111}"#, "an object"),
    ] {
        let input = format!(r#"{{"product_id":{value}}}"#);
        blames(&input, "product_id", &format!("expected an integer, found {found}")).await;
    }
    blames(r#"{"product_id":1,"include":"images"}"#, "include", "expected a list, found a string").await;
    blames(r#"{"product_id":1,"exclude_fields":["a",2]}"#, "exclude_fields[1]", "expected a string").await;
    blames(r#"{"product_id":1,"include":null}"#, "include", "expected a list, found null").await;
    blames(r#"{"product_id":1,"exclude_fields":[null]}"#, "exclude_fields[0]", "found null").await;
}

#[tokio::test]
async fn refuses_ids_that_no_product_can_have() {
    for id in ["0", "-1", "-9223372036854775808"] {
        blames(&format!(r#"{{"product_id":{id}}}"#), "product_id", "must be at least 1").await;
    }
    let store = Store::open().await;
    let error = store.client.call(&GetProduct::new(0)).await.unwrap_err();
    assert_eq!(blamed(&error), ["product_id"]);
    assert!(store.sandbox.requests().is_empty());
}

#[tokio::test]
async fn refuses_a_value_that_is_not_in_the_list_and_tells_the_list() {
    let input = r#"{"product_id":111,"include":["images","pictures"]}"#;
    blames(input, "include[1]", "expected one of bulk_pricing_rules, channels, ").await;
    blames(r#"{"product_id":111,"include":[""]}"#, "include[0]", "expected one of").await;
}

#[tokio::test]
async fn tells_everything_that_is_wrong_at_once() {
    let input =
        br#"{"product_id":0,"include":["pictures",5],"include_fields":{},"exclude_fields":[[]],"x":1}"#;
    let error = refusal(input).await;
    let fields = ["exclude_fields[0]", "include[0]", "include[1]", "include_fields", "product_id", "x"];
    assert_eq!(blamed(&error), fields);
    for field in fields {
        assert!(error.to_string().contains(field), "{error}");
    }
    assert!(error.to_string().starts_with("get-product: validation: "), "{error}");
}

#[tokio::test]
async fn tells_of_one_place_once() {
    let error = refusal(br#"{"product_id":"0"}"#).await;
    assert_eq!(error.violations().len(), 1, "what cannot be read is not measured too: {error}");
}

#[tokio::test]
async fn refuses_what_is_no_object_without_repeating_it() {
    for input in ["[]", "7", "null", r#""a private word""#, "[\"a private word\"]"] {
        let error = refusal(input.as_bytes()).await;
        assert_eq!(blamed(&error), [""], "{input}");
        assert!(error.to_string().contains("no object"), "{error}");
        assert!(!format!("{error} {error:?}").contains("private"), "{error:?}");
    }
}

#[tokio::test]
async fn refuses_what_is_no_json() {
    for input in [&b""[..], b"{", b"product_id: 111", br#"{"product_id":111} x"#, br#"{"product_id":111,}"#] {
        let error = refusal(input).await;
        assert_eq!(error.class(), Class::Validation);
        assert!(error.to_string().contains("no JSON from line 1 column"), "{error}");
    }
    for (input, what) in [
        (&b"{\"product_id\":111,\"exclude_fields\":[\"\xff\"]}"[..], "the text is not UTF-8 at byte 37"),
        (b"\xff\xfe{\0", "the text is UTF-16"),
    ] {
        let error = refusal(input).await;
        assert_eq!(error.class(), Class::Validation);
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn an_input_of_any_depth_is_refused_and_not_recursed_into() {
    let nested = |name: &str, value: &str| {
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        format!(r#"{{"product_id":111,"{name}":{open}{value}{close}}}"#)
    };
    blames(&nested("product_id", "1"), "product_id", "expected an integer, found a list").await;
    blames(&nested("exclude_fields", "1"), "exclude_fields[0]", "expected a string, found a list").await;
    blames(&nested("x", "1"), "x", "unknown field").await;
}

#[tokio::test]
async fn names_of_fields_cannot_forge_a_line_of_a_log() {
    let error = refusal(br#"{"product_id":111,"a\nERROR all is lost\u2028b\u001b[31m":1}"#).await;
    assert_eq!(blamed(&error), ["a\nERROR all is lost\u{2028}b\u{1b}[31m"], "told as it was given");
    let text = error.to_string();
    assert!(text.contains(r"a\nERROR all is lost\u{2028}b\u{1b}[31m: unknown field"), "{text}");
}

#[tokio::test]
async fn a_typed_input_may_name_what_the_manifest_does_not_list() {
    let store = Store::open().await;
    let include = Some(vec![ProductInclude::Unlisted("pictures".to_owned())]);
    let error =
        store.client.call(&with(GetProduct::new(111), |input| input.include = include)).await.unwrap_err();
    assert_eq!(store.last_request().query.as_deref(), Some("include=pictures"));
    assert_eq!((error.class(), error.status()), (Class::Validation, Some(422)));
    assert_eq!(error.violations()[0].field(), "include");
    assert!(error.violations()[0].message().contains("pictures"));
    assert!(error.api_message().unwrap().contains("not valid"));
    assert!(error.request_id().is_some() && !error.is_retryable());
    let printed = format!("{error} {error:?}");
    assert!(!printed.contains("pictures"), "what the API says of the input is not printed: {printed}");
}

#[tokio::test]
async fn refuses_an_input_too_long_for_any_address() {
    let store = Store::open().await;
    let action = with(GetProduct::new(111), |input| input.exclude_fields = Some(vec!["x".repeat(70_000)]));
    let error = store.client.call(&action).await.unwrap_err();
    assert_eq!((error.class(), error.is_retryable()), (Class::Validation, false));
    assert!(!format!("{error} {error:?}").contains("xxx"));
    assert!(store.sandbox.requests().is_empty());
}
