//! The prepared edits of the manifest, which lie as data below `tests/adding`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use xshell::Shell;

use crate::steps::say;

/// Where the edits lie.
const FOLDER: &str = "tests/adding";

const MANIFEST: &str = "connector.yaml";

/// All edits.
pub(super) struct Edits {
    /// Entries by the key of the manifest below which they go.
    blocks: BTreeMap<String, String>,
    /// Files of the folder `types/` by their names.
    types: BTreeMap<String, String>,
    others: Others,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    rename: Vec<Rename>,
    touched: Touched,
}

/// A type that gets another name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
}

/// The generated files of actions, triggers and types that exist and may change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touched {
    files: Vec<String>,
}

/// What the edits changed.
pub(super) struct Applied {
    /// The actions and triggers that are new and need a sample.
    pub(super) ids: Vec<String>,
    /// The files of the manifest that were edited.
    pub(super) edited: Vec<String>,
    /// The generated files of what existed before that may change.
    pub(super) touched: Vec<String>,
}

impl Edits {
    /// Reads the edits.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn read(shell: &Shell) -> anyhow::Result<Self> {
        let others = format!("{FOLDER}/edits.toml");
        let text = shell.read_file(&others).with_context(|| format!("cannot read {others}"))?;
        Ok(Self {
            blocks: files(shell, "blocks")?,
            types: files(shell, "types")?,
            others: toml::from_str(&text).with_context(|| format!("cannot read {others}"))?,
        })
    }

    /// Applies the edits to the manifest in the shell's folder.
    ///
    /// # Errors
    /// If an edit finds no place, or a file cannot be read or written.
    pub(super) fn apply(&self, shell: &Shell) -> anyhow::Result<Applied> {
        let mut manifest = shell.read_file(MANIFEST).context("cannot read connector.yaml")?;
        let mut edited = vec![MANIFEST.to_owned()];
        let mut ids = Vec::new();
        for (file, entries) in &self.blocks {
            let block = file.trim_end_matches(".yaml");
            let (text, added, known) = insert(&manifest, block, entries)?;
            manifest = text;
            for id in known {
                say(&format!("== adding: left out, because {MANIFEST} has it: {block}.{id}"));
            }
            if ["actions", "triggers"].contains(&block) {
                ids.extend(added);
            }
        }
        let mut renamed = 0;
        for path in shell.read_dir("types").context("cannot read types")? {
            let before = shell.read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let after = self.renamed(&before);
            if after != before {
                renamed += 1;
                edited.push(format!("types/{}", name(&path)));
                shell.write_file(&path, after)?;
            }
        }
        let after = self.renamed(&manifest);
        renamed += usize::from(after != manifest);
        ensure!(renamed > 0, "no type of {FOLDER}/edits.toml exists: name a type of the manifest there");
        shell.write_file(MANIFEST, after)?;
        for (name, text) in &self.types {
            let path = format!("types/{name}");
            ensure!(!shell.path_exists(&path), "{path} exists: rename {FOLDER}/{path}");
            shell.write_file(&path, text)?;
            edited.push(path);
        }
        Ok(Applied { ids, edited, touched: self.others.touched.files.clone() })
    }

    fn renamed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for Rename { from, to } in &self.others.rename {
            text = replace_word(&text, from, to);
        }
        text
    }
}

/// The texts of the files in a folder of the edits, by their names.
fn files(shell: &Shell, inner: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let folder = format!("{FOLDER}/{inner}");
    let paths = shell.read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
    let read = |path: &std::path::PathBuf| Ok((name(path), shell.read_file(path)?));
    paths.iter().map(read).collect()
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The manifest with entries below one of its keys, the ids that were added, and those that it had before.
fn insert(manifest: &str, block: &str, entries: &str) -> anyhow::Result<(String, Vec<String>, Vec<String>)> {
    let key = format!("{block}:\n");
    let at = if manifest.starts_with(&key) {
        Some(key.len())
    } else {
        manifest.find(&format!("\n{key}")).map(|at| at + 1 + key.len())
    };
    let at = at.with_context(|| format!("{MANIFEST} has no block `{block}`"))?;
    let (before, after) = manifest.split_at(at);
    let end = after
        .match_indices('\n')
        .find(|(line_end, _)| after[line_end + 1..].starts_with(|first: char| first.is_ascii_alphabetic()));
    let inside = &after[..end.map_or(after.len(), |(end, _)| end + 1)];
    let (mut text, mut added, mut known) = (String::new(), Vec::new(), Vec::new());
    let mut is_added = false;
    for line in entries.split_inclusive('\n') {
        if let Some(id) = entry(line) {
            is_added = !inside.lines().any(|line| entry(line) == Some(id));
            if is_added { &mut added } else { &mut known }.push(id.to_owned());
        }
        if is_added {
            text.push_str(line);
        }
    }
    Ok((format!("{before}{text}{after}"), added, known))
}

/// The key of an entry, which stands in its line two blanks from the margin.
fn entry(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("  ").filter(|inner| !inner.starts_with([' ', '#', '-']))?;
    inner.split_once(':').map(|(id, _)| id)
}

/// A text with another word in place of each whole word.
fn replace_word(text: &str, from: &str, to: &str) -> String {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        out.push_str(before);
        out.push_str(if is_whole { to } else { from });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST_TEXT: &str =
        "format: 1\nscopes:\n  a: {}\n# a note\ntriggers:\n  b: {}\nactions:\n  c:\n    get: /c\n";

    #[test]
    fn an_entry_goes_below_its_key_unless_the_block_has_it() {
        let entries = "  c:\n    get: /other\n  d:\n    get: /d\n";
        let (text, added, known) = insert(MANIFEST_TEXT, "actions", entries).expect("the block is there");
        assert!(text.contains("actions:\n  d:\n    get: /d\n  c:\n    get: /c\n"), "{text}");
        assert_eq!((added, known), (vec!["d".to_owned()], vec!["c".to_owned()]));
        let (_, added, _) = insert(MANIFEST_TEXT, "scopes", "  c: {}\n").expect("the block is there");
        assert_eq!(added, ["c"], "an entry of another block is none of this one");
        let error = insert(MANIFEST_TEXT, "paging", "  c: {}\n").expect_err("there is no such block");
        assert!(error.to_string().contains("no block `paging`"), "{error}");
    }

    #[test]
    fn only_whole_words_are_renamed() {
        assert_eq!(
            replace_word("Url, UrlInput, MyUrl, {type: Url}", "Url", "Way"),
            "Way, UrlInput, MyUrl, {type: Way}"
        );
    }

    #[test]
    fn the_edits_of_the_tree_can_be_read_and_cover_each_kind_of_change() {
        let shell = Shell::new().expect("a folder to work in");
        shell.change_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let edits = Edits::read(&shell).expect("the edits can be read");
        for block in ["actions.yaml", "triggers.yaml", "scopes.yaml"] {
            assert!(edits.blocks.contains_key(block), "{block}");
        }
        let actions = &edits.blocks["actions.yaml"];
        for part in ["  update-brand:", "{list: ", "    post: ", "payload: ", "pattern: "] {
            assert!(actions.contains(part), "{part}");
        }
        assert!(!edits.others.rename.is_empty());
    }
}
