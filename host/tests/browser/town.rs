//! The service and the store beside it: two processes of the real program that know of each other.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use bigcommerce_connector::CONNECTOR;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The admin token, which signs in.
pub(crate) const ADMIN: &str = "hush-admin-token-40d1";

const CLIENT_ID: &str = "client8x1kdj";
const CLIENT_SECRET: &str = "hush-sandbox-client-88";

/// Every scope that the connector needs.
pub(crate) static ALL_SCOPES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let catalog: Value = serde_json::from_str(CONNECTOR.catalog).expect("the catalog is JSON");
    let scopes = catalog["scopes"].as_array().expect("a list of scopes").iter();
    scopes.map(|scope| &*scope["modify"].as_str().expect("an id").to_owned().leak()).collect()
});

/// A service and a store. They are different sites to a browser, as they are in life: by name and by number.
pub(crate) struct Town {
    /// The address of the service.
    pub(crate) service: String,
    /// The address of the store.
    pub(crate) store: String,
    folder: TempDir,
    _processes: [Running; 2],
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Town {
    /// A town whose app asks for these scopes, with more settings of the app.
    pub(crate) async fn open(scopes: &[&str], settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store_process, store) = start_store(scopes);
        let (service_process, service) = start_service(&folder, &store, settings);
        let town = Self { service, store, folder, _processes: [service_process, store_process] };
        let callback = |name: &str| format!("{}/callbacks/shop/{name}", town.service);
        let callbacks = json!({
            "auth_callback": callback("auth"),
            "load_callback": callback("load"),
            "uninstall_callback": callback("uninstall"),
            "remove_user_callback": callback("remove_user"),
        });
        town.register(&callbacks).await;
        town
    }

    /// The maker of the app changes how it is registered.
    pub(crate) async fn register(&self, changes: &Value) {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = client.put(format!("{}/_sandbox/app", self.store)).json(changes).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status).expect("the app is registered");
        drop(answer);
    }

    /// How many webhooks the store has.
    pub(crate) async fn hooks(&self) -> u64 {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = client.get(format!("{}/_sandbox", self.store)).send().await.expect("the store answers");
        let told: Value = answer.json().await.expect("JSON");
        told["resources"]["hooks"].as_u64().expect("a number")
    }

    /// The events that have left the service, each a CloudEvent.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(events_file(&self.folder)).expect("the output can be read");
        // The last line may be under way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect()
    }
}

fn events_file(folder: &TempDir) -> PathBuf {
    folder.path().join("events.ndjson")
}

/// The program in an environment that says nothing of connections or settings.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("CONNECTOR_")) {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1,localhost");
    command
}

fn start_store(scopes: &[&str]) -> (Running, String) {
    let mut child = program()
        .args(["sandbox", "--port", "0", "--store-hash", "abc123", "--client-id", CLIENT_ID])
        .args([
            "--app-name",
            "Workflows",
            "--app-not-installed",
            "--scopes",
            &scopes.join(","),
            "--webhook-local",
        ])
        .env("CONNECTOR_SANDBOX_CLIENT_SECRET", CLIENT_SECRET)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let output = child.stdout.take().expect("it is piped");
    let running = Running(child);
    let announced = announced(output);
    let origin = word(&announced, "origin");
    (running, origin.replace("127.0.0.1", "localhost"))
}

fn start_service(folder: &TempDir, store: &str, settings: &str) -> (Running, String) {
    let secret = folder.path().join("client-secret");
    fs::write(&secret, CLIENT_SECRET).expect("it can be written");
    let text = format!(
        "[delivery]\nmode = \"ndjson\"\nfull_resource = true\n\n[apps.shop]\nclient_id = \"{CLIENT_ID}\"\nclient_secret_file = {secret:?}\nbase_url = \"{store}\"\n{settings}"
    );
    let config = folder.path().join("connector.toml");
    fs::write(&config, text).expect("it can be written");
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .env("CONNECTOR_DATA", folder.path().join("data"))
        .env("CONNECTOR_ADMIN_TOKEN", ADMIN)
        .stdout(File::create(events_file(folder)).expect("a file for events"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let output = child.stderr.take().expect("it is piped");
    let running = Running(child);
    let announced = announced(output);
    let pages = word(&announced, "pages");
    (running, pages.trim_end_matches("/connections").to_owned())
}

/// What an announcement says after a word.
fn word<'a>(announced: &'a str, name: &str) -> &'a str {
    announced.lines().find_map(|line| line.strip_prefix(name)).expect("it is announced").trim()
}

/// What a process says until it is ready; what it says later is read and dropped.
fn announced(output: impl std::io::Read + Send + 'static) -> String {
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let mut announced = String::new();
    while !announced.contains("Ctrl-C") {
        let line = lines.next().unwrap_or_else(|| panic!("it ended early:\n{announced}"));
        announced.push_str(&line);
        announced.push('\n');
    }
    drop(std::thread::spawn(move || lines.for_each(drop)));
    announced
}
