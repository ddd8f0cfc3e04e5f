//! Two API accounts of one store, each with webhooks and a secret of its own.

use bigcommerce_sandbox::{Sandbox, StoreAccount, WebhookOptions};
use reqwest::Method;
use serde_json::{Value, json};

use super::{HOOKS, Receiver, at_rest, hook, local, order};
use crate::{Answer, address, client, column, delete, get};

const OWN_TOKEN: &str = "token-of-the-store-account";

/// A request with the token of the second account.
async fn own(sandbox: &Sandbox, method: Method, path: &str, body: Value) -> Answer {
    let request = client().request(method, address(sandbox, path)).header("X-Auth-Token", OWN_TOKEN);
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    Answer::read(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn each_account_sees_its_own_webhooks_and_signs_with_its_own_secret() {
    let receiver = Receiver::start().await;
    let account = StoreAccount { access_token: OWN_TOKEN.to_owned(), client_secret: "its own".to_owned() };
    let sandbox = at_rest(WebhookOptions { store_account: Some(account), ..local() }).await;
    let of_app = hook(&sandbox, "store/order/created", &receiver.address("app")).await;
    // The same scope and destination are free to another account.
    let sent = json!({"scope": "store/order/created", "destination": receiver.address("app")});
    let made = own(&sandbox, Method::POST, HOOKS, sent).await.json()["data"].clone();
    assert_ne!(
        made["client_id"],
        get(&sandbox, &format!("{HOOKS}/{of_app}")).await.json()["data"]["client_id"]
    );
    assert_eq!(column(&get(&sandbox, HOOKS).await.json(), "id"), [json!(of_app)]);
    let listed = own(&sandbox, Method::GET, HOOKS, Value::Null).await.json();
    assert_eq!(column(&listed, "id"), [made["id"].clone()]);
    let path = format!("{HOOKS}/{}", made["id"]);
    assert_eq!((get(&sandbox, &path).await.status, delete(&sandbox, &path).await.status), (404, 404));
    order(&sandbox).await;
    sandbox.settled().await;
    let arrivals = receiver.arrivals();
    let signed_by = |secret: &str| arrivals.iter().filter(|arrival| arrival.is_standard(secret)).count();
    assert_eq!((arrivals.len(), signed_by("its own"), signed_by(sandbox.client_secret())), (2, 1, 1));
    sandbox.shutdown().await;
}
