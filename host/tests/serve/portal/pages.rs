//! Sessions, form tokens, limits, headers, and what pages are like for those who do not see them.

use super::*;

const PAGES: &[&str] = &["/connections", "/connections/new", "/connections/paste", "/connect/shop", "/audit"];

#[test]
fn whoever_is_not_signed_in_sees_the_sign_in_page_and_nothing_else() {
    let stage = Stage::new();
    let id = stage.connect(&mut stage.operator(), "abc123");
    let of_one = [format!("/connections/{id}"), format!("/connections/{id}/disconnect")];
    for path in PAGES.iter().copied().chain(of_one.iter().map(String::as_str)) {
        let answer = stage.stranger().get(path);
        assert_eq!((answer.status, answer.location()), (Some(303), Some("/sign-in")), "{path}");
    }
    for path in
        [format!("/connections/{id}/disconnect"), "/installs/adopt".to_owned(), "/sign-out".to_owned()]
    {
        let answer = stage.stranger().post(&path, &[("form_token", "0")]);
        assert_eq!((answer.status, answer.location()), (Some(303), Some("/sign-in")), "{path}");
    }
    assert_eq!(stage.connections().len(), 1);
}

#[test]
fn a_wrong_token_signs_nobody_in_and_guessing_ends_soon() {
    let stage = Stage::new();
    let mut browser = stage.stranger();
    for _ in 0..10 {
        let answer = browser.submit("/sign-in", "/sign-in", &[("admin_token", "guess")]);
        assert_eq!(answer.status, Some(403));
        assert!(answer.body.contains("not the admin token"), "{}", answer.body);
    }
    let answer = browser.submit("/sign-in", "/sign-in", &[("admin_token", ADMIN)]);
    assert_eq!(answer.status, Some(429), "nobody finds out more");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(browser.get("/connections").status, Some(303));
}

#[test]
fn floods_of_forms_are_turned_away_and_pages_are_shown() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    let token = browser::form_token(&browser.get(&page).body).expect("a token").to_owned();
    let mut send = || browser.post(&format!("{page}/triggers"), &[("form_token", &token)]);
    let answer = (0..1_000).map(|_| send()).find(|answer| answer.status != Some(303)).expect("an end");
    assert_eq!((answer.status, answer.header("retry-after")), (Some(429), Some("60")), "{answer:?}");
    assert_eq!(browser.get(&page).status, Some(200));
}

#[test]
fn a_session_ends_when_somebody_signs_out() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    assert_eq!(browser.get("/connections").status, Some(200));
    let answer = browser.submit("/connections", "/sign-out", &[]);
    assert_eq!(answer.location(), Some("/sign-in"));
    assert_eq!(browser.get("/connections").status, Some(303));
}

#[test]
fn forms_without_the_token_of_their_session_are_refused() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let other = stage.operator().get("/connections").body;
    let other = browser::form_token(&other).expect("a token").to_owned();
    let paths = ["triggers", "check", "disconnect"].map(|name| format!("/connections/{id}/{name}"));
    let rest = ["/sign-out", "/connect/shop", "/connections/paste", "/installs/adopt", "/installs/refuse"];
    for path in paths.iter().map(String::as_str).chain(rest) {
        for token in ["", "0", &other] {
            let fields = [("form_token", token), ("store_hash", "abc123"), ("trigger", "order-created")];
            assert_eq!(browser.post(path, &fields).status, Some(403), "{path} {token}");
        }
    }
    assert_eq!(stage.connections()[0]["triggers"], serde_json::json!([]));
    // A page elsewhere cannot sign somebody in either: its form has no cookie of ours.
    let forged = stage.stranger().post("/sign-in", &[("form_token", ""), ("admin_token", ADMIN)]);
    assert_eq!(forged.status, Some(403));
}

#[test]
fn every_answer_has_the_headers_that_keep_it_safe() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let one = format!("/connections/{id}");
    let all =
        PAGES.iter().copied().chain([one.as_str(), "/sign-in", "/callbacks/shop/load", "/callbacks/x/auth"]);
    for path in all {
        let answer = browser.get(path);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"),
            "{path} {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path} {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    let style = browser.get("/assets/style.css");
    assert_eq!((style.status, style.header("content-type")), (Some(200), Some("text/css; charset=utf-8")));
}

#[test]
fn cookies_are_kept_from_scripts_and_other_sites() {
    let stage = Stage::new();
    let browser = stage.operator();
    let set: Vec<&str> = browser
        .seen
        .iter()
        .flat_map(|answer| answer.lines())
        .filter(|line| line.starts_with("set-cookie"))
        .collect();
    assert!(set.len() >= 2, "{set:?}");
    for cookie in set {
        assert!(cookie.contains("; httponly; samesite=lax"), "{cookie}");
    }
}

#[test]
fn no_parameter_leads_elsewhere() {
    let stage = Stage::new();
    for path in [
        "/sign-in?next=https://evil.example",
        "/connections?next=//evil.example",
        "/callbacks/shop/load?url=//evil.example",
    ] {
        let answer = stage.stranger().get(path);
        assert!(!answer.head.contains("evil.example") && !answer.body.contains("evil.example"), "{path}");
    }
    let answer = stage.operator().get("/sign-in?next=https://evil.example");
    assert_eq!(answer.location(), Some("/connections"));
}

#[test]
fn pages_have_a_language_headings_and_a_label_for_every_input() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let one = format!("/connections/{id}");
    for path in PAGES.iter().copied().chain([one.as_str()]) {
        let page = browser.get(path).body;
        assert!(page.contains("<html lang=\"en\">") && page.contains("name=\"viewport\""), "{path}");
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        assert!(page.contains("href=\"#content\"") && page.contains("id=\"content\""), "{path}");
        assert!(
            !page.contains("<script") && !page.contains("style=\"") && !page.contains(" onclick"),
            "{path}"
        );
        for input in page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
            let id = input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
            let is_labelled = id.is_some_and(|id| page.contains(&format!("<label for=\"{id}\"")));
            let is_hidden = input.contains("type=\"hidden\"");
            let is_within = input.contains("type=\"checkbox\"");
            assert!(is_labelled || is_hidden || is_within, "{path}: {input}");
        }
    }
}

#[test]
fn disconnecting_asks_first_and_forgets_the_token() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{id}/disconnect");
    assert!(browser.get(&page).body.contains("Disconnect abc123"));
    assert_eq!(stage.connections().len(), 1, "asking changes nothing");
    let answer = browser.submit(&page, &page, &[]);
    assert_eq!(answer.status, Some(200));
    assert!(answer.body.contains("token is forgotten"), "{}", answer.body);
    assert_eq!(stage.connections().len(), 0);
    assert_eq!(browser.get(&format!("/connections/{id}")).status, Some(404));
    assert_eq!(stage.audit().last().map(String::as_str), Some("disconnected"));
    // From then on the store is a stranger again.
    assert!(stage.stranger().get(&callback("abc123", "")).body.contains("adopts"));
}

#[test]
fn a_connection_is_tried_when_somebody_asks() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{id}");
    let mut tried = || {
        let answer = browser.submit(&page, &format!("{page}/check"), &[]);
        let location = answer.location().expect("back to the page").to_owned();
        browser.get(&location).body
    };
    assert!(tried().contains("The connection works."));
    stage.vendor.revoke();
    assert!(tried().contains("auth.revoked"));
}

#[test]
fn the_page_of_an_event_shows_what_is_delivered_to_whoever_is_signed_in() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let id = stage.connect(&mut browser, "abc123");
    let other = stage.connect(&mut browser, "other9");
    let one = format!("/connections/{id}");
    browser.submit(&one, &format!("{one}/triggers"), &[("trigger", "order-created")]);
    let page = browser.get(&one).body;
    let webhooks = page.split("/webhooks/").nth(1).and_then(|rest| rest.split('<').next()).expect("a key");
    let event = ORDER.replace("5a1e", "<b>5a1e</b>");
    let path = format!("/webhooks/{webhooks}");
    assert_eq!(stage.served.deliver_signed(&path, APP_SECRET, event.as_bytes()).status, Some(200));

    let page = browser.get(&one).body;
    let link = page.split(&format!("href=\"{one}/events/")).nth(1).and_then(|rest| rest.split('"').next());
    let event = link.expect("a link to the event");
    let shown = browser.get(&format!("{one}/events/{event}"));
    for told in ["Event: order 250", "bigcommerce/order-created", "order/250", "&lt;b&gt;5a1e"] {
        assert!(shown.body.contains(told), "{told}: {}", shown.body);
    }
    assert!(!shown.body.contains("<b>5a1e"), "what came is text");
    for path in [format!("/connections/{other}/events/{event}"), format!("{one}/events/0")] {
        assert_eq!(browser.get(&path).status, Some(404), "{path}");
    }
    let answer = stage.stranger().get(&format!("{one}/events/{event}"));
    assert_eq!(answer.location(), Some("/sign-in"));
}

#[test]
fn floods_of_callbacks_are_turned_away_and_webhooks_go_on() {
    let stage = Stage::new();
    stage.vendor.answer(Answering::Status(400));
    let token = stage.place.file("secret", CLIENT_SECRET);
    let (_, path) = stage.place.add(&["--client-secret-file", &token]);
    let statuses: Vec<_> = (0..60).map(|_| stage.stranger().get(&callback("abc123", "")).status).collect();
    assert_eq!(statuses[..20], [Some(502); 20], "a few are tried");
    assert!(statuses.contains(&Some(429)), "{statuses:?}");
    assert!(stage.vendor.asked().len() < 60);
    assert_eq!(stage.served.deliver_signed(&path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
}

#[test]
fn without_an_admin_token_nobody_signs_in_and_the_page_says_so() {
    let place = Place::new();
    let served = place.serve();
    let mut browser = Browser::new(served.address);
    assert!(browser.get("/sign-in").body.contains("the service has no admin token"));
    let answer = browser.submit("/sign-in", "/sign-in", &[("admin_token", "")]);
    assert_eq!(answer.status, Some(403));
}

#[test]
fn pages_follow_the_path_of_the_public_address_and_its_cookies_are_secure() {
    let place = Place::new();
    let served = place
        .serve_with(&["--public-url", "https://hooks.example.com/in"], &[("CONNECTOR_ADMIN_TOKEN", ADMIN)]);
    let answer = get(served.address, "/in/sign-in", &[]);
    assert_eq!(answer.status, Some(200));
    assert!(
        answer.body.contains("action=\"/in/sign-in\"") && answer.body.contains("\"/in/assets/style.css\"")
    );
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__host-connector-form=") && cookie.ends_with("; secure"), "{cookie}");
    assert_eq!(get(served.address, "/in/connections", &[]).location(), Some("/in/sign-in"));
}
