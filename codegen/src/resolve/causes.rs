//! One mistake is one fault: names that many places need and nothing defines are reported once, and where a definition was
//! renamed, at the definition.

use std::collections::{BTreeMap, BTreeSet};

use super::references::references;
use crate::diagnostic::{About, Code, Diagnostic};
use crate::manifest::{Manifest, Text};
use crate::name::{all_nearest, words};
use crate::source::Sources;

/// The nouns of `unknown` whose definitions stand in the manifest, and the block of the definitions.
const BLOCKS: &[(&str, &str)] = &[
    ("type", "types"),
    ("parameter set", "parameters"),
    ("action", "actions"),
    ("API version", "apis"),
    ("scope", "scopes"),
    ("paging style", "paging"),
    ("signature profile", "signatures"),
    ("connection field", "connection.fields"),
    ("credential", "connection.credentials"),
];

/// The block in which things of this kind are defined.
pub(super) fn block(noun: &str) -> Option<&'static str> {
    BLOCKS.iter().find(|(known, _)| *known == noun).map(|(_, block)| *block)
}

fn definitions<'t>(manifest: &Manifest<'t>, noun: &str) -> Vec<Text<'t>> {
    match noun {
        "type" => manifest.types.iter().map(|ty| ty.name).collect(),
        "parameter set" => manifest.parameter_sets.iter().map(|(name, _)| *name).collect(),
        "action" => manifest.actions.iter().map(|action| action.id).collect(),
        "API version" => manifest.apis.iter().map(|api| api.id).collect(),
        "scope" => manifest.scopes.iter().map(|scope| scope.name).collect(),
        "paging style" => manifest.paging.iter().map(|paging| paging.name).collect(),
        "signature profile" => manifest.signatures.iter().map(|signature| signature.name).collect(),
        "connection field" => manifest.fields.iter().map(|field| field.name).collect(),
        "credential" => manifest.credentials.iter().map(|credential| credential.name).collect(),
        _ => Vec::new(),
    }
}

/// Reduces the faults from `before` on. `sound` tells whether the structure of the manifest is: a block that is missing where
/// it is not has been reported.
pub(super) fn reduce(
    manifest: &Manifest<'_>,
    sources: &Sources,
    sound: bool,
    before: usize,
    faults: &mut Vec<Diagnostic>,
) {
    let mut groups: BTreeMap<About, Vec<Diagnostic>> = BTreeMap::new();
    for fault in faults.split_off(before) {
        match fault.about.as_deref().cloned() {
            Some(about) => groups.entry(about).or_default().push(fault),
            None => faults.push(fault),
        }
    }
    if groups.is_empty() {
        return;
    }
    let texts = Texts::new(sources);
    let mut without_block = BTreeSet::new();
    for (About { noun, name }, mut group) in groups {
        group.sort_by_key(|fault| fault.span);
        let known = definitions(manifest, noun);
        // Scalar types need no definition.
        let needed = block(noun).filter(|_| noun != "type" && known.is_empty());
        if let Some(block) = needed {
            if !sound || !without_block.insert(noun) {
                continue;
            }
            let first = group.remove(0);
            let help = format!("add `{block}` to the manifest, and define `{name}` in it");
            faults.push(Diagnostic { help: Some(help), ..first });
            continue;
        }
        let told = match renamed(&name, group.len(), &known, references(manifest, noun).as_ref(), &texts) {
            Some(definition) => {
                let first = &group[0];
                let message =
                    format!("nothing uses the {noun} `{}`, and nothing defines `{name}`", definition.value);
                let help =
                    format!("rename `{}` to `{name}`, or correct {}", definition.value, places(group.len()));
                let is_bad_name =
                    |fault: &&mut Diagnostic| fault.code == Code::BadName && fault.span == definition.span;
                if let Some(bad) = faults.iter_mut().find(is_bad_name) {
                    bad.help = Some(help);
                    continue;
                }
                let fault = Diagnostic::new(first.code, definition.span, message).help(help);
                fault.related(first.span, "named here")
            }
            None => {
                let count = group.len();
                let first = group.remove(0);
                match count {
                    1 => first,
                    _ => {
                        Diagnostic { message: format!("{} ({count} places name it)", first.message), ..first }
                    }
                }
            }
        };
        faults.push(told);
    }
}

fn places(count: usize) -> String {
    if count == 1 { "the place that names it".to_owned() } else { format!("the {count} places that name it") }
}

/// The definition that was renamed, rather than the references misspelt: nothing uses it, its name is nearly the same, and
/// either many places have the other name, or the words of the other name are more usual in the files.
fn renamed<'t>(
    name: &str,
    references: usize,
    known: &[Text<'t>],
    used: Option<&BTreeSet<&str>>,
    texts: &Texts,
) -> Option<Text<'t>> {
    let is_unused = |known: &&Text<'_>| match used {
        Some(used) => !used.contains(known.value),
        None => texts.names.get(known.value) == Some(&1),
    };
    // A definition that is used and nearer is the one that was meant.
    let names: Vec<&str> = known.iter().map(|known| known.value).collect();
    let near = all_nearest(name, &names);
    let definition = known.iter().filter(is_unused).find(|known| near.contains(&known.value))?;
    if references > 2 {
        return Some(*definition);
    }
    let (ours, theirs) = (words(name), words(definition.value));
    // A name all of whose words the other has as well is as usual as can be.
    let usual = |own: &[String], other: &[String], count: usize| {
        let differing = own.iter().filter(|word| !other.contains(word));
        differing.map(|word| texts.words.get(word).map_or(0, |found| found.saturating_sub(count))).min()
    };
    let reference = usual(&ours, &theirs, references).unwrap_or(usize::MAX);
    let definitional = usual(&theirs, &ours, 1).unwrap_or(usize::MAX);
    let is_renamed = match reference.cmp(&definitional) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => references > 1,
    };
    is_renamed.then_some(*definition)
}

/// How often names and words occur in all files.
struct Texts {
    names: BTreeMap<String, usize>,
    words: BTreeMap<String, usize>,
}

impl Texts {
    fn new(sources: &Sources) -> Self {
        let mut texts = Self { names: BTreeMap::new(), words: BTreeMap::new() };
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        for (path, text) in sources {
            for name in text.split(|letter| !is_part(letter)).chain(path.split(['/', '.'])) {
                *texts.names.entry(name.to_owned()).or_default() += 1;
                for word in words(name) {
                    *texts.words.entry(word).or_default() += 1;
                }
            }
        }
        texts
    }
}

/// Whether a fault within an action may only seem to be one because another fault hides some of its parameters.
pub(super) fn may_follow_from_unread_parameters(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownParameter
            | Code::UnusedParameter
            | Code::BadTemplate
            | Code::BadPaging
            | Code::BadBody
            | Code::BadChange
            | Code::UnknownField
            | Code::UnknownResource
    )
}
