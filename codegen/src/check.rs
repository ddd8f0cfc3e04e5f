//! Compares what is on disk with what the manifest says should be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use similar::TextDiff;

use crate::files::{Files, MARKER};

/// Path below the generated crate → what lies there.
pub type OnDisk = BTreeMap<String, DiskFile>;

/// A file of the generated crate as it lies on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFile {
    /// Its text; empty if it is no regular file.
    pub text: String,
    /// What it is.
    pub form: Form,
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A regular file.
    Regular,
    /// A regular file whose executable bit is set.
    Executable,
    /// A symbolic link, to whatever it leads.
    Link,
    /// A file that an interrupted run of the compiler has left behind.
    Leftover,
    /// A file that must not lie there, and the reason.
    Intruder(String),
}

impl From<&str> for DiskFile {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), form: Form::Regular }
    }
}

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
    /// The reason, if a difference of the text does not show it; otherwise empty.
    pub note: String,
    diff: String,
}

/// The comparison of all files.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every file, sorted by path.
    pub files: Vec<FileReport>,
}

/// The files of a crate that lie on disk as they were generated.
#[must_use]
pub fn as_written(files: &Files) -> OnDisk {
    files.iter().map(|(path, text)| (path.clone(), text.as_str().into())).collect()
}

/// Compares the files on disk with the generated ones, byte for byte.
#[must_use]
pub fn compare(on_disk: &OnDisk, generated: &Files) -> Report {
    let paths: BTreeSet<&String> = on_disk.keys().chain(generated.keys()).collect();
    let report = |path: &String| match (on_disk.get(path), generated.get(path)) {
        (Some(old), Some(new)) => beside(path, old, new),
        (None, _) => FileReport::new(path, Change::Missing, ""),
        (Some(old), None) => unexpected(path, old, generated),
    };
    Report { files: paths.into_iter().map(report).collect() }
}

/// The report on a file that is on disk and is generated.
fn beside(path: &str, old: &DiskFile, new: &str) -> FileReport {
    let stale = |note: &str| FileReport::new(path, Change::Stale, note);
    let is_executable = old.form == Form::Executable;
    match &old.form {
        Form::Link => stale("a symbolic link stands in its place"),
        Form::Leftover => FileReport::new(path, Change::Orphan, ""),
        Form::Intruder(reason) => FileReport::new(path, Change::Foreign, reason),
        Form::Regular | Form::Executable if old.text == new => match is_executable {
            true => stale("its executable bit is set"),
            false => FileReport::new(path, Change::Fresh, ""),
        },
        Form::Regular | Form::Executable => {
            let endings = if old.text.contains("\r\n") { "lines end with CRLF instead of LF" } else { "" };
            let bit = if is_executable { "its executable bit is set" } else { "" };
            let notes: Vec<&str> = [endings, bit].into_iter().filter(|note| !note.is_empty()).collect();
            FileReport { diff: difference(path, &old.text, new), ..stale(&notes.join("; ")) }
        }
    }
}

/// The report on a path that nothing generates.
fn unexpected(path: &str, old: &DiskFile, generated: &Files) -> FileReport {
    let is_folder = || generated.keys().any(|file| file.strip_prefix(path).is_some_and(is_below));
    let (change, note) = match &old.form {
        Form::Link if is_folder() => (Change::Stale, "a symbolic link stands in place of the folder"),
        Form::Link => (Change::Foreign, "it is a symbolic link"),
        Form::Leftover => (Change::Orphan, "an interrupted run has left it"),
        Form::Intruder(reason) => (Change::Foreign, reason.as_str()),
        Form::Regular | Form::Executable if old.text.starts_with(MARKER) => (Change::Orphan, ""),
        Form::Regular | Form::Executable => (Change::Foreign, ""),
    };
    FileReport::new(path, change, note)
}

fn is_below(rest: &str) -> bool {
    rest.starts_with('/')
}

impl FileReport {
    fn new(path: &str, change: Change, note: &str) -> Self {
        Self { path: path.to_owned(), change, note: note.to_owned(), diff: String::new() }
    }
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
    /// The differences alone: nothing if every file is fresh.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_fresh() {
            return Ok(());
        }
        for file in self.files.iter().filter(|file| file.change != Change::Fresh) {
            write!(out, "{:>7} {}", file.change.word(), file.path)?;
            match file.note.as_str() {
                "" => writeln!(out)?,
                note => writeln!(out, ": {note}")?,
            }
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

/// The changed lines; empty if only line endings differ, which a note reports.
fn difference(path: &str, old: &str, new: &str) -> String {
    let old = old.replace("\r\n", "\n");
    TextDiff::from_lines(old.as_str(), new)
        .unified_diff()
        .context_radius(2)
        .header(&format!("{path} (on disk)"), &format!("{path} (generated)"))
        .to_string()
}
