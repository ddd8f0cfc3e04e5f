//! All pages of a list: they end, they go on after a failure, and they never go on for ever.

use bytes::Bytes;
use connector_runtime::{
    Action, Class, Operation, Paging, PagingStyle, Parameter, Patience, Returns, impl_input,
};
use futures_util::TryStreamExt as _;

use crate::scripted_api::{API, Outcome, ScriptedApi, answer};

#[derive(Default)]
pub(crate) struct ListThings {
    page: Option<i64>,
    limit: Option<i64>,
}

impl_input!(ListThings { "page" => page, "limit" => limit });

impl Action for ListThings {
    type Output = Vec<i64>;
    const OPERATION: &'static Operation = &LIST;
}

static PAGING: Paging =
    Paging::new(PagingStyle::Page { parameter: "page", first: 1, total: None }, "limit", 2, 250);

static LIST: Operation = Operation::get("list-things", &API, "/things")
    .parameters(&[Parameter::query("page"), Parameter::query("limit")])
    .returns(Returns::List)
    .paging(&PAGING);

/// The page that a request asks for of so many things.
fn page_of(request: &http::Request<Bytes>, things: u64) -> Outcome {
    let number = |name: &str, default: u64| {
        let query = request.uri().query().unwrap_or_default();
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map_or(default, |value| value.parse().unwrap())
    };
    let (page, limit) = (number("page", 1), number("limit", 2));
    let first = (page - 1) * limit;
    let items: Vec<String> = (first..things.min(first + limit)).map(|thing| thing.to_string()).collect();
    if items.is_empty() { answer(204, &[], "") } else { answer(200, &[], &format!("[{}]", items.join(","))) }
}

#[tokio::test(start_paused = true)]
async fn a_million_items_come_in_order_with_one_page_at_a_time() {
    let api = ScriptedApi::new(|request| page_of(request, 1_000_000));
    let items = api.client(Patience::Unlimited).pages(&ListThings::default()).unwrap().items();
    let count = items
        .try_fold(0, async |expected, item| {
            assert_eq!(item, expected);
            Ok(expected + 1)
        })
        .await
        .unwrap();
    assert_eq!((count, api.count()), (1_000_000, 4_001), "pages are as large as the API allows");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_asked_for_again() {
    let mut fails = true;
    let api = ScriptedApi::new(move |request| {
        let is_third = request.uri().query().is_some_and(|query| query.contains("page=3"));
        if is_third && std::mem::take(&mut fails) { answer(403, &[], "") } else { page_of(request, 7) }
    });
    let client = api.client(Patience::Unlimited);
    let mut pages = client.pages(&ListThings { limit: Some(2), ..ListThings::default() }).unwrap();
    let mut items = Vec::new();
    let mut failures = 0;
    while let Some(page) = pages.next().await {
        match page {
            Ok(reply) => items.extend(reply.data),
            Err(error) => {
                assert_eq!(error.class(), Class::AuthScope);
                assert_eq!(pages.position().unwrap().path_and_query(), "/things?limit=2&page=3");
                failures += 1;
            }
        }
    }
    assert_eq!((items, failures), ((0..7).collect::<Vec<i64>>(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_fit_its_type_is_not_passed_over() {
    let mut misfits = true;
    let api = ScriptedApi::new(move |request| {
        if std::mem::take(&mut misfits) { answer(200, &[], r#"[1,"x"]"#) } else { page_of(request, 3) }
    });
    let client = api.client(Patience::Unlimited);
    let mut pages = client.pages(&ListThings { limit: Some(2), ..ListThings::default() }).unwrap();
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!((error.class(), error.violations()[0].field()), (Class::Decode, "[1]"));
    assert_eq!(pages.next().await.unwrap().unwrap().data, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn another_program_goes_on_where_one_stopped() {
    let api = ScriptedApi::new(|request| page_of(request, 5));
    let client = api.client(Patience::Unlimited);
    let mut pages = client.pages_untyped("list-things", br#"{"limit": 2}"#).unwrap();
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.resume_with(), Some(("page", "2".to_owned())));
    let mut rest = client.pages_untyped("list-things", br#"{"limit": 2, "page": 2}"#).unwrap();
    assert_eq!(rest.next().await.unwrap().unwrap().json.as_str(), "[2,3]");
    assert_eq!(rest.next().await.unwrap().unwrap().json.as_str(), "[4]");
    assert_eq!(rest.next().await.unwrap().unwrap().json.as_str(), "[]");
    assert!(rest.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_place_in_the_list_keeps_the_size_of_its_pages() {
    let api = ScriptedApi::new(|request| page_of(request, 1_000));
    let client = api.client(Patience::Unlimited);
    // Page 2 of large pages would begin behind items that nobody has seen.
    let mut pages = client.pages_untyped("list-things", br#"{"page": 2}"#).unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().json.as_str(), "[2,3]");
    let mut large = client.pages_untyped("list-things", b"{}").unwrap();
    large.next().await.unwrap().unwrap();
    assert_eq!(large.resume_with(), Some(("page", "2".to_owned())));
    assert_eq!(large.page_size(), Some(("limit", "250".to_owned())));
    let mut rest = client.pages_untyped("list-things", br#"{"limit": 250, "page": 2}"#).unwrap();
    assert!(rest.next().await.unwrap().unwrap().json.as_str().starts_with("[250,251,"));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_repeats_itself_or_never_ends_is_an_error() {
    let same = ScriptedApi::new(|_| answer(200, &[], "[1,2]"));
    let small = ListThings { limit: Some(2), ..ListThings::default() };
    let mut pages = same.client(Patience::Unlimited).pages(&small).unwrap();
    pages.next().await.unwrap().unwrap();
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!((error.class(), error.is_retryable()), (Class::Decode, false));
    assert!(error.to_string().contains("repeats"), "{error}");

    let endless = ScriptedApi::new(|request| page_of(request, u64::MAX));
    let pages = endless.client(Patience::Unlimited).pages(&small).unwrap().at_most(9);
    let error = pages.items().try_for_each(async |_| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains("too many pages"), "{error}");
    assert_eq!(endless.count(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_items_has_one_page() {
    let api = ScriptedApi::new(|request| page_of(request, 0));
    let mut pages = api.client(Patience::Unlimited).pages(&ListThings::default()).unwrap();
    assert!(pages.next().await.unwrap().unwrap().data.is_empty());
    assert!(pages.next().await.is_none());
}
