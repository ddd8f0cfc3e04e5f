//! What all chapters of the demo share: the store, the client, the book of calls and the voice.

use std::time::Duration;

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use connector_runtime::{
    Class, Client, Connection, Connector, Error, Operation, Reply, Request, SecretString,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ledger::Ledger;
use super::voice::Voice;
use crate::failure::{Failure, Report};
use crate::members::Members;
use crate::sandbox::{quoted, start_failure};
use crate::surroundings::Style;

/// The store's quota. The whole story needs less than that of a single window, so that no machine is so quick or so slow
/// that it is spent by chance.
pub(super) const QUOTA: u32 = 150;

/// Short enough to wait for.
pub(super) const WINDOW: Duration = Duration::from_secs(2);

/// A running demo.
pub(super) struct Stage<'a> {
    pub(super) connector: &'static Connector,
    pub(super) sandbox: Sandbox,
    pub(super) client: Client,
    pub(super) ledger: Ledger,
    pub(super) voice: Voice<'a>,
    /// How this program was called, ready for a shell.
    pub(super) program: String,
}

impl<'a> Stage<'a> {
    /// Starts the store and connects to it.
    pub(super) async fn set(
        connector: &'static Connector,
        program: &str,
        voice: Voice<'a>,
    ) -> Result<Self, Failure> {
        let options = SandboxOptions { quota: QUOTA, window: WINDOW, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.map_err(start_failure)?;
        let fields: Vec<_> =
            connector.fields.iter().map(|field| (field.name, sandbox.store_hash())).collect();
        let token = |name| (name, SecretString::from(sandbox.access_token()));
        let secrets: Vec<_> = connector.credentials.iter().map(|credential| token(credential.name)).collect();
        let connection = Connection::new(connector, &fields, &secrets)
            .and_then(|connection| connection.at_origin(&sandbox.origin()))
            .map_err(|error| Failure::call(error, None))?;
        let client =
            Client::new(connection).map_err(|error| Failure::Broken(format!("no HTTP client: {error}")))?;
        Ok(Self { connector, sandbox, client, ledger: Ledger::default(), voice, program: quoted(program) })
    }

    /// Stops the store.
    pub(super) async fn leave(self) {
        self.sandbox.shutdown().await;
    }

    /// Begins the next step.
    pub(super) fn begin(&mut self, title: &str) -> Result<(), Failure> {
        self.ledger.begin();
        Ok(self.voice.begin(title)?)
    }

    /// Ends a step that went as told.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.voice.fact("calls", self.ledger.step());
        Ok(self.voice.end()?)
    }

    /// Ends a step that did not.
    pub(super) fn fail(&mut self, failure: &Failure) -> Result<(), Failure> {
        self.voice.fact("calls", self.ledger.step());
        Ok(self.voice.fail(&Report::of(failure, &self.program, self.connector.id))?)
    }

    /// A call, entered into the book.
    pub(super) async fn call(&mut self, action: &str, input: &impl Serialize) -> Result<Reply<()>, Error> {
        let input = serde_json::to_vec(input).expect("names, numbers and texts are JSON");
        let outcome = self.client.call_untyped(action, &input).await;
        self.ledger.note(action, outcome.as_ref());
        outcome
    }

    /// A request that was prepared, such as that for a next page, sent and entered into the book.
    pub(super) async fn send(&mut self, request: Request) -> Result<Reply<()>, Failure> {
        let action = request.operation().id;
        let outcome = self.client.send(request).await;
        self.ledger.note(action, outcome.as_ref());
        outcome.map_err(|error| self.unexpected(action, error))
    }

    /// A call that has to succeed.
    pub(super) async fn done(&mut self, action: &str, input: &impl Serialize) -> Result<Reply<()>, Failure> {
        self.call(action, input).await.map_err(|error| self.unexpected(action, error))
    }

    /// A call that has to fail in this way and no other.
    pub(super) async fn refused(
        &mut self,
        action: &str,
        input: &impl Serialize,
        class: Class,
    ) -> Result<Error, Failure> {
        match self.call(action, input).await {
            Err(error) if error.class() == class => Ok(error),
            Err(error) => Err(self.unexpected(action, error)),
            Ok(reply) => {
                Err(Failure::Broken(format!("{action}: {class} was due, status {} came", reply.status)))
            }
        }
    }

    /// Tells of a call that went well.
    pub(super) fn told(&mut self, action: &str, reply: &Reply<()>, text: &str) -> Result<(), Failure> {
        Ok(self.voice.call(action, Some(reply.status), text)?)
    }

    /// Tells of a call that failed as it should: its class first.
    pub(super) fn told_refusal(&mut self, action: &str, error: &Error, text: &str) -> Result<(), Failure> {
        let again = if error.is_retryable() { "retryable" } else { "not retryable" };
        Ok(self.voice.call(action, error.status(), &format!("{}, {again}: {text}", error.class()))?)
    }

    /// Shows an error in full, as `connector call` does.
    pub(super) fn show(&mut self, action: &str, error: Error) -> Result<(), Failure> {
        let report = self.report(action, error);
        self.voice.show(&report.to_text(Style::Plain))?;
        self.voice.fact("error", report.to_raw());
        Ok(())
    }

    /// A failure of the story: the call ended otherwise than told.
    pub(super) fn unexpected(&self, action: &str, error: Error) -> Failure {
        let report = self.report(action, error);
        Failure::Broken(format!("class {} came instead: {}", report.class, report.message))
    }

    /// The operation of an action.
    pub(super) fn operation(&self, action: &str) -> Option<&'static Operation> {
        self.connector.action(action).map(|entry| entry.operation)
    }

    fn report(&self, action: &str, error: Error) -> Report {
        Report::of(&Failure::call(error, self.operation(action)), &self.program, self.connector.id)
    }
}

/// Fails the demo unless something holds.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Broken(otherwise())) }
}

/// The data of a reply as an object or a list of them.
pub(super) fn data<T: DeserializeOwned>(reply: &Reply<()>) -> Result<T, Failure> {
    let unreadable = |error| Failure::Broken(format!("the data is not of the expected shape: {error}"));
    reply.json.parse().map_err(unreadable)
}

/// The number in a field that has to be there, such as an id.
pub(super) fn number(object: &Members, field: &str) -> Result<u64, Failure> {
    object.get(field).ok_or_else(|| Failure::Broken(format!("the answer has no number in {field}")))
}

/// A field as text: strings without their quotes, the rest as the store wrote it, nothing where there is none.
pub(super) fn text(object: &Members, field: &str) -> String {
    object.get::<String>(field).or_else(|| object.text(field).map(str::to_owned)).unwrap_or_default()
}
