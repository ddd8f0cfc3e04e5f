//! What is to be done so that the webhooks of a connection are those that it wants: a comparison that touches nothing.

use std::collections::BTreeSet;

/// A webhook that a connection wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    /// The event it tells of.
    pub(crate) event: String,
    /// Where it leads.
    pub(crate) destination: String,
    /// Whether no other webhook may lead there, and none other may tell of the event.
    pub(crate) is_apart: bool,
    /// Why it may not be made, in words for people; one that is there already stays in order all the same.
    pub(crate) barred: Option<String>,
}

/// A webhook that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The id that the API gave it.
    pub(crate) id: String,
    /// The event it tells of.
    pub(crate) event: String,
    /// Where it leads.
    pub(crate) destination: String,
    /// Whether it delivers.
    pub(crate) is_active: bool,
}

/// Whose a webhook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The connection's, at its present address.
    Here,
    /// The connection's, at another public address.
    Elsewhere,
    /// Not the connection's, or kept by another process: it is never touched.
    Others,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// End one that is ours and not wanted, or is there twice.
    Delete(Hook),
    /// Switch one on again that is wanted.
    Activate(Hook),
    /// Remember one that is wanted and was made by somebody else, or by a call of unknown outcome.
    Adopt(Hook),
    /// Make one that is wanted.
    Create {
        /// The event.
        event: String,
        /// Where it is to lead.
        destination: String,
    },
    /// Delete an own webhook at another address, when all webhooks that are wanted of its event are active.
    Retire(Hook),
}

/// Why something that is wanted will not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The event.
    pub(crate) event: String,
    /// What stands in the way, and what to do.
    pub(crate) reason: String,
}

/// What is to be done, in this order, what cannot be, and what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The steps: first what makes room, last what waits for new webhooks.
    pub(crate) steps: Vec<Step>,
    /// What cannot be done.
    pub(crate) conflicts: Vec<Conflict>,
    /// In order already.
    pub(crate) kept: Vec<Hook>,
    /// Webhooks of others that lead elsewhere.
    pub(crate) foreign: Vec<Hook>,
    /// Own webhooks at another address that stay, because a conflict keeps their successor from being made.
    pub(crate) left: Vec<Hook>,
}

/// What is known besides the webhooks.
pub(crate) struct Rules<'a> {
    /// Ids of webhooks that were seen or made before.
    pub(crate) known: &'a BTreeSet<String>,
    /// Whose a webhook is.
    pub(crate) whose: &'a dyn Fn(&Hook) -> Whose,
    /// How many webhooks one event may have.
    pub(crate) per_event: Option<usize>,
}

/// Compares what is wanted with what is there.
pub(crate) fn plan(wanted: &[Wanted], existing: &[Hook], rules: &Rules<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut served: BTreeSet<(&str, &str)> = BTreeSet::new();
    let is_wanted =
        |hook: &Hook| wanted.iter().any(|one| one.event == hook.event && one.destination == hook.destination);
    let (mut deletes, mut changes, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    // Pages that shift while they are read bring one twice, which is no second one. Of two for the same, the one that
    // delivers stays.
    let mut ids = BTreeSet::new();
    let mut hooks: Vec<&Hook> = existing.iter().filter(|hook| ids.insert(&hook.id)).collect();
    hooks.sort_by_key(|hook| !hook.is_active);
    for hook in hooks {
        let whose = (rules.whose)(hook);
        if whose == Whose::Others {
            plan.foreign.push(hook.clone());
        } else if whose == Whose::Elsewhere {
            moved.push(hook.clone());
        } else if !is_wanted(hook) || !served.insert((&hook.event, &hook.destination)) {
            deletes.push(Step::Delete(hook.clone()));
        } else if !hook.is_active {
            changes.push(Step::Activate(hook.clone()));
        } else if !rules.known.contains(&hook.id) {
            changes.push(Step::Adopt(hook.clone()));
        } else {
            plan.kept.push(hook.clone());
        }
    }
    plan.steps.extend(deletes);
    plan.steps.extend(changes);
    for one in wanted {
        if served.contains(&(&*one.event, &*one.destination)) {
            continue;
        }
        let foreign = plan.foreign.iter().filter(|hook| hook.event == one.event).count();
        let ours = served.iter().filter(|(event, _)| *event == one.event).count();
        match obstacle(one, foreign + ours, rules.per_event) {
            Some(reason) => plan.conflicts.push(Conflict { event: one.event.clone(), reason }),
            None => {
                served.insert((&one.event, &one.destination));
                let room = room_beside(one, foreign + ours, rules.per_event);
                plan.steps.extend(surplus(&mut moved, &one.event, room).into_iter().map(Step::Delete));
                let (event, destination) = (one.event.clone(), one.destination.clone());
                plan.steps.push(Step::Create { event, destination });
            }
        }
    }
    let is_barred = |hook: &Hook| plan.conflicts.iter().any(|conflict| conflict.event == hook.event);
    let (left, retired): (Vec<Hook>, Vec<Hook>) = moved.into_iter().partition(is_barred);
    plan.left = left;
    plan.steps.extend(retired.into_iter().map(Step::Retire));
    plan
}

/// How many own webhooks at another address may stay while one is made beside so many others of its event.
fn room_beside(wanted: &Wanted, others: usize, per_event: Option<usize>) -> usize {
    match per_event {
        _ if wanted.is_apart => 0,
        Some(most) => most.saturating_sub(others + 1),
        None => usize::MAX,
    }
}

/// Takes out those of an event for which there is no room. The active ones stand first and stay the longest.
fn surplus(moved: &mut Vec<Hook>, event: &str, room: usize) -> Vec<Hook> {
    let mut seen = 0;
    moved
        .extract_if(.., |hook| {
            seen += usize::from(hook.event == event);
            hook.event == event && seen > room
        })
        .collect()
}

/// Why one that is missing may not be made beside so many others of its event.
fn obstacle(wanted: &Wanted, others: usize, per_event: Option<usize>) -> Option<String> {
    if wanted.barred.is_some() {
        return wanted.barred.clone();
    }
    if wanted.is_apart && others > 0 {
        return Some(
            "another webhook of the account tells of it, and there may be one: delete that".to_owned(),
        );
    }
    let most = per_event.filter(|most| others >= *most)?;
    Some(format!("the account has {most} webhooks for it already, the most there may be: delete one of them"))
}

impl Step {
    /// The word for what is done.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Delete(_) | Self::Retire(_) => "delete",
            Self::Activate(_) => "activate",
            Self::Adopt(_) => "adopt",
            Self::Create { .. } => "create",
        }
    }

    /// The event.
    pub(crate) fn event(&self) -> &str {
        match self {
            Self::Delete(hook) | Self::Activate(hook) | Self::Adopt(hook) | Self::Retire(hook) => &hook.event,
            Self::Create { event, .. } => event,
        }
    }

    /// Where its webhook leads, or is to lead.
    pub(crate) fn destination(&self) -> &str {
        match self {
            Self::Delete(hook) | Self::Activate(hook) | Self::Adopt(hook) | Self::Retire(hook) => {
                &hook.destination
            }
            Self::Create { destination, .. } => destination,
        }
    }

    /// The id, of one that is there.
    pub(crate) fn hook(&self) -> Option<&str> {
        match self {
            Self::Delete(hook) | Self::Activate(hook) | Self::Adopt(hook) | Self::Retire(hook) => {
                Some(&hook.id)
            }
            Self::Create { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
