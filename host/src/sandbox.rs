//! `connector sandbox`: a local store to try actions on, until somebody stops it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use bigcommerce_sandbox::{CONTROL, Sandbox, StartError, StoreAccount};
use connector_runtime::{Connector, ExposeSecret as _};

use crate::credentials::{Sources, environment, flag_name, secret_in, secret_of, variable_name};
use crate::failure::{Failure, seconds};
use crate::outside;
use crate::sandbox_flags::{GivenSecrets, SandboxFlags};
use crate::stream::Stream;
use crate::surroundings::Surroundings;

pub(crate) use crate::shell::quoted;

/// A product that the sandbox is seeded with.
pub(crate) const PRODUCT: u64 = 111;

/// Holds the store's token where no file does. A variable of its own: the one of connections may hold a token that opens
/// a real store, which must not become that of a toy.
const ACCESS_TOKEN_VARIABLE: &str = "CONNECTOR_SANDBOX_ACCESS_TOKEN";

/// Holds the app's client secret where no file does.
const CLIENT_SECRET_VARIABLE: &str = "CONNECTOR_SANDBOX_CLIENT_SECRET";

/// Serves the store, says how to reach it, and ends with Ctrl-C or SIGTERM.
pub(crate) async fn run(
    connector: &'static Connector,
    flags: &SandboxFlags,
    output: &Stream,
    surroundings: &Surroundings<'_>,
) -> Result<(), Failure> {
    // Before anything is announced, so that a signal after the announcement always ends the store in order.
    let stop =
        stop_signal().map_err(|error| Failure::Broken(format!("cannot listen for signals: {error}")))?;
    let sources = Sources::of(surroundings.variable, &surroundings.stdin);
    let secrets = given_secrets(flags, &sources).map_err(|failure| failure.of_command("sandbox"))?;
    let (is_given, has_given_secret) = (secrets.access_token.is_some(), secrets.client_secret.is_some());
    let sandbox = Sandbox::start(flags.options(secrets)).await.map_err(start_failure)?;
    let call = match is_given {
        true => given_token_call(connector, &sandbox, flags, &surroundings.program),
        false => call_line(connector, &sandbox, &surroundings.program),
    };
    let mut announcement = Vec::new();
    announce(&sandbox, flags, (is_given, has_given_secret), &call, &mut announcement)?;
    output.tell(&outside::shown(&announcement))?;
    stop.await;
    let answered = sandbox.requests().len();
    sandbox.shutdown().await;
    Ok(output.tell(&format!("stopped; requests received: {answered}\n"))?)
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
    let mut words = call_words(connector, sandbox, program);
    for credential in connector.credentials {
        words.extend([format!("--{}", flag_name(credential.name)), sandbox.access_token().to_owned()]);
    }
    line(&words)
}

/// The same for a store whose token its owner brought: it stays where it is.
fn given_token_call(connector: &Connector, sandbox: &Sandbox, flags: &SandboxFlags, program: &str) -> String {
    let mut words = call_words(connector, sandbox, program);
    let mut variables = String::new();
    for credential in connector.credentials {
        match &flags.access_token_file {
            Some(path) => words.extend([
                format!("--{}-file", flag_name(credential.name)),
                path.to_string_lossy().into_owned(),
            ]),
            None => variables
                .push_str(&format!("{}=\"${ACCESS_TOKEN_VARIABLE}\" ", variable_name(credential.name))),
        }
    }
    format!("{variables}{}", line(&words))
}

fn call_words(connector: &Connector, sandbox: &Sandbox, program: &str) -> Vec<String> {
    let mut words = vec![program.to_owned(), "call".to_owned(), format!("{}/get-product", connector.id)];
    words.extend(["--product-id".to_owned(), PRODUCT.to_string()]);
    words.extend(["--base-url".to_owned(), sandbox.origin()]);
    for field in connector.fields {
        words.extend([format!("--{}", flag_name(field.name)), sandbox.store_hash().to_owned()]);
    }
    words
}

fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// What the owner of the store has chosen: each secret from its file, else from its variable.
fn given_secrets(flags: &SandboxFlags, sources: &Sources<'_>) -> Result<GivenSecrets, Failure> {
    let given = |path: &Option<PathBuf>, what: &str, variable: Option<&str>| {
        let secret = match (path, variable) {
            (Some(path), _) => secret_in(sources, path, what).map(Some)?,
            (None, Some(variable)) => {
                let text = environment(sources, variable)?;
                text.map(|text| secret_of(&text, &format!("variable {variable}"))).transpose()?
            }
            (None, None) => None,
        };
        Ok::<_, Failure>(secret.map(|secret| secret.expose_secret().to_owned()))
    };
    let webhooks = &flags.webhooks;
    let own_token = given(&webhooks.store_account_token_file, "token file", None)?;
    let own_secret = given(&webhooks.store_account_secret_file, "secret file", None)?;
    Ok(GivenSecrets {
        access_token: given(&flags.access_token_file, "token file", Some(ACCESS_TOKEN_VARIABLE))?,
        client_secret: given(&webhooks.client_secret_file, "secret file", Some(CLIENT_SECRET_VARIABLE))?,
        store_account: own_token
            .zip(own_secret)
            .map(|(access_token, client_secret)| StoreAccount { access_token, client_secret }),
    })
}

fn announce(
    sandbox: &Sandbox,
    flags: &SandboxFlags,
    (has_given_token, has_given_secret): (bool, bool),
    call: &str,
    text: &mut dyn Write,
) -> io::Result<()> {
    let origin = sandbox.origin();
    let token = match has_given_token {
        true => "the one given",
        false => &format!("{} (opens nothing but this sandbox)", sandbox.access_token()),
    };
    let secret = match has_given_secret {
        true => "the one given",
        false => &format!("{} (signs the webhooks of this sandbox)", sandbox.client_secret()),
    };
    let window = seconds(Duration::from_millis(flags.window_ms));
    writeln!(text, "origin        {origin}")?;
    writeln!(text, "store hash    {}", sandbox.store_hash())?;
    match flags.is_installed() {
        true => writeln!(text, "access token  {token}")?,
        false => writeln!(text, "access token  none before the app is installed")?,
    }
    writeln!(text, "client id     {}", sandbox.client_id())?;
    writeln!(text, "client secret {secret}")?;
    writeln!(text, "quota         {} requests per {window}", flags.quota)?;
    writeln!(text, "page          {origin}/")?;
    if sandbox.app().auth_callback.is_some() {
        writeln!(text, "install       {origin}/app/{}/install", sandbox.client_id())?;
    }
    if flags.is_installed() {
        writeln!(text, "try it        {call}")?;
    }
    writeln!(
        text,
        "control       curl -s -d '{{\"fault\": \"bad_gateway_page\"}}' {origin}/_sandbox/faults"
    )?;
    writeln!(text, "              lets the next request fail; what else there is at {origin}:")?;
    for path in CONTROL {
        writeln!(text, "              {} {}", path.methods.join(", "), path.path)?;
    }
    writeln!(text, "Ctrl-C stops the store")
}

/// The wish to stop, listened for from now on.
#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
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

/// The wish to stop, listened for from now on.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear of Ctrl-C the system ends the program itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
