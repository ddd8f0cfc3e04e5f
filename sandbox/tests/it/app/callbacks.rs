//! The callbacks with a signed payload: opening the app, its end, and the end of a user's access.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::consent::framed;
use super::{MOMENT, Maker, control, fields_of, install, manage_path, open, status, store, submit};
use crate::post;

/// The claims of a payload that was signed with `secret`, checked by hand.
fn claims(jwt: &str, secret: &str) -> Value {
    let (signed, signature) = jwt.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    mac.verify_slice(&signature).expect("the signature of the client secret");
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
    };
    assert_eq!(read(header), json!({"alg": "HS256", "typ": "JWT"}));
    read(payload)
}

fn payload(query: &str, secret: &str) -> Value {
    let fields = fields_of(query);
    assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), ["signed_payload_jwt"]);
    claims(&fields["signed_payload_jwt"], secret)
}

#[tokio::test]
async fn the_control_panel_opens_the_app_in_a_frame_with_the_documented_claims() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    install(&sandbox, &maker).await;
    let page = open(&sandbox, &manage_path(&sandbox, "")).await;
    let address = framed(&page.text);
    let (callback, query) = address.split_once('?').expect("a query");
    assert_eq!(callback, maker.address("load"));
    let mut told = payload(query, sandbox.client_secret());
    let id = told["jti"].take();
    let id = id.as_str().expect("an id");
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
    let now = MOMENT.as_secs();
    assert_eq!(
        told,
        json!({
            "aud": sandbox.client_id(), "iss": "bc", "iat": now, "nbf": now - 5, "exp": now + 86_400, "jti": null,
            "sub": "stores/sandbox1",
            "user": {"id": 9128, "email": "mara.keswick@example.com", "locale": "en-US"},
            "owner": {"id": 9128, "email": "mara.keswick@example.com"},
            "url": "/", "channel_id": null,
        })
    );
    let staff = open(&sandbox, &manage_path(&sandbox, "?user=9451")).await;
    let other = payload(framed(&staff.text).split_once('?').expect("a query").1, sandbox.client_secret());
    assert!(other["user"]["id"] == 9451 && other["owner"]["id"] == 9128 && other["jti"] != id, "{other}");
    assert_eq!(open(&sandbox, &manage_path(&sandbox, "?user=1")).await.status, 404);
    sandbox.shutdown().await;
}

/// The shape of a value: the names of its fields, and what is in them.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::String(_) => "text".into(),
        Value::Number(number) if number.is_u64() => "number".into(),
        other => other.clone(),
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
async fn the_claims_have_the_shape_of_those_that_verifiers_are_tested_with() {
    let named = std::env::var_os("CONNECTOR_SHARED").unwrap_or_else(|| "../shared".into());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named).join("vectors/jwt.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        return eprintln!("left out: the vectors of payloads are not here");
    };
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["cases"].as_array().expect("a list");
    let valid = cases.iter().find(|case| case["id"] == "valid").expect("a valid case");
    let secret = vectors["client_secret"].as_str().expect("a secret");
    let expected = claims(valid["jwt"].as_str().expect("a payload"), secret);
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    install(&sandbox, &maker).await;
    let page = open(&sandbox, &manage_path(&sandbox, "")).await;
    let told = payload(framed(&page.text).split_once('?').expect("a query").1, sandbox.client_secret());
    assert_eq!(shape(&told), shape(&expected));
    let life =
        |claims: &Value| claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat);
    assert!(life(&told).expect("times").abs_diff(life(&expected).expect("times")) <= 10);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn removing_the_app_voids_its_token_and_webhooks_and_calls_its_maker() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let token = install(&sandbox, &maker).await;
    let request = crate::client().post(crate::address(&sandbox, "v3/hooks")).header("X-Auth-Token", &token);
    let hook = json!({"scope": "store/app/uninstalled", "destination": "https://hooks.example.com/in"});
    let made = request.header("Content-Type", "application/json").body(hook.to_string()).send().await;
    assert_eq!(made.expect("an answer").status(), 200);

    let home = submit(&sandbox, &manage_path(&sandbox, "/uninstall"), &[]).await;
    assert!(home.status == 200 && home.text.contains("not installed"), "{}", home.text);
    let visit = maker.only();
    assert_eq!(visit.path, "/uninstall");
    let told = payload(&visit.query, sandbox.client_secret());
    assert_eq!((&told["sub"], &told["iss"]), (&json!("stores/sandbox1"), &json!("bc")));
    assert_eq!(status(&sandbox, &token, Method::GET, "v3/hooks").await, 401);
    let overview = control(&sandbox, Method::GET, "", Value::Null).await.json();
    assert_eq!(overview["resources"]["hooks"], 0);
    sandbox.settled().await;
    assert_eq!(sandbox.deliveries()[0].scope, "store/app/uninstalled");

    let shown = control(&sandbox, Method::GET, "/app", Value::Null).await.json();
    assert_eq!((&shown["is_installed"], &shown["granted"]), (&json!(false), &Value::Null));
    assert_eq!(
        (&shown["callbacks"][0]["callback"], &shown["callbacks"][0]["status"]),
        (&json!("uninstall"), &json!(200))
    );
    // And it can come back.
    let renewed = install(&sandbox, &maker).await;
    assert_eq!(status(&sandbox, &renewed, Method::GET, "v3/hooks").await, 200);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_user_who_loses_access_is_named_to_the_maker() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    let token = install(&sandbox, &maker).await;
    submit(&sandbox, &manage_path(&sandbox, "/remove-user"), &[]).await;
    assert_eq!(control(&sandbox, Method::POST, "/remove_user", Value::Null).await.status, 204);
    let [first, second] = maker.take().try_into().expect("two calls");
    assert_eq!((&*first.path, &*second.path), ("/remove_user", "/remove_user"));
    let [first, second] = [first, second].map(|visit| payload(&visit.query, sandbox.client_secret()));
    assert_eq!(first["user"], json!({"id": 9451, "email": "jonas.albrecht@example.com", "locale": "en-GB"}));
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(status(&sandbox, &token, Method::GET, "v3/hooks").await, 200, "the app stays");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_app_without_callbacks_is_removed_all_the_same() {
    let sandbox = crate::sandbox().await;
    assert_eq!(control(&sandbox, Method::POST, "/uninstall", Value::Null).await.status, 204);
    assert_eq!(post(&sandbox, "v3/hooks", json!({})).await.status, 401);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_maker_who_is_gone_does_not_keep_the_app_in_the_store() {
    let maker = Maker::start().await;
    let sandbox = store(&maker).await;
    install(&sandbox, &maker).await;
    let nobody = json!({"uninstall_callback": "https://uninstall.example.com/"});
    control(&sandbox, Method::PUT, "/app", nobody).await;
    assert_eq!(control(&sandbox, Method::POST, "/uninstall", Value::Null).await.status, 204);
    let shown = control(&sandbox, Method::GET, "/app", Value::Null).await.json();
    assert_eq!(shown["is_installed"], false);
    assert!(shown["callbacks"][0]["failure"].is_string(), "{shown}");
    sandbox.shutdown().await;
}
