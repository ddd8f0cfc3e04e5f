//! Whole resources, read from the sandbox before an event is delivered.

#![cfg(feature = "demo")]

use bigcommerce_sandbox::{Misbehaviour, Sandbox, SandboxOptions};

use super::*;
use crate::storage::ConnectionState;

/// A connection to a sandbox that wants whole resources.
fn to(sandbox: &Sandbox) -> HostConnection {
    let mut connection = connection("c1", sandbox.store_hash());
    connection.settings.base_url = Some(sandbox.origin());
    connection.settings.full_resource = Some(true);
    connection.secrets.credentials =
        vec![("access_token".to_owned(), SecretString::from(sandbox.access_token()))];
    connection
}

/// An order that a shopper has just made, and the activation that tells of it.
async fn ordered(sandbox: &Sandbox, id: &str) -> (Activation, serde_json::Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let made = client.post(format!("{}/_sandbox/orders", sandbox.origin())).body("{}");
    let made = made.header("content-type", "application/json").send().await.unwrap().text().await.unwrap();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let order = made["id"].clone();
    let activation = Activation {
        account: sandbox.store_hash().to_owned(),
        event_time: Some(crate::clock::now_ms() / 1000),
        ..about(id, &order.to_string())
    };
    (activation, order)
}

#[tokio::test]
async fn an_order_that_is_not_there_yet_is_read_as_soon_as_it_is() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    sandbox.misbehave(Misbehaviour { fresh_is_missing_ms: 60_000, ..Misbehaviour::default() });
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[to(&sandbox)], false).await;
    post.start(local(&receiver));
    let (activation, order) = ordered(&sandbox, "e1").await;
    post.accept(&[activation]).await;
    assert_eq!(post.next().await, Ending::Postponed("not_found.eventual"));
    let stored = post.find("e1").await;
    assert_eq!((stored.state, stored.attempts), (ActivationState::Waiting, 1));
    assert!(stored.due_ms.unwrap() >= START + 250, "{stored:?}");
    assert!(receiver.received.try_recv().is_err());

    sandbox.advance(Duration::from_secs(61));
    post.pass(Duration::from_secs(10));
    assert_eq!(post.next().await, Ending::Delivered);
    let event = receiver.next().await.json();
    assert_eq!(event["data"]["full"]["id"], order, "{event}");
    assert!(event["data"].get("full_error").is_none());
}

#[tokio::test]
async fn without_access_the_event_is_delivered_with_the_reason() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[to(&sandbox)], false).await;
    post.start(local(&receiver));
    let (activation, _) = ordered(&sandbox, "e1").await;
    // Its grace is over: it does not come any more.
    let gone =
        Activation { resource_id: Some("999999".to_owned()), event_time: Some(1), ..activation.clone() };
    post.accept(&[Activation { id: "e0".to_owned(), ..gone }]).await;
    assert_eq!(post.next().await, Ending::Delivered);
    let event = receiver.next().await.json();
    assert_eq!(event["data"]["full_error"]["class"], "not_found.eventual", "{event}");

    sandbox.misbehave(Misbehaviour { token_revoked: true, ..Misbehaviour::default() });
    for id in ["e1", "e2"] {
        post.accept(&[Activation { id: id.to_owned(), ..activation.clone() }]).await;
        assert_eq!(post.next().await, Ending::Delivered);
        let event = receiver.next().await.json();
        assert_eq!(event["data"]["full_error"]["class"], "auth.revoked", "{event}");
        assert!(event["data"].get("full").is_none());
    }
    // The call and the connection test found it out, and from then on nothing is asked any more.
    let refused = sandbox.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!(refused, 2);
    let row = post.delivery.storage.connection("c1").await.unwrap().unwrap();
    assert_eq!(row.state, ConnectionState::Refused);
}

#[tokio::test]
async fn while_the_api_is_out_of_reach_the_event_waits() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut receiver = Receiver::start().await;
    let mut post = Post::new(&[to(&sandbox)], false).await;
    post.start(local(&receiver));
    let (activation, _) = ordered(&sandbox, "e1").await;
    sandbox.shutdown().await;
    post.accept(&[activation]).await;
    assert_eq!(post.next().await, Ending::Postponed("transport.unsent"));
    // After half of the time the receiver gets what there is.
    post.pass(Duration::from_secs(24 * 3600));
    assert_eq!(post.next().await, Ending::Delivered);
    assert_eq!(receiver.next().await.json()["data"]["full_error"]["class"], "transport.unsent");
}
