//! Whether actions have the parameters that their paging styles ask for. A parameter that no action of a style has was
//! renamed at one end: that is one fault, at that end.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest, Parameter, Text};
use crate::model::{Action, Paging, Place};
use crate::name::{nearest, words};

/// A parameter of a style that none of its actions has.
struct Gap<'a> {
    style: &'a Paging,
    parameter: String,
    actions: Vec<&'a Action>,
}

/// Reports every parameter of a style that an action lacks.
pub(super) fn check(
    manifest: &Manifest<'_>,
    paging: &[Paging],
    actions: &[Action],
    faults: &mut Vec<Diagnostic>,
) {
    let mut gaps: Vec<Gap<'_>> = Vec::new();
    for style in paging {
        let users: Vec<&Action> = actions.iter().filter(|action| uses(action, style)).collect();
        for parameter in style.parameters() {
            let lacking: Vec<&Action> =
                users.iter().copied().filter(|action| !query(action).any(|name| name == parameter)).collect();
            if lacking.is_empty() {
                continue;
            }
            if lacking.len() == users.len() {
                gaps.push(Gap { style, parameter: parameter.to_owned(), actions: lacking });
            } else {
                lacking.iter().for_each(|action| report_action(manifest, action, style, parameter, faults));
            }
        }
    }
    let named: BTreeSet<&str> = paging.iter().flat_map(Paging::parameters).collect();
    let parameters: BTreeSet<&str> = gaps.iter().map(|gap| gap.parameter.as_str()).collect();
    for parameter in parameters {
        let of: Vec<&Gap<'_>> = gaps.iter().filter(|gap| gap.parameter == parameter).collect();
        report(manifest, parameter, &of, &named, faults);
    }
}

fn report(
    manifest: &Manifest<'_>,
    parameter: &str,
    gaps: &[&Gap<'_>],
    named: &BTreeSet<&str>,
    faults: &mut Vec<Diagnostic>,
) {
    let shared = |gaps: &[&Gap<'_>]| -> Vec<String> {
        let mut actions = gaps.iter().flat_map(|gap| gap.actions.iter());
        let first: Vec<String> =
            actions.next().map_or(Vec::new(), |action| query(action).map(str::to_owned).collect());
        let rest: Vec<&&Action> = actions.collect();
        first
            .into_iter()
            .filter(|name| rest.iter().all(|action| query(action).any(|other| other == name)))
            .collect()
    };
    let all = shared(gaps);
    let unnamed: Vec<&str> = all.iter().map(String::as_str).filter(|name| !named.contains(name)).collect();
    let renamed = alike(parameter, &unnamed).or(match unnamed.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    if gaps.len() > 1
        && let Some((name, set)) = renamed.and_then(|name| Some((name, in_set(manifest, name, gaps)?)))
    {
        let styles: Vec<String> = gaps.iter().map(|gap| format!("`{}`", gap.style.name)).collect();
        let message = format!(
            "the paging styles {} need the parameter `{parameter}`, which is `{name}` here",
            styles.join(", ")
        );
        let fault = Diagnostic::new(Code::BadPaging, set.span, message);
        let fault = fault.help(format!("rename `{name}` to `{parameter}`, or correct the paging styles"));
        faults.push(match gaps.first().and_then(|gap| place(manifest, gap)) {
            Some(place) => fault.related(place.span, "a paging style that needs it"),
            None => fault,
        });
        return;
    }
    for gap in gaps {
        let all = shared(&[gap]);
        let own = gap.style.parameters();
        let known: Vec<&str> = all.iter().map(String::as_str).filter(|name| !own.contains(name)).collect();
        let near = alike(parameter, &known).or(known.iter().copied().find(|name| named.contains(name)));
        match (near, place(manifest, gap), gap.actions.as_slice()) {
            (None, _, [action]) => report_action(manifest, action, gap.style, parameter, faults),
            (near, Some(place), _) => {
                let message =
                    format!("no action that uses `{}` has the parameter `{parameter}`", gap.style.name);
                let help = match near {
                    Some(near) => format!(
                        "did you mean `{near}`? if not, add `{parameter}` under `query` of the actions"
                    ),
                    None => {
                        format!("name a parameter of the actions, or add `{parameter}` under their `query`")
                    }
                };
                let fault = Diagnostic::new(Code::BadPaging, place.span, message).help(help);
                let user = manifest.actions.iter().find(|given| uses_name(given, &gap.style.name));
                faults.push(match user.and_then(|given| given.paging) {
                    Some(paging) => fault.related(paging.span, "an action that uses it"),
                    None => fault,
                });
            }
            // The grammar has reported a style without the name of its parameter.
            (_, None, _) => {}
        }
    }
}

/// The name that most likely means the same: it is nearly the same, or shares a word.
fn alike<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let shares_word = |other: &&&str| words(other).iter().any(|word| words(name).contains(word));
    nearest(name, names.iter().copied()).or_else(|| names.iter().find(shares_word).copied())
}

fn report_action(
    manifest: &Manifest<'_>,
    action: &Action,
    style: &Paging,
    parameter: &str,
    faults: &mut Vec<Diagnostic>,
) {
    let given = manifest.actions.iter().find(|given| given.id.value == action.id);
    let Some(place) = given.and_then(|given| given.paging) else { return };
    let message = format!("the paging style `{}` needs the parameter `{parameter}`", style.name);
    let known: Vec<&str> = query(action).filter(|name| *name != style.limit).collect();
    let help = match nearest(parameter, known) {
        Some(near) => format!("rename `{near}` to `{parameter}`, or add `{parameter}` under `query`"),
        None => format!("add `{parameter}` under `query`"),
    };
    faults.push(Diagnostic::new(Code::BadPaging, place.span, message).help(help));
}

fn uses(action: &Action, style: &Paging) -> bool {
    action.paging.as_ref().is_some_and(|(name, _)| *name == style.name)
}

fn uses_name(given: &manifest::Action<'_>, style: &str) -> bool {
    given.paging.is_some_and(|name| name.value == style)
}

fn query(action: &Action) -> impl Iterator<Item = &str> {
    let is_query = |place| place == Place::Query;
    action.parameters.iter().filter(move |field| is_query(field.place)).map(|field| field.name.as_str())
}

/// The parameter in a set that the actions use.
fn in_set<'t>(manifest: &Manifest<'t>, name: &str, gaps: &[&Gap<'_>]) -> Option<Text<'t>> {
    let is_used = |set: &str| {
        let users =
            manifest.actions.iter().filter(|given| gaps.iter().any(|gap| uses_name(given, &gap.style.name)));
        users
            .flat_map(|given| &given.query)
            .any(|parameter| matches!(parameter, Parameter::Set(name) if name.value == set))
    };
    let sets = manifest.parameter_sets.iter().filter(|(set, _)| is_used(set.value));
    sets.flat_map(|(_, fields)| fields).find(|field| field.name.value == name).map(|field| field.name)
}

/// Where a style names the parameter.
fn place<'t>(manifest: &Manifest<'t>, gap: &Gap<'_>) -> Option<Text<'t>> {
    let given = manifest.paging.iter().find(|given| given.name.value == gap.style.name)?;
    let of_style = match given.style.as_ref()? {
        manifest::PagingStyle::Page { parameter, .. } | manifest::PagingStyle::Cursor { parameter, .. } => {
            *parameter
        }
        manifest::PagingStyle::Offset { parameter } => Some(*parameter),
        manifest::PagingStyle::Link { .. } => None,
    };
    [of_style, given.limit].into_iter().flatten().find(|text| text.value == gap.parameter)
}
