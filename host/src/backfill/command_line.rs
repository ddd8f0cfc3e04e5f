//! The command line of `connector backfill`.

use clap::{Arg, ArgMatches, Command};
use connector_runtime::Connector;

use crate::examples;
use crate::moments;
use crate::serve::values::Flags;
use crate::triggers::command_line::{json, settings};

/// What is to be looked for.
#[derive(Debug)]
pub(crate) struct BackfillTask {
    /// The settings.
    pub(super) flags: Flags,
    /// Whether programs read the output.
    pub(crate) is_json: bool,
    /// Of which connection.
    pub(super) connection: String,
    /// Events of this trigger; of all that the connection wants where none is named.
    pub(super) trigger: Option<String>,
    /// From this moment on, in milliseconds since the epoch.
    pub(super) since_ms: Option<i64>,
}

/// The command with its flags.
pub(crate) fn build(connector: &'static Connector, command: Command) -> Command {
    let ids =
        connector.triggers.iter().filter(|trigger| trigger.backfill.is_some()).map(|trigger| trigger.id);
    let connection = Arg::new("connection").long("connection").value_name("ID").required(true);
    let trigger = Arg::new("trigger").long("trigger").value_name("TRIGGER");
    let trigger = trigger.value_parser(clap::builder::PossibleValuesParser::new(ids));
    let since = Arg::new("since").long("since").value_name("TIME").value_parser(moments::given);
    command
        .args([
            connection.help("The connection, as `connector connections list` shows it"),
            trigger.help("Events of this trigger alone [default: all that the connection wants]"),
            since.help(
                "From this moment on, such as 2026-11-24T08:00:00Z, or so long ago, such as 2d [default: from where all is known]",
            ),
            json(),
        ])
        .args(settings())
        .after_help(examples::section(examples::BACKFILL))
}

/// What the command line asks for.
///
/// # Errors
/// Where it is another command.
pub(crate) fn read(matches: &ArgMatches) -> Result<BackfillTask, clap::Error> {
    let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
    let found = matches.subcommand_matches("backfill").ok_or_else(missing)?;
    Ok(BackfillTask {
        flags: Flags::read(found),
        is_json: found.get_flag("json"),
        connection: found.get_one::<String>("connection").cloned().unwrap_or_default(),
        trigger: found.get_one::<String>("trigger").cloned(),
        since_ms: found.get_one::<i64>("since").copied(),
    })
}
