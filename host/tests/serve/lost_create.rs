//! A create whose answer was lost, made again over HTTP: the refusal of the second call points to the first.

use bigcommerce_sandbox::{Fault, Sandbox, SandboxOptions};
use serde_json::Value;

use super::acting::{ADMIN, act};
use super::*;

#[test]
fn a_refused_repetition_of_a_lost_create_points_to_the_earlier_call() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let options = SandboxOptions { access_token: Some(TOKEN.to_owned()), ..SandboxOptions::default() };
    let store = runtime.block_on(Sandbox::start(options)).expect("it starts");
    let place = Place::new();
    let (token, secret) = (place.file("token", TOKEN), place.file("client-secret", CLIENT_SECRET));
    let (id, _) = place.add_account(&[
        "--store-hash",
        store.store_hash(),
        "--base-url",
        &store.origin(),
        "--access-token-file",
        &token,
        "--client-secret-file",
        &secret,
    ]);
    let served = place.serve_with(
        &["--triggers-reconcile", "never", "--admin-token-file", &place.file("admin", ADMIN)],
        &[("CONNECTOR_SHARE_QUOTA", "none")],
    );
    let create = || {
        let input = r#"{"email": "ann@example.com", "first_name": "Ann", "last_name": "Example"}"#;
        let answer = act(&served, &id, "create-customer", &[], input);
        let details: Value = serde_json::from_str(&answer.body).expect("JSON");
        (answer.status.expect("a status"), details)
    };
    store.inject(Fault::TruncatedBody, 1);
    let (status, details) = create();
    assert_eq!((status, &details["class"]), (504, &"transport.unknown_outcome".into()));
    let (status, details) = create();
    assert_eq!(
        (status, &details["class"], &details["vendor_status"]),
        (422, &"validation".into(), &422.into())
    );
    assert_eq!(details["earlier_attempt_may_have_been_executed"], false);
    let hint = details["check_first"].as_str().expect("a hint");
    assert!(hint.contains("`list-customers`"), "{details}");
    let next = details["next"].as_str().expect("a text");
    assert!(next.contains("earlier identical call") && next.contains(hint), "{details}");
    assert!(!details.to_string().contains("nothing was"), "{details}");
    runtime.block_on(store.shutdown());
}
