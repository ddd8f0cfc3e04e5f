//! Plans for webhooks of every kind, against an API that refuses what its limits forbid.

use proptest::prelude::*;

use super::*;

const MOST: usize = 3;

fn hook(id: usize, event: &str, destination: &str, is_active: bool) -> Hook {
    Hook { id: id.to_string(), event: event.to_owned(), destination: destination.to_owned(), is_active }
}

fn wanted(event: &str, destination: &str, is_apart: bool) -> Wanted {
    Wanted { event: event.to_owned(), destination: destination.to_owned(), is_apart, barred: None }
}

/// The connection's webhooks lead below `our/`, and did lead below `old/`.
fn whose(hook: &Hook) -> Whose {
    match hook.destination.split('/').next() {
        Some("our") => Whose::Here,
        Some("old") => Whose::Elsewhere,
        _ => Whose::Others,
    }
}

fn planned(wanted: &[Wanted], existing: &[Hook], known: &[&str]) -> Plan {
    let known = known.iter().map(|id| (*id).to_owned()).collect();
    plan(wanted, existing, &Rules { known: &known, whose: &whose, per_event: Some(MOST) })
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
    let told: Vec<(&str, Option<&str>)> = plan.steps.iter().map(|step| (step.word(), step.hook())).collect();
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

fn told(plan: &Plan) -> Vec<(&str, &str)> {
    plan.steps.iter().map(|step| (step.word(), step.destination())).collect()
}

#[test]
fn webhooks_at_another_address_end_after_their_successors_are_there() {
    let all = [wanted("a", "our/1", false), wanted("b", "our/1", false)];
    let there = [hook(1, "a", "old/1", true), hook(2, "b", "old/1", false), hook(3, "c", "old/1", true)];
    let plan = planned(&all, &there, &[]);
    let expected = [
        ("create", "our/1"),
        ("create", "our/1"),
        ("delete", "old/1"),
        ("delete", "old/1"),
        ("delete", "old/1"),
    ];
    assert_eq!(told(&plan), expected);
    assert!(plan.steps[2..].iter().all(|step| matches!(step, Step::Retire(_))), "{plan:?}");
}

#[test]
fn at_the_limit_an_inactive_one_at_another_address_makes_room_and_no_foreign_one() {
    let there = [hook(1, "a", "old/1", true), hook(2, "a", "old/2", false), hook(3, "a", "their/1", true)];
    let plan = planned(&[wanted("a", "our/1", false)], &there, &[]);
    assert_eq!(told(&plan), [("delete", "old/2"), ("create", "our/1"), ("delete", "old/1")]);
    assert_eq!(plan.foreign, [there[2].clone()]);
    // Of an event that can have one webhook, the old webhook must go first.
    let plan = planned(&[wanted("a", "our/9", true)], &there[..1], &[]);
    assert_eq!(told(&plan), [("delete", "old/1"), ("create", "our/9")]);
}

#[test]
fn one_at_another_address_stays_while_its_successor_cannot_be_made() {
    let old = hook(1, "a", "old/1", true);
    let barred = Wanted { barred: Some("no scope".to_owned()), ..wanted("a", "our/1", false) };
    let plan = planned(&[barred], std::slice::from_ref(&old), &[]);
    assert_eq!((plan.steps, plan.left, plan.conflicts.len()), (Vec::new(), vec![old.clone()], 1));
    let there = [old.clone(), hook(2, "a", "their/1", true)];
    let plan = planned(&[wanted("a", "our/9", true)], &there, &[]);
    assert_eq!((plan.steps, plan.left, plan.conflicts.len()), (Vec::new(), vec![old], 1));
}

/// What an API does with a step; it refuses what its limits forbid.
fn act(step: &Step, hooks: &mut Vec<Hook>, known: &mut BTreeSet<String>, wanted: &[Wanted]) {
    match step {
        Step::Delete(hook) => {
            assert_ne!(whose(hook), Whose::Others, "a foreign one is deleted");
            hooks.retain(|one| one.id != hook.id);
        }
        Step::Retire(hook) => {
            assert_eq!(whose(hook), Whose::Elsewhere);
            for one in wanted.iter().filter(|one| one.event == hook.event) {
                let is_it = |there: &&Hook| {
                    there.event == one.event && there.destination == one.destination && there.is_active
                };
                assert!(hooks.iter().any(|there| is_it(&there)), "its successor is not there");
            }
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
            // No id is given twice, also after a webhook was deleted.
            let id = 1_000 + hooks.iter().map(|one| one.id.parse().expect("a number")).max().unwrap_or(0);
            hooks.push(hook(id, event, destination, true));
            known.insert(id.to_string());
        }
    }
}

fn hooks() -> impl Strategy<Value = Vec<Hook>> {
    let one = ("[abcde]", "(our|old|their)/[123]", any::<bool>());
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
            hooks.iter().filter(|one| whose(one) == Whose::Others).cloned().collect()
        };
        let before = foreign(&there);
        let rules = Rules { known: &known.clone(), whose: &whose, per_event: Some(MOST) };
        let first = plan(&all, &there, &rules);
        for step in &first.steps {
            act(step, &mut there, &mut known, &all);
        }
        prop_assert_eq!(before, foreign(&there));
        let ours = there.iter().filter(|one| whose(one) == Whose::Here);
        let state: BTreeSet<(&str, &str)> = ours.clone().map(|one| (&*one.event, &*one.destination)).collect();
        prop_assert_eq!(state.len(), ours.clone().count(), "none is there twice");
        prop_assert!(ours.clone().all(|one| one.is_active));
        let expected: BTreeSet<(&str, &str)> = all.iter()
            .filter(|one| !first.conflicts.iter().any(|conflict| conflict.event == one.event))
            .map(|one| (&*one.event, &*one.destination)).collect();
        prop_assert_eq!(state, expected);
        let elsewhere = there.iter().filter(|one| whose(one) == Whose::Elsewhere);
        let is_barred = |one: &Hook| first.conflicts.iter().any(|conflict| conflict.event == one.event);
        prop_assert!(elsewhere.clone().all(is_barred), "none stays without a reason");
        prop_assert_eq!(elsewhere.count(), first.left.len());
        let rules = Rules { known: &known, whose: &whose, per_event: Some(MOST) };
        let second = plan(&all, &there, &rules);
        prop_assert!(second.steps.is_empty(), "{second:?}");
        prop_assert_eq!(second.conflicts, first.conflicts);
    }
}
