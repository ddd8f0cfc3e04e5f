//! What somebody did to a file of a running storage.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

/// A file that is not the one that was opened.
#[derive(Debug)]
pub(in crate::storage::sqlite) struct Mismatch {
    pub(super) path: PathBuf,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Missing,
    Another,
    Truncated,
    Overwritten,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Missing => "was removed",
            What::Another => "was replaced by another file",
            What::Truncated => "was truncated",
            What::Overwritten => "was overwritten",
        };
        let path = self.path.display();
        write!(
            out,
            "{path} {what} while the service runs: put the right file back, or stop the service, restore a backup and start it"
        )
    }
}

impl StdError for Mismatch {}
