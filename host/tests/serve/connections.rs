//! `connector connections`: what it says, and that a running service notices.

use super::*;

#[test]
fn a_connection_is_added_shown_and_removed() {
    let place = Place::new();
    let secret = place.file("secret", CLIENT_SECRET);
    let text = place.ok(&[
        "connections",
        "add",
        "--store-hash",
        "https://store-abc123.mybigcommerce.com/manage",
        "--client-secret-file",
        &secret,
        "--public-url",
        "https://hooks.example/in/",
        "--trigger",
        "order-created",
    ]);
    assert!(text.contains("account     abc123") && text.contains("triggers    order-created\n"), "{text}");
    let key = text.trim_end().rsplit('/').next().expect("a key");
    assert!(text.contains(&format!("webhooks    https://hooks.example/in/webhooks/{key}")), "{text}");
    assert!(key.len() >= 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");

    let list: serde_json::Value =
        serde_json::from_str(&place.ok(&["connections", "list", "--json"])).expect("JSON");
    let id = list["connections"][0]["id"].as_str().expect("an id");
    assert!(place.ok(&["connections", "list"]).contains(id));
    assert_eq!(place.ok(&["connections", "remove", id]), format!("{id} removed\n"));
    assert!(place.ok(&["connections", "list"]).starts_with("no connections"));
    let (code, _, stderr) = place.run(["connections", "remove", id]);
    assert!(code == 2 && stderr.contains("there is no connection"), "{stderr}");
}

#[test]
fn a_connection_that_could_verify_nothing_is_refused() {
    let place = Place::new();
    let refused = |arguments: &[&str]| {
        let (code, stdout, stderr) = place.run([&["connections", "add"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        stderr
    };
    assert!(refused(&["--store-hash", "abc123"]).contains("no client secret"));
    assert!(refused(&["--store-hash", "abc123", "--app", "shop"]).contains("there is no app shop"));
    assert!(refused(&[]).contains("--store-hash"));
    let empty = place.file("empty", "\n");
    assert!(refused(&["--store-hash", "abc123", "--client-secret-file", &empty]).contains("is empty"));
    assert!(refused(&["--store-hash", "a", "--trigger", "order-creatd"]).contains("order-created"));
}

#[test]
fn a_running_service_notices_what_is_added_and_what_is_removed() {
    let place = Place::new();
    let served = place.serve();
    let (id, path) = place.connect();
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status, Some(200), "at once");
    place.ok(&["connections", "remove", &id]);
    // Storage itself refuses what a removed connection receives before the service has noticed.
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(2).as_bytes()).status, Some(404));
}

#[test]
fn two_secrets_serve_while_one_replaces_the_other() {
    let place = Place::new();
    let (id, path) = place.connect();
    let new = place.file("new", "hush-new-2b84");
    let served = place.serve();
    let status = |secret: &str| served.deliver_signed(&path, secret, order(unique()).as_bytes()).status;
    assert_eq!((status(CLIENT_SECRET), status("hush-new-2b84")), (Some(200), Some(401)));
    place.ok(&["connections", "rotate", &id, "--client-secret-file", &new]);
    until(|| status("hush-new-2b84") == Some(200));
    assert_eq!(status(CLIENT_SECRET), Some(200), "the one before serves as well");
    let newer = place.file("newer", "hush-newer-99");
    place.ok(&["connections", "rotate", &id, "--client-secret-file", &newer]);
    until(|| status("hush-newer-99") == Some(200));
    assert_eq!((status("hush-new-2b84"), status(CLIENT_SECRET)), (Some(200), Some(401)));
}

/// Asks until it is so.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never came to be so");
    }
}

#[test]
fn the_secrets_of_an_app_serve_its_connections() {
    let place = Place::new();
    let config = place.file(
        "connector.toml",
        &format!(
            "[apps.shop]\nclient_id = \"abc\"\nclient_secret_file = {:?}\n",
            place.file("app-secret", APP_SECRET)
        ),
    );
    let (_, path) = place.add(&["--app", "shop", "--config", &config]);
    let served = place.serve_with(
        &["--config", &config],
        &[("CONNECTOR_APPS_SHOP_PREVIOUS_CLIENT_SECRET", PREVIOUS_SECRET)],
    );
    for secret in [APP_SECRET, PREVIOUS_SECRET] {
        assert_eq!(served.deliver_signed(&path, secret, order(unique()).as_bytes()).status, Some(200));
    }
    drop(served);
    // Without the app nothing can be verified: the sender shall come back once it is there again.
    let served = place.serve();
    let answer = served.deliver_signed(&path, APP_SECRET, order(unique()).as_bytes());
    assert!(answer.status == Some(503) && answer.head.contains("retry-after: "), "{answer:?}");
    assert_eq!(served.metric("connector_connections{state=\"unusable\"}"), 1);
    served.has_logged("its app is not configured");
}

#[test]
fn keys_are_renewed_while_the_service_runs() {
    let place = Place::new();
    let (_, path) = place.connect();
    let served = place.serve();
    let told = place.ok(&["connections", "reseal", "--new-key"]);
    assert!(told.starts_with("sealed anew: 1"), "{told}");
    let keys = fs::read_to_string(place.data().join("sealing.keys")).expect("the keys");
    assert_eq!(keys.lines().count(), 2);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(1).as_bytes()).status, Some(200));
    drop(served);

    // The old key opens nothing any more, and the new one all.
    let newest = keys.lines().last().expect("a key");
    let served = place.serve_with(&[], &[("CONNECTOR_SEALING_KEYS", newest)]);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(2).as_bytes()).status, Some(200));
    drop(served);
    let oldest = keys.lines().next().expect("a key");
    let served = place.serve_with(&[], &[("CONNECTOR_SEALING_KEYS", oldest)]);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, order(3).as_bytes()).status, Some(503));
    // Whoever looks is told which one it is and why.
    fs::write(place.data().join("sealing.keys"), oldest).expect("the keys");
    let listed = place.ok(&["connections", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["connections"][0]["state"], "unusable");
    let advice = listed["connections"][0]["advice"].as_str().expect("a text").to_owned();
    assert!(advice.contains("key") && place.ok(&["connections", "list"]).contains(&advice), "{advice}");
}

#[test]
fn an_account_is_erased_with_all_it_has_sent() {
    let place = Place::new();
    let (id, path) = place.connect();
    let mut served = place.serve();
    let body = order(777_123);
    assert_eq!(served.deliver_signed(&path, CLIENT_SECRET, body.as_bytes()).status, Some(200));
    let (other, _) = place.connect();
    let (code, told, notes) = place.run(["connections", "remove", &id, "--erase"]);
    assert_eq!((code, told.as_str()), (0, "account abc123 erased: its connections, and activations: 1\n"));
    assert!(notes.contains(&format!("{other} of the same account is removed as well")), "{notes}");
    let audit = place.ok(&["connections", "audit", "--json"]);
    assert_eq!(audit.matches(r#""event":"disconnected""#).count(), 2, "{audit}");
    served.stop();
    for (path, bytes) in files(&place.data()) {
        let found = bytes.windows(7).any(|window| window == b"777123,")
            || bytes.windows(6).any(|window| window == b"777123");
        assert!(!found, "{} still holds the order", path.display());
    }
}
