//! The program `connector` against a local store, over real sockets and with real files.

mod call;
mod catalog;
mod completion;
mod connection;
mod demo;
mod failure;
mod pages;
mod quota;
mod sandbox;
#[cfg(unix)]
#[path = "../small_disk/mod.rs"]
mod small_disk;
mod storage;

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The token of every store here. No output may ever show it; [`Invocation::run`] checks that.
const TOKEN: &str = "hush-hush-token-7f3a";

/// The address of the action in most tests.
const ACTION: &str = "bigcommerce/get-product";

/// A local store on threads of its own, so that a test may wait for the program.
struct Store {
    runtime: Runtime,
    sandbox: Option<Sandbox>,
}

impl Store {
    fn start() -> Self {
        Self::with(SandboxOptions::default())
    }

    fn with(options: SandboxOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let options = SandboxOptions { access_token: Some(TOKEN.to_owned()), ..options };
        let sandbox = runtime.block_on(Sandbox::start(options)).expect("a free port on loopback");
        Self { runtime, sandbox: Some(sandbox) }
    }

    fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it is there until the store is dropped")
    }

    /// `connector call get-product` with a connection to this store.
    fn call(&self) -> Invocation {
        Invocation::new().args(["call", ACTION]).connected_to(self)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.shutdown());
        }
    }
}

/// The program with its arguments, in an environment that says nothing of connections.
struct Invocation {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Invocation {
    fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
        for name in ["STORE_HASH", "ACCESS_TOKEN", "BASE_URL", "CREDENTIALS", "SANDBOX_ACCESS_TOKEN"] {
            command.env_remove(format!("CONNECTOR_{name}"));
        }
        // A proxy of the machine cannot reach the loopback address.
        command.env("NO_PROXY", "127.0.0.1").env("COLUMNS", "100");
        // The file of whoever runs the tests is none of their business.
        command.env("CONNECTOR_SHARE_QUOTA", "none");
        Self { command, stdin: None }
    }

    fn args(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    fn connected_to(self, store: &Store) -> Self {
        let (origin, hash) = (store.sandbox().origin(), store.sandbox().store_hash().to_owned());
        self.args(["--base-url", &origin, "--store-hash", &hash]).env("CONNECTOR_ACCESS_TOKEN", TOKEN)
    }

    fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(text.as_ref().to_vec());
        self
    }

    /// Runs it to its end.
    #[track_caller]
    fn run(mut self) -> Outcome {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.spawn().expect("the program starts");
        if let (Some(mut stdin), Some(text)) = (child.stdin.take(), self.stdin) {
            stdin.write_all(&text).expect("the program reads its input");
        }
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        let outcome = Outcome {
            code: output.status.code().expect("no signal ended it"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        for stream in [&outcome.stdout, &outcome.stderr] {
            assert!(!stream.contains(TOKEN), "the token was shown:\n{stream}");
        }
        outcome
    }
}

/// What a run left behind.
#[derive(Debug)]
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    /// Standard output of a run that went well.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        self.stdout
    }

    /// Standard error of a run that ended with this code and without output.
    #[track_caller]
    fn failed_with(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        self.stderr
    }

    /// The JSON error of a run that ended with this code.
    #[track_caller]
    fn error(self, code: i32) -> Value {
        let text = self.failed_with(code);
        let whole: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        whole["error"].clone()
    }
}

#[track_caller]
fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}
