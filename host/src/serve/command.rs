//! The command `connector serve`, from its settings to its end.

use std::sync::Arc;

use connector_runtime::Connector;
use tokio::sync::watch;

use super::config::Config;
use super::signals::Signals;
use super::values::{Flags, Values};
use super::{Service, broken, log_form, logs, open_files};
use crate::clock::Clock;
use crate::credentials::Sources;
use crate::delivery::lines::Output;
use crate::delivery::settings::Mode;
use crate::failure::Failure;
use crate::quota_sharing;
use crate::stream::Streams;
use crate::surroundings::Surroundings;

/// Serves until a signal stops it, or until the reader of the events has closed. A second signal does not wait for requests
/// to end. `is_json_log` is set as soon as the settings say whether log lines are JSON.
///
/// # Errors
/// `Usage` where the configuration is wrong; `Broken` where the service cannot start, did not end in order, or can deliver to
/// nobody any more.
pub(crate) async fn run(
    connector: &'static Connector,
    flags: &Flags,
    streams: &Streams,
    surroundings: &Surroundings<'_>,
    is_json_log: &mut bool,
) -> Result<(), Failure> {
    // Before anything is announced, so that a signal after the announcement always ends the service in order.
    let mut signals = Signals::listen().map_err(|error| broken("signals cannot be listened for", &error))?;
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let values = Values::read(flags, &sources)?;
    *is_json_log = values.text(log_form::KEY).as_deref() == Some(log_form::JSON);
    let config = Config::read(&values, surroundings.variable)?;
    logs::start(config.log, &streams.errors).map_err(|error| broken("logging cannot be set up", &error))?;
    // If events go to standard output, nothing else may. Among log lines of JSON there is no other text either.
    let told = match config.delivery.mode {
        Mode::Lines if config.log.is_json => None,
        Mode::Lines => Some(&streams.errors),
        Mode::Http { .. } | Mode::Pull => Some(&streams.output),
    };
    let tell = |text: &str| told.map_or(Ok(()), |stream| stream.tell(text));
    // An own file for the quota is a convenience, as for calls from the command line.
    let gates = quota_sharing::open(None, &sources)?.gates;
    open_files::allow(&config)?;
    let service = Service::start(connector, config, gates, Clock::system(), streams).await?;
    let output = service.output();
    // The log has the address as well: a service does not depend on who reads its announcement.
    if let Err(error) = tell(&service.announcement()?) {
        tracing::warn!(%error, "the announcement cannot be written");
    }
    let (stop, stopping) = watch::channel(false);
    let mut running = tokio::spawn(service.run(stopping));
    let mut failure = None;
    tokio::select! {
        () = signals.stop() => tracing::info!("stopping: requests under way may end"),
        () = closed(output) => {
            tracing::error!("stopping: the reader of standard output has closed, and events cannot be delivered");
            let what = "cannot write events to standard output: its reader has closed. The events are kept: start the \
                        reader and the service again";
            failure = Some(Failure::Broken(what.to_owned()));
        }
        // It ends by itself only where it broke.
        ended = &mut running => return Err(Failure::Broken(format!("the service ended by itself: {ended:?}"))),
    }
    stop.send_replace(true);
    let ended = tokio::select! {
        () = signals.stop() => return Err(Failure::Broken("stopped at once by a second signal".to_owned())),
        ended = running => ended,
    };
    match ended {
        Ok(true) => tracing::info!("stopped"),
        Ok(false) => tracing::warn!("stopped; some requests took too long and were cut off"),
        Err(error) => return Err(broken("the service did not end in order", &error)),
    }
    match failure {
        Some(failure) => Err(failure),
        None => {
            // It has ended in order, whoever reads that.
            drop(tell("stopped\n"));
            Ok(())
        }
    }
}

/// Waits until the reader of the events has closed; for ever if events do not go to standard output.
async fn closed(output: Option<Arc<Output>>) {
    match output {
        Some(output) => output.closed().await,
        None => std::future::pending().await,
    }
}
