//! Requests as plain values: what an action wants, before authentication and transport.

use crate::connector::Operation;
use crate::error::{Error, Violation};
use crate::percent::{push_component, push_query_name};
use crate::record::Record;
use crate::rules::{Parameter, Place};
use crate::value::{Value, View};

/// A request that only lacks a connection.
#[derive(Clone, Debug)]
pub struct Request {
    operation: &'static Operation,
    path: String,
    query: String,
}

impl Request {
    /// The request that calls an operation with an input: every field of the input goes where the operation's
    /// parameter of that name says.
    ///
    /// # Errors
    /// Class `validation` with every constraint that the input violates.
    pub fn new(operation: &'static Operation, input: &dyn Record) -> Result<Self, Error> {
        let request = Self { operation, path: operation.path.to_owned(), query: String::new() };
        let mut builder = Builder { request, violations: Vec::new() };
        input.each(&mut |name, value| {
            if let Some(parameter) = operation.parameters.iter().find(|parameter| parameter.name == name) {
                builder.add(parameter, value);
            }
        });
        if builder.violations.is_empty() {
            Ok(builder.request)
        } else {
            Err(Error::invalid_input(operation, builder.violations))
        }
    }

    /// The operation it calls.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Path below the API's base and query, percent-encoded.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        format!("{}{}", self.path, self.query)
    }
}

/// A request in the making, and everything that is wrong with it.
struct Builder {
    request: Request,
    violations: Vec<Violation>,
}

impl Builder {
    fn add(&mut self, parameter: &Parameter, value: &dyn Value) {
        self.violations.extend(parameter.check(value));
        match parameter.place {
            Place::Path => self.path(parameter, value.view()),
            Place::Query => self.query(parameter, value.view()),
        }
    }

    fn path(&mut self, parameter: &Parameter, view: View<'_>) {
        let mut segment = String::new();
        match plain(view, self.request.operation) {
            // An empty or dot segment would address another resource (RFC 3986, section 5.2.4).
            Some(text) if matches!(text.as_str(), "" | "." | "..") => {
                self.violations.push(parameter.violation("must not be empty or consist of dots"));
            }
            Some(text) => push_component(&mut segment, &text),
            None => self.violations.push(parameter.violation("cannot stand in a path")),
        }
        let variable = format!("{{{}}}", parameter.wire);
        self.request.path = self.request.path.replacen(&variable, &segment, 1);
    }

    fn query(&mut self, parameter: &Parameter, view: View<'_>) {
        let items: Vec<Option<String>> = match view {
            View::Absent => return,
            View::List(items) => {
                items.iter().map(|item| plain(item.view(), self.request.operation)).collect()
            }
            view => vec![plain(view, self.request.operation)],
        };
        push_query_name(&mut self.request.query, parameter.wire);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.request.query.push(',');
            }
            match item {
                Some(text) => push_component(&mut self.request.query, text),
                None => self.violations.push(parameter.violation("cannot stand in a query")),
            }
        }
    }
}

/// The text of a value without parts; `None` for lists, objects, nothing, and dates that are no dates.
fn plain(view: View<'_>, operation: &Operation) -> Option<String> {
    match view {
        View::Boolean(value) => Some(value.to_string()),
        View::Integer(value) => Some(value.to_string()),
        View::Number(value) => Some(value.to_string()),
        View::Decimal(value) => Some(value.to_string()),
        View::String(value) => Some(value.to_owned()),
        View::Date(value) => Some(value.as_str().to_owned()),
        View::DateTime(value) => value.format(operation.api.dates).ok(),
        _ => None,
    }
}
