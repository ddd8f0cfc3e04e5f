//! Reads the whole resource of an activation before it is delivered, where its connection wants that.

use std::time::Duration;

use connector_runtime::pacing::Gates;
use connector_runtime::{Client, Connector, Error, Event, HttpTransport, Patience};
use tokio::time::timeout;

use crate::activation::Full;
use crate::connections::HostConnection;
use crate::storage::Activation;

/// How long one exchange with the API may take.
const EXCHANGE: Duration = Duration::from_secs(12);

/// How long a reading may take with all that is around it.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);

/// The first wait of our own before another reading, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));

/// Reads resources over the connections of the host.
pub(crate) struct Reader {
    connector: &'static Connector,
    transport: HttpTransport,
    gates: Gates,
}

/// What a reading came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    /// There it is, or why not.
    Done(Full),
    /// Another reading may go better.
    Later {
        /// After this wait.
        wait: Duration,
        /// The class of the error.
        class: &'static str,
        /// What happened, in words of our own.
        message: String,
    },
}

impl Reader {
    /// A reader that keeps to the quotas of these gates.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn new(
        connector: &'static Connector,
        gates: Gates,
    ) -> Result<Self, connector_runtime::TransportError> {
        Ok(Self { connector, transport: HttpTransport::new(EXCHANGE)?, gates })
    }

    /// Reads the resource of an activation, once.
    pub(crate) async fn read(
        &self,
        activation: &Activation,
        connection: &HostConnection,
        attempt: u32,
    ) -> Reading {
        let trigger = self.connector.triggers.iter().find(|trigger| trigger.id == activation.trigger);
        let Some(trigger) = trigger else { return Reading::Done(Full::Unasked) };
        let connection = match connection.connect(self.connector) {
            Ok(connection) => connection,
            Err(error) => return judge(&error, attempt),
        };
        let client = Client::with_transport(connection, self.transport.clone())
            .through(&self.gates)
            .with_patience(Patience::Surface);
        let event = Event {
            name: trigger.event.to_owned(),
            account: activation.account.clone(),
            resource: activation.resource_type.clone(),
            id: activation.resource_id.clone(),
            time: activation.event_time,
            dedupe_key: activation.id.clone(),
            signed_ms: None,
            former_key: String::new(),
        };
        match timeout(LIMIT, client.read_after_event(trigger, &event)).await {
            Ok(Ok(Some(reply))) => Reading::Done(Full::Whole(reply.json)),
            Ok(Ok(None)) => Reading::Done(Full::Unasked),
            Ok(Err(error)) => judge(&error, attempt),
            Err(_) => Reading::Later {
                wait: own_wait(attempt),
                class: "transport.unknown_outcome",
                message: "the answer took too long".to_owned(),
            },
        }
    }
}

/// What follows from an error: it passes, or the event is delivered without the resource.
fn judge(error: &Error, attempt: u32) -> Reading {
    let (class, message) = (error.class().as_str(), error.detail().to_owned());
    match error.is_retryable() {
        true => {
            let wait = error.retry_after().unwrap_or_default().max(own_wait(attempt));
            Reading::Later { wait, class, message }
        }
        false => Reading::Done(Full::Missing { class, message }),
    }
}

/// A wait that grows, so that a resource which does not come is not asked for four times a second.
fn own_wait(attempt: u32) -> Duration {
    let doubled = WAITS.0.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(16)));
    doubled.min(WAITS.1)
}
