//! The page of the store, and the forms with which a person lets something happen.

use reqwest::Method;
use serde_json::Value;

use super::{Maker, control, manage_path, open, store, submit};
use crate::{get, put, sandbox};

#[tokio::test]
async fn the_page_shows_the_store_its_requests_and_what_is_left_of_the_quota() {
    let sandbox = sandbox().await;
    let renamed = serde_json::json!({"name": "Tea <b>& Co"});
    control(&sandbox, Method::PUT, "/store", renamed).await;
    get(&sandbox, "v2/time?secret=hidden").await;
    get(&sandbox, "v3/catalog/products/999999").await;
    for _ in 0..2 {
        let page = open(&sandbox, "/").await;
        for part in [
            "Tea &lt;b&gt;&amp; Co",
            "<code id=\"store-hash\">sandbox1</code>",
            "<strong id=\"quota-left\">148</strong> of 150",
            "<code>/stores/sandbox1/v2/time</code></td><td>200</td>",
            "<code>/stores/sandbox1/v3/catalog/products/999999</code></td><td>404</td>",
        ] {
            assert!(page.text.contains(part), "{part}");
        }
        for secret in [sandbox.access_token(), sandbox.client_secret(), "hidden", "<b>", "<script"] {
            assert!(!page.text.contains(secret), "{secret}");
        }
    }
    assert_eq!(sandbox.requests().len(), 2, "a look at the page is no request to the store");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_order_is_placed_by_hand_and_its_delivery_shown() {
    let sandbox = sandbox().await;
    let hook =
        serde_json::json!({"scope": "store/order/created", "destination": "https://hooks.example.com/in"});
    assert_eq!(crate::post(&sandbox, "v3/hooks", hook).await.status, 200);
    let page = submit(&sandbox, "/manage/orders", &[("product_id", "111"), ("quantity", "3")]).await;
    let id = noted(&page.text, "Order ");
    assert!(page.text.contains("store/order/created") && page.text.contains("https://hooks.example.com/in"));
    let lines = get(&sandbox, &format!("v2/orders/{id}/products")).await.json();
    assert_eq!((&lines[0]["product_id"], &lines[0]["quantity"]), (&111.into(), &3.into()));
    let any = submit(&sandbox, "/manage/orders", &[("product_id", ""), ("quantity", "1")]).await;
    assert_ne!(noted(&any.text, "Order "), id);
    let refused = submit(&sandbox, "/manage/orders", &[("product_id", "999999")]).await;
    assert!(refused.status == 400 && refused.text.contains("product"), "{}", refused.text);
    sandbox.shutdown().await;
}

/// The number in the note that a form leaves.
fn noted(page: &str, kind: &str) -> u64 {
    let (_, note) = page.split_once("role=\"status\">").expect("a note");
    let id = note.strip_prefix(kind).and_then(|rest| rest.split(' ').next()).expect("a number");
    id.parse().expect("a number")
}

#[tokio::test]
async fn a_product_is_changed_by_hand() {
    let sandbox = sandbox().await;
    let fields = [("product_id", "111"), ("name", "Kettle \"<i>\""), ("price", "79.90")];
    let page = submit(&sandbox, "/manage/products", &fields).await;
    assert_eq!(noted(&page.text, "Product "), 111);
    assert!(page.text.contains("Kettle &quot;&lt;i&gt;&quot;"));
    let product = get(&sandbox, "v3/catalog/products/111").await.json()["data"].clone();
    assert_eq!((&product["name"], &product["price"]), (&"Kettle \"<i>\"".into(), &79.90.into()));
    for wrong in [
        &[("product_id", "111")][..],
        &[("product_id", "111"), ("price", "dear")],
        &[("product_id", "999999"), ("name", "Nothing")],
        &[("product_id", "../x"), ("name", "Nothing")],
    ] {
        assert_eq!(submit(&sandbox, "/manage/products", wrong).await.status, 400, "{wrong:?}");
    }
    assert_eq!(
        put(&sandbox, "v3/catalog/products/111", serde_json::json!({"name": "Kettle"})).await.status,
        200
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_customer_is_registered_by_hand() {
    let sandbox = sandbox().await;
    let fields = [("first_name", "Ada"), ("last_name", "Vale"), ("email", "ada.vale@example.com")];
    let page = submit(&sandbox, "/manage/customers", &fields).await;
    let id = noted(&page.text, "Customer ");
    let found = get(&sandbox, &format!("v3/customers?id:in={id}")).await.json();
    assert_eq!(found["data"][0]["email"], "ada.vale@example.com");
    assert_eq!(submit(&sandbox, "/manage/customers", &fields).await.status, 400, "the address is taken");
    assert_eq!(submit(&sandbox, "/manage/customers", &fields[..1]).await.status, 400);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn nothing_changes_by_a_get() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let before = control(&sandbox, Method::GET, "", Value::Null).await.json();
    for path in ["/manage/orders", "/manage/products", "/manage/customers"] {
        assert_eq!(open(&sandbox, path).await.status, 405, "{path}");
    }
    for path in ["/uninstall", "/remove-user"] {
        assert_eq!(open(&sandbox, &manage_path(&sandbox, path)).await.status, 405, "{path}");
    }
    let after = control(&sandbox, Method::GET, "", Value::Null).await.json();
    assert_eq!(before["resources"], after["resources"]);
    assert!(maker.take().is_empty());
    sandbox.shutdown().await;
}
