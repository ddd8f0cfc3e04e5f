//! The one list of where the connector and the files differ on purpose, held against the differences that are found.

use std::collections::{BTreeMap, BTreeSet};

use connector_tests::{Shown, write_results};

use super::judge::Judge;
use super::{data, operations};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// The id of the action.
    pub(super) action: String,
    /// The parameter, body field or field of the answer, with dots and `[]` for its depth.
    pub(super) field: String,
    /// What differs, in the words that the list repeats.
    pub(super) differs: String,
}

/// What an entry says of a difference.
struct Entry {
    reason: String,
    /// Whether the difference is of an action that the connector may not have yet.
    is_ahead: bool,
}

impl Difference {
    pub(super) fn new(
        action: impl Into<String>,
        field: impl Into<String>,
        differs: impl Into<String>,
    ) -> Self {
        Self { action: action.into(), field: field.into(), differs: differs.into() }
    }
}

/// Asserts that what was found is what the entries of this `part` list, nothing more and nothing less. `remedy` says
/// what to do about a difference other than listing it.
///
/// # Panics
/// With every difference that no entry lists, and every listed one that was not found.
#[track_caller]
pub(super) fn assert_listed(part: &str, found: impl IntoIterator<Item = Difference>, remedy: &str) {
    let text = std::fs::read_to_string(data("deviations.toml")).expect("the list of deviations");
    let (found, listed) = (found.into_iter().collect(), listed(&text, part));
    if LEVEL_PARTS.contains(&part)
        && let Some(judge) = Judge::find()
    {
        let described: BTreeSet<&str> = judge.operations().map(|operation| operation.id).collect();
        let ids = operations().map(|operation| operation.id);
        write_results(part, &ids.map(|id| (id, shown(id, &described, &found, &listed))).collect());
    }
    let complaints = complaints(part, &found, &listed, remedy);
    assert!(complaints.is_empty(), "{} of `{part}`:\n{}", complaints.len(), complaints.join("\n"));
}

fn complaints(
    part: &str,
    found: &BTreeSet<Difference>,
    listed: &BTreeMap<Difference, Entry>,
    remedy: &str,
) -> Vec<String> {
    let missing = found.iter().filter(|one| !is_listed(one, listed)).map(|one| {
        format!(
            "{}, field `{}`: {}\n    {remedy}, or list it with its reason as part = \"{part}\" in \
             tests/conformance/deviations.toml",
            one.action, one.field, one.differs
        )
    });
    let is_stale = |listed: &Difference| !found.iter().any(|one| covers(listed, one));
    let stale =
        listed.iter().filter(|(listed, entry)| !entry.is_ahead && is_stale(listed)).map(|(one, entry)| {
            let reason = &entry.reason;
            format!(
                "{}, field `{}`: no longer so: {}\n    remove it from tests/conformance/deviations.toml, at \
             \"{reason}\"",
                one.action, one.field, one.differs
            )
        });
    missing.chain(stale).collect()
}

/// Whether an entry of the list stands for a difference.
fn covers(listed: &Difference, one: &Difference) -> bool {
    fits(&listed.action, &one.action) && fits(&listed.field, &one.field) && listed.differs == one.differs
}

fn is_listed(one: &Difference, listed: &BTreeMap<Difference, Entry>) -> bool {
    listed.keys().any(|listed| covers(listed, one))
}

/// Whether an action agrees with the files, but for what the list names.
fn shown(
    id: &str,
    described: &BTreeSet<&str>,
    found: &BTreeSet<Difference>,
    listed: &BTreeMap<Difference, Entry>,
) -> Shown {
    let differs = || found.iter().any(|one| one.action == id && !is_listed(one, listed));
    match described.contains(id) {
        false => Shown::Absent,
        true if differs() => Shown::Fail,
        true => Shown::Pass,
    }
}

/// Whether a name is the one in the list, in which `*` stands for any characters.
fn fits(listed: &str, name: &str) -> bool {
    match listed.split_once('*') {
        None => listed == name,
        Some((start, rest)) => {
            let after = name.strip_prefix(start);
            after.is_some_and(|after| {
                (0..=after.len()).any(|at| after.get(at..).is_some_and(|end| fits(rest, end)))
            })
        }
    }
}

/// Every difference of a part that the list names, with its reason: an entry stands for each of its actions with each
/// of its fields and each of its differences.
fn listed(text: &str, part: &str) -> BTreeMap<Difference, Entry> {
    let list: toml::Table = text.parse().unwrap_or_else(|error| panic!("deviations.toml: {error}"));
    let mut all = BTreeMap::new();
    for entry in list["deviation"].as_array().expect("[[deviation]] entries") {
        let reason = entry["reason"].as_str().expect("a reason");
        assert!(!reason.trim().is_empty(), "an entry without a reason: {entry:?}");
        let texts = |key: &str| -> Vec<&str> {
            let list = entry.get(key).and_then(toml::Value::as_array);
            let list = list.unwrap_or_else(|| panic!("{reason}: `{key}` is a list of texts"));
            list.iter().map(|text| text.as_str().expect("text")).collect()
        };
        let (actions, fields, differs) = (texts("actions"), texts("fields"), texts("differs"));
        assert!(
            PARTS.contains(&entry["part"].as_str().unwrap_or_default()),
            "{reason}: part is one of {PARTS:?}"
        );
        for difference in (entry["part"].as_str() == Some(part))
            .then(|| actions.iter().flat_map(|action| fields.iter().map(move |field| (action, field))))
            .into_iter()
            .flatten()
            .flat_map(|(action, field)| differs.iter().map(|what| Difference::new(*action, *field, *what)))
        {
            let is_ahead = entry.get("ahead").and_then(toml::Value::as_bool) == Some(true);
            let twice = all.insert(difference.clone(), Entry { reason: reason.to_owned(), is_ahead });
            assert!(twice.is_none(), "listed twice in deviations.toml: {difference:?}");
        }
    }
    all
}

/// What an entry may be about: the description of inputs, answers and statuses, requests, examples, answers of the
/// sandbox to actions and to all else, triggers, titles in links.
const PARTS: [&str; 9] = [
    "input",
    "output",
    "request",
    "request-example",
    "answer-example",
    "sandbox",
    "sandbox-endpoint",
    "trigger",
    "link",
];

/// The parts from which the levels in `verified.lock` follow.
const LEVEL_PARTS: [&str; 6] = ["input", "output", "request", "request-example", "answer-example", "sandbox"];

const LIST: &str = r#"
[[deviation]]
part = "input"
actions = ["list-things", "get-thing"]
fields = ["page"]
differs = ["min: none → 1"]
reason = "pages begin at 1"
"#;

#[test]
fn a_difference_that_is_not_listed_is_told_with_action_field_and_remedy() {
    let found = BTreeSet::from([
        Difference::new("list-things", "page", "min: none → 1"),
        Difference::new("get-thing", "page", "min: none → 1"),
        Difference::new("get-thing", "name", "max: 5 → none"),
    ]);
    let told = complaints("input", &found, &listed(LIST, "input"), "mend the manifest");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("get-thing, field `name`: max: 5 → none\n    mend the manifest, or list it"));
}

#[test]
fn an_entry_with_a_star_stands_for_actions_that_come_later() {
    let list =
        LIST.replace(r#"["list-things", "get-thing"]"#, r#"["*"]"#).replace(r#"["page"]"#, r#"["*:in"]"#);
    let found = BTreeSet::from(
        ["list-things", "list-others"].map(|id| Difference::new(id, "id:in", "min: none → 1")),
    );
    assert!(complaints("input", &found, &listed(&list, "input"), "").is_empty());
    let other = BTreeSet::from([Difference::new("list-things", "id:not", "min: none → 1")]);
    let told = complaints("input", &other, &listed(&list, "input"), "");
    assert_eq!(told.len(), 2, "one is not listed, and the entry applies to none: {told:?}");
    assert!(fits("a*c*e", "abcde") && fits("*", "") && !fits("a*c", "abcd") && !fits("*_id", "id"));
}

#[test]
fn an_entry_may_wait_for_its_action() {
    let ahead = LIST.replace("reason =", "ahead = true\nreason =");
    assert!(complaints("input", &BTreeSet::new(), &listed(&ahead, "input"), "").is_empty());
    assert_eq!(complaints("input", &BTreeSet::new(), &listed(LIST, "input"), "").len(), 2);
}

#[test]
fn an_entry_that_no_longer_applies_is_told_even_when_its_neighbours_do() {
    let found = BTreeSet::from([Difference::new("list-things", "page", "min: none → 1")]);
    let told = complaints("input", &found, &listed(LIST, "input"), "");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("get-thing, field `page`: no longer so"), "{told:?}");
    assert!(listed(LIST, "output").is_empty());
}

#[test]
fn an_action_agrees_with_the_files_if_each_of_its_differences_is_listed() {
    let described = BTreeSet::from(["list-things", "get-thing"]);
    let found = BTreeSet::from([
        Difference::new("list-things", "page", "min: none → 1"),
        Difference::new("get-thing", "name", "max: 5 → none"),
    ]);
    let shown = |id| shown(id, &described, &found, &listed(LIST, "input"));
    assert_eq!(
        [shown("list-things"), shown("get-thing"), shown("update-thing")],
        [Shown::Pass, Shown::Fail, Shown::Absent]
    );
}
