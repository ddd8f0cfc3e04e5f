//! Calls through the generated connector over real HTTP: to the sandbox, or to a socket that answers as it is told.

mod connection;
mod effect;
mod input;
mod money;
mod output;
mod partial;
mod refusal;
mod request;
mod transport;
mod untyped;

use std::error::Error as _;

use connector_runtime::{Class, Error};
use connector_tests::ACCESS_TOKEN;

/// The id of the sandbox's first product.
const FIRST_PRODUCT: i64 = 111;

/// Its name, which no error may tell.
const FIRST_NAME: &str = "Copper Pour-Over Kettle";

/// Asserts that nothing the error prints breaks a line, or tells a token, a word of the store or a query.
#[track_caller]
fn assert_discreet(error: &Error) {
    let mut texts = vec![error.to_string(), format!("{error:?}")];
    let mut next = error.source();
    while let Some(source) = next {
        texts.extend([source.to_string(), format!("{source:?}")]);
        next = source.source();
    }
    for text in &texts {
        for secret in [ACCESS_TOKEN, FIRST_NAME, "Kettle", "include=", "stores/"] {
            assert!(!text.contains(secret), "{secret:?} stands in {text}");
        }
    }
    assert!(!texts[0].contains(char::is_control), "{:?}", texts[0]);
    assert!(texts[0].contains(error.class().as_str()), "{}", texts[0]);
}

/// The fields of the input that an error blames, sorted, after asserting that it was found before sending.
#[track_caller]
fn blamed(error: &Error) -> Vec<&str> {
    assert_eq!(error.class(), Class::Validation, "{error}");
    assert_eq!((error.status(), error.request_id(), error.retry_after()), (None, None, None), "{error}");
    assert!(!error.is_retryable() && error.source().is_none(), "{error}");
    let mut fields: Vec<&str> = error.violations().iter().map(|violation| violation.field()).collect();
    fields.sort_unstable();
    fields
}
