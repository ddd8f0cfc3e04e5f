//! Log lines of the service: structured, on standard error, as text for people or as JSON for programs.

use std::io;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use super::config::Log;

/// Log lines go to standard error from now on. Libraries below say no more than warnings: what they tell of requests is
/// not ours to vouch for.
///
/// # Errors
/// When somebody has set up logging in this process before.
pub(super) fn start(log: Log) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let least = tracing::Level::WARN.min(log.level);
    let filter = Targets::new().with_default(least).with_target(env!("CARGO_CRATE_NAME"), log.level);
    // hyper's and rustls' own events quote what a peer sent.
    let filter = filter.with_target("hyper", tracing::level_filters::LevelFilter::OFF);
    let filter = filter.with_target("rustls", tracing::level_filters::LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    let lines = match log.is_json {
        true => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        false => lines.with_ansi(false).boxed(),
    };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(filter)))
}
