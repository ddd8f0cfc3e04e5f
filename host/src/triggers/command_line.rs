//! The command line of `connector triggers`: its subcommands with their flags, and what was asked for.

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::examples;
use crate::serve::values::{self, Flags};

/// What is to be done, and with which settings.
#[derive(Debug)]
pub(crate) struct TriggersTask {
    /// The settings.
    pub(super) flags: Flags,
    /// Whether programs read the output.
    pub(crate) is_json: bool,
    /// Of which connection; of all where none is named.
    pub(super) connection: Option<String>,
    /// What.
    pub(super) verb: Verb,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Tell what would be done.
    Plan,
    /// Do it.
    Apply,
    /// Tell what is there.
    Status,
}

/// The settings that commands about webhooks read.
pub(crate) fn settings() -> Vec<Arg> {
    let wanted = ["config", "data", "public_url", "listen", "apps", "sealing.keys_file"];
    values::flags(|setting| wanted.contains(&setting.key))
}

/// The flag for output that programs read.
pub(crate) fn json() -> Arg {
    let help = "Write JSON for programs instead of text for people";
    Arg::new("json").long("json").action(ArgAction::SetTrue).help(help)
}

/// The command with its subcommands.
pub(crate) fn build(command: Command) -> Command {
    let connection = || {
        let help = "The connection, as `connector connections list` shows it";
        Arg::new("connection").long("connection").value_name("ID").help(help)
    };
    let all = || {
        let help = "All connections, as without any flag";
        Arg::new("all").long("all").action(ArgAction::SetTrue).conflicts_with("connection").help(help)
    };
    let verbs = [
        ("plan", "Show what is to be done so that the webhooks are those that the connections want"),
        ("apply", "Do it: make, adopt, switch on and delete webhooks; a second time there is nothing to do"),
        ("status", "Show the webhooks that are there, and from when on missed events would be looked for"),
    ];
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(examples::section(examples::TRIGGERS))
        .subcommands(verbs.map(|(name, about)| {
            let command = Command::new(name).about(about);
            command.args([connection(), all(), json()]).args(settings())
        }))
}

/// What the command line asks for.
///
/// # Errors
/// Where it names no subcommand.
pub(crate) fn read(matches: &ArgMatches) -> Result<TriggersTask, clap::Error> {
    let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
    let (name, found) =
        matches.subcommand_matches("triggers").and_then(ArgMatches::subcommand).ok_or_else(missing)?;
    let verb = match name {
        "plan" => Verb::Plan,
        "apply" => Verb::Apply,
        "status" => Verb::Status,
        _ => return Err(missing()),
    };
    let connection = found.get_one::<String>("connection").cloned();
    Ok(TriggersTask { flags: Flags::read(found), is_json: found.get_flag("json"), connection, verb })
}
