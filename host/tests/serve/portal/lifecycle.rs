//! Load, uninstall and removed users: signed tokens, forged ones, and ones that come twice or late.

use super::*;

#[test]
fn an_uninstall_ends_the_connection_and_leaves_what_is_still_to_be_delivered() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{id}");
    browser.submit(&page, &format!("{page}/triggers"), &[("trigger", "order-created")]);
    let url = stage.connections()[0]["webhooks"].as_str().expect("an address").to_owned();
    let path = url[url.find("/webhooks/").expect("a path")..].to_owned();
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, ORDER.as_bytes()).status, Some(200));
    let shown = browser.get(&page).body;
    assert!(shown.contains("order 250"), "the last events: {shown}");
    assert_eq!(stage.waiting(), 1);

    assert_eq!(stage.call_back("uninstall", |_| {}).status, Some(200));
    let shown = browser.get(&page).body;
    assert!(shown.contains("not connected any more") && shown.contains("auth.revoked"), "{shown}");
    assert!(shown.contains("href=\"/connect/shop?store_hash=abc123\""), "{shown}");
    assert_eq!(stage.connections()[0]["state"], "revoked");
    let late = stage.served.deliver_signed(&path, APP_SECRET, order(unique()).as_bytes());
    assert_eq!(late.status, Some(404), "its triggers have stopped");
    assert_eq!(stage.waiting(), 1);

    // Installed again, it is the same connection.
    assert_eq!(stage.connect(&mut browser, "abc123"), id);
    let all = stage.connections();
    assert_eq!((all.len(), &all[0]["state"]), (1, &"connected".into()));
    assert_eq!(all[0]["webhooks"], url.as_str());
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, order(unique()).as_bytes()).status, Some(200));
}

#[test]
fn the_same_uninstall_twice_and_one_older_than_the_grant_change_nothing() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    let used = signed_claims(APP_SECRET, |_| {});
    let path = format!("/callbacks/shop/uninstall?signed_payload_jwt={used}");
    assert_eq!(stage.stranger().get(&path).status, Some(200));
    assert_eq!(stage.stranger().get(&path).status, Some(200));
    assert_eq!(stage.audit().iter().filter(|event| *event == "uninstalled").count(), 1);

    stage.connect(&mut browser, "abc123");
    assert_eq!(stage.stranger().get(&path).status, Some(200), "replayed after a new installation");
    assert_eq!(stage.connections()[0]["state"], "connected");
    let older = stage.call_back("uninstall", |claims| claims["iat"] = (now_ms() / 1000 - 3600).into());
    assert_eq!(older.status, Some(200));
    assert_eq!(stage.connections()[0]["state"], "connected");
}

#[test]
fn an_uninstall_of_the_app_leaves_pasted_credentials_and_what_they_received() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    let token = stage.place.file("token", TOKEN);
    let secret = stage.place.file("secret", CLIENT_SECRET);
    let arguments = ["--client-secret-file", &secret, "--access-token-file", &token];
    let (_, path) = stage.place.add(&arguments);
    assert_eq!(stage.served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    assert_eq!(stage.call_back("uninstall", |_| {}).status, Some(200));
    let states: Vec<_> = stage.connections().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| *state == "connected").count(), 1);
    assert_eq!(stage.waiting(), 1);
}

#[test]
fn forged_callbacks_do_nothing_and_are_told_nothing() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    let refused = |token: &str, reason: &str| {
        for name in ["uninstall", "remove_user", "load"] {
            let path = format!("/callbacks/shop/{name}?signed_payload_jwt={token}");
            let answer = stage.stranger().get(&path);
            assert_eq!(answer.status, Some(401), "{name} {reason}");
            assert!(!answer.body.contains("Camp") && !answer.body.contains(reason), "{}", answer.body);
        }
        stage.served.has_logged(&format!("reason=\"{reason}\""));
    };
    let now = now_ms() / 1000;
    refused(&signed_claims("hush-other", |_| {}), "wrong_signature");
    refused(&signed_claims(APP_SECRET, |claims| claims["aud"] = "other".into()), "other_app");
    refused(&signed_claims(APP_SECRET, |claims| claims["iss"] = "evil".into()), "other_issuer");
    refused(&signed_claims(APP_SECRET, |claims| claims["exp"] = (now - 3600).into()), "expired");
    refused(&signed_claims(APP_SECRET, |claims| claims["sub"] = "stores/../x".into()), "no_account");
    refused(&signed_claims(APP_SECRET, |claims| claims["user"] = serde_json::Value::Null), "claims");
    refused("", "no_token");
    let demanding = |crit: serde_json::Value| {
        let header = serde_json::json!({"alg": "HS256", "typ": "JWT", "crit": crit});
        signed_parts(APP_SECRET, &header, &claims())
    };
    for crit in [serde_json::json!(["exp"]), serde_json::json!([]), serde_json::Value::Null] {
        refused(&demanding(crit), "protected_header");
    }
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdG9yZXMvYWJjMTIzIn0.";
    assert_eq!(
        stage.stranger().get(&format!("/callbacks/shop/uninstall?signed_payload_jwt={none}")).status,
        Some(401)
    );
    assert_eq!(stage.connections()[0]["state"], "connected");
    assert_eq!(stage.call_back("no_such", |_| {}).status, Some(404));
    // Of another store it says nothing about this one.
    let other = stage.call_back("uninstall", |claims| claims["sub"] = "stores/other1".into());
    assert_eq!(other.status, Some(200));
    assert_eq!(stage.connections()[0]["state"], "connected");
}

#[test]
fn load_shows_the_connection_in_the_control_panels_frame_and_in_no_other() {
    let stage = Stage::new();
    let before = stage.call_back("load", |_| {});
    assert!(before.body.contains("not connected"), "{}", before.body);
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    let shown = stage.call_back("load", |_| {});
    assert_eq!(shown.status, Some(200));
    assert!(shown.body.contains("Camp &lt;b&gt;&amp; Co"), "{}", shown.body);
    assert!(!shown.body.contains("/webhooks/") && !shown.body.contains("<form"), "{}", shown.body);
    let policy = shown.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors https://*.mybigcommerce.com"), "{policy}");
    assert_eq!(shown.header("x-frame-options"), None);
    assert!(shown.header("set-cookie").is_none());
}

#[test]
fn a_removed_user_is_noted() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    assert_eq!(stage.call_back("remove_user", |_| {}).status, Some(200));
    let log = browser.get("/audit").body;
    assert!(log.contains("user_removed") && log.contains("person 7"), "{log}");
    assert!(!log.contains("user@example.com"), "people are told by ids: {log}");
}
