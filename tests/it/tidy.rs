//! House rules as tests: each rule is a pure function over a path and a text, and is shown to fail on a bad sample.

mod borders;
mod clocks;
mod code;
mod layout;
mod numbers;
mod papers;
mod readers;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A text file of the project: tracked by git, or new and not ignored.
struct Source {
    /// The path from the workspace root, with `/`.
    path: String,
    text: String,
}

/// A place where a rule is broken, and what to do about it.
#[derive(Debug, PartialEq)]
struct Fault {
    path: String,
    line: usize,
    remedy: String,
}

impl Fault {
    fn new(path: &str, line: usize, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.remedy)
    }
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(listing.status.success(), "git cannot list files: {}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8(listing.stdout).expect("paths are UTF-8");
    // A path whose file was deleted, and a file that is no text, are both nothing to read.
    let read = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    listing.split_terminator('\0').filter_map(read).collect()
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace root").to_owned()
}

/// The text of one file by its path from the workspace root.
fn text(path: &str) -> &'static str {
    let source = SOURCES.iter().find(|source| source.path == path);
    &source.unwrap_or_else(|| panic!("{path} is missing")).text
}

/// Asserts that every file for which `scope` holds obeys `rule`, and that there is such a file.
#[track_caller]
fn all_obey(scope: fn(&str) -> bool, rule: fn(&str, &str) -> Vec<Fault>) {
    let in_scope: Vec<&Source> = SOURCES.iter().filter(|source| scope(&source.path)).collect();
    assert!(!in_scope.is_empty(), "the rule covers no file: did a folder move?");
    none(&in_scope.iter().flat_map(|source| rule(&source.path, &source.text)).collect::<Vec<_>>());
}

/// Asserts that no rule was broken, and lists the places otherwise.
#[track_caller]
fn none(faults: &[Fault]) {
    let listing: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "house rules broken:\n{}", listing.join("\n"));
}

/// The lines on which `rule` finds faults in a sample.
fn lines(rule: impl Fn(&str, &str) -> Vec<Fault>, path: &str, text: &str) -> Vec<usize> {
    rule(path, text).iter().map(|fault| fault.line).collect()
}

/// One fault per line for which `broken` holds, numbered from 1.
fn each_line(path: &str, text: &str, remedy: &str, broken: impl Fn(&str) -> bool) -> Vec<Fault> {
    let numbered = text.lines().enumerate().filter(|(_, line)| broken(line));
    numbered.map(|(index, _)| Fault::new(path, index + 1, remedy)).collect()
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// Whether a person wrote the file.
fn is_handwritten_rust(path: &str) -> bool {
    is_rust(path) && !is_generated(path)
}

/// Whether the file belongs to the compiler of manifests: `generated/src` in the root and in every connector of the
/// tests.
fn is_generated(path: &str) -> bool {
    let connector = path.strip_prefix("tests/connectors/").and_then(|rest| rest.split_once('/'));
    connector.map_or(path, |(_, rest)| rest).starts_with("generated/src/")
}
