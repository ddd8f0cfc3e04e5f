//! What to do after a call that failed, in a sentence for people.

use connector_runtime::{Class, Effect, Error, Operation};

/// Whether a call of the operation changes something.
fn writes(operation: Option<&Operation>) -> bool {
    operation.is_some_and(|operation| operation.effect != Effect::Read)
}

/// What to do before the same call is made once more.
fn again(error: &Error, operation: Option<&Operation>) -> String {
    match operation.and_then(|operation| operation.check_first) {
        _ if error.is_retryable() => "the same call may be made again".to_owned(),
        _ if !writes(operation) => "the same call would fail again".to_owned(),
        Some(hint) => format!("look whether it was carried out before you call again: {hint}"),
        None => "look whether it was carried out before you call again".to_owned(),
    }
}

/// What to do after a failed call; `None` if there is no advice.
pub(crate) fn advice(
    error: &Error,
    operation: Option<&Operation>,
    program: &str,
    connector: &str,
) -> Option<String> {
    let parts = [of_class(error, operation, program, connector), earlier(error)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What to do after a connection test that failed before the connection was stored.
pub(crate) fn of_trial(error: &Error, test: &Operation) -> String {
    let advice = match error.class() {
        // Credentials that the API refuses are of no use without the test either.
        Class::AuthRevoked => return "check the account and the credentials".to_owned(),
        Class::AuthScope if !test.scopes.is_empty() => {
            format!("give credentials with one of these scopes: {}", test.scopes.join(", "))
        }
        Class::AuthScope => "give credentials that allow this call".to_owned(),
        Class::NotFound => "check the account".to_owned(),
        _ if error.is_retryable() => "check the network and the address, and try again".to_owned(),
        _ => "check the account and the address".to_owned(),
    };
    format!("{advice}, or store the connection without the test: --no-test")
}

/// Work that an earlier attempt or an earlier identical call may have done; `None` if this error gives no reason to look.
pub(crate) fn earlier(error: &Error) -> Option<String> {
    let is_refusal = matches!(error.class(), Class::Validation | Class::Conflict | Class::PlanLimit);
    let (earlier, hint) = match (error.earlier_attempt_may_have_been_executed(), error.check_first()) {
        (true, hint) => ("an earlier attempt of this call may have been carried out", hint),
        (false, Some(hint)) if is_refusal => (
            "if an earlier identical call ended with transport.unknown_outcome, decode, server or unavailable, that \
             call may have been carried out",
            Some(hint),
        ),
        _ => return None,
    };
    Some(format!("{earlier}: {}", hint.unwrap_or("read the resource before you call again")))
}

fn of_class(error: &Error, operation: Option<&Operation>, program: &str, connector: &str) -> Option<String> {
    let again = again(error, operation);
    let advice = match error.class() {
        Class::Validation => return Some(correction(error, operation, program, connector)),
        Class::AuthRevoked => {
            "the token is not (or no longer) valid for this store: check both, or connect the store again"
        }
        Class::AuthScope => match operation.map(|operation| operation.scopes) {
            Some(scopes) if !scopes.is_empty() => {
                return Some(format!("the token needs one of these scopes: {}", scopes.join(", ")));
            }
            _ => "the token does not allow this",
        },
        Class::NotFound => {
            "check the id, then that the connection names the right account; calling again helps only while \
             the resource is still being made"
        }
        Class::Conflict => {
            "it contradicts what is there: a name or number may be taken, or what it refers to be missing or in \
             another state: read what is there first"
        }
        Class::TooLarge => "send fewer items in one call",
        Class::Locked => "somebody else is changing it: call again later",
        Class::PlanLimit => "the plan of the account allows no more",
        Class::Partial => "a part was done: read back what is there before you call again",
        Class::RateLimitedWindow => {
            "wait that long, then make the same call, or add --wait: the quota is shared by everything that calls \
             this store"
        }
        Class::RateLimitedOverload => "the API is under load: wait, and longer after each refusal",
        Class::Server | Class::Unavailable => return Some(format!("the fault is the API's: {again}")),
        Class::TransportUnsent => {
            "this attempt was not sent: check the network and the address, then make the same call"
        }
        Class::TransportUnknownOutcome => {
            return Some(format!("nobody knows whether the call arrived: {again}"));
        }
        Class::Decode if writes(operation) => {
            return Some(format!(
                "the answer cannot be read, yet the call may have been carried out: check the address, that nothing \
                 stands in between, and {again}"
            ));
        }
        Class::Decode => "the answer cannot be read: check the address, and that nothing stands in between",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Where the fields of an action are described.
pub(crate) fn lookup(help: &str) -> String {
    format!("{help} lists every field and what it takes")
}

/// Where to look up what an input or a connection takes. An error without an action is about the connection.
fn correction(error: &Error, operation: Option<&Operation>, program: &str, connector: &str) -> String {
    let help = operation.map(|operation| format!("`{program} call {connector}/{} --help`", operation.id));
    match (error.action(), help) {
        (Some(_), Some(help)) if error.status().is_some() => {
            format!("correct what the API refuses: {help} lists every field and what it takes")
        }
        (Some(_), Some(help)) => lookup(&help),
        (None, Some(help)) => {
            format!(
                "correct it in the flag, variable or file it came from: {help} names them under Connection"
            )
        }
        (_, None) => "correct it where it came from".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_may_have_been_done_says_what_to_check_first() {
        let create = bigcommerce_connector::CONNECTOR.action("create-product").unwrap().operation;
        let read = bigcommerce_connector::CONNECTOR.action("get-product").unwrap().operation;
        let error = || connector_runtime::Connection::new(&fixture::CONNECTOR, &[], &[]).unwrap_err();
        assert!(again(&error(), Some(create)).ends_with(create.check_first.unwrap()));
        assert_eq!(again(&error(), Some(read)), "the same call would fail again");
    }
}
