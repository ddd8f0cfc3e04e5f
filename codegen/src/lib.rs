//! Compiles a connector manifest into a crate of typed Rust modules. A pure library: path → text goes in, files or
//! diagnostics come out; only the command line touches the disk.

mod check;
mod diagnostic;
mod duration;
mod emit;
mod encoding;
mod files;
mod follow;
mod grammar;
mod json;
mod manifest;
mod model;
mod name;
mod notation;
mod pattern;
mod resolve;
mod sample;
mod source;
mod template;
mod tree;

pub use check::{Change, DiskFile, FileReport, Form, OnDisk, Report, as_written, compare};
pub use diagnostic::{Code, Diagnostic, locate, render};
pub use encoding::decode;
pub use files::{Files, FormatCache, MARKER, NoCache};
pub use pattern::pattern_texts;
pub use sample::{Answer, Refusal, SampleDraft, draft_sample};
pub use source::{Sources, Span};

use resolve::Samples;

/// A compiled connector.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The files of the generated crate.
    pub files: Files,
    /// The name of the generated crate in Rust, such as `acme_connector`.
    pub crate_name: String,
    /// What is no fault but would serve somebody better otherwise.
    pub advice: Vec<Diagnostic>,
}

/// Compiles a connector; what the cache knows is not formatted again. The sources are `connector.yaml` and, beside it,
/// `verified.lock` and the files of `types/` and `samples/`.
///
/// # Errors
/// Everything that is wrong with the manifest, in the order of files and places.
pub fn compile(sources: &Sources, cache: &mut dyn FormatCache) -> Result<Compiled, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let model = {
        let trees = parse(sources, &mut found);
        understand(&trees, sources, &Samples::All, &mut found)
    };
    follow::unite(&mut found);
    match model {
        Some(model) => {
            let crate_name = model.connector.crate_name();
            Ok(Compiled { files: emit::emit(&model, cache), crate_name, advice: found })
        }
        None => Err(found),
    }
}

/// The files of [`compile`], without its advice.
///
/// # Errors
/// Those of [`compile`].
pub fn generate(sources: &Sources) -> Result<Files, Vec<Diagnostic>> {
    compile(sources, &mut NoCache).map(|compiled| compiled.files)
}

/// The JSON Schema (2020-12) of all manifests, for editors.
#[must_use]
pub fn manifest_schema() -> String {
    written(grammar::schema::schema(&grammar::names::of_language()))
}

/// The JSON Schema (2020-12) of one connector's manifest: an editor completes the names that the manifest defines, also
/// those of a manifest with faults. A file that is no YAML adds no names.
#[must_use]
pub fn project_schema(sources: &Sources) -> String {
    let trees = parse(sources, &mut Vec::new());
    let mut manifest = manifest::Manifest::default();
    for (path, tree) in &trees {
        match tree {
            Some(root) if *path == ROOT => manifest::read_root(root, &mut manifest),
            Some(root) => manifest::read_resource(root, &mut manifest),
            None => {}
        }
    }
    written(grammar::schema::schema(&grammar::names::of_manifest(&manifest)))
}

fn written(mut schema: serde_json::Value) -> String {
    // The order of members must not hang on what other crates of a build ask of serde_json.
    schema.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The file beside the manifest that holds its JSON Schema, see [`project_schema`].
pub const SCHEMA: &str = "connector.schema.json";

/// The path of the manifest among its sources.
pub const ROOT: &str = "connector.yaml";

/// The path of the levels of verification among the sources: a line `ACTION LEVEL` for each action.
pub const LOCK: &str = "verified.lock";

type Tree<'s> = (&'s str, Option<tree::Node<'s>>);

fn parse<'s>(sources: &'s Sources, faults: &mut Vec<Diagnostic>) -> Vec<Tree<'s>> {
    let mut trees = Vec::new();
    for (index, (path, text)) in sources.iter().enumerate() {
        if path.ends_with(".json") || path == LOCK {
            continue;
        }
        let file = u16::try_from(index).unwrap_or(u16::MAX);
        trees.push((path.as_str(), tree::parse(file, text, faults)));
    }
    trees
}

fn understand(
    trees: &[Tree<'_>],
    sources: &Sources,
    samples: &Samples<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<model::Model> {
    let mut manifest = manifest::Manifest::default();
    let mut has_root = trees.iter().any(|(path, _)| *path == ROOT);
    let mut is_whole = has_root;
    if !has_root {
        let fault = Diagnostic::new(Code::MissingKey, Span::NOWHERE, format!("there is no `{ROOT}`"));
        faults.push(fault.help("add it: a connector begins there"));
    }
    for (path, tree) in trees {
        let Some(root) = tree else {
            is_whole = false;
            has_root &= *path != ROOT;
            continue;
        };
        let shape = if *path == ROOT { &grammar::MANIFEST } else { &grammar::RESOURCE };
        let top = Span { end: root.span.start, ..root.span };
        grammar::check(root, shape, top, faults);
        match *path {
            ROOT => manifest::read_root(root, &mut manifest),
            _ => manifest::read_resource(root, &mut manifest),
        }
    }
    if !has_root {
        return None;
    }
    let roots = || trees.iter().filter_map(|(_, root)| root.as_ref());
    follow::join_moved_keys(faults);
    let broken = follow::Broken::find(roots(), faults);
    is_whole &= !follow::hides_block(roots(), faults);
    let before = faults.len();
    let model = resolve::resolve(&manifest, (sources, samples), &broken, faults);
    let mut found = faults.split_off(before);
    found.retain(|fault| !broken.explains(fault));
    faults.append(&mut found);
    if is_whole {
        return model;
    }
    // What a file defines that could not be read seems to be missing everywhere else.
    let mut found = faults.split_off(before);
    found.retain(|fault| !fault.code.may_follow_from_a_lost_file());
    faults.append(&mut found);
    None
}
