//! The command `connector serve`, from its settings to its end.

use std::io::Write;

use connector_runtime::Connector;
use tokio::sync::watch;

use super::config::Config;
use super::signals::Signals;
use super::values::{Flags, Values};
use super::{Service, broken, logs};
use crate::credentials::Sources;
use crate::delivery::settings::Mode;
use crate::failure::Failure;
use crate::quota_sharing;
use crate::surroundings::Surroundings;

/// Serves until a signal stops it. A second signal does not wait for requests to end.
///
/// # Errors
/// `Usage` where the configuration is wrong; `Broken` where the service cannot start, or did not end in order.
pub(crate) async fn run(
    connector: &'static Connector,
    flags: &Flags,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    // Before anything is announced, so that a signal after the announcement always ends the service in order.
    let mut signals = Signals::listen().map_err(|error| broken("signals cannot be listened for", &error))?;
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let config = Config::read(&Values::read(flags, &sources)?, surroundings.variable)?;
    logs::start(config.log).map_err(|error| broken("logging cannot be set up", &error))?;
    // Where events go to standard output, nothing else may.
    let is_output_taken = matches!(config.delivery.mode, Mode::Lines);
    // An own file for the quota is a convenience, as for calls from the command line.
    let gates = quota_sharing::open(None, &sources)?.gates;
    let service = Service::start(connector, config, gates).await?;
    let out: &mut dyn Write =
        if is_output_taken { &mut *surroundings.stderr } else { &mut *surroundings.stdout };
    service.announce(out)?;
    let (stop, stopping) = watch::channel(false);
    let mut running = tokio::spawn(service.run(stopping));
    tokio::select! {
        () = signals.stop() => tracing::info!("stopping: requests under way may end"),
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
    let out: &mut dyn Write =
        if is_output_taken { &mut *surroundings.stderr } else { &mut *surroundings.stdout };
    Ok(writeln!(out, "stopped")?)
}
