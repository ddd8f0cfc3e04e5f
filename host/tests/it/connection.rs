//! Where the connection comes from, and which connections are refused.

use super::{ACTION, Invocation, Store, TOKEN, assert_contains};

const PRODUCT: [&str; 5] = ["call", ACTION, "--product-id", "111", "--json"];

fn unconnected() -> Invocation {
    Invocation::new().args(PRODUCT)
}

/// A folder with `name` holding `text`, and the path of the file.
fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("it is writable");
    let path = path.to_str().expect("the path is UTF-8").to_owned();
    (folder, path)
}

fn credentials(store: &Store, token: &str) -> (tempfile::TempDir, String) {
    let json = serde_json::json!({
        "store_hash": store.sandbox().store_hash(),
        "access_token": token,
        "base_url": store.sandbox().origin(),
    });
    file("credentials.json", &json.to_string())
}

#[test]
fn credentials_come_from_a_file_named_by_flag_or_environment() {
    let store = Store::start();
    let (_folder, path) = credentials(&store, TOKEN);
    unconnected().args(["--credentials", &path]).run().ok();
    unconnected().env("CONNECTOR_CREDENTIALS", &path).run().ok();
}

#[test]
fn credentials_come_from_the_environment_and_win_over_the_file() {
    let store = Store::start();
    let (_folder, path) = credentials(&store, "another-token");
    let from_file = unconnected().args(["--credentials", &path]);
    from_file.run().error(4);
    let from_both = unconnected().args(["--credentials", &path]).env("CONNECTOR_ACCESS_TOKEN", TOKEN);
    from_both.run().ok();
    unconnected()
        .env("CONNECTOR_STORE_HASH", store.sandbox().store_hash())
        .env("CONNECTOR_ACCESS_TOKEN", TOKEN)
        .env("CONNECTOR_BASE_URL", store.sandbox().origin())
        .run()
        .ok();
}

#[test]
fn flags_win_over_the_environment() {
    let store = Store::start();
    let (_folder, path) = file("token", &format!("{TOKEN}\n"));
    let wrong = || store.call().args(["--product-id", "111"]).env("CONNECTOR_ACCESS_TOKEN", "another-token");
    wrong().run().failed_with(4);
    wrong().args(["--access-token-file", &path]).run().ok();
    wrong().args(["--access-token", TOKEN]).run().ok();
}

#[test]
fn a_pasted_address_will_do_as_store_hash() {
    let store = Store::start();
    let pasted = format!("https://store-{}.mybigcommerce.com/manage/dashboard", store.sandbox().store_hash());
    unconnected()
        .args(["--store-hash", &pasted, "--base-url", &store.sandbox().origin(), "--access-token", TOKEN])
        .run()
        .ok();
}

#[test]
fn what_is_missing_is_named_with_every_way_to_give_it() {
    let error = unconnected().run().error(2);
    assert_eq!(error["class"], "usage");
    let ways = [
        "--store-hash",
        "CONNECTOR_STORE_HASH",
        "--access-token-file",
        "CONNECTOR_ACCESS_TOKEN",
        "--credentials",
        "CONNECTOR_CREDENTIALS",
    ];
    assert_contains(error["message"].as_str().expect("a message"), &ways);
}

#[test]
fn refuses_a_store_hash_that_is_none() {
    let store = Store::start();
    for hash in ["not a hash", "../../v2", "https://example.com/"] {
        let call = unconnected().args(["--store-hash", hash, "--access-token", TOKEN]);
        let error = call.args(["--base-url", &store.sandbox().origin()]).run().error(3);
        assert_eq!(error["class"], "validation");
        assert_eq!(error["violations"][0]["field"], "store_hash", "{error}");
    }
    assert!(store.sandbox().requests().is_empty(), "nothing was called");
}

#[test]
fn refuses_to_send_the_token_in_the_clear() {
    let call = unconnected().args(["--store-hash", "abc123", "--access-token", TOKEN]);
    let error = call.args(["--base-url", "http://example.com"]).run().error(3);
    assert_eq!(error["violations"][0]["field"], "base_url", "{error}");
}

#[test]
fn a_broken_credentials_file_is_told_without_its_content() {
    for text in
        [format!("{{\"access_token\": \"{TOKEN}\""), format!("{{\"{TOKEN}\": 1}}"), format!("\"{TOKEN}\"")]
    {
        let (_folder, path) = file("credentials.json", &text);
        let told = Invocation::new().args(["call", ACTION, "--credentials", &path]).run().failed_with(2);
        assert_contains(&told, &["error[usage]: the credentials file", "credentials.json"]);
    }
}
