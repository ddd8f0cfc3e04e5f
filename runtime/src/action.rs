//! The trait that every generated action implements, and its entry in the registry for untyped calls.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::IgnoredAny;

use crate::decode::decode_input;
use crate::error::{Error, Violation};
use crate::operation::Operation;
use crate::record::Record;
use crate::request::Request;
use crate::text;
use crate::value::Value;

/// The input of an action, which knows how to become a request.
pub trait Action: Record + Value {
    /// What a successful answer holds.
    type Output: Value;

    /// The operation it calls.
    const OPERATION: &'static Operation;

    /// The request for this input.
    ///
    /// # Errors
    /// Class `validation` with every constraint that the input violates.
    fn request(&self) -> Result<Request, Error>
    where
        Self: Sized,
    {
        Request::new(Self::OPERATION, self)
    }
}

/// Generic code that runs once for each action of a connector. A generated crate has a function
/// `actions::visit_actions` that calls it.
///
/// ```
/// # use connector_runtime::{Action, ActionVisitor};
/// struct Ids(Vec<&'static str>);
///
/// impl ActionVisitor for Ids {
///     fn visit<A: Action>(&mut self) {
///         self.0.push(A::OPERATION.id);
///     }
/// }
/// ```
pub trait ActionVisitor {
    /// Runs for the action `A`.
    fn visit<A: Action>(&mut self);
}

/// An action found by its id, for callers who hold JSON.
#[derive(Clone, Copy)]
pub struct ActionEntry {
    /// The operation it calls.
    pub operation: &'static Operation,
    prepare: fn(&[u8]) -> Result<Request, Error>,
}

impl ActionEntry {
    /// The entry of action `A`.
    #[must_use]
    pub const fn of<A: Action>() -> Self {
        Self { operation: A::OPERATION, prepare: prepare::<A> }
    }

    /// The request for an input given as a JSON object.
    ///
    /// # Errors
    /// Class `validation` with everything that is wrong with the input: unknown and missing fields, wrong types,
    /// violated constraints.
    pub fn prepare(&self, input: &[u8]) -> Result<Request, Error> {
        (self.prepare)(input)
    }
}

impl fmt::Debug for ActionEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("ActionEntry").field(&self.operation.id).finish()
    }
}

fn prepare<A: Action>(input: &[u8]) -> Result<Request, Error> {
    let mut action = <A as Value>::blank();
    let violations = read_input(input, &mut action, A::OPERATION)?;
    match action.request() {
        Ok(request) if violations.is_empty() => Ok(request),
        Ok(_) => Err(Error::invalid_input(A::OPERATION, violations)),
        Err(error) => Err(Error::invalid_input(A::OPERATION, merge(violations, error.violations()))),
    }
}

fn read_input(
    input: &[u8],
    action: &mut dyn Value,
    operation: &'static Operation,
) -> Result<Vec<Violation>, Error> {
    let broken = |what: String| Error::invalid_input(operation, vec![Violation::new(String::new(), what)]);
    let no_json = |fault: serde_json::Error| {
        // Without serde's own words: they quote the input.
        broken(format!("the input is no JSON from line {} column {} on", fault.line(), fault.column()))
    };
    let input = text::read(input).map_err(|fault| broken(fault.to_string()))?.as_bytes();
    let mut violations = decode_input(input, action).map_err(no_json)?;
    if !input.trim_ascii_start().starts_with(b"{") {
        let what = "the input is JSON, but no object: write it like {\"name\": \"value\"}";
        return Err(broken(what.to_owned()));
    }
    let mut required = operation.parameters.iter().filter(|parameter| parameter.required).peekable();
    if required.peek().is_some() {
        let given: BTreeMap<Cow<'_, str>, IgnoredAny> = serde_json::from_slice(input).map_err(no_json)?;
        let missing = required.filter(|parameter| !given.contains_key(parameter.name));
        violations.extend(missing.map(|parameter| parameter.violation("is required")));
    }
    Ok(violations)
}

/// One violation per place: what could not be read was left blank, and the blank and its parts may violate constraints
/// too.
fn merge(mut read: Vec<Violation>, checked: &[Violation]) -> Vec<Violation> {
    for violation in checked {
        let within = |known: &Violation| {
            let rest = violation.field().strip_prefix(known.field());
            // What is said of the whole may come of a part that was left blank.
            violation.field().is_empty()
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if !read.iter().any(within) {
            read.push(violation.clone());
        }
    }
    read
}
