//! Log lines of the service: structured, on standard error, as text for people or as JSON for programs.

use std::io::{self, Write};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use super::config::Log;
use crate::outside;
use crate::printable::printable_lines;
use crate::stream::Stream;

/// Log lines go to `errors` from now on, and a panic is a log line. A line is dropped if its reader is too slow. Libraries below say no more than warnings: what they tell of requests is
/// not ours to vouch for.
///
/// # Errors
/// When somebody has set up logging in this process before.
pub(super) fn start(log: Log, errors: &Stream) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let least = tracing::Level::WARN.min(log.level);
    let filter = Targets::new().with_default(least).with_target(env!("CARGO_CRATE_NAME"), log.level);
    // hyper's and rustls' own events quote what a peer sent.
    let filter = filter.with_target("hyper", tracing::level_filters::LevelFilter::OFF);
    let filter = filter.with_target("rustls", tracing::level_filters::LevelFilter::OFF);
    let errors = errors.clone();
    let writer = move || Line(errors.clone());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_target(false);
    let lines = match log.is_json {
        true => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        false => lines.with_ansi(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    tracing::subscriber::set_global_default(subscriber)?;
    // The hook of the standard library writes to standard error itself, and would wait for a reader that stalls.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of the service panicked")));
    Ok(())
}

/// Takes one log line, and never waits.
struct Line(Stream);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // The stream counts a line that it has no room for.
        drop(self.0.offer(printable_lines(&outside::shown(line)).into_bytes()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
