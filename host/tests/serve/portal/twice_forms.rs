//! Forms and signed callbacks that arrive twice: a double click shows what a single one shows.

use super::*;

/// Loads a page, and sends its form twice: at the same time, and then a third time.
#[track_caller]
fn thrice(browser: &mut Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Vec<Answer> {
    let loaded = browser.get(page).body;
    assert!(loaded.contains(&format!("action=\"{action}\"")), "{loaded}");
    let token = browser::form_token(&loaded).expect("a token").to_owned();
    let fields = [&[("form_token", token.as_str())], fields].concat();
    let mut all = at_once(vec![|| browser.clone().post(action, &fields); 2]);
    all.push(browser.clone().post(action, &fields));
    all
}

/// That all of these lead to the same place; where.
#[track_caller]
fn lead_to(answers: &[Answer]) -> String {
    let all: Vec<_> = answers.iter().map(|one| (one.status, one.location())).collect();
    assert!(all.iter().all(|one| one.0 == Some(303) && *one == all[0]), "{answers:?}");
    all[0].1.expect("a place").to_owned()
}

fn count(stage: &Stage, event: &str) -> usize {
    stage.audit().iter().filter(|known| *known == event).count()
}

#[test]
fn signing_in_and_out_twice() {
    let stage = Stage::new();
    let mut browser = stage.stranger();
    let answers = thrice(&mut browser, "/sign-in", "/sign-in", &[("admin_token", ADMIN)]);
    assert_eq!(lead_to(&answers), "/connections");
    let mut browser = stage.operator();
    assert_eq!(lead_to(&thrice(&mut browser, "/connections", "/sign-out", &[])), "/sign-in");
    assert_eq!(browser.get("/connections").status, Some(303));
}

#[test]
fn beginning_twice_leaves_both_states_good() {
    for came_back in 0..3 {
        let stage = Stage::with("authorize = true\n");
        let mut browser = stage.operator();
        let begun = thrice(&mut browser, "/connect/shop", "/connect/shop", &[("store_hash", "abc123")]);
        let states = begun.iter().map(|answer| {
            let address = answer.location().unwrap_or_else(|| panic!("{answer:?}"));
            let (_, state) = address.split_once("&state=").expect("a state");
            format!("&state={}", state.split('&').next().unwrap_or_default())
        });
        let state = states.clone().nth(came_back).expect("three");
        let answer = browser.get(&callback("abc123", &state));
        assert_eq!(answer.status, Some(303), "{came_back}: {answer:?}");
        assert_eq!(stage.connections().len(), 1);
    }
    let stage = Stage::new();
    let mut browser = stage.operator();
    let begun = thrice(&mut browser, "/connect/shop", "/connect/shop", &[("store_hash", "abc123")]);
    assert_eq!(lead_to(&begun), format!("{}/app/{CLIENT_ID}/install", stage.vendor.url));
    assert_eq!(browser.get(&callback("abc123", "")).status, Some(303));
}

#[test]
fn two_accounts_that_were_begun_in_one_browser_are_both_connected() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    for account in ["abc123", "other9"] {
        stage.begin(&mut browser, account);
    }
    for account in ["abc123", "other9"] {
        assert_eq!(browser.get(&callback(account, "")).status, Some(303), "{account}");
    }
    assert_eq!(stage.connections().len(), 2);
}

#[test]
fn adopting_and_refusing_twice() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.stranger().get(&callback("abc123", ""));
    let fields = [("account", "abc123"), ("app", "shop")];
    let page = lead_to(&thrice(&mut browser, "/connections", "/installs/adopt", &fields));
    assert!(browser.get(&page).body.contains("Camp"));
    assert_eq!((count(&stage, "connected"), count(&stage, "reconnected")), (1, 0));

    stage.stranger().get(&callback("other9", ""));
    let fields = [("account", "other9"), ("app", "shop")];
    let answers = thrice(&mut browser, "/connections", "/installs/refuse", &fields);
    assert_eq!(lead_to(&answers), "/connections");
    assert_eq!((stage.connections().len(), count(&stage, "install_refused")), (1, 1));
}

#[test]
fn pasting_twice() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let fields = [("store_hash", "abc123"), ("access_token", TOKEN), ("client_secret", CLIENT_SECRET)];
    let page = lead_to(&thrice(&mut browser, "/connections/paste", "/connections/paste", &fields));
    assert!(browser.get(&page).body.contains("connected"));
    assert_eq!(stage.connections().len(), 1);
}

#[test]
fn saving_triggers_and_trying_the_connection_twice() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}", stage.connect(&mut browser, "abc123"));
    let fields = [("trigger", "order-created")];
    let answers = thrice(&mut browser, &page, &format!("{page}/triggers"), &fields);
    assert_eq!(lead_to(&answers), format!("{page}?done=triggers"));
    assert_eq!(stage.connections()[0]["triggers"], serde_json::json!(["order-created"]));
    let answers = thrice(&mut browser, &page, &format!("{page}/check"), &[]);
    assert_eq!(lead_to(&answers), format!("{page}?done=works"));
}

#[test]
fn disconnecting_twice() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let page = format!("/connections/{}/disconnect", stage.connect(&mut browser, "abc123"));
    let answers = thrice(&mut browser, &page, &page, &[]);
    for answer in &answers {
        assert_eq!(answer.status, Some(200), "{answer:?}");
        assert!(answer.body.contains("abc123 is no longer connected"), "{answer:?}");
        assert_eq!(answer.body, answers[0].body);
    }
    assert_eq!((stage.connections().len(), count(&stage, "disconnected")), (0, 1));
    let never = page.replace("/connections/", "/connections/0");
    let token = browser.get("/connections").body;
    let token = browser::form_token(&token).expect("a token").to_owned();
    assert_eq!(browser.post(&never, &[("form_token", &token)]).status, Some(404), "never there");
}

#[test]
fn signed_callbacks_twice() {
    let stage = Stage::new();
    stage.connect(&mut stage.operator(), "abc123");
    let token = signed_claims(APP_SECRET, |_| {});
    for (name, told) in [("load", "Camp"), ("remove_user", ""), ("uninstall", ""), ("load", "revoked")] {
        let path = format!("/callbacks/shop/{name}?signed_payload_jwt={token}");
        let mut answers = at_once(vec![|| stage.stranger().get(&path); 2]);
        answers.push(stage.stranger().get(&path));
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (Some(200), &answers[0].body), "{name}");
            assert!(answer.body.contains(told), "{name}: {answer:?}");
        }
    }
    assert_eq!((count(&stage, "uninstalled"), count(&stage, "user_removed")), (1, 1));
}
