//! Mistakes that a program makes in the real manifests. Each mistake carries the lines at which a good message points, and
//! the words of which its remedy must contain one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use fastrand::Rng;

use super::scan::{Key, keys};

/// The part of a manifest that a mistake is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Syntax,
    Keys,
    Names,
    Values,
    Samples,
}

impl Layer {
    pub(super) const ALL: [Self; 5] = [Self::Syntax, Self::Keys, Self::Names, Self::Values, Self::Samples];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Keys => "keys",
            Self::Names => "names",
            Self::Values => "values",
            Self::Samples => "samples",
        }
    }
}

/// Path → bytes, as they lie on disk.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A manifest without mistakes.
pub(super) struct Manifest {
    /// The folder from the workspace root.
    pub(super) folder: &'static str,
    pub(super) texts: BTreeMap<String, String>,
    keys: BTreeMap<String, Vec<Key>>,
}

/// A change of one file.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Another text in place of these bytes.
    Replace(Range<usize>, String),
    /// Another file.
    Bytes(Vec<u8>),
    /// No file.
    Remove,
}

/// A mistake and what a good message about it is like.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    pub(super) kind: &'static str,
    /// The changes; changes of one file follow each other from its end to its beginning.
    edits: Vec<(String, Edit)>,
    /// File and line, from 1, after the change. A message is at the right line if it is at one of these.
    pub(super) lines: BTreeSet<(String, usize)>,
    /// Words of which the help must contain one.
    pub(super) remedies: Vec<String>,
}

/// Makes all mistakes of a kind that a manifest has room for.
pub(super) type Kind = (Layer, &'static str, fn(&Manifest, &mut Rng) -> Vec<Mistake>);

impl Mistake {
    /// A mistake that changes one place and shows at the line where this begins.
    pub(super) fn at(
        manifest: &Manifest,
        file: &str,
        place: Range<usize>,
        with: &str,
        remedies: &[&str],
    ) -> Self {
        let line = manifest.line(file, place.start);
        Self::by(vec![(file.to_owned(), Edit::Replace(place, with.to_owned()))], remedies).line(file, line)
    }

    pub(super) fn by(edits: Vec<(String, Edit)>, remedies: &[&str]) -> Self {
        let remedies = remedies.iter().map(|remedy| (*remedy).to_owned()).collect();
        Self { kind: "", edits, lines: BTreeSet::new(), remedies }
    }

    /// Adds a line, from 1, at which a message is right.
    pub(super) fn line(mut self, file: &str, line: usize) -> Self {
        self.lines.insert((file.to_owned(), line));
        self
    }

    /// Adds every line of the changed YAML files that contains the word.
    pub(super) fn lines_with(mut self, manifest: &Manifest, word: &str) -> Self {
        for (path, bytes) in self.files(manifest) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let found =
                text.lines().enumerate().filter(|(_, line)| path.ends_with(".yaml") && has_word(line, word));
            self.lines.extend(found.map(|(index, _)| (path.clone(), index + 1)));
        }
        self
    }

    /// The files with the mistake.
    pub(super) fn files(&self, manifest: &Manifest) -> Files {
        let mut files: Files =
            manifest.texts.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        for (path, edit) in &self.edits {
            match edit {
                Edit::Replace(range, with) => {
                    if let Some(bytes) = files.get_mut(path) {
                        bytes.splice(range.clone(), with.bytes());
                    }
                }
                Edit::Bytes(bytes) => _ = files.insert(path.clone(), bytes.clone()),
                Edit::Remove => _ = files.remove(path),
            }
        }
        files
    }

    /// The first change in one line, for people.
    pub(super) fn shown(&self, manifest: &Manifest) -> String {
        match self.edits.first() {
            Some((path, Edit::Replace(range, with))) => {
                let before = &manifest.texts[path][range.clone()];
                format!("{path}:{} {:?} -> {with:?}", manifest.line(path, range.start), shorten(before))
            }
            Some((path, Edit::Bytes(bytes))) => format!("{path} of {} bytes", bytes.len()),
            Some((path, Edit::Remove)) => format!("{path} removed"),
            None => String::new(),
        }
    }
}

impl Manifest {
    pub(super) fn new(folder: &'static str, texts: BTreeMap<String, String>) -> Self {
        let yaml = texts.iter().filter(|(path, _)| path.ends_with(".yaml"));
        let keys = yaml.map(|(path, text)| (path.clone(), keys(text))).collect();
        Self { folder, texts, keys }
    }

    /// Every key of every YAML file with the path of the file.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.keys.iter().flat_map(|(file, keys)| keys.iter().map(move |key| (file.as_str(), key)))
    }

    /// The number of the line, from 1.
    pub(super) fn line(&self, file: &str, at: usize) -> usize {
        self.texts[file][..at].matches('\n').count() + 1
    }

    /// The text of the key's value on its line.
    pub(super) fn value(&self, file: &str, key: &Key) -> &str {
        &self.texts[file][key.value.clone()]
    }

    /// The line that begins with this number of blanks above `line`, from 0, and contains the key around it.
    pub(super) fn owner(&self, file: &str, key: &Key) -> Option<&Key> {
        let (last, outer) =
            key.path.iter().rposition(|name| name != "-").map(|at| (&key.path[at], &key.path[..at]))?;
        let keys = &self.keys[file];
        keys.iter()
            .rfind(|other| other.place.start < key.place.start && other.name == *last && other.path == outer)
    }

    /// The keys that stand in the same mapping.
    pub(super) fn siblings<'m>(&'m self, file: &str, key: &'m Key) -> impl Iterator<Item = &'m Key> {
        let owner = self.owner(file, key).map(|owner| owner.place.start);
        let same = move |other: &&Key| {
            other.path == key.path && self.owner(file, other).map(|owner| owner.place.start) == owner
        };
        self.keys[file].iter().filter(same)
    }

    /// The bytes of an entry with all below it, line ends included; within braces with the comma beside it.
    pub(super) fn entry(&self, file: &str, key: &Key) -> Range<usize> {
        let text = &self.texts[file];
        if key.flow {
            let rest = &text[key.value.end..];
            if rest.starts_with(", ") {
                return key.place.start..key.value.end + 2;
            }
            let start = key.place.start;
            let start = if text[..start].ends_with(", ") { start - 2 } else { start };
            return start..key.value.end;
        }
        let start = text[..key.place.start].rfind('\n').map_or(0, |at| at + 1);
        let first = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
        let mut end = first;
        for line in text[first..].split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            if !line.trim().is_empty() && indent <= key.indent {
                break;
            }
            end += line.len();
        }
        start..end
    }
}

/// Whether the line contains the word and not only a longer one.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

/// A name misspelt as people misspell: letters swapped, left out, doubled or replaced.
pub(super) fn typo(word: &str, rng: &mut Rng) -> String {
    let letters: Vec<char> = word.chars().collect();
    loop {
        let mut changed = letters.clone();
        let at = rng.usize(..letters.len());
        match rng.u8(..4) {
            0 if at + 1 < letters.len() => changed.swap(at, at + 1),
            1 if letters.len() > 3 => drop(changed.remove(at)),
            2 => changed.insert(at, letters[at]),
            3 if letters[at].is_ascii_lowercase() => changed[at] = rng.lowercase(),
            _ => continue,
        }
        if changed != letters && changed.iter().all(|letter| *letter != ' ') {
            return changed.into_iter().collect();
        }
    }
}

fn shorten(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(at, _)| &text[..at])
}
