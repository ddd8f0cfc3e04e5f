//! What a person may enter to connect, and that nothing entered is repeated, printed or led astray.

use bigcommerce_connector::{CONNECTOR, connection};
use connector_runtime::{Client, Connection, Error, SecretString};
use connector_tests::{ACCESS_TOKEN, client};

use super::blamed;

fn connect(store_hash: &str) -> Result<Connection, Error> {
    connection(store_hash, SecretString::from(ACCESS_TOKEN))
}

#[test]
fn takes_a_store_hash_in_every_form_a_person_may_paste() {
    for form in [
        "abc123",
        "  abc123\n",
        "stores/abc123",
        "https://store-abc123.mybigcommerce.com",
        "https://store-abc123.mybigcommerce.com/",
        "store-abc123.mybigcommerce.com",
        "http://store-abc123.mybigcommerce.com",
        "/stores/abc123",
        "stores/abc123/v3",
        "/stores/abc123/v3/catalog/products",
        "api.bigcommerce.com/stores/abc123",
        "https://store-abc123.mybigcommerce.com/manage/dashboard?from=mail#top",
        "https://api.bigcommerce.com/stores/abc123",
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "https://api.bigcommerce.com/stores/abc123/v2/store?x=1",
    ] {
        assert_eq!(connect(form).unwrap().field("store_hash"), Some("abc123"), "{form:?}");
    }
    assert_eq!(connect(&"a".repeat(64)).unwrap().field("store_hash").map(str::len), Some(64));
}

#[test]
fn refuses_everything_else_with_an_example_and_without_repeating_it() {
    let long = "a".repeat(65);
    let pasted_long = format!("stores/{long}");
    for form in [
        "",
        "   ",
        "abc/../xyz",
        "../xyz",
        "abc?xyz",
        "abc#xyz",
        "abc%2fxyz",
        "abc xyz",
        "abc\nxyz",
        "XYZ",
        "xyz-1",
        "xyz_1",
        "xyzé",
        "ｘｙｚ",
        "xyz\0",
        "stores/",
        "xstores/xyz",
        "stores/xyz?x=1",
        "stores//xyz",
        "ftp://store-xyz.mybigcommerce.com",
        "stores/XYZ",
        "https://store-.mybigcommerce.com",
        "https://store-xyz.mybigcommerce.com.evil.example",
        "https://store-xyz.mybigcommerce.com:8443/",
        "https://store-xyz.mybigcommerce.com@evil.example/",
        "https://store-xyz.mybigcommerceXcom/",
        "https://evil.example/https://store-xyz.mybigcommerce.com/",
        "https://evil.example/#stores/xyz",
        "store-xyz.mybigcommerce.com.evil.example",
        "https://api.bigcommerce.com/stores/xyz?",
        "https://api.bigcommerce.com.evil.example/stores/xyz",
        "https://api.bigcommerce.com/stores/../xyz",
        "https://store-xyz.mybigcommerce.com/a\nb",
        &long,
        &pasted_long,
    ] {
        let error = connect(form).unwrap_err();
        assert_eq!(blamed(&error), ["store_hash"], "{form:?}");
        let text = format!("{error} {error:?} {:?}", error.violations());
        assert!(text.contains("write it like abc123"), "{text}");
        assert!(!text.contains("xyz") && !text.contains("evil") && !text.contains("aaa"), "{text}");
    }
}

#[test]
fn refuses_a_token_that_no_header_can_carry_without_telling_it() {
    for token in
        ["", "hush\n", "hush\nhush", "hush\r", "hush\0", "hush\t", "hush\u{200b}", "h\u{fc}sh", "\u{7f}hush"]
    {
        let error = connection("abc123", SecretString::from(token)).unwrap_err();
        assert_eq!(blamed(&error), ["access_token"], "{token:?}");
        let text = format!("{error} {error:?} {:?}", error.violations());
        assert!(!text.contains("hush") && !text.contains('\u{fc}'), "{text}");
    }
}

#[test]
fn refuses_what_is_missing_and_what_does_not_belong() {
    let token = || SecretString::from(ACCESS_TOKEN);
    let error = Connection::new(&CONNECTOR, &[], &[("access_token", token())]).unwrap_err();
    assert_eq!(blamed(&error), ["store_hash"]);
    let error = Connection::new(&CONNECTOR, &[("store_hash", "abc123")], &[]).unwrap_err();
    assert_eq!(blamed(&error), ["access_token"]);
    let fields = [("store_hash", "abc123"), ("region", "eu")];
    let error = Connection::new(&CONNECTOR, &fields, &[("access_token", token())]).unwrap_err();
    assert_eq!(blamed(&error), ["region"]);
    let credentials = [("access_token", token()), ("password", token())];
    let error = Connection::new(&CONNECTOR, &fields[..1], &credentials).unwrap_err();
    assert_eq!(blamed(&error), ["password"]);
    assert!(!format!("{error} {error:?}").contains(ACCESS_TOKEN));
}

#[test]
fn calls_another_server_only_over_tls_or_on_this_machine() {
    for origin in [
        "https://proxy.example",
        "https://proxy.example:8443/",
        "http://localhost:1",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:8080",
    ] {
        assert!(connect("abc123").unwrap().at_origin(origin).is_ok(), "{origin}");
    }
    for origin in [
        "http://proxy.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::2]",
        "http://169.254.169.254",
    ] {
        let error = connect("abc123").unwrap().at_origin(origin).unwrap_err();
        assert_eq!(blamed(&error), ["base_url"], "{origin}");
    }
}

#[test]
fn refuses_a_server_that_is_more_than_an_origin() {
    for origin in [
        "",
        "proxy.example",
        "127.0.0.1:8080",
        "//proxy.example",
        "https://",
        "https://proxy.example/path",
        "https://proxy.example?x",
        "https://proxy.example/#x",
        "https://user@proxy.example",
        "https://user:secret@proxy.example",
        "https://:secret@proxy.example",
        "ftp://127.0.0.1",
        "file:///etc/hosts",
        "data:text/plain,x",
    ] {
        let error = connect("abc123").unwrap().at_origin(origin).unwrap_err();
        assert_eq!(blamed(&error), ["base_url"], "{origin}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[test]
fn prints_without_its_token() {
    let connection = connect("abc123").unwrap().at_origin("http://localhost:1").unwrap();
    let client = client("http://127.0.0.1:1", ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
    for text in [format!("{connection:?}"), format!("{connection:#?}"), format!("{client:?}")] {
        assert!(!text.contains(ACCESS_TOKEN), "{text}");
        assert!(text.contains("bigcommerce") && text.contains("store_hash"), "{text}");
    }
}
