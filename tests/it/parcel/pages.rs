//! Every paging style, walked from the first page to its end.

use std::sync::atomic::{AtomicUsize, Ordering};

use connector_runtime::{Action, next_page};
use parcel_connector::actions::{ListByCursor, ListByLink, ListByNumber, ListByOffset, ListByPage};
use parcel_connector::types::ParcelType;
use serde_json::json;

use super::vendor::{Answer, Received, Vendor, answer};

/// More pages than any list here has.
const PATIENCE: usize = 20;

/// The ids on all pages, and what each request asked for.
async fn walk<A: Action>(
    action: &A,
    respond: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> (Vec<String>, Vec<String>) {
    let vendor = Vendor::start(respond).await;
    let client = vendor.client();
    let mut next = Some(action.request().unwrap());
    let mut ids = Vec::new();
    for _ in 0..PATIENCE {
        let Some(request) = next else { break };
        let reply = client.send(request.clone()).await.unwrap();
        let items: Vec<serde_json::Value> = reply.json.parse().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        next = next_page(&request, &reply);
        assert!(vendor.received().len() < PATIENCE, "paging never ends");
    }
    let targets = vendor.received();
    let query = |request: &Received| {
        request.own_target().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    };
    (ids, targets.iter().map(query).collect())
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
    let (ids, queries) = walk(&ListByPage { limit: Some(2), ..ListByPage::default() }, |request| {
        let page = number(request, "page:no", 0);
        let body = json!({"data": items(page * 2, page * 2 + 2), "meta": {"pagination": {"total_pages": 3}}});
        answer(200, body.to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["limit=2", "limit=2&page:no=1", "limit=2&page:no=2"]);
}

#[tokio::test]
async fn a_short_page_is_the_last_where_no_total_is_told() {
    let (ids, queries) = walk(&ListByNumber { limit: Some(2), page: Some(2) }, |request| {
        let page = number(request, "page", 1);
        answer(200, items(page * 2 - 2, page * 2).to_string())
    })
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
    assert_eq!(queries, ["", "skip=2", "skip=4"]);
}

#[tokio::test]
async fn an_exact_last_page_is_followed_by_an_empty_one() {
    let (ids, queries) = walk(&ListByOffset { limit: Some(5), ..ListByOffset::default() }, |request| {
        let skip = number(request, "skip", 0);
        answer(200, items(skip, skip + 5).to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["limit=5", "limit=5&skip=5"]);
}

#[tokio::test]
async fn marks_are_sent_back_encoded_and_nothing_else_changes() {
    let input = ListByCursor {
        kind: Some(ParcelType::AB),
        tags: Some(vec!["x".into(), "y".into()]),
        ..ListByCursor::default()
    };
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
    let input = ListByLink { tags: Some(vec!["x".into(), "y".into()]), ..ListByLink::default() };
    let (ids, queries) = walk(&input, |request| {
        let from = number(request, "from", 0);
        let next = match from {
            0 => json!("https://evil.example/other?tags=x&tags=y&from=2#top"),
            2 => json!("?from=4&tags=x&tags=y"),
            _ => serde_json::Value::Null,
        };
        assert!(request.target.starts_with("/by-link?"), "{}", request.target);
        answer(200, json!({"items": items(from, from + 2), "links": {"next": next}}).to_string())
    })
    .await;
    assert_eq!(ids, ALL);
    assert_eq!(queries, ["tags=x&tags=y", "tags=x&tags=y&from=2", "tags=x&tags=y&from=4"]);
}

#[tokio::test]
async fn a_page_without_items_ends_a_list_that_promises_more() {
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
    // Five items on pages of two, and one page that is empty: what it says of a next one is not believed.
    assert_eq!(walk(&ListByPage::default(), respond()).await.1.len(), 4);
    assert_eq!(walk(&ListByCursor::default(), respond()).await.1.len(), 4);
    assert_eq!(walk(&ListByLink::default(), respond()).await.1.len(), 4);
    let exact = ListByNumber { limit: Some(1), page: None };
    assert_eq!(walk(&exact, respond()).await.1.len(), 4);
}
