//! A quota that is spent: who waits and who is told, invocations that share it, and what `--verbose` tells of it.

use std::path::Path;
use std::time::Duration;

use bigcommerce_sandbox::{Fault, SandboxOptions};
use serde_json::Value;

use super::pages::{shown, watched};
use super::{Invocation, Outcome, Store, assert_contains};

/// A store with so many requests per so many milliseconds.
fn narrow(quota: u32, window_ms: u64) -> Store {
    let window = Duration::from_millis(window_ms);
    Store::with(SandboxOptions { quota, window, ..SandboxOptions::default() })
}

impl Store {
    /// The statuses of all answers, which are the requests that reached the store.
    fn statuses(&self) -> Vec<u16> {
        self.sandbox().requests().into_iter().filter_map(|request| request.status).collect()
    }

    fn product(&self) -> Invocation {
        self.call().args(["--product-id", "111", "--json"])
    }
}

/// The last line of standard error, as JSON.
fn last(outcome: &Outcome) -> Value {
    let line = outcome.stderr.lines().last().expect("there is a line");
    serde_json::from_str(line).expect("it is JSON")
}

#[test]
fn a_list_waits_for_its_quota_and_is_never_refused() {
    let store = narrow(2, 400);
    let text = store.list("list-products").args(["--all", "--json", "--limit", "45"]).run().ok();
    assert_eq!(text.lines().count(), 200);
    assert_eq!(store.statuses(), [200; 5]);
}

#[test]
fn a_list_that_may_not_wait_says_how_to_go_on() {
    let store = narrow(2, 30_000);
    let walk = ["--all", "--no-wait", "--limit", "40"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert!(outcome.stdout.ends_with("items: 80, pages: 2\n"), "{}", outcome.stdout);
    assert_contains(
        &outcome.stderr,
        &[
            "error[rate_limited.window]: list-products: the quota is spent",
            "  retry after: ",
            "  items written: 80; the same command with --page 3 goes on from there\n",
            "--wait",
        ],
    );
    assert_eq!(store.statuses(), [200; 2]);
}

#[test]
fn a_wait_longer_than_allowed_is_not_begun() {
    let store = narrow(2, 600_000);
    let walk = ["--all", "--json", "--wait", "1", "--limit", "40"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (7, 80), "{outcome:?}");
    let error = &last(&outcome)["error"];
    assert_eq!((&error["class"], &error["retryable"]), (&"rate_limited.window".into(), &true.into()));
    // Had it waited the second, it would have been told all the same; ten minutes would have passed a timeout of tests.
    assert!(error["retry_after_ms"].as_u64() > Some(60_000), "{error}");
    assert_eq!(error["resume"], "--page 3");
    assert_eq!(store.statuses(), [200; 2]);
}

#[test]
fn a_single_call_waits_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("quota");
    let store = narrow(1, 1_500);
    let shared = || store.product().args(["--share-quota"]).args([&file]);
    shared().run().ok();
    shared().args(["--wait", "30"]).run().ok();
    assert_eq!(store.statuses(), [200; 2]);
}

#[test]
fn invocations_that_share_a_file_respect_what_others_have_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("quota");
    let store = narrow(3, 600_000);
    let list = store.list("list-products").args(["--all", "--json", "--limit", "150"]);
    list.env("CONNECTOR_SHARE_QUOTA", &file).run().ok();
    store.product().args(["--share-quota"]).args([&file]).run().ok();
    let error = store.product().args(["--share-quota"]).args([&file]).run().error(7);
    assert!(error["retry_after_ms"].as_u64() > Some(60_000), "{error}");
    assert_eq!(store.statuses(), [200; 3], "the fourth was not sent");
    // One that shares with nobody finds out by itself.
    store.product().run().error(7);
    assert_eq!(store.statuses(), [200, 200, 200, 429]);
}

fn at_home(store: &Store, home: &Path) -> Invocation {
    let folder = ["HOME", "XDG_STATE_HOME", "LOCALAPPDATA"];
    folder
        .into_iter()
        .fold(store.product(), |call, name| call.env(name, home))
        .env("CONNECTOR_SHARE_QUOTA", "")
}

#[test]
fn invocations_of_one_user_share_unless_they_are_told_not_to() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = narrow(1, 600_000);
    at_home(&store, home.path()).run().ok();
    at_home(&store, home.path()).run().error(7);
    assert_eq!(store.statuses(), [200]);
    at_home(&store, home.path()).args(["--share-quota", "none"]).run().error(7);
    assert_eq!(store.statuses(), [200, 429]);
}

#[test]
fn a_home_that_cannot_hold_the_file_breaks_no_call() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path().join("home");
    std::fs::write(&home, "no folder").expect("it is writable");
    let store = Store::start();
    at_home(&store, &home).run().ok();
    let outcome = at_home(&store, &home).args(["--verbose"]).run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let pacing = &last(&outcome)["pacing"];
    assert_eq!(pacing["file"], Value::Null);
    assert!(pacing["not_shared"].as_str().expect("a reason").contains("cannot be made"), "{pacing}");
}

#[test]
fn a_file_that_was_named_must_work() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("list.txt");
    std::fs::write(&file, "a shopping list\n".repeat(100)).expect("it is writable");
    let store = Store::start();
    let error = store.product().args(["--share-quota"]).args([&file]).run().error(2);
    assert_eq!(error["class"], "usage");
    assert_contains(error["message"].as_str().expect("text"), &["list.txt", "remove it"]);
    assert_eq!(store.statuses(), [0; 0]);
}

#[test]
fn a_person_sees_why_nothing_comes() {
    let store = narrow(2, 2_000);
    let (code, stdout, stderr) =
        watched(&store, &["list-products", "--all", "--json", "--limit", "80", "--share-quota", "none"]);
    assert_eq!((code, stdout.lines().count()), (0, 200), "{stderr}");
    assert_contains(
        &stderr,
        &["\rwaiting ", " s: the store's quota of 2 per 2 s is spent; items: 160 of 200"],
    );
    assert_eq!(shown(&stderr), "");
    assert_eq!(store.statuses(), [200; 3]);
}

#[test]
fn a_store_under_load_is_waited_for_and_named() {
    let store = Store::start();
    store.sandbox().inject(Fault::OverloadedWithoutHeaders, 1);
    let call = ["get-product", "--product-id", "111", "--json", "--wait", "--share-quota", "none"];
    let (code, _, stderr) = watched(&store, &call);
    assert_eq!(code, 0, "{stderr}");
    assert_contains(&stderr, &["\rwaiting 1 s: the store is under load"]);
    assert_eq!(shown(&stderr), "");
    assert_eq!(store.statuses(), [429, 200]);

    store.sandbox().inject(Fault::OverloadedWithoutHeaders, 1);
    let (_, _, quiet) = watched(&store, &[call.as_slice(), &["--quiet"]].concat());
    assert_eq!(quiet, "");
}

#[test]
fn programs_are_told_what_happened_in_a_line_of_json() {
    let store = narrow(150, 30_000);
    store.sandbox().inject(Fault::OverloadedWithoutHeaders, 1);
    store.sandbox().inject(Fault::BadGatewayPage, 1);
    let outcome = store.product().args(["--verbose", "--wait"]).run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let pacing = &last(&outcome)["pacing"];
    let account = pacing["account"].as_str().expect("text");
    assert!(account.contains(store.sandbox().store_hash()), "{account}");
    assert_eq!((&pacing["quota"], &pacing["window_ms"]), (&150.into(), &30_000.into()), "{pacing}");
    assert_eq!(
        (&pacing["admitted"], &pacing["refused"], &pacing["waits"]),
        (&3.into(), &1.into(), &1.into())
    );
    assert_eq!(pacing["retries"], serde_json::json!({"rate_limited.overload": 1, "server": 1}));
    assert_eq!((&pacing["waiting"], &pacing["under_way"]), (&0.into(), &0.into()));
    assert!(pacing["left"].as_u64().is_some_and(|left| (140..150).contains(&left)), "{pacing}");
    assert!(
        pacing["window_ends_in_ms"].as_u64().is_some_and(|ends| (1..=31_000).contains(&ends)),
        "{pacing}"
    );
}

#[test]
fn what_happened_is_told_before_an_error_too() {
    let store = narrow(1, 600_000);
    let walk = ["--all", "--json", "--no-wait", "--verbose", "--limit", "150"];
    let outcome = store.list("list-products").args(walk).run();
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let lines: Vec<Value> =
        outcome.stderr.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["pacing"]["turned_away"], 1);
    assert_eq!(lines[0]["pacing"]["left"], 0);
    assert_eq!(lines[1]["error"]["class"], "rate_limited.window");
}

#[test]
fn people_are_told_what_happened_in_a_table() {
    let store = Store::start();
    let outcome = store.call().args(["--product-id", "111", "--verbose"]).run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_contains(&outcome.stdout, &["Copper Pour-Over Kettle"]);
    assert_contains(
        &outcome.stderr,
        &["Requests that a window of the quota allows", "┆ 150 ", "┆ 149 ", "Requests that were let through"],
    );
    assert!(!outcome.stdout.contains("quota"), "data alone\n{}", outcome.stdout);
}
