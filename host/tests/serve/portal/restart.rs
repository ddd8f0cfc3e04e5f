//! A service that is started again while somebody is on their way through the vendor's screens.

use super::*;

/// A browser that was in the middle of it comes back to a service that was started again, once.
fn comes_back(stage: &mut Stage, path: impl Fn(&Answer) -> String) {
    let mut browser = stage.operator();
    let begun = stage.begin(&mut browser, "abc123");
    assert_eq!(begun.status, Some(303), "{begun:?}");
    stage.restart();
    browser.moves_to(stage.served.address);
    let callback = path(&begun);
    let answer = browser.get(&callback);
    let page = answer.location().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    assert!(browser.get(&page).body.contains("connected"), "and is signed in still");
    assert_eq!(stage.connections()[0]["state"], "connected");

    // A repetition shows the same, also after another start, and asks the vendor nothing.
    stage.restart();
    browser.moves_to(stage.served.address);
    let again = browser.get(&callback);
    assert_eq!(again.location(), Some(page.as_str()), "{again:?}");
    assert_eq!(stage.vendor.asked().len(), 1);
}

#[test]
fn a_person_in_the_middle_of_an_installation_comes_back_to_their_connection() {
    comes_back(&mut Stage::new(), |_| callback("abc123", ""));
}

#[test]
fn a_state_that_was_given_out_before_is_known_after_and_another_is_not() {
    let mut stage = Stage::with("authorize = true\n");
    comes_back(&mut stage, |begun| {
        let address = begun.location().expect("an address");
        let (_, state) = address.split_once("state=").expect("a state");
        callback("abc123", &format!("&state={}", state.split('&').next().unwrap_or_default()))
    });
    let mut browser = stage.operator();
    stage.begin(&mut browser, "abc123");
    stage.restart();
    browser.moves_to(stage.served.address);
    let answer = browser.get(&callback("abc123", "&state=another"));
    assert_eq!(answer.status, Some(403), "{answer:?}");
}

#[test]
fn who_signed_out_stays_signed_out_and_another_admin_token_ends_all_sessions() {
    let mut stage = Stage::new();
    let (mut stays, mut leaves) = (stage.operator(), stage.operator());
    leaves.submit("/connections", "/sign-out", &[]);
    stage.restart();
    for (browser, status) in [(&mut stays, 200), (&mut leaves, 303)] {
        browser.moves_to(stage.served.address);
        assert_eq!(browser.get("/connections").status, Some(status));
    }
    assert_eq!(stage.served.stop().0, Some(0));
    let arguments = ["--config", &stage.config()];
    stage.served = stage.place.serve_with(&arguments, &[("CONNECTOR_ADMIN_TOKEN", "hush-another-token")]);
    stays.moves_to(stage.served.address);
    assert_eq!(stays.get("/connections").status, Some(303));
}
