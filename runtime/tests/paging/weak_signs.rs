//! Walks over servers that give weak, wrong or no signs of the end: all items come, or the walk fails.

use connector_runtime::{Class, MOST_EMPTY_PAGES};
use serde_json::{Value, json};

use crate::api::*;

fn answer(items: impl IntoIterator<Item = usize>, meta: &Value) -> (u16, String) {
    (200, json!({"data": items.into_iter().collect::<Vec<_>>(), "meta": meta}).to_string())
}

fn all(count: u64) -> Vec<u64> {
    (0..count).collect()
}

fn of_size(limit: i64) -> ListThings {
    ListThings { limit: Some(limit), ..ListThings::default() }
}

/// The items of a page, cut from so many.
fn cut(page: usize, size: usize, count: usize) -> std::ops::Range<usize> {
    (page - 1).saturating_mul(size).min(count)..page.saturating_mul(size).min(count)
}

#[tokio::test]
async fn a_short_page_before_a_full_page_ends_nothing() {
    let walked = walk(&BY_PAGE_ALONE, of_size(3), |query, _| match number(query, "p", 1) {
        1 => answer(0..2, &json!({})),
        2 => answer(2..5, &json!({})),
        _ => (204, String::new()),
    })
    .await;
    assert_eq!((walked.items, walked.error.is_none(), walked.queries.len()), (all(5), true, 3));
}

#[tokio::test]
async fn a_total_that_is_too_small_ends_nothing_after_a_full_page() {
    for total in [json!(1), json!("1"), json!(0)] {
        let walked = walk(&BY_PAGE, of_size(2), move |query, _| {
            answer(cut(number(query, "p", 1), 2, 5), &json!({"pages": {"total": total}}))
        })
        .await;
        assert_eq!((walked.items, walked.error.is_none()), (all(5), true));
    }
}

#[tokio::test]
async fn a_server_that_caps_the_size_of_pages_gives_all_items() {
    // Without a total, with a total of pages of the size that was requested, and by offset.
    for (operation, meta) in [
        (&BY_PAGE_ALONE, json!({})),
        (&BY_PAGE_AND_ITEMS, json!({"pages": {"total": 2, "items": 5}})),
        (&BY_PAGE, json!({"pages": {"total": 3}})),
    ] {
        let walked =
            walk(operation, of_size(3), move |query, _| answer(cut(number(query, "p", 1), 2, 5), &meta))
                .await;
        assert_eq!((walked.items, walked.error.is_none()), (all(5), true), "{operation:?}");
    }
    for (operation, meta) in [(&BY_OFFSET, json!({})), (&BY_OFFSET_OF_ITEMS, json!({"total": 5}))] {
        let walked = walk(operation, of_size(3), move |query, _| {
            let skip = number(query, "offset", 0);
            answer(skip.min(5)..(skip + 2).min(5), &meta)
        })
        .await;
        assert_eq!((walked.items, walked.error.is_none()), (all(5), true), "{operation:?}");
    }
}

#[tokio::test]
async fn pages_as_large_as_the_largest_before_are_full() {
    // Pages of two although three were requested, and a total that ends the list too early.
    let walked = walk(&BY_PAGE, of_size(3), |query, _| {
        answer(cut(number(query, "p", 1), 2, 7), &json!({"pages": {"total": 2}}))
    })
    .await;
    assert_eq!((walked.items, walked.error.is_none()), (all(7), true));
}

#[tokio::test]
async fn empty_pages_before_the_total_are_passed_over() {
    // The second page says nothing at all, as a 204 does: the total of the first page counts.
    for empty in [(204, String::new()), answer(0..0, &json!({"pages": {"total": 3}}))] {
        let walked = walk(&BY_PAGE, of_size(2), move |query, _| match number(query, "p", 1) {
            1 => answer(0..2, &json!({"pages": {"total": 3}})),
            3 => answer(2..4, &json!({"pages": {"total": 3}})),
            _ => empty.clone(),
        })
        .await;
        assert_eq!((walked.items, walked.error.is_none(), walked.queries.len()), (all(4), true, 4));
    }
}

#[tokio::test]
async fn numeric_marks_and_empty_pages_lead_on() {
    let walked = walk(&BY_CURSOR, of_size(2), |query, _| {
        let at = number(query, "after", 0);
        let next = if at < 4 { json!(at + 1) } else { Value::Null };
        answer(if at.is_multiple_of(2) { at..at + 1 } else { 0..0 }, &json!({"cursor": {"next": next}}))
    })
    .await;
    assert_eq!((walked.items, walked.error.is_none()), (vec![0, 2, 4], true));
}

#[tokio::test]
async fn the_declared_answer_past_the_end_ends_a_list_from_its_second_page_on() {
    let past = [
        (404, String::new()),
        (400, json!({"error": {"code": "no_page"}}).to_string()),
        (422, json!({"error": {"number": 7}}).to_string()),
    ];
    for past in past {
        let answers = past.clone();
        let walked = walk(&BY_PAGE_PAST, of_size(2), move |query, _| match number(query, "p", 1) {
            page @ 1..=2 => answer(cut(page, 2, 4), &json!({})),
            _ => answers.clone(),
        })
        .await;
        assert_eq!((walked.items, walked.error.is_none(), walked.queries.len()), (all(4), true, 3));
        // Whoever goes on behind the last page reads nothing more.
        let answers = past.clone();
        let third = ListThings { page: Some("3".to_owned()), ..of_size(2) };
        let rest = walk(&BY_PAGE_PAST, third, move |_, _| answers.clone()).await;
        assert_eq!((rest.items, rest.error.is_none()), (vec![], true));
        for first in [None, Some("1".to_owned())] {
            let answers = past.clone();
            let first = ListThings { page: first, ..of_size(2) };
            let walked = walk(&BY_PAGE_PAST, first, move |_, _| answers.clone()).await;
            assert_eq!(walked.error.expect("a first page that fails").status(), Some(past.0));
        }
    }
}

#[tokio::test]
async fn any_other_error_fails_the_walk() {
    for (status, body) in [
        (400, json!({"error": {"code": "no_pages"}}).to_string()),
        (400, json!({"error": "no_page"}).to_string()),
        (400, "no_page".to_owned()),
        (422, json!({"error": {"number": "8"}}).to_string()),
        (410, String::new()),
        (403, String::new()),
        (500, String::new()),
    ] {
        let walked = walk(&BY_PAGE_PAST, of_size(2), move |query, _| match number(query, "p", 1) {
            1 => answer(0..2, &json!({})),
            _ => (status, body.clone()),
        })
        .await;
        assert_eq!(walked.items, all(2));
        assert_eq!(walked.error.expect("an error").status(), Some(status));
    }
    // A style that declares nothing takes no error for the end.
    let walked = walk(&BY_PAGE_ALONE, of_size(2), |query, _| match number(query, "p", 1) {
        1 => answer(0..2, &json!({})),
        _ => (404, String::new()),
    })
    .await;
    assert_eq!(walked.error.expect("an error").class(), Class::NotFound);
}

#[track_caller]
fn failed(walked: Walked, words: &str) -> usize {
    let error = walked.error.expect("the walk fails");
    assert_eq!((error.class(), error.is_retryable()), (Class::Decode, false), "{error}");
    assert!(error.to_string().contains(words), "{error}");
    walked.queries.len()
}

#[tokio::test]
async fn the_same_mark_or_address_twice_is_an_error() {
    // a, b, a: not only the page before counts.
    let next = |count: usize| ["a", "b", "a", "b"][count.min(3)];
    let walked = walk(&BY_CURSOR, of_size(2), move |_, count| {
        answer([count], &json!({"cursor": {"next": next(count)}}))
    })
    .await;
    assert_eq!(failed(walked, "already read"), 3);
    let walked = walk(&BY_LINK, of_size(2), move |_, count| {
        let link = format!("?p={}", next(count));
        answer([count], &json!({"links": {"next": link}}))
    })
    .await;
    assert_eq!(failed(walked, "already read"), 3);
}

#[tokio::test]
async fn the_same_items_twice_are_an_error() {
    // The last page comes for ever, or an earlier page comes again.
    for pages in [[1, 2, 2, 2], [1, 2, 3, 1]] {
        let walked = walk(&BY_PAGE_ALONE, of_size(2), move |_, count| {
            let page = pages[count.min(3)];
            answer([page], &json!({}))
        })
        .await;
        failed(walked, "repeats the items");
    }
    // Empty pages are equal and no repetition.
    let walked = walk(&BY_CURSOR, of_size(2), |_, count| {
        let next = if count < 3 { json!(count + 1) } else { Value::Null };
        answer(0..0, &json!({"cursor": {"next": next}}))
    })
    .await;
    assert_eq!((walked.error.is_none(), walked.queries.len()), (true, 4));
}

#[tokio::test]
async fn too_many_pages_in_a_row_without_items_are_an_error() {
    for operation in [&BY_PAGE, &BY_PAGE_FLAG, &BY_CURSOR, &BY_LINK, &BY_OFFSET_OF_ITEMS] {
        let walked = walk(operation, of_size(2), |_, count| {
            let items = if count == 0 { 0..1 } else { 0..0 };
            let meta = json!({
                "pages": {"total": 1_000_000}, "total": 1_000_000, "more": true,
                "cursor": {"next": count + 1}, "links": {"next": format!("?p={}", count + 2)},
            });
            answer(items, &meta)
        })
        .await;
        assert_eq!(failed(walked, "in a row"), MOST_EMPTY_PAGES as usize + 1, "{operation:?}");
    }
    // Pages with items in between begin the count anew.
    let walked = walk(&BY_CURSOR, of_size(2), |_, count| {
        let next = if count < 99 { json!(count + 1) } else { Value::Null };
        answer((count..=count).filter(|count| count % 10 == 0), &json!({"cursor": {"next": next}}))
    })
    .await;
    assert_eq!((walked.items.len(), walked.error.is_none()), (10, true));
}

#[tokio::test]
async fn an_answer_that_is_no_list_ends_nothing() {
    for body in ["null", "{}", r#"{"data":null}"#, r#"{"data":{}}"#, r#"{"data":"x"}"#, "[]"] {
        for first in [0, 1] {
            let walked = walk(&BY_PAGE_ALONE, of_size(2), move |_, count| {
                if count < first { answer(0..2, &json!({})) } else { (200, body.to_owned()) }
            })
            .await;
            assert_eq!(walked.items.len(), first * 2);
            assert_eq!(walked.error.expect("no end").class(), Class::Decode, "{body}");
        }
    }
}
