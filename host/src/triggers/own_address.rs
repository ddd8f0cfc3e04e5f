//! Recognises the webhooks of a connection by its key, also at a public address that the host had before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use super::plan::{Hook, Whose};
use crate::receive::webhook_url;

/// The address of a connection's webhooks, with the key that nobody else can guess.
pub(crate) struct OwnAddress {
    base: String,
    key: String,
}

impl OwnAddress {
    /// The address below a public address.
    pub(super) fn new(public_url: &str, key: &str) -> Self {
        Self { base: webhook_url(public_url, key), key: key.to_owned() }
    }

    /// The address to which the webhooks lead now.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The same destination, spelled as the public address is spelled if it leads there. An API may list a host in lower
    /// case, or an address without its usual port.
    pub(super) fn spelled(&self, destination: String) -> String {
        let (Ok(base), Ok(url)) = (Url::parse(&self.base), Url::parse(&destination)) else {
            return destination;
        };
        match url.as_str().strip_prefix(base.as_str()) {
            Some(rest) if is_below(rest) => format!("{}{rest}", self.base),
            _ => destination,
        }
    }

    /// Whose a webhook with this destination is.
    pub(super) fn whose(&self, destination: &str) -> Whose {
        if destination.strip_prefix(&self.base).is_some_and(is_below) {
            return Whose::Here;
        }
        let url = Url::parse(destination).ok();
        let carries_key = url
            .as_ref()
            .and_then(Url::path_segments)
            .is_some_and(|mut segments| segments.any(|one| one == self.key));
        if carries_key { Whose::Elsewhere } else { Whose::Others }
    }

    /// An own destination for people: without key, user name, password and query.
    pub(super) fn shown(&self, destination: &str) -> Option<String> {
        let url = Url::parse(destination).ok().filter(|_| self.whose(destination) != Whose::Others)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = url.path().replace(&self.key, "…");
        Some(format!("{}://{}{port}{path}", url.scheme(), url.host_str()?))
    }
}

/// Whether the rest of an address leads to the same place or below it.
fn is_below(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// The connection, event and destination of a webhook.
type Place = (String, String, String);

/// The webhooks at other public addresses that this process has deleted. If such a webhook is there again, then another
/// process makes it, and two processes that delete the webhooks of each other would never end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retired(Arc<Mutex<HashMap<Place, String>>>);

impl Retired {
    /// Notes that this process has deleted a webhook.
    pub(super) fn note(&self, connection: &str, hook: &Hook) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place(connection, hook), hook.id.clone());
    }

    /// Whether another process has made a webhook again after this process had deleted it.
    pub(super) fn is_back(&self, connection: &str, hook: &Hook) -> bool {
        let retired = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A list that lags contains the deleted webhook itself, with its old id.
        retired.get(&place(connection, hook)).is_some_and(|id| *id != hook.id)
    }
}

fn place(connection: &str, hook: &Hook) -> Place {
    (connection.to_owned(), hook.event.clone(), hook.destination.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    #[test]
    fn the_key_in_the_path_marks_an_own_webhook_at_any_address() {
        let own = OwnAddress::new("https://Hooks.Example.com:443/in", KEY);
        let whose = |destination: &str| own.whose(&own.spelled(destination.replace("KEY", KEY)));
        for here in [
            "https://hooks.example.com/in/webhooks/KEY",
            "https://HOOKS.example.com:443/in/webhooks/KEY/service",
        ] {
            assert_eq!(whose(here), Whose::Here, "{here}");
        }
        for elsewhere in [
            "https://old.example.com/webhooks/KEY",
            "http://old.example.com:8080/a/b/webhooks/KEY/service",
            "https://hooks.example.com/webhooks/KEY",
            "http://hooks.example.com/in/webhooks/KEY",
            "https://hooks.example.com/in/webhooks/KEY?a=b",
            "https://old.example.com/rewritten/KEY/",
        ] {
            assert_eq!(whose(elsewhere), Whose::Elsewhere, "{elsewhere}");
        }
        for other in [
            "https://hooks.example.com/in/webhooks/fedcba9876543210",
            "https://hooks.example.com/in/webhooks/KEYa",
            "https://others.example.com/forward?to=/webhooks/KEY",
            "https://others.example.com/#/webhooks/KEY",
            "https://KEY.example.com/webhooks/",
            "KEY",
            "",
        ] {
            assert_eq!(whose(other), Whose::Others, "{other}");
        }
    }

    #[test]
    fn a_destination_is_shown_without_its_secrets() {
        let own = OwnAddress::new("https://hooks.example.com", KEY);
        let destination = format!("https://me:hush@old.example.com:8443/a/webhooks/{KEY}/service?token=hush");
        assert_eq!(own.shown(&destination).unwrap(), "https://old.example.com:8443/a/webhooks/…/service");
        assert_eq!(own.shown("https://others.example.com/hush"), None, "it is not ours to show");
    }

    #[test]
    fn a_webhook_that_comes_back_under_another_id_belongs_to_another_process() {
        let hook = |id: &str| Hook {
            id: id.to_owned(),
            event: "a".to_owned(),
            destination: "https://old.example.com".to_owned(),
            is_active: true,
        };
        let retired = Retired::default();
        assert!(!retired.is_back("c1", &hook("1")));
        retired.note("c1", &hook("1"));
        assert!(!retired.is_back("c1", &hook("1")), "the list lags");
        assert!(retired.is_back("c1", &hook("2")));
        assert!(!retired.is_back("c2", &hook("2")), "it is of another connection");
    }
}
