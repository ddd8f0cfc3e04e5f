//! `connector connections add`: credentials are tried before they are stored, known accounts are reported, and secrets
//! come from standard input.

use super::scripted_api::Api;
use super::*;

/// Secrets in files, and the API that knows the token.
struct Desk {
    place: Place,
    api: Api,
    token: String,
    secret: String,
}

impl Desk {
    fn new() -> Self {
        let place = Place::new();
        let (token, secret) = (place.file("token", TOKEN), place.file("secret", CLIENT_SECRET));
        Self { place, api: Api::start(), token, secret }
    }

    /// The arguments of a connection with all secrets from files.
    fn whole<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let files = ["--access-token-file", &self.token, "--client-secret-file", &self.secret];
        let add = ["connections", "add", "--store-hash", "abc123", "--base-url", &self.api.origin];
        [&add[..], &files, more].concat()
    }

    /// Ids of the stored connections.
    fn stored(&self) -> Vec<String> {
        let text = self.place.ok(&["connections", "list", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let rows = told["connections"].as_array().expect("a list").iter();
        rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    }
}

#[test]
fn each_secret_may_come_from_standard_input() {
    let desk = Desk::new();
    let without = |flag: &'static str| {
        let mut arguments = desk.whole(&["--no-test"]);
        let at = arguments.iter().position(|one| *one == flag).expect("it is given");
        arguments[at + 1] = "-";
        arguments
    };
    let previous = [&desk.whole(&["--no-test"])[..], &["--previous-client-secret-file", "-"]].concat();
    let mut added = 0;
    for arguments in [without("--access-token-file"), without("--client-secret-file"), previous] {
        // The input passes the reader of all secrets.
        let (code, _, stderr) = desk.place.run_with("\u{feff}hush-in-5b\r\n", &arguments);
        assert_eq!(code, 0, "{arguments:?} {stderr}");
        added += 1;
        assert_eq!(desk.stored().len(), added);
        for (given, fault) in [
            ("hush-in\nhush-in", "it has a line break at byte 7"),
            ("hush-in\0", "it has a NUL at byte 7"),
            ("", "it is empty"),
        ] {
            let (code, stdout, stderr) = desk.place.run_with(given, &arguments);
            assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?} {given:?}");
            assert!(stderr.contains(fault) && !stderr.contains("hush-in"), "{stderr}");
        }
        assert_eq!(desk.stored().len(), added);
    }
    let json = format!(r#"{{"store_hash": "abc123", "access_token": "{TOKEN}"}}"#);
    let add = ["connections", "add", "--no-test", "--client-secret-file", &desk.secret, "--credentials", "-"];
    let (code, _, stderr) = desk.place.run_with(&json, &add);
    assert_eq!((code, desk.stored().len()), (0, added + 1), "{stderr}");
}

#[test]
fn secrets_from_standard_input_are_those_that_serve() {
    let desk = Desk::new();
    let add = ["connections", "add", "--store-hash", "abc123", "--json", "--client-secret-file", "-"];
    let (code, stdout, stderr) = desk.place.run_with("hush-in-77\n", &add);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let url = told["webhooks"].as_str().expect("an address");
    let path = &url[url.find("/webhooks/").expect("a path")..];
    let id = told["id"].as_str().expect("an id");
    let rotate = ["connections", "rotate", id, "--client-secret-file", "-"];
    assert_eq!(desk.place.run_with("hush-in-88", &rotate).0, 0);
    let served = desk.place.serve();
    for secret in ["hush-in-77", "hush-in-88"] {
        let answer = served.deliver_signed(path, secret, order(unique()).as_bytes());
        assert_eq!(answer.status, Some(200), "{secret}");
    }
}

#[test]
fn sealing_keys_and_settings_may_come_from_standard_input() {
    let desk = Desk::new();
    let key = "ab".repeat(32);
    let add = ["connections", "add", "--store-hash", "abc123", "--client-secret-file", &desk.secret];
    let with_keys = [&add[..], &["--sealing-keys-file", "-"]].concat();
    let (code, _, stderr) = desk.place.run_with(&format!("{key}\n"), &with_keys);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let file = desk.place.file("keys", &key);
    let list = ["connections", "list", "--json"];
    let opened = desk.place.ok(&[&list[..], &["--sealing-keys-file", &file]].concat());
    assert!(opened.contains(r#""state":"connected""#), "{opened}");
    let (code, _, stderr) = desk.place.run_with("hush-in", &with_keys);
    assert!(code != 0 && stderr.contains("cannot use the given sealing keys"), "{stderr}");
    assert!(!stderr.contains("hush-in"), "{stderr}");
    let config = "[apps.shop]\nclient_secret_file = \"-\"\n";
    let config = desk.place.file("connector.toml", config);
    let of_app =
        ["connections", "add", "--store-hash", "xyz789", "--app", "shop", "--config", &config, "--json"];
    let (code, _, stderr) = Desk::new().place.run_with(APP_SECRET, &of_app);
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn standard_input_serves_one_option() {
    let desk = Desk::new();
    let twice = |flags: &[&str]| {
        let (code, stdout, stderr) = desk.place.run_with("hush-in", flags);
        assert_eq!((code, stdout.as_str()), (2, ""), "{flags:?}");
        assert!(!stderr.contains("hush-in"), "{stderr}");
        stderr
    };
    let add = ["connections", "add", "--store-hash", "abc123"];
    for (flags, told) in [
        (
            ["--access-token-file", "-", "--client-secret-file", "-"],
            ["access-token-file", "client-secret-file"],
        ),
        (
            ["--client-secret-file", "-", "--previous-client-secret-file", "-"],
            ["client-secret-file", "previous-client-secret-file"],
        ),
        (["--credentials", "-", "--client-secret-file", "-"], ["credentials", "client-secret-file"]),
        (
            ["--client-secret-file", "-", "--sealing-keys-file", "-"],
            ["client-secret-file", "sealing-keys-file"],
        ),
    ] {
        let stderr = twice(&[&add[..], &flags].concat());
        let told = format!("cannot read --{} and --{} from standard input", told[0], told[1]);
        assert!(stderr.contains(&told) && stderr.contains("name a file"), "{stderr}");
    }
    let call = ["call", "get-product", "--store-hash", "abc123", "--access-token-file", "-", "--input", "-"];
    assert!(twice(&call).contains("--access-token-file and --input"));
    // A setting that names standard input counts as well.
    let config = desk.place.file("connector.toml", "[apps.shop]\nclient_secret_file = \"-\"\n");
    let of_app = ["--app", "shop", "--config", &config, "--access-token-file", "-"];
    let stderr = twice(&[&add[..], &of_app].concat());
    assert!(stderr.contains("another option has read standard input: give `-` once"), "{stderr}");
    assert_eq!(desk.stored(), Vec::<String>::new());
}

const TIME: &str = r#"{"time": 1763999999}"#;

#[test]
fn credentials_that_the_api_knows_are_stored_after_one_test() {
    let desk = Desk::new();
    desk.api.will_answer(200, &[], TIME);
    desk.place.ok(&desk.whole(&[]));
    assert_eq!(desk.api.next(), "GET /stores/abc123/v2/time");
    assert!(!desk.api.was_asked());
    assert_eq!(desk.stored().len(), 1);
}

#[test]
fn the_test_goes_to_the_address_of_the_app() {
    let desk = Desk::new();
    let config = format!(
        "[apps.shop]\nclient_id = \"abc\"\nclient_secret_file = {:?}\nbase_url = \"{}\"\n",
        desk.secret, desk.api.origin
    );
    let config = desk.place.file("connector.toml", &config);
    let add = ["connections", "add", "--store-hash", "abc123", "--access-token-file", &desk.token];
    desk.api.will_answer(200, &[], TIME);
    desk.place.ok(&[&add[..], &["--app", "shop", "--config", &config]].concat());
    assert_eq!(desk.api.next(), "GET /stores/abc123/v2/time");
}

#[test]
fn credentials_that_the_api_refuses_are_not_stored() {
    let desk = Desk::new();
    for (status, class) in [(401, "auth.revoked"), (403, "auth.scope")] {
        desk.api.will_answer(status, &[], "{}");
        let (code, stdout, stderr) = desk.place.run(desk.whole(&[]));
        assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
        assert!(
            stderr.contains(&format!("error[{class}]: cannot add the connection: get-time: ")),
            "{stderr}"
        );
        assert!(stderr.contains("nothing was stored") && !stderr.contains(TOKEN), "{stderr}");
        // Credentials that are gone are of no use without the test either.
        assert_eq!(stderr.contains("--no-test"), class == "auth.scope", "{stderr}");
        desk.api.next();
        desk.api.will_answer(status, &[], "{}");
        let (code, stdout, stderr) = desk.place.run(desk.whole(&["--json"]));
        let told: serde_json::Value = serde_json::from_str(&stderr).expect("JSON");
        assert_eq!((code, stdout.as_str(), &told["error"]["class"]), (4, "", &class.into()));
        assert!(!desk.api.next().is_empty() && !desk.api.was_asked(), "it is asked once");
    }
    assert_eq!(desk.stored(), Vec::<String>::new());
    assert!(!desk.place.ok(&["connections", "audit", "--json"]).contains("connected"));
}

#[test]
fn credentials_that_cannot_be_tried_are_not_stored_without_no_test() {
    let desk = Desk::new();
    for (status, headers, body, expected) in [
        (503, &[][..], "", (8, "unavailable")),
        (500, &[], "", (8, "server")),
        (429, &[("x-rate-limit-time-reset-ms", "5000")], "", (7, "rate_limited.window")),
        (404, &[], "{}", (5, "not_found")),
        (200, &[], "<html>", (10, "decode")),
    ] {
        desk.api.will_answer(status, headers, body);
        let (code, stdout, stderr) = desk.place.run(desk.whole(&[]));
        assert_eq!((code, stdout.as_str()), (expected.0, ""), "{stderr}");
        assert!(stderr.contains(&format!("error[{}]", expected.1)), "{stderr}");
        assert!(stderr.contains("nothing was stored") && stderr.contains("--no-test"), "{stderr}");
        assert!(!desk.api.next().is_empty() && !desk.api.was_asked(), "it is asked once");
    }
    // Nobody listens at the discard port of the loopback address.
    let add = ["connections", "add", "--store-hash", "abc123", "--base-url", "http://127.0.0.1:9"];
    let files = ["--access-token-file", &desk.token, "--client-secret-file", &desk.secret];
    let unreachable = [&add[..], &files].concat();
    let (code, _, stderr) = desk.place.run(&unreachable);
    assert!(code == 9 && stderr.contains("error[transport.unsent]"), "{code} {stderr}");
    assert!(stderr.contains("nothing was stored") && stderr.contains("--no-test"), "{stderr}");
    assert_eq!(desk.stored(), Vec::<String>::new());
    desk.place.ok(&[&unreachable[..], &["--no-test"]].concat());
    assert_eq!(desk.stored().len(), 1);
}

#[test]
fn no_test_asks_nobody_and_a_connection_without_credentials_has_none_to_try() {
    let desk = Desk::new();
    desk.place.ok(&desk.whole(&["--no-test"]));
    let add = ["connections", "add", "--store-hash", "xyz789", "--base-url", &desk.api.origin];
    desk.place.ok(&[&add[..], &["--client-secret-file", &desk.secret]].concat());
    assert!(!desk.api.was_asked());
    assert_eq!(desk.stored().len(), 2);
}

#[test]
fn a_known_account_is_reported_in_text_and_json() {
    let desk = Desk::new();
    desk.place.ok(&desk.whole(&["--no-test"]));
    let first = desk.stored().remove(0);
    let warned = |stderr: &str, id: &str| {
        let warning = format!("warning: the account abc123 is known already: see the connection {id} (");
        stderr.contains(&warning)
            && stderr.contains("connected)")
            && stderr.contains("`connector connections remove ID`")
    };
    let (code, stdout, stderr) = desk.place.run(desk.whole(&["--no-test"]));
    assert!(code == 0 && warned(&stderr, &first) && !stdout.contains("warning"), "{stdout} {stderr}");
    // The account is the same however its address is written.
    let add = ["connections", "add", "--store-hash", "stores/abc123", "--client-secret-file", &desk.secret];
    let (code, stdout, stderr) = desk.place.run([&add[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let known = told["same_account"].as_array().expect("a list");
    assert_eq!((code, known.len(), &told["account"]), (0, 2, &"abc123".into()));
    assert!(known.contains(&first.as_str().into()) && warned(&stderr, &first), "{stderr}");
    // Another account is not reported.
    let other = ["connections", "add", "--store-hash", "xyz789", "--client-secret-file", &desk.secret];
    let told = desk.place.ok(&[&other[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["same_account"], serde_json::json!([]));
}
