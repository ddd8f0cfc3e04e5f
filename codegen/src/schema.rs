//! The JSON Schemas for editors as files: of all manifests, and of one manifest beside it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use connector_codegen::{SCHEMA, Sources, decode, manifest_schema, project_schema};

use crate::Outcome;
use crate::console::Console;
use crate::disk::{self, read_sources};
use crate::text;

/// Prints a schema, or writes it to a file that differs.
///
/// # Errors
/// If the manifest cannot be read or the schema cannot be written.
pub(crate) fn run(write: Option<&Path>, names_of: Option<&Path>) -> io::Result<()> {
    let schema = match names_of {
        // A file that is no UTF-8 has no names; a run of the compiler reports it.
        Some(folder) => project_schema(&decode(&read_sources(folder)?).0),
        None => manifest_schema(),
    };
    match write {
        Some(path) => disk::write_if_changed(path, &schema),
        None => Console::new().write_all(schema.as_bytes()),
    }
}

/// The schema beside a manifest without faults.
pub(crate) struct Beside {
    path: PathBuf,
    text: String,
    /// The word for the change that the file needs; `None` if it is fresh.
    change: Option<&'static str>,
}

impl Beside {
    /// Compares the file in `folder` with the schema of these sources.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub(crate) fn read(folder: &Path, sources: &Sources) -> io::Result<Self> {
        let path = folder.join(SCHEMA);
        let text = project_schema(sources);
        let change = match text::generated(&path) {
            Ok(old) if old == text => None,
            Ok(_) => Some("Stale"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some("Missing"),
            Err(error) => return Err(error),
        };
        Ok(Self { path, text, change })
    }

    /// Reports a file that differs.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn say_check(&self) -> io::Result<Outcome> {
        let Some(change) = self.change else { return Ok(Outcome::Done) };
        let path = self.path.display();
        let folder = self.path.parent().filter(|folder| *folder != Path::new("."));
        let target = folder.map(|folder| format!(" {}", folder.display())).unwrap_or_default();
        writeln!(Console::new(), "{change:>7} {path}: to write it, run: cargo codegen{target}")?;
        Ok(Outcome::NotFresh)
    }

    /// Writes a file that differs.
    ///
    /// # Errors
    /// If the file or standard output cannot be written.
    pub(crate) fn write(&self) -> io::Result<()> {
        if self.change.is_some() {
            disk::write(&self.path, &self.text)?;
            writeln!(Console::new(), "wrote   {}", self.path.display())?;
        }
        Ok(())
    }
}
