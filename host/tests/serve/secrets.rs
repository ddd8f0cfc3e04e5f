//! No secret is ever written where somebody could read it: not to streams, not to files.

use super::*;

#[test]
fn nothing_that_is_written_holds_a_secret() {
    let place = Place::new();
    let token = place.file("token", TOKEN);
    let previous = place.file("previous", PREVIOUS_SECRET);
    let secret = place.file("secret", CLIENT_SECRET);
    let config = place.file(
        "connector.toml",
        &format!("[apps.shop]\nclient_secret_file = {:?}\n", place.file("app-secret", APP_SECRET)),
    );
    let mut written = Vec::new();
    let mut add = |arguments: &[&str]| {
        let common =
            ["connections", "add", "--store-hash", "abc123", "--access-token-file", &token, "--no-test"];
        let (code, text, warning) = place.run([&common[..], &["--config", &config], arguments].concat());
        assert_eq!(code, 0, "{warning}");
        written.push(warning);
        let path = text[text.find("/webhooks/").expect("an address")..].trim_end().to_owned();
        written.push(text);
        path
    };
    let own = add(&["--client-secret-file", &secret, "--previous-client-secret-file", &previous]);
    let of_app = add(&["--app", "shop"]);
    let mut served = place.serve_with(
        &["--config", &config, "--log-level", "debug"],
        &[("CONNECTOR_ADMIN_TOKEN", "hush-admin-61fe-61fe")],
    );
    for (path, secret) in [(&own, CLIENT_SECRET), (&own, PREVIOUS_SECRET), (&of_app, APP_SECRET)] {
        let answer = served.deliver_signed(path, secret, order(unique()).as_bytes());
        assert_eq!(answer.status, Some(200));
        written.push(answer.head);
    }
    assert_eq!(served.deliver_signed(&own, APP_SECRET, ORDER.as_bytes()).status, Some(401));
    let admin = served.admin.expect("metrics");
    written.push(get(admin, "/metrics", &["Authorization: Bearer hush-admin-61fe-61fe"]).body);
    written.push(place.ok(&["connections", "list", "--json", "--config", &config]));
    written.push(place.ok(&["connections", "reseal", "--new-key", "--config", &config]));
    // A failure tells of values, too.
    written.push(place.run(["serve", "--config", &secret]).2);
    written.push(place.run(["serve", "--admin-token-file", "missing"]).2);
    let (code, rest) = served.stop();
    assert_eq!(code, Some(0));
    written.extend([served.announced.clone(), rest, served.logged()]);

    let keys = fs::read_to_string(place.data().join("sealing.keys")).expect("the keys");
    let keys: Vec<&str> = keys.lines().collect();
    let secrets = [&[CLIENT_SECRET, PREVIOUS_SECRET, APP_SECRET, TOKEN, "hush-"], &keys[..]].concat();
    for secret in secrets {
        for text in &written {
            assert!(!text.contains(secret), "{secret} was written:\n{text}");
        }
        for (path, bytes) in files(&place.data()) {
            let is_key_file = path.ends_with("sealing.keys");
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(is_key_file || !found, "{secret} is in {}", path.display());
        }
    }
}
