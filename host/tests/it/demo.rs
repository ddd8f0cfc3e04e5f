//! The demo, from its first line to the commands it recommends.

use std::collections::BTreeSet;

use bigcommerce_connector::CONNECTOR;
use serde_json::Value;

use super::{Invocation, assert_contains};

/// The steps of a run with `--json`.
fn steps() -> Vec<Value> {
    let text = Invocation::new().args(["demo", "--json"]).run().ok();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The words of a text, however its lines were broken.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts in this field of every object in a list.
fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|item| item[field].as_str().expect("text")).collect()
}

#[test]
fn it_tells_the_whole_morning() {
    let text = Invocation::new().args(["demo"]).run().ok();
    let chapters: [&[&str]; 12] = [
        &["An agency's morning"],
        &["connect to the client's store", "the connection works", "Hearth & Trail"],
        &["look at the catalog", "20 products, 200 so far, the last page", "Copper Pour-Over Kettle"],
        &[
            "put a new product on sale",
            "create-brand 409 conflict, not retryable",
            "80.955, so 80.96",
            "4 mistakes, nothing sent",
            "error[validation]: update-product",
            "price: must be at least 0",
            "get-product 404 not_found",
        ],
        &["ship an order", "list-orders 204", "Awaiting Fulfillment, now Shipped"],
        &["enter a customer who telephoned", "Nora Field", "Portland"],
        &["subscribe to what happens", "store/order/created", "is adopted", "paused", "resumed"],
        &[
            "take deliveries",
            "signs these deliveries itself",
            "order-created, bc-hex",
            "order-created, standard-webhooks",
            "rejected as wrong_signature",
            "rejected as stale: signed more than 49 hours ago",
            "rejected as mixed_profiles",
        ],
        &[
            "meet a store that has a bad moment",
            "502 server, retryable",
            "503 unavailable, retryable",
            "401 auth.revoked, not retryable",
            "create-brand 207 partial, not retryable: custom_url: The brand was saved, its URL was not.",
            "create-product - transport.unknown_outcome, not retryable",
            "check first: Look for the product",
        ],
        &[
            "spend the quota",
            "get-product - rate_limited.window, retryable: nothing was sent",
            "waiting ",
            "the same call after the wait",
        ],
        &["clean up", "it is not_found", "delete-webhook 200"],
        &["sum up", "All 19 actions in 51 calls", "received by the store: 49", "Try next:", "sandbox"],
    ];
    let told: Vec<&str> = text.split("\n[").collect();
    assert_eq!(told.len(), chapters.len(), "{text}");
    for (number, (told, parts)) in told.iter().zip(chapters).enumerate() {
        assert!(number == 0 || told.starts_with(&format!("{number}/11] ")), "{told}");
        assert_contains(&words(told), parts);
    }
    assert!(text.lines().count() <= 130, "a wall of text:\n{text}");
}

#[test]
fn the_readme_shows_lines_that_it_prints() {
    let text = Invocation::new().args(["demo"]).run().ok();
    let text = text.replace(env!("CARGO_BIN_EXE_connector"), "target/debug/connector");
    let readme = include_str!("../../../README.md");
    let (_, after) = readme.split_once("What `cargo demo` prints").expect("an excerpt");
    let (excerpt, _) = after.split_once("The binary is called").expect("its end");
    let shown: Vec<&str> = excerpt.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(shown.len() > 10, "{shown:?}");
    for line in shown {
        assert!(text.lines().any(|printed| printed == line), "the demo no longer prints {line:?}:\n{text}");
    }
}

#[test]
fn json_is_one_object_per_step_and_its_figures_agree() {
    let steps = steps();
    let numbers: Vec<_> = steps.iter().map(|step| step["step"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
    assert!(steps.iter().all(|step| step["outcome"] == "ok"), "{steps:?}");
    let (last, told) = steps.split_last().expect("steps");
    let calls: Vec<&Value> = told.iter().flat_map(|step| step["calls"].as_array().expect("calls")).collect();
    assert_eq!(last["calls"], calls.len());
    let is_own = |outcome: &Value| outcome == "validation" || outcome == "rate_limited.window";
    let stopped = calls.iter().filter(|call| is_own(&call["outcome"]) && call["status"].is_null());
    assert_eq!((stopped.count(), &last["stopped_before_sending"]), (2, &2.into()));
    assert_eq!(last["requests_received"], calls.len() - 2);
    let limited = calls.iter().filter(|call| call["status"] == 429).count();
    assert_eq!((limited, &last["rate_limits_surfaced"]), (0, &1.into()));
    let (quota, window) = (&steps[8], steps[0]["window_ms"].as_u64().expect("a window"));
    assert_eq!(quota["waited_ms"], quota["error"]["retry_after_ms"]);
    assert!((1..=window).contains(&quota["waited_ms"].as_u64().expect("a wait")), "{quota}");
}

#[test]
fn it_calls_every_action_with_success_and_meets_these_failures() {
    let steps = steps();
    let all: Vec<&Value> = steps.iter().filter_map(|step| step["calls"].as_array()).flatten().collect();
    let with = |outcome: &str| -> BTreeSet<&str> {
        let calls = all.iter().filter(|call| call["outcome"] == outcome);
        calls.map(|call| call["action"].as_str().expect("an action")).collect()
    };
    let actions: BTreeSet<&str> = CONNECTOR.actions.iter().map(|entry| entry.operation.id).collect();
    assert_eq!(with("succeeded"), actions);
    for (outcome, action) in [
        ("conflict", "create-brand"),
        ("validation", "update-product"),
        ("validation", "create-webhook"),
        ("not_found", "get-product"),
        ("server", "list-products"),
        ("unavailable", "list-products"),
        ("auth.revoked", "get-time"),
        ("partial", "create-brand"),
        ("transport.unknown_outcome", "create-product"),
        ("rate_limited.window", "get-product"),
    ] {
        assert!(with(outcome).contains(action), "{outcome}: {:?}", with(outcome));
    }
    let empty = all.iter().find(|call| call["status"] == 204).expect("an answer without a body");
    assert_eq!(empty["action"], "list-orders");
}

#[test]
fn every_trigger_takes_deliveries_in_every_way_of_signing() {
    let steps = steps();
    let deliveries = &steps[6]["deliveries"];
    let webhooks = CONNECTOR.webhooks.expect("webhooks");
    let due: Vec<(&str, &str, &str)> = CONNECTOR
        .triggers
        .iter()
        .flat_map(|trigger| webhooks.signatures.iter().map(move |profile| (trigger, profile)))
        .map(|(trigger, profile)| (trigger.id, profile.name, trigger.read.expect("a read").operation.id))
        .collect();
    let triggers = texts(deliveries, "trigger").into_iter().zip(texts(deliveries, "profile"));
    let came: Vec<_> = triggers
        .zip(texts(deliveries, "read"))
        .map(|((trigger, profile), read)| (trigger, profile, read))
        .collect();
    assert_eq!(came, due);
    assert_eq!(texts(&steps[6]["rejected"], "reason"), ["wrong_signature", "stale", "mixed_profiles"]);
}

#[test]
fn wrong_input_is_shown_with_every_violation_and_a_lost_answer_with_what_to_check() {
    let steps = steps();
    let fields = texts(&steps[2]["error"]["violations"], "field");
    assert_eq!(BTreeSet::from_iter(fields), BTreeSet::from(["colour", "condition", "price", "weight"]));
    assert_eq!(steps[2]["price"], "80.96");
    let create = CONNECTOR.action("create-product").expect("an action").operation;
    assert_eq!(steps[7]["check_first"].as_str(), create.check_first);
}

#[cfg(unix)]
#[test]
fn the_commands_it_recommends_work() {
    let steps = steps();
    let next = steps.last().expect("steps")["next"].as_array().expect("commands");
    assert!(!next.is_empty());
    for command in next.iter().map(|command| command.as_str().expect("text")) {
        // The store would run until it is stopped; that it can be started is tested beside it.
        let command =
            if command.ends_with("sandbox") { format!("{command} --help") } else { command.to_owned() };
        let run = std::process::Command::new("sh").args(["-c", &command]).output().expect("a shell");
        assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
    }
}
