//! A stored connection for a call from the command line, as a person made it in the browser or with `connector connections`.

use std::time::Duration;

use clap::{Arg, ArgMatches};
use connector_runtime::pacing::Gates;
use connector_runtime::{Connection, Connector};

use super::{Acting, Behalf, Owner, name, refusal};
use crate::clock::Clock;
use crate::connections::stored::Stored;
use crate::connections::{HostConnection, Lifecycle};
use crate::credentials::Sources;
use crate::failure::Failure;
use crate::loops::Loops;
use crate::serve::broken;
use crate::serve::values::{self, Flags, Values};
use crate::storage::ConnectionRow;

/// The section of an action's help.
const HEADING: &str = "Stored connection";

/// Which stored connection a call goes over.
#[derive(Clone, Debug)]
pub(crate) struct StoredFlags {
    id: String,
    settings: Flags,
    /// On whose behalf it is made.
    pub(crate) behalf: Behalf,
}

/// A stored connection, opened.
pub(crate) struct Opened {
    /// For calls.
    pub(crate) connection: Connection,
    /// Whose they are.
    pub(crate) owner: Owner,
    /// Makes them.
    pub(crate) acting: Acting,
    /// Who marks the connection where its credentials are refused.
    pub(crate) lifecycle: Lifecycle,
    /// As it was read.
    pub(crate) row: ConnectionRow,
}

/// The flags; those of `others` make a connection of their own.
pub(crate) fn flags(others: &[String]) -> Vec<Arg> {
    let named = |text: &str| name(text).ok_or("give 1 to 200 characters on one line");
    let text = |id: &'static str, value: &'static str, help: &'static str| {
        Arg::new(id).long(id).value_name(value).help(help).help_heading(HEADING)
    };
    let connection = text(
        "connection",
        "ID",
        "Call through this connection of the service, as `connector connections list` shows it, with its stored credentials",
    );
    let behalf = [
        text(
            "caused-by",
            "ID",
            "The activation on whose behalf it is called: the event of the change will say so",
        ),
        text("workflow", "NAME", "The workflow that calls; the event of the change will say so"),
    ];
    let behalf = behalf.map(|arg| arg.requires("connection").value_parser(named));
    let settings = values::flags(|setting| ["config", "data", "sealing.keys_file"].contains(&setting.key));
    let settings = settings.into_iter().map(|arg| arg.requires("connection").help_heading(HEADING));
    std::iter::once(connection.conflicts_with_all(others)).chain(behalf).chain(settings).collect()
}

/// What the command line says.
pub(crate) fn read(matches: &ArgMatches) -> Option<StoredFlags> {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let behalf = Behalf { caused_by: text("caused-by"), workflow: text("workflow") };
    Some(StoredFlags { id: text("connection")?, settings: Flags::read(matches), behalf })
}

/// Opens the connection that the flags name.
///
/// # Errors
/// `Usage` where there is none; class `auth.revoked` where it was revoked; `Broken` where storage or keys cannot be used.
pub(crate) async fn open(
    connector: &'static Connector,
    flags: &StoredFlags,
    gates: Gates,
    timeout: Duration,
    sources: &Sources<'_>,
) -> Result<Opened, Failure> {
    let values = Values::read(&flags.settings, sources)?;
    let remember = values.duration("loops.remember")?;
    let opened = Stored::open(&values, sources.variable)?;
    let row = opened.row(&flags.id).await?;
    if let Some(error) = refusal(&row) {
        return Err(Failure::call(error, None));
    }
    let stored = HostConnection::open(&row, &opened.ring()?)
        .map_err(|why| Failure::Broken(format!("the connection {} cannot be used: {why}", row.id)))?;
    let connection = stored.connect(connector).map_err(|error| Failure::call(error, None))?;
    let clock = Clock::system();
    let lifecycle = opened.lifecycle();
    let loops = Loops { changes: opened.storage, remember };
    let acting =
        Acting::new(gates, loops, clock, timeout).map_err(|error| broken("no HTTP client", &error))?;
    Ok(Opened { connection, owner: Owner::of(&stored), acting, lifecycle, row })
}
