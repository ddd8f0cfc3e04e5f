//! Tokens that the vendor does not know any more, webhooks that are made while a connection ends, and deliveries that fail.

use std::time::Instant;

use super::*;

impl Stage {
    /// The path that webhooks of the only connection go to.
    fn hook_path(&self) -> String {
        let url = self.connections()[0]["webhooks"].as_str().expect("an address").to_owned();
        url[url.find("/webhooks/").expect("a path")..].to_owned()
    }

    fn count(&self, event: &str) -> usize {
        self.audit().iter().filter(|word| *word == event).count()
    }
}

/// Has the page try the connection; what it says then.
#[track_caller]
fn tried(browser: &mut Browser, page: &str) -> String {
    let answer = browser.submit(page, &format!("{page}/check"), &[]);
    browser.get(answer.location().expect("a page")).body
}

#[test]
fn a_token_that_is_not_known_any_more_is_told_of_until_the_account_is_connected_again() {
    let mut stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{id}");
    browser.submit(&page, &format!("{page}/triggers"), &[("trigger", "order-created")]);
    stage.vendor.revoke();
    for _ in 0..2 {
        let shown = tried(&mut browser, &page);
        assert!(shown.contains("does not know its token any more"), "{shown}");
        assert!(
            shown.contains("href=\"/connect/shop?store_hash=abc123\"") && shown.contains("auth.revoked"),
            "{shown}"
        );
    }
    assert_eq!(stage.count("revoked"), 1, "{:?}", stage.audit());
    let told = stage.connections().remove(0);
    assert_eq!(told["state"], "revoked");
    assert!(told["advice"].as_str().expect("a text").contains("connect the account again"), "{told}");
    let listed = stage.place.ok(&["connections", "list", "--config", &stage.config()]);
    assert!(listed.contains("connect the account again"), "{listed}");

    // What still arrives is kept, also after a restart.
    let path = stage.hook_path();
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, order(1).as_bytes()).status, Some(200));
    stage.restart();
    browser.moves_to(stage.served.address);
    assert!(browser.get(&page).body.contains("does not know its token any more"));
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, order(2).as_bytes()).status, Some(200));
    assert_eq!(stage.waiting(), 2);
    assert_eq!(stage.metric("connector_connections{state=\"refused\"}"), 1);
    assert_eq!(stage.metric("connector_connections{state=\"ready\"}"), 0);

    stage.vendor.take_back();
    assert_eq!(stage.connect(&mut browser, "abc123"), id);
    let told = stage.connections().remove(0);
    assert_eq!((&told["state"], &told["advice"]), (&"connected".into(), &serde_json::Value::Null));
    assert_eq!(stage.metric("connector_connections{state=\"ready\"}"), 1);
    assert_eq!(stage.count("reconnected"), 1);
}

#[test]
fn a_token_that_is_known_again_needs_no_new_consent() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.revoke();
    assert!(tried(&mut browser, &page).contains("auth.revoked"));
    stage.vendor.take_back();
    let shown = tried(&mut browser, &page);
    assert!(shown.contains("The connection works") && !shown.contains("auth.revoked"), "{shown}");
    assert_eq!(stage.connections()[0]["state"], "connected");
    assert_eq!((stage.count("revoked"), stage.count("restored")), (1, 1));
}

#[test]
fn a_token_that_is_known_again_and_may_not_be_tried_is_known() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.revoke();
    assert!(tried(&mut browser, &page).contains("auth.revoked"));
    stage.vendor.bar();
    let shown = tried(&mut browser, &page);
    assert!(shown.contains("The token works") && !shown.contains("auth.revoked"), "{shown}");
    assert_eq!(stage.connections()[0]["state"], "connected");
}

#[test]
fn triggers_of_a_connection_that_was_refused_meanwhile_are_not_said_to_be_saved() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.revoke();
    tried(&mut browser, &page);
    let answer = browser.submit(&page, &format!("{page}/triggers"), &[("trigger", "order-created")]);
    let shown = browser.get(answer.location().expect("a page")).body;
    assert!(shown.contains("The triggers were not saved"), "{shown}");
    assert_eq!(stage.connections()[0]["triggers"], serde_json::json!([]));
}

#[test]
fn a_browser_that_hangs_up_does_not_break_a_removal_off() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.until_there_are(2);
    stage.vendor.hold_deletions(true);
    let sent = browser.send(&format!("{page}/disconnect"));
    stage.vendor.until_deletion_is_held();
    let shown = browser.get(&page).body;
    assert!(shown.contains("is being disconnected") && !shown.contains("uninstalled there"), "{shown}");
    drop(sent);
    // Whoever is answered now was heard after that.
    for _ in 0..20 {
        browser.get("/connections");
    }
    stage.vendor.hold_deletions(false);
    stage.vendor.until_there_are(0);
    let began = Instant::now();
    while !stage.connections().is_empty() {
        assert!(began.elapsed() < PATIENCE, "{:?}", stage.connections());
    }
    let began = Instant::now();
    while stage.count("disconnected") == 0 {
        assert!(began.elapsed() < PATIENCE, "{:?}", stage.audit());
    }
}

#[test]
fn an_account_whose_token_is_gone_ends_by_its_uninstallation() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.revoke();
    tried(&mut browser, &page);
    assert_eq!(stage.call_back("uninstall", |_| {}).status, Some(200));
    assert!(browser.get(&page).body.contains("The app was uninstalled there"));
    let late = stage.served.deliver_signed(&stage.hook_path(), APP_SECRET, order(1).as_bytes());
    assert_eq!(late.status, Some(404));
    assert_eq!((stage.count("revoked"), stage.count("uninstalled")), (1, 1));
}

#[test]
fn a_webhook_and_a_callback_tell_of_one_uninstallation() {
    for callback_first in [true, false] {
        let stage = Stage::new();
        let mut browser = stage.operator();
        stage.connect(&mut browser, "abc123");
        let path = stage.hook_path();
        let call_back = || assert_eq!(stage.call_back("uninstall", |_| {}).status, Some(200));
        let now = now_ms() / 1000;
        let body = format!(
            r#"{{"scope":"store/app/uninstalled","producer":"stores/abc123","created_at":{now},"data":{{"type":"store"}}}}"#
        );
        if callback_first {
            call_back();
        }
        let answer = stage.served.deliver_signed(&path, APP_SECRET, body.as_bytes());
        assert_eq!(answer.status, Some(if callback_first { 404 } else { 200 }), "{answer:?}");
        if !callback_first {
            call_back();
        }
        assert_eq!(stage.connections()[0]["state"], "revoked");
        assert_eq!(stage.count("uninstalled"), 1, "{:?}", stage.audit());
    }
}

#[test]
fn a_webhook_that_is_made_while_its_connection_is_disconnected_is_deleted() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.vendor.hold_hooks();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    stage.vendor.until_held(1);
    let disconnect = format!("{page}/disconnect");
    let answer = browser.submit(&disconnect, &disconnect, &[]);
    assert!(answer.body.contains("no longer connected"), "{answer:?}");
    assert!(stage.connections().is_empty());
    // The vendor makes it only now.
    stage.vendor.let_hooks_go();
    stage.vendor.until_made_and_deleted(1, 1);
    stage.served.has_logged("it ended while a webhook was made");
}

#[test]
fn deliveries_that_fail_are_counted_and_shown() {
    let mut stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    assert!(!browser.get(&page).body.contains("Trouble with deliveries"));
    let path = format!("{}/service", stage.hook_path());
    let body = r#"{"scope":"store/hook/deliveryException","producer":"stores/abc123","created_at":1,
        "data":{"type":"webhook","id":7,"error_code":90002,"message":"<b>gave up</b>"}}"#;
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, body.as_bytes()).status, Some(200));
    assert_eq!(stage.metric("connector_delivery_exceptions_total"), 1);
    let told = "error_code: 90002; message: &lt;b&gt;gave up&lt;/b&gt;";
    assert!(browser.get(&page).body.contains(told), "{}", browser.get(&page).body);
    stage.restart();
    browser.moves_to(stage.served.address);
    assert!(browser.get(&page).body.contains(told));
    assert!(!stage.served.logged().contains("gave up"), "no words of others are logged");
}
