//! Those who are compared: the connector's client, and what people write in its place.

use std::sync::Arc;
use std::time::Duration;

use bigcommerce_connector::actions::GetTime;
use bigcommerce_connector::connection;
use bigcommerce_sandbox::Sandbox;
use connector_runtime::pacing::{Gates, WindowStore};
use connector_runtime::{Client, HttpTransport, Patience, SecretString};

use crate::scenario::Scale;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a client deals with a limited store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// The connector's gate, with unlimited patience.
    Gate,
    /// Whoever is turned away sleeps for as long as the header says, and tries again.
    SleepForReset,
    /// Whoever is turned away tries three more times, after waits by chance up to one, two and four seconds: what
    /// reqwest-retry does where nothing else is said.
    RetryThrice,
}

impl Manner {
    pub(crate) const ALL: [Self; 3] = [Self::Gate, Self::SleepForReset, Self::RetryThrice];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Gate => "ours",
            Self::SleepForReset => "sleep for the header",
            Self::RetryThrice => "retry three times",
        }
    }
}

/// The client of one process; its workers share it.
#[derive(Clone)]
pub(crate) enum Caller {
    Ours(Client),
    Plain(Plain),
}

impl Caller {
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn new(
        manner: Manner,
        scale: Scale,
        sandbox: &Sandbox,
        store: Option<Arc<dyn WindowStore>>,
    ) -> Result<Self, Failure> {
        if manner != Manner::Gate {
            return Ok(Self::Plain(Plain::new(manner, scale, sandbox)?));
        }
        let connection = connection(sandbox.store_hash(), SecretString::from(sandbox.access_token()))?;
        let connection = connection.at_origin(&sandbox.origin())?;
        let gates = match store {
            Some(store) => Gates::new().shared_through(store),
            None => Gates::new(),
        };
        let client = Client::with_transport(connection, HttpTransport::new(Client::DEFAULT_TIMEOUT)?);
        Ok(Self::Ours(client.through(&gates).with_patience(Patience::Unlimited)))
    }

    /// Reads the store's time; whether that came about.
    pub(crate) async fn call(&self) -> bool {
        match self {
            Self::Ours(client) => client.call(&GetTime::default()).await.is_ok(),
            Self::Plain(plain) => plain.call().await,
        }
    }
}

/// What is written in a few lines over an HTTP client.
#[derive(Clone)]
pub(crate) struct Plain {
    manner: Manner,
    scale: Scale,
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Plain {
    pub(crate) fn new(manner: Manner, scale: Scale, sandbox: &Sandbox) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}/stores/{}/v2/time", sandbox.origin(), sandbox.store_hash());
        Ok(Self { manner, scale, http, url, token: sandbox.access_token().to_owned() })
    }

    /// Sends the request once.
    pub(crate) async fn send(&self) -> reqwest::Result<reqwest::Response> {
        self.http.get(&self.url).header("X-Auth-Token", &self.token).send().await
    }

    async fn call(&self) -> bool {
        let mut tries = 0;
        loop {
            let Ok(answer) = self.send().await else { return false };
            let status = answer.status();
            let reset = answer.headers().get("X-Rate-Limit-Time-Reset-Ms");
            let reset = reset.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_millis);
            let is_whole = answer.bytes().await.is_ok();
            if status.as_u16() != 429 {
                return status.is_success() && is_whole;
            }
            let second = self.scale.scaled(Duration::from_secs(1));
            let wait = match self.manner {
                Manner::RetryThrice if tries == 3 => return false,
                Manner::RetryThrice => second * 2_u32.pow(tries),
                _ => reset.unwrap_or(second),
            };
            tries += 1;
            let chance = if self.manner == Manner::RetryThrice { fastrand::f64() } else { 1.0 };
            tokio::time::sleep(wait.mul_f64(chance)).await;
        }
    }
}
