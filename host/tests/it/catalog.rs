//! The list of actions.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{ACTION, Invocation, Store, assert_contains};

#[test]
fn the_table_names_action_effect_version_and_scopes() {
    let table = Invocation::new().args(["catalog"]).env("COLUMNS", "160").run().ok();
    assert_contains(&table, &[ACTION, "Get a product", "read", "v3", "store_v2_products_read_only"]);
}

#[test]
fn the_table_names_the_triggers() {
    let table = Invocation::new().args(["catalog"]).env("COLUMNS", "400").run().ok();
    for trigger in bigcommerce_connector::CONNECTOR.triggers {
        let name = format!("bigcommerce/{} ", trigger.id);
        let line = table.lines().find(|line| line.contains(&name)).expect("a line of its own");
        let read = trigger.read.as_ref().map_or("nothing", |read| read.operation.id);
        assert_contains(line, &[trigger.event, read]);
    }
}

#[test]
fn no_word_is_cut_in_the_middle() {
    for (columns, whole) in [("60", "store_v2_"), ("80", "store_v2_"), ("100", "store_v2_orders_read_only")] {
        let table = Invocation::new().args(["catalog"]).env("COLUMNS", columns).run().ok();
        let width = columns.parse().expect("a number");
        let is_table = |line: &&str| line.starts_with(['│', '┌', '╞', '└']);
        assert!(table.lines().filter(is_table).all(|line| line.chars().count() <= width), "{table}");
        assert_contains(&table, &[whole]);
        // The pieces of every column are those of the words that stand there.
        let json = Invocation::new().args(["catalog", "--json"]).run().ok();
        let known: BTreeSet<&str> = json.split(|c: char| !c.is_alphanumeric()).collect();
        let own = "action effect API verified scopes one of trigger fires on read by nothing deprecated";
        let header: BTreeSet<&str> = own.split(' ').collect();
        for line in table.lines().filter(|line| line.starts_with('│')) {
            for word in line.split(|c: char| !c.is_alphanumeric()) {
                assert!(known.contains(word) || header.contains(word), "{word} in\n{table}");
            }
        }
    }
}

#[test]
fn json_holds_schemas_for_every_action() {
    let json = Invocation::new().args(["catalog", "--json"]).run().ok();
    let catalog: Value = serde_json::from_str(&json).expect("it is JSON");
    let actions = catalog["actions"].as_array().expect("it lists actions");
    assert!(actions.iter().any(|action| action["id"] == "get-product"), "{json}");
    for action in actions {
        assert_eq!(action["input"]["type"], "object", "{action}");
        assert!(!action["output"].is_null(), "{action}");
    }
}

/// Exit code and standard error of the program whose reader of standard output has closed before it writes.
fn unread(command: &mut Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("the system has pipes");
    drop(reader);
    let output = command.stdout(writer).output().expect("the program starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_reader_who_has_seen_enough_gets_no_complaint_and_the_exit_code_is_0() {
    let store = Store::start();
    for arguments in [
        &["catalog"][..],
        &["catalog", "--json"],
        &["--help"],
        &["call", "--help"],
        &["call", ACTION, "--help"],
        &["completion", "bash"],
    ] {
        assert_eq!(
            unread(&mut Invocation::new().args(arguments).command),
            (Some(0), String::new()),
            "{arguments:?}"
        );
    }
    for arguments in [
        &["get-product", "--product-id", "111"][..],
        &["list-products", "--all", "--json"],
        &["list-products"],
    ] {
        let mut call = Invocation::new().args(["call"]).args(arguments).connected_to(&store);
        assert_eq!(unread(&mut call.command), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_hides_no_failure() {
    let (code, stderr) = unread(&mut Invocation::new().args(["call", "nosuch"]).command);
    assert_eq!(code, Some(2));
    assert_contains(&stderr, &["nosuch"]);
    let store = Store::start();
    let mut call = Invocation::new().args(["call", ACTION, "--product-id", "99999"]).connected_to(&store);
    let (code, stderr) = unread(&mut call.command);
    assert_eq!(code, Some(5), "{stderr}");
}
