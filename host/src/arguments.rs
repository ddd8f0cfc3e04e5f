//! The command line: a fixed part, and one subcommand per action of the connector with one flag per field.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use connector_runtime::{Connector, Operation};

use crate::acting::stored::{self, StoredFlags};
use crate::action_command;
use crate::activations::command_line::{self as activations, ActivationsTask};
use crate::backfill::{self, command_line::BackfillTask};
use crate::backup;
use crate::call_options::CallOptions;
use crate::catalog::{self, ActionEntry};
use crate::columns::Column;
use crate::connections::command_line::{self, ConnectionsTask};
use crate::credentials::{ConnectionFlags, flag_name};
use crate::examples;
use crate::failure::{EXIT_CODES, Failure};
use crate::health_check;
use crate::outside;
#[cfg(feature = "demo")]
use crate::sandbox_flags::{self, SandboxFlags};
use crate::serve::{self, values::Flags};
use crate::suggestion::{nearest, suggestions};
use crate::surroundings::STANDARD_INPUT;
use crate::triggers::{self, command_line::TriggersTask};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Task {
    /// Run one action.
    Call(Box<Call>),
    /// Show the actions and triggers.
    Catalog(Format),
    /// Run until a signal.
    Service(Service),
    /// Ask the service whether it is ready.
    Health(Flags),
    /// Change or show the connections of the service.
    Connections(Box<ConnectionsTask>),
    /// Change or show the webhooks of connections.
    Triggers(Box<TriggersTask>),
    /// Look for missed events.
    Backfill(Box<BackfillTask>),
    /// Show or replay what the service has received.
    Activations(Box<ActivationsTask>),
    /// Copy the database of the service to a new file.
    Backup(Flags, PathBuf),
    /// Write what a shell completes command lines with.
    Completion(String),
    /// Show the whole at work.
    #[cfg(feature = "demo")]
    Demo(Format),
}

/// A task that runs until a signal.
#[derive(Debug)]
pub(crate) enum Service {
    /// Receive webhooks.
    Serve(Flags),
    /// Serve a local store.
    #[cfg(feature = "demo")]
    Sandbox(Box<SandboxFlags>),
}

/// How to write what came out.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Write JSON for programs instead of text for people
    #[arg(long)]
    pub(crate) json: bool,
}

/// One call of an action.
#[derive(Debug)]
pub(crate) struct Call {
    /// What is called.
    pub(crate) operation: &'static Operation,
    /// The fields given as flags: name and JSON.
    pub(crate) fields: Vec<(String, String)>,
    /// The fields given as flags whose text is no value of their kind: name and what is wrong with it.
    pub(crate) unreadable: Vec<(String, String)>,
    /// The flag of each field, without the dashes.
    flags: Vec<(String, String)>,
    /// The fields of the objects that the action answers with.
    pub(crate) columns: Vec<Column>,
    /// The connection as far as flags give it.
    pub(crate) connection: ConnectionFlags,
    /// The stored connection in its place.
    pub(crate) stored: Option<StoredFlags>,
    /// Everything else.
    pub(crate) options: CallOptions,
}

impl Call {
    /// The flag of a field, with its dashes.
    pub(crate) fn flag(&self, field: &str) -> String {
        let flag = self.flags.iter().find(|(name, _)| name == field).map(|(_, flag)| flag.clone());
        format!("--{}", flag.unwrap_or_else(|| flag_name(field)))
    }
}

/// Why there is nothing to do.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The command line is wrong, or asks for help.
    Clap(clap::Error),
    /// The commands cannot be built.
    Failed(Failure),
}

#[derive(Parser)]
#[command(name = "connector", version, about = "Runs a connector's actions from the command line")]
#[command(after_help = format!("{}\n\n{EXIT_CODES}", examples::section(examples::PROGRAM)))]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run an action against a store
    Call,
    /// Show every action and trigger
    #[command(after_help = examples::section(examples::CATALOG))]
    Catalog(Format),
    /// Receive webhooks and keep what they start, until Ctrl-C or SIGTERM
    #[command(after_help = examples::section(examples::SERVE))]
    Serve,
    /// Ask the service that runs on this machine whether it is ready
    #[command(after_help = examples::section(examples::HEALTH))]
    Health,
    /// Show and change the accounts that the service receives webhooks of
    Connections,
    /// Show and change the webhooks through which accounts tell of events
    Triggers,
    /// Look for events that no webhook told of, and keep what they start
    Backfill,
    /// Show what the service has received and what became of it, and deliver it again
    Activations,
    /// Copy the database of the service to a new file, also while it runs
    #[command(after_help = examples::section(examples::BACKUP))]
    Backup {
        /// The new file
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Serve a local store to try actions on, until Ctrl-C
    #[cfg(feature = "demo")]
    #[command(after_help = format!("{}\n\n{}", examples::section(examples::SANDBOX), sandbox_flags::control()))]
    Sandbox(Box<SandboxFlags>),
    /// Tell the whole story against a local store: connect it, run every action and trigger, break it, uninstall
    #[cfg(feature = "demo")]
    #[command(after_help = examples::section(examples::DEMO))]
    Demo(Format),
    /// Write a script with which a shell completes commands, actions and their flags
    #[command(after_help = examples::section(examples::COMPLETION))]
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// Reads the command line, program name first.
///
/// # Errors
/// Where it is wrong or asks for help, or where the catalog is broken.
pub(crate) fn parse(connector: &'static Connector, arguments: &[OsString], width: u16) -> Result<Task, Stop> {
    let actions = catalog::read(connector).map_err(Stop::Failed)?;
    let mut command = command(connector, &actions, width);
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(|error| Stop::Clap(with_suggestions(error, connector, &actions, arguments)))?;
    check_standard_input(&command, &matches).map_err(Stop::Failed)?;
    match Arguments::from_arg_matches(&matches).map_err(Stop::Clap)?.verb {
        Verb::Call => {
            let call = read_call(connector, &actions, &matches).map_err(Stop::Clap)?;
            Ok(Task::Call(Box::new(call)))
        }
        Verb::Serve => Ok(Task::Service(Service::Serve(flags_of(&matches, "serve")))),
        Verb::Health => Ok(Task::Health(flags_of(&matches, "health"))),
        Verb::Connections => {
            let task = command_line::read(connector, &matches).map_err(Stop::Clap)?;
            Ok(Task::Connections(Box::new(task)))
        }
        Verb::Triggers => {
            let task = triggers::command_line::read(&matches).map_err(Stop::Clap)?;
            Ok(Task::Triggers(Box::new(task)))
        }
        Verb::Backfill => {
            let task = backfill::command_line::read(&matches).map_err(Stop::Clap)?;
            Ok(Task::Backfill(Box::new(task)))
        }
        Verb::Activations => {
            let task = activations::read(&matches).map_err(Stop::Clap)?;
            Ok(Task::Activations(Box::new(task)))
        }
        Verb::Backup { to } => Ok(Task::Backup(flags_of(&matches, "backup"), to)),
        Verb::Catalog(format) => Ok(Task::Catalog(format)),
        Verb::Completion { shell } => {
            let command = with_short_names(self::command(connector, &actions, width));
            Ok(Task::Completion(completion(command, shell)))
        }
        #[cfg(feature = "demo")]
        Verb::Sandbox(flags) => Ok(Task::Service(Service::Sandbox(flags))),
        #[cfg(feature = "demo")]
        Verb::Demo(format) => Ok(Task::Demo(format)),
    }
}

/// Refuses a command line on which more than one option reads standard input.
fn check_standard_input(command: &clap::Command, matches: &clap::ArgMatches) -> Result<(), Failure> {
    let (mut command, mut matches, mut path) = (command, matches, Vec::new());
    while let Some((name, inner)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else { break };
        (command, matches) = (found, inner);
        path.push(name);
    }
    let reads = |arg: &&clap::Arg| {
        let is_file = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == FILE));
        let mut values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
        is_file && values.any(|value| value == STANDARD_INPUT)
    };
    let found = command.get_arguments().filter(reads).filter_map(clap::Arg::get_long);
    let found: Vec<String> = found.map(|flag| format!("--{flag}")).collect();
    if found.len() < 2 {
        return Ok(());
    }
    let message = format!(
        "cannot read {} from standard input: one option may take `-`; name a file for the others",
        found.join(" and ")
    );
    Err(Failure::Usage { message, command: Some(path.join(" ")) })
}

/// The value name of options that read a file.
const FILE: &str = "FILE";

/// The error with suggestions of our own where an action is misspelt: clap's are alike for their common beginning.
fn with_suggestions(
    mut error: clap::Error,
    connector: &Connector,
    actions: &[ActionEntry],
    arguments: &[OsString],
) -> clap::Error {
    let given = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(given)) if arguments.get(1).is_some_and(|verb| verb == "call") => {
            given.clone()
        }
        _ => return error,
    };
    let ids = || actions.iter().map(|action| action.id.as_str());
    let names = |ids: Vec<&str>| -> Vec<String> {
        ids.into_iter().map(|id| format!("{}/{id}", connector.id)).collect()
    };
    let found = names(suggestions(&given, ids()));
    error.remove(ContextKind::SuggestedSubcommand);
    let catalog = "`connector catalog` shows every action";
    let tip = match found.is_empty() {
        true => format!("{catalog}, such as {}", names(nearest(&given, ids())).join(", ")),
        false => catalog.to_owned(),
    };
    if !found.is_empty() {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(found));
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// The whole command line of a connector.
fn command(connector: &'static Connector, actions: &[ActionEntry], width: u16) -> clap::Command {
    let commands: Vec<clap::Command> =
        actions.iter().map(|action| action_command::build(connector, action, actions)).collect();
    let command = Arguments::command()
        .term_width(width.into())
        .mut_subcommand("serve", |serve| serve.args(serve::flags()))
        .mut_subcommand("health", |health| health.args(health_check::flags()))
        .mut_subcommand("backup", |backup| backup.args(backup::flags()))
        .mut_subcommand("triggers", triggers::command_line::build)
        .mut_subcommand("backfill", |command| backfill::command_line::build(connector, command))
        .mut_subcommand("activations", |command| activations::build(connector, command))
        .mut_subcommand("connections", |command| command_line::build(connector, command));
    command.mut_subcommand("call", |call| {
        call.subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .subcommand_value_name("ACTION")
            .subcommand_help_heading("Actions")
            .after_help(format!(
                "`connector call ACTION --help` shows the fields of an action.\n\n{}\n\n{EXIT_CODES}",
                examples::section(examples::CALL)
            ))
            .subcommands(commands)
    })
}

/// The settings among the flags of a subcommand.
fn flags_of(matches: &clap::ArgMatches, verb: &str) -> Flags {
    matches.subcommand_matches(verb).map(Flags::read).unwrap_or_default()
}

/// The command line with every action under its short name, too: shells complete no hidden alias.
fn with_short_names(command: clap::Command) -> clap::Command {
    command.mut_subcommand("call", |call| {
        let short = call.get_subcommands().filter_map(|action| {
            let name = action.get_all_aliases().next()?.to_owned();
            Some(without_aliases(action.clone()).name(name))
        });
        let short: Vec<clap::Command> = short.collect();
        call.mut_subcommands(without_aliases).subcommands(short)
    })
}

fn without_aliases(command: clap::Command) -> clap::Command {
    command.alias(None)
}

/// The script for a shell. It goes through memory because the generator panics where it cannot write.
fn completion(mut command: clap::Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "connector", &mut script);
    outside::shown(&script)
}

fn read_call(
    connector: &'static Connector,
    actions: &[ActionEntry],
    matches: &clap::ArgMatches,
) -> Result<Call, clap::Error> {
    let chosen = matches.subcommand_matches("call").and_then(|call| {
        let (name, flags) = call.subcommand()?;
        let id = name.strip_prefix(connector.id)?.strip_prefix('/')?;
        let described = actions.iter().find(|action| action.id == id)?;
        Some((connector.action(id)?.operation, described, flags))
    });
    let (operation, described, flags) =
        chosen.ok_or_else(|| clap::Error::new(clap::error::ErrorKind::MissingSubcommand))?;
    let names = described.input.iter().map(|field| field.name.clone());
    let (mut fields, mut unreadable) = (Vec::new(), Vec::new());
    for (name, given) in action_command::fields(described, flags) {
        match given {
            Ok(json) => fields.push((name, json)),
            Err(what) => unreadable.push((name, what)),
        }
    }
    Ok(Call {
        operation,
        fields,
        unreadable,
        flags: names.zip(action_command::flags(connector, described)).collect(),
        columns: described.columns.clone(),
        connection: action_command::connection(connector, flags),
        stored: stored::read(flags),
        options: CallOptions::from_arg_matches(flags)?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use connector_runtime::Patience;

    use super::*;
    use crate::fixture::CONNECTOR;
    use crate::metrics;

    fn parsed(arguments: &[&str]) -> Result<Task, Stop> {
        let arguments: Vec<OsString> = ["connector"].iter().chain(arguments).map(OsString::from).collect();
        parse(&CONNECTOR, &arguments, 100)
    }

    #[track_caller]
    fn call(arguments: &[&str]) -> Call {
        let whole: Vec<&str> = ["call", "bigcommerce/get-product"].iter().chain(arguments).copied().collect();
        match parsed(&whole).unwrap() {
            Task::Call(call) => *call,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn said(arguments: &[&str]) -> String {
        match parsed(arguments) {
            Err(Stop::Clap(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn said_of_product(arguments: &[&str]) -> String {
        said(&["call", "bigcommerce/get-product"].iter().chain(arguments).copied().collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_consistent() {
        let actions = catalog::read(&CONNECTOR).unwrap();
        command(&CONNECTOR, &actions, 100).debug_assert();
    }

    #[test]
    fn flags_become_fields_in_the_order_of_the_catalog() {
        let call =
            call(&["--include", "images", "--product-id", "111", "--include=variants,x", "--limit", "-3"]);
        let fields: Vec<(&str, &str)> =
            call.fields.iter().map(|(name, json)| (name.as_str(), json.as_str())).collect();
        let expected = [("product_id", "111"), ("include", r#"["images","variants","x"]"#), ("limit", "-3")];
        assert_eq!(fields, expected);
        assert_eq!(call.operation.id, "get-product");
        assert_eq!(call.options.timeout, Duration::from_secs(30));
    }

    #[test]
    fn a_field_named_like_a_flag_of_the_command_gives_way() {
        let call = call(&["--timeout", "2.5", "--field-timeout", "true"]);
        assert_eq!(call.options.timeout, Duration::from_millis(2500));
        assert_eq!(call.fields, [("timeout".to_owned(), "true".to_owned())]);
    }

    #[test]
    fn a_number_that_is_none_is_kept_with_what_is_wrong() {
        let call = call(&["--product-id", "eleven", "--field-timeout", "yes", "--limit", "3"]);
        let told: Vec<&str> = call.unreadable.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(told, ["product_id", "timeout"]);
        assert!(call.unreadable[0].1.contains("whole number"), "{:?}", call.unreadable);
        assert_eq!(call.fields, [("limit".to_owned(), "3".to_owned())]);
        assert!(said_of_product(&["--timeout", "0"]).contains("more than 0"));
        assert!(said_of_product(&["--product-id"]).contains("a value is required"));
    }

    #[test]
    fn a_wrong_flag_or_action_gets_a_suggestion() {
        assert!(said_of_product(&["--produkt-id", "1"]).contains("'--product-id'"));
        assert!(said(&["call", "bigcommerce/get-produkt"]).contains("'bigcommerce/get-product'"));
        assert!(said(&["cal"]).contains("'call'"));
    }

    /// Every command line in the help texts and what the parser makes of it.
    fn examples_of(connector: &'static Connector) -> Vec<(String, Result<Task, Stop>)> {
        let actions = catalog::read(connector).unwrap();
        let made = actions.iter().flat_map(|action| examples::of_action(connector, action, &actions));
        let mut written =
            [examples::PROGRAM, examples::CALL, examples::CATALOG, examples::COMPLETION].concat();
        written.extend([examples::SERVE, examples::BACKUP, examples::HEALTH, examples::CONNECTIONS].concat());
        written.extend(examples::ACTIVATIONS);
        #[cfg(feature = "demo")]
        written.extend([examples::SANDBOX, examples::DEMO].concat());
        let written = written.into_iter().map(|(command, what)| (command.to_owned(), what.to_owned()));
        let read = |(command, _): (String, String)| {
            let words: Vec<OsString> =
                examples::tests::split(&command).into_iter().map(OsString::from).collect();
            let task = parse(connector, &words, 100);
            (command, task)
        };
        made.chain(written).map(read).collect()
    }

    #[test]
    fn every_example_is_a_command_line_that_can_be_carried_out() {
        let connector = &bigcommerce_connector::CONNECTOR;
        let mut called = std::collections::BTreeSet::new();
        for (command, task) in examples_of(connector) {
            let call = match task {
                Ok(Task::Call(call)) => call,
                Ok(_) => continue,
                Err(stop) => panic!("{command}: {stop:?}"),
            };
            called.insert(call.operation.id);
            if call.options.input.is_some() {
                continue;
            }
            let input = crate::input::compose(None, &call.fields).unwrap();
            let prepared = connector.action(call.operation.id).unwrap().prepare(input.as_bytes());
            assert!(prepared.is_ok(), "{command}: {:?}", prepared.unwrap_err().violations());
        }
        assert_eq!(called.len(), connector.actions.len());
    }

    #[test]
    fn the_help_of_everything_has_examples() {
        for arguments in [
            ["--help"].as_slice(),
            &["call", "--help"],
            &["call", "get-product", "--help"],
            &["catalog", "--help"],
            &["serve", "--help"],
            &["connections", "--help"],
            &["activations", "--help"],
            &["backup", "--help"],
            &["health", "--help"],
            #[cfg(feature = "demo")]
            &["sandbox", "--help"],
            #[cfg(feature = "demo")]
            &["demo", "--help"],
            &["completion", "--help"],
        ] {
            assert!(said(arguments).contains("Examples:\n  connector "), "{arguments:?}");
        }
    }

    #[test]
    fn lists_wait_until_they_are_whole_and_single_calls_do_not() {
        let patience = |arguments: &[&str]| call(arguments).options.patience();
        assert_eq!(patience(&[]), Patience::Surface);
        assert_eq!(patience(&["--all"]), Patience::Unlimited);
        assert_eq!(patience(&["--all", "--no-wait"]), Patience::Surface);
        assert_eq!(patience(&["--wait", "--json"]), Patience::Unlimited);
        assert_eq!(patience(&["--wait", "1.5", "--all"]), Patience::Within(Duration::from_millis(1_500)));
        assert_eq!(patience(&["--wait=0"]), Patience::Within(Duration::ZERO));
        assert!(said_of_product(&["--wait=-1"]).contains("give 0 or more seconds"));
        assert!(said_of_product(&["--wait", "--no-wait"]).contains("cannot be used with"));
    }

    #[test]
    fn the_help_of_verbose_lists_what_it_tells() {
        let text = said_of_product(&["--help"]);
        assert!(metrics::MEMBERS.iter().all(|member| text.contains(member)), "{text}");
    }

    #[test]
    fn limits_of_paging_belong_to_all() {
        for flag in ["--max-items=1", "--max-pages=1"] {
            assert!(said_of_product(&[flag]).contains("--all"), "{flag}");
        }
        assert!(said_of_product(&["--all", "--max-items", "0"]).contains("0 is not in 1.."));
        assert!(!said_of_product(&["--help"]).contains("--max-items"), "it has no pages");
    }

    #[test]
    fn the_help_of_an_action_describes_its_fields() {
        let text = said_of_product(&["--help"]);
        for words in [
            "Reads one product by its id.",
            "GET /catalog/products/{product_id}",
            "--product-id <INTEGER>",
            "Id of the product (required; at least 1)",
            "one of images, variants",
            "store_v2_products_read_only",
            "--store-hash <STORE_HASH>",
            "CONNECTOR_ACCESS_TOKEN",
            "Exit codes:",
        ] {
            assert!(text.contains(words), "{words} is missing in\n{text}");
        }
    }

    #[test]
    fn the_short_name_of_an_action_will_do() {
        assert!(matches!(parsed(&["call", "get-product", "--product-id", "1"]), Ok(Task::Call(_))));
    }

    #[test]
    fn a_secret_is_given_once() {
        let text = said_of_product(&["--access-token", "hush", "--access-token-file", "f"]);
        assert!(text.contains("cannot be used with"), "{text}");
        assert!(!text.contains("hush"), "{text}");
        let text = said_of_product(&["--acces-token=hush"]);
        assert!(text.contains("'--access-token'") && !text.contains("hush"), "{text}");
        assert!(!format!("{:?}", call(&["--access-token", "hush"])).contains("hush"));
    }
}
