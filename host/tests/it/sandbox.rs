//! The store as a program of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Invocation, Store, assert_contains};

/// A running `connector sandbox`, ended with the test whatever happens.
struct Served {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already in a test that went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a store and reads what it announces.
fn serve(arguments: &[&str]) -> (Served, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
        .arg("sandbox")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut announced = String::new();
    while !announced.contains("Ctrl-C") {
        let read = output.read_line(&mut announced).expect("the output is text");
        assert!(read > 0, "it ended early:\n{announced}");
    }
    (Served { child, output }, announced)
}

#[cfg(unix)]
#[test]
fn the_line_it_prints_works_and_a_signal_stops_it_in_order() {
    let (mut served, announced) = serve(&["--store-hash", "shop7", "--quota", "9"]);
    assert_contains(&announced, &["http://127.0.0.1:", "shop7", "9 requests"]);
    let line =
        announced.lines().find_map(|line| line.strip_prefix("try it")).expect("it prints a call").trim();
    let called =
        Command::new("sh").args(["-c", line]).env("NO_PROXY", "127.0.0.1").output().expect("a shell");
    assert!(called.status.success(), "{line}\n{}", String::from_utf8_lossy(&called.stderr));
    assert_contains(&String::from_utf8_lossy(&called.stdout), &["Copper Pour-Over Kettle"]);

    let killed =
        Command::new("kill").args(["-TERM", &served.child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let mut rest = String::new();
    served.output.read_to_string(&mut rest).expect("the output is text");
    assert_eq!(rest, "stopped; requests received: 1\n");
    assert_eq!(served.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn refuses_settings_that_no_store_can_have() {
    let too_long = "a".repeat(65);
    for arguments in
        [["--store-hash", "A B"], ["--store-hash", &too_long], ["--quota", "0"], ["--window-ms", "0"]]
    {
        let text = Invocation::new().args(["sandbox"]).args(arguments).run().failed_with(2);
        assert_contains(&text, &["error[usage]: the sandbox option", "sandbox --help` shows"]);
    }
}

#[test]
fn a_port_in_use_is_told() {
    let store = Store::start();
    let origin = store.sandbox().origin();
    let port = origin.rsplit(':').next().expect("an origin has a port");
    let text = Invocation::new().args(["sandbox", "--port", port]).run().failed_with(1);
    assert_contains(&text, &["cannot listen on 127.0.0.1:", "in use"]);
}
