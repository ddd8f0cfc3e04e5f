//! A sandbox, a client of the generated connector that calls it, and plain HTTP beside that client.

use std::time::Duration;

use bigcommerce_connector::connection;
use bigcommerce_sandbox::{ReceivedRequest, Sandbox, SandboxOptions};
use connector_runtime::{Client, HttpTransport, SecretString};

/// The token of every store here: whatever prints it has leaked it.
pub const ACCESS_TOKEN: &str = "token-that-nobody-may-ever-see";

/// A running store and its client.
pub struct Store {
    /// The store.
    pub sandbox: Sandbox,
    /// Calls the store with its token.
    pub client: Client,
}

impl Store {
    /// A store with the sandbox's own settings.
    pub async fn open() -> Self {
        Self::with(SandboxOptions::default()).await
    }

    /// A store with these settings, but for the token.
    pub async fn with(options: SandboxOptions) -> Self {
        let options = SandboxOptions { access_token: Some(ACCESS_TOKEN.to_owned()), ..options };
        let sandbox = Sandbox::start(options).await.expect("a free port on loopback");
        let client = client(&sandbox.origin(), ACCESS_TOKEN, Client::DEFAULT_TIMEOUT);
        Self { sandbox, client }
    }

    /// A client of this store with another token.
    pub fn client_with_token(&self, token: &str) -> Client {
        client(&self.sandbox.origin(), token, Client::DEFAULT_TIMEOUT)
    }

    /// A client of this store that gives up after `timeout`.
    pub fn client_within(&self, timeout: Duration) -> Client {
        client(&self.sandbox.origin(), ACCESS_TOKEN, timeout)
    }

    /// The body that plain HTTP gets for a path below `/v3`, query included.
    pub async fn body(&self, path: &str) -> String {
        let url = format!("{}/stores/{}/v3{path}", self.sandbox.origin(), self.sandbox.store_hash());
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let answer = http.get(url).header("X-Auth-Token", ACCESS_TOKEN).send().await.expect("an answer");
        answer.text().await.expect("a body")
    }

    /// The latest request that the store received.
    pub fn last_request(&self) -> ReceivedRequest {
        self.sandbox.requests().pop().expect("a request has arrived")
    }
}

/// A client of the generated connector that calls another server in place of the vendor's.
pub fn client(origin: &str, token: &str, timeout: Duration) -> Client {
    let connection = connection("sandbox1", SecretString::from(token)).expect("a store hash and a token");
    let connection = connection.at_origin(origin).expect("an address of this machine");
    Client::with_transport(connection, HttpTransport::new(timeout).expect("an HTTP client"))
}
