//! The scopes that actions and triggers need.

use super::unknown;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest};
use crate::source::Spanned;

/// The ids of the scopes that grant `products.read`: the reading one and the one that allows more.
pub(super) fn scopes(
    reference: Spanned<&str>,
    manifest: &Manifest<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
    let levels = |scope: &manifest::Scope<'_>| {
        let read = scope.read.map(|_| format!("{}.read", scope.name.value));
        [Some(format!("{}.modify", scope.name.value)), read]
    };
    let known: Vec<String> = manifest.scopes.iter().flat_map(levels).flatten().collect();
    if !known.iter().any(|level| level == reference.value) {
        let (name, fault) = (reference.value.split('.').next().unwrap_or_default(), reference);
        let fault = unknown(Code::UnknownScope, "scope", fault, known.iter().map(String::as_str));
        let levels = known.iter().filter(|level| level.split('.').next() == Some(name));
        let levels: Vec<String> = levels.map(|level| format!("`{level}`")).collect();
        // Faults about one scope are one; a level that a scope does not have is a fault of its own.
        faults.push(match levels.as_slice() {
            [] => fault.about("scope", name),
            levels => {
                let help = format!("name a level that the scope has: {}", levels.join(" or "));
                Diagnostic { about: None, ..fault.help(help) }
            }
        });
        return None;
    }
    let (name, level) = reference.value.split_once('.')?;
    let scope = manifest.scopes.iter().find(|scope| scope.name.value == name)?;
    let read = scope.read.filter(|_| level == "read");
    Some(read.into_iter().chain([scope.modify]).map(str::to_owned).collect())
}
