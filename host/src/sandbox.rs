//! `connector sandbox`: a local store to try actions on, until somebody stops it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bigcommerce_sandbox::{Sandbox, SandboxOptions, StartError};
use connector_runtime::Connector;

use crate::arguments::SandboxFlags;
use crate::credentials::flag_name;
use crate::failure::{Failure, seconds};
use crate::surroundings::Surroundings;

/// A product that the sandbox is seeded with.
pub(crate) const PRODUCT: u64 = 111;

/// Serves the store, says how to reach it, and ends with Ctrl-C or SIGTERM.
pub(crate) async fn run(
    connector: &'static Connector,
    flags: &SandboxFlags,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    // Before anything is announced, so that a signal after the announcement always ends the store in order.
    let stop =
        stop_signal().map_err(|error| Failure::Broken(format!("cannot listen for signals: {error}")))?;
    let options = SandboxOptions {
        store_hash: flags.store_hash.clone(),
        quota: flags.quota,
        window: Duration::from_millis(flags.window_ms),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port)),
        ..SandboxOptions::default()
    };
    let window = options.window;
    let sandbox = Sandbox::start(options).await.map_err(start_failure)?;
    let out = &mut *surroundings.stdout;
    announce(
        connector,
        &sandbox,
        &format!("{} requests per {}", flags.quota, seconds(window)),
        &surroundings.program,
        out,
    )?;
    stop.await;
    let answered = sandbox.requests().len();
    sandbox.shutdown().await;
    writeln!(out, "stopped; requests received: {answered}")?;
    Ok(())
}

/// A sandbox that did not start, told as what it is.
pub(crate) fn start_failure(error: StartError) -> Failure {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    match error {
        StartError::InvalidOption { .. } => {
            Failure::Usage { message: error.to_string(), command: Some("sandbox".to_owned()) }
        }
        _ => Failure::Broken(format!("{error}{cause}")),
    }
}

/// The command line that reads a product of this sandbox, ready to paste into a shell.
pub(crate) fn call_line(connector: &Connector, sandbox: &Sandbox, program: &str) -> String {
    let mut words = vec![program.to_owned(), "call".to_owned(), format!("{}/get-product", connector.id)];
    words.extend(["--product-id".to_owned(), PRODUCT.to_string()]);
    words.extend(["--base-url".to_owned(), sandbox.origin()]);
    for field in connector.fields {
        words.extend([format!("--{}", flag_name(field.name)), sandbox.store_hash().to_owned()]);
    }
    for credential in connector.credentials {
        words.extend([format!("--{}", flag_name(credential.name)), sandbox.access_token().to_owned()]);
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn announce(
    connector: &Connector,
    sandbox: &Sandbox,
    quota: &str,
    program: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "origin        {}", sandbox.origin())?;
    writeln!(out, "store hash    {}", sandbox.store_hash())?;
    writeln!(out, "access token  {} (opens nothing but this sandbox)", sandbox.access_token())?;
    writeln!(out, "quota         {quota}")?;
    writeln!(out, "try it        {}", call_line(connector, sandbox, program))?;
    writeln!(out, "Ctrl-C stops the store")?;
    out.flush()
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear of Ctrl-C the system ends the program itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("target/debug/connector"), "target/debug/connector");
        assert_eq!(quoted("my tools/connector"), "'my tools/connector'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
