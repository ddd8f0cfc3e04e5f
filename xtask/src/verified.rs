//! `verified.lock`: the level of verification of each action, from the results that the tests write.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use xshell::Shell;

use crate::steps::say;

/// The folder in which the tests write their results, one file for each part.
const RESULTS: &str = "target/verified";

const LOCK: &str = "verified.lock";

/// The part with the calls of the sandbox.
const CALLS: &str = "sandbox-calls";

/// The part with the answers of the sandbox, judged by the vendor's files.
const JUDGED_CALLS: &str = "sandbox";

/// The parts in which an action agrees with the vendor's files.
const SPECIFICATION: [&str; 5] = ["input", "output", "request", "request-example", "answer-example"];

/// The command whose tests write the results.
pub(crate) const TESTS: &str =
    "cargo test --package connector-tests --test it --locked --no-fail-fast -- conformance";

const HEAD: &str = "\
# The level of verification of each action; `cargo xtask bless` writes this file from the results of the tests.
#   sandbox        its calls ran against the sandbox, and each answer was decoded and judged
#   specification  request, description and examples agree with the vendor's files; the sandbox has no endpoint
#   none           neither
";

/// What the tests have shown of an action; a later one is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    None,
    Specification,
    Sandbox,
}

impl Level {
    const ALL: [Self; 3] = [Self::None, Self::Specification, Self::Sandbox];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Specification => "specification",
            Self::Sandbox => "sandbox",
        }
    }
}

type Levels = BTreeMap<String, Level>;

/// A part's word for each action: `pass`, `fail` or `absent`.
type Part = BTreeMap<String, String>;

/// The results of all parts that the tests wrote.
type Results = BTreeMap<String, Part>;

/// Removes the results of earlier runs.
///
/// # Errors
/// If the folder cannot be removed.
pub(crate) fn clear(shell: &Shell) -> anyhow::Result<()> {
    shell.remove_path(RESULTS).with_context(|| format!("cannot remove {RESULTS}"))
}

/// Removes the lines of actions that the manifest no longer has: the compiler refuses them.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn prune(shell: &Shell) -> anyhow::Result<()> {
    let Some(text) = lock(shell)? else { return Ok(()) };
    let mut manifest = shell.read_file("connector.yaml").context("cannot read connector.yaml")?;
    for path in shell.read_dir("types").context("cannot read types")? {
        manifest += &shell.read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let pruned = pruned(&text, &manifest);
    if pruned != text {
        shell.write_file(LOCK, pruned).with_context(|| format!("cannot write {LOCK}"))?;
    }
    Ok(())
}

fn pruned(lock: &str, manifest: &str) -> String {
    let is_known = |line: &&str| match line.split_whitespace().next() {
        Some(id) if !id.starts_with('#') => {
            ["", "\"", "'"].iter().any(|quote| manifest.contains(&format!("{quote}{id}{quote}:")))
        }
        _ => true,
    };
    lock.split_inclusive('\n').filter(is_known).collect()
}

/// Writes the levels that the tests have shown; whether the file changed.
///
/// # Errors
/// If the tests wrote no results, or a file cannot be read or written.
pub(crate) fn write(shell: &Shell) -> anyhow::Result<bool> {
    let old = lock(shell)?.unwrap_or_default();
    let results = results(shell)?;
    say_what_was_not_judged(&results);
    let levels = shown(&results, &levels(&old))?;
    let mut text = HEAD.to_owned();
    for (id, level) in &levels {
        _ = writeln!(text, "{id} {}", level.word());
    }
    let is_changed = text != old;
    if is_changed {
        shell.write_file(LOCK, text).with_context(|| format!("cannot write {LOCK}"))?;
    }
    Ok(is_changed)
}

/// Refuses a level that the tests have not shown, and prints each level that is higher than its line.
///
/// # Errors
/// Each action whose line claims more than the tests have shown, or a file that cannot be read.
pub(crate) fn check(shell: &Shell) -> anyhow::Result<()> {
    let claimed = levels(&lock(shell)?.unwrap_or_default());
    let results = results(shell)?;
    say_what_was_not_judged(&results);
    let (over, under) = compared(&claimed, &shown(&results, &claimed)?);
    for line in &under {
        say(&format!("== verified: {line}: run `cargo xtask bless`"));
    }
    if !over.is_empty() {
        bail!("{LOCK} claims more than the tests show; run `cargo xtask bless`:\n  {}", over.join("\n  "));
    }
    Ok(())
}

fn say_what_was_not_judged(results: &Results) {
    if !is_judged(results) {
        say(&format!(
            "== verified: the level `specification` was not judged, because the vendor's files are not present; \
             {LOCK} keeps it"
        ));
    }
}

/// Overstatements and understatements.
fn compared(claimed: &Levels, shown: &Levels) -> (Vec<String>, Vec<String>) {
    let (mut over, mut under) = (Vec::new(), Vec::new());
    let ids = claimed.keys().chain(shown.keys().filter(|id| !claimed.contains_key(*id)));
    for id in ids {
        let level = |levels: &Levels| levels.get(id).copied().unwrap_or(Level::None);
        let (claims, shows) = (level(claimed), level(shown));
        let line = format!("{id}: claimed `{}`, shown `{}`", claims.word(), shows.word());
        match claims.cmp(&shows) {
            std::cmp::Ordering::Greater => over.push(line),
            std::cmp::Ordering::Less => under.push(line),
            std::cmp::Ordering::Equal => {}
        }
    }
    (over, under)
}

/// Whether the tests compared the actions with the vendor's files.
fn is_judged(results: &Results) -> bool {
    SPECIFICATION.iter().all(|part| results.contains_key(*part))
}

/// The level of each action. Without a comparison with the files, `specification` is kept from the lock.
fn shown(results: &Results, claimed: &Levels) -> anyhow::Result<Levels> {
    let calls = results.get(CALLS).with_context(|| {
        format!(
            "cannot find the result {RESULTS}/{CALLS}; to see why the test did not write it, run: {TESTS}"
        )
    })?;
    let word = |part: &str, id: &str| results.get(part).and_then(|part| part.get(id)).map(String::as_str);
    let level = |id: &str| {
        let is_called = word(CALLS, id) == Some("pass") && word(JUDGED_CALLS, id) != Some("fail");
        let agrees = match is_judged(results) {
            true => SPECIFICATION.iter().all(|part| word(part, id) == Some("pass")),
            false => claimed.get(id) == Some(&Level::Specification),
        };
        match (is_called, agrees) {
            (true, _) => Level::Sandbox,
            (false, true) => Level::Specification,
            (false, false) => Level::None,
        }
    };
    Ok(calls.keys().map(|id| (id.clone(), level(id))).collect())
}

fn lock(shell: &Shell) -> anyhow::Result<Option<String>> {
    if !shell.path_exists(LOCK) {
        return Ok(None);
    }
    shell.read_file(LOCK).map(Some).with_context(|| format!("cannot read {LOCK}"))
}

/// The levels in the text of a lock; the compiler has refused every other line.
fn levels(text: &str) -> Levels {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let level = |line: &str| {
        let (id, word) = line.trim().split_once(' ')?;
        let level = Level::ALL.into_iter().find(|level| level.word() == word.trim())?;
        Some((id.to_owned(), level))
    };
    lines.filter_map(level).collect()
}

fn results(shell: &Shell) -> anyhow::Result<Results> {
    let mut results = Results::new();
    if !shell.path_exists(RESULTS) {
        return Ok(results);
    }
    for path in shell.read_dir(RESULTS).with_context(|| format!("cannot read {RESULTS}"))? {
        let text = shell.read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        results.insert(name, lines.map(|(id, word)| (id.to_owned(), word.to_owned())).collect());
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(words: &[(&str, &str)]) -> Part {
        words.iter().map(|(id, word)| ((*id).to_owned(), (*word).to_owned())).collect()
    }

    fn with_files() -> Results {
        let mut results = without_files();
        let described =
            part(&[("called", "pass"), ("described", "pass"), ("neither", "absent"), ("silent", "pass")]);
        for name in SPECIFICATION {
            results.insert(name.to_owned(), described.clone());
        }
        results.get_mut("output").expect("the part").insert("silent".to_owned(), "fail".to_owned());
        results
    }

    fn without_files() -> Results {
        let calls = [("called", "pass"), ("described", "absent"), ("neither", "absent"), ("silent", "fail")];
        Results::from([(CALLS.to_owned(), part(&calls))])
    }

    fn words(levels: &Levels) -> Vec<String> {
        levels.iter().map(|(id, level)| format!("{id} {}", level.word())).collect()
    }

    #[test]
    fn the_level_is_the_highest_that_the_tests_show() {
        let shown = shown(&with_files(), &Levels::new()).expect("the calls are there");
        assert_eq!(
            words(&shown),
            ["called sandbox", "described specification", "neither none", "silent none"]
        );
    }

    #[test]
    fn an_answer_that_contradicts_the_files_is_no_level_sandbox() {
        let mut results = with_files();
        results.insert(JUDGED_CALLS.to_owned(), part(&[("called", "fail")]));
        assert_eq!(
            shown(&results, &Levels::new()).expect("the calls are there")["called"],
            Level::Specification
        );
    }

    #[test]
    fn without_the_files_the_level_specification_is_kept_and_never_given() {
        let claimed = levels("described specification\nsilent sandbox\n");
        let shown = shown(&without_files(), &claimed).expect("the calls are there");
        assert_eq!(
            words(&shown),
            ["called sandbox", "described specification", "neither none", "silent none"]
        );
        let shown = super::shown(&without_files(), &Levels::new()).expect("the calls are there");
        assert_eq!(shown["described"], Level::None);
    }

    #[test]
    fn a_run_that_wrote_no_calls_is_an_error_with_the_command() {
        let error = shown(&Results::new(), &Levels::new()).expect_err("nothing was written");
        assert!(error.to_string().contains(TESTS), "{error}");
    }

    #[test]
    fn overstatements_and_understatements_are_told_apart() {
        let claimed = levels("# a comment\na sandbox\nb none\nc specification\ngone sandbox\n");
        let shown = levels("a specification\nb sandbox\nc specification\nnew sandbox\n");
        let (over, under) = compared(&claimed, &shown);
        assert_eq!(
            over,
            ["a: claimed `sandbox`, shown `specification`", "gone: claimed `sandbox`, shown `none`"]
        );
        assert_eq!(under, ["b: claimed `none`, shown `sandbox`", "new: claimed `none`, shown `sandbox`"]);
    }

    #[test]
    fn the_lock_loses_the_lines_of_actions_that_are_gone() {
        let lock = "# comment\nget-order sandbox\nget-orders none\n";
        assert_eq!(pruned(lock, "actions:\n  get-order:\n    title: x\n"), "# comment\nget-order sandbox\n");
        assert_eq!(pruned(lock, "get-order: {}\n\"get-orders\": {}"), lock);
    }

    #[test]
    fn writing_reads_the_results_and_check_refuses_what_they_do_not_show() {
        let shell = Shell::new().expect("a folder to work in");
        let folder = shell.create_temp_dir().expect("a temporary folder");
        shell.change_dir(folder.path());
        shell
            .write_file(format!("{RESULTS}/{CALLS}"), "get-order pass\nlist-orders absent\n")
            .expect("writable");
        assert!(write(&shell).expect("the results are there"));
        let lock = shell.read_file(LOCK).expect("it was written");
        assert!(
            lock.starts_with("# ") && lock.ends_with("\nget-order sandbox\nlist-orders none\n"),
            "{lock}"
        );
        assert!(!write(&shell).expect("the results are there"), "nothing has changed");
        check(&shell).expect("the lock says what the tests show");
        shell.write_file(LOCK, lock.replace("list-orders none", "list-orders sandbox")).expect("writable");
        let error = check(&shell).expect_err("an overstatement");
        assert!(error.to_string().contains("list-orders: claimed `sandbox`, shown `none`"), "{error}");
        shell.write_file(LOCK, lock.replace("get-order sandbox", "get-order none")).expect("writable");
        check(&shell).expect("an understatement is reported, and no error");
        clear(&shell).expect("it can be removed");
        check(&shell).expect_err("there are no results");
    }
}
