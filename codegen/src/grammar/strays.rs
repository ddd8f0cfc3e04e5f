//! Keys of the language that stand at another level than where they mean something.

use super::check::missing;
use super::words::article;
use super::{Key, MANIFEST, Object, RESOURCE, Shape};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::tree::{Entry, Kind};

/// A key that belongs into the entry above it.
pub(super) struct Stray<'t, 's> {
    entry: &'t Entry<'s>,
    above: &'t Entry<'s>,
    object: &'static Object,
    key: &'static Key,
}

impl Stray<'_, '_> {
    /// Reports it, and takes back that it is missing above. Of several strays of one entry that is empty the first is reported.
    pub(super) fn report(&self, faults: &mut Vec<Diagnostic>) {
        let above = self.above.key.span;
        let missing = missing(self.object, self.key, above);
        let one_of = self.object.one_of.iter().any(|group| group.contains(&self.key.name));
        let is_empty = self.above.value.noun() == "nothing";
        let is_group =
            |fault: &Diagnostic| fault.about.as_ref().is_some_and(|about| about.noun == "one of the keys");
        let follows = |fault: &Diagnostic| {
            let is_missing_group = one_of && fault.code == Code::MissingKey && is_group(fault);
            *fault == missing
                || is_missing_group && fault.span == above
                || is_empty && fault.code == Code::WrongType && fault.span == self.above.value.span
        };
        faults.retain(|fault| !follows(fault));
        let is_reported = |fault: &Diagnostic| {
            fault.code == Code::UnknownKey && fault.related.as_ref().is_some_and(|(span, _)| *span == above)
        };
        if is_empty && faults.iter().any(is_reported) {
            return;
        }
        let (name, owner) = (self.key.name, &self.above.key.value);
        let message = format!("`{name}` stands beside `{owner}` and belongs into it");
        let help = format!("indent `{name}` further: it is a key of {}", article(self.object.name));
        let fault = Diagnostic::new(Code::UnknownKey, self.entry.key.span, message).help(help);
        faults.push(fault.related(above, "the entry that it belongs into"));
    }
}

/// Reports every entry of a child, such as of the parameters under `path`, that is a key which the object lacks, if anything
/// is wrong with it there or the object needs it. Returns the keys that were found so.
pub(super) fn below(
    entries: &[Entry<'_>],
    object: &'static Object,
    faults: &mut Vec<Diagnostic>,
) -> Vec<&'static str> {
    let mut found = Vec::new();
    let lacks = |name: &str| entries.iter().all(|entry| entry.key.value != name);
    let is_map = |entry: &&Entry<'_>| {
        let key = object.keys.iter().find(|key| key.name == entry.key.value);
        key.is_some_and(|key| is_map(key.shape))
    };
    for child in entries.iter().filter(is_map) {
        for inner in child.value.entries() {
            let Some(key) = object.keys.iter().find(|key| key.name == inner.key.value && lacks(key.name))
            else {
                continue;
            };
            let whole = Span { end: inner.value.span.end, ..inner.key.span };
            let is_inside = |fault: &Diagnostic| {
                fault.span.file == whole.file && (whole.start..whole.end).contains(&fault.span.start)
            };
            if !(key.required || faults.iter().any(is_inside)) {
                continue;
            }
            faults.retain(|fault| !is_inside(fault));
            let (name, owner) = (key.name, &child.key.value);
            let message = format!("`{name}` stands in `{owner}` and belongs beside it");
            let help = format!("indent `{name}` less: it is a key of {}", article(object.name));
            faults.push(Diagnostic::new(Code::UnknownKey, whole, message).help(help));
            found.push(name);
        }
    }
    found
}

fn is_map(shape: &Shape) -> bool {
    match shape {
        Shape::Map { .. } => true,
        Shape::ByKind { mapping: Some(shape), .. } => is_map(shape),
        _ => false,
    }
}

/// The key above the entry under which people name entries themselves, if the entry may be one of these.
pub(super) fn names_above<'t>(
    entries: &'t [Entry<'_>],
    index: usize,
    object: &'static Object,
) -> Option<&'t str> {
    let above = entries.get(index.checked_sub(1)?)?;
    let key = object.keys.iter().find(|key| key.name == above.key.value)?;
    (is_map(key.shape) && matches!(above.value.kind, Kind::Mapping(_))).then_some(above.key.value.as_ref())
}

/// The entry of an object, if it is a key of the mapping above that lacks it.
pub(super) fn of_object<'t, 's>(
    entries: &'t [Entry<'s>],
    index: usize,
    object: &'static Object,
) -> Option<Stray<'t, 's>> {
    let known = |entry: &Entry<'_>| object.keys.iter().find(|key| key.name == entry.key.value);
    let above = entries[..index].iter().rfind(|entry| known(entry).is_some())?;
    stray(&entries[index], above, inner(known(above)?.shape)?)
}

/// The entry of a map with values of one shape, if it is a key of the value above that lacks it.
pub(super) fn of_map<'t, 's>(
    entries: &'t [Entry<'s>],
    index: usize,
    value: &'static Shape,
) -> Option<Stray<'t, 's>> {
    let object = inner(value)?;
    let is_key = |entry: &&Entry<'_>| object.keys.iter().any(|key| key.name == entry.key.value);
    let above = entries[..index].iter().rfind(|entry| !is_key(entry))?;
    stray(&entries[index], above, object)
}

fn stray<'t, 's>(
    entry: &'t Entry<'s>,
    above: &'t Entry<'s>,
    object: &'static Object,
) -> Option<Stray<'t, 's>> {
    let key = object.keys.iter().find(|key| key.name == entry.key.value)?;
    let is_empty = above.value.noun() == "nothing";
    let lacks = matches!(above.value.kind, Kind::Mapping(_)) && above.value.get(key.name).is_none();
    (is_empty || lacks).then_some(Stray { entry, above, object, key })
}

/// The object that a value of this shape may be.
fn inner(shape: &'static Shape) -> Option<&'static Object> {
    match shape {
        Shape::Object(object) => Some(object),
        Shape::ByKind { mapping: Some(shape), .. } => inner(shape),
        _ => None,
    }
}

/// The objects of the language that have a key, for messages: `an action or a trigger`.
pub(super) fn homes(key: &str) -> Option<String> {
    let mut found: Vec<&'static str> = Vec::new();
    let mut seen: Vec<&'static Object> = Vec::new();
    for root in [&MANIFEST, &RESOURCE] {
        collect(root, key, &mut seen, &mut found);
    }
    let named: Vec<String> = found.iter().take(4).copied().map(article).collect();
    match found.len() {
        0 => None,
        1..=4 => Some(named.join(" or ")),
        _ => Some(format!("{} and others", named.join(", "))),
    }
}

fn collect(shape: &'static Shape, key: &str, seen: &mut Vec<&'static Object>, found: &mut Vec<&'static str>) {
    match shape {
        Shape::List(inner) | Shape::Map { value: inner, .. } => collect(inner, key, seen, found),
        Shape::ByKind { scalar, list, mapping } => {
            [scalar, list, mapping].into_iter().flatten().for_each(|shape| collect(shape, key, seen, found));
        }
        Shape::Object(object) if !seen.iter().any(|other| std::ptr::eq(*other, *object)) => {
            seen.push(object);
            if object.keys.iter().any(|known| known.name == key) && !found.contains(&object.name) {
                found.push(object.name);
            }
            object.keys.iter().for_each(|inner| collect(inner.shape, key, seen, found));
        }
        _ => {}
    }
}

/// Whether an action has a key of this name.
pub(crate) fn is_key_of_action(name: &str) -> bool {
    let Shape::Object(root) = &MANIFEST else { return false };
    let actions = root.keys.iter().find(|key| key.name == "actions");
    match actions.map(|key| key.shape) {
        Some(Shape::Map { value: Shape::Object(action), .. }) => {
            action.keys.iter().any(|key| key.name == name)
        }
        _ => false,
    }
}
