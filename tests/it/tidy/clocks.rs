//! Host and runtime read the time through their clock, so that tests can step it and no duration follows the wall clock.

use super::layout::before_tests;
use super::{Fault, all_obey, each_line, is_rust, lines};

/// The clocks.
const CLOCKS: [&str; 2] = ["host/src/clock.rs", "runtime/src/pacing/clock.rs"];

/// Ways past the clock, spelled apart so that this file does not break its own rule.
const WAYS: [&str; 5] = [
    concat!("SystemTime", "::now"),
    concat!("Instant", "::now"),
    concat!("Timestamp", "::now"),
    concat!("Zoned", "::now"),
    concat!(".elap", "sed()"),
];

#[test]
fn host_and_runtime_read_the_time_through_their_clock() {
    all_obey(is_in_scope, ways_past);
    for clock in CLOCKS {
        assert!(!super::text(clock).is_empty());
    }
}

fn is_in_scope(path: &str) -> bool {
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let is_ours = ["host/src/", "runtime/src/"].iter().any(|folder| path.starts_with(folder));
    is_rust(path) && is_ours && !is_test && !CLOCKS.contains(&path)
}

fn ways_past(path: &str, text: &str) -> Vec<Fault> {
    let remedy =
        "ask the `Clock` of the service: `now_ms` for the wall clock, `instant` and `since` for durations";
    let all = each_line(path, text, remedy, |line| {
        let code = line.split("//").next().unwrap_or_default();
        WAYS.iter().any(|way| code.contains(way))
    });
    let before = before_tests(text);
    all.into_iter().filter(|fault| fault.line <= before).collect()
}

#[test]
fn ways_past_the_clock_are_found_outside_of_tests_alone() {
    for way in WAYS {
        let text = format!(
            "//! {way}\n#[cfg(test)]\nmod apart;\nlet a = x{way};\n#[cfg(test)]\nmod tests {{\n{way}\n}}\n"
        );
        assert_eq!(lines(ways_past, "host/src/a.rs", &text), [4], "{way}");
    }
    assert!(is_in_scope("runtime/src/a.rs") && !is_in_scope(CLOCKS[0]) && !is_in_scope("sandbox/src/a.rs"));
    assert!(!is_in_scope("host/src/a/tests.rs") && !is_in_scope("host/tests/a.rs"));
}
