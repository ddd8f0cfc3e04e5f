//! Connections that begin here, and everything that may come back instead of a token.

use super::*;

#[test]
fn a_person_connects_a_store_and_comes_back_to_its_page() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let typed = "https://store-abc123.mybigcommerce.com/manage/dashboard";
    let away = stage.begin(&mut browser, typed);
    assert_eq!(away.location(), Some(format!("{}/app/{CLIENT_ID}/install", stage.vendor.url).as_str()));
    // The app's own page ends at the vendor's where it began elsewhere; here it began with us.
    let back = browser.get(&callback("abc123", "&external_install=true"));
    let page = back.location().expect("the page").to_owned();
    let shown = browser.get(&page);
    assert_eq!(shown.status, Some(200));
    for told in
        ["Camp &lt;b&gt;&amp; Co", "abc123", "connected", " of 150 requests", "Order created", "/webhooks/"]
    {
        assert!(shown.body.contains(told), "{told}: {}", shown.body);
    }
    assert!(!shown.body.contains("missing"), "{}", shown.body);
    let asked = &stage.vendor.asked()[0];
    assert_eq!(asked["context"], "stores/abc123");
    assert_eq!(asked["scope"], *vendor::SCOPES);
    assert_eq!(asked["redirect_uri"], format!("http://{}/callbacks/shop/auth", stage.served.address));
    let all = stage.connections();
    assert_eq!((all.len(), &all[0]["account"], &all[0]["app"]), (1, &"abc123".into(), &"shop".into()));
    assert_eq!(all[0]["triggers"], serde_json::json!([]), "a person switches triggers on");
    assert_eq!(stage.audit(), ["signed_in", "connect_begun", "connected"]);
}

#[test]
fn what_is_no_store_is_refused_with_an_example() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    for typed in ["", "my shop", "https://evil.example/stores/abc123", "../abc123", "\"><script>"] {
        let answer = stage.begin(&mut browser, typed);
        assert_eq!(answer.status, Some(422), "{typed}");
        assert!(answer.body.contains("write it like abc123"), "{}", answer.body);
        assert!(!answer.body.contains("<script>"), "{}", answer.body);
    }
    for typed in ["abc123", "stores/abc123", "https://api.bigcommerce.com/stores/abc123/v3/"] {
        assert_eq!(stage.begin(&mut browser, typed).status, Some(303), "{typed}");
    }
}

#[test]
fn another_store_than_was_typed_connects_nothing() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.begin(&mut browser, "abc123");
    let answer = browser.get(&callback("evil99", ""));
    assert_eq!(answer.status, Some(409));
    assert!(answer.body.contains("another account"), "{}", answer.body);
    assert_eq!(
        (stage.vendor.asked().len(), stage.connections().len()),
        (0, 0),
        "its code is not even traded"
    );
    assert!(!browser.get("/connections").body.contains("evil99"));
}

#[test]
fn everything_that_is_no_token_has_its_message_and_connects_nothing() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let cases = [
        (Answering::Page, "something that is no token", "no_answer"),
        (Answering::Redirect, "something that is no token", "no_answer"),
        (Answering::Much, "too long to be sound", "too_long"),
        (Answering::OtherStore, "answered for another account", "other_account"),
        (Answering::Status(400), "refused the code (status 400)", "refused"),
        (Answering::Status(503), "failed (status 503)", "failed"),
    ];
    for (answering, message, class) in cases {
        stage.vendor.answer(answering);
        stage.begin(&mut browser, "abc123");
        let answer = browser.get(&callback("abc123", ""));
        assert_eq!(answer.status, Some(502), "{answering:?}");
        assert!(answer.body.contains(message), "{answering:?}: {}", answer.body);
        stage.served.has_logged(&format!("class=\"{class}\""));
    }
    assert_eq!(stage.connections().len(), 0);
    stage.vendor.answer(Answering::Well);
    stage.connect(&mut browser, "abc123");
}

#[test]
fn a_token_endpoint_that_hangs_is_waited_for_so_long_and_told() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.vendor.answer(Answering::Nothing);
    stage.begin(&mut browser, "abc123");
    let answer = browser.get(&callback("abc123", ""));
    assert_eq!(answer.status, Some(502), "{answer:?}");
    assert!(answer.body.contains("took too long to answer"), "{}", answer.body);
    stage.served.has_logged("class=\"timed_out\"");
    assert_eq!(stage.connections().len(), 0);
    // What was begun is over; the next beginning is a new one.
    stage.vendor.answer(Answering::Well);
    stage.connect(&mut browser, "abc123");
}

#[test]
fn a_code_that_the_vendor_does_not_take_changes_nothing() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.connect(&mut browser, "abc123");
    let before = stage.connections();
    stage.vendor.answer(Answering::Status(400));
    stage.begin(&mut browser, "abc123");
    let answer = browser.get(&callback("abc123", ""));
    assert_eq!(answer.status, Some(502));
    assert!(answer.body.contains("used before"), "{}", answer.body);
    // Another one without anybody who began it.
    let answer = stage.stranger().get(&callback("abc123", ""));
    assert_eq!(answer.status, Some(502));
    assert_eq!(stage.connections(), before);
}

#[test]
fn fewer_scopes_are_told_with_a_link_to_approve_anew() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.vendor.answer(Answering::FewerScopes);
    let id = stage.connect(&mut browser, "abc123");
    let shown = browser.get(&format!("/connections/{id}")).body;
    assert!(shown.contains("Scopes are missing"), "{shown}");
    assert!(shown.contains("href=\"/connect/shop?store_hash=abc123\""), "{shown}");
    assert!(shown.contains("Customer created (needs a scope that is missing)"), "{shown}");
    // What may not be cannot be switched on by a form of one's own either.
    let page = format!("/connections/{id}");
    let wanted = [("trigger", "customer-created"), ("trigger", "order-created"), ("trigger", "no-such")];
    browser.submit(&page, &format!("{page}/triggers"), &wanted);
    assert_eq!(stage.connections()[0]["triggers"], serde_json::json!(["order-created"]));

    stage.vendor.answer(Answering::Well);
    assert_eq!(stage.connect(&mut browser, "abc123"), id, "the same connection");
    let shown = browser.get(&page).body;
    assert!(!shown.contains("missing"), "{shown}");
    assert_eq!(stage.connections()[0]["triggers"], serde_json::json!(["order-created"]), "settings stay");
    assert_eq!(stage.audit().last().map(String::as_str), Some("reconnected"));
}

#[test]
fn the_authorization_endpoint_gets_context_and_state_and_wants_them_back() {
    let stage = Stage::with("authorize = true\n");
    let mut browser = stage.operator();
    let state_of = |answer: &Answer| {
        let location = answer.location().expect("it leads away").to_owned();
        assert!(location.starts_with(&format!("{}/oauth2/authorize?", stage.vendor.url)), "{location}");
        assert!(location.contains("&context=stores%2Fabc123"), "{location}");
        location.split_once("&state=").expect("a state").1.split('&').next().unwrap().to_owned()
    };
    for wrong in ["", "&state=", "&state=0000"] {
        stage.begin(&mut browser, "abc123");
        let answer = browser.get(&callback("abc123", wrong));
        assert_eq!(answer.status, Some(403), "{wrong:?}");
        assert!(answer.body.contains("Nothing was connected"), "{}", answer.body);
    }
    let state = state_of(&stage.begin(&mut browser, "abc123"));
    // Another browser has the state, and not the cookie.
    let answer = stage.stranger().get(&callback("abc123", &format!("&state={state}")));
    assert_eq!(answer.status, Some(403));
    assert_eq!(stage.vendor.asked().len(), 0);
    let twice = browser.get(&callback("abc123", &format!("&state={state}&state={state}")));
    assert_eq!(twice.status, Some(403), "two states are none");

    let state = state_of(&stage.begin(&mut browser, "abc123"));
    let answer = browser.get(&callback("abc123", &format!("&state={state}")));
    assert_eq!(answer.status, Some(303), "{answer:?}");
    let again = browser.get(&callback("abc123", &format!("&state={state}")));
    assert_eq!(again.location(), answer.location(), "what the state was used for");
    assert_eq!(stage.vendor.asked().len(), 1, "one code for a state");
}

#[test]
fn callbacks_that_lack_something_or_were_denied_say_so() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    for path in [
        "/callbacks/shop/auth",
        "/callbacks/shop/auth?code=&scope=a&context=stores%2Fabc123",
        "/callbacks/shop/auth?code=a&scope=a&context=stores%2F..%2Fadmin",
        "/callbacks/shop/auth?code=a&code=b&scope=a&context=stores%2Fabc123",
        "/callbacks/shop/auth?error=access_denied",
    ] {
        stage.begin(&mut browser, "abc123");
        let answer = browser.get(path);
        assert_eq!(answer.status, Some(400), "{path}");
        assert!(answer.body.contains("Nothing was connected"), "{path}: {}", answer.body);
    }
    assert_eq!(browser.get("/callbacks/other/auth?code=a").status, Some(404));
    assert_eq!(stage.vendor.asked().len(), 0);
}
