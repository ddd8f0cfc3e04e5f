//! Whether the files of a running storage are still those that it opened: nothing may be acknowledged that went into a file
//! which somebody has replaced, removed or truncated.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

#[cfg(unix)]
mod held;
#[cfg(unix)]
mod log;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(super) use unix::Files;

/// What is wrong with a file.
#[derive(Debug)]
pub(super) struct Mismatch {
    path: PathBuf,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "files are not compared on this system"))]
enum What {
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

/// Other systems lock open files against this.
#[cfg(not(unix))]
pub(super) struct Files;

#[cfg(not(unix))]
impl Files {
    pub(super) fn hold(_: &std::path::Path) -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn check(&mut self) -> Result<(), Mismatch> {
        Ok(())
    }
}
