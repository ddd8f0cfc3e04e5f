//! The quick start for embedders runs as it stands, and its page shows what runs.

#[path = "../examples/quick_start.rs"]
mod example;

use std::collections::BTreeSet;

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use connector_tests::project;

/// What the example prints on a store with these settings, and whether it came to its end.
async fn told(options: SandboxOptions) -> (String, bool) {
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = example::connect_to(&sandbox).unwrap();
    let mut out = Vec::new();
    let mut outcome = example::tell(&client, sandbox.store_hash(), &mut out).await;
    if outcome.is_ok() {
        outcome = example::change(&client, &mut out).await;
    }
    (String::from_utf8(out).unwrap(), outcome.is_ok())
}

#[test]
fn the_example_runs_without_any_setting() {
    example::main().unwrap();
}

#[tokio::test]
async fn the_example_tells_what_came_of_each_step() {
    let (text, is_complete) = told(SandboxOptions::default()).await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "typed call: 1 products cost 64.95",
            "  Copper Pour-Over Kettle: three cost 194.85",
            "error of class validation: mend the input: product_id: must be at least 1",
            "error of class not_found: go on without it",
        ]
    );
    assert!(
        lines[4].starts_with("untyped call: ") && lines[5].starts_with("all pages: 50 orders, "),
        "{text}"
    );
    assert_eq!(lines[6], "forged delivery: refused, the signature does not fit: check the secret");
    assert!(lines[7].starts_with("delivery: store/order/created for order 100, read in full: "), "{text}");
    assert_eq!(
        lines[8..],
        [
            "update: Copper Pour-Over Kettle costs 59.95",
            "update: mend the input: sale_price: must be at least 0",
            "update: go on without it",
        ]
    );
    assert!(is_complete, "{text}");
}

#[tokio::test]
async fn the_example_names_the_wait_where_the_quota_is_spent() {
    let (text, is_complete) = told(SandboxOptions { quota: 1, ..SandboxOptions::default() }).await;
    assert!(text.contains("error of class rate_limited.window: run the step again in "), "{text}");
    assert!(!is_complete, "the call after it is not repeated: {text}");
}

#[test]
fn every_block_of_code_on_the_page_stands_in_the_example() {
    let page = project::read(&project::folder("docs/quick-start.md"));
    let example = trimmed(include_str!("../examples/quick_start.rs"));
    let blocks: Vec<String> = page.split("```rust\n").skip(1).map(|rest| trimmed(ended(rest))).collect();
    assert!(blocks.len() >= 6, "the page shows {} blocks", blocks.len());
    for block in blocks {
        assert!(example.contains(&block), "copy it from tests/examples/quick_start.rs:\n{block}");
    }
}

#[test]
fn the_crates_on_the_page_are_those_that_its_code_needs() {
    let page = project::read(&project::folder("docs/quick-start.md"));
    let manifest: toml::Table = ended(page.split_once("```toml\n").unwrap().1).parse().unwrap();
    let listed = manifest["dependencies"].as_table().unwrap();
    let blocks = page.split("```rust\n").skip(1).map(ended).collect::<String>();
    let (mut used, std) = (BTreeSet::from(["tokio"]), ["std", "core"]);
    for line in blocks.lines().filter_map(|line| line.strip_prefix("use ")) {
        used.extend(line.split("::").next().filter(|name| !std.contains(name)));
    }
    let names: BTreeSet<String> = listed.keys().map(|name| name.replace('-', "_")).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), used);
    let ours: toml::Table = project::read(&project::folder("Cargo.toml")).parse().unwrap();
    for (name, dependency) in listed {
        let known = &ours["workspace"]["dependencies"][name];
        match dependency.get("path").and_then(toml::Value::as_str) {
            Some(path) => assert_eq!(path.strip_prefix("../connector/"), known["path"].as_str(), "{name}"),
            None => assert_eq!(dependency["version"], known["version"], "{name}"),
        }
    }
}

/// A block of code up to its fence.
fn ended(rest: &str) -> &str {
    rest.split_once("```").map_or(rest, |(block, _)| block)
}

/// The lines without their indentation, each with its end.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| line.trim().to_owned() + "\n").collect()
}
