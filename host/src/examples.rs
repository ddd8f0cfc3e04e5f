//! Examples for the help texts: command lines to paste, written once for each command and made from the catalog for
//! each action.

use connector_runtime::Connector;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::action_command::flags;
use crate::catalog::ActionEntry;
use crate::columns::compact;
use crate::members::Members;
use crate::schema::{Kind, Property};
use crate::shell::quoted;

/// A command line and what it does.
pub(crate) type Example = (String, String);

/// Columns of a command line in a help text, at most if it can be broken: terminals have 80, and some room is taken.
const LINE: usize = 74;

/// For `connector --help`.
pub(crate) const PROGRAM: &[(&str, &str)] = &[
    ("connector catalog", "every action and trigger"),
    (
        "connector call bigcommerce/get-product --product-id 111",
        "run an action, with a connection in variables",
    ),
    ("connector call bigcommerce/list-products --all --json > products.ndjson", "every product, a line each"),
    ("connector sandbox", "a store of your own to try all of it on"),
    ("connector serve --public-url https://hooks.example.com --behind-proxy", "receive webhooks"),
];

/// For `connector call --help`.
pub(crate) const CALL: &[(&str, &str)] = &[
    ("connector call bigcommerce/list-orders --limit 5", "five orders as a table"),
    ("connector call bigcommerce/list-orders --all --json | wc -l", "how many orders there are"),
    ("connector call bigcommerce/create-product --input product.json", "the fields from a file"),
    (
        "connector call bigcommerce/list-orders --wait 60 --verbose",
        "wait up to a minute for the quota, and tell what is left of it",
    ),
    (
        "connector call bigcommerce/get-order --order-id 104 --credentials shop.json",
        "a connection from a file",
    ),
    (
        "connector call bigcommerce/get-order --order-id 104 --connection 5f0e7c1b2a3948d6",
        "through a stored connection of the service",
    ),
];

/// For `connector catalog --help`.
pub(crate) const CATALOG: &[(&str, &str)] = &[
    ("connector catalog", "a table of actions and triggers"),
    ("connector catalog --json | jq '.actions[].id'", "what programs need: schemas, scopes, samples"),
];

/// For `connector serve --help`.
pub(crate) const SERVE: &[(&str, &str)] = &[
    ("connector serve", "on this machine alone, with the data in the user's state folder"),
    (
        "connector serve --listen 0.0.0.0:8443 --public-url https://hooks.example.com --tls-certificate chain.pem \
         --tls-key key.pem",
        "with TLS of its own",
    ),
    (
        "connector serve --listen 10.0.0.5:8080 --public-url https://hooks.example.com --behind-proxy",
        "behind a proxy that does TLS",
    ),
    ("connector serve --config connector.toml --log-format json", "settings from a file, logs for programs"),
    (
        "connector serve --delivery-mode http --delivery-url https://engine.example.com/events \
         --delivery-secret-file signing",
        "send what comes in to a workflow engine",
    ),
    ("connector serve --delivery-mode ndjson", "write it to standard output, a line each"),
];

/// For `connector connections --help`.
pub(crate) const CONNECTIONS: &[(&str, &str)] = &[
    (
        "connector connections add --store-hash abc123 --client-secret-file secret --trigger order-created",
        "receive the new orders of an account; prints where its webhooks go",
    ),
    (
        "connector connections add --store-hash abc123 --access-token-file token --app shop",
        "an account that installed an app, whose secret is among the settings; every trigger",
    ),
    (
        "connector connections add --store-hash abc123 --access-token-file - --app shop --no-test",
        "the token from standard input, stored without a test",
    ),
    (
        "connector connections edit 5f0e7c1b2a3948d6 --suppress-own product-updated",
        "no events about products that a workflow changed through the service",
    ),
    ("connector connections list --json", "all of them, for programs"),
    (
        "connector connections rotate 5f0e7c1b2a3948d6 --client-secret-file new",
        "the old secret serves as well",
    ),
    ("connector connections remove 5f0e7c1b2a3948d6 --erase", "with all that the account has sent"),
    ("connector connections reseal --new-key", "seal all secrets anew, with a key that is made now"),
    ("connector connections audit --limit 20", "who connected, was granted and revoked what, lately"),
];

/// For `connector triggers --help`.
pub(crate) const TRIGGERS: &[(&str, &str)] = &[
    (
        "connector triggers plan --public-url https://hooks.example.com",
        "what would be done, for all connections",
    ),
    (
        "connector triggers apply --connection 5f0e7c1b2a3948d6 --config connector.toml",
        "do it for one, with the public address from the file",
    ),
    ("connector triggers status --all --json | jq '.triggers[]'", "every webhook, for programs"),
];

/// For `connector backfill --help`.
pub(crate) const BACKFILL: &[(&str, &str)] = &[
    ("connector backfill --connection 5f0e7c1b2a3948d6", "everything since all was known"),
    (
        "connector backfill --connection 5f0e7c1b2a3948d6 --trigger order-created --since 12h",
        "orders of the last twelve hours that were not told",
    ),
];

/// For `connector activations --help`.
pub(crate) const ACTIVATIONS: &[(&str, &str)] = &[
    ("connector activations list --state dead", "what was given up, with the reason"),
    (
        "connector activations show 5f0e7c1b2a3948d6a1b2c3d4e5f60718",
        "one of them, as the event that is sent, with all its attempts",
    ),
    (
        "connector activations replay 5f0e7c1b2a3948d6a1b2c3d4e5f60718",
        "deliver it again; a running service notices within a second",
    ),
    ("connector activations replay --state dead --trigger order-created", "all dead letters of a trigger"),
];

/// For `connector health --help`.
pub(crate) const HEALTH: &[(&str, &str)] = &[
    ("connector health", "exit code 0 where it can take webhooks"),
    ("connector health --admin-listen 127.0.0.1:9999", "one that serves its metrics elsewhere"),
];

/// For `connector backup --help`.
pub(crate) const BACKUP: &[(&str, &str)] = &[
    ("connector backup monday.sqlite", "a copy, while the service goes on"),
    ("connector backup --config connector.toml copy.sqlite", "of the data folder that the settings name"),
];

/// For `connector sandbox --help`.
#[cfg(feature = "demo")]
pub(crate) const SANDBOX: &[(&str, &str)] = &[
    ("connector sandbox", "a quiet store on a free port"),
    ("connector sandbox --port 8080 --quota 5 --window-ms 2000", "a quota that is soon spent"),
    ("connector sandbox --foreign-requests 75 --foreign-every 2", "half of every second window is gone"),
    ("connector sandbox --seed 7 --fault-rate 0.1", "one request in ten fails, the same ones each time"),
    (
        "connector sandbox --fault bad_gateway_page --fault slow:3:2000",
        "the first fails, three more take 2 s",
    ),
];

/// For `connector completion --help`.
pub(crate) const COMPLETION: &[(&str, &str)] = &[
    ("connector completion bash > ~/.local/share/bash-completion/completions/connector", "bash"),
    (
        "connector completion zsh > ~/.zfunc/_connector",
        "zsh, with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc",
    ),
    ("connector completion fish > ~/.config/fish/completions/connector.fish", "fish"),
    (
        "connector completion elvish > ~/.config/elvish/lib/connector.elv",
        "elvish, with `use connector` in rc.elv",
    ),
    ("connector completion powershell >> $PROFILE", "PowerShell"),
];

/// For `connector demo --help`.
#[cfg(feature = "demo")]
pub(crate) const DEMO: &[(&str, &str)] = &[
    ("connector demo", "the story, told as it happens"),
    ("connector demo --json", "a JSON object per step, for programs"),
];

/// The section of a help text.
pub(crate) fn section(examples: &[(&str, &str)]) -> String {
    let lines: String =
        examples.iter().map(|(command, what)| format!("\n  {}\n      {what}", folded(command))).collect();
    format!("Examples:{lines}")
}

/// A command line that still can be pasted where it is too long for a line: broken before flags.
fn folded(command: &str) -> String {
    let (mut text, mut columns) = (String::new(), 0);
    for part in command.split_inclusive(" --").enumerate().map(|(at, part)| match at {
        0 => part.trim_end_matches(" --").to_owned(),
        _ => format!(" --{}", part.trim_end_matches(" --")),
    }) {
        if columns > 0 && columns + part.chars().count() > LINE {
            text.push_str(" \\\n   ");
            columns = 3;
        }
        columns += part.chars().count();
        text.push_str(&part);
    }
    text
}

/// Examples of an action: its required fields with values of its sample.
pub(crate) fn of_action(
    connector: &Connector,
    action: &ActionEntry,
    actions: &[ActionEntry],
) -> Vec<Example> {
    let flags = flags(connector, action);
    let given = |property: &Property, json: &str| {
        let flag = action.input.iter().position(|known| known.name == property.name).map(|at| &flags[at]);
        let value = words(&property.kind, json);
        flag.map(|flag| format!(" --{flag} {}", quoted(&value))).unwrap_or_default()
    };
    let required: String = action
        .input
        .iter()
        .filter(|property| property.is_required)
        .map(|property| given(property, &value(property, action, actions)))
        .collect();
    let file = || {
        (
            format!("connector call {}/{} --input fields.json", connector.id, action.id),
            "the fields from a file".to_owned(),
        )
    };
    if !accepts_values(connector, action, actions) {
        return vec![file()];
    }
    let base = format!("connector call {}/{}{required}", connector.id, action.id);
    let paging = connector.action(&action.id).and_then(|entry| entry.operation.paging);
    let limit = paging.and_then(|paging| action.input.iter().find(|field| field.name == paging.limit));
    let example = |flags: &str, what: &str| (format!("{base}{flags}"), what.to_owned());
    if let Some(limit) = limit {
        let few = given(limit, "5");
        return vec![
            example(&few, "the first five as a table"),
            example(&format!(" --all --json > {}.ndjson", action.id), "all of them, a line of JSON each"),
        ];
    }
    match action.effect.as_str() {
        "create" => vec![example("", "with the fields that it cannot do without"), file()],
        "update" => {
            let change = action.input.iter().find_map(|field| {
                let json =
                    action.sample.text(&field.name).filter(|json| !matches!(*json, "null" | "\"\""))?;
                let is_plain =
                    !field.is_required && !matches!(field.kind, Kind::List(_) | Kind::Json | Kind::JsonList);
                is_plain.then(|| given(field, json))
            });
            vec![example(&change.unwrap_or_default(), "change one field, leave the others"), file()]
        }
        "delete" => vec![example("", "it cannot be brought back")],
        _ => vec![example("", "as a table"), example(" --json", "as the API sent it")],
    }
}

/// Whether the action accepts the values that an example has for the required fields. No value fits every pattern, list of
/// records or bound.
fn accepts_values(connector: &Connector, action: &ActionEntry, actions: &[ActionEntry]) -> bool {
    let Some(entry) = connector.action(&action.id) else { return true };
    let required = || action.input.iter().filter(|property| property.is_required);
    let mut input = Members::default();
    for property in required() {
        let json = value(property, action, actions);
        let is_item = matches!(property.kind, Kind::List(_)) && !json.starts_with('[');
        let json = if is_item { format!("[{json}]") } else { json };
        let Ok(json) = RawValue::from_string(json) else { return false };
        input = input.with(&property.name, json);
    }
    let is_about = |field: &str, name: &str| {
        field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    entry.prepare(input.to_json().as_bytes()).err().is_none_or(|error| {
        let mut violations = error.violations().iter();
        !violations.any(|violation| required().any(|property| is_about(violation.field(), &property.name)))
    })
}

/// JSON for a field: from the action's sample, where the field stands in it or its id is meant, else from an action
/// that takes the same field, else a plain value of its kind.
fn value(property: &Property, action: &ActionEntry, actions: &[ActionEntry]) -> String {
    let is_id = property.name.ends_with("_id");
    let takes_it = |other: &&ActionEntry| {
        other.input.iter().any(|field| field.is_required && field.name == property.name)
    };
    let own = action.sample.text(&property.name);
    let id = || {
        Some(action)
            .into_iter()
            .chain(actions.iter().filter(takes_it))
            .find_map(|known| known.sample.text("id"))
    };
    let found = own.or_else(|| is_id.then(id)?).filter(|json| *json != "null");
    found.map_or_else(|| filled(property.least.clone(), action).to_string(), str::to_owned)
}

/// The value with those of the action's sample where an object has a member of the same name.
fn filled(value: Value, action: &ActionEntry) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| filled(item, action)).collect(),
        Value::Object(members) => {
            let known = |name: &str| action.sample.get::<Value>(name).filter(|value| !value.is_null());
            let member = |(name, value): (String, Value)| match known(&name) {
                Some(known) => (name, known),
                None => (name, filled(value, action)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        value => value,
    }
}

/// The text of a flag for this JSON: the reverse of how a flag's text is read.
fn words(kind: &Kind, json: &str) -> String {
    match (kind, serde_json::from_str(json)) {
        (Kind::Text | Kind::Number, Ok(Value::String(text))) => text,
        _ => compact(json),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::catalog;
    use crate::fixture::CONNECTOR;

    /// The words of a command line as a POSIX shell splits it, up to where its output goes.
    pub(crate) fn split(line: &str) -> Vec<String> {
        let (mut words, mut word, mut in_quotes) = (Vec::new(), String::new(), false);
        for c in line.chars() {
            match c {
                '\'' => in_quotes = !in_quotes,
                ' ' if !in_quotes => words.push(std::mem::take(&mut word)),
                c => word.push(c),
            }
        }
        words.push(word);
        words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | ">>")).collect()
    }

    #[test]
    fn an_action_is_shown_with_values_of_its_sample() {
        let actions = catalog::read(&CONNECTOR).unwrap();
        let examples = of_action(&CONNECTOR, &actions[0], &actions);
        assert_eq!(examples[0].0, "connector call bigcommerce/get-product --product-id 318");
    }

    #[test]
    fn required_values_that_cannot_be_made_up_come_from_a_file() {
        let mut actions = catalog::read(&CONNECTOR).unwrap();
        // The sample has no such id, so that a plain value takes its place.
        actions[0].sample = serde_json::from_str(r#"{"product_id": "none"}"#).unwrap();
        let examples = of_action(&CONNECTOR, &actions[0], &actions);
        let commands: Vec<&str> = examples.iter().map(|(command, _)| command.as_str()).collect();
        assert_eq!(commands, ["connector call bigcommerce/get-product --input fields.json"]);
    }

    #[test]
    fn long_lines_are_broken_before_flags() {
        let long = format!("connector call a/b --first {} --second {}", "x".repeat(30), "y".repeat(40));
        let text = folded(&long);
        assert_eq!(text.lines().count(), 2);
        assert_eq!(text.replace(" \\\n   ", ""), long);
        assert_eq!(folded("connector call a/b --c 'd e'"), "connector call a/b --c 'd e'");
    }

    #[test]
    fn values_are_written_as_a_shell_and_a_flag_read_them() {
        assert_eq!(quoted(&words(&Kind::Text, r#""Kim\u0027s""#)), r"'Kim'\''s'");
        assert_eq!(words(&Kind::Number, "14.50"), "14.50");
        assert_eq!(words(&Kind::List(Box::new(Kind::Integer)), "[41, 57]"), "[41,57]");
        assert_eq!(split("a 'b c' --d '' | e"), ["a", "b c", "--d", ""]);
    }
}
