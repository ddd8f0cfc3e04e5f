//! The material of others that the tests read where it is present, and never keep.

use std::path::{Path, PathBuf};

/// A file or folder of that material: below the folder that `CONNECTOR_SHARED` names, seen from the root of the project,
/// or below the one beside the project. If it is not present, a line
/// about that is printed and there is none.
#[must_use]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub fn shared(place: &str) -> Option<PathBuf> {
    let named = std::env::var_os("CONNECTOR_SHARED").unwrap_or_else(|| "../shared".into());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named).join(place);
    let is_present = path.exists();
    if !is_present {
        eprintln!(
            "no comparison was made: cannot find {}: put the files there, or set CONNECTOR_SHARED to their folder",
            path.display()
        );
    }
    is_present.then_some(path)
}
