//! What a webhook is, and how events are found that none told of.

use super::inputs::{self, Gives};
use super::paths::{Reads, Whole};
use super::{Lookup, actions};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::parse_duration;
use crate::manifest::{self, Manifest, Text};
use crate::model::{Action, Backfill, Returns, Subscription};

/// The fields of a webhook, which the actions that make and change one must take.
pub(super) fn resolve(
    given: &manifest::Subscription<'_>,
    webhooks: &manifest::Webhooks<'_>,
    known: &[Action],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Subscription> {
    // An action that is not known has been reported.
    let find = |id: Option<Text<'_>>| known.iter().find(|known| id.is_some_and(|id| known.id == id.value));
    let found = webhooks.actions.map(|id| find(id).zip(id));
    check_calls(given, found, lookup, faults);
    check_answers(given, found, lookup, faults);
    let owned = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    Some(Subscription {
        id: owned(given.id)?,
        event: owned(given.event)?,
        destination: owned(given.destination)?,
        active: owned(given.active),
        per_event: number(given.per_event, "a webhook limit is a whole number from 1 on", faults),
        port: number(given.port, "a port is a whole number from 1 to 65535", faults),
        starts: given.starts.and_then(parse_duration).unwrap_or_default(),
        retries: parse_duration(given.retries?.value)?,
    })
}

/// An action of `webhooks` with its place.
type Named<'a, 't> = Option<(&'a Action, Text<'t>)>;

/// The host calls each action with the fields that the subscription names.
fn check_calls(
    given: &manifest::Subscription<'_>,
    [list, create, update, delete]: [Named<'_, '_>; 4],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) {
    let fields = [
        (create, given.event, Gives::Text),
        (create, given.destination, Gives::Text),
        (update, given.active, Gives::Switch),
    ];
    for (action, field, gives) in fields {
        if let (Some((action, _)), Some(field)) = (action, field) {
            inputs::check(action, field, gives, lookup, faults);
        }
    }
    let made_with: Vec<&str> =
        [given.event, given.destination].into_iter().flatten().map(|field| field.value).collect();
    for (action, given, is_whole) in [(list, [].as_slice(), true), (create, &made_with, made_with.len() == 2)]
    {
        if is_whole && let Some((action, place)) = action {
            inputs::check_complete(action, place, given, faults);
        }
    }
    for (action, also) in [(update, given.active), (delete, None)] {
        if let Some((action, place)) = action {
            inputs::id_parameter(action, place, also, Code::BadInput, faults);
        }
    }
}

/// The host reads the fields in the list of webhooks, and the id in the answer of the action that makes one.
fn check_answers(
    given: &manifest::Subscription<'_>,
    [list, create, ..]: [Named<'_, '_>; 4],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) {
    match list.map(|(action, place)| (action, &action.returns, place)) {
        Some((action, Returns::List(item), _)) => {
            let whole = Whole::new(format!("item of `{}`", action.id), item, lookup);
            whole.check_field(given.id, Reads::Id, faults);
            whole.check_field(given.event, Reads::Text, faults);
            whole.check_field(given.destination, Reads::Text, faults);
            whole.check_field(given.active, Reads::Switch, faults);
        }
        Some((action, _, place)) => {
            let message = format!("`{}` does not answer with a list", action.id);
            let fault = Diagnostic::new(Code::BadPath, place.span, message);
            faults.push(fault.help("name an action that lists webhooks: it returns `{list: …}`"));
        }
        None => {}
    }
    if let Some((action, _)) = create
        && let Returns::One(ty) | Returns::First(ty) = &action.returns
    {
        let whole = Whole::new(format!("answer of `{}`", action.id), ty, lookup);
        whole.check_field(given.id, Reads::Id, faults);
    }
}

/// How a trigger's events are found.
pub(super) fn backfill(
    given: &manifest::Backfill<'_>,
    manifest: &Manifest<'_>,
    known: &[Action],
    lookup: &Lookup<'_, '_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Backfill> {
    let (action, since) = (given.action?, given.since?);
    let found = actions::find(action, manifest, known, faults)?;
    if found.paging.is_none() {
        let message = format!("`{}` has no pages", found.id);
        let fault = Diagnostic::new(Code::BadPaging, action.span, message);
        faults.push(fault.help("name an action that lists resources and has `paging`"));
    }
    inputs::check(found, since, Gives::Moment, lookup, faults);
    for (name, word) in &given.with {
        inputs::check(found, *name, Gives::Word(word), lookup, faults);
    }
    let inputs: Vec<&str> = given.with.iter().map(|(name, _)| name.value).chain([since.value]).collect();
    inputs::check_complete(found, action, &inputs, faults);
    if let Returns::List(item) = &found.returns {
        let whole = Whole::new(format!("item of `{}`", found.id), item, lookup);
        whole.check(given.id, Reads::Id, faults);
        whole.check(given.date, Reads::Moment, faults);
        whole.check(given.created, Reads::Moment, faults);
    }
    check_created(given, faults);
    let owned = |text: Text<'_>| text.value.to_owned();
    Some(Backfill {
        rust: found.rust.clone(),
        since: owned(since),
        with: given.with.iter().map(|(name, value)| (owned(*name), (*value).to_owned())).collect(),
        id: owned(given.id?),
        date: owned(given.date?),
        created: given.created.map(owned),
    })
}

/// An item whose two dates are the same was made and not changed: it has no event.
fn check_created(given: &manifest::Backfill<'_>, faults: &mut Vec<Diagnostic>) {
    if let (Some(date), Some(created)) = (given.date, given.created)
        && date.value == created.value
    {
        let message = "a search finds no event where `created` and `date` are one path";
        let fault = Diagnostic::new(Code::BadPath, created.span, message).related(date.span, "`date`");
        faults.push(fault.help("name the date of the last change as `date`, or remove `created`"));
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
