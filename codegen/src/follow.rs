//! Faults that follow from others: a mistake is told once, where it was made.

use crate::diagnostic::{About, Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// The parts of files whose structure is faulty: what is resolved in them cannot be trusted.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    entries: Vec<Span>,
    faults: Vec<Span>,
    is_sound: bool,
}

impl Broken {
    /// The entries of the files' blocks, such as one action, that contain a fault of the structure.
    pub(crate) fn find<'t>(roots: impl Iterator<Item = &'t Node<'t>>, faults: &[Diagnostic]) -> Self {
        let is_of_structure = |fault: &&Diagnostic| {
            matches!(
                fault.code,
                Code::BadYaml
                    | Code::ConflictingKeys
                    | Code::DuplicateKey
                    | Code::MissingKey
                    | Code::UnknownKey
                    | Code::UnsupportedMethod
                    | Code::WrongType
            )
        };
        let broken: Vec<&Diagnostic> = faults.iter().filter(is_of_structure).collect();
        let places = || {
            broken.iter().flat_map(|fault| {
                let related = fault.related.as_ref().map(|(span, _)| *span);
                [Some(fault.span), related.filter(|_| fault.code == Code::UnknownKey)].into_iter().flatten()
            })
        };
        let blocks = roots.flat_map(|root| root.entries());
        let entries = blocks
            .flat_map(|block| block.value.entries())
            .map(|entry| Span { end: entry.value.span.end.max(entry.key.span.end), ..entry.key.span });
        let entries = entries.filter(|entry| places().any(|place| contains(*entry, place))).collect();
        Self { entries, faults: broken.iter().map(|fault| fault.span).collect(), is_sound: faults.is_empty() }
    }

    /// Whether nothing is wrong with the files so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// Whether a place lies in such a part.
    pub(crate) fn contains(&self, place: Span) -> bool {
        self.entries.iter().any(|entry| contains(*entry, place))
    }

    /// Whether a fault of what was resolved may only seem to be one.
    pub(crate) fn explains(&self, fault: &Diagnostic) -> bool {
        let is_independent = matches!(
            fault.code,
            Code::BadName
                | Code::DuplicateName
                | Code::MissingKey
                | Code::NameCollision
                | Code::ReservedName
                | Code::UnknownAction
                | Code::UnknownApi
                | Code::UnknownCredential
                | Code::UnknownPaging
                | Code::UnknownParameterSet
                | Code::UnknownSample
                | Code::UnknownScope
                | Code::UnknownSignature
                | Code::UnknownType
        );
        self.faults.iter().any(|place| contains(*place, fault.span))
            || !is_independent && self.contains(fault.span)
    }
}

fn contains(whole: Span, part: Span) -> bool {
    whole.file == part.file && whole.start <= part.start && part.start < whole.end.max(whole.start + 1)
}

/// Makes one fault of a key that is unknown at one place and missing at another: it was moved.
pub(crate) fn join_moved_keys(faults: &mut Vec<Diagnostic>) {
    let lacks = |fault: &Diagnostic, key: &str| match fault.about.as_deref() {
        Some(About { noun: "key", name }) => fault.code == Code::MissingKey && name == key,
        Some(About { noun: "one of the keys", name }) => name.split(' ').any(|name| name == key),
        _ => false,
    };
    let unknown: Vec<(Span, String)> = faults
        .iter()
        .filter(|fault| fault.code == Code::UnknownKey)
        .filter_map(|fault| Some((fault.span, fault.about.clone()?.name)))
        .collect();
    for (span, key) in unknown {
        let mut missing = faults.iter().filter(|fault| lacks(fault, &key));
        let (Some(place), None) = (missing.next().map(|fault| fault.span), missing.next()) else { continue };
        faults.retain(|fault| !lacks(fault, &key));
        if let Some(fault) =
            faults.iter_mut().find(|fault| fault.span == span && fault.code == Code::UnknownKey)
        {
            fault.help =
                Some(format!("move `{key}` to the entry that lacks it, and indent it as the keys there"));
            fault.related = Some((place, "this lacks it".to_owned()));
        }
    }
}

/// Whether a block of definitions cannot be read because its key in a file is unknown.
pub(crate) fn hides_block<'t>(roots: impl Iterator<Item = &'t Node<'t>>, faults: &[Diagnostic]) -> bool {
    let blocks = roots.flat_map(|root| root.entries()).filter(|entry| !entry.value.entries().is_empty());
    let mut keys = blocks.map(|entry| entry.key.span);
    keys.any(|key| faults.iter().any(|fault| fault.code == Code::UnknownKey && fault.span == key))
}

/// Sorts the faults by place, and keeps the first of those that tell the same: the text of one place is wrong in one way.
pub(crate) fn unite(faults: &mut Vec<Diagnostic>) {
    // Broken notation explains whatever else is wrong with the same text.
    let broken: Vec<Spanned<Code>> = faults
        .iter()
        .map(|fault| Spanned { value: fault.code, span: fault.span })
        .filter(|fault| fault.value == Code::BadYaml)
        .collect();
    faults.retain(|fault| {
        fault.code == Code::BadYaml
            || !broken
                .iter()
                .any(|other| contains(fault.span, other.span) || contains(other.span, fault.span))
    });
    faults.sort_by_key(|fault| (fault.span, fault.code));
    let mut kept: Vec<Diagnostic> = Vec::new();
    for fault in faults.drain(..) {
        let is_told = kept
            .iter()
            .rev()
            .take_while(|other| other.span == fault.span)
            .any(|other| tells_the_same(other, &fault));
        if !is_told {
            kept.push(fault);
        }
    }
    *faults = kept;
}

/// Whether the later fault of a place says no more than the first: a name that is known nowhere is one fault, and a name that
/// breaks its rule may also be no identifier.
fn tells_the_same(first: &Diagnostic, later: &Diagnostic) -> bool {
    let is_unknown = |fault: &Diagnostic| matches!(fault.code, Code::UnknownParameter | Code::UnknownField);
    (first.code, &first.message) == (later.code, &later.message)
        || is_unknown(first) && is_unknown(later)
        || first.code == Code::BadName && later.code == Code::BadName
}
