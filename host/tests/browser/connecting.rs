//! The whole way: a store is connected, a trigger switched on, an order placed, its event seen, the app uninstalled, the
//! connection forgotten.

use crate::town::ALL_SCOPES;
use crate::{Person, Scripts, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_a_store_sees_an_order_arrive_and_sees_the_end() {
    whole_way("whole-way", Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_needs_no_script() {
    whole_way("without-scripts", Scripts::Off).await;
}

async fn whole_way(flow: &'static str, scripts: Scripts) {
    let Some(mut person) = Person::new(flow, scripts).await else { return };
    let town = Town::open(&ALL_SCOPES, "").await;
    let mut titles = Vec::new();

    person.open(&format!("{}/connections", town.service)).await;
    person.sees("Sign in").await;
    person.picture("sign-in", &town).await;
    titles.push(person.title().await);
    person.sign_in(&town).await;
    person.sees("No account is connected yet.").await;
    person.picture("no-connections", &town).await;
    titles.push(person.title().await);
    person.follow("Connect an account").await;
    person.sees("BigCommerce").await;
    person.picture("choose", &town).await;
    titles.push(person.title().await);
    person.follow("Install the app shop").await;
    person.fill("Store hash", "https://store-abc123.mybigcommerce.com/manage/dashboard").await;
    person.picture("store-hash", &town).await;
    titles.push(person.title().await);
    person.press("Go on to BigCommerce").await;

    // The store asks whether that is wanted, and leads back.
    person.sees("wants to connect to").await;
    assert!(person.address().await.starts_with(&town.store), "{}", person.page().await);
    person.picture("consent", &town).await;
    person.press("Approve").await;
    person.sees("connected").await;
    assert!(person.address().await.starts_with(&format!("{}/connections/", town.service)));
    let connection = person.address().await;
    titles.push(person.title().await);
    for text in ["Hearth & Trail", "abc123", "granted", "of 150", "None yet."] {
        person.sees(text).await;
    }
    assert!(!person.page().await.contains("missing"), "{}", person.page().await);
    person.picture("connected", &town).await;

    person.tick("Order created").await;
    person.press("Save the triggers").await;
    person.sees("The triggers were saved.").await;
    person.waits_for("Order created: its webhook is active").await;
    person.picture("trigger-active", &town).await;

    person.open(&town.store).await;
    person.press("Place the order").await;
    person.sees("was placed.").await;
    person.picture("order-placed", &town).await;
    let placed = person.address().await;
    let order = placed.rsplit_once("order=").expect("the number of the order").1.to_owned();
    person.open(&connection).await;
    person.waits_for(&format!("order {order} order-created delivered")).await;
    person.picture("last-events", &town).await;
    person.follow(&format!("order {order}")).await;
    person.sees(&format!("Event: order {order}")).await;
    person.sees("\"type\": \"bigcommerce/order-created\"").await;
    person.picture("event", &town).await;
    titles.push(person.title().await);
    person.follow("To the connection").await;
    person.sees("What it may").await;
    let events = town.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["type"], "bigcommerce/order-created");
    assert_eq!(events[0]["data"]["full"]["id"].to_string(), order);

    person.open(&town.store).await;
    person.press("Uninstall").await;
    person.sees("not installed").await;
    person.open(&format!("{}/connections", town.service)).await;
    person.sees("Hearth & Trail abc123 shop stopped revoked").await;
    person.picture("revoked", &town).await;
    person.open(&connection).await;
    person.sees("This account is not connected any more.").await;
    person.sees("Triggers have stopped").await;
    person.picture("revoked-connection", &town).await;
    assert_eq!(town.hooks().await, 0, "nothing is sent any more");

    person.follow("Disconnect this account").await;
    person.sees("Disconnect?").await;
    person.picture("disconnect", &town).await;
    titles.push(person.title().await);
    person.press("Disconnect abc123").await;
    person.sees("is no longer connected").await;
    person.picture("disconnected", &town).await;
    titles.push(person.title().await);
    person.follow("Audit log").await;
    person.sees("signed_in").await;
    person.picture("audit-log", &town).await;
    titles.push(person.title().await);
    person.follow("Connections").await;
    person.sees("No account is connected yet.").await;

    let all = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), all, "every page has a title of its own: {titles:?}");
}
