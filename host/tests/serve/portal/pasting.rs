//! The second road: pasted credentials are tried before they are stored.

use super::*;

fn paste(browser: &mut Browser, token: &str, secret: &str) -> Answer {
    let fields = [("store_hash", "stores/abc123"), ("access_token", token), ("client_secret", secret)];
    browser.submit("/connections/paste", "/connections/paste", &fields)
}

#[test]
fn pasted_credentials_that_work_become_a_connection() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let answer = paste(&mut browser, TOKEN, CLIENT_SECRET);
    assert_eq!(answer.status, Some(303), "{answer:?}");
    let page = answer.location().expect("its page").to_owned();
    let shown = browser.get(&page).body;
    assert!(shown.contains("Camp &lt;b&gt;&amp; Co") && shown.contains("not known"), "{shown}");
    browser.submit(&page, &format!("{page}/triggers"), &[("trigger", "order-created")]);
    let all = stage.connections();
    let url = all[0]["webhooks"].as_str().expect("an address");
    let path = &url[url.find("/webhooks/").expect("a path")..];
    assert_eq!(stage.served.deliver_signed(path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
    // Pasted again, they renew the same connection.
    assert_eq!(paste(&mut browser, TOKEN, CLIENT_SECRET).location(), Some(page.as_str()));
}

#[test]
fn pasted_credentials_that_do_not_work_are_not_stored_and_not_shown_again() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let cases = [
        ("hush-wrong-1", CLIENT_SECRET, "auth.revoked"),
        (TOKEN, "", "no webhook can be verified"),
        ("", CLIENT_SECRET, "is empty"),
        ("hush-\u{e9}", CLIENT_SECRET, "no header may carry"),
    ];
    for (token, secret, told) in cases {
        let answer = paste(&mut browser, token, secret);
        assert_eq!(answer.status, Some(422), "{told}");
        assert!(answer.body.contains(told), "{told}: {}", answer.body);
        assert!(!answer.body.contains("hush-"), "{}", answer.body);
    }
    assert_eq!(stage.connections().len(), 0);
}

#[test]
fn a_pasted_connection_of_a_known_account_names_the_other_connection() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    let told = "This account is known already";
    let first = stage.connect(&mut browser, "abc123");
    let page = format!("/connections/{first}");
    assert!(!browser.get(&page).body.contains(told));
    let pasted = paste(&mut browser, TOKEN, CLIENT_SECRET).location().expect("its page").to_owned();
    for (shown, other) in [(&pasted, &page), (&page, &pasted)] {
        let body = browser.get(shown).body;
        assert!(body.contains(told) && body.contains(&format!("<a href=\"{other}\">")), "{body}");
    }
}

#[test]
fn pasted_secrets_are_read_like_those_of_files() {
    let stage = Stage::new();
    let mut browser = stage.operator();
    for (token, secret, told) in [
        ("hush-a\nhush-b", CLIENT_SECRET, "it has a line break at byte 6"),
        (TOKEN, "hush-a\r\nhush-b", "it has a line break at byte 6"),
        (TOKEN, "hush-a\0", "it has a NUL at byte 6"),
        ("hush-a\u{1b}", CLIENT_SECRET, "it has a control character at byte 6"),
        (TOKEN, "whsec_aHVzaC1odXNo", "fewer than 24 bytes"),
        (TOKEN, "whsec_hush-a", "it is not `whsec_` and base64"),
    ] {
        let answer = paste(&mut browser, token, secret);
        assert_eq!(answer.status, Some(422), "{told}");
        assert!(answer.body.contains(told) && !answer.body.contains("hush-"), "{told}: {}", answer.body);
    }
    assert_eq!(stage.connections().len(), 0);

    let marked = |text: &str| format!("\u{feff}{text}\r\n");
    let answer = paste(&mut browser, &marked(TOKEN), &marked(CLIENT_SECRET));
    assert_eq!(answer.status, Some(303), "{answer:?}");
    let all = stage.connections();
    let url = all[0]["webhooks"].as_str().expect("an address");
    let path = &url[url.find("/webhooks/").expect("a path")..];
    assert_eq!(stage.served.deliver_signed(path, CLIENT_SECRET, ORDER.as_bytes()).status, Some(200));
}
