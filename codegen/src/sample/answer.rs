//! Samples from bodies that a vendor has sent: unwrapped as the action would, and compared with the types.

use super::{Answer, Owner, Refusal, laid_out};
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::Written;
use crate::json::{self, Json, Kind};
use crate::model::{Action, Model, Returns};
use crate::resolve::Samples;
use crate::source::{Sources, Span};
use crate::{follow, parse, understand};

/// The text of a sample at `path` with the data of an answer.
pub(super) fn data(
    sources: &Sources,
    model: &Model,
    owner: &Owner<'_>,
    path: &str,
    answer: Answer<'_>,
) -> Result<String, Refusal> {
    let refuse = |faults: Vec<Diagnostic>| {
        let faults = faults.into_iter().map(|fault| Diagnostic { related: None, ..fault });
        let sources = Sources::from([(answer.path.to_owned(), answer.text.to_owned())]);
        Refusal { sources, faults: faults.collect() }
    };
    if let Owner::Action(action) = owner
        && let Some(text) = without_body(action, answer.text)
    {
        return Ok(text.to_owned());
    }
    let mut faults = Vec::new();
    let parsed = json::parse(0, answer.text, &mut faults);
    let Some(parsed) = parsed.filter(|_| faults.is_empty()) else { return Err(refuse(faults)) };
    let part = match owner {
        Owner::Action(action) => unwrapped(model, action, &parsed),
        Owner::Trigger(_) => Ok(&parsed),
    };
    let span = part.map_err(|fault| refuse(vec![*fault]))?.span;
    let (start, end) = (span.start as usize, span.end as usize);
    let faults = misfits(sources, path, &alone(answer.text, start, end));
    if !faults.is_empty() {
        return Err(refuse(faults));
    }
    let data = answer.text.get(start..end).unwrap_or_default();
    Ok(Written::parse(data).as_ref().map(laid_out).unwrap_or_default())
}

/// The sample of an answer whose body says nothing, if the action takes such an answer.
fn without_body(action: &Action, text: &str) -> Option<&'static str> {
    match action.returns {
        Returns::Nothing => Some("null\n"),
        Returns::List(_) if text.trim().is_empty() => Some("[]\n"),
        _ => None,
    }
}

/// The data of an answer: out of the envelope of the API version, and the first item if the action returns that.
fn unwrapped<'j>(model: &Model, action: &Action, whole: &'j Json) -> Result<&'j Json, Box<Diagnostic>> {
    let refuse = |span: Span, message: String, help: String| {
        Box::new(Diagnostic::new(Code::BadSample, Span { end: span.start + 1, ..span }, message).help(help))
    };
    let api = model.apis.iter().find(|api| api.id == action.api.0);
    let data = match api.and_then(|api| api.envelope.as_ref().map(|(data, _)| (api, data))) {
        None => whole,
        Some((api, data)) => whole.get(data).ok_or_else(|| {
            let message = format!("the answer has no `{data}`, the envelope of the API version `{}`", api.id);
            refuse(whole.span, message, "give the whole body as the vendor sent it".to_owned())
        })?,
    };
    match (&action.returns, &data.kind) {
        (Returns::First(_), Kind::List(items)) => items.first().ok_or_else(|| {
            let message = "the list is empty, and the action returns its first item".to_owned();
            refuse(data.span, message, "give an answer with an item".to_owned())
        }),
        (Returns::First(_), _) => {
            let message = "this is no list, and the action returns the first item of a list".to_owned();
            Err(refuse(data.span, message, "give such an answer, or correct `returns`".to_owned()))
        }
        _ => Ok(data),
    }
}

/// The text with blanks for all around a part, so that each place stays as it is.
fn alone(text: &str, start: usize, end: usize) -> String {
    let blank = |letter: char| match letter {
        '\n' | '\r' => letter.to_string(),
        other => " ".repeat(other.len_utf8()),
    };
    let part = |at: usize| (start..end).contains(&at);
    text.char_indices()
        .map(|(at, letter)| if part(at) { letter.to_string() } else { blank(letter) })
        .collect()
}

/// Everything in the sample that does not fit.
fn misfits(sources: &Sources, path: &str, text: &str) -> Vec<Diagnostic> {
    let mut sources = sources.clone();
    sources.insert(path.to_owned(), text.to_owned());
    let mut faults = Vec::new();
    {
        let trees = parse(&sources, &mut faults);
        understand(&trees, &sources, &Samples::Only(path), &mut faults);
    }
    follow::unite(&mut faults);
    let file = (0_u16..).zip(sources.keys()).find(|(_, known)| *known == path).map(|(file, _)| file);
    let here = faults.into_iter().filter(|fault| Some(fault.span.file) == file);
    here.map(|fault| Diagnostic { span: Span { file: 0, ..fault.span }, ..fault }).collect()
}
