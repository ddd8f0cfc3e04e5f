//! What goes wrong on the way, and how a person gets on: a store hash that is none, a consent that is refused, scopes that
//! are missing, an installation that nobody here began.

use serde_json::json;

use crate::town::ALL_SCOPES;
use crate::{Person, Scripts, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_store_hash_is_refused_with_an_example_and_stays_in_its_field() {
    let Some(mut person) = Person::new("wrong-hash", Scripts::Off).await else { return };
    let town = Town::open(&ALL_SCOPES, "").await;
    person.sign_in(&town).await;
    person.begin("My Shop!").await;
    person.sees("That cannot be connected").await;
    person.sees("abc123").await;
    assert_eq!(person.filled("Store hash").await, "My Shop!");
    assert!(person.address().await.starts_with(&town.service), "nobody was sent away");
    person.picture("refused", &town).await;
    // What is wrong leads to its field, and the mended form leads on.
    person.follow_to("#store_hash").await;
    assert!(person.address().await.ends_with("#store_hash"));
    person.fill("Store hash", "stores/abc123").await;
    person.press("Go on to BigCommerce").await;
    person.sees("wants to connect to").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_refused_connects_nothing_and_says_so() {
    let Some(mut person) = Person::new("refused-consent", Scripts::On).await else { return };
    // By the address that comes back with an error, and by the link of the vendor, which keeps the person.
    let town = Town::open(&ALL_SCOPES, "authorize = true\n").await;
    person.sign_in(&town).await;
    person.begin("abc123").await;
    person.press("Cancel").await;
    person.sees("The installation was not approved. Nothing was connected.").await;
    assert!(person.address().await.starts_with(&town.service), "{}", person.page().await);
    person.picture("not-approved", &town).await;
    person.follow("To the connections").await;
    person.sees("No account is connected yet.").await;

    let town = Town::open(&ALL_SCOPES, "").await;
    person.sign_in(&town).await;
    person.begin("abc123").await;
    person.press("Cancel").await;
    person.sees("was not installed").await;
    person.open(&format!("{}/connections", town.service)).await;
    person.sees("No account is connected yet.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_scopes_show_a_link_that_repairs_them() {
    let Some(mut person) = Person::new("missing-scopes", Scripts::On).await else { return };
    let few: Vec<&str> = ALL_SCOPES.iter().copied().filter(|scope| !scope.contains("orders")).collect();
    let town = Town::open(&few, "").await;
    person.sign_in(&town).await;
    person.begin("https://api.bigcommerce.com/stores/abc123/v3/").await;
    person.press("Approve").await;
    person.sees("Scopes are missing").await;
    person.sees("Orders read and change missing").await;
    person.sees("Order created (needs a scope that is missing)").await;
    person.picture("missing", &town).await;

    town.register(&json!({"scopes": *ALL_SCOPES})).await;
    person.follow("Approve the scopes anew").await;
    person.sees("Store hash").await;
    assert_eq!(person.filled("Store hash").await, "abc123", "nobody types it twice");
    person.press("Go on to BigCommerce").await;
    person.sees("The app asks for other permissions").await;
    person.picture("asked-anew", &town).await;
    person.press("Approve").await;
    person.sees("Orders read and change granted").await;
    assert!(!person.page().await.contains("missing"), "{}", person.page().await);
    person.tick("Order created").await;
    person.press("Save the triggers").await;
    person.waits_for("Order created: its webhook is active").await;
    person.picture("repaired", &town).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_from_the_stores_side_is_shown_in_its_frame_and_waits_to_be_adopted() {
    let Some(mut person) = Person::new("adopted", Scripts::On).await else { return };
    let town = Town::open(&ALL_SCOPES, "").await;
    person.open(&town.store).await;
    person.follow("Install").await;
    person.press("Approve").await;
    person.look_into_the_frame().await;
    person.sees("One step is left").await;
    person.look_out_of_the_frame().await;
    person.picture("installed", &town).await;

    person.sign_in(&town).await;
    person.sees("Installed, and not adopted yet").await;
    person.picture("waits", &town).await;
    person.press("Adopt abc123").await;
    person.sees("Hearth & Trail").await;
    person.sees("connected").await;

    person.open(&town.store).await;
    person.follow("Launch").await;
    person.look_into_the_frame().await;
    person.sees("Your connection").await;
    person.sees("Hearth & Trail").await;
    person.look_out_of_the_frame().await;
    person.picture("launched", &town).await;
}
