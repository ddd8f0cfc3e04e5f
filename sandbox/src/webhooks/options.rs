//! The settings of webhooks.

use std::fmt::{self, Debug, Formatter};
use std::str::FromStr;
use std::time::Duration;

/// How the store signs what it sends, and how it goes about it.
///
/// Waits go by the store's clock, so that a test can put it forward instead of waiting.
#[derive(Clone)]
pub struct WebhookOptions {
    /// The form of the signatures.
    pub profile: SignatureProfile,
    /// The client secret of the app, whose bytes are the key of its signatures; `None` derives one from
    /// [`SandboxOptions::seed`](crate::SandboxOptions::seed).
    pub client_secret: Option<String>,
    /// A second API account, made for this store alone, with webhooks and a client secret of its own.
    pub store_account: Option<StoreAccount>,
    /// Which share of its true length each of BigCommerce's waits takes: between retries, between notices of
    /// failure, and for blocked domains. More than 0; 1 by default, 0.001 makes the first retry come after 60 ms.
    pub time_scale: f64,
    /// When the signature of a retry says that it was made. The documentation leaves it open.
    pub retry_timestamps: RetryTimestamps,
    /// For how long a new webhook is not told of anything. BigCommerce says up to a minute; none by default.
    pub new_hook_delay: Duration,
    /// Where webhooks can lead.
    pub destinations: Destinations,
    /// How long the receiver may take to answer, in the machine's time; 10 seconds by default, since the
    /// documentation names no length.
    pub timeout: Duration,
    /// How many deliveries that came to an end are remembered; 10 000 by default.
    pub remembered_deliveries: usize,
    /// How many deliveries can wait; 100 000 by default. Those beyond are lost and counted.
    pub waiting_deliveries: usize,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self {
            profile: SignatureProfile::default(),
            client_secret: None,
            store_account: None,
            time_scale: 1.0,
            retry_timestamps: RetryTimestamps::default(),
            new_hook_delay: Duration::ZERO,
            destinations: Destinations::default(),
            timeout: Duration::from_secs(10),
            remembered_deliveries: 10_000,
            waiting_deliveries: 100_000,
        }
    }
}

impl Debug for WebhookOptions {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebhookOptions")
            .field("profile", &self.profile)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "(hidden)"))
            .field("store_account", &self.store_account)
            .field("time_scale", &self.time_scale)
            .field("retry_timestamps", &self.retry_timestamps)
            .field("new_hook_delay", &self.new_hook_delay)
            .field("destinations", &self.destinations)
            .field("timeout", &self.timeout)
            .field("remembered_deliveries", &self.remembered_deliveries)
            .field("waiting_deliveries", &self.waiting_deliveries)
            .finish()
    }
}

/// An API account of one store, beside the app's.
#[derive(Clone)]
pub struct StoreAccount {
    /// What `X-Auth-Token` carries in its requests.
    pub access_token: String,
    /// What its webhooks are signed with.
    pub client_secret: String,
}

impl Debug for StoreAccount {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoreAccount").finish_non_exhaustive()
    }
}

/// The form of a delivery's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureProfile {
    /// `X-BC-Webhook-Signature`: HMAC-SHA256 in lower-case hexadecimal over `{timestamp}.{body}`, with the
    /// milliseconds of `X-BC-Webhook-Timestamp`.
    BcHex,
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`, as Standard Webhooks has them.
    #[default]
    StandardWebhooks,
}

/// When the signature of a retry says that it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryTimestamps {
    /// When that attempt is made.
    #[default]
    Renewed,
    /// When the first attempt was made, up to two days ago.
    Kept,
}

/// Where webhooks can lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destinations {
    /// As documented: to https addresses on port 443.
    #[default]
    Documented,
    /// There, and to any port of the loopback address, over http too.
    LocalToo,
}

impl SignatureProfile {
    /// Every profile with its name.
    pub const NAMES: [(&'static str, Self); 2] =
        [("bc-hex", Self::BcHex), ("standard-webhooks", Self::StandardWebhooks)];
}

impl RetryTimestamps {
    /// Every choice with its name.
    pub const NAMES: [(&'static str, Self); 2] = [("renewed", Self::Renewed), ("kept", Self::Kept)];
}

impl FromStr for SignatureProfile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, profile)| profile).ok_or("give bc-hex or standard-webhooks")
    }
}

impl FromStr for RetryTimestamps {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, choice)| choice).ok_or("give renewed or kept")
    }
}
