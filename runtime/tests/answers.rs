//! What becomes of every status and shape of an answer, over a transport that hands out what it was given.

use std::error::Error as _;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use connector_runtime::{
    Api, BoxFuture, Class, Client, Connection, Connector, DateFormat, DecimalFormat, Effect, Envelope, Error,
    ErrorShape, Operation, RateLimit, Reply, Request, Returns, Sent, Transport, TransportError, WaitHeader,
    WaitUnit, impl_input,
};

#[path = "answers/data.rs"]
mod data;
#[path = "answers/errors.rs"]
mod errors;

static ACME: Connector = ACME_DATA;

const ACME_DATA: Connector = Connector {
    id: "acme",
    title: "Acme",
    version: "1.2.3",
    docs: "https://acme.example/docs",
    fields: &[],
    credentials: &[],
    oauth2: None,
    callbacks: None,
    test: None,
    label: None,
    rate_limit: RateLimit {
        status: 429,
        waits: &[
            WaitHeader { name: "X-Reset-Ms", unit: WaitUnit::Milliseconds },
            WaitHeader { name: "X-Retry-After", unit: WaitUnit::Seconds },
        ],
        quota: None,
        also: &[503],
        per: None,
        overload_wait: Duration::from_secs(3),
        max_wait: Duration::from_secs(60),
    },
    webhooks: None,
    triggers: &[],
    actions: &[],
    catalog: "{}",
};

static WRAPPED: Api = api(Envelope::Object { data: "data", meta: Some("meta") });
static BARE: Api = api(Envelope::None);
static BESIDE: Api = api(Envelope::Object { data: "data", meta: None });
static LISTED: Api =
    Api { errors: ErrorShape::List { message: "message", fields: "details" }, ..api(Envelope::None) };
static LISTED_AS_OBJECT: Api =
    Api { errors: ErrorShape::Object { message: "message", fields: "details" }, ..api(Envelope::None) };

static READ: Operation = operation(&WRAPPED, Effect::Read);
static CREATE: Operation = operation(&WRAPPED, Effect::Create).check_first("Look for the thing by its name.");
static UPDATE: Operation = operation(&WRAPPED, Effect::Update);
static DELETE: Operation = operation(&WRAPPED, Effect::Delete);
static READ_BARE: Operation = operation(&BARE, Effect::Read);
static READ_BESIDE: Operation = operation(&BESIDE, Effect::Read);
static READ_LIST: Operation = operation(&BARE, Effect::Read).returns(Returns::List);
static READ_WRAPPED_LIST: Operation = operation(&WRAPPED, Effect::Read).returns(Returns::List);
static READ_FIRST: Operation = operation(&WRAPPED, Effect::Read).returns(Returns::First);
static READ_FIRST_BARE: Operation = operation(&BARE, Effect::Read).returns(Returns::First);
static REMOVE: Operation = operation(&WRAPPED, Effect::Delete).returns(Returns::Nothing);
static READ_LISTED: Operation = operation(&LISTED, Effect::Read);
static READ_LISTED_AS_OBJECT: Operation = operation(&LISTED_AS_OBJECT, Effect::Read);

const fn api(envelope: Envelope) -> Api {
    Api {
        id: "v1",
        server: "https://api.acme.example",
        base: "",
        envelope,
        errors: ErrorShape::Object { message: "title", fields: "errors" },
        dates: DateFormat::Rfc3339,
        decimals: DecimalFormat::Number,
        request_id: Some("X-Request-Id"),
    }
}

const fn operation(api: &'static Api, effect: Effect) -> Operation {
    Operation::post("touch-thing", api, "/things").effect(effect)
}

struct Nothing {}

impl_input!(Nothing {});

type Outcome = Result<http::Response<Bytes>, TransportError>;

/// Hands out one outcome.
struct Canned(Mutex<Option<Outcome>>);

impl Transport for Canned {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Outcome> {
        assert_eq!(request.uri(), "https://api.acme.example/things");
        assert_eq!((request.method(), request.body().len()), (&http::Method::POST, 0));
        let outcome = self.0.lock().expect("no thread panics with it").take();
        Box::pin(async { outcome.expect("one request is sent, and no second one") })
    }
}

/// What the client makes of this outcome.
async fn made_of(operation: &'static Operation, outcome: Outcome) -> Result<Reply<()>, Error> {
    let connection = Connection::new(&ACME, &[], &[]).expect("Acme asks for nothing");
    let client = Client::with_transport(connection, Canned(Mutex::new(Some(outcome))));
    client.send(Request::new(operation, &Nothing {}).expect("no constraints")).await
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Outcome {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(Bytes::from(body.to_owned())).expect("a status and headers"))
}

async fn refused(operation: &'static Operation, status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    made_of(operation, answer(status, headers, body)).await.expect_err("a refusal")
}

#[tokio::test]
async fn every_status_has_its_class() {
    for (statuses, class, word) in [
        (&[207][..], Class::Partial, "partial"),
        (&[300, 301, 302, 304, 307, 308, 100], Class::Decode, "decode"),
        (&[401], Class::AuthRevoked, "auth.revoked"),
        (&[403], Class::AuthScope, "auth.scope"),
        (&[404, 410], Class::NotFound, "not_found"),
        (&[409], Class::Conflict, "conflict"),
        (&[413], Class::TooLarge, "too_large"),
        (&[423], Class::Locked, "locked"),
        (&[400, 405, 406, 415, 418, 422, 499], Class::Validation, "validation"),
        (&[500, 501, 502, 504, 505, 508, 599], Class::Server, "server"),
        (&[503], Class::Unavailable, "unavailable"),
        (&[507], Class::PlanLimit, "plan_limit"),
    ] {
        for status in statuses {
            let error = refused(&READ, *status, &[], "").await;
            assert_eq!((error.class(), error.class().as_str()), (class, word), "{status}");
            assert_eq!((error.status(), error.retry_after()), (Some(*status), None));
            assert_eq!(error.to_string(), format!("touch-thing: {word}: the API answered {status}"));
        }
    }
}

#[tokio::test]
async fn what_may_be_repeated_depends_on_the_class_and_the_effect() {
    for (status, when_read, when_created) in [
        (429, true, true),
        (423, true, true),
        (500, true, false),
        (502, true, false),
        (503, true, false),
        (504, true, false),
        (501, false, false),
        (505, false, false),
        (507, false, false),
        (207, false, false),
        (302, false, false),
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (409, false, false),
        (413, false, false),
        (422, false, false),
    ] {
        for operation in [&READ, &UPDATE, &DELETE] {
            assert_eq!(refused(operation, status, &[], "").await.is_retryable(), when_read, "{status}");
        }
        assert_eq!(refused(&CREATE, status, &[], "").await.is_retryable(), when_created, "{status}");
    }
}

#[tokio::test]
async fn without_an_answer_it_depends_on_what_was_sent() {
    let lost = |sent| TransportError { sent, what: "the wire was cut", source: None, unreadable: None };
    for (operation, may_repeat) in [(&READ, true), (&UPDATE, true), (&DELETE, true), (&CREATE, false)] {
        let error = made_of(operation, Err(lost(Sent::Maybe))).await.unwrap_err();
        assert_eq!((error.class(), error.is_retryable()), (Class::TransportUnknownOutcome, may_repeat));
        let error = made_of(operation, Err(lost(Sent::No))).await.unwrap_err();
        assert_eq!((error.class(), error.is_retryable()), (Class::TransportUnsent, true));
        assert_eq!(error.to_string(), "touch-thing: transport.unsent: the wire was cut");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the wire was cut"));
    }
}

#[tokio::test]
async fn a_limited_caller_waits_as_long_as_the_headers_say_and_never_not_at_all() {
    for (headers, class, wait_ms) in [
        (&[("X-Reset-Ms", "1500")][..], Class::RateLimitedWindow, 1_500),
        (&[("X-Reset-Ms", "1500"), ("X-Retry-After", "2")], Class::RateLimitedWindow, 2_000),
        (&[("X-Retry-After", "86400")], Class::RateLimitedWindow, 60_000),
        (&[("X-Retry-After", "18446744073709551615")], Class::RateLimitedWindow, 60_000),
        (&[("X-Retry-After", "99999999999999999999")], Class::RateLimitedOverload, 3_000),
        (&[("X-Reset-Ms", "0"), ("X-Retry-After", "0")], Class::RateLimitedOverload, 3_000),
        (&[("X-Retry-After", "soon"), ("X-Reset-Ms", "-5")], Class::RateLimitedOverload, 3_000),
        (&[], Class::RateLimitedOverload, 3_000),
    ] {
        let error = refused(&CREATE, 429, headers, "").await;
        assert_eq!((error.class(), error.is_rate_limited()), (class, true), "{headers:?}");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(wait_ms)), "{headers:?}");
        assert!(error.to_string().ends_with(&format!("(retry after {wait_ms} ms)")), "{error}");
    }
    let error = refused(&READ, 500, &[("X-Retry-After", "2")], "").await;
    let wait = Some(Duration::from_secs(2));
    assert_eq!(
        (error.class(), error.retry_after()),
        (Class::Server, wait),
        "believed, and no refusal all the same"
    );
    let error = refused(&CREATE, 500, &[("X-Retry-After", "2")], "").await;
    assert_eq!(error.retry_after(), None, "what must not be repeated has no time for it");
}

#[tokio::test]
async fn a_status_that_may_stand_in_for_a_limit_does_so_where_the_answer_says_how_long_to_wait() {
    for (headers, class, wait) in [
        (&[("X-Retry-After", "2")][..], Class::RateLimitedWindow, Some(Duration::from_secs(2))),
        (&[("X-Retry-After", "0")], Class::Unavailable, None),
        (&[], Class::Unavailable, None),
    ] {
        let error = refused(&CREATE, 503, headers, "").await;
        assert_eq!((error.class(), error.retry_after()), (class, wait), "{headers:?}");
        assert_eq!(error.is_retryable(), wait.is_some(), "a limited call was not carried out");
    }
}

#[tokio::test]
async fn what_the_api_says_is_kept_and_not_printed() {
    let body = r#"{"title":"Name taken: Ann Private","errors":{"name":"Ann Private is taken","tags":["x"]}}"#;
    let error = refused(&CREATE, 409, &[("X-Request-Id", "r-1")], body).await;
    assert_eq!(error.api_message(), Some("Name taken: Ann Private"));
    let said: Vec<(&str, &str)> =
        error.violations().iter().map(|violation| (violation.field(), violation.message())).collect();
    assert_eq!(said, [("name", "Ann Private is taken"), ("tags", "x")]);
    assert_eq!(error.request_id(), Some("r-1"));
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains("Private") && !text.contains("r-1"), "{text}");
    }
}

#[tokio::test]
async fn an_error_body_of_any_shape_is_no_second_error() {
    let deep = "[".repeat(100_000);
    for (body, message) in [
        ("", None),
        ("<html>", None),
        ("null", None),
        ("[]", None),
        (r#"[{"title":"in a list"},7,{"title":"and another"}]"#, Some("in a list; and another")),
        (r#"{"title":"#, None),
        ("{}", None),
        (r#"{"title":7,"errors":"none"}"#, Some("7")),
        (r#"{"title":"x","errors":null}"#, Some("x")),
        (&deep, None),
    ] {
        let error = refused(&READ, 422, &[], body).await;
        assert_eq!((error.class(), error.api_message()), (Class::Validation, message), "{body}");
        assert!(error.violations().is_empty() && error.source().is_none(), "{body}");
    }
}

#[tokio::test]
async fn a_list_of_errors_is_told_whole_whatever_the_shape_says() {
    let body = r#"[{"status":422,"message":"no price","details":{"price":"is missing","sku":["a","b"]}},
        {"message":"no name","details":["name is missing"]}, "lost", {"details":{"sku":7}}]"#;
    for operation in [&READ_LISTED, &READ_LISTED_AS_OBJECT] {
        let error = refused(operation, 422, &[], body).await;
        assert_eq!(error.api_message(), Some("no price; no name; lost"));
        let said: Vec<(&str, &str)> =
            error.violations().iter().map(|violation| (violation.field(), violation.message())).collect();
        let first = [("price", "is missing"), ("sku", "a"), ("sku", "b")];
        assert_eq!(said, [&first[..], &[("", "name is missing"), ("sku", "7")]].concat());
    }
    let error = refused(&READ_LISTED, 404, &[], r#"{"message":"alone"}"#).await;
    assert_eq!(error.api_message(), Some("alone"), "an object where a list was promised");
}

#[tokio::test]
async fn a_request_id_is_bounded_and_of_visible_characters() {
    let long = "i".repeat(1_000);
    let error = refused(&READ, 500, &[("X-Request-Id", &long)], "").await;
    assert_eq!(error.request_id().map(str::len), Some(128));
    let error = refused(&READ, 500, &[("X-Request-Id", "\u{fc}\u{1f980}")], "").await;
    assert_eq!(error.request_id(), None);
    let error = refused(&READ, 500, &[], "").await;
    assert_eq!(error.request_id(), None);
}
