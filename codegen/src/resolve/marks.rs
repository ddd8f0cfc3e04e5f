//! Whether the answers of an action can contain what its paging style reads from them.

use std::collections::BTreeSet;

use super::Lookup;
use super::paths::{Reads, Whole};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{Api, Manifest, Paging, PagingStyle, Text};

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
            for (path, reads) in paths(paging) {
                if let Err(fault) = find(api, path, reads, lookup) {
                    faults.push(fault);
                }
            }
        }
    }
}

fn paths<'t>(paging: &Paging<'t>) -> Vec<(Text<'t>, Reads)> {
    let style = match paging.style.as_ref() {
        Some(PagingStyle::Page { total, .. }) => total.map(|path| (path, Reads::Count)),
        Some(PagingStyle::Cursor { next, .. }) => next.map(|path| (path, Reads::Mark)),
        Some(PagingStyle::Link { next }) => Some((*next, Reads::Link)),
        Some(PagingStyle::Offset { .. }) | None => None,
    };
    let more = paging.more.map(|path| (path, Reads::Flag));
    let items = paging.items.map(|path| (path, Reads::Count));
    [style, more, items].into_iter().flatten().collect()
}

fn find(api: &Api<'_>, path: Text<'_>, reads: Reads, lookup: &Lookup<'_, '_>) -> Result<(), Diagnostic> {
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
    let Some(ty) = lookup.named(record, &mut Vec::new()) else { return Ok(()) };
    let noun = format!("answer of `{}`", api.id.value);
    let whole = Whole { noun, ty: &ty, lookup, missing: Code::BadPaging, misfit: Code::BadPaging };
    whole.path(path, reads)
}
