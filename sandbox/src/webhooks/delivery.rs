//! One delivery, as its story is told: what was sent where, how often, and what became of it.

use http::Uri;
use serde_json::{Value, json};

/// An event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in this sandbox.
    pub id: u64,
    /// The webhook.
    pub hook: u64,
    /// The name of the event.
    pub scope: String,
    /// Where it goes, without what follows the path.
    pub destination: String,
    /// What `webhook-id` says, the same in all attempts.
    pub message_id: String,
    /// The delivery that this one sends once more.
    pub duplicate_of: Option<u64>,
    /// What became of it.
    pub state: DeliveryState,
    /// The attempts so far, those among them for which nothing was sent to a blocked domain.
    pub attempts: Vec<DeliveryAttempt>,
    /// When the next attempt is due, in epoch milliseconds of the store's clock.
    pub next_attempt_ms: Option<u64>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryState {
    /// An attempt is to come.
    Waiting,
    /// An attempt is being made.
    Sending,
    /// The receiver acknowledged it.
    Delivered,
    /// The last attempt failed.
    GivenUp,
    /// Its webhook went away or was deactivated before it arrived.
    Dropped,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// When it began, in epoch milliseconds of the store's clock.
    pub at_ms: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<&'static str>,
    /// Whether it was signed wrongly on purpose.
    pub is_forged: bool,
}

impl DeliveryAttempt {
    /// Whether the receiver acknowledged the delivery.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl DeliveryState {
    /// Its name in the control API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

impl Delivery {
    /// The delivery as the control API shows it.
    pub(crate) fn document(&self) -> Value {
        let attempt = |attempt: &DeliveryAttempt| {
            json!({
                "at_ms": attempt.at_ms, "status": attempt.status, "failure": attempt.failure,
                "is_forged": attempt.is_forged,
            })
        };
        json!({
            "id": self.id,
            "hook": self.hook,
            "scope": self.scope,
            "destination": self.destination,
            "message_id": self.message_id,
            "duplicate_of": self.duplicate_of,
            "state": self.state.name(),
            "attempts": self.attempts.iter().map(attempt).collect::<Vec<_>>(),
            "next_attempt_ms": self.next_attempt_ms,
        })
    }
}

/// An address without its query and without what a user may have put before the host.
pub(crate) fn shown(destination: &Uri) -> String {
    let scheme = destination.scheme_str().unwrap_or_default();
    let port = destination.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{}{port}{}", destination.host().unwrap_or_default(), destination.path())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let shown = |text: &str| shown(&text.parse().expect("an address"));
        assert_eq!(shown("https://me:word@a.example/in?key=1"), "https://a.example/in");
        assert_eq!(shown("http://127.0.0.1:81/in/x"), "http://127.0.0.1:81/in/x");
    }
}
