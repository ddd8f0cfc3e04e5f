//! What a webhook is, and how events are found that none told of.

use super::{actions, unknown};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest, Text};
use crate::model::{Action, Backfill, Subscription};

/// The fields of a webhook, which the actions that make and change one must take.
pub(super) fn resolve(
    given: &manifest::Subscription<'_>,
    webhooks: &manifest::Webhooks<'_>,
    known: &[Action],
    faults: &mut Vec<Diagnostic>,
) -> Option<Subscription> {
    let [_, create, update, _] = webhooks.actions;
    for (action, field) in [(create, given.event), (create, given.destination), (update, given.active)] {
        if let (Some(action), Some(field)) = (action, field) {
            let found = known.iter().find(|known| known.id == action.value);
            takes(found, field, faults);
        }
    }
    let owned = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    Some(Subscription {
        id: given.id.to_owned(),
        event: owned(given.event)?,
        destination: owned(given.destination)?,
        active: owned(given.active),
        per_event: number(given.per_event, "a webhook limit is a whole number from 1 on", faults),
        port: number(given.port, "a port is a whole number from 1 to 65535", faults),
        starts: given.starts.and_then(parse_duration).unwrap_or_default(),
        retries: parse_duration(given.retries?.value)?,
    })
}

/// How a trigger's events are found.
pub(super) fn backfill(
    given: &manifest::Backfill<'_>,
    manifest: &Manifest<'_>,
    known: &[Action],
    faults: &mut Vec<Diagnostic>,
) -> Option<Backfill> {
    let (action, since) = (given.action?, given.since?);
    let found = actions::find(action, manifest, known, faults)?;
    if found.paging.is_none() {
        let message = format!("`{}` has no pages", found.id);
        let fault = Diagnostic::new(Code::BadPaging, action.span, message);
        faults.push(fault.help("name an action that lists resources and has `paging`"));
    }
    takes(Some(found), since, faults);
    for (name, _) in &given.with {
        takes(Some(found), *name, faults);
    }
    Some(Backfill {
        rust: found.rust.clone(),
        since: since.value.to_owned(),
        with: given.with.iter().map(|(name, value)| (name.value.to_owned(), (*value).to_owned())).collect(),
        id: given.id.to_owned(),
        date: given.date.to_owned(),
        created: given.created.map(str::to_owned),
    })
}

/// An action that is not known has been reported.
fn takes(action: Option<&Action>, name: Text<'_>, faults: &mut Vec<Diagnostic>) {
    let Some(action) = action else { return };
    if !action.parameters.iter().any(|parameter| parameter.name == name.value) {
        let known = action.parameters.iter().map(|parameter| parameter.name.as_str());
        faults.push(unknown(Code::UnknownParameter, "parameter of the action", name, known));
    }
}

fn number<N: std::str::FromStr + Default + PartialEq>(
    given: Option<Text<'_>>,
    message: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<N> {
    let given = given?;
    let number = given.value.parse().ok().filter(|number| *number != N::default());
    if number.is_none() {
        let fault = Diagnostic::new(Code::BadValue, given.span, message.to_owned());
        faults.push(fault.help("write such a number, or remove the key"));
    }
    number
}
