//! Formatted modules between runs, in the build folder: losing it costs time and nothing else.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use connector_codegen::FormatCache;
use sha2::{Digest as _, Sha256};

use crate::{disk, text};

/// The cache of one connector: what the last run formatted, and what this one uses.
pub(crate) struct DiskCache {
    path: PathBuf,
    salt: String,
    known: BTreeMap<String, Entry>,
    used: BTreeMap<String, Entry>,
    is_changed: bool,
}

/// SHA-256 of the key and the text, and the text of a formatted module: a damaged entry does not fit its sum and is
/// formatted again.
type Entry = (String, String);

impl DiskCache {
    /// Reads the cache of the connector in `folder`; an empty one where there is none or it cannot be read. `None` if
    /// this build of the compiler cannot be told from another one, which may format otherwise.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let (path, salt) = (place(folder), salt()?);
        let known =
            text::generated(&path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Some(Self { path, salt, known, used: BTreeMap::new(), is_changed: false })
    }

    /// Keeps what this run used. A cache that cannot be written is no fault.
    pub(crate) fn save(self) {
        if !self.is_changed && self.used.len() == self.known.len() {
            return;
        }
        if let Ok(text) = serde_json::to_string(&self.used) {
            _ = disk::write(&self.path, &text);
        }
    }

    fn key(&self, tokens: &str) -> String {
        sum(&[&self.salt, tokens])
    }
}

impl FormatCache for DiskCache {
    fn get(&mut self, tokens: &str) -> Option<String> {
        let key = self.key(tokens);
        let entry = self.known.get(&key).filter(|(found, text)| *found == sum(&[&key, text]))?.clone();
        let text = entry.1.clone();
        self.used.insert(key, entry);
        Some(text)
    }

    fn put(&mut self, tokens: &str, text: &str) {
        self.is_changed = true;
        let key = self.key(tokens);
        let entry = (sum(&[&key, text]), text.to_owned());
        self.used.insert(key, entry);
    }
}

/// The cache's file. It depends on the connector's folder and never on the current one: the build folder of the
/// workspace around the connector, or of the connector itself outside a workspace.
fn place(folder: &Path) -> PathBuf {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let top = folder.ancestors().find(|above| above.join("Cargo.lock").is_file()).unwrap_or(&folder);
    let target = env::var_os("CARGO_TARGET_DIR").filter(|given| !given.is_empty());
    let target = top.join(target.unwrap_or_else(|| "target".into()));
    let name = sum(&[&folder.to_string_lossy()]);
    target.join("codegen-cache").join(format!("{}.json", &name[..16]))
}

/// What tells this build of the compiler from others.
fn salt() -> Option<String> {
    let program = env::current_exe().and_then(fs::metadata).ok()?;
    let modified = program.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", program.len(), modified.as_nanos()))
}

/// SHA-256 over several texts, each with its length in front.
fn sum(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}
