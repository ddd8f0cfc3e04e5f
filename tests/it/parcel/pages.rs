//! Every paging style, walked from the first page to its end.

use std::sync::atomic::{AtomicUsize, Ordering};

use connector_runtime::{Action, Class, Error};
use connector_tests::with;
use parcel_connector::actions::{ListByCursor, ListByLink, ListByNumber, ListByOffset, ListByPage};
use parcel_connector::types::ParcelType;
use serde_json::json;

use super::vendor::{Answer, Received, Vendor, answer};

/// More pages than any list here has.
const PATIENCE: usize = 40;

/// The ids on all pages, what each request asked for, and the error that ended the walk.
async fn walk_until<A: Action>(
    action: &A,
    respond: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> (Vec<String>, Vec<String>, Option<Error>) {
    let vendor = Vendor::start(respond).await;
    let mut pages = vendor.client().pages_from(action.request().unwrap());
    let (mut ids, mut error) = (Vec::new(), None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(reply) => {
                let items: Vec<serde_json::Value> = reply.json.parse().unwrap();
                ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            }
            Err(fault) => {
                error = Some(fault);
                break;
            }
        }
        assert!(vendor.received().len() < PATIENCE, "paging never ends");
    }
    let targets = vendor.received();
    let query = |request: &Received| {
        request.own_target().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    };
    (ids, targets.iter().map(query).collect(), error)
}

/// The same for a walk that reaches the end.
async fn walk<A: Action>(
    action: &A,
    respond: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> (Vec<String>, Vec<String>) {
    let (ids, queries, error) = walk_until(action, respond).await;
    assert!(error.is_none(), "{error:?}");
    (ids, queries)
}

/// Items from one number up to another, of five in all.
fn items(from: usize, to: usize) -> serde_json::Value {
    (from..to.min(5)).map(|id| json!({"id": id.to_string()})).collect()
}

fn number(request: &Received, name: &str, otherwise: usize) -> usize {
    request.query(name).map_or(otherwise, |text| text.parse().unwrap())
}

const ALL: [&str; 5] = ["0", "1", "2", "3", "4"];

#[tokio::test]
async fn pages_are_counted_from_the_first_to_the_total() {
    let (ids, queries) = walk(&with(ListByPage::default(), |input| input.limit = Some(2)), |request| {
        let page = number(request, "page:no", 0);
        let body = json!({"data": items(page * 2, page * 2 + 2), "meta": {"pagination": {"total_pages": 3}}});
        answer(200, body.to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["limit=2", "limit=2&page:no=1", "limit=2&page:no=2"]);
}

#[tokio::test]
async fn a_short_page_is_the_last_where_the_manifest_declares_it() {
    let (ids, queries) = walk(
        &with(ListByNumber::default(), |input| {
            input.limit = Some(2);
            input.page = Some(2);
        }),
        |request| {
            let page = number(request, "page", 1);
            answer(200, items(page * 2 - 2, page * 2).to_string())
        },
    )
    .await;
    assert_eq!(ids, ALL[2..]);
    assert_eq!(queries, ["limit=2&page=2", "limit=2&page=3"]);
}

#[tokio::test]
async fn offsets_grow_by_what_came() {
    let (ids, queries) = walk(&ListByOffset::default(), |request| {
        let skip = number(request, "skip", 0);
        answer(200, items(skip, skip + 2).to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["", "skip=2", "skip=4", "skip=5"]);
}

#[tokio::test]
async fn an_exact_last_page_is_followed_by_an_empty_one() {
    let (ids, queries) = walk(&with(ListByOffset::default(), |input| input.limit = Some(5)), |request| {
        let skip = number(request, "skip", 0);
        answer(200, items(skip, skip + 5).to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["limit=5", "limit=5&skip=5"]);
}

#[tokio::test]
async fn marks_are_sent_back_encoded_and_nothing_else_changes() {
    let input = with(ListByCursor::default(), |input| {
        input.kind = Some(ParcelType::AB);
        input.tags = Some(vec!["x".into(), "y".into()]);
    });
    let (ids, queries) = walk(&input, |request| {
        let (from, next) = match request.query("after") {
            None => (0, json!("a+b/=")),
            Some("a%2Bb%2F%3D") => (2, json!("z")),
            _ => (4, serde_json::Value::Null),
        };
        let body = json!({"data": items(from, from + 2), "meta": {"cursors": {"next": next}}});
        answer(200, body.to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    let rest = "tags=x&tags=y&kind=a%20b";
    assert_eq!(queries, [rest.to_owned(), format!("{rest}&after=a%2Bb%2F%3D"), format!("{rest}&after=z")]);
}

#[tokio::test]
async fn links_change_the_query_and_never_the_server() {
    let input = with(ListByLink::default(), |input| input.tags = Some(vec!["x".into(), "y".into()]));
    let link = |first: &'static str| {
        move |request: &Received| {
            assert!(request.target.starts_with("/by-link?"), "{}", request.target);
            let at = number(request, "from", 0);
            let next = match at {
                0 => json!(first),
                2 => json!("?from=4&tags=x&tags=y&sig:key=of%20an%20answer"),
                _ => serde_json::Value::Null,
            };
            answer(200, json!({"items": items(at, at + 2), "links": {"next": next}}).to_string())
        }
    };
    let own = "https://next.parcel.example/by-link?tags=x&tags=y&from=2#top";
    let (ids, queries) = walk(&input, link(own)).await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["tags=x&tags=y", "tags=x&tags=y&from=2", "tags=x&tags=y&from=4"]);
    for elsewhere in ["https://evil.example/by-link?from=2", "/other?from=2"] {
        let (ids, queries, error) = walk_until(&input, link(elsewhere)).await;
        assert_eq!((ids.len(), queries.len()), (0, 1), "nothing is sent there");
        assert_eq!(error.unwrap().class(), Class::Decode);
    }
}

#[tokio::test]
async fn marks_flags_and_totals_decide_before_the_number_of_items() {
    // Pages of one although two were requested, and an empty page in the middle.
    let at = |page: usize| if matches!(page, 0 | 2) { page..page + 1 } else { 0..0 };
    let list = move |page: usize| -> serde_json::Value {
        at(page).map(|id| json!({"id": id.to_string()})).collect()
    };
    let (ids, _) = walk(&with(ListByPage::default(), |input| input.limit = Some(2)), move |request| {
        let page = number(request, "page:no", 0);
        let meta = json!({"pagination": {"total_pages": "3", "total": "2"}});
        answer(200, json!({"data": list(page), "meta": meta}).to_string())
    })
    .await;
    assert_eq!(ids, ["0", "2"]);
    let (ids, queries) = walk(&ListByCursor::default(), move |request| {
        let page = number(request, "after", 0);
        let meta = json!({"cursors": {"next": page + 1, "more": page < 2}});
        answer(200, json!({"data": list(page), "meta": meta}).to_string())
    })
    .await;
    assert_eq!((ids.len(), queries.len()), (2, 3));
    let (_, _, error) = walk_until(&ListByCursor::default(), move |_| {
        answer(200, json!({"data": list(0), "meta": {"cursors": {"next": "", "more": true}}}).to_string())
    })
    .await;
    assert_eq!(error.unwrap().class(), Class::Decode);
}

#[tokio::test]
async fn the_declared_answers_past_the_end_end_a_list() {
    let full = with(ListByPage::default(), |input| input.limit = Some(1));
    for (status, code, is_end) in
        [(404, "", true), (400, "no_such_page", true), (400, "wrong_filter", false), (410, "", false)]
    {
        let (ids, queries, error) = walk_until(&full, move |request| match number(request, "page:no", 0) {
            0 => answer(200, json!({"data": items(0, 1), "meta": {}}).to_string()),
            _ => answer(status, json!({"error": {"code": code}}).to_string()),
        })
        .await;
        assert_eq!((ids.len(), queries.len(), error.is_none()), (1, 2, is_end), "{status} {code}");
    }
}

#[tokio::test]
async fn lists_that_never_end_are_errors() {
    let endless = |request: &Received, calls: &AtomicUsize| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        let from = call * 2;
        let meta = json!({"pagination": {"total_pages": 1_000_000}, "cursors": {"next": format!("m{call}")}});
        let link = json!({"next": format!("?n={call}")});
        let list = items(from, from + 2);
        match request.target.contains("/v1/") {
            true => answer(200, list.to_string()),
            false => {
                answer(200, json!({"data": list, "items": list, "meta": meta, "links": link}).to_string())
            }
        }
    };
    let respond = || {
        let calls = AtomicUsize::new(0);
        move |request: &Received| endless(request, &calls)
    };
    // Five items on pages of two, and then empty pages that announce more.
    let announced = 3 + connector_runtime::MOST_EMPTY_PAGES as usize;
    for (ids, queries, error) in [
        walk_until(&ListByPage::default(), respond()).await,
        walk_until(&ListByCursor::default(), respond()).await,
        walk_until(&ListByLink::default(), respond()).await,
    ] {
        assert_eq!((ids.len(), queries.len()), (5, announced));
        assert_eq!(error.unwrap().class(), Class::Decode);
    }
    // Where nothing announces more, the first empty page is the end.
    let exact = with(ListByNumber::default(), |input| {
        input.limit = Some(1);
        input.page = None;
    });
    assert_eq!(walk(&exact, respond()).await.1.len(), 4);
}
