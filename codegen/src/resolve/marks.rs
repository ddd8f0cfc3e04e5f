//! Whether the answers of an action can contain what its paging style reads from them.

use std::collections::BTreeSet;

use super::Lookup;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Api, Manifest, Paging, PagingStyle, Text, TypeKind};
use crate::model::Ty;
use crate::name::nearest;

/// What a paging style reads.
#[derive(Clone, Copy)]
enum Mark {
    /// The mark of the next page.
    Next,
    /// The address of the next page.
    Link,
    /// A flag.
    Flag,
    /// A number of pages or items.
    Count,
}

impl Mark {
    /// Whether the runtime reads a value of this type as the mark.
    fn fits(self, ty: &Ty) -> bool {
        match self {
            _ if matches!(ty, Ty::Json | Ty::String) => true,
            Self::Next => {
                matches!(
                    ty,
                    Ty::Integer | Ty::Number | Ty::Decimal | Ty::Date | Ty::DateTime | Ty::Enumeration(_)
                )
            }
            Self::Link => false,
            Self::Flag => matches!(ty, Ty::Boolean | Ty::Integer | Ty::Enumeration(_)),
            Self::Count => matches!(ty, Ty::Integer | Ty::Number | Ty::Decimal),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Next => "the mark of a page: a string or a number",
            Self::Link => "an address: a string",
            Self::Flag => "a flag: a boolean, an integer or a string",
            Self::Count => "a count: an integer or a string",
        }
    }
}

/// Reports every style that no action uses, and every path of a style into what no answer of its actions contains.
pub(super) fn check(manifest: &Manifest<'_>, lookup: &Lookup<'_, '_>, faults: &mut Vec<Diagnostic>) {
    for paging in &manifest.paging {
        let users = manifest
            .actions
            .iter()
            .filter(|action| action.paging.is_some_and(|name| name.value == paging.name.value));
        let apis: BTreeSet<&str> = users.filter_map(|action| Some(action.api?.value)).collect();
        if apis.is_empty() {
            let message = format!("no action uses the paging style `{}`", paging.name.value);
            faults.push(
                Diagnostic::new(Code::BadPaging, paging.name.span, message).help("use it or remove it"),
            );
        }
        for api in manifest.apis.iter().filter(|api| apis.contains(api.id.value)) {
            for (path, mark) in paths(paging) {
                if let Err(fault) = find(api, path, mark, lookup) {
                    faults.push(fault);
                }
            }
        }
    }
}

fn paths<'t>(paging: &Paging<'t>) -> Vec<(Text<'t>, Mark)> {
    let style = match paging.style.as_ref() {
        Some(PagingStyle::Page { total, .. }) => total.map(|path| (path, Mark::Count)),
        Some(PagingStyle::Cursor { next, .. }) => next.map(|path| (path, Mark::Next)),
        Some(PagingStyle::Link { next }) => Some((*next, Mark::Link)),
        Some(PagingStyle::Offset { .. }) | None => None,
    };
    let more = paging.more.map(|path| (path, Mark::Flag));
    let items = paging.items.map(|path| (path, Mark::Count));
    [style, more, items].into_iter().flatten().collect()
}

fn find(api: &Api<'_>, path: Text<'_>, mark: Mark, lookup: &Lookup<'_, '_>) -> Result<(), Diagnostic> {
    let fault = |why: String| {
        let message = format!("no answer of `{}` can contain `{}`: {why}", api.id.value, path.value);
        Diagnostic::new(Code::BadPaging, path.span, message)
    };
    if api.envelope.is_none() {
        let fault = fault("it has no envelope, so that nothing is said about the data".to_owned());
        return Err(fault.help(format!("give `{}` an `envelope`, or remove the path", api.id.value)));
    }
    let Some(record) = api.meta else {
        let fault = fault("what is said about the data is not declared".to_owned());
        return Err(fault.help("declare it as a record: `envelope: {…, type: RECORD}`"));
    };
    // A type that is not known has been reported where the API is.
    let Some(mut ty) = lookup.named(record, &mut Vec::new()) else { return Ok(()) };
    let mut before: Vec<&str> = Vec::new();
    for step in path.value.split('.') {
        ty = match ty {
            Ty::Json => return Ok(()),
            Ty::Map(value) => *value,
            Ty::Record(name) => {
                let Some(TypeKind::Record(fields)) =
                    lookup.types.get(name.as_str()).and_then(|ty| ty.kind.as_ref())
                else {
                    return Ok(());
                };
                let Some(field) = fields.iter().find(|field| field.wire().value == step) else {
                    let fault = fault(format!("the record `{name}` has no field `{step}`"));
                    let known = fields.iter().map(|field| field.wire().value);
                    let full = |name: &str| [before.as_slice(), &[name]].concat().join(".");
                    let help = match nearest(step, known) {
                        Some(near) => format!("did you mean `{}`?", full(near)),
                        None => format!("add the field `{step}` to `{name}`, or correct the path"),
                    };
                    return Err(fault.help(help));
                };
                let Some(ty) = field.value.as_ref().and_then(|value| lookup.ty(value, &mut Vec::new()))
                else {
                    return Ok(());
                };
                ty
            }
            _ => {
                let fault = fault(format!("`{}` is no object", before.join(".")));
                return Err(fault.help("name a field of a record"));
            }
        };
        before.push(step);
    }
    if mark.fits(&ty) {
        return Ok(());
    }
    let message = format!("`{}` of `{}` is not {}", path.value, api.id.value, mark.noun());
    Err(Diagnostic::new(Code::BadPaging, path.span, message).help("name another field, or correct its type"))
}
