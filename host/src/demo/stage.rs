//! What all chapters of the demo share: the store, the service, the engine, the browser, the account, the book of calls and
//! the voice.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bigcommerce_sandbox::{AppOptions, Destinations, Sandbox, SandboxOptions, WebhookOptions};
use connector_runtime::{Class, Client, Connector, Error, Operation, Reply, SecretString, Trigger};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::browser::Browser;
use super::engine::Engine;
use super::ledger::Ledger;
use super::service::{APP, Service, Settings};
use super::voice::Voice;
use crate::credentials::Sources;
use crate::failure::{Failure, Report};
use crate::members::Members;
use crate::quota_sharing;
use crate::random;
use crate::receive::webhook_url;
use crate::sandbox::{quoted, start_failure};
use crate::scopes::ScopeTable;
use crate::serve::broken;
use crate::surroundings::Style;

/// The store's quota. The whole story needs less than that of a single window, so that no machine is so quick or so slow
/// that it is spent by chance.
pub(super) const QUOTA: u32 = 150;

/// Short enough to wait for.
pub(super) const WINDOW: Duration = Duration::from_secs(2);

/// How long one exchange with a page or with metrics may take; a machine may sleep meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A running demo.
pub(super) struct Stage<'a> {
    pub(super) connector: &'static Connector,
    pub(super) sandbox: Sandbox,
    pub(super) service: Service,
    pub(super) engine: Engine,
    pub(super) browser: Browser,
    pub(super) http: reqwest::Client,
    pub(super) account: Option<Account>,
    pub(super) ledger: Ledger,
    pub(super) voice: Voice<'a>,
    /// How this program was called, ready for a shell.
    pub(super) program: String,
    /// What the admin token of the service is.
    pub(super) admin_token: SecretString,
    /// What signs the webhooks of the store.
    pub(super) client_secret: SecretString,
}

/// The account that the service is connected to.
pub(super) struct Account {
    /// The id of the connection.
    pub(super) id: String,
    /// Where its webhooks lead; nobody may guess that.
    pub(super) webhooks: String,
    /// Calls actions with the token that the store has granted.
    client: Client,
}

impl<'a> Stage<'a> {
    /// Opens the store and the engine; the service is not started yet.
    pub(super) async fn set(
        connector: &'static Connector,
        program: (&str, Option<&Path>),
        voice: Voice<'a>,
    ) -> Result<Self, Failure> {
        let (name, file) = program;
        let file =
            file.ok_or_else(|| Failure::Broken("the system does not say which file this is".to_owned()))?;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.no_proxy().timeout(TIMEOUT).build();
        let http = http.map_err(|error| broken("no HTTP client", &error))?;
        let (client_secret, admin_token, engine_secret) = (secret()?, secret()?, engine_secret()?);
        let sandbox = Sandbox::start(options(connector, &client_secret)).await.map_err(start_failure)?;
        let engine = Engine::start(&engine_secret).await?;
        let settings = Settings {
            store: sandbox.origin(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: client_secret.clone(),
            admin_token: admin_token.clone(),
            engine: engine.address().to_owned(),
            engine_secret,
        };
        let service = Service::new(file.to_owned(), settings, http.clone())?;
        Ok(Self {
            connector,
            sandbox,
            service,
            engine,
            browser: Browser::new(http.clone()),
            http,
            account: None,
            ledger: Ledger::default(),
            voice,
            program: quoted(name),
            admin_token,
            client_secret,
        })
    }

    /// Starts the service and tells the store where its callbacks are.
    pub(super) async fn serve(&mut self) -> Result<(), Failure> {
        self.voice.watch("the service starts", self.service.start()).await??;
        let callback = |name: &str| Some(format!("{}/callbacks/{APP}/{name}", self.service.origin()));
        let app = AppOptions {
            auth_callback: callback("auth"),
            load_callback: callback("load"),
            uninstall_callback: callback("uninstall"),
            remove_user_callback: callback("remove_user"),
            ..self.sandbox.app()
        };
        self.sandbox.register(app).map_err(start_failure)
    }

    /// Opens the connection that the service keeps, as commands beside it do, and calls through it from now on.
    pub(super) async fn connect(&mut self) -> Result<(), Failure> {
        let (row, connection) = self.service.connection().await?;
        let connection = connection.connect(self.connector).map_err(|error| Failure::call(error, None))?;
        let client =
            Client::new(connection).map_err(|error| Failure::Broken(format!("no HTTP client: {error}")))?;
        let nothing = |_: &str| None;
        let read = |_: &Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
        let sources = Sources { variable: &nothing, files: &read };
        // Whatever the service sends counts here as well, and the other way round.
        let sharing = quota_sharing::open(Some(&self.service.quota_file()), &sources)?;
        let client = client.through(&sharing.gates);
        let webhooks = webhook_url(&self.service.origin(), &row.webhook_key);
        self.account = Some(Account { id: row.id, webhooks, client });
        Ok(())
    }

    /// The account.
    pub(super) fn account(&self) -> Result<&Account, Failure> {
        self.account.as_ref().ok_or_else(|| Failure::Broken("no account is connected yet".to_owned()))
    }

    /// Ends everything that was started, and removes what it kept.
    pub(super) async fn leave(self) -> Result<(), Failure> {
        let left = self.service.leave().await;
        self.sandbox.shutdown().await;
        left
    }

    /// Begins the next step.
    pub(super) fn begin(&mut self, title: &str) -> Result<(), Failure> {
        self.ledger.begin();
        Ok(self.voice.begin(title)?)
    }

    /// Ends a step that went as told.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.note_step();
        Ok(self.voice.end()?)
    }

    /// Ends a step that did not.
    pub(super) fn fail(&mut self, failure: &Failure) -> Result<(), Failure> {
        self.note_step();
        Ok(self.voice.fail(&Report::of(failure, &self.program, self.connector.id))?)
    }

    fn note_step(&mut self) {
        self.voice.fact("calls", self.ledger.calls());
        self.voice.fact("activations", self.ledger.activations());
    }

    /// A call, entered into the book: the one place where actions are called.
    pub(super) async fn call(&mut self, action: &str, input: &impl Serialize) -> Result<Reply<()>, Error> {
        let input = serde_json::to_vec(input).expect("names, numbers and texts are JSON");
        let outcome = match &self.account {
            Some(account) => account.client.call_untyped(action, &input).await,
            None => Err(Error::revoked("no account is connected yet")),
        };
        self.ledger.note(action, outcome.as_ref());
        outcome
    }

    /// A call that has to succeed.
    pub(super) async fn done(&mut self, action: &str, input: &impl Serialize) -> Result<Reply<()>, Failure> {
        self.call(action, input).await.map_err(|error| self.unexpected(action, error))
    }

    /// A call that has to fail in this way and no other.
    pub(super) async fn refused(
        &mut self,
        action: &str,
        input: &impl Serialize,
        class: Class,
    ) -> Result<Error, Failure> {
        match self.call(action, input).await {
            Err(error) if error.class() == class => Ok(error),
            Err(error) => Err(self.unexpected(action, error)),
            Ok(reply) => {
                Err(Failure::Broken(format!("{action}: {class} was due, status {} came", reply.status)))
            }
        }
    }

    /// Tells of a call that went well.
    pub(super) fn told(&mut self, action: &str, reply: &Reply<()>, text: &str) -> Result<(), Failure> {
        Ok(self.voice.call(action, Some(reply.status), text)?)
    }

    /// Tells of a call that failed as it should: its class first.
    pub(super) fn told_refusal(&mut self, action: &str, error: &Error, text: &str) -> Result<(), Failure> {
        let again = if error.is_retryable() { "retryable" } else { "not retryable" };
        Ok(self.voice.call(action, error.status(), &format!("{}, {again}: {text}", error.class()))?)
    }

    /// Shows an error in full, as `connector call` does.
    pub(super) fn show(&mut self, action: &str, error: Error) -> Result<(), Failure> {
        let report = self.report(action, error);
        self.voice.report(&report.to_text(Style::Plain))?;
        self.voice.fact("error", report.to_raw());
        Ok(())
    }

    /// A failure of the story: the call ended otherwise than told.
    pub(super) fn unexpected(&self, action: &str, error: Error) -> Failure {
        let report = self.report(action, error);
        Failure::Broken(format!("class {} came instead: {}", report.class, report.message))
    }

    /// The operation of an action.
    pub(super) fn operation(&self, action: &str) -> Option<&'static Operation> {
        self.connector.action(action).map(|entry| entry.operation)
    }

    /// The trigger with this id.
    pub(super) fn trigger(&self, id: &str) -> Result<&'static Trigger, Failure> {
        let trigger = self.connector.triggers.iter().find(|trigger| trigger.id == id);
        trigger.copied().ok_or_else(|| Failure::Broken(format!("there is no trigger {id}")))
    }

    fn report(&self, action: &str, error: Error) -> Report {
        Report::of(&Failure::call(error, self.operation(action)), &self.program, self.connector.id)
    }
}

/// A store that has no app yet, and sends webhooks to this machine, too. The app asks for what the connector needs.
fn options(connector: &Connector, client_secret: &SecretString) -> SandboxOptions {
    use connector_runtime::ExposeSecret as _;
    let table = ScopeTable::of(connector);
    let needed = table.standing(&BTreeSet::new());
    SandboxOptions {
        quota: QUOTA,
        window: WINDOW,
        webhooks: WebhookOptions {
            client_secret: Some(client_secret.expose_secret().to_owned()),
            destinations: Destinations::LocalToo,
            ..WebhookOptions::default()
        },
        app: AppOptions {
            name: "Morning Workflows".to_owned(),
            is_installed: false,
            scopes: needed.iter().map(|scope| scope.id.to_owned()).collect(),
            ..AppOptions::default()
        },
        ..SandboxOptions::default()
    }
}

/// 256 bits that nobody can guess.
fn secret() -> Result<SecretString, Failure> {
    let bytes = random::bytes::<32>().map_err(|error| broken("the system has no randomness", &error))?;
    Ok(SecretString::from(hex::encode(bytes)))
}

/// The same in the form that signs what is delivered: hexadecimal digits are digits of base64 as well.
fn engine_secret() -> Result<SecretString, Failure> {
    use connector_runtime::ExposeSecret as _;
    Ok(SecretString::from(format!("whsec_{}", secret()?.expose_secret())))
}

/// Fails the demo unless something holds.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Broken(otherwise())) }
}

/// The data of a reply as an object or a list of them.
pub(super) fn data<T: DeserializeOwned>(reply: &Reply<()>) -> Result<T, Failure> {
    let unreadable = |error| Failure::Broken(format!("the data is not of the expected shape: {error}"));
    reply.json.parse().map_err(unreadable)
}

/// The number in a field that has to be there, such as an id.
pub(super) fn number(object: &Members, field: &str) -> Result<u64, Failure> {
    object.get(field).ok_or_else(|| Failure::Broken(format!("the answer has no number in {field}")))
}

/// A field as text: strings without their quotes, the rest as the store wrote it, nothing where there is none.
pub(super) fn text(object: &Members, field: &str) -> String {
    object.get::<String>(field).or_else(|| object.text(field).map(str::to_owned)).unwrap_or_default()
}
