//! Runs actions over stored connections, for workflows and for people: through the gate of the account, and noting what a call
//! changes, so that its event is known again.

use std::sync::Arc;
use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{
    Client, Connection, Effect, Error, HttpTransport, Patience, Reply, Request, TransportError,
};

use crate::clock::Clock;
use crate::connections::{HostConnection, ended};
use crate::loops::{Loops, answer_within};
use crate::storage::{Cause, ConnectionRow, NewChange};

mod answer;
pub(crate) mod http;
mod noting;
mod problem;
pub(crate) mod stored;
pub(crate) mod under_way;

pub(crate) use noting::Noted;
use noting::Noting;

/// The most characters of the names that a caller gives of itself.
const LONGEST_NAME: usize = 200;

/// That nobody makes calls for a connection that has ended, and why; nothing where it has not.
pub(crate) fn refusal(row: &ConnectionRow) -> Option<Error> {
    ended(row).map(|advice| Error::revoked(&format!("nothing was sent: {advice}")))
}

/// On whose behalf an action is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Behalf {
    /// The id of the activation.
    pub(crate) caused_by: Option<String>,
    /// The workflow's name.
    pub(crate) workflow: Option<String>,
}

/// What actions are run with.
pub(crate) struct Acting {
    gates: Gates,
    transport: HttpTransport,
    loops: Loops,
    clock: Clock,
    /// How long an exchange takes at most.
    timeout: Duration,
}

impl Acting {
    /// Calls that keep to the quotas of these gates, each exchange no longer than `timeout`.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn new(
        gates: Gates,
        loops: Loops,
        clock: Clock,
        timeout: Duration,
    ) -> Result<Self, TransportError> {
        Ok(Self { gates, transport: HttpTransport::new(timeout)?, loops, clock, timeout })
    }

    /// Sends a request over a connection.
    ///
    /// # Errors
    /// See [`connector_runtime::Class`].
    pub(crate) async fn run(
        &self,
        connection: Connection,
        owner: &Owner,
        request: Request,
        behalf: &Behalf,
        patience: Patience,
    ) -> Result<Reply<()>, Error> {
        let (client, noted) = self.client(connection, owner, &request, behalf);
        let outcome = client.with_patience(patience).send(request).await;
        if let Some(noted) = noted {
            noted.settle(&outcome).await;
        }
        outcome
    }

    /// A client for one request, and what notes the change where it makes one: it is to be settled with the outcome.
    pub(crate) fn client(
        &self,
        connection: Connection,
        owner: &Owner,
        request: &Request,
        behalf: &Behalf,
    ) -> (Client, Option<Arc<Noted>>) {
        let within = answer_within(self.timeout);
        let change =
            (!self.loops.remember.is_zero()).then(|| change(owner, request, behalf, within)).flatten();
        let (Some(change), Some(resource)) = (change, request.operation().changes) else {
            let client = Client::with_transport(connection, self.transport.clone());
            return (client.through(&self.gates), None);
        };
        let (changes, clock) = (Arc::clone(&self.loops.changes), self.clock.clone());
        let noted = Arc::new(Noted::new(changes, change, resource, clock));
        let method = request.operation().method.into();
        let noting = Noting { transport: self.transport.clone(), method, noted: Arc::clone(&noted) };
        (Client::with_transport(connection, noting).through(&self.gates), Some(noted))
    }
}

/// The stored connection that a call goes over.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// Its id.
    pub(crate) connection: String,
    /// Its account.
    pub(crate) account: String,
}

impl Owner {
    /// The one of a connection.
    pub(crate) fn of(connection: &HostConnection) -> Self {
        Self { connection: connection.id.clone(), account: connection.account.clone() }
    }
}

/// What a request changes; nothing where it reads, or no trigger tells of what it changes.
fn change(owner: &Owner, request: &Request, behalf: &Behalf, answer_within: Duration) -> Option<NewChange> {
    let operation = request.operation();
    let changes = operation.changes.filter(|_| operation.effect != Effect::Read)?;
    let Owner { connection, account } = owner.clone();
    let Behalf { caused_by, workflow } = behalf.clone();
    Some(NewChange {
        connection,
        account,
        resource_type: changes.resource.to_owned(),
        resource_id: request.changed_id().map(str::to_owned),
        makes: operation.effect == Effect::Create,
        answer_within,
        // The moment is that of the sending, which is not yet.
        cause: Cause { action: operation.id.to_owned(), by: caused_by, workflow, at_ms: 0 },
    })
}

/// A name that a caller gives of itself or of an activation: short, and without what could not stand in a header.
pub(crate) fn name(text: &str) -> Option<String> {
    let is_sound = !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(char::is_control)
        && text.trim() == text;
    is_sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use bigcommerce_connector::CONNECTOR;

    use super::*;

    #[test]
    fn what_changes_something_that_triggers_tell_of_is_noted_with_its_resource() {
        let owner = Owner { connection: "c1".to_owned(), account: "abc123".to_owned() };
        let behalf = Behalf { caused_by: Some("e1".to_owned()), workflow: None };
        let noted = |id: &str, input: &str| {
            let request = CONNECTOR.action(id).unwrap().prepare(input.as_bytes()).unwrap();
            change(&owner, &request, &behalf, Duration::from_secs(35))
        };
        let update = noted("update-product", r#"{"product_id": 111, "name": "A"}"#).unwrap();
        assert_eq!((update.resource_type.as_str(), update.resource_id.as_deref()), ("product", Some("111")));
        assert!(!update.makes && update.cause.by.as_deref() == Some("e1"));
        let create =
            noted("create-customer", r#"{"email": "a@example.com", "first_name": "A", "last_name": "B"}"#)
                .unwrap();
        assert_eq!((create.resource_id, create.makes), (None, true));
        for (id, input) in [("get-product", r#"{"product_id": 111}"#), ("create-brand", r#"{"name": "A"}"#)] {
            assert_eq!(noted(id, input), None, "{id}");
        }
    }

    #[test]
    fn names_are_short_and_have_no_line_breaks() {
        for bad in ["", " a", "a\nb", "a\u{7f}", &"a".repeat(201)] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
        assert_eq!(name("Lager – Münster"), Some("Lager – Münster".to_owned()));
    }
}
