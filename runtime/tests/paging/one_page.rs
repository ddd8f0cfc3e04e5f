//! The next page, decided from one page alone.

use connector_runtime::{
    Class, Json, NextPage, Operation, Outlook, Reply, Request, page_position, total_items,
};

use crate::api::*;

fn json(text: &str) -> Json {
    Json::from(serde_json::from_str::<Box<serde_json::value::RawValue>>(text).expect("JSON"))
}

fn decide(
    operation: &'static Operation,
    input: &ListThings,
    data: &str,
    meta: &str,
) -> Result<Option<NextPage>, connector_runtime::Error> {
    let request = Request::new(operation, input).expect("no constraints");
    let meta = (!meta.is_empty()).then(|| json(meta));
    let reply =
        Reply { data: (), json: json(data), unreadable: Vec::new(), meta, status: 200, request_id: None };
    connection().next_page(&request, &reply)
}

/// The query of the next page.
fn query(next: &NextPage) -> String {
    let address = next.request.path_and_query();
    address.strip_prefix("/things?").unwrap_or_else(|| panic!("{address}")).to_owned()
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

fn none() -> ListThings {
    ListThings::default()
}

type Case<'a> = (ListThings, &'a str, &'a str, Option<&'a str>);

#[track_caller]
fn check(operation: &'static Operation, cases: Vec<Case<'_>>) {
    for (input, data, meta, expected) in cases {
        let told = format!("{input:?} {data} {meta}");
        let next = decide(operation, &input, data, meta).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!(next.as_ref().map(query).as_deref(), expected, "{told}");
    }
}

/// Every one of these is an error of class `decode` that contains `words`.
#[track_caller]
fn refuse(operation: &'static Operation, words: &str, cases: &[(ListThings, &str, &str)]) {
    for (input, data, meta) in cases {
        let error = decide(operation, input, data, meta)
            .map(|next| next.as_ref().map(query))
            .expect_err("unreadable");
        assert_eq!((error.class(), error.is_retryable()), (Class::Decode, false));
        assert!(error.to_string().contains(words), "{input:?} {data} {meta}: {error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}

#[test]
fn a_list_ends_at_its_total_with_a_short_or_empty_page() {
    let of = |total: &str| format!(r#"{{"pages":{{"total":{total}}}}}"#);
    let (three, most) = (of("3"), of("18446744073709551615"));
    check(
        &BY_PAGE,
        vec![
            (none(), "[1,2]", &three, Some("p=2")),
            (page("2"), "[1,2]", &three, Some("p=3")),
            (page("2"), "[1]", &three, Some("p=3")),
            // Before the total even an empty page ends nothing.
            (page("2"), "[]", &three, Some("p=3")),
            (page("3"), "[1]", &three, None),
            (page("3"), "[]", &three, None),
            (page("9"), "[]", &three, None),
            // A last page as large as requested is followed by one more request.
            (page("3"), "[1,2]", &three, Some("p=4")),
            // Items behind the total show that the total is wrong.
            (page("4"), "[1]", &three, Some("p=5")),
            (page("18446744073709551614"), "[1,2]", &most, Some("p=18446744073709551615")),
            (page("soon"), "[1,2]", &three, Some("p=2")),
        ],
    );
    refuse(&BY_PAGE, "too large", &[(page("18446744073709551615"), "[1,2]", &most)]);
    let kept = ListThings { word: Some("a b".to_owned()), limit: Some(3), ..page("1") };
    check(&BY_PAGE, vec![(kept, "[1,2,3]", &three, Some("p=2&per_page=3&word:like=a%20b"))]);
}

#[test]
fn a_text_that_holds_a_number_counts_as_the_number() {
    let of = |total: &str| format!(r#"{{"pages":{{"total":{total}}}}}"#);
    for two in ["2", r#""2""#, r#"" 2 ""#, "2.0", r#""2.00""#] {
        let meta = of(two);
        check(&BY_PAGE, vec![(none(), "[1]", &meta, Some("p=2")), (page("2"), "[1]", &meta, None)]);
    }
    for unreadable in ["{}", "[1]", "true", "-1", r#""-1""#, "2.5", r#""two""#, "1e2", r#""+2""#, "1e400"] {
        let meta = of(unreadable);
        refuse(&BY_PAGE, "cannot read `pages.total`", &[(none(), "[1]", &meta), (page("9"), "[]", &meta)]);
    }
}

#[test]
fn an_absent_total_means_reading_to_an_empty_page() {
    let asking = |limit| ListThings { limit: Some(limit), ..none() };
    let absent = [
        "",
        "{}",
        "null",
        "[]",
        r#""""#,
        r#"{"pages":null}"#,
        r#"{"pages":[]}"#,
        r#"{"pages":{"total":null}}"#,
    ];
    for (operation, metas) in [
        (&BY_PAGE, [absent.as_slice(), &[r#"{"pages":{"total":""}}"#]].concat()),
        (&BY_PAGE_ALONE, absent.to_vec()),
    ] {
        for meta in metas {
            check(
                operation,
                vec![
                    (none(), "[1,2]", meta, Some("p=2")),
                    (none(), "[1]", meta, Some("p=2")),
                    (none(), "[]", meta, None),
                    (asking(1), "[1]", meta, Some("per_page=1&p=2")),
                    (asking(250), "[1,2]", meta, Some("per_page=250&p=2")),
                ],
            );
        }
    }
    refuse(&BY_PAGE, "stands in no object", &[(none(), "[1]", r#"{"pages":7}"#), (none(), "[1]", "[1]")]);
}

#[test]
fn a_short_page_ends_a_list_where_the_manifest_declares_it() {
    let asking = |limit| ListThings { limit: Some(limit), ..none() };
    check(
        &BY_PAGE_SHORT,
        vec![
            (none(), "[1]", "", None),
            (none(), "[1,2]", "", Some("p=2")),
            (asking(3), "[1,2]", "", None),
            // The API gives three at most.
            (asking(250), "[1,2,3]", "", Some("per_page=250&p=2")),
        ],
    );
}

#[test]
fn both_totals_must_be_reached() {
    let of = |pages: &str, items: &str| format!(r#"{{"pages":{{"total":{pages},"items":{items}}}}}"#);
    check(
        &BY_PAGE_AND_ITEMS,
        vec![
            (none(), "[1]", &of("1", "1"), None),
            (none(), "[1]", &of("1", "5"), Some("p=2")),
            (none(), "[1]", &of("2", "1"), Some("p=2")),
            (none(), "[1]", &of("null", "5"), Some("p=2")),
            (page("2"), "[3]", &of("null", "3"), None),
            (page("2"), "[]", &of("2", "5"), None),
            (page("2"), "[]", &of("null", "5"), Some("p=3")),
            (page("4"), "[]", &of("null", "5"), None),
        ],
    );
}

#[test]
fn pages_may_begin_at_zero() {
    check(
        &BY_PAGE_FROM_ZERO,
        vec![
            (none(), "[1,2]", r#"{"total":2}"#, Some("p=1")),
            (page("1"), "[1]", r#"{"total":2}"#, None),
            (none(), "[1]", r#"{"total":1}"#, None),
            (none(), "[]", r#"{"total":0}"#, None),
            (none(), "[1]", r#"{"total":0}"#, Some("p=1")),
        ],
    );
}

#[test]
fn offsets_skip_what_came() {
    check(
        &BY_OFFSET,
        vec![
            (none(), "[1,2]", "", Some("offset=2")),
            (skip("2"), "[3,4]", "", Some("offset=4")),
            (skip("2"), "[3]", "", Some("offset=3")),
            (skip("2"), "[]", "", None),
        ],
    );
    refuse(&BY_OFFSET, "too large", &[(skip("18446744073709551615"), "[1,2]", "")]);
    check(
        &BY_OFFSET_OF_ITEMS,
        vec![
            (none(), "[1]", r#"{"total":"5"}"#, Some("offset=1")),
            (skip("4"), "[5]", r#"{"total":5}"#, None),
            (skip("3"), "[4,5]", r#"{"total":5}"#, Some("offset=5")),
            (skip("2"), "[]", r#"{"total":5}"#, Some("offset=4")),
            (skip("6"), "[]", r#"{"total":5}"#, None),
        ],
    );
}

#[test]
fn a_mark_is_passed_on_until_it_is_absent_null_or_empty() {
    let next = |mark: &str| format!(r#"{{"cursor":{{"next":{mark}}}}}"#);
    check(
        &BY_CURSOR,
        vec![
            (none(), "[1,2]", &next(r#""a b+/=""#), Some("after=a%20b%2B%2F%3D")),
            (mark("a"), "[1]", &next(r#""b""#), Some("after=b")),
            // Nothing but the mark counts: a page without items ends nothing.
            (mark("a"), "[]", &next(r#""b""#), Some("after=b")),
            (mark("a"), "[1,2]", &next("7"), Some("after=7")),
            (
                mark("a"),
                "[1]",
                &next("1712345678901234567890.000100"),
                Some("after=1712345678901234567890.000100"),
            ),
            (mark("a"), "[1,2]", &next(r#""""#), None),
            (mark("a"), "[1,2]", &next("null"), None),
            (mark("a"), "[1,2]", "{}", None),
            (mark("a"), "[1,2]", "", None),
        ],
    );
    for unreadable in ["{}", r#"{"id":1}"#, r#"["b"]"#, "true", "false"] {
        refuse(&BY_CURSOR, "cannot read `cursor.next`", &[(mark("a"), "[1]", &next(unreadable))]);
    }
    refuse(&BY_CURSOR, "stands in no object", &[(mark("a"), "[1]", r#"{"cursor":7}"#)]);
    refuse(&BY_CURSOR, "loop", &[(mark("b"), "[1,2]", &next(r#""b""#)), (mark("b"), "[]", &next(r#""b""#))]);
}

#[test]
fn a_flag_decides_before_the_total_and_the_size_of_a_page() {
    for (flag, goes_on) in [
        ("true", true),
        ("1", true),
        (r#""true""#, true),
        (r#""True""#, true),
        (r#""1""#, true),
        ("false", false),
        ("0", false),
        (r#""false""#, false),
        (r#""0""#, false),
    ] {
        let meta = format!(r#"{{"more":{flag}}}"#);
        let expected = goes_on.then_some("p=2");
        check(&BY_PAGE_FLAG, vec![(none(), "[1,2]", &meta, expected), (none(), "[]", &meta, expected)]);
        let meta = format!(r#"{{"more":{flag},"cursor":{{"next":"b"}}}}"#);
        let expected = goes_on.then_some("after=b");
        check(
            &BY_CURSOR_FLAG,
            vec![(mark("a"), "[]", &meta, expected), (mark("a"), "[1,2]", &meta, expected)],
        );
    }
    // Without the flag everything is as if none was declared.
    check(&BY_PAGE_FLAG, vec![(none(), "[1]", "{}", Some("p=2")), (none(), "[]", "", None)]);
    for unreadable in [r#""maybe""#, "2", "-1", "0.5", "{}", "[true]"] {
        let meta = format!(r#"{{"more":{unreadable}}}"#);
        refuse(&BY_PAGE_FLAG, "cannot read `more`", &[(none(), "[1]", &meta)]);
    }
}

#[test]
fn a_flag_that_announces_a_page_without_a_mark_is_an_error() {
    for meta in [
        r#"{"more":true}"#,
        r#"{"more":"true","cursor":null}"#,
        r#"{"more":1,"cursor":{"next":null}}"#,
        r#"{"more":true,"cursor":{"next":""}}"#,
    ] {
        let cases = [(none(), "[1,2]", meta), (none(), "[]", meta)];
        refuse(&BY_CURSOR_FLAG, "announces another page", &cases);
    }
}

#[test]
fn a_link_is_resolved_and_only_its_query_is_followed() {
    let next = |link: &str| format!(r#"{{"links":{{"next":"{link}"}}}}"#);
    let both = || ListThings { ids: Some(vec![1, 2]), word: Some("x".to_owned()), ..none() };
    check(
        &BY_LINK,
        vec![
            (none(), "[1,2]", &next("?p=2&per_page=2"), Some("p=2&per_page=2")),
            (none(), "[]", &next("?p=2"), Some("p=2")),
            (none(), "[1]", &next("/v1/things?p=2"), Some("p=2")),
            (none(), "[1]", &next("things?p=2"), Some("p=2")),
            (none(), "[1]", &next("/v1/things/?p=2"), Some("p=2")),
            (none(), "[1]", &next("/v1/%74hings?p=2"), Some("p=2")),
            (none(), "[1,2]", &next("https://api.acme.example/v1/things?p=2#end"), Some("p=2")),
            (none(), "[1,2]", &next("https://API.acme.example:443/v1/x/../things?p=2"), Some("p=2")),
            (none(), "[1,2]", &next("//api.acme.example/v1/things?p=2"), Some("p=2")),
            (page("1"), "[1,2]", &next("?p=2"), Some("p=2")),
            (both(), "[1,2]", &next("?id=1&p=2&id=2"), Some("word:like=x&id=1&id=2&p=2")),
            (both(), "[1,2]", &next("?id=3&word%3Alike=y%20z"), Some("word:like=y%20z&id=3")),
            // A credential in a link is never taken over: the connection adds its own.
            (none(), "[1,2]", &next("?p=2&key=s3cr3t&k%65y=s3cr3t"), Some("p=2")),
            (none(), "[1,2]", &next(""), None),
            (none(), "[1,2]", r#"{"links":{"next":null}}"#, None),
            (none(), "[1,2]", r#"{"links":{}}"#, None),
            (none(), "[1,2]", "", None),
        ],
    );
    for elsewhere in [
        "https://evil.example/v1/things?p=2&key=s3cr3t",
        "http://api.acme.example/v1/things?p=2",
        "https://api.acme.example:8443/v1/things?p=2",
        "https://api.acme.example.evil.example/v1/things?p=2",
        "//evil.example/v1/things?p=2",
        "data:text/plain,p=2",
    ] {
        refuse(&BY_LINK, "another server", &[(none(), "[1]", &next(elsewhere))]);
    }
    for elsewhere in ["/v2/things?p=2", "https://api.acme.example/v1/others?p=2&key=s3cr3t", "../things?p=2"]
    {
        refuse(&BY_LINK, "another path", &[(none(), "[1]", &next(elsewhere))]);
    }
    refuse(&BY_LINK, "no address", &[(none(), "[1]", &next("https://[?p=2"))]);
    refuse(&BY_LINK, "cannot read `links.next`", &[(none(), "[1]", r#"{"links":{"next":{"href":"?p=2"}}}"#)]);
    let loops = ["?p=2", "things?p=2", "", "#top"].map(next);
    refuse(
        &BY_LINK,
        "loop",
        &[(page("2"), "[1]", &loops[0]), (page("2"), "[]", &loops[1]), (none(), "[1]", &loops[3])],
    );
}

#[test]
fn what_is_no_list_has_no_next_page_and_ends_nothing() {
    check(&NO_PAGES, vec![(none(), "[1,2]", r#"{"links":{"next":"?p=2"}}"#, None)]);
    for operation in [&BY_PAGE, &BY_OFFSET, &BY_CURSOR, &BY_LINK] {
        for data in ["null", "{}", r#""text""#, "7"] {
            let meta = r#"{"pages":{"total":3},"cursor":{"next":"b"},"links":{"next":"?p=2"}}"#;
            refuse(operation, "no list", &[(none(), data, meta)]);
        }
    }
}

#[test]
fn an_outlook_says_how_sure_the_next_page_is() {
    let outlook = |operation, input, data, meta: &str| {
        decide(operation, &input, data, meta).expect("readable").expect("a page").outlook
    };
    let of = |total: u8| format!(r#"{{"pages":{{"total":{total}}}}}"#);
    assert_eq!(outlook(&BY_PAGE, none(), "[1]", &of(2)), Outlook::Announced);
    assert_eq!(outlook(&BY_PAGE, none(), "[1,2]", &of(1)), Outlook::Possible);
    assert_eq!(outlook(&BY_PAGE_ALONE, none(), "[1,2]", ""), Outlook::Likely);
    assert_eq!(outlook(&BY_PAGE_ALONE, none(), "[1]", ""), Outlook::Possible);
    assert_eq!(outlook(&BY_PAGE_FLAG, none(), "[]", r#"{"more":true}"#), Outlook::Announced);
    assert_eq!(outlook(&BY_CURSOR, none(), "[]", r#"{"cursor":{"next":1}}"#), Outlook::Announced);
}

#[test]
fn a_request_tells_where_it_stands_by_the_name_of_its_input() {
    let position = |operation: &'static Operation, input: ListThings, meta: &str| {
        let next = decide(operation, &input, "[1,2]", meta).expect("readable").expect("a page");
        let request = Request::new(operation, &input).expect("no constraints");
        (page_position(&request), page_position(&next.request))
    };
    let at = |name, value: &str| Some((name, value.to_owned()));
    assert_eq!(position(&BY_PAGE, none(), r#"{"pages":{"total":9}}"#), (None, at("page", "2")));
    assert_eq!(position(&BY_PAGE, page("4"), r#"{"pages":{"total":9}}"#), (at("page", "4"), at("page", "5")));
    assert_eq!(position(&BY_OFFSET, none(), "{}"), (None, at("skip", "2")));
    assert_eq!(position(&BY_CURSOR, none(), r#"{"cursor":{"next":"a+b/=%"}}"#), (None, at("mark", "a+b/=%")));
    assert_eq!(position(&BY_LINK, none(), r#"{"links":{"next":"?p=7"}}"#), (None, None));
}

#[test]
fn the_number_of_all_items_is_read_where_the_manifest_declares_it() {
    let total = |operation: &'static Operation, meta: &str| {
        let request = Request::new(operation, &none()).expect("no constraints");
        let reply = Reply {
            data: (),
            json: json("[]"),
            unreadable: Vec::new(),
            meta: Some(json(meta)),
            status: 200,
            request_id: None,
        };
        total_items(&request, &reply)
    };
    assert_eq!(total(&BY_OFFSET_OF_ITEMS, r#"{"total":"12"}"#), Some(12));
    assert_eq!(total(&BY_OFFSET_OF_ITEMS, r#"{"total":{}}"#), None);
    assert_eq!(total(&BY_OFFSET, r#"{"total":12}"#), None);
}
