//! One attempt over the wire: what is sent, and how its end is told.

use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder};

use super::ledger::Target;

/// Why nothing is sent to an example.
const RESERVED: &str = "the name is reserved for examples and leads nowhere";

/// Sends deliveries and calls callbacks. Nothing follows redirects, goes through a proxy, or reads the body of an answer.
#[derive(Debug)]
pub(crate) struct Sender {
    timeout: Duration,
    plain: OnceLock<Option<Client>>,
    /// Made for the first https address, since reading the system's certificates takes long.
    secure: OnceLock<Option<Client>>,
}

/// How an attempt ended: with a status, or for this reason without one.
pub(crate) type Ending = Result<u16, &'static str>;

impl Sender {
    /// A sender whose receivers may take this long.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, plain: OnceLock::new(), secure: OnceLock::new() }
    }

    fn client(&self, destination: &Uri) -> Option<Client> {
        let build = |settings: ClientBuilder| {
            settings.redirect(Policy::none()).no_proxy().timeout(self.timeout).build().ok()
        };
        let client = match destination.scheme_str() {
            Some("http") => self.plain.get_or_init(|| build(Client::builder().tls_certs_only([]))),
            _ => self.secure.get_or_init(|| build(Client::builder())),
        };
        client.clone()
    }

    /// Posts `body` with the webhook's own headers and those of the signature.
    pub(crate) async fn send(
        &self,
        target: &Target,
        signature: &[(&'static str, String)],
        body: Bytes,
    ) -> Ending {
        let destination: Uri = target.destination.parse().map_err(|_| "the address cannot be read")?;
        if is_reserved(&target.domain) {
            return Err(RESERVED);
        }
        let client = self.client(&destination).ok_or("no TLS on this machine")?;
        ending(client.post(&target.destination).headers(headers(target, signature)).body(body)).await
    }

    /// Calls an address of the app.
    pub(crate) async fn get(&self, address: &str) -> Ending {
        let destination: Uri = address.parse().map_err(|_| "the address cannot be read")?;
        if is_reserved(destination.host().unwrap_or_default()) {
            return Err(RESERVED);
        }
        let client = self.client(&destination).ok_or("no TLS on this machine")?;
        ending(client.get(address).header(USER_AGENT, "bigcommerce-sandbox")).await
    }
}

async fn ending(request: RequestBuilder) -> Ending {
    match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) if error.is_timeout() => Err("no answer in time"),
        Err(error) if error.is_connect() => Err("no connection"),
        Err(_) => Err("no answer"),
    }
}

/// The headers of a delivery. What the webhook asks for does not take the place of what the store says itself.
fn headers(target: &Target, signature: &[(&'static str, String)]) -> HeaderMap {
    let own = target.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signature = signature.iter().map(|(name, value)| (*name, value.as_str()));
    let said = [(CONTENT_TYPE.as_str(), "application/json"), (USER_AGENT.as_str(), "bigcommerce-sandbox")];
    let mut headers = HeaderMap::new();
    for (name, value) in own.chain(said).chain(signature) {
        let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = header {
            headers.insert(name, value);
        }
    }
    headers
}

/// Whether nobody can have this name (RFC 2606), so that examples never bother a server of the world.
fn is_reserved(domain: &str) -> bool {
    let is_within = |zone: &str| domain == zone || domain.ends_with(&format!(".{zone}"));
    ["example", "invalid", "test", "example.com", "example.net", "example.org"].into_iter().any(is_within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_examples_lead_nowhere() {
        for name in ["hooks.example.com", "example.org", "a.example", "b.test"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["127.0.0.1", "localhost", "myexample.com", "example.com.au"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
