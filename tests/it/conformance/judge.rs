//! Finds the OpenAPI files and puts questions about them to the script that reads them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use connector_runtime::Operation;
use connector_tests::{project, shared};
use serde_json::{Value, json};

use super::transport::Exchange;
use super::{data, operations, tell};

/// The script with the files it judges by.
pub(super) struct Judge {
    folder: PathBuf,
    python: PathBuf,
}

/// Something that the validator finds wrong with an exchange.
#[derive(Debug)]
pub(super) struct Fault {
    /// Names from the top of the query or body to the place, with dots between.
    pub(super) at: String,
    /// The keyword of JSON Schema that is violated, or another name for the kind of fault.
    pub(super) rule: String,
    /// The validator's own words.
    pub(super) says: String,
}

impl Judge {
    /// The judge, or none, said aloud, where the files are not present.
    ///
    /// # Panics
    /// When the files are there and the validator is not.
    pub(super) fn find() -> Option<Self> {
        let folder = shared("openapi")?;
        let python = project::folder("target/conformance/bin/python");
        assert!(python.exists(), "the validator is not installed: run `cargo xtask setup`");
        Some(Self { folder, python })
    }

    /// What the files say of each operation, by the id of its action, with every reference resolved.
    pub(super) fn describe(&self) -> &'static Value {
        static DESCRIPTION: OnceLock<Value> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let description = self.ask("describe", actions(), Vec::new());
            for operation in operations().filter(|operation| description.get(operation.id).is_none()) {
                tell(&format!("not compared, because no file has its endpoint: {}", operation.id));
            }
            description
        })
    }

    /// The operations of the actions that the files describe.
    pub(super) fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let described = self.describe();
        operations().filter(|operation| described.get(operation.id).is_some())
    }

    /// The same for these operations, by their ids.
    pub(super) fn describe_by(&self, operations: Vec<Value>) -> Value {
        let names: Vec<Value> = operations.iter().map(|operation| operation["id"].clone()).collect();
        let description = self.ask("describe", operations, Vec::new());
        let missing =
            names.iter().filter(|name| description.get(name.as_str().unwrap_or_default()).is_none());
        let missing: Vec<&Value> = missing.collect();
        assert!(missing.is_empty(), "no file has the endpoints of {missing:?}");
        description
    }

    /// The schema of each event that the files describe, by the event's name.
    pub(super) fn events(&self) -> Value {
        self.ask("events", Vec::new(), Vec::new())
    }

    /// What is wrong with each exchange: with its answer where it has one, with its request otherwise.
    pub(super) fn judge(&self, exchanges: &[Exchange]) -> Vec<Vec<Fault>> {
        self.judge_by(actions(), exchanges)
    }

    /// The same for exchanges of these operations, whose ids stand in place of those of actions.
    pub(super) fn judge_by(&self, operations: Vec<Value>, exchanges: &[Exchange]) -> Vec<Vec<Fault>> {
        let verdicts = self.ask("judge", operations, exchanges.iter().map(Exchange::to_json).collect());
        let verdicts = verdicts.as_array().expect("a list of verdicts");
        assert_eq!(verdicts.len(), exchanges.len(), "one verdict for each exchange");
        verdicts.iter().map(|verdict| verdict.as_array().unwrap().iter().map(fault).collect()).collect()
    }

    fn ask(&self, command: &str, operations: Vec<Value>, exchanges: Vec<Value>) -> Value {
        let question = json!({
            "command": command, "folder": self.folder, "operations": operations, "exchanges": exchanges,
        });
        let mut script = Command::new(&self.python)
            .arg(data("judge.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut stdin = script.stdin.take().expect("a pipe");
        // In a thread of its own, so that neither side waits for the other with a full pipe.
        let asking = thread::spawn(move || stdin.write_all(question.to_string().as_bytes()));
        let output = script.wait_with_output().expect("Python ends");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tests/conformance/judge.py failed:\n{complaint}");
        asking.join().expect("no panic").expect("the script reads all of its question");
        serde_json::from_slice(&output.stdout).expect("the script answers in JSON")
    }
}

/// The operations of all actions, as the script asks for them.
fn actions() -> Vec<Value> {
    let method = |operation: &Operation| http::Method::from(operation.method);
    let described = |operation: &Operation| {
        json!({
            "id": operation.id,
            "base": operation.api.base,
            "method": method(operation).as_str(),
            "path": operation.path,
        })
    };
    operations().map(described).collect()
}

fn fault(fault: &Value) -> Fault {
    let text = |name: &str| fault[name].as_str().expect("text").to_owned();
    Fault { at: text("at"), rule: text("rule"), says: text("says") }
}
