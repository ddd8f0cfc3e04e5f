//! What a delivery needs to know of the webhook behind it, as its management wrote it down.

use std::sync::Arc;

use http::Uri;
use serde_json::Value;

use super::delivery::shown;
use super::event::{UNINSTALLED, covers};
use super::ledger::Target;
use super::options::Destinations;
use crate::store::{Document, Store};

/// The active webhooks that are told of `scope`, with where each leads. `ready` says which are old enough.
pub(crate) fn told_of(store: &Store, scope: &str, ready: impl Fn(u64) -> bool) -> Vec<Arc<Target>> {
    let concerns = |hook: &Document| {
        hook["is_active"] == true && covers(hook["scope"].as_str().unwrap_or_default(), scope)
    };
    let hooks = store.hooks.iter().filter(|(id, hook)| concerns(hook) && ready(*id));
    hooks.filter_map(|(id, hook)| target(id, hook, scope).map(Arc::new)).collect()
}

fn target(id: u64, hook: &Document, scope: &str) -> Option<Target> {
    let text = |name: &str| hook[name].as_str().unwrap_or_default();
    let destination: Uri = text("destination").parse().ok()?;
    let headers = hook["headers"].as_object().into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Target {
        hook: id,
        client_id: text("client_id").to_owned(),
        destination: text("destination").to_owned(),
        shown: shown(&destination),
        domain: destination.host().unwrap_or_default().to_ascii_lowercase(),
        headers: headers.collect(),
        outlives_hook: scope == UNINSTALLED,
    })
}

/// Whether the webhook is there and active.
pub(crate) fn is_live(store: &Store, id: u64) -> bool {
    store.hooks.get(id).is_some_and(|hook| hook["is_active"] == true)
}

/// Puts a webhook out of use.
pub(crate) fn deactivate(store: &mut Store, id: u64, now_ms: u64) {
    store.hook_activity.remove(&id);
    if let Some(hook) = store.hooks.get_mut(id) {
        hook.insert("is_active".to_owned(), Value::Bool(false));
        hook.insert("updated_at".to_owned(), (now_ms / 1_000).into());
    }
}

/// Whether a webhook can lead there.
pub(crate) fn is_destination(text: &str, allowed: Destinations) -> bool {
    let Ok(address) = text.parse::<Uri>() else {
        return false;
    };
    let (scheme, host) = (address.scheme_str(), address.host().unwrap_or_default());
    if allowed == Destinations::LocalToo && is_loopback(host) {
        return matches!(scheme, Some("http" | "https"));
    }
    let is_on_443 = address.port_u16().is_none_or(|port| port == 443);
    scheme == Some("https") && !host.is_empty() && is_on_443
}

/// Whether the host is this machine, said so that nobody needs to be asked.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = bare.parse::<std::net::IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback());
    host.eq_ignore_ascii_case("localhost") || is_address
}

#[cfg(test)]
mod tests {
    use super::{Destinations, is_destination};

    #[test]
    fn a_destination_is_https_on_its_own_port() {
        for allowed in [Destinations::Documented, Destinations::LocalToo] {
            for text in ["https://hooks.example.com/in", "https://a.example:443/"] {
                assert!(is_destination(text, allowed), "{text}");
            }
            for other in ["http://a.example/", "https://a.example:8443/", "a.example", "", "https://"] {
                assert!(!is_destination(other, allowed), "{other}");
            }
        }
    }

    #[test]
    fn this_machine_is_a_destination_where_that_is_allowed() {
        for text in
            ["http://127.0.0.1:8080/in", "http://[::1]:1/", "http://localhost/", "https://127.9.9.9:1/"]
        {
            assert!(is_destination(text, Destinations::LocalToo), "{text}");
        }
        assert!(!is_destination("http://127.0.0.1:8080/in", Destinations::Documented));
        for other in ["ftp://127.0.0.1/", "http://127.0.0.1.example/", "http://10.0.0.1/"] {
            assert!(!is_destination(other, Destinations::LocalToo), "{other}");
        }
    }
}
