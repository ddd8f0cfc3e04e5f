//! The next page, in every style: asked for where there is one, and never without end.

use connector_runtime::{
    Api, DateFormat, DecimalFormat, Envelope, ErrorShape, Json, Operation, Paging, PagingStyle, Parameter,
    Reply, Request, Returns, impl_input, next_page, page_position,
};

static API: Api = Api {
    id: "v1",
    server: "https://api.acme.example",
    base: "",
    envelope: Envelope::Object { data: "data", meta: Some("meta") },
    errors: ErrorShape::Object { message: "message", fields: "fields" },
    dates: DateFormat::Rfc3339,
    decimals: DecimalFormat::Number,
    request_id: None,
};

const PARAMETERS: &[Parameter] = &[
    Parameter::query("page").wire("p"),
    Parameter::query("skip").wire("offset"),
    Parameter::query("mark").wire("after"),
    Parameter::query("limit").wire("per_page"),
    Parameter::query("word").wire("word:like"),
    Parameter::repeated_query("ids").wire("id"),
];

#[derive(Default)]
struct ListThings {
    page: Option<String>,
    skip: Option<String>,
    mark: Option<String>,
    limit: Option<i64>,
    word: Option<String>,
    ids: Option<Vec<i64>>,
}

impl_input!(ListThings {
    "page" => page, "skip" => skip, "mark" => mark, "limit" => limit, "word" => word, "ids" => ids,
});

/// Two items a page unless the caller says otherwise, at most three.
const fn paging(style: PagingStyle) -> Paging {
    Paging { style, limit: "limit", default_limit: 2, max_limit: 3 }
}

static BY_PAGE: Paging =
    paging(PagingStyle::Page { parameter: "page", first: 1, total: Some("pages.total") });
static BY_PAGE_FROM_ZERO: Paging =
    paging(PagingStyle::Page { parameter: "page", first: 0, total: Some("total") });
static BY_PAGE_ALONE: Paging = paging(PagingStyle::Page { parameter: "page", first: 1, total: None });
static BY_OFFSET: Paging = paging(PagingStyle::Offset { parameter: "skip" });
static BY_CURSOR: Paging = paging(PagingStyle::Cursor { parameter: "mark", next: "cursor.next" });
static BY_LINK: Paging = paging(PagingStyle::Link { next: "links.next" });

const LIST: Operation =
    Operation::get("list-things", &API, "/things").parameters(PARAMETERS).returns(Returns::List);
static PAGES: Operation = LIST.paging(&BY_PAGE);
static PAGES_FROM_ZERO: Operation = LIST.paging(&BY_PAGE_FROM_ZERO);
static PAGES_ALONE: Operation = LIST.paging(&BY_PAGE_ALONE);
static OFFSETS: Operation = LIST.paging(&BY_OFFSET);
static CURSORS: Operation = LIST.paging(&BY_CURSOR);
static LINKS: Operation = LIST.paging(&BY_LINK);
static NO_PAGES: Operation = LIST;

fn json(text: &str) -> Json {
    Json::from(serde_json::from_str::<serde_json::Value>(text).expect("JSON"))
}

/// The query of the page after the one that `input` asked for, answered with `data` and `meta`.
fn after(operation: &'static Operation, input: ListThings, data: &str, meta: &str) -> Option<String> {
    let request = Request::new(operation, &input).expect("no constraints");
    let meta = (!meta.is_empty()).then(|| json(meta));
    let reply = Reply { data: (), json: json(data), meta, status: 200, request_id: None };
    let next = next_page(&request, &reply)?;
    assert_eq!(next.operation().id, operation.id);
    let address = next.path_and_query();
    Some(address.strip_prefix("/things?").unwrap_or_else(|| panic!("{address}")).to_owned())
}

fn page(page: &str) -> ListThings {
    ListThings { page: Some(page.to_owned()), ..ListThings::default() }
}

fn skip(skip: &str) -> ListThings {
    ListThings { skip: Some(skip.to_owned()), ..ListThings::default() }
}

fn mark(mark: &str) -> ListThings {
    ListThings { mark: Some(mark.to_owned()), ..ListThings::default() }
}

#[track_caller]
fn check(operation: &'static Operation, cases: Vec<(ListThings, &str, &str, Option<&str>)>) {
    for (input, data, meta, expected) in cases {
        let told = format!("{input:?} {data} {meta}");
        assert_eq!(after(operation, input, data, meta).as_deref(), expected, "{told}");
    }
}

#[test]
fn pages_are_counted_up_to_their_total() {
    let none = ListThings::default;
    let of = |total: &str| format!(r#"{{"pages":{{"total":{total}}}}}"#);
    let (three, most) = (of("3"), of("18446744073709551615"));
    check(
        &PAGES,
        vec![
            (none(), "[1,2]", &three, Some("p=2")),
            (page("2"), "[1,2]", &three, Some("p=3")),
            (page("3"), "[1,2]", &three, None),
            (page("9"), "[1,2]", &three, None),
            (page("2"), "[1]", &three, Some("p=3")),
            (page("2"), "[]", &three, None),
            (page("18446744073709551614"), "[1,2]", &most, Some("p=18446744073709551615")),
            (page("18446744073709551615"), "[1,2]", &most, None),
            (page("soon"), "[1,2]", &three, Some("p=2")),
        ],
    );
    let kept = ListThings { word: Some("a b".to_owned()), limit: Some(3), ..page("1") };
    check(&PAGES, vec![(kept, "[1,2,3]", &three, Some("p=2&per_page=3&word:like=a%20b"))]);
}

#[test]
fn without_a_total_a_short_page_is_the_last() {
    let none = ListThings::default;
    let asking = |limit| ListThings { limit: Some(limit), ..ListThings::default() };
    for (operation, metas) in [
        (&PAGES, &["", "{}", r#"{"pages":null}"#, r#"{"pages":{"total":"x"}}"#][..]),
        (&PAGES_ALONE, &["", "[]"]),
    ] {
        for meta in metas {
            check(
                operation,
                vec![
                    (none(), "[1,2]", meta, Some("p=2")),
                    (none(), "[1]", meta, None),
                    (none(), "[]", meta, None),
                    (page("18446744073709551615"), "[1,2]", meta, None),
                    (asking(1), "[1]", meta, Some("per_page=1&p=2")),
                    (asking(3), "[1,2]", meta, None),
                    // The API gives three at most.
                    (asking(250), "[1,2,3]", meta, Some("per_page=250&p=2")),
                ],
            );
        }
    }
}

#[test]
fn pages_may_begin_at_zero() {
    check(
        &PAGES_FROM_ZERO,
        vec![
            (ListThings::default(), "[1,2]", r#"{"total":2}"#, Some("p=1")),
            (page("1"), "[1,2]", r#"{"total":2}"#, None),
            (ListThings::default(), "[1,2]", r#"{"total":1}"#, None),
            (ListThings::default(), "[1,2]", r#"{"total":0}"#, None),
        ],
    );
}

#[test]
fn offsets_skip_what_came() {
    check(
        &OFFSETS,
        vec![
            (ListThings::default(), "[1,2]", "", Some("offset=2")),
            (skip("2"), "[3,4]", "", Some("offset=4")),
            (skip("2"), "[3]", "", None),
            (skip("2"), "[]", "", None),
            (skip("18446744073709551615"), "[1,2]", "", None),
        ],
    );
}

#[test]
fn a_cursor_is_passed_on_until_there_is_none() {
    let next = |mark: &str| format!(r#"{{"cursor":{{"next":{mark}}}}}"#);
    check(
        &CURSORS,
        vec![
            (ListThings::default(), "[1,2]", &next(r#""a b+/=""#), Some("after=a%20b%2B%2F%3D")),
            (mark("a"), "[1]", &next(r#""b""#), Some("after=b")),
            (mark("b"), "[1,2]", &next(r#""b""#), None),
            (mark("a"), "[]", &next(r#""b""#), None),
            (mark("a"), "[1,2]", &next(r#""""#), None),
            (mark("a"), "[1,2]", &next("null"), None),
            (mark("a"), "[1,2]", &next("7"), None),
            (mark("a"), "[1,2]", r#"{"cursor":7}"#, None),
            (mark("a"), "[1,2]", "", None),
        ],
    );
}

#[test]
fn of_a_link_the_query_alone_is_followed() {
    let next = |link: &str| format!(r#"{{"links":{{"next":"{link}"}}}}"#);
    let both = || ListThings { ids: Some(vec![1, 2]), word: Some("x".to_owned()), ..ListThings::default() };
    check(
        &LINKS,
        vec![
            (ListThings::default(), "[1,2]", &next("?p=2&per_page=2"), Some("p=2&per_page=2")),
            (ListThings::default(), "[1]", &next("/other/path?p=2"), Some("p=2")),
            (ListThings::default(), "[1,2]", &next("https://evil.example/things?p=2#end"), Some("p=2")),
            (page("1"), "[1,2]", &next("?p=2"), Some("p=2")),
            (page("2"), "[1,2]", &next("?p=2"), None),
            (both(), "[1,2]", &next("?id=1&p=2&id=2"), Some("word:like=x&id=1&id=2&p=2")),
            (both(), "[1,2]", &next("?id=3&word%3Alike=y%20z"), Some("word:like=y%20z&id=3")),
            (both(), "[1,2]", &next("?&p=2&&"), Some("word:like=x&id=1&id=2&p=2")),
            (ListThings::default(), "[1,2]", &next("https://api.acme.example/things"), None),
            (ListThings::default(), "[]", &next("?p=2"), None),
            (ListThings::default(), "[1,2]", r#"{"links":{"next":null}}"#, None),
            (ListThings::default(), "[1,2]", r#"{"links":{}}"#, None),
            (ListThings::default(), "[1,2]", "", None),
        ],
    );
}

#[test]
fn what_does_not_come_in_pages_has_no_next_one() {
    check(&NO_PAGES, vec![(ListThings::default(), "[1,2]", r#"{"links":{"next":"?p=2"}}"#, None)]);
    for operation in [&PAGES, &OFFSETS, &CURSORS, &LINKS] {
        for data in ["null", "{}", r#""text""#, "7"] {
            let meta = r#"{"pages":{"total":3},"cursor":{"next":"b"},"links":{"next":"?p=2"}}"#;
            check(operation, vec![(ListThings::default(), data, meta, None)]);
        }
    }
}

#[test]
fn a_request_tells_where_it_stands_by_the_name_of_its_input() {
    let position = |operation: &'static Operation, input: ListThings, meta: &str| {
        let request = Request::new(operation, &input).expect("no constraints");
        let meta = Some(json(meta));
        let reply = Reply { data: (), json: json("[1,2]"), meta, status: 200, request_id: None };
        let next = next_page(&request, &reply).expect("there is a next page");
        (page_position(&request), page_position(&next))
    };
    let at = |name, value: &str| Some((name, value.to_owned()));
    let none = ListThings::default;
    assert_eq!(position(&PAGES, none(), r#"{"pages":{"total":9}}"#), (None, at("page", "2")));
    assert_eq!(position(&PAGES, page("4"), r#"{"pages":{"total":9}}"#), (at("page", "4"), at("page", "5")));
    assert_eq!(position(&OFFSETS, none(), "{}"), (None, at("skip", "2")));
    assert_eq!(position(&CURSORS, none(), r#"{"cursor":{"next":"a+b/=%"}}"#), (None, at("mark", "a+b/=%")));
    assert_eq!(position(&LINKS, none(), r#"{"links":{"next":"?p=7"}}"#), (None, None));
}
