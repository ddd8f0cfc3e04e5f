//! Drafts of samples: values that are made from the types of a manifest, or taken from an answer of the vendor.

mod answer;
mod delivery;
mod value;

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::Written;
use crate::model::{Action, Model, Trigger};
use crate::resolve::{Samples, suggest};
use crate::source::{Sources, Span};
use crate::{ROOT, follow, parse, understand};

/// A draft of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleDraft {
    /// Path of the file beside the manifest, such as `samples/get-order.json`.
    pub path: String,
    /// JSON with a line break at its end.
    pub text: String,
}

/// An answer of the vendor to an action, or a delivery of a trigger's event, as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Name of the file, for messages.
    pub path: &'a str,
    /// The body. An empty text is the answer without a body.
    pub text: &'a str,
}

/// The reasons why there is no draft.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The texts in which the faults have their places.
    pub sources: Sources,
    /// Each mismatch or fault.
    pub faults: Vec<Diagnostic>,
}

/// What a sample belongs to.
enum Owner<'m> {
    Action(&'m Action),
    Trigger(&'m Trigger),
}

/// A draft of the sample of an action or trigger. Its data comes from `answer`, or from the types if there is none. The
/// manifest names the file of the sample, which need not exist; samples of others are not read. `actions.ID` and
/// `triggers.ID` tell apart an action and a trigger of the same id.
///
/// # Errors
/// The faults of the manifest, an unknown id, a missing key `sample`, or each value of the answer that does not fit.
pub fn draft_sample(sources: &Sources, id: &str, answer: Option<Answer<'_>>) -> Result<SampleDraft, Refusal> {
    let mut faults = Vec::new();
    let model = {
        let trees = parse(sources, &mut faults);
        understand(&trees, sources, &Samples::None, &mut faults)
    };
    follow::unite(&mut faults);
    let refuse = |faults| Refusal { sources: sources.clone(), faults };
    let Some(model) = model else { return Err(refuse(faults)) };
    let owner = find(&model, id).map_err(|fault| refuse(vec![*fault]))?;
    let path = path(&owner, sources).map_err(|fault| refuse(vec![*fault]))?;
    let text = match (&owner, answer) {
        (_, Some(answer)) => answer::data(sources, &model, &owner, &path, answer)?,
        (Owner::Action(action), None) => laid_out(&value::of_action(&model, action)),
        (Owner::Trigger(trigger), None) => laid_out(&delivery::of_trigger(&model, trigger)),
    };
    Ok(SampleDraft { path, text })
}

fn find<'m>(model: &'m Model, id: &str) -> Result<Owner<'m>, Box<Diagnostic>> {
    let action = |id: &str| model.actions.iter().find(|action| action.id == id).map(Owner::Action);
    let trigger = |id: &str| model.triggers.iter().find(|trigger| trigger.id == id).map(Owner::Trigger);
    let found = match id.split_once('.') {
        Some(("actions", id)) => action(id),
        Some(("triggers", id)) => trigger(id),
        _ => match (action(id), trigger(id)) {
            (Some(_), Some(_)) => {
                let message = format!("an action and a trigger have the id `{id}`");
                let help = format!("write `actions.{id}` or `triggers.{id}`");
                return Err(Box::new(
                    Diagnostic::new(Code::DuplicateName, Span::NOWHERE, message).help(help),
                ));
            }
            (found, other) => found.or(other),
        },
    };
    found.ok_or_else(|| {
        let message = format!("there is no action or trigger `{id}`");
        let actions = model.actions.iter().map(|action| action.id.as_str());
        let known = actions.chain(model.triggers.iter().map(|trigger| trigger.id.as_str()));
        let otherwise = format!("define `{id}` under `actions` or `triggers`");
        let fault = Diagnostic::new(Code::UnknownAction, Span::NOWHERE, message);
        Box::new(fault.help(suggest(id, known, &otherwise)))
    })
}

/// The path that the manifest names for the sample.
fn path(owner: &Owner<'_>, sources: &Sources) -> Result<String, Box<Diagnostic>> {
    let (noun, id, origin, path) = match owner {
        Owner::Action(action) => ("action", &action.id, &action.origin, &action.sample_path),
        Owner::Trigger(trigger) => ("trigger", &trigger.id, &trigger.origin, &trigger.sample_path),
    };
    let file = origin.split(", ").next().unwrap_or(ROOT);
    let span = place(sources, file, path.as_deref().unwrap_or(id));
    let Some(path) = path else {
        let message = format!("the {noun} `{id}` names no sample");
        let help = format!("add `sample: samples/{id}.json` to the {noun}");
        return Err(Box::new(Diagnostic::new(Code::MissingKey, span, message).help(help)));
    };
    let name = path.strip_prefix("samples/").and_then(|name| name.strip_suffix(".json"));
    if name.is_none_or(|name| name.is_empty() || name.contains(['/', '\\'])) {
        let message = format!("`{path}` is no path of a sample");
        let help = format!("write `sample: samples/{id}.json`: only such files are read");
        return Err(Box::new(Diagnostic::new(Code::UnknownSample, span, message).help(help)));
    }
    Ok(path.clone())
}

/// The first place of a word in a file.
fn place(sources: &Sources, file: &str, word: &str) -> Span {
    let found = (0_u16..).zip(sources).find(|(_, (path, _))| *path == file);
    let Some((index, (_, text))) = found else { return Span::NOWHERE };
    let Some(start) = text.find(word) else { return Span::NOWHERE };
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file: index, start: byte(start), end: byte(start + word.len()) }
}

fn laid_out(json: &Written) -> String {
    let mut text = serde_json::to_string_pretty(json).unwrap_or_default();
    text.push('\n');
    text
}

/// Types by their names.
fn types(model: &Model) -> BTreeMap<&str, &crate::model::Type> {
    model.types.iter().map(|ty| (ty.name.as_str(), ty)).collect()
}
