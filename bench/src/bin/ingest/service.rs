//! Whole services as processes of their own, asked over HTTP: the host's, and one that answers 200 at once.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use connector_runtime::SecretString;
use tempfile::TempDir;

use crate::measured::Measured;
use crate::senders::{self, Beyond, DELIVERIES, Deliveries};
use crate::{Outcome, Turn};

/// The argument with which this program is the service that answers at once.
pub(crate) const AT_ONCE: &str = "answer-at-once";

const SECRET: &str = "a-client-secret-of-the-benchmark";

/// What a service starts with, and what is sent to it.
pub(crate) struct Setting {
    program: PathBuf,
    /// A data folder with a connection, to be copied for each turn.
    data: TempDir,
    deliveries: Arc<Deliveries>,
}

impl Setting {
    /// Makes a connection and signs deliveries for it.
    pub(crate) fn make() -> Result<Self, Box<dyn Error>> {
        let ours = std::env::current_exe()?;
        let program = ours.with_file_name(format!("connector{}", std::env::consts::EXE_SUFFIX));
        let data = tempfile::tempdir()?;
        let secret = data.path().join("client-secret");
        std::fs::write(&secret, SECRET)?;
        let add = ["connections", "add", "--store-hash", "abc123xyz0", "--json", "--client-secret-file"];
        let output = Command::new(&program)
            .args(add)
            .arg(&secret)
            .env("CONNECTOR_DATA", data.path())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let told: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let url = told["webhooks"].as_str().ok_or("no connection was made")?;
        let path = &url[url.find("/webhooks/").ok_or("no address of webhooks")?..];
        let deliveries = Arc::new(Deliveries::sign(DELIVERIES, path, &SecretString::from(SECRET))?);
        Ok(Self { program, data, deliveries })
    }

    /// The host's service, on a fresh copy of the data folder.
    pub(crate) fn ours(&self, path: &Path, turn: Turn) -> Outcome {
        let folder = path.with_file_name("data");
        std::fs::create_dir_all(&folder)?;
        for file in std::fs::read_dir(self.data.path())? {
            let file = file?;
            std::fs::copy(file.path(), folder.join(file.file_name()))?;
        }
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.env("CONNECTOR_DATA", &folder);
        let running = Running::start(command)?;
        let before = running.commits()?;
        let measured = self.measure(&running, Beyond::End, turn)?;
        Ok(Measured { commits: running.commits()? - before, ..measured })
    }

    /// The service that answers at once.
    pub(crate) fn at_once(&self, _: &Path, turn: Turn) -> Outcome {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(AT_ONCE);
        self.measure(&Running::start(command)?, Beyond::Repeat, turn)
    }

    fn measure(&self, running: &Running, beyond: Beyond, turn: Turn) -> Outcome {
        senders::send(running.address, &self.deliveries, beyond, turn)
    }
}

/// Is the service that answers at once, until it is killed.
pub(crate) fn be_at_once() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let announce = |address| writeln!(std::io::stdout(), "listening {address}\nCtrl-C stops it");
    match runtime.block_on(connector_host::answer_at_once(announce))? {}
}

/// A service that is ended when this is dropped.
struct Running {
    child: Child,
    // Whoever writes to a closed pipe fails.
    _output: BufReader<ChildStdout>,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
}

impl Running {
    fn start(mut command: Command) -> Result<Self, Box<dyn Error>> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut announced = String::new();
        while !announced.contains("Ctrl-C") {
            if output.read_line(&mut announced)? == 0 {
                return Err(format!("the service ended early: {announced}").into());
            }
        }
        let word = |name: &str| announced.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let address = word("listening").ok_or("no address")?.parse()?;
        let metrics = word("metrics")
            .and_then(|url| url.trim_start_matches("http://").trim_end_matches("/metrics").parse().ok());
        Ok(Self { child, _output: output, address, metrics })
    }

    /// How often it has committed.
    fn commits(&self) -> Result<u64, Box<dyn Error>> {
        let mut stream = TcpStream::connect(self.metrics.ok_or("no metrics")?)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let count = text.lines().find_map(|line| line.strip_prefix("connector_storage_commits_total "));
        Ok(count.ok_or("commits are not counted")?.parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
