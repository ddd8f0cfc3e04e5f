//! Installations that the vendor began: they belong to nobody until somebody signed in adopts them.

use super::*;

#[test]
fn an_install_from_the_vendors_side_waits_until_it_is_adopted() {
    let stage = Stage::new();
    let answer = stage.stranger().get(&callback("abc123", ""));
    assert_eq!(answer.status, Some(200));
    assert!(answer.body.contains("adopts this account"), "{}", answer.body);
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors https://*.mybigcommerce.com"), "{policy}");
    assert_eq!(stage.connections().len(), 0);

    let mut browser = stage.operator();
    let token = browser.get("/connections").body;
    assert!(token.contains("Adopt abc123"), "{token}");
    let fields = [("account", "abc123"), ("app", "shop")];
    let adopted = browser.submit("/connections", "/installs/adopt", &fields);
    assert_eq!(adopted.status, Some(303), "{adopted:?}");
    let shown = browser.get(adopted.location().expect("its page")).body;
    assert!(shown.contains("Camp &lt;b&gt;&amp; Co"), "{shown}");
    assert_eq!(stage.connections().len(), 1);
    assert!(!browser.get("/connections").body.contains("Adopt"), "once");
    let wanted = ["install_waits", "signed_in", "install_adopted", "connected"];
    assert_eq!(stage.audit(), wanted);
}

#[test]
fn an_install_can_be_forgotten_and_an_uninstall_takes_it_away() {
    let stage = Stage::new();
    stage.stranger().get(&callback("abc123", ""));
    let mut browser = stage.operator();
    browser.submit("/connections", "/installs/refuse", &[("account", "abc123"), ("app", "shop")]);
    assert!(!browser.get("/connections").body.contains("abc123"));

    stage.stranger().get(&callback("abc123", ""));
    assert!(browser.get("/connections").body.contains("Adopt abc123"));
    assert_eq!(stage.call_back("uninstall", |_| {}).status, Some(200));
    assert!(!browser.get("/connections").body.contains("Adopt"));
    assert_eq!(stage.connections().len(), 0);
}

#[test]
fn an_install_that_began_at_a_link_elsewhere_ends_at_the_vendors_pages() {
    let stage = Stage::new();
    let mut browser = stage.stranger();
    let end = |answer: Answer| answer.location().map(str::to_owned);
    let page = |name: &str| Some(format!("{}/app/{CLIENT_ID}/install/{name}", stage.vendor.url));
    let callbacks = [(Answering::Well, "succeeded"), (Answering::Status(400), "failed")];
    for (answering, name) in callbacks {
        stage.vendor.answer(answering);
        let callback = callback("abc123", "&external_install=true");
        assert_eq!(end(browser.get(&callback)), page(name));
        assert_eq!(end(browser.get(&callback)), page(name), "again");
    }
}

#[test]
fn a_known_store_that_approves_anew_gets_its_new_token_at_once() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let before = stage.connections();
    let answer = stage.stranger().get(&callback("abc123", ""));
    assert_eq!(answer.status, Some(200));
    assert!(answer.body.contains("Connected"), "{}", answer.body);
    assert_eq!(stage.connections(), before, "id, address and settings stay: {id}");
    assert_eq!(stage.audit().last().map(String::as_str), Some("reconnected"));
    // Whoever signs in at the vendor gets no session here.
    assert!(answer.header("set-cookie").is_none());
}
