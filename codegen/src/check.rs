//! Compares what is on disk with what the manifest says should be there.

use std::collections::BTreeSet;
use std::fmt;

use similar::TextDiff;

use crate::files::{Files, MARKER};

/// What has to happen to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it is as it should be.
    Fresh,
    /// It must be rewritten.
    Stale,
    /// It must be written.
    Missing,
    /// It must be removed: nothing generates it any more.
    Orphan,
    /// Nothing generates it and it does not carry our marker: a person must move or remove it.
    Foreign,
}

/// One file of the comparison.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Path below the generated crate.
    pub path: String,
    /// What has to happen to it.
    pub change: Change,
    diff: String,
}

/// The comparison of all files.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every file, sorted by path.
    pub files: Vec<FileReport>,
}

/// Compares the files on disk with the generated ones, line endings aside.
#[must_use]
pub fn compare(on_disk: &Files, generated: &Files) -> Report {
    let paths: BTreeSet<&String> = on_disk.keys().chain(generated.keys()).collect();
    let report = |path: &String| {
        let (change, diff) = match (on_disk.get(path), generated.get(path)) {
            (Some(old), Some(new)) if same(old, new) => (Change::Fresh, String::new()),
            (Some(old), Some(new)) => (Change::Stale, difference(path, old, new)),
            (None, _) => (Change::Missing, String::new()),
            (Some(old), None) if old.starts_with(MARKER) => (Change::Orphan, String::new()),
            (Some(_), None) => (Change::Foreign, String::new()),
        };
        FileReport { path: path.clone(), change, diff }
    };
    Report { files: paths.into_iter().map(report).collect() }
}

impl Report {
    /// Whether nothing has to happen.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.files.iter().all(|file| file.change == Change::Fresh)
    }

    /// How many files need this change.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        self.files.iter().filter(|file| file.change == change).count()
    }
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Self::Fresh => "Fresh",
            Self::Stale => "Stale",
            Self::Missing => "Missing",
            Self::Orphan => "Orphan",
            Self::Foreign => "Foreign",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(out, "{:>7} {}", file.change.word(), file.path)?;
        }
        for file in self.files.iter().filter(|file| !file.diff.is_empty()) {
            write!(out, "\n{}", file.diff)?;
        }
        let changes = [Change::Fresh, Change::Stale, Change::Missing, Change::Orphan, Change::Foreign];
        let counts = changes.map(|change| (self.count(change), change.word().to_lowercase()));
        let counts: Vec<String> = counts.iter().map(|(count, word)| format!("{count} {word}")).collect();
        writeln!(out, "\n{}", counts.join(", "))
    }
}

fn same(left: &str, right: &str) -> bool {
    left == right || unix(left) == unix(right)
}

fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn difference(path: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(unix(old), unix(new))
        .unified_diff()
        .context_radius(2)
        .header(&format!("{path} (on disk)"), &format!("{path} (generated)"))
        .to_string()
}
