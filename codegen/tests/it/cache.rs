//! Formatting is remembered between runs: the same bytes with a memory and without, and only what changed is formatted
//! again.

use std::collections::BTreeMap;

use connector_codegen::{Files, FormatCache, ROOT, Sources, compile, generate};

use crate::fixtures::{Fixture, each, fixtures};

/// A cache that counts what it is asked and told.
#[derive(Default)]
struct Counting {
    known: BTreeMap<String, String>,
    hits: usize,
    puts: usize,
}

impl FormatCache for Counting {
    fn get(&mut self, tokens: &str) -> Option<String> {
        let text = self.known.get(tokens).cloned();
        self.hits += usize::from(text.is_some());
        text
    }

    fn put(&mut self, tokens: &str, text: &str) {
        self.puts += 1;
        self.known.insert(tokens.to_owned(), text.to_owned());
    }
}

impl Counting {
    /// The files, and how many modules were known and how many had to be formatted.
    fn compile(&mut self, sources: &Sources) -> (Files, usize, usize) {
        (self.hits, self.puts) = (0, 0);
        let files = compile(sources, self).expect("the manifest has no fault").files;
        (files, self.hits, self.puts)
    }
}

#[test]
fn what_the_cache_knows_becomes_the_same_bytes() {
    each(&fixtures("ok"), |fixture| {
        let mut cache = Counting::default();
        let (cold, _, formatted) = cache.compile(&fixture.sources);
        let (warm, known, formatted_again) = cache.compile(&fixture.sources);
        assert_eq!(cold, fixture.files());
        assert_eq!(warm, fixture.files());
        assert!(formatted > 0);
        assert_eq!((known, formatted_again), (modules(&warm), 0));
    });
}

#[test]
fn a_changed_action_is_the_only_module_that_is_formatted_again() {
    let fixture = fixture("results");
    let mut cache = Counting::default();
    cache.compile(&fixture.sources);
    let changed = replaced(&fixture, "get: /count", "get: /number");
    let (files, known, formatted) = cache.compile(&changed);
    assert_eq!((known, formatted), (modules(&files) - 1, 1));
    assert_eq!(files, generate(&changed).unwrap());
    assert!(files["src/actions/count_parcels.rs"].contains("\"/number\""));
}

#[test]
fn a_note_on_the_source_is_no_part_of_what_is_remembered() {
    let fixture = fixture("several-files");
    let mut cache = Counting::default();
    cache.compile(&fixture.sources);
    let rename = |path: &String| path.replace("types/parcels", "types/all-parcels");
    let renamed = fixture.sources.iter().map(|(path, text)| (rename(path), text.clone())).collect();
    let (files, _, formatted) = cache.compile(&renamed);
    assert_eq!(formatted, 0);
    assert!(files["src/types/parcel.rs"].contains("// Source: types/all-parcels.yaml, types.Parcel\n"));
}

#[test]
fn a_faulty_manifest_asks_the_cache_nothing() {
    let fixture = fixture("results");
    let mut cache = Counting::default();
    assert!(compile(&replaced(&fixture, "get: /count", "got: /count"), &mut cache).is_err());
    assert_eq!((cache.hits, cache.puts), (0, 0));
}

fn modules(files: &Files) -> usize {
    files.keys().filter(|path| path.ends_with(".rs")).count()
}

fn fixture(name: &str) -> Fixture {
    fixtures("ok").into_iter().find(|fixture| fixture.name == name).expect("the fixture is there")
}

/// The fixture's sources with a text of its manifest replaced.
fn replaced(fixture: &Fixture, old: &str, new: &str) -> Sources {
    let mut sources = fixture.sources.clone();
    let text = sources.get_mut(ROOT).expect("the fixture has a manifest");
    assert!(text.contains(old));
    *text = text.replace(old, new);
    sources
}
