//! Everything that the host writes in the course of all this, searched for secrets.

use super::*;

#[test]
fn no_page_log_or_file_holds_a_secret() {
    let mut stage = Stage::new();
    let mut browser = stage.operator();
    let failing = [
        Answering::Page,
        Answering::OtherStore,
        Answering::Status(400),
        Answering::Status(500),
        Answering::Redirect,
    ];
    for answering in failing {
        stage.vendor.answer(answering);
        stage.begin(&mut browser, "abc123");
        browser.get(&callback("abc123", ""));
    }
    stage.vendor.answer(Answering::Well);
    let id = stage.connect(&mut browser, "abc123");
    let mut stranger = stage.stranger();
    stranger.get(&callback("waits1", ""));
    let fields = [("store_hash", "abc123"), ("access_token", TOKEN), ("client_secret", CLIENT_SECRET)];
    browser.submit("/connections/paste", "/connections/paste", &fields);
    browser.submit("/connections/paste", "/connections/paste", &[("access_token", "hush-wrong")]);
    let mut tokens = Vec::new();
    for name in ["load", "remove_user", "uninstall"] {
        let token = signed_claims(APP_SECRET, |_| {});
        stranger.get(&format!("/callbacks/shop/{name}?signed_payload_jwt={token}"));
        tokens.push(token);
    }
    for path in ["/connections", &format!("/connections/{id}"), "/audit", "/connections/new"] {
        browser.get(path);
    }
    stranger.submit("/sign-in", "/sign-in", &[("admin_token", "hush-guess")]);
    let mut written = [browser.seen, stranger.seen].concat();
    written.push(stage.place.ok(&["connections", "audit", "--config", &stage.config()]));
    written.push(stage.place.ok(&["connections", "list", "--json", "--config", &stage.config()]));
    let bearer = format!("Authorization: Bearer {ADMIN}");
    let metrics = get(stage.served.admin.expect("metrics"), "/metrics", &[&bearer]);
    assert!(metrics.body.contains("connector_info"), "{metrics:?}");
    written.push(format!("{}{}", metrics.head, metrics.body));
    let (code, rest) = stage.served.stop();
    assert_eq!(code, Some(0));
    written.extend([stage.served.announced.clone(), rest, stage.served.logged()]);

    let whole: Vec<&str> =
        ["hush-", ADMIN, GRANTED, CODE].into_iter().chain(tokens.iter().map(String::as_str)).collect();
    for secret in whole {
        for text in &written {
            assert!(!text.contains(secret), "{secret} was written:\n{text}");
        }
        for (path, bytes) in files(&stage.place.data()) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}
