//! Bad input to every action is stopped before sending, and what is wrong is told in one error: the schemas of the catalog
//! say what there is to violate, so that no action and no constraint is left out.

mod agreement;
mod constraints;
mod hostile;
mod least;
mod schema_walk;

use std::sync::LazyLock;

use bigcommerce_connector::{CONNECTOR, connection};
use connector_runtime::{Class, Client, Error, SecretString};
use connector_tests::{ACCESS_TOKEN, InputSchemas, RecordingTransport};

static INPUTS: LazyLock<InputSchemas> = LazyLock::new(|| InputSchemas::of(&CONNECTOR));

/// A client that sends nothing, and what it would have sent.
struct Dry {
    client: Client,
    sent: RecordingTransport,
}

impl Dry {
    fn new() -> Self {
        let sent = RecordingTransport::default();
        let connection = connection("abc123", SecretString::from(ACCESS_TOKEN)).unwrap();
        Self { client: Client::with_transport(connection, sent.clone()), sent }
    }

    /// The error for this input, after asserting that nothing was sent and that the caller is to blame.
    #[track_caller]
    fn refusal(&self, id: &str, input: &str) -> Error {
        let shown = || input.chars().take(300).collect::<String>();
        let outcome = now(self.client.call_untyped(id, input.as_bytes()));
        let error = outcome.err().unwrap_or_else(|| panic!("{id} accepts {}", shown()));
        assert!(self.sent.take().is_empty(), "{id} sends {}", shown());
        assert_eq!((error.class(), error.status()), (Class::Validation, None), "{id} {}: {error}", shown());
        assert!(!error.is_retryable() && error.retry_after().is_none(), "{id} {}: {error}", shown());
        error
    }

    /// The fields that this input is refused for, each once, sorted.
    #[track_caller]
    fn blamed(&self, id: &str, input: &str) -> Vec<String> {
        let error = self.refusal(id, input);
        let mut fields: Vec<String> =
            error.violations().iter().map(|violation| violation.field().to_owned()).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The one request that this input becomes.
    #[track_caller]
    fn request(&self, id: &str, input: &str) -> http::Request<bytes::Bytes> {
        // What the recording transport answers does not matter.
        let outcome = now(self.client.call_untyped(id, input.as_bytes()));
        let sent = self.sent.take();
        let refused = || format!("{id} refuses {input}: {outcome:?} {:?}", violations(&outcome));
        let [request] = sent.try_into().unwrap_or_else(|sent: Vec<_>| panic!("{} {}", sent.len(), refused()));
        request
    }
}

fn violations<T>(outcome: &Result<T, Error>) -> Vec<String> {
    let found = outcome.as_ref().err().map(Error::violations).unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

/// The outcome of a future that never waits.
#[track_caller]
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(outcome) => outcome,
        std::task::Poll::Pending => panic!("a client without a network has nothing to wait for"),
    }
}
