//! The flags of `connector sandbox`: every setting of the local store, and how it misbehaves.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bigcommerce_sandbox::{
    CONTROL, ControlPath, Destinations, Fault, Misbehaviour, Rate, RetryTimestamps, SandboxOptions,
    SignatureProfile, StoreAccount, WebhookOptions,
};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::offer::Offering;
use app::AppFlags;

mod app;

/// The settings of a local store.
#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxFlags {
    /// Listen on this port of the loopback address; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,

    /// The hash of the store
    #[arg(long, value_name = "HASH", default_value = "sandbox1")]
    pub(crate) store_hash: String,

    /// A file that holds the store's access token and nothing else, or `-` for standard input; without one it follows from the seed [env: CONNECTOR_SANDBOX_ACCESS_TOKEN, which holds the token itself]
    #[arg(long, value_name = "FILE")]
    pub(crate) access_token_file: Option<PathBuf>,

    /// What the store's incidental numbers and its faults by chance are drawn from; the same seed gives the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Requests that the store answers in one window
    #[arg(long, value_name = "N", default_value_t = 150)]
    pub(crate) quota: u32,

    /// Length of the window in milliseconds
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    pub(crate) window_ms: u64,

    #[command(flatten)]
    app: AppFlags,

    #[command(flatten)]
    pub(crate) webhooks: WebhookFlags,

    #[command(flatten)]
    misbehaviour: MisbehaviourFlags,
}

/// How webhooks are sent.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Webhooks")]
pub(crate) struct WebhookFlags {
    /// A file that holds the app's client secret, which signs what is sent, or `-` for standard input; without one it follows from the seed [env: CONNECTOR_SANDBOX_CLIENT_SECRET, which holds the secret itself]
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,

    /// A file that holds the access token of a second API account, made for this store alone, or `-` for standard input
    #[arg(long, value_name = "FILE", requires = "store_account_secret_file")]
    pub(crate) store_account_token_file: Option<PathBuf>,

    /// A file that holds the client secret of that account, which signs what is sent to its webhooks, or `-` for standard input
    #[arg(long, value_name = "FILE", requires = "store_account_token_file")]
    pub(crate) store_account_secret_file: Option<PathBuf>,

    /// Sign in this form
    #[arg(long, value_name = "PROFILE", default_value = "standard-webhooks", value_parser = profiles())]
    webhook_profile: SignatureProfile,

    /// Let webhooks lead to this machine, too: to any port of the loopback address, over http as well as https
    #[arg(long)]
    webhook_local: bool,

    /// Take this share of BigCommerce's own waits: retries after 60 s to 24 h, blocks of 3 minutes
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    webhook_time_scale: f64,

    /// Let the signature of a retry say when that retry is made, or keep the time of the first attempt
    #[arg(long, value_name = "TIMES", default_value = "renewed", value_parser = retry_timestamps())]
    webhook_retry_timestamps: RetryTimestamps,

    /// Tell a new webhook of nothing for so many milliseconds; BigCommerce says up to 60000
    #[arg(long, value_name = "N", default_value_t = 0)]
    webhook_new_delay_ms: u32,

    /// Give receivers so many milliseconds to answer
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    webhook_timeout_ms: u32,
}

/// What the owner of a store keeps in files and variables.
#[derive(Default)]
pub(crate) struct GivenSecrets {
    /// The token that opens the store.
    pub(crate) access_token: Option<String>,
    /// The app's client secret.
    pub(crate) client_secret: Option<String>,
    /// The second account.
    pub(crate) store_account: Option<StoreAccount>,
}

/// How the store misbehaves.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Misbehaviour")]
struct MisbehaviourFlags {
    /// Requests of a window that another client of the store has used before anybody else
    #[arg(long, value_name = "N", default_value_t = 0)]
    foreign_requests: u32,

    /// Let that client come in every n-th window only: 2 takes every second one
    #[arg(long, value_name = "N", default_value_t = 1, requires = "foreign_requests", value_parser = clap::value_parser!(u32).range(1..))]
    foreign_every: u32,

    /// Show in X-Rate-Limit-Requests-Left what was left so many requests ago
    #[arg(long, value_name = "N", default_value_t = 0)]
    left_lags_by: u32,

    /// Let the quota hold for every stretch of time as long as the window, not for one window after the other
    #[arg(long)]
    sliding_window: bool,

    /// Let requests beyond the quota cost something, too
    #[arg(long)]
    rejections_count: bool,

    /// Answer requests beyond the quota with 500 instead of 429
    #[arg(long)]
    throttles_with_500: bool,

    /// Answer requests beyond the quota without X-Retry-After
    #[arg(long)]
    retry_after_missing: bool,

    /// Take at least so many milliseconds for every answer
    #[arg(long, value_name = "N", default_value_t = 0)]
    slow_ms: u32,

    /// Do not find a new resource by its id for so many milliseconds (404)
    #[arg(long, value_name = "N", default_value_t = 0)]
    fresh_is_missing_ms: u32,

    /// Take the access token for revoked: 401 on everything
    #[arg(long)]
    token_revoked: bool,

    /// Let this share of the requests, from 0 to 1, meet a passing fault: which one meets which follows from the seed
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    fault_rate: Rate,

    /// Leave the headers of the quota out of this share of the answers, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    headers_missing_rate: Rate,

    /// Let the headers of the quota say nonsense in this share of the answers, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    headers_nonsense_rate: Rate,

    /// Send this share of the deliveries to webhooks twice
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    webhook_duplicate_rate: Rate,

    /// Send this share of the deliveries late
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default(), requires = "webhook_late_ms")]
    webhook_late_rate: Rate,

    /// Send those so many milliseconds late
    #[arg(long, value_name = "N", default_value_t = 0)]
    webhook_late_ms: u32,

    /// Send this share of the deliveries behind the next one of their webhook
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    webhook_reorder_rate: Rate,

    /// Sign this share of the attempts to deliver with another secret
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    webhook_forged_rate: Rate,

    /// Let this share of the events happen again a second later, with the same hash
    #[arg(long, value_name = "SHARE", default_value_t = Rate::default())]
    webhook_repeat_rate: Rate,

    /// Let the first requests meet a fault, TIMES times; `slow` takes so many MILLISECONDS. Faults that are given one after the other come one after the other
    #[arg(long, value_name = "NAME[:TIMES[:MILLISECONDS]]", hide_possible_values = true, value_parser = Offering::new(fault, fault_names()), long_help = fault_help())]
    fault: Vec<(Fault, u32)>,
}

impl SandboxFlags {
    /// Whether the store has the app from the start, and with it a token.
    pub(crate) fn is_installed(&self) -> bool {
        self.app.is_installed()
    }

    /// The options of a store with these settings and these secrets.
    pub(crate) fn options(&self, secrets: GivenSecrets) -> SandboxOptions {
        let GivenSecrets { access_token, client_secret, store_account } = secrets;
        let MisbehaviourFlags {
            foreign_requests,
            foreign_every,
            left_lags_by,
            sliding_window,
            rejections_count,
            throttles_with_500,
            retry_after_missing,
            slow_ms,
            fresh_is_missing_ms,
            token_revoked,
            fault_rate,
            headers_missing_rate,
            headers_nonsense_rate,
            webhook_duplicate_rate,
            webhook_late_rate,
            webhook_late_ms,
            webhook_reorder_rate,
            webhook_forged_rate,
            webhook_repeat_rate,
            ref fault,
        } = self.misbehaviour;
        SandboxOptions {
            store_hash: self.store_hash.clone(),
            access_token,
            quota: self.quota,
            window: Duration::from_millis(self.window_ms),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            seed: self.seed,
            misbehaviour: Misbehaviour {
                foreign_requests,
                foreign_every,
                left_lags_by,
                sliding_window,
                rejections_count,
                throttles_with_500,
                retry_after_missing,
                slow_ms,
                fresh_is_missing_ms,
                token_revoked,
                fault_rate,
                headers_missing_rate,
                headers_nonsense_rate,
                webhook_duplicate_rate,
                webhook_late_rate,
                webhook_late_ms,
                webhook_reorder_rate,
                webhook_forged_rate,
                webhook_repeat_rate,
            },
            faults: fault.clone(),
            app: self.app.options(),
            token_faults: self.app.token_faults(),
            webhooks: self.webhooks.options(client_secret, store_account),
            ..SandboxOptions::default()
        }
    }
}

impl WebhookFlags {
    fn options(&self, client_secret: Option<String>, store_account: Option<StoreAccount>) -> WebhookOptions {
        WebhookOptions {
            profile: self.webhook_profile,
            client_secret,
            store_account,
            time_scale: self.webhook_time_scale,
            retry_timestamps: self.webhook_retry_timestamps,
            new_hook_delay: Duration::from_millis(self.webhook_new_delay_ms.into()),
            destinations: match self.webhook_local {
                true => Destinations::LocalToo,
                false => Destinations::Documented,
            },
            timeout: Duration::from_millis(self.webhook_timeout_ms.into()),
            ..WebhookOptions::default()
        }
    }
}

fn profiles() -> impl TypedValueParser<Value = SignatureProfile> {
    let names = SignatureProfile::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<SignatureProfile>())
}

fn retry_timestamps() -> impl TypedValueParser<Value = RetryTimestamps> {
    let names = RetryTimestamps::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<RetryTimestamps>())
}

/// Reads `NAME`, `NAME:TIMES` or `slow:TIMES:MILLISECONDS`.
fn fault(text: &str) -> Result<(Fault, u32), String> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let mut number = |what: &str, otherwise: u32| match parts.next() {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| format!("the {what} after the name are no whole number")),
    };
    let times = number("times", 1)?;
    let milliseconds = number("milliseconds", 1_000)?;
    let fault = Fault::named(name, milliseconds).ok_or_else(|| {
        let names: Vec<&str> = Fault::all().map(Fault::name).collect();
        format!("there is no such fault: give one of {}", names.join(", "))
    })?;
    match (fault, text.split(':').count()) {
        (Fault::Slow { .. }, 1..=3) | (_, 1..=2) => Ok((fault, times)),
        (Fault::Slow { .. }, _) => Err("write slow:TIMES:MILLISECONDS".to_owned()),
        _ => Err(format!("write {name}:TIMES; only slow takes milliseconds")),
    }
}

fn fault_names() -> impl Iterator<Item = String> {
    Fault::all().map(|fault| fault.name().to_owned())
}

/// The section of the help about the control API.
pub(crate) fn control() -> String {
    let methods = |path: &ControlPath| path.methods.join(", ");
    let width = CONTROL.iter().map(|path| methods(path).len()).max().unwrap_or_default();
    let line = |path: &ControlPath| format!("\n  {:width$}  {}: {}", methods(path), path.path, path.what);
    format!("Control, over HTTP and without a token:{}", CONTROL.iter().map(line).collect::<String>())
}

fn fault_help() -> String {
    let known: String =
        Fault::all().map(|fault| format!("\n- {}: {}", fault.name(), fault.summary())).collect();
    format!(
        "Let the first requests meet a fault, once or TIMES times; given again, more faults follow. `slow` takes \
         so many MILLISECONDS, 1000 unless said otherwise.\n{known}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_name_with_its_times_and_for_slow_its_length() {
        assert_eq!(fault("hang"), Ok((Fault::Hang, 1)));
        assert_eq!(fault("forbidden:3"), Ok((Fault::Forbidden, 3)));
        assert_eq!(fault("limited_with_quota_left:2"), Ok((Fault::LimitedWithQuotaLeft, 2)));
        assert_eq!(fault("slow"), Ok((Fault::Slow { milliseconds: 1_000 }, 1)));
        assert_eq!(fault("slow:2:50"), Ok((Fault::Slow { milliseconds: 50 }, 2)));
        for (text, part) in [
            ("earthquake", "give one of overloaded_without_headers, "),
            ("hang:often", "times"),
            ("slow:1:long", "milliseconds"),
            ("hang:1:50", "only slow"),
            ("slow:1:2:3", "slow:TIMES:MILLISECONDS"),
            ("", "no such fault"),
        ] {
            assert!(fault(text).unwrap_err().contains(part), "{text}");
        }
    }

    #[test]
    fn the_help_explains_every_fault() {
        let text = fault_help();
        assert!(Fault::all().all(|fault| text.contains(&format!("- {}: {}", fault.name(), fault.summary()))));
    }
}
