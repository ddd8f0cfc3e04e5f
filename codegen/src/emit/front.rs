//! `lib.rs`, the front page of the crate: how to connect, call, read pages and receive webhooks, and all that there is.

use std::collections::BTreeMap;

use quote::quote;

use super::example::{self, CALLER};
use super::{connection, docs};
use crate::files::Module;
use crate::model::{Action, Effect, Model, Returns};

/// `lib.rs`.
pub(super) fn emit(model: &Model) -> Module {
    let module = |is_there: bool, module: proc_macro2::TokenStream| is_there.then_some(module);
    let paging = module(
        !model.paging.is_empty(),
        quote!(
            pub mod paging;
        ),
    );
    let signatures = module(
        !model.signatures.is_empty(),
        quote!(
            pub mod signatures;
        ),
    );
    let triggers = module(
        !model.triggers.is_empty(),
        quote!(
            pub mod triggers;
        ),
    );
    let items = quote! {
        pub mod actions;
        pub mod apis;
        pub mod connector;
        #paging
        #signatures
        #triggers
        pub mod types;
        pub use connector::{CONNECTOR, connection};
    };
    Module { origin: "connector.yaml".to_owned(), docs: page(model), items }
}

fn page(model: &Model) -> Vec<String> {
    let title = &model.connector.title;
    let about = format!("{title} for workflows: typed actions and triggers, generated from a manifest.");
    let mut lines = docs::lines(&about, "");
    lines.extend([String::new(), format!("See <{}>.", model.connector.docs)]);
    let crate_name = model.connector.crate_name();
    section(&mut lines, "Connect", connect(model, &crate_name));
    // A read of one thing shows the most.
    let reads_one = |action: &&Action| {
        action.effect == Effect::Read && matches!(action.returns, Returns::One(_) | Returns::First(_))
    };
    if let Some(action) = model.actions.iter().find(reads_one).or(model.actions.first()) {
        section(&mut lines, "Call", call(action, &crate_name));
    }
    if let Some(action) = model.actions.iter().find(|action| action.paging.is_some()) {
        section(&mut lines, "Read all pages", pages(action, &crate_name));
    }
    if model.webhooks.is_some() {
        section(&mut lines, "Answer a webhook", webhook(&crate_name));
    }
    section(&mut lines, "Actions", actions(model));
    if !model.triggers.is_empty() {
        section(&mut lines, "Triggers", triggers(model));
    }
    lines
}

fn section(lines: &mut Vec<String>, title: &str, content: Vec<String>) {
    lines.extend([String::new(), format!("# {title}"), String::new()]);
    lines.extend(content);
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn connect(model: &Model, crate_name: &str) -> Vec<String> {
    let fields: Vec<String> =
        model.connection.fields.iter().map(|field| format!("{:?}", field.example)).collect();
    let credentials: Vec<String> =
        model.connection.credentials.iter().map(|_| "secret()".to_owned()).collect();
    let (fields, credentials) = match connection::has_many_arguments(model) {
        true => (vec![format!("[{}]", fields.join(", "))], vec![format!("[{}]", credentials.join(", "))]),
        false => (fields, credentials),
    };
    let arguments = [fields, credentials].concat().join(", ");
    let mut code = Vec::new();
    if !model.connection.credentials.is_empty() {
        let secret = "fn secret() -> connector_runtime::SecretString {";
        code.extend(texts(&[secret, "    \"never in the source\".into()", "}", ""]));
    }
    code.push(format!("let connection = {crate_name}::connection({arguments})?;"));
    code.extend(texts(&["let client = connector_runtime::Client::new(connection)?;", "# drop(client);"]));
    example::block("fn example()", &code)
}

fn call(action: &Action, crate_name: &str) -> Vec<String> {
    let (mut code, input) = example::input(action, crate_name);
    code.push(format!("match client.call(&{input}).await {{"));
    code.extend(texts(&[
        "    Ok(reply) => println!(\"{:?}\", reply.data),",
        "    Err(error) if error.is_retryable() => println!(\"again in {:?}\", error.retry_after()),",
        "    Err(error) => println!(\"{}: {error}\", error.class()),",
        "}",
    ]));
    let mut lines = example::block(CALLER, &code);
    lines.extend(texts(&["", "Each action's page has an example of its own."]));
    lines
}

fn pages(action: &Action, crate_name: &str) -> Vec<String> {
    let (mut code, input) = example::input(action, crate_name);
    code.extend(texts(&[
        "// A patient client waits for the account's quota.",
        "let patient = client.clone().with_patience(connector_runtime::Patience::Unlimited);",
    ]));
    code.push(format!("let mut pages = patient.pages(&{input})?;"));
    code.extend(texts(&[
        "while let Some(page) = pages.next().await {",
        "    println!(\"{:?}\", page?.data);",
        "}",
    ]));
    example::block(CALLER, &code)
}

fn webhook(crate_name: &str) -> Vec<String> {
    let mut code = texts(&["```no_run"]);
    code.push(format!("use {crate_name}::connector::WEBHOOKS;"));
    code.extend(texts(&[
        "use connector_runtime::signature::Verifier;",
        "use connector_runtime::{Event, HeaderMap, SecretString};",
        "",
        "type Outcome<T> = Result<T, Box<dyn std::error::Error>>;",
        "",
        "/// One verifier serves as long as the program runs.",
        "fn verifier(secret: SecretString) -> Outcome<Verifier> {",
        "    Ok(Verifier::new(WEBHOOKS.signatures, &[secret])?)",
        "}",
        "",
        "/// The raw body is verified before anything parses it.",
        "fn receive(verifier: &Verifier, url: &str, headers: &HeaderMap, body: &[u8], now_ms: i64) -> Outcome<Event> {",
        "    let delivery = verifier.verify(headers, url, body, now_ms)?;",
        "    Ok(WEBHOOKS.event(&delivery)?)",
        "}",
        "```",
    ]));
    code
}

/// The actions by resource, in the order of paths.
fn actions(model: &Model) -> Vec<String> {
    let mut by_resource: BTreeMap<&str, Vec<&Action>> = BTreeMap::new();
    for action in &model.actions {
        by_resource.entry(&action.resource).or_default().push(action);
    }
    let mut lines = Vec::new();
    for (resource, actions) in by_resource {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend([format!("## `{resource}`"), String::new()]);
        lines.extend(
            actions
                .into_iter()
                .map(|action| entry(&action.id, &format!("actions::{}", action.rust), &action.title)),
        );
    }
    lines
}

fn triggers(model: &Model) -> Vec<String> {
    let trigger = |trigger: &crate::model::Trigger| {
        entry(
            &trigger.id,
            &format!("triggers::{}::TRIGGER", trigger.module.trim_start_matches("r#")),
            &trigger.title,
        )
    };
    model.triggers.iter().map(trigger).collect()
}

/// A line of a list, without the mark of raw identifiers in its link. The title must not be broken: what follows could begin another list.
fn entry(id: &str, path: &str, title: &str) -> String {
    format!("- [`{id}`]({path}): {}", docs::lines(title, "").join(" "))
}
