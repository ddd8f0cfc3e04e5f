//! Lists of several pages: `--all`, its output page by page, and how a walk that fails can go on.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::process::Stdio;

use bigcommerce_connector::CONNECTOR;
use bigcommerce_sandbox::{Fault, SandboxOptions};
use connector_host::{StandardInput, Style, Surroundings, run};
use serde_json::Value;

use super::{Invocation, Store, TOKEN, assert_contains};

impl Store {
    pub(crate) fn list(&self, action: &str) -> Invocation {
        Invocation::new().args(["call", action]).connected_to(self)
    }

    /// The queries that reached the store, without the parameters that are the same in all of them.
    fn queries(&self) -> Vec<String> {
        self.sandbox().requests().into_iter().map(|request| request.query.unwrap_or_default()).collect()
    }

    /// A store whose third request from now on fails.
    fn failing_third(&self, fault: Fault) {
        self.sandbox().inject(Fault::Slow { milliseconds: 0 }, 2);
        self.sandbox().inject(fault, 1);
    }
}

/// A quota that no test here spends.
fn roomy() -> Store {
    Store::with(SandboxOptions { quota: 10_000, ..SandboxOptions::default() })
}

fn id(line: &str) -> u64 {
    let item: Value = serde_json::from_str(line).expect("a line is JSON");
    item["id"].as_u64().expect("an item has an id")
}

#[test]
fn all_products_are_lines_equal_to_single_reads() {
    let store = roomy();
    let text = store.list("list-products").args(["--all", "--json", "--limit", "90"]).run().ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 200);
    let ids: BTreeSet<u64> = lines.iter().map(|line| id(line)).collect();
    assert_eq!(ids.len(), 200, "no product comes twice");
    assert_eq!(store.queries(), ["limit=90", "limit=90&page=2", "limit=90&page=3"]);
    for line in lines {
        let single = super::call::body_of(&store, &format!("/catalog/products/{}", id(line)));
        assert_eq!(single, format!("{{\"data\":{line},\"meta\":{{}}}}"));
    }
}

#[test]
fn orders_of_v2_end_with_an_empty_page() {
    let store = roomy();
    // 50 orders: the fourth page of 20 is an empty 204, and so is the second page of 50.
    for (limit, requests) in [("20", 4), ("50", 2)] {
        let before = store.queries().len();
        let text = store.list("list-orders").args(["--all", "--json", "--limit", limit]).run().ok();
        assert_eq!(text.lines().map(id).collect::<BTreeSet<_>>().len(), 50);
        assert_eq!(store.queries().len() - before, requests);
    }
    let none = store.list("list-orders").args(["--all", "--json", "--min-id", "999999"]).run().ok();
    assert_eq!(none, "");
}

#[test]
fn pages_are_as_large_as_they_may_be_unless_said_otherwise() {
    let store = roomy();
    store.list("list-products").args(["--all", "--json"]).run().ok();
    store.list("list-products").args(["--all", "--json", "--max-items", "7"]).run().ok();
    store.list("list-products").args(["--json"]).run().ok();
    assert_eq!(store.queries(), ["limit=250", "limit=7", ""]);
}

#[test]
fn a_walk_from_a_page_on_begins_where_the_hint_says() {
    let store = roomy();
    let first = store.list("list-products").run().ok();
    assert!(
        first.ends_with("items: 50 of 200; there are more: --all lists every one, --page 2 the next page\n")
    );
    let rest = store.list("list-products").args(["--all", "--json", "--page", "2"]).run().ok();
    assert_eq!(rest.lines().count(), 150);
    let input = store.list("list-products").args(["--all", "--json", "--input", "-"]).stdin(r#"{"page": 2}"#);
    assert_eq!(input.run().ok(), rest);
    assert_eq!(store.queries()[1], "page=2");
}

#[test]
fn all_items_are_one_table_for_people() {
    let store = roomy();
    let text = store.list("list-orders").args(["--all", "--limit", "20"]).run().ok();
    assert_eq!(text.lines().filter(|line| line.starts_with('│')).count(), 51, "{text}");
    assert!(text.ends_with("\nitems: 50, pages: 4\n"), "{text}");
    let none = store.list("list-orders").args(["--all", "--min-id", "999999"]).run().ok();
    assert_eq!(none, "nothing found\nitems: 0, pages: 1\n");
}

#[test]
fn more_pages_are_told_to_people_and_never_to_programs() {
    let store = roomy();
    let text = store.list("list-products").args(["--limit", "20", "--page", "2"]).run().ok();
    assert!(text.ends_with(
        "items: 20 of 200; there are more: --all without --page lists every one, --page 3 the next page\n"
    ));
    let last = store.list("list-products").args(["--limit", "100", "--page", "2"]).run().ok();
    assert!(!last.contains("there are more"), "{last}");
    let orders = store.list("list-orders").args(["--limit", "20"]).run().ok();
    assert!(orders.contains("items: 20; there are more"), "{orders}");
    let json = store.list("list-products").args(["--limit", "20", "--json"]).run().ok();
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).expect("a list and nothing else").len(), 20);
}

#[test]
fn a_page_that_fails_leaves_the_pages_before_it_and_a_way_to_go_on() {
    let store = roomy();
    store.failing_third(Fault::InternalServerError);
    let walk = ["--all", "--json", "--no-wait", "--limit", "60"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (8, 120), "{outcome:?}");
    let error: Value = serde_json::from_str(&outcome.stderr).expect("an error in JSON");
    assert_eq!(error["error"]["class"], "server");
    assert_eq!(error["error"]["items_written"], 120);
    assert_eq!(error["error"]["resume"], "--page 3");
    let rest = store.list("list-products").args(walk).args(["--page", "3"]).run().ok();
    let ids: BTreeSet<u64> = outcome.stdout.lines().chain(rest.lines()).map(id).collect();
    assert_eq!(ids.len(), 200);
    assert_eq!(rest.lines().count(), 80);
}

#[test]
fn a_table_that_breaks_off_shows_what_came() {
    let store = roomy();
    store.failing_third(Fault::BadGatewayPage);
    let outcome = store.list("list-orders").args(["--all", "--no-wait", "--limit", "15"]).run();
    assert_eq!(outcome.code, 8);
    assert!(outcome.stdout.ends_with("\nitems: 30, pages: 2\n"), "{}", outcome.stdout);
    assert_contains(
        &outcome.stderr,
        &["error[server]", "  items written: 30; the same command with --page 3 goes on from there\n"],
    );
}

#[test]
fn a_first_page_that_fails_is_a_failed_call() {
    let store = roomy();
    store.sandbox().inject(Fault::Forbidden, 1);
    let text = store.list("list-products").args(["--all"]).run().failed_with(4);
    assert!(!text.contains("items written"), "{text}");
}

#[test]
fn a_spent_quota_is_surfaced_between_pages() {
    let store = Store::with(SandboxOptions { quota: 2, ..SandboxOptions::default() });
    let walk = ["--all", "--json", "--no-wait", "--max-items", "45", "--limit", "20"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (7, 40), "{outcome:?}");
    let error: Value = serde_json::from_str(&outcome.stderr).expect("an error in JSON");
    assert_eq!(error["error"]["class"], "rate_limited.window");
    assert!(error["error"]["retry_after_ms"].as_u64() > Some(0));
    assert_eq!(error["error"]["resume"], "--page 3 --max-items 5");
    assert_eq!(store.queries().len(), 2, "what would have been refused was not sent");
}

#[test]
fn a_way_to_go_on_names_the_page_size_that_was_chosen() {
    let store = roomy();
    store.failing_third(Fault::InternalServerError);
    // With options the store makes pages of ten, so that 45 items take several all the same.
    let walk = ["--all", "--json", "--no-wait", "--include", "options", "--max-items", "45"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (8, 20), "{outcome:?}");
    let error: Value = serde_json::from_str(&outcome.stderr).expect("an error in JSON");
    assert_eq!(error["error"]["resume"], "--limit 45 --page 3 --max-items 25");
    let rest =
        ["--all", "--json", "--include", "options", "--limit", "45", "--page", "3", "--max-items", "25"];
    let rest = store.list("list-products").args(rest).run().ok();
    let ids: BTreeSet<u64> = outcome.stdout.lines().chain(rest.lines()).map(id).collect();
    assert_eq!(ids.len(), 45);
}

#[test]
fn items_and_pages_can_be_capped() {
    let store = roomy();
    let walk = ["--all", "--limit", "20"];
    let json = store.list("list-products").args(walk).args(["--json", "--max-items", "50"]).run().ok();
    assert_eq!(json.lines().count(), 50);
    assert_eq!(store.queries().len(), 3);
    let table = store.list("list-products").args(walk).args(["--max-items", "40"]).run().ok();
    assert!(table.ends_with("items: 40, pages: 2; there are more: --max-items stopped here\n"), "{table}");
    let table = store.list("list-products").args(walk).args(["--max-items", "200"]).run().ok();
    assert!(table.ends_with("items: 200, pages: 10\n"), "{table}");

    // Of orders nobody says how many there are: the page after the last one was not read.
    let table = store.list("list-orders").args(walk).args(["--max-items", "50"]).run().ok();
    assert!(table.ends_with("items: 50, pages: 3; there may be more: --max-items stopped here\n"), "{table}");

    let outcome = store.list("list-products").args(walk).args(["--json", "--max-pages", "2"]).run();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (1, 40), "{outcome:?}");
    let error: Value = serde_json::from_str(&outcome.stderr).expect("an error in JSON");
    let message = error["error"]["message"].as_str().expect("a message");
    assert_contains(message, &["than the 2 that --max-pages allows"]);
    assert_eq!(
        (&error["error"]["items_written"], &error["error"]["resume"]),
        (&40.into(), &"--page 3".into())
    );
    let text = store.list("list-products").args(walk).args(["--max-pages", "2"]).run().stderr;
    assert_contains(&text, &["\n  items written: 40; the same command with --page 3 goes on from there\n"]);
    store.list("list-products").args(walk).args(["--json", "--max-pages", "10"]).run().ok();
}

#[test]
fn an_action_without_pages_says_so() {
    let text = Invocation::new().args(["call", "get-product", "--all"]).run().failed_with(2);
    assert_contains(&text, &["error[usage]: get-product has no pages", "list-"]);
}

#[test]
fn a_page_is_written_before_the_next_one_is_read() {
    let store = roomy();
    store.failing_third(Fault::Hang);
    let mut call = store.list("list-products").args(["--all", "--json", "--limit", "20"]).command;
    let mut child = call.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let out = BufReader::new(child.stdout.take().expect("it is piped"));
    // The third page never comes, and forty lines are there all the same.
    let lines = out.lines().take(40).collect::<io::Result<Vec<String>>>().expect("text");
    assert_eq!(lines.iter().map(|line| id(line)).collect::<BTreeSet<_>>().len(), 40);
    child.kill().expect("it is still waiting");
    child.wait().expect("it ends");
}

/// Runs in this process with a terminal for standard error; exit code, standard output and standard error.
pub(crate) fn watched(store: &Store, arguments: &[&str]) -> (u8, String, String) {
    on_terminal(store, arguments, false)
}

/// The same, where standard output may be a terminal, too.
fn on_terminal(store: &Store, arguments: &[&str], is_stdout_terminal: bool) -> (u8, String, String) {
    let (origin, hash) = (store.sandbox().origin(), store.sandbox().store_hash().to_owned());
    let connection = ["--base-url", &origin, "--store-hash", &hash];
    let arguments: Vec<OsString> =
        ["connector", "call"].iter().chain(arguments).chain(&connection).map(OsString::from).collect();
    let (mut stdin, mut stdout, mut stderr) = (io::empty(), Vec::new(), Vec::new());
    let surroundings = Surroundings {
        program: "connector".to_owned(),
        executable: None,
        variable: &|name| (name == "CONNECTOR_ACCESS_TOKEN").then(|| TOKEN.into()),
        stdin: StandardInput::new(&mut stdin),
        stdout: &mut stdout,
        stderr: &mut stderr,
        width: 100,
        stdout_style: Style::Plain,
        stderr_style: Style::Plain,
        is_stdout_terminal,
        is_stderr_terminal: true,
    };
    let code = store.runtime.block_on(run(&CONNECTOR, &arguments, surroundings));
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    (code, text(stdout), text(stderr))
}

#[test]
fn a_terminal_gets_no_control_character_of_json_and_a_program_gets_the_bytes() {
    let store = roomy();
    let name = "Mug \u{9b}31m\u{7f}\u{202e}";
    let update = ["update-product", "--product-id", "111", "--name", name, "--json"];
    let list = ["list-products", "--all", "--json"];
    for walk in [&update[..], &list] {
        let (code, bytes, stderr) = on_terminal(&store, walk, false);
        assert!(code == 0 && bytes.contains(name), "{stderr}");
        let (code, shown, _) = on_terminal(&store, walk, true);
        assert!(code == 0 && shown.contains(r"Mug \u009b31m\u007f\u202e"), "{shown}");
        assert!(!shown.contains(['\u{9b}', '\u{7f}', '\u{202e}']));
        for (one, other) in bytes.lines().zip(shown.lines()) {
            let json = |text| serde_json::from_str::<Value>(text).expect("JSON");
            let dated = |mut value: Value| {
                // Each update changes it.
                value.as_object_mut().expect("an object").remove("date_modified");
                value
            };
            assert_eq!(dated(json(one)), dated(json(other)));
        }
    }
}

/// What a terminal of one line shows in the end.
pub(crate) fn shown(text: &str) -> String {
    let mut columns: Vec<char> = Vec::new();
    let mut at = 0;
    for c in text.chars() {
        match c {
            '\r' => at = 0,
            c => {
                columns.resize(columns.len().max(at + 1), ' ');
                columns[at] = c;
                at += 1;
            }
        }
    }
    columns.into_iter().collect::<String>().trim_end().to_owned()
}

#[test]
fn progress_is_drawn_on_a_terminal_and_gone_at_the_end() {
    let store = roomy();
    let walk = ["list-products", "--all", "--json", "--limit", "80"];
    let (code, stdout, stderr) = watched(&store, &walk);
    assert_eq!((code, stdout.lines().count()), (0, 200));
    assert!(!stdout.contains("reading page"));
    assert_contains(
        &stderr,
        &["\rreading page 1", "\rreading page 2; items: 80 of 200", "items: 160 of 200"],
    );
    assert_eq!(shown(&stderr), "");

    let (_, _, quiet) = watched(&store, &[walk.as_slice(), &["--quiet"]].concat());
    assert_eq!(quiet, "");
    // Without a terminal there is none either: every other test here expects standard error to be empty.
}

#[test]
fn an_error_stands_on_a_line_of_its_own_after_progress() {
    let store = roomy();
    store.failing_third(Fault::InternalServerError);
    let (code, _, stderr) = watched(&store, &["list-products", "--all", "--no-wait", "--limit", "50"]);
    assert_eq!(code, 8);
    assert!(
        shown(stderr.lines().next().expect("text")).starts_with("error[server]: list-products"),
        "{stderr}"
    );
}
