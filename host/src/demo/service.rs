//! `connector serve` as a process of its own, in a folder that goes with the demo, and what other commands do to its data.

use std::path::PathBuf;
use std::process::Stdio;

use connector_runtime::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::connections::HostConnection;
use crate::failure::Failure;
use crate::outside;
use crate::sealing::KeySource;
use crate::serve::{broken, open_storage};
use crate::storage::{ConnectionRow, Storage as _};

/// The name of the app in the settings of the service.
pub(super) const APP: &str = "demo";

/// How many lines of its log are told where something went wrong.
const LAST_WORDS: usize = 5;

/// What the service is started with. Secrets go by variables, as they should.
pub(super) struct Settings {
    /// The local store, in place of the vendor's servers.
    pub(super) store: String,
    /// The client id of the app.
    pub(super) client_id: String,
    /// Its client secret.
    pub(super) client_secret: SecretString,
    /// What signs in, and reads metrics.
    pub(super) admin_token: SecretString,
    /// Where activations go.
    pub(super) engine: String,
    /// What signs them.
    pub(super) engine_secret: SecretString,
}

/// The service, whether it runs or not.
pub(super) struct Service {
    program: PathBuf,
    folder: TempDir,
    settings: Settings,
    http: reqwest::Client,
    /// Where it listens; the same again after a restart, since webhooks lead there.
    listen: String,
    running: Option<Running>,
}

/// A process.
struct Running {
    child: Child,
    /// Kept open, so that it can say that it stops.
    output: Lines<BufReader<ChildStdout>>,
    /// Where its metrics are.
    metrics: String,
}

/// What the service counted, as it told it.
pub(super) struct Metrics(String);

impl Service {
    /// A service that is not started yet.
    ///
    /// # Errors
    /// Where there is no folder to be made.
    pub(super) fn new(program: PathBuf, settings: Settings, http: reqwest::Client) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("connector-demo-").tempdir();
        let folder = folder.map_err(|error| broken("no temporary folder can be made", &error))?;
        Ok(Self { program, folder, settings, http, listen: "127.0.0.1:0".to_owned(), running: None })
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The number of its process.
    pub(super) fn process(&self) -> Option<u32> {
        self.running.as_ref().and_then(|running| running.child.id())
    }

    /// The file through which it shares the quota with others.
    pub(super) fn quota_file(&self) -> PathBuf {
        self.folder.path().join("quota.sqlite")
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// Where it does not come to that, with its last words.
    pub(super) async fn start(&mut self) -> Result<(), Failure> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log());
        let log = log.map_err(|error| broken("the log of the service cannot be written", &error))?;
        let mut command = self.command();
        command.args(["serve", "--listen", &self.listen, "--admin-listen", "127.0.0.1:0"]);
        command.args(["--delivery-mode", "http", "--delivery-url", &self.settings.engine]);
        command.args(["--delivery-allowed-networks", "127.0.0.0/8", "--delivery-full-resource"]);
        // The engine is busy once, for as long as the story takes meanwhile.
        command.args(["--delivery-timeout", "5m"]);
        // However short it was away.
        command.args(["--triggers-after-outage", "1ms"]);
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|error| broken("the service cannot be started", &error))?;
        let output = child.stdout.take().ok_or_else(|| Failure::Broken("the service is mute".to_owned()))?;
        let output = BufReader::new(output).lines();
        // From here on it is ended with the demo, whatever comes.
        let running = self.running.insert(Running { child, output, metrics: String::new() });
        let Some((listen, metrics)) = announcement(&mut running.output).await else {
            return Err(Failure::Broken(format!("the service did not listen; {}", self.last_words())));
        };
        running.metrics = metrics;
        self.listen = listen;
        Ok(())
    }

    /// Kills it, with the signal that nothing can answer, and waits until it is gone.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub(super) async fn kill(&mut self) -> Result<(), Failure> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        running.child.kill().await.map_err(|error| broken("the service cannot be killed", &error))
    }

    /// Ends it and removes all that it kept.
    ///
    /// # Errors
    /// Where something is left.
    pub(super) async fn leave(mut self) -> Result<(), Failure> {
        let killed = self.kill().await;
        let path = self.folder.path().display().to_string();
        let removed = self.folder.close();
        killed.and(removed.map_err(|error| broken(&format!("{path} cannot be removed"), &error)))
    }

    /// Its metrics.
    ///
    /// # Errors
    /// Where it does not tell them.
    pub(super) async fn metrics(&self) -> Result<Metrics, Failure> {
        let Some(running) = &self.running else {
            return Err(Failure::Broken("the service does not run".to_owned()));
        };
        let unread = |error: reqwest::Error| {
            Failure::Broken(format!("the metrics cannot be read: {error}; {}", self.last_words()))
        };
        let request = self.http.get(&running.metrics).bearer_auth(self.settings.admin_token.expose_secret());
        let answer = request.send().await.and_then(reqwest::Response::error_for_status).map_err(unread)?;
        Ok(Metrics(answer.text().await.map_err(unread)?))
    }

    /// Runs another command of this program on the data of the service; its output.
    ///
    /// # Errors
    /// Where it fails, with what it says.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.command().args(arguments).stdin(Stdio::null()).output().await;
        let output = output.map_err(|error| broken("a command cannot be started", &error))?;
        match output.status.success() {
            true => Ok(outside::shown(&output.stdout).trim().to_owned()),
            false => {
                let said = outside::shown(&output.stderr);
                Err(Failure::Broken(format!("connector {}: {}", arguments.join(" "), said.trim())))
            }
        }
    }

    /// The one connection that the service keeps, opened as commands beside the service open it.
    ///
    /// # Errors
    /// Where there is none, or it cannot be opened.
    pub(super) async fn connection(&self) -> Result<(ConnectionRow, HostConnection), Failure> {
        let data = self.data();
        let storage = open_storage(&data)?;
        let rows = storage.connections().await.map_err(|error| broken("the connections", &error))?;
        let row = rows.into_iter().next();
        let row = row.ok_or_else(|| Failure::Broken("the service keeps no connection".to_owned()))?;
        let ring = KeySource::Own(data).ring();
        let ring = ring.map_err(|error| broken("the sealing keys", &error))?;
        let connection = HostConnection::open(&row, &ring)
            .map_err(|why| broken("the connection cannot be opened", &why))?;
        Ok((row, connection))
    }

    /// The last lines of its log, which hold nothing of what it was sent.
    pub(super) fn last_words(&self) -> String {
        let log = outside::file(&self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.expose_secret().lines().rev().take(LAST_WORDS).collect();
        match lines.is_empty() {
            true => "the service has logged nothing".to_owned(),
            false => format!(
                "the last that the service has logged:\n{}",
                lines.into_iter().rev().collect::<Vec<_>>().join("\n")
            ),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("service.log")
    }

    /// This program with the settings of the service, and none that somebody has for another one.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let names = std::env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_string_lossy().starts_with("CONNECTOR_")) {
            command.env_remove(name);
        }
        let Settings { store, client_id, client_secret, admin_token, engine_secret, .. } = &self.settings;
        command
            .env("CONNECTOR_DATA", self.data())
            .env("CONNECTOR_SHARE_QUOTA", self.quota_file())
            .env("CONNECTOR_APPS", APP)
            .env("CONNECTOR_APPS_DEMO_CLIENT_ID", client_id)
            .env("CONNECTOR_APPS_DEMO_CLIENT_SECRET", client_secret.expose_secret())
            .env("CONNECTOR_APPS_DEMO_BASE_URL", store)
            .env("CONNECTOR_ADMIN_TOKEN", admin_token.expose_secret())
            .env("CONNECTOR_DELIVERY_SECRET", engine_secret.expose_secret())
            .kill_on_drop(true);
        command
    }
}

impl Metrics {
    /// The value of a metric with its labels; zero where it was never counted.
    pub(super) fn count(&self, name: &str) -> u64 {
        let values = self.0.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.filter_map(|value| value.trim().parse::<u64>().ok()).sum()
    }

    /// The sum of a metric over all labels.
    pub(super) fn sum(&self, name: &str) -> u64 {
        let lines =
            self.0.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{')));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

/// Where the service listens and where its metrics are, once it has said so; nothing where it ends before.
async fn announcement(output: &mut Lines<BufReader<ChildStdout>>) -> Option<(String, String)> {
    let (mut listen, mut metrics) = (None, None);
    while let Ok(Some(line)) = output.next_line().await {
        match line.split_once(char::is_whitespace).map(|(word, rest)| (word, rest.trim())) {
            Some(("listening", address)) => listen = Some(address.to_owned()),
            Some(("metrics", address)) => metrics = Some(address.to_owned()),
            _ if line.contains("Ctrl-C") => return listen.zip(metrics),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_by_their_name_and_labels() {
        let metrics = Metrics("# HELP a b\na{x=\"1\"} 2\na{x=\"2\"} 3\nab 7\na_total 1\n".to_owned());
        assert_eq!(metrics.count("a{x=\"2\"}"), 3);
        assert_eq!(metrics.count("ab"), 7);
        assert_eq!(metrics.count("a"), 0);
        assert_eq!(metrics.sum("a"), 5);
    }
}
