//! The demo, from its first line to the commands it recommends.

use serde_json::Value;

use super::{Invocation, assert_contains};

#[test]
fn it_runs_through_and_tells_what_happened() {
    let text = Invocation::new().args(["demo"]).run().ok();
    assert_contains(
        &text,
        &[
            "[1/5] start a local store",
            "[2/5] read product 111",
            "Copper Pour-Over Kettle",
            "[3/5] read product 999999999, which does not exist",
            "error[not_found]",
            "[4/5] call until the quota of the window is spent",
            "error[rate_limited.window]",
            "waiting ",
            "the same call after the wait",
            "[5/5] sum up",
            "1 not_found, 1 rate_limited.window",
            "try next:",
        ],
    );
}

#[test]
fn json_is_one_object_per_step_and_its_figures_agree() {
    let text = Invocation::new().args(["demo", "--json"]).run().ok();
    let steps: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let numbers: Vec<_> = steps.iter().map(|step| step["step"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(steps.iter().all(|step| step["outcome"] == "ok"), "{text}");
    assert_eq!(steps[1]["data"]["id"], 111);
    assert_eq!(steps[2]["error"]["class"], "not_found");
    assert_eq!(steps[3]["error"]["class"], "rate_limited.window");
    assert_eq!(steps[3]["waited_ms"], steps[3]["error"]["retry_after_ms"]);
    let made: usize = steps.iter().filter_map(|step| step["calls"].as_array()).map(Vec::len).sum();
    assert_eq!(steps[4]["calls"], made);
    assert_eq!(steps[4]["requests_received"], made);
    assert_eq!(steps[4]["rate_limits_surfaced"], 1);
}

#[cfg(unix)]
#[test]
fn the_commands_it_recommends_work() {
    let text = Invocation::new().args(["demo", "--json"]).run().ok();
    let last: Value = serde_json::from_str(text.lines().last().expect("steps")).expect("JSON");
    let commands =
        last["next"].as_array().expect("commands").iter().map(|command| command.as_str().expect("text"));
    for command in commands {
        // The store would run until it is stopped; that it can be started is tested beside it.
        let command =
            if command.ends_with("sandbox") { format!("{command} --help") } else { command.to_owned() };
        let run = std::process::Command::new("sh").args(["-c", &command]).output().expect("a shell");
        assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
    }
}
