//! The limit of the system to the files and sockets that the service may open.

use std::io;

use super::config::Config;
use crate::failure::Failure;

/// What the service opens beside connections of clients: the database, files, calls to vendors, deliveries.
const BESIDE: usize = 256;

/// Raises the limit so far that all connections fit that the settings allow.
///
/// # Errors
/// `Usage` if the system does not allow so many.
pub(super) fn allow(config: &Config) -> Result<(), Failure> {
    let listeners = if config.admin_listen.is_some() { 2 } else { 1 };
    let deliveries = usize::try_from(config.delivery.concurrency).unwrap_or(usize::MAX);
    let wanted = (listeners * config.limits.open()).saturating_add(deliveries).saturating_add(BESIDE);
    let allowed = match raise(wanted) {
        Ok(allowed) => allowed,
        // A sandbox may forbid the question, and allow as many files all the same.
        Err(error) => {
            tracing::warn!(%error, wanted, "cannot raise the limit of open files");
            return Ok(());
        }
    };
    if allowed < wanted {
        return Err(Failure::usage(format!(
            "cannot serve {} connections at each address: the system allows {allowed} open files, and the settings need \
             {wanted}: raise the limit (`ulimit -Hn {wanted}`, or LimitNOFILE={wanted} in the unit of systemd), or lower \
             limits.connections, limits.webhook_connections or limits.heads",
            config.limits.open(),
        )));
    }
    Ok(())
}

/// Raises the limit to a number if the system allows it; the limit from now on.
pub(super) fn raise(wanted: usize) -> io::Result<usize> {
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    Ok(usize::try_from(rlimit::increase_nofile_limit(wanted)?).unwrap_or(usize::MAX))
}
