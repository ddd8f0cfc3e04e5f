//! The store's information.

use serde_json::json;

use crate::{get, sandbox};

#[tokio::test]
async fn the_store_says_who_and_how_it_is() {
    let sandbox = sandbox().await;
    let store = get(&sandbox, "v2/store").await.json();
    assert_eq!((&store["id"], &store["plan_level"]), (&json!("sandbox1"), &json!("Standard")));
    assert_eq!((&store["logo"], &store["decimal_places"]), (&json!([]), &json!(2)));
    assert_eq!(store["timezone"]["raw_offset"], -21_600);
    assert!(store.as_object().is_some_and(|fields| fields.len() >= 39), "{store}");
    assert_eq!(store["features"]["multi_storefront_enabled"], false);
    sandbox.shutdown().await;
}
