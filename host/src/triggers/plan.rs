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
    /// The steps: first what makes room.
    pub(crate) steps: Vec<Step>,
    /// What cannot be done.
    pub(crate) conflicts: Vec<Conflict>,
    /// In order already.
    pub(crate) kept: Vec<Hook>,
    /// Webhooks of others that lead elsewhere.
    pub(crate) foreign: Vec<Hook>,
}

/// What is known besides the webhooks.
pub(crate) struct Rules<'a> {
    /// Ids of webhooks that were seen or made before.
    pub(crate) known: &'a BTreeSet<String>,
    /// Whether an address is one of this connection's.
    pub(crate) is_ours: &'a dyn Fn(&str) -> bool,
    /// How many webhooks one event may have.
    pub(crate) per_event: Option<usize>,
}

/// Compares what is wanted with what is there.
pub(crate) fn plan(wanted: &[Wanted], existing: &[Hook], rules: &Rules<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut served: BTreeSet<(&str, &str)> = BTreeSet::new();
    let is_wanted =
        |hook: &Hook| wanted.iter().any(|one| one.event == hook.event && one.destination == hook.destination);
    let (mut deletes, mut changes) = (Vec::new(), Vec::new());
    // Pages that shift while they are read bring one twice, which is no second one. Of two for the same, the one that
    // delivers stays.
    let mut ids = BTreeSet::new();
    let mut hooks: Vec<&Hook> = existing.iter().filter(|hook| ids.insert(&hook.id)).collect();
    hooks.sort_by_key(|hook| !hook.is_active);
    for hook in hooks {
        if !(rules.is_ours)(&hook.destination) {
            plan.foreign.push(hook.clone());
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
                let (event, destination) = (one.event.clone(), one.destination.clone());
                plan.steps.push(Step::Create { event, destination });
            }
        }
    }
    plan
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
            Self::Delete(_) => "delete",
            Self::Activate(_) => "activate",
            Self::Adopt(_) => "adopt",
            Self::Create { .. } => "create",
        }
    }

    /// The event.
    pub(crate) fn event(&self) -> &str {
        match self {
            Self::Delete(hook) | Self::Activate(hook) | Self::Adopt(hook) => &hook.event,
            Self::Create { event, .. } => event,
        }
    }

    /// The id, of one that is there.
    pub(crate) fn hook(&self) -> Option<&str> {
        match self {
            Self::Delete(hook) | Self::Activate(hook) | Self::Adopt(hook) => Some(&hook.id),
            Self::Create { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 3;

    fn hook(id: usize, event: &str, destination: &str, is_active: bool) -> Hook {
        Hook { id: id.to_string(), event: event.to_owned(), destination: destination.to_owned(), is_active }
    }

    fn wanted(event: &str, destination: &str, is_apart: bool) -> Wanted {
        Wanted { event: event.to_owned(), destination: destination.to_owned(), is_apart, barred: None }
    }

    fn is_ours(destination: &str) -> bool {
        destination.starts_with("our/")
    }

    fn planned(wanted: &[Wanted], existing: &[Hook], known: &[&str]) -> Plan {
        let known = known.iter().map(|id| (*id).to_owned()).collect();
        plan(wanted, existing, &Rules { known: &known, is_ours: &is_ours, per_event: Some(MOST) })
    }

    #[test]
    fn each_webhook_is_made_adopted_switched_on_ended_or_left_alone() {
        let all = [wanted("a", "our/1", false), wanted("b", "our/1", false), wanted("c", "our/1", false)];
        let there = [
            hook(1, "a", "our/1", true),
            hook(2, "b", "our/1", false),
            hook(3, "d", "our/1", true),
            hook(4, "a", "their/1", false),
            hook(5, "a", "our/old", true),
        ];
        let plan = planned(&all, &there, &[]);
        let told: Vec<(&str, Option<&str>)> =
            plan.steps.iter().map(|step| (step.word(), step.hook())).collect();
        let expected = [
            ("delete", Some("3")),
            ("delete", Some("5")),
            ("adopt", Some("1")),
            ("activate", Some("2")),
            ("create", None),
        ];
        assert_eq!(told, expected);
        assert_eq!((plan.foreign.len(), plan.conflicts.len()), (1, 0));
    }

    #[test]
    fn one_that_two_pages_bring_is_not_taken_for_two() {
        let twice = [hook(1, "a", "our/1", true), hook(1, "a", "our/1", true)];
        let plan = planned(&[wanted("a", "our/1", false)], &twice, &["1"]);
        assert!(plan.steps.is_empty() && plan.kept.len() == 1, "{plan:?}");
    }

    #[test]
    fn limits_are_told_and_nothing_is_tried() {
        let full: Vec<Hook> = (0..MOST).map(|id| hook(id, "a", &format!("their/{id}"), true)).collect();
        let plan = planned(&[wanted("a", "our/1", false)], &full, &[]);
        assert!(plan.steps.is_empty() && plan.conflicts[0].reason.contains("delete one"), "{plan:?}");
        // What is ended first makes room.
        let mut old = full.clone();
        old[0].destination = "our/old".to_owned();
        assert_eq!(planned(&[wanted("a", "our/1", false)], &old, &[]).steps.len(), 2);

        let other = [hook(1, "a", "their/1", true)];
        let plan = planned(&[wanted("a", "our/2", true)], &other, &[]);
        assert!(plan.steps.is_empty() && plan.conflicts[0].reason.contains("there may be one"), "{plan:?}");
    }

    #[test]
    fn what_may_not_be_made_is_kept_where_it_is_there() {
        let barred = Wanted { barred: Some("no scope".to_owned()), ..wanted("a", "our/1", false) };
        assert_eq!(planned(std::slice::from_ref(&barred), &[], &[]).conflicts[0].reason, "no scope");
        let plan = planned(&[barred], &[hook(1, "a", "our/1", true)], &["1"]);
        assert!(plan.steps.is_empty() && plan.conflicts.is_empty() && plan.kept.len() == 1);
    }

    /// What an API does with a step; it refuses what its limits forbid.
    fn act(step: &Step, hooks: &mut Vec<Hook>, known: &mut BTreeSet<String>, wanted: &[Wanted]) {
        match step {
            Step::Delete(hook) => {
                assert!(is_ours(&hook.destination), "a foreign one is deleted");
                hooks.retain(|one| one.id != hook.id);
            }
            Step::Activate(hook) | Step::Adopt(hook) => {
                let one = hooks.iter_mut().find(|one| one.id == hook.id).expect("it is there");
                one.is_active = true;
                known.insert(hook.id.clone());
            }
            Step::Create { event, destination } => {
                let same: Vec<&Hook> = hooks.iter().filter(|one| one.event == *event).collect();
                assert!(same.len() < MOST && same.iter().all(|one| one.destination != *destination));
                let apart = wanted.iter().any(|one| one.event == *event && one.is_apart);
                assert!(!apart || same.is_empty());
                let id = 1_000 + hooks.len() + known.len();
                hooks.push(hook(id, event, destination, true));
                known.insert(id.to_string());
            }
        }
    }

    fn hooks() -> impl Strategy<Value = Vec<Hook>> {
        let one = ("[abcd]", "(our|their)/[123]", any::<bool>());
        proptest::collection::vec(one, 0..14).prop_map(|all| {
            let all = all.into_iter().enumerate();
            all.map(|(id, (event, destination, active))| hook(id, &event, &destination, active)).collect()
        })
    }

    proptest! {
        #[test]
        fn a_plan_leads_to_what_is_wanted_and_a_second_one_is_empty(
            mut there in hooks(),
            events in proptest::collection::btree_set("[abce]", 0..4),
            seen in proptest::collection::btree_set(0_usize..14, 0..6),
        ) {
            let all: Vec<Wanted> = events.iter().map(|event| match event.as_str() {
                "e" => wanted("e", "our/9", true),
                event => wanted(event, "our/1", false),
            }).collect();
            let mut known: BTreeSet<String> = seen.iter().map(usize::to_string).collect();
            let foreign = |hooks: &[Hook]| -> Vec<Hook> {
                hooks.iter().filter(|one| !is_ours(&one.destination)).cloned().collect()
            };
            let before = foreign(&there);
            let rules = Rules { known: &known.clone(), is_ours: &is_ours, per_event: Some(MOST) };
            let first = plan(&all, &there, &rules);
            for step in &first.steps {
                act(step, &mut there, &mut known, &all);
            }
            prop_assert_eq!(before, foreign(&there));
            let ours = there.iter().filter(|one| is_ours(&one.destination));
            let state: BTreeSet<(&str, &str)> = ours.clone().map(|one| (&*one.event, &*one.destination)).collect();
            prop_assert_eq!(state.len(), ours.clone().count(), "none is there twice");
            prop_assert!(ours.clone().all(|one| one.is_active));
            let expected: BTreeSet<(&str, &str)> = all.iter()
                .filter(|one| !first.conflicts.iter().any(|conflict| conflict.event == one.event))
                .map(|one| (&*one.event, &*one.destination)).collect();
            prop_assert_eq!(state, expected);
            let rules = Rules { known: &known, is_ours: &is_ours, per_event: Some(MOST) };
            let second = plan(&all, &there, &rules);
            prop_assert!(second.steps.is_empty(), "{second:?}");
            prop_assert_eq!(second.conflicts, first.conflicts);
        }
    }
}
