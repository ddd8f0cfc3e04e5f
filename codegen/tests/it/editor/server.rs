//! yaml-language-server as a process that ends with its test, and the part of LSP that an editor needs for manifests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fixtures::repository;

/// Set where these tests must not be left out.
const REQUIRED: &str = "CONNECTOR_TEST_EDITOR";

/// Where `cargo xtask setup` installs it.
const PROGRAM: &str = "target/editor/node_modules/yaml-language-server/bin/yaml-language-server";

/// A message takes at most so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the server reports of a document.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Number of the line, from 1.
    pub(super) line: u64,
    pub(super) message: String,
}

/// The running server.
pub(super) struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    folder: PathBuf,
    sent: u64,
    opened: u64,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    /// Starts the server for a folder. Without the server this prints so and returns nothing.
    pub(super) fn start(folder: &Path) -> Option<Self> {
        let program = repository().join(PROGRAM);
        if !(program.is_file() && answers("node")) {
            leave_out();
            return None;
        }
        let mut process = Command::new("node")
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, messages) = channel();
        drop(std::thread::spawn(move || read(output).try_for_each(|message| sender.send(message))));
        let folder = folder.canonicalize().expect("the folder exists");
        let mut server = Self { process, input, messages, folder, sent: 0, opened: 0 };
        let root = server.uri("");
        let folders = json!([{"uri": root, "name": "connector"}]);
        let wanted =
            json!({"processId": null, "rootUri": root, "capabilities": {}, "workspaceFolders": folders});
        server.ask("initialize", &wanted);
        server.notify("initialized", &json!({}));
        server.notify("workspace/didChangeConfiguration", &json!({"settings": {"yaml": settings()}}));
        Some(server)
    }

    /// The mistakes in a text that would lie at `path` below the folder.
    pub(super) fn mistakes(&mut self, path: &str, text: &str) -> Vec<Mistake> {
        let uri = self.open(path, text);
        let mistakes = self.published(&uri);
        self.close(&uri);
        mistakes
    }

    /// What the server offers at the mark `|` in such a text.
    pub(super) fn completions(&mut self, path: &str, text: &str) -> Vec<String> {
        let (before, after) = text.split_once('|').expect("a mark stands in the text");
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let uri = self.open(path, &format!("{before}{after}"));
        self.published(&uri);
        let place = json!({"line": line, "character": character});
        let found =
            self.ask("textDocument/completion", &json!({"textDocument": {"uri": uri}, "position": place}));
        self.close(&uri);
        let items = found.get("items").unwrap_or(&found).as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
    }

    /// Each document has a URI of its own: the server publishes an empty list for one that is closed.
    fn open(&mut self, path: &str, text: &str) -> String {
        self.opened += 1;
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
        let uri = self.uri(&format!("{folder}/{}-{name}", self.opened));
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}));
        uri
    }

    fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", &json!({"textDocument": {"uri": uri}}));
    }

    fn published(&mut self, uri: &str) -> Vec<Mistake> {
        loop {
            let message = self.next();
            let is_it =
                message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri;
            if !is_it {
                continue;
            }
            let found = message["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
            return found.iter().map(mistake).collect();
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// The next message; a question of the server is answered on the way.
    fn next(&mut self) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if message.get("id").is_none() || message.get("method").is_none() {
                return message;
            }
            let items = message["params"]["items"].as_array().cloned().unwrap_or_default();
            let answer = |item: &Value| if item["section"] == "yaml" { settings() } else { Value::Null };
            let result: Vec<Value> = items.iter().map(answer).collect();
            self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
        }
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.folder.display())
    }
}

/// No schema comes from the network.
fn settings() -> Value {
    json!({"validate": true, "completion": true, "schemaStore": {"enable": false}})
}

fn mistake(diagnostic: &Value) -> Mistake {
    let line = diagnostic["range"]["start"]["line"].as_u64().expect("a diagnostic has a line");
    Mistake { line: line + 1, message: diagnostic["message"].as_str().unwrap_or_default().to_owned() }
}

/// The messages on a stream, until it ends.
fn read(mut output: BufReader<ChildStdout>) -> impl Iterator<Item = Value> {
    std::iter::from_fn(move || {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let count = output.read_line(&mut line).ok()?;
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", digits)) => length = digits.parse().ok()?,
                None if count == 0 => return None,
                None => break,
                Some(_) => {}
            }
        }
        let mut text = vec![0; length];
        output.read_exact(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    })
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[expect(clippy::print_stderr, reason = "a test that is left out prints so")]
fn leave_out() {
    let told =
        "manifests in an editor: yaml-language-server is not installed; `cargo xtask setup` installs it";
    assert!(std::env::var_os(REQUIRED).is_none(), "{told}");
    eprintln!("left out: {told}");
}
