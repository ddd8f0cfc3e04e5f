//! Which resource an action changes, and where its id is found.

use std::collections::BTreeSet;

use super::paths::{Reads, Whole};
use super::{Lookup, lacking, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest, Text};
use crate::model::{ChangedId, Changes, Effect, Field, Returns, Ty};

/// What is known of the action.
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) effect: Effect,
    pub(super) parameters: &'a [Field],
    /// None where it has been reported.
    pub(super) returns: Option<&'a Returns>,
}

/// The resource: one that a trigger tells of, and whose id is known at the latest after the call.
pub(super) fn resolve(
    given: &manifest::Changes<'_>,
    call: &Call<'_>,
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Changes> {
    if call.effect == Effect::Read {
        let fault = Diagnostic::new(Code::BadChange, given.key.span, "an action that reads changes nothing");
        faults.push(fault.help("remove `changes`, or say what it does with `effect`"));
    }
    let resource = given.resource?;
    // A trigger without its resource has been reported.
    let is_known =
        |trigger: &manifest::Trigger<'_>| trigger.resource.is_empty() || trigger.resource == resource.value;
    if !manifest.triggers.iter().any(is_known) {
        let known: BTreeSet<&str> = manifest.triggers.iter().map(|trigger| trigger.resource).collect();
        faults.push(unknown(Code::UnknownResource, "trigger about the resource", resource, known));
    }
    let id = match (given.input, given.result) {
        (Some(name), _) => input(name, call, faults)?,
        (None, Some(path)) => result(path, call, lookup, faults)?,
        // The grammar has reported it.
        (None, None) => return None,
    };
    Some(Changes { resource: resource.value.to_owned(), id })
}

fn input(name: Text<'_>, call: &Call<'_>, faults: &mut Vec<Diagnostic>) -> Option<ChangedId> {
    let Some(parameter) = call.parameters.iter().find(|parameter| parameter.name == name.value) else {
        let known = call.parameters.iter().map(|parameter| parameter.name.as_str());
        let owner = format!("the action `{}`", call.id);
        faults.push(lacking(Code::UnknownParameter, (&owner, "parameter"), name, known));
        return None;
    };
    let (message, help) = match (parameter.required, matches!(parameter.ty, Ty::Integer | Ty::String)) {
        (true, true) => return Some(ChangedId::Input(name.value.to_owned())),
        (true, false) => {
            (format!("the parameter `{}` holds no id", name.value), "name an integer or a string")
        }
        (false, _) => (
            format!("the parameter `{}` may be left out", name.value),
            "name a parameter that is required: without it nobody knows what is changed",
        ),
    };
    faults.push(Diagnostic::new(Code::BadChange, name.span, message).help(help));
    None
}

fn result(
    path: Text<'_>,
    call: &Call<'_>,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ChangedId> {
    let (Returns::One(ty @ Ty::Record(_)) | Returns::First(ty @ Ty::Record(_))) = call.returns? else {
        let message = "the action does not answer with a record";
        let fault = Diagnostic::new(Code::BadChange, path.span, message);
        faults.push(fault.help("let it return the record that it makes, or name an `input`"));
        return None;
    };
    let noun = format!("answer of `{}`", call.id);
    let whole = Whole { misfit: Code::BadChange, ..Whole::new(noun, ty, lookup) };
    whole.check(Some(path), Reads::Id, faults);
    Some(ChangedId::Result(path.value.to_owned()))
}
