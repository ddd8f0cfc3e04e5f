//! The command line of `connector connections`: its subcommands with their flags, and what was asked for.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use connector_runtime::Connector;

use crate::action_command;
use crate::credentials::ConnectionFlags;
use crate::examples;
use crate::serve::values::{self, Flags};

/// What is to be done, and with which settings.
#[derive(Debug)]
pub(crate) struct ConnectionsTask {
    /// The settings.
    pub(super) flags: Flags,
    /// Whether programs read the output.
    pub(crate) is_json: bool,
    /// What.
    pub(super) verb: Verb,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Verb {
    Add(Box<Addition>),
    Edit { id: String, suppress_own: Vec<String>, deliver_own: Vec<String> },
    List,
    Remove { id: String, erase: bool },
    Rotate { id: String, secrets: SecretFiles },
    Reseal { new_key: bool },
    Audit { limit: u32 },
}

/// A new connection.
#[derive(Debug)]
pub(super) struct Addition {
    pub(super) connection: ConnectionFlags,
    /// The id of an app among the settings; `None` if the connection has a client secret of its own.
    pub(super) app: Option<String>,
    pub(super) secrets: SecretFiles,
    /// Ids of the triggers that are wanted; empty for all.
    pub(super) triggers: Vec<String>,
    pub(super) suppress_own: Vec<String>,
    pub(super) delivery: DeliveryFlags,
    pub(super) trial: Trial,
}

/// Whether credentials are tried before they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    Wanted,
    Skipped,
}

/// How a new connection is delivered, in place of what the service does by default.
#[derive(Debug)]
pub(super) struct DeliveryFlags {
    /// Where to.
    pub(super) deliver_to: Option<String>,
    /// Whether with the whole resource.
    pub(super) full_resource: Option<bool>,
}

/// Files with the secrets that sign webhooks.
#[derive(Debug)]
pub(super) struct SecretFiles {
    /// With the one that signs.
    pub(super) current: Option<PathBuf>,
    /// With the one before.
    pub(super) previous: Option<PathBuf>,
}

/// The command with its subcommands.
pub(crate) fn build(connector: &'static Connector, command: Command) -> Command {
    let settings = || {
        let wanted = ["config", "data", "public_url", "listen", "apps", "sealing.keys_file"];
        values::flags(|setting| wanted.contains(&setting.key))
    };
    let json = || {
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("Write JSON for programs instead of text for people")
    };
    let id = || Arg::new("id").value_name("ID").required(true).help("The connection, as `list` shows it");
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    };
    let current = || {
        let help = "A file with the client secret that webhooks are signed with, and nothing else, or `-` for standard input";
        file("client-secret-file", help)
    };
    let previous = || {
        file(
            "previous-client-secret-file",
            "A file with the secret before, as long as it still signs webhooks, or `-` for standard input",
        )
    };
    let of_trigger = |name: &'static str, help: &'static str| {
        let triggers = connector.triggers.iter().map(|trigger| trigger.id);
        Arg::new(name)
            .long(name)
            .value_name("TRIGGER")
            .action(ArgAction::Append)
            .value_parser(clap::builder::PossibleValuesParser::new(triggers))
            .help(help)
    };
    let trigger =
        of_trigger("trigger", "A trigger that is wanted; may be given more than once [default: all]");
    let suppress_own = || {
        let help = "A trigger of which events about changes that were made through the service are not delivered; may be \
                    given more than once";
        of_trigger("suppress-own", help)
    };
    let deliver_own = of_trigger("deliver-own", "A trigger of which such events are delivered again, marked");
    let no_test = Arg::new("no-test")
        .long("no-test")
        .action(ArgAction::SetTrue)
        .help("Store the credentials without trying them at the vendor first");
    let add = Command::new("add")
        .about("Make a connection after a test of its credentials, and show where its webhooks go")
        .args(action_command::connection_flags(connector))
        .arg(
            Arg::new("app")
                .long("app")
                .value_name("ID")
                .help("The app among the settings whose client secret signs the webhooks"),
        )
        .arg(Arg::new("deliver-to").long("deliver-to").value_name("URL").help(
            "Where its events are sent when the service delivers over HTTP [default: delivery.url of the service]",
        ))
        .arg(
            Arg::new("full-resource")
                .long("full-resource")
                .value_name("true|false")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(value_parser!(bool))
                .help("Read the whole resource before an event is delivered [default: delivery.full_resource]"),
        )
        .args([current(), previous(), trigger, suppress_own(), no_test, json()]);
    let edit = Command::new("edit")
        .about("Change which events about own changes a connection gets")
        .args([id(), suppress_own(), deliver_own, json()])
        .group(
            clap::ArgGroup::new("edits").args(["suppress-own", "deliver-own"]).required(true).multiple(true),
        );
    let rotate = Command::new("rotate")
        .about(
            "Give a connection a new client secret; the one before serves as well, until the next rotation",
        )
        .args([id(), current().required(true), json()]);
    let erase = Arg::new("erase")
        .long("erase")
        .action(ArgAction::SetTrue)
        .help("Erase the account: all its connections, and all that they have received");
    let new_key = Arg::new("new-key")
        .long("new-key")
        .action(ArgAction::SetTrue)
        .help("Make a new key first, in the key file of the data folder");
    let limit = Arg::new("limit")
        .long("limit")
        .value_name("NUMBER")
        .value_parser(value_parser!(u32).range(1..=10_000))
        .default_value("100")
        .help("At most so many entries");
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(examples::section(examples::CONNECTIONS))
        .subcommands(
            [
                add,
                edit,
                Command::new("list").about("Show all connections").arg(json()),
                Command::new("remove")
                    .about("Delete the webhooks of a connection, and remove it with its secrets")
                    .args([id(), erase, json()]),
                rotate,
                Command::new("reseal")
                    .about("Seal the secrets of all connections with the newest key")
                    .args([new_key, json()]),
                Command::new("audit")
                    .about("Show who connected, was granted and revoked what, the newest first")
                    .args([limit, json()]),
            ]
            .map(|command| command.args(settings())),
        )
}

/// What the command line asks for.
///
/// # Errors
/// Where it names no subcommand.
pub(crate) fn read(
    connector: &'static Connector,
    matches: &ArgMatches,
) -> Result<ConnectionsTask, clap::Error> {
    let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
    let (name, found) =
        matches.subcommand_matches("connections").and_then(ArgMatches::subcommand).ok_or_else(missing)?;
    let text = |id: &str| found.get_one::<String>(id).cloned();
    let id = || text("id").unwrap_or_default();
    let path = |id: &str| found.get_one::<PathBuf>(id).cloned();
    let all = |id: &str| found.get_many::<String>(id).unwrap_or_default().cloned().collect();
    let verb = match name {
        "add" => Verb::Add(Box::new(Addition {
            connection: action_command::connection(connector, found),
            app: text("app"),
            secrets: SecretFiles {
                current: path("client-secret-file"),
                previous: path("previous-client-secret-file"),
            },
            triggers: all("trigger"),
            suppress_own: all("suppress-own"),
            delivery: DeliveryFlags {
                deliver_to: text("deliver-to"),
                full_resource: found.get_one::<bool>("full-resource").copied(),
            },
            trial: if found.get_flag("no-test") { Trial::Skipped } else { Trial::Wanted },
        })),
        "edit" => Verb::Edit { id: id(), suppress_own: all("suppress-own"), deliver_own: all("deliver-own") },
        "list" => Verb::List,
        "remove" => Verb::Remove { id: id(), erase: found.get_flag("erase") },
        "rotate" => Verb::Rotate {
            id: id(),
            secrets: SecretFiles { current: path("client-secret-file"), previous: None },
        },
        "audit" => Verb::Audit { limit: found.get_one("limit").copied().unwrap_or(100) },
        "reseal" => Verb::Reseal { new_key: found.get_flag("new-key") },
        _ => return Err(missing()),
    };
    Ok(ConnectionsTask { flags: Flags::read(found), is_json: found.get_flag("json"), verb })
}
