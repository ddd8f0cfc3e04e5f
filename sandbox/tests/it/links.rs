//! Every link in an answer of the store leads to an answer of the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, client, column, get, post, put, sandbox, start};

/// The lists from which everything else is found, each with what it can include.
const STARTS: [&str; 18] = [
    "v2/store",
    "v2/time",
    "v2/order_statuses",
    "v2/orders?limit=250",
    "v2/orders?limit=250&include=fees,consignments",
    "v2/orders?limit=250&include=consignments.line_items",
    "v2/orders/count",
    "v3/customers?limit=30&include=addresses,storecredit,attributes,formfields,shopper_profile_id,segment_ids",
    "v3/customers?limit=30&sort=last_name:desc",
    "v3/catalog/products?limit=20",
    "v3/catalog/products?include=images,variants,videos,options,modifiers,primary_image,reviews,custom_fields",
    "v3/catalog/summary",
    "v3/catalog/brands?limit=3",
    "v3/catalog/categories?limit=5",
    "v3/catalog/trees",
    "v3/catalog/trees/1/categories",
    "v3/catalog/trees/categories?limit=5",
    "v3/hooks",
];

/// Whether a link leads out of the store's API. The sandbox serves all links but these:
///
/// - Pictures, carriers and the storefront are below `.example`, a domain that leads nowhere (RFC 2606).
/// - The control panel and the page on status codes belong to BigCommerce.
/// - Addresses of pages (`custom_url`, and the `url` of a category in its tree) are relative to the storefront.
fn is_outside(path: &str, link: &str) -> bool {
    let host = link.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    match host {
        Some(host) => {
            host.ends_with(".example")
                || host.ends_with(".mybigcommerce.com")
                || host == "developer.bigcommerce.com"
        }
        None => ["custom_url.url", "data.url", "data.url.path", "children.url"]
            .iter()
            .any(|end| path.ends_with(end)),
    }
}

/// A store with a quota that no test here uses up.
async fn roomy() -> Sandbox {
    start(SandboxOptions { quota: u32::MAX, ..SandboxOptions::default() }).await
}

/// The links in `value` with the names of the fields that lead to them. A link is a text with a scheme, an absolute path
/// or a query, which is what BigCommerce uses in `url`, `resource` and `meta.pagination.links`.
fn links(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text.contains("://") || text.starts_with('/') || text.starts_with('?') => {
            found.push((path.to_owned(), text.clone()));
        }
        Value::Array(items) => items.iter().for_each(|item| links(item, path, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                links(value, &path, found);
            }
        }
        _ => {}
    }
}

/// What a link in the answer from `page` leads to: an address of the store, relative to it.
fn target(sandbox: &Sandbox, page: &str, link: &str) -> String {
    let store = format!("{}/stores/{}/", sandbox.origin(), sandbox.store_hash());
    if let Some(path) = link.strip_prefix(&store) {
        return path.to_owned();
    }
    assert!(!link.contains("://"), "{page} has a link that leads out of the store: {link}");
    match link.strip_prefix('?') {
        Some(query) => format!("{}?{query}", page.split('?').next().unwrap_or_default()),
        // `resource` is relative to the API of its version.
        None => format!("{}{link}", page.split('/').next().unwrap_or_default()),
    }
}

/// Follows every link from `starts` on; the status of each page.
async fn crawl(sandbox: &Sandbox, starts: &[String]) -> BTreeMap<String, u16> {
    let mut pages = BTreeMap::new();
    let mut waiting: VecDeque<String> = starts.iter().cloned().collect();
    while let Some(page) = waiting.pop_front() {
        if pages.contains_key(&page) {
            continue;
        }
        let answer = get(sandbox, &page).await;
        assert!(matches!(answer.status, 200 | 204), "{page}: {} {}", answer.status, answer.text);
        pages.insert(page.clone(), answer.status);
        if answer.status == 204 {
            assert!(page.starts_with("v2/") && answer.text.is_empty(), "{page}: {}", answer.text);
            continue;
        }
        let mut found = Vec::new();
        links(&answer.json(), "", &mut found);
        let inside = found.into_iter().filter(|(path, link)| !is_outside(path, link));
        waiting.extend(inside.map(|(_, link)| target(sandbox, &page, &link)));
    }
    pages
}

#[tokio::test]
async fn every_link_of_the_seeded_store_is_served() {
    let sandbox = roomy().await;
    let mut starts: Vec<String> = STARTS.iter().map(|start| (*start).to_owned()).collect();
    // These paths are documented below an order, and no answer links to them.
    for part in ["taxes", "taxes?details=true", "messages", "shipments", "shipments/count"] {
        starts.extend((100..150).map(|order| format!("v2/orders/{order}/{part}")));
    }
    let pages = crawl(&sandbox, &starts).await;
    let served = |end: &str, status: u16| {
        let is_met = |(page, answer): &(&String, &u16)| page.ends_with(end) && **answer == status;
        pages.iter().filter(is_met).count()
    };
    for part in ["products", "consignments"] {
        assert_eq!(served(&format!("/{part}"), 200), 50, "{part}");
    }
    // Orders with and without the part are there.
    for part in ["fees", "coupons", "messages", "shipments", "shipping_addresses"] {
        let (some, none) = (served(&format!("/{part}"), 200), served(&format!("/{part}"), 204));
        assert!(some > 0 && none > 0 && some + none == 50, "{part}: {some} with it, {none} without it");
    }
    assert!(served("/taxes", 200) > 0 && served("/shipping_quotes", 200) > 0);
    for (list, count) in [("v2/orders/", 450), ("v3/catalog/products?", 20), ("v3/customers?", 10)] {
        let found = pages.keys().filter(|page| page.starts_with(list)).count();
        assert!(found > count, "{list}: {found}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn every_link_of_an_order_made_by_api_is_served() {
    let sandbox = sandbox().await;
    let order = json!({
        "billing_address": {"first_name": "Jo", "zip": "78701", "email": "jo@example.com"},
        "shipping_addresses": [{"first_name": "Jo", "zip": "78701"}],
        "products": [{"product_id": 111, "quantity": 2}],
        "fees": [{"type": "custom_fee", "display_name_customer": "Packing", "cost_ex_tax": "1", "cost_tax": 0}],
    });
    let made = post(&sandbox, "v2/orders", order).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut found = Vec::new();
    links(&made.json(), "", &mut found);
    let named: BTreeSet<&str> = found.iter().filter_map(|(path, _)| path.split('.').next()).collect();
    let linked = ["consignments", "coupons", "fees", "products", "shipping_addresses"];
    assert!(linked.iter().all(|part| named.contains(part)), "{named:?}");
    let starts: Vec<String> = found.iter().map(|(_, link)| target(&sandbox, "v2/orders", link)).collect();
    let pages = crawl(&sandbox, &starts).await;
    assert_eq!(pages["v2/orders/150/fees"], 200);
    assert_eq!(pages["v2/orders/150/coupons"], 204);
    let quotes = pages.iter().filter(|(page, _)| page.ends_with("/shipping_quotes"));
    assert!(
        quotes.clone().count() == 2 && quotes.clone().all(|(_, status)| *status == 204),
        "API orders have no quote"
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn links_lead_to_the_host_that_the_client_has_addressed() {
    let sandbox = sandbox().await;
    let request = client().get(crate::address(&sandbox, "v2/orders/100"));
    let request = request.header("X-Auth-Token", sandbox.access_token()).header("Host", "store.local:8080");
    let order = Answer::read(request.send().await.expect("an answer")).await.json();
    let expected = format!("http://store.local:8080/stores/{}/v2/orders/100/fees", sandbox.store_hash());
    assert_eq!(order["fees"]["url"], expected);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_parts_of_an_order_agree_with_it() {
    let sandbox = roomy().await;
    let parts = |value: &Value| {
        let text = value.as_str().expect("a decimal string");
        text.replace('.', "").parse::<i64>().expect("digits")
    };
    for id in 100..150 {
        let path = format!("v2/orders/{id}");
        let order = get(&sandbox, &path).await.json();
        let list = async |part: &str| {
            let answer = get(&sandbox, &format!("{path}/{part}")).await;
            if answer.status == 204 { json!([]) } else { answer.json() }
        };
        let taxes: i64 = column(&list("taxes").await, "line_amount").iter().map(parts).sum();
        assert_eq!(taxes, parts(&order["total_tax"]), "{id}");
        let shipments = list("shipments").await;
        let items = column(&shipments, "items");
        let items = items.iter().flat_map(|items| items.as_array().expect("a list"));
        let shipped: u64 = items.filter_map(|item| item["quantity"].as_u64()).sum();
        assert_eq!(order["items_shipped"], shipped, "{id}");
        let count = get(&sandbox, &format!("{path}/shipments/count")).await.json();
        assert_eq!(count["count"], column(&shipments, "id").len(), "{id}");
        for shipment in column(&shipments, "id") {
            let one = get(&sandbox, &format!("{path}/shipments/{shipment}")).await;
            assert_eq!((one.status, &one.json()["order_id"]), (200, &json!(id)));
        }
        let addresses = list("shipping_addresses").await;
        assert_eq!(order["shipping_address_count"], column(&addresses, "id").len(), "{id}");
        let costs: i64 = column(&addresses, "cost_inc_tax").iter().map(parts).sum();
        assert_eq!(costs, parts(&order["shipping_cost_inc_tax"]), "{id}");
        let coupons = column(&list("coupons").await, "discount");
        let coupons = coupons.iter().filter_map(Value::as_i64).sum::<i64>() * 10_000;
        assert_eq!(coupons, parts(&order["coupon_discount"]), "{id}");
        for part in ["taxes", "messages", "coupons"] {
            assert!(column(&list(part).await, "order_id").iter().all(|order| *order == id), "{part} of {id}");
        }
        let consignments =
            get(&sandbox, &format!("{path}/consignments?include=consignments.line_items")).await;
        let consignments = consignments.json();
        let of = |kind: &str| consignments[kind].as_array().expect("a list").clone();
        let kinds = ["shipping", "pickups", "downloads"].map(of);
        let lines = kinds.iter().flatten().flat_map(|part| part["line_items"].as_array().expect("a list"));
        let pieces: u64 = lines.filter_map(|line| line["quantity"].as_u64()).sum();
        assert_eq!(order["items_total"], pieces, "each line of {id} is in one consignment");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn parts_have_pages_filters_and_a_404_of_their_own() {
    let sandbox = sandbox().await;
    let messages = get(&sandbox, "v2/orders/101/messages").await.json();
    assert_eq!(column(&messages, "status"), ["read", "unread"]);
    let second = column(&messages, "id")[1].clone();
    for query in ["status=unread", "page=2&limit=1", &format!("min_id={second}")] {
        let found = get(&sandbox, &format!("v2/orders/101/messages?{query}")).await;
        assert_eq!(column(&found.json(), "id"), std::slice::from_ref(&second), "{query}");
    }
    assert_eq!(get(&sandbox, "v2/orders/101/messages?is_flagged=true").await.status, 204);
    for part in [
        "products",
        "shipping_addresses",
        "consignments",
        "coupons",
        "fees",
        "taxes",
        "messages",
        "shipments",
        "shipments/count",
        "shipments/1",
        "products/1",
        "shipping_addresses/1",
        "shipping_addresses/1/shipping_quotes",
        "consignments/shipping/1/shipping_quotes",
    ] {
        let missing = get(&sandbox, &format!("v2/orders/9999/{part}")).await;
        let expected = json!([{"status": 404, "message": "The requested resource was not found."}]);
        assert_eq!((missing.status, missing.json()), (404, expected), "{part}");
        if !part.ends_with("quotes") && !part.contains("/1") && part != "shipments/count" {
            let unknown = get(&sandbox, &format!("v2/orders/100/{part}?colour=red")).await;
            assert!(matches!(unknown.status, 400) || part == "consignments", "{part}: {}", unknown.status);
        }
    }
    assert_eq!(get(&sandbox, "v2/orders/102/shipments/9999").await.status, 404);
    assert_eq!(get(&sandbox, "v2/orders/100/shipping_addresses/9999/shipping_quotes").await.status, 404);
    assert_eq!(get(&sandbox, "v2/orders/100/taxes?details=perhaps").await.status, 400);
    let details = get(&sandbox, "v2/orders/100/taxes?details=true").await.json();
    assert!(column(&details, "line_item_type").contains(&json!("item")), "{details}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_total_that_a_request_has_written_is_taxed_in_one_row() {
    let sandbox = sandbox().await;
    let totals = json!({"total_ex_tax": "100", "total_inc_tax": "110"});
    assert_eq!(put(&sandbox, "v2/orders/100", totals).await.status, 200);
    let taxes = get(&sandbox, "v2/orders/100/taxes").await.json();
    assert_eq!(column(&taxes, "class"), ["API Tax Override"]);
    assert_eq!(column(&taxes, "line_amount"), ["10.0000"]);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_path_that_is_not_served_is_answered_so() {
    let sandbox = sandbox().await;
    let text = "The sandbox does not serve this path.";
    for path in [
        "v3/hooks/admin",
        "v3/hooks/1/events",
        "v3/hooks/abc",
        "v3/hooks/-1",
        "v3/nothing",
        "v3",
        "v3/",
        "v3/catalog/products/abc",
        "v3/catalog/products/1/metafields",
        "v3/catalog/brands/x",
        "v3/catalog/categories/x",
        "v3/catalog/trees/x/categories",
        "v3/customers/1",
        "graphql",
        "",
        "v3/orders/100/transactions",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = crate::send(&sandbox, method.clone(), path, &json!({})).await;
            let body = answer.json();
            assert_eq!((answer.status, &body["title"]), (404, &json!(text)), "{method} {path}");
            assert!(body["type"].is_string() && body["status"] == 404, "{method} {path}");
        }
    }
    for path in [
        "v2/nothing",
        "v2",
        "v2/orders/abc",
        "v2/orders/100/abc",
        "v2/orders/100/products/abc",
        "v2/orders/100/shipments/abc",
        "v2/orders/100/refunds",
        "v2/order_statuses/x",
        "v2/products",
        "v2/orders/",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let answer = crate::send(&sandbox, method.clone(), path, &json!({})).await;
            let expected = json!([{"status": 404, "message": text}]);
            assert_eq!((answer.status, answer.json()), (404, expected), "{method} {path}");
        }
    }
    let absent = get(&sandbox, "v3/hooks/1").await;
    assert_eq!((absent.status, &absent.json()["title"]), (404, &json!("There is no webhook with this id.")));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_served_path_names_its_methods_to_another_method() {
    let sandbox = sandbox().await;
    for (path, method, allowed) in [
        ("v2/orders/100/taxes", Method::POST, "GET,HEAD"),
        ("v2/orders/100/shipments", Method::POST, "GET,HEAD"),
        ("v2/time", Method::DELETE, "GET,HEAD"),
        ("v3/hooks/1", Method::POST, "DELETE,GET,HEAD,PUT"),
        ("v3/customers", Method::PATCH, "DELETE,GET,HEAD,POST,PUT"),
        ("v3/catalog/trees", Method::PUT, "GET,HEAD"),
    ] {
        let answer = crate::send(&sandbox, method.clone(), path, &json!({})).await;
        let mut methods: Vec<&str> = answer.header("allow").expect("an Allow header").split(',').collect();
        methods.sort_unstable();
        assert_eq!((answer.status, methods.join(",").as_str()), (405, allowed), "{method} {path}");
        let body = answer.json();
        let text = if path.starts_with("v2") { &body[0]["message"] } else { &body["title"] };
        assert_eq!(text, "The sandbox does not serve this method at this path.");
    }
    sandbox.shutdown().await;
}
