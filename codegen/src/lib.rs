//! Compiles a connector manifest into a crate of typed Rust modules. A pure library: path → text goes in, files or
//! diagnostics come out; only the command line touches the disk.

mod check;
mod diagnostic;
mod duration;
mod emit;
mod files;
mod grammar;
mod manifest;
mod model;
mod name;
mod resolve;
mod source;
mod template;
mod tree;

pub use check::{Change, FileReport, Report, compare};
pub use diagnostic::{Code, Diagnostic, locate, render};
pub use files::{Files, MARKER};
pub use source::{Sources, Span};

/// Compiles a connector. The sources are `connector.yaml` and the files of `types/` beside it.
///
/// # Errors
/// Everything that is wrong with the manifest, in the order of files and places.
pub fn generate(sources: &Sources) -> Result<Files, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let model = {
        let trees = parse(sources, &mut faults);
        understand(&trees, sources, &mut faults)
    };
    match model {
        Some(model) if faults.is_empty() => Ok(emit::emit(&model)),
        _ => {
            faults.sort_by_key(|fault| (fault.span, fault.code));
            // A name that breaks its rule may also be no identifier: one fault, not two.
            faults.dedup_by(|later, first| later == first || later.is_same_name(first));
            Err(faults)
        }
    }
}

/// The JSON Schema (2020-12) of manifests, for editors.
#[must_use]
pub fn manifest_schema() -> String {
    let mut text = serde_json::to_string_pretty(&grammar::schema::schema()).unwrap_or_default();
    text.push('\n');
    text
}

/// The path of the manifest among its sources.
pub const ROOT: &str = "connector.yaml";

type Tree<'s> = (&'s str, Option<tree::Node<'s>>);

fn parse<'s>(sources: &'s Sources, faults: &mut Vec<Diagnostic>) -> Vec<Tree<'s>> {
    let mut trees = Vec::new();
    for (index, (path, text)) in sources.iter().enumerate() {
        let file = u16::try_from(index).unwrap_or(u16::MAX);
        trees.push((path.as_str(), tree::parse(file, text, faults)));
    }
    trees
}

fn understand(trees: &[Tree<'_>], sources: &Sources, faults: &mut Vec<Diagnostic>) -> Option<model::Model> {
    let mut manifest = manifest::Manifest::default();
    let mut whole = trees.iter().any(|(path, _)| *path == ROOT);
    if !whole {
        let fault = Diagnostic::new(Code::MissingKey, Span::NOWHERE, format!("there is no `{ROOT}`"));
        faults.push(fault.help("add it: a connector begins there"));
    }
    for (path, tree) in trees {
        let Some(root) = tree else {
            whole = false;
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
    // References into a file that could not be read would all seem to dangle.
    if !whole {
        return None;
    }
    let sound = faults.is_empty();
    resolve::resolve(&manifest, sources, sound, faults)
}
