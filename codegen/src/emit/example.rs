//! Examples in documentation, as lines of Rust that compile.

use std::collections::BTreeSet;

use crate::model::{Action, Literal, MAX_ARGUMENTS, Returns};

/// Columns that a call may take before each of its arguments gets a line.
const WIDTH: usize = 90;

/// A block of code that is compiled and not run; the last line of `code` is an expression of type `Result` or nothing.
pub(super) fn block(signature: &str, code: &[String]) -> Vec<String> {
    let outcome = "Result<(), Box<dyn std::error::Error>>";
    let begin = ["```no_run".to_owned(), format!("# {signature} -> {outcome} {{")];
    let end = ["# Ok(())", "# }", "```"].map(str::to_owned);
    begin.into_iter().chain(code.iter().cloned()).chain(end).collect()
}

/// The section `Examples` of an action: its input, and the call.
pub(super) fn section(action: &Action, krate: &str) -> Vec<String> {
    let (mut code, input) = input(action, krate);
    match action.returns {
        Returns::Nothing => code.push(format!("client.call(&{input}).await?;")),
        _ => {
            code.push(format!("let reply = client.call(&{input}).await?;"));
            code.push("println!(\"{:?}\", reply.data);".to_owned());
        }
    }
    let mut lines = vec![String::new(), "# Examples".to_owned(), String::new()];
    lines.extend(block(CALLER, &code));
    lines
}

/// The function around an example that calls.
pub(super) const CALLER: &str = "async fn example(client: &connector_runtime::Client)";

/// The lines that make an input, imports included, and the expression that is the input.
pub(super) fn input(action: &Action, krate: &str) -> (Vec<String>, String) {
    let example = &action.example;
    let mut code = vec![format!("use {krate}::actions::{};", action.rust)];
    let many = example.required.len() > MAX_ARGUMENTS;
    if many {
        code.push(format!("use {krate}::actions::{}::Required;", action.module));
    }
    let values = example.required.iter().map(|(_, value)| value);
    let values = values.chain(example.set.as_ref().map(|(_, value, _)| value));
    let types: BTreeSet<&str> = values.flat_map(Literal::types).collect();
    let types: Vec<&str> = types.into_iter().collect();
    match types.as_slice() {
        [] => {}
        [one] => code.push(format!("use {krate}::types::{one};")),
        many => code.push(format!("use {krate}::types::{{{}}};", many.join(", "))),
    }
    code.push(String::new());
    let made = made(action, many);
    let Some((name, value, nullable)) = &example.set else {
        if made.len() == 1 && made[0].len() <= WIDTH / 2 {
            return (code, made.concat());
        }
        code.extend(assigned("let input = ", made));
        return (code, "input".to_owned());
    };
    let set = if *nullable { "connector_runtime::Nullable::Value" } else { "Some" };
    code.extend(assigned("let mut input = ", made));
    code.push(format!("input.{name} = {set}({});", owned(value)));
    (code, "input".to_owned())
}

fn assigned(place: &str, mut expression: Vec<String>) -> Vec<String> {
    if let Some(first) = expression.first_mut() {
        first.insert_str(0, place);
    }
    if let Some(last) = expression.last_mut() {
        last.push(';');
    }
    expression
}

/// The expression that makes an input with what is required, line by line.
fn made(action: &Action, many: bool) -> Vec<String> {
    let (name, required) = (&action.rust, &action.example.required);
    if required.is_empty() {
        return vec![format!("{name}::default()")];
    }
    if many {
        let fields = required.iter().map(|(field, value)| format!("    {field}: {},", owned(value)));
        let begin = format!("{name}::new(Required {{");
        return [begin].into_iter().chain(fields).chain(["})".to_owned()]).collect();
    }
    let arguments: Vec<String> = required.iter().map(|(_, value)| argument(value)).collect();
    let line = format!("{name}::new({})", arguments.join(", "));
    if line.len() <= WIDTH {
        return vec![line];
    }
    let arguments = arguments.into_iter().map(|argument| format!("    {argument},"));
    [format!("{name}::new(")].into_iter().chain(arguments).chain([")".to_owned()]).collect()
}

/// An argument of a constructor, which takes texts of any kind.
fn argument(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("{text:?}"),
        value => owned(value),
    }
}

fn owned(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("{text:?}.to_owned()"),
        Literal::Integer(digits) | Literal::Number(digits) => digits.clone(),
        Literal::Decimal(text) | Literal::Json(text) => format!("{text:?}.parse()?"),
        Literal::Boolean(value) => value.to_string(),
        Literal::Time(text) => format!("{text:?}.into()"),
        Literal::Variant(ty, variant) => format!("{ty}::{variant}"),
        Literal::Record(name, fields) if fields.is_empty() => format!("{name}::default()"),
        Literal::Record(name, fields) => {
            let arguments: Vec<String> = fields.iter().map(argument).collect();
            format!("{name}::new({})", arguments.join(", "))
        }
        Literal::Boxed(inner) => format!("{}.into()", owned(inner)),
        Literal::List(items) if items.is_empty() => "Default::default()".to_owned(),
        Literal::List(items) => {
            let items: Vec<String> = items.iter().map(owned).collect();
            format!("vec![{}]", items.join(", "))
        }
        Literal::Map(entries) => {
            let entry =
                |(name, value): &(String, Literal)| format!("({name:?}.to_owned(), {})", owned(value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("[{}].into()", entries.join(", "))
        }
    }
}
