//! Formatted modules between runs, in the build folder: losing it costs time and nothing else.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use connector_codegen::FormatCache;

use crate::text;

/// The cache of one connector: what the last run formatted, and what this one uses.
pub(crate) struct DiskCache {
    path: PathBuf,
    salt: u64,
    known: BTreeMap<String, String>,
    used: BTreeMap<String, String>,
    is_changed: bool,
}

impl DiskCache {
    /// Reads the cache of the connector in `folder`; an empty one where there is none or it cannot be read.
    pub(crate) fn open(folder: &Path) -> Self {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        let name = hash(&fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()));
        let path = target.join("codegen-cache").join(format!("{name:016x}.json"));
        let known =
            text::generated(&path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self { path, salt: salt(), known, used: BTreeMap::new(), is_changed: false }
    }

    /// Keeps what this run used. A cache that cannot be written is no fault.
    pub(crate) fn save(self) {
        if !self.is_changed && self.used.len() == self.known.len() {
            return;
        }
        if let (Some(folder), Ok(text)) = (self.path.parent(), serde_json::to_vec(&self.used)) {
            _ = fs::create_dir_all(folder).and_then(|()| fs::write(&self.path, text));
        }
    }

    /// 128 bits over the tokens and the compiler that formats them.
    fn key(&self, tokens: &str) -> String {
        format!("{:016x}{:016x}", hash(&(self.salt, tokens)), hash(&(tokens, self.salt)))
    }
}

impl FormatCache for DiskCache {
    fn get(&mut self, tokens: &str) -> Option<String> {
        let key = self.key(tokens);
        let text = self.known.get(&key)?.clone();
        self.used.insert(key, text.clone());
        Some(text)
    }

    fn put(&mut self, tokens: &str, text: &str) {
        self.is_changed = true;
        self.used.insert(self.key(tokens), text.to_owned());
    }
}

/// Another build of the compiler may format otherwise.
fn salt() -> u64 {
    let program = env::current_exe().and_then(fs::metadata);
    program.map_or(0, |program| hash(&(program.len(), program.modified().ok())))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
