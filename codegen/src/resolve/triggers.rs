//! Triggers: their events, scopes, and the action that reads what an event is about.

use std::collections::BTreeMap;

use super::identifiers::{Identifiers, Names};
use super::{Lookup, actions, defined_twice, inputs, scopes, subscriptions};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest};
use crate::model::{Action, Read, Trigger};
use crate::name;
use crate::source::Span;

/// Every trigger, sorted by id.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    lookup: &Lookup<'_, '_>,
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Trigger> {
    let mut modules = Identifiers::new(Names::Ours, &["r#mod", "triggers"]);
    let mut events: BTreeMap<&str, Span> = BTreeMap::new();
    let mut triggers = Vec::new();
    for given in &manifest.triggers {
        // An event that is not named has been reported.
        let known = !given.event.is_empty();
        if let Some(first) = events.insert(given.event, given.id.span).filter(|_| known) {
            faults.push(defined_twice(
                "trigger of the event",
                manifest::Text { value: given.event, ..given.id },
                first,
            ));
        }
        let module = modules.take(given.id, name::field, faults);
        let scopes = given.scope.map_or(Some(Vec::new()), |scope| scopes::scopes(scope, manifest, faults));
        let read = read(given, manifest, actions, faults);
        let backfill = given.backfill.as_ref();
        let backfill = backfill
            .and_then(|backfill| subscriptions::backfill(backfill, manifest, actions, lookup, faults));
        let sample = given.sample.and_then(|path| lookup.sample(given.id.value, path, faults));
        let (Some(module), Some(scopes)) = (module, scopes) else { continue };
        triggers.push(Trigger {
            id: given.id.value.to_owned(),
            module,
            origin: lookup.origin(given.id.span, &format!("triggers.{}", given.id.value)),
            title: given.title.to_owned(),
            description: given.description.to_owned(),
            docs: given.docs.map(str::to_owned),
            event: given.event.to_owned(),
            resource: given.resource.to_owned(),
            scopes,
            read,
            backfill,
            once: given.once,
            sample_path: given.sample.map(|path| path.value.to_owned()),
            sample,
        });
    }
    triggers.sort_by(|left, right| left.id.cmp(&right.id));
    triggers
}

fn read(
    given: &manifest::Trigger<'_>,
    manifest: &Manifest<'_>,
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) -> Option<Read> {
    let (action, grace) = match given.read.as_ref()? {
        manifest::Read::None(word) => {
            if given.reason.is_none() {
                let fault = Diagnostic::new(
                    Code::MissingReason,
                    word.span,
                    "nothing is read, and no reason is given",
                );
                faults.push(fault.help("add `reason`, or name the action that reads the resource"));
            }
            return None;
        }
        manifest::Read::Action { action, grace } => ((*action)?, (*grace)?),
    };
    let found = actions::find(action, manifest, actions, faults)?;
    let parameter = inputs::id_parameter(found, action, None, Code::BadRead, faults)?;
    Some(Read {
        action: found.id.clone(),
        rust: found.rust.clone(),
        parameter: parameter.name.clone(),
        argument: parameter.rust.clone(),
        ty: parameter.ty.clone(),
        grace: parse_duration(grace.value)?,
    })
}
