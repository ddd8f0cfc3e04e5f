//! What tests have shown of each action, written down for `verified.lock`.

use std::collections::BTreeMap;
use std::fs;

use crate::project;

/// What a test has shown of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// The test cannot judge it: there is no endpoint or no description.
    Absent,
}

impl Shown {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Absent => "absent",
        }
    }
}

/// Writes `target/verified/PART` with a line for each action. `cargo xtask bless` and `cargo xtask ci` read these files.
///
/// # Panics
/// If the file cannot be written: a lost result would lower the level of an action.
pub fn write_results(part: &str, results: &BTreeMap<&str, Shown>) {
    let folder = project::folder("target/verified");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let lines: String = results.iter().map(|(id, shown)| format!("{id} {}\n", shown.word())).collect();
    // A reader never finds half a file.
    let partial = folder.join(format!("{part}.{}.partial", std::process::id()));
    fs::write(&partial, lines).expect("the target folder is writable");
    fs::rename(&partial, folder.join(part)).expect("the target folder is writable");
}
