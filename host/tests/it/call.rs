//! Calls that succeed: tables for people, the API's own bytes for programs, input from flags, files and pipes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{ACTION, Invocation, Store, TOKEN, assert_contains};

/// What the store answers, read without any client library.
pub(crate) fn body_of(store: &Store, path: &str) -> String {
    let origin = store.sandbox().origin();
    let address = origin.strip_prefix("http://").expect("the sandbox speaks HTTP");
    let mut stream = TcpStream::connect(address).expect("the sandbox listens");
    let path = format!("/stores/{}/v3{path}", store.sandbox().store_hash());
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Auth-Token: {TOKEN}\r\nConnection: close\r\n\r\n"
    )
    .expect("the sandbox reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text");
    answer.split_once("\r\n\r\n").expect("headers end").1.to_owned()
}

#[test]
fn a_product_is_a_table_for_people() {
    let store = Store::start();
    let table = store.call().args(["--product-id", "111"]).run().ok();
    assert_contains(&table, &["│ field", "│ id ", "┆ 111 ", "Copper Pour-Over Kettle", "64.95", "…"]);
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(!table.contains("null"), "absent values are left out\n{table}");
}

#[test]
fn json_is_byte_for_byte_what_the_store_sent() {
    let store = Store::start();
    let json = store.call().args(["--product-id", "111", "--json"]).run().ok();
    let data = json.strip_suffix('\n').expect("a newline ends it");
    assert_eq!(body_of(&store, "/catalog/products/111"), format!("{{\"data\":{data},\"meta\":{{}}}}"));
}

#[test]
fn lists_reach_the_store_whether_repeated_or_comma_separated() {
    let store = Store::start();
    for flags in [["--include", "images,variants"].as_slice(), &["--include", "images", "--include=variants"]]
    {
        let json = store.call().args(["--product-id", "111", "--json"]).args(flags).run().ok();
        assert_contains(&json, &["\"images\":[", "\"variants\":["]);
    }
    let requests = store.sandbox().requests();
    let queries: Vec<_> = requests.iter().map(|request| request.query.as_deref()).collect();
    assert_eq!(queries, [Some("include=images,variants"), Some("include=images,variants")]);
}

#[test]
fn input_comes_from_a_file_or_a_pipe_and_flags_win() {
    let store = Store::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("input.json");
    std::fs::write(&path, r#"{"product_id": 111, "include_fields": ["name"]}"#).expect("it is writable");
    let path = path.to_str().expect("the path is UTF-8");

    let json = store.call().args(["--json", "--input", path]).run().ok();
    assert_eq!(json, "{\"id\":111,\"name\":\"Copper Pour-Over Kettle\"}\n");

    let json = store.call().args(["--json", "--input", path, "--include-fields", "sku"]).run().ok();
    assert_eq!(json, "{\"id\":111,\"sku\":\"KET-COP-09\"}\n");

    let piped = store
        .call()
        .args(["--json", "--input", "-"])
        .stdin(r#"{"product_id": 111, "include_fields": ["sku"]}"#);
    assert_eq!(piped.run().ok(), json);
}

#[test]
fn an_input_that_cannot_be_read_is_a_usage_error() {
    let store = Store::start();
    assert_contains(&store.call().args(["--input", "no/such/file"]).run().failed_with(2), &["no/such/file"]);
    let broken = store.call().args(["--input", "-"]).stdin("{\"product_id\": }").run();
    assert_contains(&broken.failed_with(2), &["error[usage]", "line 1 column 16"]);
    assert!(store.sandbox().requests().is_empty(), "nothing was called");
}

#[test]
fn an_input_is_utf8_text_that_may_begin_with_a_byte_order_mark() {
    let store = Store::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("input.json");
    let runs = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("it is writable");
        let from_file = store.call().args([OsStr::new("--input"), path.as_os_str()]).run();
        let from_stdin = store.call().args(["--input", "-"]).stdin(bytes).run();
        [from_file, from_stdin]
    };
    for outcome in runs(b"\xEF\xBB\xBF{\"product_id\": 111}\r\n") {
        outcome.ok();
    }
    for (bytes, what) in [
        (&b"{\"a\": \"\xFF"[..], "the text is not UTF-8 at byte 7: convert it to UTF-8"),
        (b"\xFF\xFE{\0", "the text is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`"),
    ] {
        for outcome in runs(bytes) {
            assert_contains(&outcome.failed_with(2), &["--input", what]);
        }
    }
}

#[test]
fn help_describes_the_fields() {
    let help = Invocation::new().args(["call", ACTION, "--help"]).run().ok();
    assert_contains(&help, &["--product-id <INTEGER>", "Id of the product", "--include", "Exit codes:"]);
}

#[test]
fn a_mistyped_flag_or_action_is_a_usage_error_with_a_suggestion() {
    let store = Store::start();
    let text = store.call().args(["--produkt-id", "111"]).run().failed_with(2);
    assert_contains(&text, &["'--produkt-id'", "a similar argument exists: '--product-id'"]);

    let text = Invocation::new().args(["call", "bigcommerce/get-produkt"]).run().failed_with(2);
    assert_contains(&text, &["'bigcommerce/get-produkt'", "'bigcommerce/get-product'"]);

    for mistyped in ["bigcommerce/get-prodct", "get-prod"] {
        let text = Invocation::new().args(["call", mistyped]).run().failed_with(2);
        let suggested: Vec<&str> =
            text.split('\'').skip(3).step_by(2).filter(|name| name.contains('/')).collect();
        assert_eq!(suggested[0], "bigcommerce/get-product", "{text}");
        assert!(suggested.len() <= 3, "{text}");
    }
    for wrong in [["--product-id"].as_slice(), &["--product-id", "1", "--no-such-flag"]] {
        store.call().args(wrong).run().failed_with(2);
    }
}

#[test]
fn everything_that_is_wrong_with_flags_is_told_in_one_error() {
    let store = Store::start();
    let create = || Invocation::new().args(["call", "create-product"]).connected_to(&store);
    let flags = ["--name", "x", "--type", "foo", "--price", "-1", "--weight", "heavy", "--condition", "Old"];
    let error = create().args(flags).args(["--json"]).run().error(3);
    assert_eq!(error["class"], "validation");
    let blamed: BTreeSet<&str> = error["violations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|violation| violation["field"].as_str().expect("a name"))
        .collect();
    assert_eq!(blamed, BTreeSet::from(["condition", "price", "type", "weight"]), "{error}");

    // Also where nothing is wrong but the text of a flag.
    let flags = ["--name", "x", "--type", "physical", "--price", "1", "--weight", "heavy"];
    let text = create().args(flags).run().failed_with(3);
    assert_contains(
        &text,
        &[
            "error[validation]: create-product: the input",
            "  weight: must be a number",
            "create-product --help",
        ],
    );
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(store.sandbox().requests().is_empty(), "nothing was called");
}

#[test]
fn an_update_of_nothing_is_never_sent() {
    let store = Store::start();
    for update in [["update-order", "--order-id", "141"], ["update-product", "--product-id", "111"]] {
        let text = Invocation::new().args(["call"]).args(update).connected_to(&store).run().failed_with(3);
        assert_contains(&text, &["give at least one field to change"]);
    }
    assert!(store.sandbox().requests().is_empty(), "nothing was called");
}

/// The command lines in the help of an action, without where their output goes.
fn examples(action: &str) -> Vec<Vec<String>> {
    let help = Invocation::new().args(["call", action, "--help"]).run().ok().replace("\\\n", " ");
    let lines = help.lines().filter_map(|line| line.trim_start().strip_prefix("connector "));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    lines.map(|line| words(line.split(" > ").next().unwrap_or(line))).collect()
}

#[test]
fn every_example_of_a_reading_action_can_be_pasted_against_a_fresh_store() {
    let store = Store::start();
    let mut run = 0;
    for action in bigcommerce_connector::CONNECTOR.actions {
        if action.operation.effect != connector_runtime::Effect::Read {
            continue;
        }
        let examples = examples(action.operation.id);
        assert!(!examples.is_empty(), "{}", action.operation.id);
        for words in examples.iter().filter(|words| !words.contains(&"--input".to_owned())) {
            let outcome = Invocation::new().args(words).connected_to(&store).run();
            // The sandbox need not have an endpoint for every action.
            if !outcome.stderr.contains("The sandbox does not serve this ") {
                outcome.ok();
                run += 1;
            }
        }
    }
    assert!(run > 0, "no example was run");
}

#[test]
fn lists_show_what_people_look_for() {
    let store = Store::start();
    for (action, columns) in [
        ("list-orders", ["id", "status", "total_inc_tax"].as_slice()),
        ("list-products", &["id", "name", "sku", "price"]),
        ("list-customers", &["id", "first_name", "last_name", "email"]),
        ("list-categories", &["category_id", "name"]),
    ] {
        let table = Invocation::new().args(["call", action]).connected_to(&store).run().ok();
        let header = table.lines().nth(1).expect("a header");
        let places: Vec<Option<usize>> =
            columns.iter().map(|name| header.find(&format!(" {name} "))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{header}");
    }
}

#[test]
fn the_catalog_chooses_the_columns_whatever_the_rows_hold() {
    let store = Store::start();
    let header = |flags: &[&str]| {
        let call = Invocation::new().args(["call", "list-orders"]).args(flags).connected_to(&store);
        let table = call.env("COLUMNS", "120").run().ok();
        let header = table.lines().nth(1).expect("a header").to_owned();
        header.split(['│', '┆']).map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    let whole = header(&[]);
    for flags in
        [&["--limit", "1"][..], &["--limit", "1", "--page", "2"], &["--limit", "2"], &["--status-id", "11"]]
    {
        assert_eq!(header(flags), whole, "{flags:?}");
    }
}

#[test]
fn times_in_tables_are_rfc_3339_and_json_has_the_bytes_of_the_api() {
    let store = Store::start();
    let call = |flags: &[&str]| {
        Invocation::new()
            .args(["call", "get-order", "--order-id", "104"])
            .args(flags)
            .connected_to(&store)
            .run()
            .ok()
    };
    let json: Value = serde_json::from_str(&call(&["--json"])).expect("JSON");
    let date = json["date_created"].as_str().expect("a date");
    assert!(date.ends_with(" +0000"), "the store writes RFC 2822: {date}");
    let table = call(&[]);
    let line = table.lines().find(|line| line.contains(" date_created ")).expect("a line");
    let cell = line.split('┆').nth(1).expect("a cell").trim_end_matches('│').trim();
    assert!(cell.ends_with('Z') && cell.chars().nth(10) == Some('T'), "{line}");
    let time = Invocation::new().args(["call", "get-time"]).connected_to(&store).run().ok();
    assert!(
        time.lines().any(|line| line.contains(" time ") && line.contains("T") && line.contains("Z ")),
        "{time}"
    );
}

#[test]
fn help_shows_lists_as_lists_and_their_examples_are_accepted() {
    let help = Invocation::new().args(["call", "create-customer", "--help"]).run().ok();
    assert_contains(
        &help,
        &["--addresses <[JSON,…]>", "--authentication <JSON>", "--channel-ids <INTEGER,…>"],
    );
}

#[test]
fn an_unknown_action_gets_suggestions() {
    for (given, suggested) in [
        ("nosuch", "bigcommerce/"),
        ("bigcommerce/nosuch", "bigcommerce/"),
        ("products", "bigcommerce/list-products"),
        ("order", "bigcommerce/get-order"),
        ("get-produkt", "bigcommerce/get-product"),
    ] {
        let text = Invocation::new().args(["call", given]).run().failed_with(2);
        assert_contains(&text, &[suggested, "`connector catalog` shows every action"]);
        let error = Invocation::new().args(["call", given, "--json"]).run().error(2);
        assert_contains(error["message"].as_str().expect("a text"), &[suggested]);
    }
}

#[test]
fn input_that_the_action_refuses_is_never_sent() {
    let store = Store::start();
    let error = store.call().args(["--json", "--product-id", "0"]).run().error(3);
    assert_eq!(error["class"], "validation");
    assert_eq!(error["violations"][0]["field"], "product_id");

    let text = store.call().run().failed_with(3);
    assert_contains(
        &text,
        &["error[validation]: get-product:", "product_id: is required", "get-product --help"],
    );

    let unknown = store.call().args(["--input", "-"]).stdin(r#"{"product_id": 1, "colour": "red"}"#).run();
    assert_contains(&unknown.failed_with(3), &["colour"]);
    assert!(store.sandbox().requests().is_empty(), "nothing was called");
}
