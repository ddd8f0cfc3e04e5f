//! The settings of a sandbox and what can be wrong with them.

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::app::registration::AppOptions;
use crate::app::token_fault::TokenFault;
use crate::clock::{Clock, SystemClock};
use crate::fault::Fault;
use crate::misbehaviour::Misbehaviour;
use crate::webhooks::options::WebhookOptions;
use crate::webhooks::schedule::Scale;

/// The settings of a [`Sandbox`](crate::Sandbox); [`SandboxOptions::default`] suits most tests.
#[derive(Clone)]
pub struct SandboxOptions {
    /// The store's hash, the path segment after `/stores/`: 1 to 64 lower-case letters and
    /// digits.
    pub store_hash: String,
    /// The token that `X-Auth-Token` must carry; `None` derives one from [`seed`](Self::seed).
    pub access_token: Option<String>,
    /// Requests that the store answers in one window. The default is that of the Standard plan, 150.
    /// Source: `docs/api-docs/getting-started/api-rate-limits.mdx` of <https://github.com/bigcommerce/docs>.
    pub quota: u32,
    /// The length of the quota's window, in whole milliseconds; 30 seconds by default.
    pub window: Duration,
    /// The address to listen on. Default: loopback, a port that the system picks.
    pub listen: SocketAddr,
    /// What the seeded store's incidental numbers (stock, sales, reviews) and the faults at a rate are drawn
    /// from; the same seed gives the same store, and the same faults for the same order of requests.
    pub seed: u64,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// How the store misbehaves from the start.
    pub misbehaviour: Misbehaviour,
    /// The faults that the first requests meet, each with how often.
    pub faults: Vec<(Fault, u32)>,
    /// How many of the latest requests are remembered; 10 000 by default.
    pub remembered_requests: usize,
    /// How webhooks are signed, sent and tried again.
    pub webhooks: WebhookOptions,
    /// The app as it is registered at BigCommerce.
    pub app: AppOptions,
    /// The faults that the first token requests meet, each with how often.
    pub token_faults: Vec<(TokenFault, u32)>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            store_hash: "sandbox1".to_owned(),
            access_token: None,
            quota: 150,
            window: Duration::from_secs(30),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            clock: Arc::new(SystemClock::new()),
            misbehaviour: Misbehaviour::default(),
            faults: Vec::new(),
            remembered_requests: 10_000,
            webhooks: WebhookOptions::default(),
            app: AppOptions::default(),
            token_faults: Vec::new(),
        }
    }
}

impl Debug for SandboxOptions {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SandboxOptions")
            .field("store_hash", &self.store_hash)
            .field("access_token", &self.access_token.as_ref().map(|_| "(hidden)"))
            .field("quota", &self.quota)
            .field("window", &self.window)
            .field("listen", &self.listen)
            .field("seed", &self.seed)
            .field("clock", &self.clock)
            .field("misbehaviour", &self.misbehaviour)
            .field("faults", &self.faults)
            .field("remembered_requests", &self.remembered_requests)
            .field("webhooks", &self.webhooks)
            .field("app", &self.app)
            .field("token_faults", &self.token_faults)
            .finish()
    }
}

impl SandboxOptions {
    /// The first setting with which no store can run, if there is one.
    pub(crate) fn check(&self) -> Result<Scale, StartError> {
        let is_hash_character = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !(1..=64).contains(&self.store_hash.len()) || !self.store_hash.bytes().all(is_hash_character) {
            return Err(StartError::option(
                "store_hash",
                "give at most 64 characters, lower-case letters and digits only",
            ));
        }
        let is_sendable = |token: &String| !token.is_empty() && HeaderValue::from_str(token).is_ok();
        if !self.access_token.as_ref().is_none_or(is_sendable) {
            return Err(StartError::option("access_token", "give a token that a header can carry"));
        }
        if self.quota == 0 {
            return Err(StartError::option("quota", "allow at least one request in a window"));
        }
        if self.window < Duration::from_millis(1) {
            return Err(StartError::option("window", "give at least one millisecond"));
        }
        self.app.check().map_err(|(option, advice)| StartError::option(option, advice))?;
        self.check_webhooks()
    }

    fn check_webhooks(&self) -> Result<Scale, StartError> {
        let WebhookOptions { client_secret, store_account, timeout, time_scale, .. } = &self.webhooks;
        let own_secret = store_account.as_ref().map(|account| &account.client_secret);
        if client_secret.iter().chain(own_secret).any(String::is_empty) {
            return Err(StartError::option("webhooks.client_secret", "give a secret that is not empty"));
        }
        let own_token = store_account.as_ref().map(|account| &account.access_token);
        if own_token.is_some_and(|it| it.is_empty() || HeaderValue::from_str(it).is_err()) {
            return Err(StartError::option("webhooks.store_account", "give a token that a header can carry"));
        }
        if timeout.is_zero() {
            return Err(StartError::option("webhooks.timeout", "give receivers some time"));
        }
        let advice = "give a factor above 0, up to a million";
        Scale::new(*time_scale).ok_or_else(|| StartError::option("webhooks.time_scale", advice))
    }
}

/// Why a sandbox did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// A setting with which no store can run.
    InvalidOption {
        /// The field of [`SandboxOptions`].
        option: &'static str,
        /// What to do about it.
        advice: &'static str,
    },
    /// The address could not be listened on.
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

impl StartError {
    pub(crate) fn option(option: &'static str, advice: &'static str) -> Self {
        Self::InvalidOption { option, advice }
    }
}

impl Display for StartError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidOption { option, advice } => {
                write!(formatter, "the sandbox option {option} is not usable: {advice}")
            }
            Self::Listen { address, .. } => {
                write!(formatter, "the sandbox cannot listen on {address}: choose a free local address")
            }
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidOption { .. } => None,
            Self::Listen { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, SandboxOptions, WebhookOptions};
    use crate::webhooks::options::StoreAccount;

    fn refusal(change: impl FnOnce(&mut SandboxOptions)) -> String {
        let mut options = SandboxOptions::default();
        change(&mut options);
        options.check().expect_err("an unusable option").to_string()
    }

    #[test]
    fn debug_shows_neither_tokens_nor_secrets() {
        let options =
            SandboxOptions { access_token: Some("hush-hush".to_owned()), ..SandboxOptions::default() };
        let webhooks = WebhookOptions {
            client_secret: Some("hush-hush".to_owned()),
            store_account: Some(StoreAccount {
                access_token: "hush-hush".to_owned(),
                client_secret: "hush-hush".to_owned(),
            }),
            ..WebhookOptions::default()
        };
        let options = SandboxOptions { webhooks, ..options };
        let shown = format!("{options:?}");
        assert!(!shown.contains("hush-hush"), "{shown}");
        assert!(shown.contains("sandbox1"), "{shown}");
    }

    #[test]
    fn refuses_options_that_no_store_can_have() {
        assert!(SandboxOptions::default().check().is_ok());
        let longest = SandboxOptions { store_hash: "a".repeat(64), ..SandboxOptions::default() };
        assert!(longest.check().is_ok());
        for hash in ["", "stores/abc", "ABC", "a b", &"a".repeat(65)] {
            assert!(refusal(|options| options.store_hash = hash.to_owned()).contains("store_hash"));
        }
        for token in ["", "line\nbreak"] {
            assert!(
                refusal(|options| options.access_token = Some(token.to_owned())).contains("access_token")
            );
        }
        assert!(refusal(|options| options.quota = 0).contains("quota"));
        assert!(refusal(|options| options.window = Duration::ZERO).contains("window"));
        assert!(refusal(|options| options.webhooks.time_scale = 0.0).contains("time_scale"));
        assert!(refusal(|options| options.webhooks.timeout = Duration::ZERO).contains("timeout"));
        assert!(
            refusal(|options| options.webhooks.client_secret = Some(String::new())).contains("client_secret")
        );
    }
}
