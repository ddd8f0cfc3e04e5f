//! Lists of a vendor whose signs of the end are weak, wrong or absent: `call --all` and `backfill` read every item or fail.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

use super::*;

/// An answer to the request for a page of so many items.
type Answer = (u16, String);
type Respond = dyn Fn(u64, u64) -> Answer + Send + Sync;

/// A vendor whose lists answer as a test says.
struct Vendor {
    origin: String,
    _runtime: tokio::runtime::Runtime,
}

impl Vendor {
    fn start(respond: impl Fn(u64, u64) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let respond: Arc<Respond> = Arc::new(respond);
        let router = Router::new().fallback(any(page)).with_state(respond);
        runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { origin, _runtime: runtime }
    }
}

async fn page(
    State(respond): State<Arc<Respond>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let number = |name: &str, otherwise| query.get(name).map_or(Ok(otherwise), |text| text.parse());
    let (Ok(page), Ok(limit)) = (number("page", 1), number("limit", 50)) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let (status, body) = respond(page, limit);
    (StatusCode::from_u16(status).expect("a status"), body).into_response()
}

/// The lists of both versions, and the trigger whose search reads them.
const V2: (&str, &str) = ("list-orders", "order-created");
const V3: (&str, &str) = ("list-customers", "customer-created");

fn items(ids: Range<u64>) -> Vec<Value> {
    let item = |id: u64| json!({"id": id, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000"});
    ids.map(item).collect()
}

/// A page of v2.
fn v2(ids: Range<u64>) -> Answer {
    if ids.is_empty() { (204, String::new()) } else { (200, Value::from(items(ids)).to_string()) }
}

/// A page of v3 with what it says of its place.
fn v3(ids: Range<u64>, pagination: &Value) -> Answer {
    (200, json!({"data": items(ids), "meta": {"pagination": pagination}}).to_string())
}

/// The items of a page of this size, of so many in all.
fn cut(page: u64, size: u64, count: u64) -> Range<u64> {
    let before = (page - 1).saturating_mul(size).min(count);
    before..(before + size).min(count)
}

/// What came of a list: exit code, ids, and what stood on standard error.
fn call(vendor: &Vendor, action: &str, arguments: &[&str]) -> (i32, Vec<u64>, String) {
    let place = Place::new();
    let token = place.file("token", TOKEN);
    let action = format!("bigcommerce/{action}");
    let usual = ["call", &action, "--store-hash", "abc123", "--access-token-file", &token, "--json"];
    let usual = [&usual[..], &["--base-url", &vendor.origin, "--share-quota", "none"]].concat();
    let (code, stdout, stderr) = place.run([&usual[..], arguments].concat());
    let id = |line: &str| {
        let item: Value = serde_json::from_str(line).expect("a line is JSON");
        item["id"].as_u64().expect("an id")
    };
    let ids = if arguments.contains(&"--all") { stdout.lines().map(id).collect() } else { Vec::new() };
    (code, ids, stderr)
}

/// A search for missed events: exit code, what was told, and what stood on standard error.
fn backfill(vendor: &Vendor, trigger: &str) -> (i32, Value, String) {
    let place = Place::new();
    let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
    let (id, _) = place.add(&[
        "--access-token-file",
        &token,
        "--client-secret-file",
        &secret,
        "--base-url",
        &vendor.origin,
        "--trigger",
        trigger,
    ]);
    let (code, stdout, stderr) = place.run(["backfill", "--connection", &id, "--since", "2000d", "--json"]);
    let told = serde_json::from_str::<Value>(&stdout).map(|told| told["backfill"][0].clone());
    (code, told.unwrap_or_default(), stderr)
}

/// Both commands read all items of a list.
#[track_caller]
fn is_whole((action, trigger): (&str, &str), limit: &str, count: u64, vendor: &Vendor) {
    let (code, ids, stderr) = call(vendor, action, &["--all", "--limit", limit]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(ids, (0..count).collect::<Vec<_>>());
    let (code, told, stderr) = backfill(vendor, trigger);
    assert_eq!(
        (code, &told["new"], &told["looked_at"]),
        (0, &count.into(), &count.into()),
        "{told} {stderr}"
    );
}

/// Both commands fail with class `decode`.
#[track_caller]
fn is_refused((action, trigger): (&str, &str), words: &str, vendor: &Vendor) {
    let (code, _, stderr) = call(vendor, action, &["--all", "--limit", "50"]);
    let error: Value = serde_json::from_str(&stderr).expect("an error in JSON");
    assert_eq!((code != 0, &error["error"]["class"]), (true, &"decode".into()), "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
    let (code, _, stderr) = backfill(vendor, trigger);
    assert!(code != 0 && stderr.contains("decode") && stderr.contains(words), "{stderr}");
}

#[test]
fn pages_of_49_and_then_50_items_are_read_to_the_empty_page() {
    let vendor = Vendor::start(|page, _| match page {
        1 => v2(0..49),
        2 => v2(49..99),
        _ => v2(0..0),
    });
    is_whole(V2, "50", 99, &vendor);
}

#[test]
fn a_total_of_one_page_ends_no_list_after_a_full_page() {
    let vendor = Vendor::start(|page, limit| v3(cut(page, limit, 599), &json!({"total_pages": 1})));
    is_whole(V3, "250", 599, &vendor);
    // The request that only confirms the end is no page too many, unless it brings items.
    let (code, ids, stderr) = call(&vendor, V3.0, &["--all", "--limit", "250", "--max-pages", "1"]);
    assert_eq!((code, ids.len()), (1, 250), "{stderr}");
    assert!(stderr.contains("than the 1 that --max-pages allows") && stderr.contains("--page 2"), "{stderr}");
}

#[test]
fn pages_of_10_although_50_were_requested_are_read_to_the_end() {
    let vendor = Vendor::start(|page, _| v2(cut(page, 10, 25)));
    is_whole(V2, "50", 25, &vendor);
    // The vendor counts pages of the size that was requested, and the number of items shows it.
    for pagination in [json!({"total_pages": 1, "total": 25}), json!({"total_pages": 3}), json!({})] {
        let vendor = Vendor::start(move |page, _| v3(cut(page, 10, 25), &pagination));
        is_whole(V3, "50", 25, &vendor);
    }
}

#[test]
fn a_total_that_is_a_text_counts_as_a_number() {
    let vendor = Vendor::start(|page, _| v3(cut(page, 50, 75), &json!({"total_pages": "2"})));
    is_whole(V3, "50", 75, &vendor);
}

#[test]
fn an_empty_page_before_the_total_is_passed_over() {
    for is_204 in [false, true] {
        let vendor = Vendor::start(move |page, _| match page {
            1 => v3(0..50, &json!({"total_pages": 3})),
            3 => v3(50..100, &json!({"total_pages": 3})),
            _ if is_204 => v2(0..0),
            _ => v3(0..0, &json!({"total_pages": 3})),
        });
        is_whole(V3, "50", 100, &vendor);
    }
}

#[test]
fn an_answer_that_is_no_list_is_class_decode() {
    for (list, bodies) in [
        (V2, ["null", "{}", r#"{"orders":[]}"#, r#""none""#].as_slice()),
        (V3, &["null", "{}", r#"{"data":null}"#, r#"{"data":{}}"#, "[]"]),
    ] {
        for body in bodies {
            let first = Vendor::start(|_, _| (200, (*body).to_owned()));
            is_refused(list, "the answer", &first);
            // Neither does it end a list in the middle.
            let later = Vendor::start(move |page, limit| match page {
                1 if list == V2 => v2(0..limit),
                1 => v3(0..limit, &json!({})),
                _ => (200, (*body).to_owned()),
            });
            is_refused(list, "the answer", &later);
        }
    }
}

#[test]
fn signs_that_cannot_be_read_and_lists_without_end_are_class_decode() {
    let unreadable = [json!({}), json!([1]), json!(true), json!(-1), json!("many"), json!(1.5)];
    for total in unreadable {
        let vendor = Vendor::start(move |_, limit| v3(0..limit, &json!({"total_pages": total})));
        is_refused(V3, "pagination.total_pages", &vendor);
    }
    let same = Vendor::start(|_, limit| v2(0..limit));
    is_refused(V2, "repeats the items", &same);
    let cycle = Vendor::start(|page, limit| v2(cut(1 + page % 3, limit, limit * 3)));
    is_refused(V2, "repeats the items", &cycle);
    let empty = Vendor::start(|_, _| v3(0..0, &json!({"total_pages": 1_000_000})));
    is_refused(V3, "in a row have no items", &empty);
}

#[test]
fn an_error_in_the_middle_of_a_list_never_ends_it() {
    for status in [400, 404, 410, 422] {
        let vendor = Vendor::start(move |page, limit| match page {
            1 => v2(0..limit),
            _ => (status, "[]".to_owned()),
        });
        let (code, ids, stderr) = call(&vendor, V2.0, &["--all", "--limit", "50"]);
        assert_eq!((code != 0, ids.len()), (true, 50), "{stderr}");
        assert_eq!(backfill(&vendor, V2.1).0, 1);
    }
}

#[test]
fn a_single_call_fails_where_its_answer_cannot_be_read_and_names_the_next_page_where_it_may_be() {
    let vendor = Vendor::start(|_, _| v3(0..2, &json!({"total_pages": {}})));
    let (code, _, stderr) = call(&vendor, V3.0, &[]);
    assert!(code != 0 && stderr.contains("pagination.total_pages"), "{stderr}");
    let vendor = Vendor::start(|_, _| v2(0..2));
    let place = Place::new();
    let token = place.file("token", TOKEN);
    let text = place.ok(&[
        "call",
        "bigcommerce/list-orders",
        "--store-hash",
        "abc123",
        "--access-token-file",
        &token,
        "--base-url",
        &vendor.origin,
        "--share-quota",
        "none",
    ]);
    let hint = "items: 2; there may be more: --all lists every one, --page 2 the next page\n";
    assert!(text.ends_with(hint), "{text}");
}

#[test]
fn resources_that_a_search_cannot_read_are_reported_and_keep_its_beginning() {
    let item = |id: Value| json!({"id": id, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000"});
    let list = json!([item(json!(1)), item(Value::Null), item(json!({"value": 3}))]).to_string();
    let vendor = Vendor::start(move |page, _| if page == 1 { (200, list.clone()) } else { v2(0..0) });
    let place = Place::new();
    let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
    let usual =
        ["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &vendor.origin];
    let (id, _) = place.add(&[&usual[..], &["--trigger", "order-created"]].concat());
    let search = ["backfill", "--connection", &id, "--since", "2000d"];
    let (code, _, stderr) = place.run(search);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("cannot read the id or the time of 2 of 3 resources"), "{stderr}");
    // What can be read is stored, and no later search begins behind what cannot.
    let told: Value = serde_json::from_str(&place.ok(&["activations", "list", "--json"])).expect("JSON");
    assert_eq!(told["activations"].as_array().map(Vec::len), Some(1), "{told}");
    let (code, _, stderr) = place.run(&search[..3]);
    assert!(code == 2 && stderr.contains("give --since"), "{stderr}");
}

#[test]
fn no_webhook_is_made_anew_because_the_list_of_webhooks_gave_a_weak_sign() {
    const PUBLIC: &str = "https://hooks.shop-engine.net";
    let place = Place::new();
    let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
    let path = Arc::new(std::sync::OnceLock::<String>::new());
    let known = Arc::clone(&path);
    let hook = |id: u64, destination: &str| json!({"id": id, "scope": "store/order/created", "destination": destination, "is_active": true});
    // The own webhook stands on the third page: the first page is short, and the second page is empty.
    let vendor = Vendor::start(move |page, _| {
        let hooks = match page {
            1 => vec![hook(1, "https://other.example/a")],
            3 => vec![hook(3, &format!("{PUBLIC}{}", known.get().expect("it is known")))],
            _ => Vec::new(),
        };
        (200, json!({"data": hooks, "meta": {"pagination": {"total_pages": "3"}}}).to_string())
    });
    let usual =
        ["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &vendor.origin];
    let (id, own) = place.add(&[&usual[..], &["--trigger", "order-created"]].concat());
    path.set(own).expect("it is set once");
    let plan = ["triggers", "plan", "--connection", &id, "--public-url", PUBLIC, "--json"];
    let (code, stdout, stderr) = place.run(plan);
    let told: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{code} {stderr}"));
    let of_orders = told["triggers"].as_array().expect("a list").iter();
    let of_orders = of_orders.filter(|row| row["event"] == "store/order/created" && row["what"] != "foreign");
    assert_eq!(of_orders.map(|row| &row["what"]).collect::<Vec<_>>(), ["adopt"], "{told}");

    let broken = Vendor::start(|_, _| (200, r#"{"data": null}"#.to_owned()));
    let usual =
        ["--access-token-file", &token, "--client-secret-file", &secret, "--base-url", &broken.origin];
    let (id, _) = place
        .add_account(&[&["--store-hash", "def456"], &usual[..], &["--trigger", "order-created"]].concat());
    let (code, stdout, stderr) = place.run(["triggers", "plan", "--connection", &id, "--public-url", PUBLIC]);
    assert!(code != 0 && stderr.contains("decode") && !stdout.contains("create"), "{stdout}{stderr}");
}
