//! `connector call`: one action, from its flags to a table or the API's own JSON.

use std::io::Write;
use std::path::Path;

use connector_runtime::{
    Client, Connector, Error, ExposeSecret, HttpTransport, NextPage, Outlook, Reply, Request, SecretString,
    page_position, total_items,
};

use crate::acting::{Noted, stored};
use crate::arguments::Call;
use crate::credentials::{self, Sources};
use crate::failure::{self, Failure};
use crate::input;
use crate::metrics;
use crate::pages;
use crate::printable::{print, printable};
use crate::progress::Progress;
use crate::quota_sharing::{self, Sharing};
use crate::surroundings::Surroundings;
use crate::table;
use crate::waiting;

/// Runs the call and prints what came back.
pub(crate) async fn run(
    connector: &'static Connector,
    call: &Call,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let operation = call.operation;
    let within = |failure: Failure| failure.within(connector.id, operation);
    check_paging(connector, call).map_err(within)?;
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let share = call.options.waiting.share_quota.as_deref();
    let sharing = quota_sharing::open(share, &sources).map_err(within)?;
    let (connection, stored) = match &call.stored {
        Some(flags) => {
            let gates = sharing.gates.clone();
            let opened = stored::open(connector, flags, gates, call.options.timeout, &sources).await;
            let opened = opened.map_err(within)?;
            (opened.connection.clone(), Some((opened, &flags.behalf)))
        }
        None => (credentials::resolve(connector, &call.connection, &sources).map_err(within)?, None),
    };
    let base = call.options.input.as_deref().map(|path| read_input(path, &sources)).transpose();
    let input = base
        .and_then(|base| input::compose(base.as_ref().map(ExposeSecret::expose_secret), &call.fields))
        .map_err(within)?;
    let (input, page_size) = pages::with_large_pages(input, call);
    let failed = |error: Error| Failure::call(error, Some(operation));
    let action = connector
        .action(operation.id)
        .ok_or_else(|| Failure::Broken(format!("{} cannot be called", operation.id)))?;
    let prepared = action.prepare(input.as_bytes());
    if !call.unreadable.is_empty() {
        let found = prepared.as_ref().err().map(failure::violations).unwrap_or_default();
        let violations = input::violations(&call.unreadable, found);
        return Err(Failure::Refused { operation, violations });
    }
    let request = prepared.map_err(failed)?;
    let (client, noted) = match &stored {
        Some((opened, behalf)) => opened.acting.client(connection, &opened.owner, &request, behalf),
        None => {
            let transport = HttpTransport::new(call.options.timeout)
                .map_err(|error| Failure::Broken(format!("no HTTP client: {error}")))?;
            (Client::with_transport(connection, transport).through(&sharing.gates), None)
        }
    };
    let client = client.with_patience(call.options.patience());
    let outcome = match call.options.all {
        true => pages::run(&client, request, call, page_size, surroundings).await,
        false => once(&client, noted.as_deref(), request, call, surroundings).await,
    };
    if let (Some((opened, _)), Err(failure)) = (&stored, &outcome)
        && failure.is_revocation()
    {
        opened.lifecycle.note_refused(&opened.row).await;
    }
    if call.options.verbose {
        tell(&client, &sharing, call.options.json, surroundings)?;
    }
    outcome
}

async fn once(
    client: &Client,
    noted: Option<&Noted>,
    request: Request,
    call: &Call,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let is_watched = surroundings.is_stderr_terminal && !call.options.quiet;
    let mut progress = Progress::new(is_watched, surroundings.width, surroundings.stderr);
    let answered = waiting::watch(client, client.send(request.clone()), &mut progress, None).await;
    progress.clear();
    if let Some(noted) = noted {
        noted.settle(&answered).await;
    }
    let reply = answered.map_err(|error: Error| Failure::call(error, Some(call.operation)))?;
    // What the answer says about the next page is read in both formats, so that they fail alike; the data is shown first.
    let next = client.next_page(&request, &reply);
    if call.options.json {
        let json = reply.json.as_str();
        // A program gets the bytes of the API, a terminal gets no control character among them.
        match surroundings.is_stdout_terminal {
            true => print(surroundings.stdout, json)?,
            false => surroundings.stdout.write_all(format!("{json}\n").as_bytes())?,
        }
    } else {
        let next = next.as_ref().ok().and_then(Option::as_ref);
        show(call, &request, &reply, next, surroundings.width, surroundings.stdout)?;
    }
    next.map(drop).map_err(|error| Failure::call(error, Some(call.operation)))
}

/// What happened at the gate of the account, on standard error.
fn tell(
    client: &Client,
    sharing: &Sharing,
    json: bool,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    // What was written before belongs before it.
    surroundings.stdout.flush()?;
    let (report, width) = (client.gate().report(), surroundings.width);
    let file = sharing.file.as_deref().map(Path::to_string_lossy);
    let told = match json {
        true => metrics::json(&report, file.as_deref(), sharing.reason.as_deref()),
        false => metrics::table(&report, file.as_deref(), sharing.reason.as_deref(), width),
    };
    Ok(print(surroundings.stderr, &told)?)
}

/// Refuses `--all` where there are no pages, and names an action that has some.
fn check_paging(connector: &Connector, call: &Call) -> Result<(), Failure> {
    if !call.options.all || call.operation.paging.is_some() {
        return Ok(());
    }
    let listing = connector.actions.iter().find(|action| action.operation.paging.is_some());
    let instead = listing
        .map(|action| format!(": --all is for lists, such as those of {}", action.operation.id))
        .unwrap_or_default();
    Err(Failure::usage(format!("{} has no pages{instead}", call.operation.id)))
}

fn read_input(path: &Path, sources: &Sources<'_>) -> Result<SecretString, Failure> {
    let text = sources.files.text(path);
    text.map_err(|error| Failure::usage(format!("--input {} cannot be read: {error}", path.display())))
}

fn show(
    call: &Call,
    request: &Request,
    reply: &Reply<()>,
    next: Option<&NextPage>,
    width: u16,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    print(out, &table::render(reply.json.as_str(), &call.columns, width))?;
    if request.operation().paging.is_some() {
        if let Some(note) = next.and_then(|next| more(call, request, reply, next)) {
            print(out, &note)?;
        }
        return Ok(());
    }
    // What stands beside the data and is not about pages.
    let meta = reply
        .meta
        .as_ref()
        .map(|meta| meta.as_str().trim())
        .filter(|meta| !matches!(*meta, "" | "{}" | "null"));
    if let Some(meta) = meta {
        print(out, &format!("meta: {}", printable(meta)))?;
    }
    Ok(())
}

/// That there are or may be more pages, and how to read them.
fn more(call: &Call, request: &Request, reply: &Reply<()>, next: &NextPage) -> Option<String> {
    let shown = pages::items(reply)?.len();
    let of = total_items(request, reply).map(|total| format!(" of {total}")).unwrap_or_default();
    let are = if next.outlook == Outlook::Possible { "may be" } else { "are" };
    let flag = pages::flag(call, &next.request)
        .map(|flag| format!(", {} the next page", printable(&flag)))
        .unwrap_or_default();
    // With a place in the list, --all would list what comes after it.
    let from_here =
        page_position(request).map(|(field, _)| format!(" without {}", call.flag(field))).unwrap_or_default();
    Some(format!("items: {shown}{of}; there {are} more: --all{from_here} lists every one{flag}"))
}
