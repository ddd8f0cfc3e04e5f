//! The subcommand of one action: a flag per field of its input, the flags of the connection, and their values.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, value_parser};
use connector_runtime::{Connector, SecretString};

use crate::acting::stored;
use crate::call_options::{CallOptions, PAGES};
use crate::catalog::ActionEntry;
use crate::credentials::{BASE_URL, ConnectionFlags, flag_name, variable_name};
use crate::examples;
use crate::failure::EXIT_CODES;
use crate::input::{self, Given};
use crate::offer::Offering;
use crate::schema::{Kind, Property};

/// The subcommand `connector-id/action-id`; `actions` are all of them.
pub(crate) fn build(connector: &Connector, action: &ActionEntry, actions: &[ActionEntry]) -> Command {
    let fields = action.input.iter().zip(flags(connector, action));
    let is_paged = connector.action(&action.id).is_some_and(|entry| entry.operation.paging.is_some());
    // What is about pages stays known where there are none, so that its error can say so.
    let is_hidden = |flag: &Arg| !is_paged && flag.get_help_heading() == Some(PAGES);
    let common = common(connector);
    let common = common.get_arguments().map(|flag| flag.clone().hide(is_hidden(flag)));
    let examples = examples::of_action(connector, action, actions);
    let examples: Vec<(&str, &str)> =
        examples.iter().map(|(command, what)| (command.as_str(), what.as_str())).collect();
    Command::new(format!("{}/{}", connector.id, action.id))
        .alias(action.id.clone())
        .about(action.title.clone())
        .long_about(long_about(action))
        .after_help(format!("{}\n\n{EXIT_CODES}", examples::section(&examples)))
        .args(fields.map(|(property, flag)| field_flag(property, flag)))
        .args(common)
}

/// The flags of an action's fields, one for each and in their order, without the dashes.
pub(crate) fn flags(connector: &Connector, action: &ActionEntry) -> Vec<String> {
    let common = common(connector);
    let mut taken: Vec<String> = ["help", "version"].map(str::to_owned).to_vec();
    taken.extend(common.get_arguments().filter_map(Arg::get_long).map(str::to_owned));
    let free = |property: &Property| {
        let mut flag = flag_name(&property.name);
        while taken.contains(&flag) {
            flag = format!("field-{flag}");
        }
        taken.push(flag.clone());
        flag
    };
    action.input.iter().map(free).collect()
}

/// The flags that every action has.
fn common(connector: &Connector) -> Command {
    let connection = connection_flags(connector);
    let ids: Vec<String> = connection.iter().map(|flag| flag.get_id().to_string()).collect();
    let command = Command::new("common").args(connection).args(stored::flags(&ids));
    CallOptions::augment_args(command)
}

/// The fields that were given: name, and JSON or what is wrong with the text, in the order of the catalog.
pub(crate) fn fields(action: &ActionEntry, matches: &ArgMatches) -> Vec<(String, Given)> {
    let given = |property: &Property| {
        let uses: Vec<Given> = matches.get_many(&field_id(&property.name))?.cloned().collect();
        Some((property.name.clone(), input::join(&property.kind, uses)))
    };
    action.input.iter().filter_map(given).collect()
}

/// The connection as far as flags give it.
pub(crate) fn connection(connector: &'static Connector, matches: &ArgMatches) -> ConnectionFlags {
    let fields = connector.fields.iter().map(|field| field.name);
    let secrets = connector.credentials.iter().map(|credential| credential.name);
    ConnectionFlags {
        fields: fields
            .filter_map(|name| Some((name, matches.get_one::<String>(&connection_id(name))?.clone())))
            .collect(),
        secrets: secrets
            .clone()
            .filter_map(|name| Some((name, matches.get_one::<SecretString>(&connection_id(name))?.clone())))
            .collect(),
        secret_files: secrets
            .filter_map(|name| Some((name, matches.get_one::<PathBuf>(&secret_file_id(name))?.clone())))
            .collect(),
        file: matches.get_one("connection:credentials").cloned(),
        base_url: matches.get_one(&connection_id(BASE_URL)).cloned(),
    }
}

fn field_id(name: &str) -> String {
    format!("field:{name}")
}

fn connection_id(name: &str) -> String {
    format!("connection:{name}")
}

fn secret_file_id(name: &str) -> String {
    format!("file:{name}")
}

fn long_about(action: &ActionEntry) -> String {
    let ActionEntry { title, description, api, method, path, effect, .. } = action;
    let mut parts = vec![title.clone()];
    if action.is_deprecated {
        parts.push("Deprecated: the vendor will remove it.".to_owned());
    }
    if !description.is_empty() && description != title {
        parts.push(description.clone());
    }
    let mut facts = format!("{method} {path} of API {api}; effect: {effect}");
    facts.push_str(&format!("; verified: {}", action.verified));
    if !action.scopes.is_empty() {
        facts.push_str(&format!("\nNeeds one of the scopes {}", action.scopes.join(", ")));
    }
    if let Some(docs) = &action.docs {
        facts.push_str(&format!("\nDocumentation: {docs}"));
    }
    parts.push(facts);
    parts.join("\n\n")
}

fn field_flag(property: &Property, flag: String) -> Arg {
    let kind = property.kind.clone();
    let is_list = matches!(kind, Kind::List(_));
    let is_number = matches!(kind, Kind::Integer | Kind::Number);
    Arg::new(field_id(&property.name))
        .long(flag)
        .value_name(value_name(&kind))
        .help(help(property))
        .help_heading("Fields")
        .action(if is_list { ArgAction::Append } else { ArgAction::Set })
        .allow_negative_numbers(is_number)
        .hide_possible_values(true)
        .value_parser(Offering::new(
            // What is no value of its kind is told together with everything else that is wrong with the input.
            move |text: &str| Ok::<Given, Infallible>(input::literal(&kind, text)),
            property.values.clone(),
        ))
}

fn value_name(kind: &Kind) -> String {
    match kind {
        Kind::Integer => "INTEGER".to_owned(),
        Kind::Number => "NUMBER".to_owned(),
        Kind::Boolean => "true|false".to_owned(),
        Kind::Text => "TEXT".to_owned(),
        Kind::List(items) => format!("{},…", value_name(items)),
        Kind::Json => "JSON".to_owned(),
        Kind::JsonList => "[JSON,…]".to_owned(),
    }
}

fn help(property: &Property) -> String {
    let required = property.is_required.then(|| "required".to_owned());
    let notes: Vec<String> = required.into_iter().chain(property.notes.iter().cloned()).collect();
    match (property.description.as_str(), notes.is_empty()) {
        (text, true) => text.to_owned(),
        ("", false) => notes.join("; "),
        (text, false) => format!("{text} ({})", notes.join("; ")),
    }
}

/// The flags of a connection.
pub(crate) fn connection_flags(connector: &Connector) -> Vec<Arg> {
    let flag = |id: String, long: String| Arg::new(id).long(long).help_heading("Connection");
    let from = |name: &str| format!("[env: {}]", variable_name(name));
    let mut flags = Vec::new();
    for field in connector.fields {
        let description = sentence(field.description);
        let help =
            format!("The {}, such as {}{description} {}", field.title, field.example, from(field.name));
        flags.push(
            flag(connection_id(field.name), flag_name(field.name))
                .value_name(field.name.to_uppercase())
                .help(help),
        );
    }
    for credential in connector.credentials {
        let (name, title) = (credential.name, credential.title);
        let long = flag_name(name);
        flags.push(
            flag(secret_file_id(name), format!("{long}-file"))
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help(format!(
                    "A file that holds the {title} and nothing else, or `-` for standard input{}",
                    sentence(credential.description)
                )),
        );
        let warning =
            "other users of this machine can see it on the command line: prefer the file or the variable";
        flags.push(
            flag(connection_id(name), long)
                .value_name(name.to_uppercase())
                .conflicts_with(secret_file_id(name))
                .value_parser(|text: &str| Ok::<_, Infallible>(SecretString::from(text)))
                .help(format!("The {title} itself; {warning} {}", from(name))),
        );
    }
    let names = connector.fields.iter().map(|field| field.name);
    let names: Vec<&str> =
        names.chain(connector.credentials.iter().map(|credential| credential.name)).collect();
    let help = format!(
        "A JSON file, or `-` for standard input, with {} and perhaps {BASE_URL} {}",
        names.join(", "),
        from("credentials")
    );
    flags.push(
        flag(connection_id("credentials"), "credentials".to_owned())
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(help),
    );
    let help = format!("Call a sandbox or proxy at this address in place of the vendor {}", from(BASE_URL));
    flags.push(flag(connection_id(BASE_URL), flag_name(BASE_URL)).value_name("URL").help(help));
    flags
}

/// A description after a colon, without its full stop; nothing where there is none.
fn sentence(description: &str) -> String {
    let text = description.trim().trim_end_matches('.');
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.map_or_else(String::new, |first| format!(": {first}{}", letters.as_str()))
}
