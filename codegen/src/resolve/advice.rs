//! Advice: what is no fault but would serve somebody better otherwise.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Manifest;
use crate::model::Model;

/// Adds advice on a manifest without faults.
pub(super) fn give(manifest: &Manifest<'_>, model: &Model, advice: &mut Vec<Diagnostic>) {
    let needed = |id: &str| {
        let actions = model.actions.iter().flat_map(|action| &action.scopes);
        let triggers = model.triggers.iter().flat_map(|trigger| &trigger.scopes);
        actions.chain(triggers).any(|scope| scope == id)
    };
    for scope in manifest.scopes.iter().filter(|scope| !needed(scope.modify) && scope.requested.is_none()) {
        let message = format!("nothing needs the scope `{}`", scope.name.value);
        let note = Diagnostic::new(Code::UnusedScope, scope.name.span, message);
        advice.push(note.help("remove it, or say under `requested` why it is asked for"));
    }
    let actions = manifest.actions.iter().map(|action| ("action", action.id, action.description));
    let triggers = manifest.triggers.iter().map(|trigger| ("trigger", trigger.id, trigger.description));
    for (noun, id, _) in actions.chain(triggers).filter(|(_, _, description)| description.is_empty()) {
        let message = format!("the {noun} `{}` has no description", id.value);
        let note = Diagnostic::new(Code::MissingDescription, id.span, message);
        advice.push(note.help("say what it does, in a sentence: platforms show it to people"));
    }
}
