//! What hand-written code must not contain: silenced lints, skipped tests, waiting tests, notes without an issue.

use super::{Fault, all_obey, each_line, is_handwritten_rust, is_rust, lines};

/// Marks of unfinished work, spelled apart so that this file does not break its own rule.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

#[test]
fn no_lint_is_silenced_and_no_test_is_skipped() {
    all_obey(is_handwritten_rust, attributes);
}

#[test]
fn no_test_waits_for_the_clock() {
    all_obey(is_handwritten_rust, sleeps);
}

#[test]
fn unfinished_work_names_its_issue() {
    all_obey(|path| comment_sign(path).is_some(), marks);
}

/// Attributes stand on lines of their own, which `rustfmt` guarantees; text in strings and comments does not count.
fn attributes(path: &str, text: &str) -> Vec<Fault> {
    let remedies = [
        ("ignore", "a skipped test guards nothing: make it run everywhere, or delete it"),
        ("should_panic", "assert on the error instead: a panic may come from anywhere"),
        ("allow", "mend the cause, or use `#[expect(lint, reason = \"…\")]`, which reports when it is stale"),
    ];
    let found = remedies.iter().flat_map(|(name, remedy)| {
        each_line(path, text, remedy, |line| {
            let line = line.trim_start();
            let Some(inner) = line.strip_prefix("#[").or_else(|| line.strip_prefix("#![")) else {
                return false;
            };
            let words = || inner.split(|char: char| !(char.is_alphanumeric() || char == '_'));
            let conditional = inner.starts_with("cfg_attr");
            words().next() == Some(name) || (conditional && words().any(|word| word == *name))
        })
    });
    found.collect()
}

/// Tests wait for what happens, or move a paused clock.
fn sleeps(path: &str, text: &str) -> Vec<Fault> {
    let first = match is_test(path) {
        true => 0,
        false => text.lines().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(usize::MAX),
    };
    let remedy = "wait for the event itself, or pause tokio's clock and advance it";
    let calls = [concat!("thread::", "sleep"), concat!("time::", "sleep")];
    let all = each_line(path, text, remedy, |line| {
        let code = line.split("//").next().unwrap_or_default();
        let imported = code.contains(concat!("time::", "{")) && code.contains("sleep");
        imported || calls.iter().any(|call| code.contains(call))
    });
    all.into_iter().filter(|fault| fault.line > first).collect()
}

fn is_test(path: &str) -> bool {
    is_rust(path) && (path.starts_with("tests/") || path.contains("/tests/"))
}

/// What opens a comment in a kind of file that has comments.
fn comment_sign(path: &str) -> Option<&'static str> {
    match path.rsplit(['.', '/']).next()? {
        "rs" => Some("//"),
        "toml" | "yaml" | "yml" | "sh" | "run" => Some("#"),
        _ => None,
    }
}

fn marks(path: &str, text: &str) -> Vec<Fault> {
    let Some(sign) = comment_sign(path) else { return Vec::new() };
    let remedy = "name the issue that will finish it, as in `(#12)` right after the mark, or finish it now";
    each_line(path, text, remedy, |line| {
        let comment = line.split_once(sign).map_or("", |(_, comment)| comment);
        let mut found = MARKS.iter().flat_map(|mark| comment.match_indices(mark));
        found.any(|(start, mark)| {
            let whole = !comment[..start].ends_with(char::is_alphanumeric);
            let rest = &comment[start + mark.len()..];
            whole && !rest.starts_with(char::is_alphanumeric) && !names_issue(rest)
        })
    })
}

/// Whether the text begins with an issue number in parentheses: `(#12)`.
fn names_issue(rest: &str) -> bool {
    let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
    number.is_some_and(|(number, _)| !number.is_empty() && number.chars().all(|char| char.is_ascii_digit()))
}

#[test]
fn attributes_are_found_bare_with_arguments_and_conditional() {
    let text =
        "#![allow(dead_code)]\n#[ignore = \"slow\"]\n    #[should_panic(expected = \"x\")]\n#[ignore]\n";
    let mut found = lines(attributes, "a.rs", text);
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4]);
    assert_eq!(lines(attributes, "a.rs", "#[cfg_attr(windows, ignore)]\n"), [1]);
    assert!(attributes("a.rs", "#[expect(dead_code, reason = \"x\")]\nlet a = \"#[ignore]\";\n").is_empty());
}

#[test]
fn sleeps_are_found_in_tests_alone() {
    let call = concat!("std::thread::", "sleep(second);\n");
    assert_eq!(lines(sleeps, "tests/it/a.rs", call), [1]);
    assert_eq!(
        lines(sleeps, "runtime/tests/it/a.rs", concat!("use tokio::time::", "{sleep, timeout};\n")),
        [1]
    );
    assert!(sleeps("runtime/src/a.rs", call).is_empty());
    assert_eq!(
        lines(sleeps, "runtime/src/a.rs", &format!("{call}#[cfg(test)]\nmod tests {{\n{call}}}\n")),
        [4]
    );
}

#[test]
fn marks_need_a_number() {
    for mark in MARKS {
        assert_eq!(lines(marks, "a.rs", &format!("let a = 1; // {mark}: later\n")), [1]);
        assert_eq!(lines(marks, "a.toml", &format!("# {mark}(somebody): later\n")), [1]);
        assert!(marks("a.rs", &format!("// {mark}(#12): later\n")).is_empty());
        assert!(marks("a.yaml", &format!("currency: {mark}\n")).is_empty());
    }
}
