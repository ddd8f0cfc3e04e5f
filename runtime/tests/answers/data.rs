//! What becomes of the bodies of successful answers.

use std::error::Error as _;

use bytes::Bytes;
use connector_runtime::{Class, Json};

use super::{
    CREATE, DELETE, READ, READ_BARE, READ_BESIDE, READ_FIRST, READ_FIRST_BARE, READ_LIST, READ_WRAPPED_LIST,
    REMOVE, UPDATE, answer, made_of, refused,
};

#[tokio::test]
async fn data_is_unwrapped_as_it_came() {
    let body = "{\"meta\" : {\"total\": 1.0},\n \"data\": [ 1.10, \"\\u00e9\" ] , \"more\":1}";
    let reply = made_of(&READ, answer(201, &[("X-Request-Id", "r-2")], body)).await.unwrap();
    assert_eq!((reply.status, reply.request_id.as_deref()), (201, Some("r-2")));
    assert_eq!(reply.json.as_str(), "[ 1.10, \"\\u00e9\" ]");
    assert_eq!(reply.meta.unwrap().as_str(), "{\"total\": 1.0}");
    let reply = made_of(&READ, answer(200, &[], r#"{"data":null}"#)).await.unwrap();
    assert_eq!((reply.json.as_str(), reply.meta), ("null", None));
    let reply = made_of(&READ, answer(200, &[], r#"{"\u0064ata":"\u0022,}","meta":{}}"#)).await.unwrap();
    assert_eq!(
        (reply.json.as_str(), reply.meta.unwrap().as_str()),
        (r#""\u0022,}""#, "{}"),
        "a name with escapes"
    );
    let reply = made_of(&READ_BARE, answer(200, &[], " [1, 2]\n")).await.unwrap();
    assert_eq!((reply.json.as_str(), reply.meta), ("[1, 2]", None));
}

#[tokio::test]
async fn without_a_field_for_it_meta_is_all_that_stands_beside_the_data() {
    let body = r#"{"total": 2,"data":[1], "next":"/things?page=2"}"#;
    let reply = made_of(&READ_BESIDE, answer(200, &[], body)).await.unwrap();
    assert_eq!(reply.json.as_str(), "[1]");
    assert_eq!(reply.meta.unwrap().as_str(), r#"{"next":"/things?page=2","total":2}"#);
    let reply = made_of(&READ_BESIDE, answer(200, &[], r#"{"data":1}"#)).await.unwrap();
    assert_eq!(reply.meta.unwrap().as_str(), "{}");
}

#[tokio::test]
async fn a_list_without_a_body_is_empty_and_a_first_item_without_one_is_not_found() {
    for operation in [&READ_LIST, &READ_WRAPPED_LIST] {
        let reply = made_of(operation, answer(204, &[], "")).await.unwrap();
        assert_eq!((reply.status, reply.json.as_str(), reply.meta), (204, "[]", None));
    }
    for (operation, status, body) in [
        (&READ_FIRST, 204, ""),
        (&READ_FIRST_BARE, 204, ""),
        (&READ_FIRST, 200, r#"{"data":[],"meta":{"total":0}}"#),
        (&READ_FIRST_BARE, 200, "[ ]"),
    ] {
        let error = refused(operation, status, &[("X-Request-Id", "r-4")], body).await;
        assert_eq!((error.class(), error.status()), (Class::NotFound, Some(status)), "{body}");
        assert_eq!((error.is_retryable(), error.request_id()), (false, Some("r-4")), "{body}");
        assert_eq!(error.to_string(), "touch-thing: not_found: the API found none");
    }
    let error = refused(&READ, 204, &[], "").await;
    assert_eq!(error.class(), Class::Decode, "one value was promised");
}

#[tokio::test]
async fn the_first_item_of_a_list_is_the_data() {
    let body = r#"{"data":[ {"id": 1.0}, {"id":2}],"meta":{"total":2}}"#;
    let reply = made_of(&READ_FIRST, answer(200, &[], body)).await.unwrap();
    assert_eq!(reply.json.as_str(), r#"{"id": 1.0}"#);
    assert_eq!(reply.meta.unwrap().as_str(), r#"{"total":2}"#);
    for body in [r#"{"data":{"name":"Ann Private"}}"#, r#"{"data":"Ann Private"}"#, r#"{"data":null}"#] {
        let error = refused(&READ_FIRST, 200, &[], body).await;
        assert_eq!(error.to_string(), "touch-thing: decode: the answer holds no list", "{body}");
        assert!(!format!("{error:?}").contains("Private"), "{error:?}");
    }
}

#[tokio::test]
async fn a_list_is_a_list() {
    for data in ["null", "{}", r#"{"0":1}"#, "1", r#""Ann Private""#, "true"] {
        for (operation, body) in
            [(&READ_LIST, data.to_owned()), (&READ_WRAPPED_LIST, format!(r#"{{"data": {data}}}"#))]
        {
            let error = refused(operation, 200, &[("X-Request-Id", "r-5")], &body).await;
            assert_eq!((error.class(), error.status()), (Class::Decode, Some(200)), "{body}");
            assert_eq!((error.is_retryable(), error.request_id()), (false, Some("r-5")), "{body}");
            assert_eq!(error.to_string(), "touch-thing: decode: the answer holds no list", "{body}");
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_no_data_may_have_been_executed() {
    for operation in [&CREATE, &UPDATE, &DELETE] {
        for (status, body) in [(200, "<html>"), (201, ""), (200, r#"{"date":1}"#), (302, ""), (200, "[1")] {
            let error = refused(operation, status, &[], body).await;
            assert_eq!((error.class(), error.is_retryable()), (Class::Decode, false), "{status} {body}");
            assert!(error.to_string().ends_with("; the request may have been executed"), "{error}");
            assert_eq!(error.check_first(), operation.check_first, "{status} {body}");
        }
    }
    let error = refused(&READ, 200, &[], "<html>").await;
    assert!(!error.to_string().contains("executed") && error.check_first().is_none(), "{error}");
}

#[tokio::test]
async fn a_call_that_returns_nothing_takes_any_successful_answer() {
    for (status, body, meta) in [
        (204, "", None),
        (200, "<html>", None),
        (200, r#"{"data":[1],"meta":{"deleted":1}}"#, Some(r#"{"deleted":1}"#)),
        (202, "[]", None),
    ] {
        let reply = made_of(&REMOVE, answer(status, &[], body)).await.unwrap();
        assert_eq!((reply.status, reply.json.as_str()), (status, "null"), "{body}");
        assert_eq!(reply.meta.as_ref().map(Json::as_str), meta, "{body}");
    }
    let error = refused(&REMOVE, 404, &[], r#"{"title":"no such thing"}"#).await;
    assert_eq!((error.class(), error.api_message()), (Class::NotFound, Some("no such thing")));
}

#[tokio::test]
async fn what_is_no_data_is_a_decode_error_with_its_status() {
    for (body, what, has_source) in [
        ("", "the answer is empty", true),
        ("{\"data\":\n[1,", "not whole JSON at line 2 column 3", true),
        (r#"{"data":1} x"#, "not whole JSON at line 1 column 12", true),
        ("\n <!DOCTYPE html>", "is an HTML page, not JSON", true),
        (r#"{"date":1}"#, "has no `data`", false),
        (r#"{"data":1,"data":2}"#, "has `data` more than once", false),
        (r#"{"data":[1,],"meta":{}}"#, "not whole JSON at line 1 column 12", true),
        (r#"{"data" 1}"#, "not whole JSON at line 1 column 9", true),
        ("[]", "is JSON, but no object", false),
        (r#""Ann Private""#, "is JSON, but no object", false),
    ] {
        let error = refused(&READ, 200, &[("X-Request-Id", "r-3")], body).await;
        assert_eq!((error.class(), error.status()), (Class::Decode, Some(200)), "{body}");
        assert_eq!((error.request_id(), error.is_retryable()), (Some("r-3"), false), "{body}");
        assert!(error.to_string().ends_with(what), "{body}: {error}");
        assert_eq!(error.source().is_some(), has_source, "{body}");
        assert!(!format!("{error:?}").contains("Private"), "{error:?}");
    }
}

#[tokio::test]
async fn data_that_is_no_utf8_is_a_decode_error() {
    for (body, what) in [
        (&b"{\"data\":\"\xff\"}"[..], "is no UTF-8 from byte 9 on"),
        (b"{\"\xff\":1,\"data\":1}", "is no UTF-8 from byte 2 on"),
        (b"\xef\xbb\xbf{\"data\":{\"a\":\"\xc3\"}}", "is no UTF-8 from byte 17 on"),
        (b"\xff\xfe{\0", "is UTF-16, not UTF-8"),
    ] {
        let answer = http::Response::new(Bytes::copy_from_slice(body));
        let error = made_of(&READ, Ok(answer)).await.unwrap_err();
        assert_eq!(error.class(), Class::Decode, "{}", String::from_utf8_lossy(body));
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_data() {
    let marked = |body: &str| answer(200, &[], &format!("\u{feff}{body}"));
    let reply = made_of(&READ, marked(r#"{"data":[ 1.0 ]}"#)).await.unwrap();
    assert_eq!(reply.json.as_str(), "[ 1.0 ]");
    assert_eq!(made_of(&READ_BARE, marked("[1]")).await.unwrap().json.as_str(), "[1]");
    assert_eq!(made_of(&READ_LIST, marked("")).await.unwrap().json.as_str(), "[]");
    assert_eq!(made_of(&READ_FIRST_BARE, marked("")).await.unwrap_err().class(), Class::NotFound);
    assert_eq!(
        made_of(&REMOVE, marked(r#"{"data":1,"meta":{}}"#)).await.unwrap().meta.unwrap().as_str(),
        "{}"
    );
    let error = made_of(&READ, marked("<html>")).await.unwrap_err();
    assert!(error.to_string().contains("HTML"), "{error}");
}
