//! Every class of error, made by a real answer of the store or by the shape of one that was recorded, and the page that
//! tells authors of workflows what to do about each.

use std::time::{SystemTime, UNIX_EPOCH};

use bigcommerce_connector::actions::{CreateBrand, CreateCustomer, GetProduct};
use bigcommerce_connector::triggers::product_updated;
use bigcommerce_sandbox::{Fault, SandboxOptions};
use connector_runtime::{Class, Client, Error, Event};
use connector_tests::project::{folder, read};
use connector_tests::{ACCESS_TOKEN, ClosedPort, ScriptedServer, Store, client};

const PRODUCT: i64 = 111;

/// The error of reading a product that meets `fault`.
async fn met(fault: Fault) -> Error {
    let store = Store::open().await;
    store.sandbox.inject(fault, 1);
    store.client.call(&GetProduct::new(PRODUCT)).await.unwrap_err()
}

/// The error of reading a product from a server that answers this.
async fn answered(status: &str, body: &str) -> Error {
    let server = ScriptedServer::with(status, &[("Content-Type", "application/json")], body).await;
    let client = client(server.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
    client.call(&GetProduct::new(PRODUCT)).await.unwrap_err()
}

async fn limited() -> Error {
    let store = Store::with(SandboxOptions { quota: 1, ..SandboxOptions::default() }).await;
    store.client.call(&GetProduct::new(PRODUCT)).await.unwrap();
    store.client.call(&GetProduct::new(PRODUCT)).await.unwrap_err()
}

async fn not_there_yet() -> Error {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let event = Event {
        name: "store/product/updated".to_owned(),
        account: "sandbox1".to_owned(),
        resource: Some("product".to_owned()),
        id: Some("999999".to_owned()),
        time: i64::try_from(now).ok(),
        dedupe_key: String::new(),
        signed_ms: None,
        former_key: String::new(),
    };
    let store = Store::open().await;
    store.client.read_after_event(&product_updated::TRIGGER, &event).await.unwrap_err()
}

async fn taken() -> Error {
    let store = Store::open().await;
    store.client.call(&CreateBrand::new("Fernhill")).await.unwrap();
    store.client.call(&CreateBrand::new("Fernhill")).await.unwrap_err()
}

async fn half_done() -> Error {
    let store = Store::open().await;
    store.sandbox.inject(Fault::UrlNotSaved, 1);
    store.client.call(&CreateBrand::new("Fernhill")).await.unwrap_err()
}

/// An error of this class, by an answer that really gives it.
async fn example(class: Class) -> Error {
    match class {
        Class::AuthRevoked => {
            let store = Store::open().await;
            store.client_with_token("revoked").call(&GetProduct::new(PRODUCT)).await.unwrap_err()
        }
        Class::AuthScope => met(Fault::Forbidden).await,
        Class::NotFound => Store::open().await.client.call(&GetProduct::new(999_999)).await.unwrap_err(),
        Class::NotFoundEventual => not_there_yet().await,
        Class::Validation => {
            let customer = CreateCustomer::new("no address", "Ada", "Byron");
            Store::open().await.client.call(&customer).await.unwrap_err()
        }
        Class::Conflict => taken().await,
        Class::TooLarge => answered("413 Payload Too Large", "").await,
        Class::Locked => answered("423 Locked", r#"{"status":423,"title":"Locked"}"#).await,
        Class::RateLimitedWindow => limited().await,
        Class::RateLimitedOverload => met(Fault::OverloadedWithoutHeaders).await,
        Class::Server => met(Fault::BadGatewayPage).await,
        Class::Unavailable => met(Fault::StoreSuspended).await,
        Class::PlanLimit => answered("507 Insufficient Storage", r#"{"status":507,"title":"Limit"}"#).await,
        Class::Partial => half_done().await,
        Class::TransportUnsent => {
            let port = ClosedPort::take();
            let client = client(port.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
            client.call(&GetProduct::new(PRODUCT)).await.unwrap_err()
        }
        Class::TransportUnknownOutcome => met(Fault::TruncatedBody).await,
        Class::Decode => met(Fault::HtmlPage).await,
        other => panic!("{other} has no example: add one, and a row in docs/errors.md"),
    }
}

/// The class and the third column of each row of the page.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        Some((cells.first()?.trim_end_matches('`'), *cells.get(2)?))
    })
    .collect()
}

#[tokio::test]
async fn every_class_comes_from_an_answer_and_may_be_repeated_as_the_page_says() {
    let page = read(&folder(".").join("docs/errors.md"));
    let rows = rows(&page);
    let words: Vec<&str> = rows.iter().map(|(word, _)| *word).collect();
    assert_eq!(
        words,
        Class::ALL.map(Class::as_str),
        "docs/errors.md has a row for each class, in their order"
    );
    for (class, (_, retryable)) in Class::ALL.into_iter().zip(rows) {
        let error = example(class).await;
        assert_eq!(error.class(), class, "{error}");
        let expected = match retryable {
            "yes" | "while the grace lasts" => true,
            // The examples read, where a create would not be retryable.
            "unless it creates" => true,
            "no" => false,
            other => panic!("docs/errors.md: {other:?} is no word for whether {class} is retryable"),
        };
        assert_eq!(error.is_retryable(), expected, "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains(ACCESS_TOKEN) && !text.contains("no address"), "{text}");
    }
}
