//! Authorization callbacks that arrive twice: one after the other, at the same time, and at two processes of one data folder.

use super::*;

const MODES: [&str; 2] = ["", "authorize = true\n"];

/// The state that the vendor was given; none where it was given none.
fn state_of(begun: &Answer) -> String {
    let state = begun.location().expect("it leads away").split_once("&state=");
    state.map_or_else(String::new, |(_, rest)| {
        format!("&state={}", rest.split('&').next().unwrap_or_default())
    })
}

impl Stage {
    /// A browser on its way back from the vendor, and the callback that it brings.
    fn on_the_way(&self, account: &str) -> (Browser, String) {
        let mut browser = self.operator();
        let begun = self.begin(&mut browser, account);
        assert_eq!(begun.status, Some(303), "{begun:?}");
        let path = callback(account, &state_of(&begun));
        (browser, path)
    }

    fn count_of(&self, event: &str) -> usize {
        self.audit().iter().filter(|known| *known == event).count()
    }
}

/// The page of the connection that an answer leads to.
#[track_caller]
fn page_of(answer: &Answer) -> &str {
    let location = answer.location().unwrap_or_else(|| panic!("{answer:?}"));
    assert!(location.starts_with("/connections/"), "{answer:?}");
    location
}

#[test]
fn the_second_of_two_callbacks_shows_the_account_that_the_first_connected() {
    for mode in MODES {
        let stage = Stage::with(mode);
        let (mut browser, path) = stage.on_the_way("abc123");
        let first = browser.get(&path);
        let page = page_of(&first).to_owned();
        assert_eq!(page_of(&browser.get(&path)), page);
        assert!(browser.get(&page).body.contains("Camp &lt;b&gt;&amp; Co"));
        assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 1));
        assert_eq!((stage.count_of("connected"), stage.count_of("reconnected")), (1, 0));
        // Also if the session has begun another connection since.
        stage.begin(&mut browser, "other9");
        assert_eq!(page_of(&browser.get(&path)), page);
    }
}

#[test]
fn twenty_pairs_of_callbacks_at_the_same_time_connect_each_account_once() {
    let stage = Stage::with("authorize = true\n");
    let all: Vec<_> = (0..20).map(|number| stage.on_the_way(&format!("shop{number}"))).collect();
    let twice = all.iter().flat_map(|one| [one.clone(), one.clone()]);
    let jobs = twice.map(|(mut browser, path)| move || browser.get(&path)).collect();
    let answers = at_once(jobs);
    let mut pages: Vec<&str> = answers.chunks(2).map(|pair| page_of(&pair[0])).collect();
    assert_eq!(pages, answers.chunks(2).map(|pair| page_of(&pair[1])).collect::<Vec<_>>());
    pages.sort_unstable();
    pages.dedup();
    assert_eq!((pages.len(), stage.vendor.asked().len(), stage.connections().len()), (20, 20, 20));
}

#[test]
fn twenty_pairs_at_two_processes_of_one_data_folder_connect_each_account_once() {
    let stage = Stage::new();
    let other = stage.another();
    let all: Vec<_> = (0..20).map(|number| stage.on_the_way(&format!("shop{number}"))).collect();
    let twice = all.iter().flat_map(|(browser, path)| {
        let mut moved = browser.clone();
        moved.moves_to(other.address);
        [(browser.clone(), path), (moved, path)]
    });
    let answers = at_once(twice.map(|(mut browser, path)| move || browser.get(path)).collect());
    for pair in answers.chunks(2) {
        assert_eq!(page_of(&pair[0]), page_of(&pair[1]));
    }
    assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (20, 20));
    assert_eq!((stage.count_of("connected"), stage.count_of("reconnected")), (20, 0));
}

#[test]
fn two_codes_for_one_beginning_show_one_account_at_two_processes() {
    for mode in MODES {
        let stage = Stage::with(mode);
        let other = stage.another();
        let mut browser = stage.operator();
        // Approved twice at the vendor's screen: each time another code.
        let state = state_of(&stage.begin(&mut browser, "abc123"));
        let mut moved = browser.clone();
        moved.moves_to(other.address);
        let paths = [callback("abc123", &state), callback("abc123", &state)];
        let pair = [(browser.clone(), &paths[0]), (moved, &paths[1])];
        let answers = at_once(pair.map(|(mut browser, path)| move || browser.get(path)).into());
        assert_eq!(page_of(&answers[0]), page_of(&answers[1]));
        assert_eq!(page_of(&browser.get(&paths[1])), page_of(&answers[0]), "and later");
        // A state stands for one code. Without a state, the later approval counts.
        let asked = if state.is_empty() { 2 } else { 1 };
        assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (asked, 1), "{mode:?}");
        assert!(!browser.get("/connections").body.contains("Adopt"));
    }
}

#[test]
fn a_request_that_was_cut_off_after_the_connection_was_stored_is_finished_by_the_next() {
    let stage = Stage::new();
    let (mut browser, path) = stage.on_the_way("abc123");
    let page = page_of(&browser.get(&path)).to_owned();
    let file = rusqlite::Connection::open(stage.place.data().join("connector.sqlite")).expect("it opens");
    let cut = "UPDATE callback_codes SET outcome = NULL, leased_until_ms = 0";
    assert_eq!(file.execute(cut, ()).expect("it is changed"), 1);
    drop(file);
    assert_eq!(page_of(&browser.get(&path)), page);
    assert_eq!((stage.vendor.asked().len(), stage.count_of("reconnected")), (1, 0));
}

#[test]
fn a_browser_that_hangs_up_does_not_end_the_exchange() {
    let stage = Stage::new();
    let (mut browser, path) = stage.on_the_way("abc123");
    stage.vendor.hold_tokens(true);
    let first = browser.open(&path);
    stage.vendor.until_tokens_held(1);
    drop(first);
    let (mut again, vendor) = (browser.clone(), &stage.vendor);
    let answers = at_once(vec![
        Box::new(|| Some(again.get(&path))) as Box<dyn FnOnce() -> Option<Answer> + Send>,
        Box::new(|| {
            vendor.hold_tokens(false);
            None
        }),
    ]);
    let page = page_of(answers[0].as_ref().expect("an answer"));
    assert_eq!(page_of(&browser.get(&path)), page);
    assert_eq!(stage.vendor.asked().len(), 1);
}

#[test]
fn another_request_takes_over_from_a_process_that_was_killed() {
    let mut stage = Stage::new();
    let other = stage.another();
    let (mut browser, path) = stage.on_the_way("abc123");
    stage.vendor.answer(Answering::Nothing);
    let first = browser.open(&path);
    stage.vendor.until_unanswered(1);
    browser.moves_to(other.address);
    stage.served.child.kill().expect("it runs");
    drop(first);
    stage.vendor.answer(Answering::Well);
    let answer = browser.get(&path);
    assert_eq!(page_of(&browser.get(&path)), page_of(&answer));
    assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 1));
    drop(stage.served.child.wait());
}

#[test]
fn a_code_that_was_lost_with_a_killed_process_is_told_twice() {
    let mut stage = Stage::new();
    let (mut browser, path) = stage.on_the_way("abc123");
    stage.vendor.answer(Answering::Swallowed);
    let first = browser.open(&path);
    stage.vendor.until_unanswered(1);
    stage.served.child.kill().expect("it runs");
    drop((first, stage.served.child.wait()));
    stage.vendor.answer(Answering::Well);
    stage.served = stage.another();
    browser.moves_to(stage.served.address);
    for _ in 0..2 {
        let answer = browser.get(&path);
        assert_eq!(answer.status, Some(502), "{answer:?}");
        assert!(answer.body.contains("used before") && answer.body.contains("Begin again"), "{answer:?}");
    }
    assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 0));
}

#[test]
fn a_code_of_another_session_shows_nothing_of_the_account() {
    for mode in MODES {
        let stage = Stage::with(mode);
        let (mut browser, path) = stage.on_the_way("abc123");
        let refused = |answer: Answer| {
            assert_eq!(answer.status, Some(409), "{answer:?}");
            for detail in ["abc123", "Camp", "/webhooks/", "connected an account"] {
                assert!(!answer.body.contains(detail), "{detail}: {answer:?}");
            }
        };
        stage.vendor.hold_tokens(true);
        let first = browser.open(&path);
        stage.vendor.until_tokens_held(1);
        refused(stage.stranger().get(&path));
        refused(stage.operator().get(&path));
        stage.vendor.hold_tokens(false);
        page_of(&browser.get(&path));
        drop(first);
        refused(stage.stranger().get(&path));
        refused(stage.operator().get(&path));
        // One that has begun the same.
        let mut second = stage.operator();
        stage.begin(&mut second, "abc123");
        refused(second.get(&path));
        // The same code for another account, and with another state.
        refused(browser.get(&path.replace("abc123", "evil99")));
        refused(browser.get(&format!("{path}&state=0")));
        assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 1));
    }
}

#[test]
fn an_installation_from_the_vendors_side_shows_the_same_twice() {
    let stage = Stage::new();
    let other = stage.another();
    let path = callback("abc123", "");
    let jobs = (0..4).map(|number| {
        let address = if number % 2 == 0 { stage.served.address } else { other.address };
        let path = &path;
        move || Browser::new(address).get(path)
    });
    for answer in at_once(jobs.collect()) {
        assert_eq!(answer.status, Some(200), "{answer:?}");
        assert!(answer.body.contains("adopts this account"), "{answer:?}");
    }
    assert!(stage.stranger().get(&path).body.contains("adopts this account"));
    assert_eq!((stage.vendor.asked().len(), stage.count_of("install_waits")), (1, 1));

    let mut browser = stage.operator();
    browser.submit("/connections", "/installs/adopt", &[("account", "abc123"), ("app", "shop")]);
    let shown = stage.stranger().get(&path);
    assert!(shown.body.contains("Camp &lt;b&gt;&amp; Co"), "{shown:?}");
    // Approved anew.
    let path = callback("abc123", "");
    let answers = at_once(vec![|| stage.stranger().get(&path); 2]);
    for answer in &answers {
        assert!(answer.body.contains("Camp &lt;b&gt;&amp; Co"), "{answer:?}");
    }
    assert_eq!((stage.vendor.asked().len(), stage.count_of("reconnected")), (2, 1));
}

#[test]
fn a_prefetch_and_a_preview_do_not_take_the_account_from_the_person() {
    let prefetch = ["Sec-Purpose: prefetch", "Purpose: prefetch"];
    for (method, headers) in [("HEAD", &[] as &[&str]), ("GET", &prefetch)] {
        for mode in MODES {
            let stage = Stage::with(mode);
            let (mut browser, path) = stage.on_the_way("abc123");
            // Without cookies, and with them.
            stage.stranger().ask(method, &path, headers);
            let early = browser.clone().ask(method, &path, headers);
            let page = page_of(&early).to_owned();
            assert_eq!(page_of(&browser.get(&path)), page, "{method} {mode:?}");
            assert!(browser.get(&page).body.contains("Camp"));
            assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 1));
            assert!(!browser.get("/connections").body.contains("Adopt"));
        }
    }
}

#[test]
fn a_refusal_is_shown_twice_and_a_failure_may_be_tried_again() {
    let stage = Stage::new();
    for answering in [Answering::Status(400), Answering::Page, Answering::OtherStore, Answering::Much] {
        let (mut browser, path) = stage.on_the_way("abc123");
        stage.vendor.answer(answering);
        let asked = stage.vendor.asked().len();
        let first = browser.get(&path);
        let second = browser.get(&path);
        assert_eq!((first.status, second.status), (Some(502), Some(502)), "{answering:?}");
        assert_eq!(first.body, second.body);
        assert_eq!(stage.vendor.asked().len(), asked + 1, "{answering:?}");
    }
    let (mut browser, path) = stage.on_the_way("abc123");
    stage.vendor.answer(Answering::Status(503));
    assert_eq!(browser.get(&path).status, Some(502));
    stage.vendor.answer(Answering::Well);
    page_of(&browser.get(&path));
    assert_eq!(stage.connections().len(), 1);
}

#[test]
fn callbacks_that_name_another_account_or_were_denied_are_refused_twice() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    stage.begin(&mut browser, "abc123");
    let denied = "/callbacks/shop/auth?error=access_denied".to_owned();
    for (path, status) in [(callback("evil99", ""), 409), (denied, 400)] {
        let (first, second) = (browser.get(&path), browser.get(&path));
        assert_eq!((first.status, second.status), (Some(status), Some(status)), "{path}");
        assert_eq!(first.body, second.body);
    }
    assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (0, 0));
}

#[test]
fn the_callback_of_an_account_that_was_disconnected_since_says_so() {
    let stage = Stage::new();
    let (mut browser, path) = stage.on_the_way("abc123");
    let page = page_of(&browser.get(&path)).to_owned();
    browser.submit(&format!("{page}/disconnect"), &format!("{page}/disconnect"), &[]);
    let answer = browser.get(&path);
    assert_eq!(answer.status, Some(410), "{answer:?}");
    assert!(answer.body.contains("not connected any more"), "{answer:?}");
    assert_eq!((stage.vendor.asked().len(), stage.connections().len()), (1, 0));
}
