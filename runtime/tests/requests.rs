//! Requests as values: what of an input goes where, in which form, and what is refused.

#[path = "requests/bodies.rs"]
mod bodies;
#[path = "requests/offers.rs"]
mod offers;
#[path = "requests/operations.rs"]
mod operations;
#[path = "requests/rules.rs"]
mod rules;

use connector_runtime::{Class, Error, Operation, Record, Request};

/// The request for this input.
#[track_caller]
fn prepared(operation: &'static Operation, input: &dyn Record) -> Request {
    Request::new(operation, input).unwrap_or_else(|error| panic!("{error}"))
}

/// The text of its body.
#[track_caller]
fn body(operation: &'static Operation, input: &dyn Record) -> String {
    let request = prepared(operation, input);
    String::from_utf8(request.body().expect("a body").to_vec()).expect("JSON is UTF-8")
}

/// What is wrong with an input, one `field: message` each.
#[track_caller]
fn faults(operation: &'static Operation, input: &dyn Record) -> Vec<String> {
    listed(&Request::new(operation, input).expect_err("a violation"))
}

#[track_caller]
fn listed(error: &Error) -> Vec<String> {
    assert_eq!((error.class(), error.status(), error.is_retryable()), (Class::Validation, None, false));
    assert_eq!(error.detail(), "the input is not valid");
    error.violations().iter().map(ToString::to_string).collect()
}
