//! What our compiler and its output cost: a synthetic connector is written, generated in four ways, checked and built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Context as _;

use super::Place;
use super::measure::{Cost, measure, median};
use super::synthetic::{self, Size};

/// What it cost to generate a connector.
pub(crate) struct Generation {
    /// Nothing on disk, nothing remembered.
    pub(crate) fresh: Cost,
    /// Everything on disk, every module remembered.
    pub(crate) cached: Cost,
    /// As above, after a change to one action.
    pub(crate) changed: Cost,
    /// `--check`, which formats everything anew and compares.
    pub(crate) check: Cost,
    /// Lines of Rust.
    pub(crate) lines: usize,
}

/// A synthetic connector in a folder of its own.
pub(crate) struct Connector<'a> {
    place: &'a Place,
    size: Size,
    folder: PathBuf,
}

impl<'a> Connector<'a> {
    /// Writes the manifest, and the frame of the crate that the compiler fills.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(place: &'a Place, name: &str, size: Size) -> anyhow::Result<Self> {
        let connector = Self { place, size, folder: place.work.join(name) };
        empty(&connector.folder)?;
        write(&connector.folder.join("types/all.yaml"), &synthetic::types(size))?;
        connector.write_manifest("")?;
        let runtime = place.root.join("runtime");
        write(&connector.crate_folder().join("Cargo.toml"), &cargo_toml(&runtime))?;
        // The same versions below our records as everywhere in the workspace, and nothing to look up.
        fs::copy(place.root.join("Cargo.lock"), connector.crate_folder().join("Cargo.lock"))
            .context("cannot copy Cargo.lock")?;
        Ok(connector)
    }

    /// How large its API is.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Generates `rounds` times in each of the four ways.
    ///
    /// # Errors
    /// When a run fails or a file cannot be written.
    pub(crate) fn generation(&self, rounds: usize) -> anyhow::Result<Generation> {
        let fresh = median(rounds, |_| {
            empty(&self.crate_folder().join("src"))?;
            empty(&self.cache())?;
            self.generate(&[])
        })?;
        let cached = median(rounds, |_| self.generate(&[]))?;
        let changed = median(rounds, |round| {
            self.write_manifest(&format!(" Change {round}."))?;
            self.generate(&[])
        })?;
        let check = median(rounds, |_| self.generate(&["--check"]))?;
        Ok(Generation { fresh, cached, changed, check, lines: lines(&self.crate_folder().join("src"))? })
    }

    /// Generates once, for [`Self::compile`].
    ///
    /// # Errors
    /// When the run fails.
    pub(crate) fn generate_once(&self) -> anyhow::Result<()> {
        self.generate(&[]).map(drop)
    }

    /// Compiles the crate alone, `rounds` times, with cargo's `arguments`.
    ///
    /// # Errors
    /// When the crate does not compile.
    pub(crate) fn compile(&self, rounds: usize, arguments: &[&str]) -> anyhow::Result<Cost> {
        let arguments = [arguments, &["--offline"]].concat();
        compile(self.place, &self.crate_folder(), rounds, &arguments)
    }

    fn generate(&self, arguments: &[&str]) -> anyhow::Result<Cost> {
        let mut command = Command::new(self.place.target.join("release/connector-codegen"));
        command.arg(&self.folder).args(arguments).env("CARGO_TARGET_DIR", self.cache());
        measure(&mut command, &self.place.log())
    }

    fn write_manifest(&self, remark: &str) -> anyhow::Result<()> {
        write(&self.folder.join("connector.yaml"), &synthetic::manifest(self.size, remark))
    }

    fn crate_folder(&self) -> PathBuf {
        self.folder.join("generated")
    }

    fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }
}

/// Compiles the crate in `folder` alone, `rounds` times, without the share of its dependencies.
///
/// # Errors
/// When it does not compile.
pub(crate) fn compile(
    place: &Place,
    folder: &Path,
    rounds: usize,
    arguments: &[&str],
) -> anyhow::Result<Cost> {
    let run = || {
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).current_dir(folder);
        cargo.env("CARGO_TARGET_DIR", place.work.join("target")).env("CARGO_INCREMENTAL", "0");
        measure(&mut cargo, &place.log())
    };
    run()?;
    median(rounds, |_| {
        let library = folder.join("src/lib.rs");
        let file = fs::File::options().append(true).open(&library);
        file.and_then(|file| file.set_modified(SystemTime::now()))
            .with_context(|| format!("cannot touch {}", library.display()))?;
        run()
    })
}

/// The lines of all Rust files below `folder`.
///
/// # Errors
/// When a folder or file cannot be read.
pub(crate) fn lines(folder: &Path) -> anyhow::Result<usize> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries
        .map(|entry| {
            let path = entry?.path();
            match path.extension() {
                _ if path.is_dir() => lines(&path),
                Some(extension) if extension == "rs" => Ok(fs::read_to_string(&path)?.lines().count()),
                _ => Ok(0),
            }
        })
        .sum()
}

/// Makes `folder` an empty one.
///
/// # Errors
/// When it cannot be removed or made.
pub(crate) fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Writes a file and the folders above it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn cargo_toml(runtime: &Path) -> String {
    format!(
        "[package]\nname = \"synthetic-connector\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nconnector-runtime = {{ path = {:?} }}\n\n[workspace]\n",
        runtime.display().to_string()
    )
}
