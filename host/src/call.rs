//! `connector call`: one action, from its flags to a table or the API's own JSON.

use std::io::{self, Read, Write};
use std::path::Path;

use connector_runtime::{Client, Connector, Error, HttpTransport, Reply, SecretString};

use crate::arguments::Call;
use crate::credentials::{self, Sources};
use crate::failure::Failure;
use crate::input;
use crate::surroundings::{Surroundings, printable};
use crate::table;

/// Runs the call and prints what came back.
pub(crate) async fn run(
    connector: &'static Connector,
    call: &Call,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let read = |path: &Path| std::fs::read_to_string(path).map(SecretString::from);
    let sources = Sources { variable: surroundings.variable, read: &read };
    let within = |failure: Failure| failure.within(connector.id, call.operation);
    let connection = credentials::resolve(connector, &call.connection, &sources).map_err(within)?;
    let base = call.options.input.as_deref().map(|path| read_input(path, surroundings.stdin)).transpose();
    let input = base.and_then(|base| input::compose(base.as_deref(), &call.fields)).map_err(within)?;
    let transport = HttpTransport::new(call.options.timeout)
        .map_err(|error| Failure::Broken(format!("no HTTP client: {error}")))?;
    let client = Client::with_transport(connection, transport);
    let reply = client
        .call_untyped(call.operation.id, input.as_bytes())
        .await
        .map_err(|error: Error| Failure::call(error, Some(call.operation)))?;
    print(&reply, call.options.json, surroundings.width, surroundings.stdout)
}

fn read_input(path: &Path, stdin: &mut dyn Read) -> Result<String, Failure> {
    let text = if path == Path::new("-") { io::read_to_string(stdin) } else { std::fs::read_to_string(path) };
    text.map_err(|error| Failure::usage(format!("--input {} cannot be read: {error}", path.display())))
}

fn print(reply: &Reply<()>, json: bool, width: u16, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        writeln!(out, "{}", reply.json.as_str())?;
        return Ok(());
    }
    writeln!(out, "{}", table::render(reply.json.as_str(), width))?;
    // What stands beside the data says, for instance, that there are more pages.
    let meta = reply
        .meta
        .as_ref()
        .map(|meta| meta.as_str().trim())
        .filter(|meta| !matches!(*meta, "" | "{}" | "null"));
    if let Some(meta) = meta {
        writeln!(out, "meta: {}", printable(meta))?;
    }
    Ok(())
}
