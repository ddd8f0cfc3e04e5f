//! Which resource an action changes, and where its id is found.

use std::collections::BTreeSet;

use super::{Lookup, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest, Text, TypeKind};
use crate::model::{ChangedId, Changes, Effect, Field, Returns, Ty};

/// What is known of the action.
pub(super) struct Call<'a> {
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
    if !manifest.triggers.iter().any(|trigger| trigger.resource == resource.value) {
        let known: BTreeSet<&str> = manifest.triggers.iter().map(|trigger| trigger.resource).collect();
        faults.push(unknown(Code::UnknownResource, "trigger about the resource", resource, known));
    }
    let id = match (given.input, given.result) {
        (Some(name), _) => input(name, call.parameters, faults)?,
        (None, Some(field)) => result(field, call.returns?, lookup, faults)?,
        // The grammar has reported it.
        (None, None) => return None,
    };
    Some(Changes { resource: resource.value.to_owned(), id })
}

fn input(name: Text<'_>, parameters: &[Field], faults: &mut Vec<Diagnostic>) -> Option<ChangedId> {
    let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name.value) else {
        let known = parameters.iter().map(|parameter| parameter.name.as_str());
        faults.push(unknown(Code::UnknownParameter, "parameter", name, known));
        return None;
    };
    let (message, help) = match (parameter.required, is_id(&parameter.ty)) {
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
    name: Text<'_>,
    returns: &Returns,
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ChangedId> {
    let record = match returns {
        Returns::One(Ty::Record(record)) | Returns::First(Ty::Record(record)) => record,
        _ => {
            let message = "the action does not answer with a record";
            let fault = Diagnostic::new(Code::BadChange, name.span, message);
            faults.push(fault.help("let it return the record that it makes, or name an `input`"));
            return None;
        }
    };
    let Some(TypeKind::Record(fields)) = lookup.types.get(record.as_str())?.kind.as_ref() else {
        return None;
    };
    let Some(field) = fields.iter().find(|field| field.name.value == name.value) else {
        let known = fields.iter().map(|field| field.name.value);
        faults.push(unknown(Code::UnknownField, "field", name, known));
        return None;
    };
    // A type that is not known has been reported where the record is.
    let ty = lookup.ty(field.value.as_ref()?, &mut Vec::new())?;
    if !is_id(&ty) {
        let message = format!("the field `{}` of `{record}` holds no id", name.value);
        faults.push(Diagnostic::new(Code::BadChange, name.span, message).help("name an integer or a string"));
        return None;
    }
    Some(ChangedId::Result(name.value.to_owned()))
}

fn is_id(ty: &Ty) -> bool {
    matches!(ty, Ty::Integer | Ty::String)
}
