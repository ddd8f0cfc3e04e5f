//! The command line of `connector activations`: its subcommands with their flags, and what was asked for.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use connector_runtime::Connector;

use crate::examples;
use crate::moments;
use crate::serve::values::{self, Flags};
use crate::storage::ActivationState;

/// Where an activation may stand, in words.
pub(super) const STATES: [(&str, ActivationState); 5] = [
    ("waiting", ActivationState::Waiting),
    ("leased", ActivationState::Leased),
    ("delivered", ActivationState::Delivered),
    ("dead", ActivationState::Dead),
    ("suppressed", ActivationState::Suppressed),
];

/// What is to be done, and with which settings.
#[derive(Debug)]
pub(crate) struct ActivationsTask {
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
    List { which: Which, limit: u32 },
    Show { id: String },
    Replay { ids: Vec<String>, which: Which },
}

/// Which activations.
#[derive(Clone, Debug, Default)]
pub(super) struct Which {
    pub(super) state: Option<ActivationState>,
    pub(super) connection: Option<String>,
    pub(super) account: Option<String>,
    pub(super) trigger: Option<String>,
    /// Received at this time or later, in milliseconds since the Unix epoch.
    pub(super) since_ms: Option<i64>,
    pub(super) after: Option<i64>,
}

/// The command with its subcommands.
pub(crate) fn build(connector: &'static Connector, command: Command) -> Command {
    let settings = || values::flags(|setting| ["config", "data"].contains(&setting.key));
    let json = || {
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("Write JSON for programs instead of text for people")
    };
    let states = |words: &[&'static str]| {
        Arg::new("state")
            .long("state")
            .value_name("STATE")
            .value_parser(clap::builder::PossibleValuesParser::new(words.to_vec()))
    };
    let connection = || {
        let connection = Arg::new("connection").long("connection").value_name("ID");
        connection.help("Those of this connection, as `connector connections list` shows it")
    };
    let since = || {
        let since = Arg::new("since").long("since").value_name("TIME").value_parser(moments::given);
        since.help(
            "Those received from this moment on, such as 2026-11-24T08:00:00Z, or so long ago, such as 2d",
        )
    };
    let account = || Arg::new("account").long("account").value_name("ACCOUNT").help("Those of this account");
    let trigger = || {
        let known = connector.triggers.iter().map(|trigger| trigger.id);
        Arg::new("trigger")
            .long("trigger")
            .value_name("TRIGGER")
            .value_parser(clap::builder::PossibleValuesParser::new(known))
            .help("Those of this trigger")
    };
    let list = Command::new("list").about("Show activations, the newest first").args([
        states(&STATES.map(|(word, _)| word)).help("Those in this state"),
        connection(),
        account(),
        trigger(),
        since(),
        Arg::new("after")
            .long("after")
            .value_name("POSITION")
            .value_parser(value_parser!(i64))
            .help("Go on with older ones than at this position, as the last list says"),
        Arg::new("limit")
            .long("limit")
            .value_name("NUMBER")
            .default_value("100")
            .value_parser(value_parser!(u32).range(1..=10_000))
            .help("At most so many"),
        json(),
    ]);
    let show =
        Command::new("show").about("Show all that is known of one, and the event as it is sent").args([
            Arg::new("id").value_name("ID").required(true).help("The activation, as `list` shows it"),
            json(),
        ]);
    let replay = Command::new("replay")
        .about(
            "Deliver again what is dead, delivered or suppressed, at its old place before all of its resource that wait; \
             deliver now what waits for its time",
        )
        .args([
            Arg::new("id").value_name("ID").num_args(1..).help("The activations, as `list` shows them"),
            states(&["dead", "delivered", "suppressed", "waiting"])
                .required_unless_present("id")
                .conflicts_with("id")
                .help("All that stand here"),
            connection().conflicts_with("id"),
            account().conflicts_with("id"),
            trigger().conflicts_with("id"),
            since().conflicts_with("id"),
            json(),
        ]);
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(examples::section(examples::ACTIVATIONS))
        .subcommands([list, show, replay].map(|command| command.args(settings())))
}

/// What the command line asks for.
///
/// # Errors
/// Where it names no subcommand.
pub(crate) fn read(matches: &ArgMatches) -> Result<ActivationsTask, clap::Error> {
    let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
    let (name, found) =
        matches.subcommand_matches("activations").and_then(ArgMatches::subcommand).ok_or_else(missing)?;
    let text = |id: &str| found.get_one::<String>(id).cloned();
    let state = |word: &str| STATES.iter().find(|(known, _)| *known == word).map(|(_, state)| *state);
    let which = |after| Which {
        state: found.get_one::<String>("state").and_then(|word| state(word)),
        connection: text("connection"),
        account: text("account"),
        trigger: text("trigger"),
        since_ms: found.get_one::<i64>("since").copied(),
        after,
    };
    let verb = match name {
        "list" => Verb::List {
            which: which(found.get_one::<i64>("after").copied()),
            limit: found.get_one::<u32>("limit").copied().unwrap_or(100),
        },
        "show" => Verb::Show { id: text("id").unwrap_or_default() },
        "replay" => Verb::Replay {
            ids: found.get_many::<String>("id").unwrap_or_default().cloned().collect(),
            which: which(None),
        },
        _ => return Err(missing()),
    };
    Ok(ActivationsTask { flags: Flags::read(found), is_json: found.get_flag("json"), verb })
}
